//! # TimedSource([INTERVAL, DATA, *keywords* LIMIT, ACTIVE, STOP, HEADROOM])
//!
//! Makes a packet every so often.
//!
//! ## Ports
//! One push output; no input.
//!
//! ## Arguments
//! - `INTERVAL` *time in sec* (0.5): time before the first packet, and between packets.
//! - `DATA` *string* ("Random bullshit in a packet, at least 64 bytes long. Well, now it is."): the
//!   packets' bytes.
//! - `LIMIT` *integer* (-1): packets made at most; negative: no limit.
//! - `ACTIVE` *boolean* (true): when false, none are made.
//! - `STOP` *boolean* (false): asks the driver to stop once LIMIT is reached.
//! - `HEADROOM` *integer* (128): bytes kept free in front of packets.
//!
//! ## Handlers
//! - `count` (r): packets made.
//! - `reset` (w): sets `count` to zero.
//! - `interval`, `data`, `limit`, `active`, `headroom` (rw): as the arguments.
//!
//! ## Example
//! ```click
//! TimedSource(0.1, hello, LIMIT 3, STOP true) -> Discard;
//! ```
//!
//! ## See also
//! InfiniteSource, RatedSource

use super::packet_template::{DEFAULT_DATA, PacketTemplate};
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, MAX_FRAME, Place, Router, SECOND, Value,
    argument, reader, variable, writer,
};
use weft_lang::value::{Seconds, unparse_seconds};

/// Registers TimedSource.
pub static CLASS: Class = Class {
    ports: "0/1",
    processing: "/h",
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("INTERVAL", Place::Optional, "time in sec", "0.5"),
        argument("DATA", Place::Optional, "string", DEFAULT_DATA),
        argument("LIMIT", Place::Keyword, "integer", "-1"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("STOP", Place::Keyword, "boolean", "false"),
        argument("HEADROOM", Place::Keyword, "integer", "128"),
    ],
    handlers: &[
        variable!(
            TimedSource,
            "data",
            Value::Text,
            "",
            "Bytes of the packets",
            |s, _, _| Ok(String::from_utf8_lossy(&s.template.data).into_owned()),
            |s, call, router| {
                let data = call.text.as_bytes().to_vec();
                s.template.change(router, |t| t.data = data)
            }
        ),
        variable!(
            TimedSource,
            "limit",
            Value::Integer,
            "packets",
            "Packets made at most; negative: no limit",
            |s, _, _| Ok(s.limit.to_string()),
            |s, call, router| {
                s.limit = call.value_or("expected integer")?;
                s.start(router);
                Ok(())
            }
        ),
        variable!(
            TimedSource,
            "interval",
            Value::Real,
            "s",
            "Time between packets",
            |s, _, _| Ok(unparse_seconds(s.interval)),
            |s, call, _| match call.value_or::<Seconds>("bad interval")?.0 {
                0 => Err("bad interval".to_string()),
                interval => {
                    s.interval = interval;
                    Ok(())
                }
            }
        ),
        variable!(
            TimedSource,
            "active",
            Value::Bool,
            "",
            "Whether packets are made",
            |s, _, _| Ok(s.active.to_string()),
            |s, call, router| {
                s.active = call.value_or("bad active")?;
                s.start(router);
                Ok(())
            }
        ),
        reader!(
            TimedSource,
            "count",
            Value::Unsigned,
            "packets",
            "Packets made",
            |s, _, _| Ok(s.count.to_string())
        ),
        variable!(
            TimedSource,
            "headroom",
            Value::Unsigned,
            "bytes",
            "Bytes kept free in front of packets",
            |s, _, _| Ok(s.template.headroom.to_string()),
            |s, call, router| {
                let headroom: u16 = call.value_or("bad headroom")?;
                s.template.change(router, |t| t.headroom = headroom.into())
            }
        )
        .within("0..65535"),
        writer!(
            TimedSource,
            "reset",
            Value::Button,
            "",
            "Sets count to zero",
            |s, _, router| {
                s.count = 0;
                s.start(router);
                Ok(())
            }
        ),
    ],
    fuzz: &["", "0.01, x, LIMIT 3, STOP true", "0, HEADROOM 0"],
    ..Class::agnostic("TimedSource", "standard", build)
};

struct TimedSource {
    template: PacketTemplate,
    interval: u64,
    limit: i32,
    active: bool,
    stop: bool,
    count: u64,
    due: u64,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let interval = args.positional("INTERVAL", Seconds(SECOND / 2)).0;
    let data: Vec<u8> = args.positional("DATA", DEFAULT_DATA.into());
    let limit = args.keyword("LIMIT", -1);
    let active = args.keyword("ACTIVE", true);
    let stop = args.keyword("STOP", false);
    let headroom: u32 = args.keyword("HEADROOM", weft_core::HEADROOM as u32);
    args.within("HEADROOM", headroom as usize, 0, MAX_FRAME - 18);
    let template = PacketTemplate::new(data, -1);
    args.check(|| template.as_ref().map(|_| ()).map_err(Clone::clone));
    args.complete()?;
    let mut template = template.map_err(|e| vec![e])?;
    template.headroom = headroom as usize;
    Ok(Box::new(TimedSource {
        template,
        interval,
        limit,
        active,
        stop,
        count: 0,
        due: 0,
    }))
}

impl TimedSource {
    /// Goes on at once after something changed, unless it is going on anyway.
    fn start(&mut self, router: &mut Router) {
        if self.active && router.timer(0).is_none() {
            self.due = router.clock.refresh();
            router.set_timer(0, self.due);
        }
    }

    fn is_at_limit(&self) -> bool {
        u64::try_from(self.limit).is_ok_and(|limit| self.count >= limit)
    }
}

impl Element for TimedSource {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.template.prepare(router)?;
        if self.active {
            self.due = router.clock.refresh().saturating_add(self.interval);
            router.set_timer(0, self.due);
        }
        Ok(())
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn timer(&mut self, _key: u32, router: &mut Router) {
        if !self.active {
            return;
        }
        if self.is_at_limit() {
            if self.stop {
                router.request_stop();
            }
            return;
        }
        let mut batch = router.new_batch();
        self.template.make(1, true, &mut batch, router);
        router.emit_batch(0, batch);
        self.count += 1;
        // An interval of zero must not keep time from going on.
        self.due = self.due.saturating_add(self.interval.max(1));
        router.set_timer(0, self.due);
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.template.release(router);
    }
}
