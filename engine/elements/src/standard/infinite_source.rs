//! # InfiniteSource([DATA, LIMIT, BURST, ACTIVE, *keywords* LENGTH, TIMESTAMP, STOP, END_CALL])
//!
//! Makes packets, as fast as they are taken.
//!
//! ## Ports
//! One agnostic output; no input. When all queues it pushes into are full, it waits for room.
//!
//! ## Arguments
//! - `DATA` *string* ("Random bullshit in a packet, at least 64 bytes long. Well, now it is."): the
//!   packets' bytes.
//! - `LIMIT` *integer* (-1): packets made at most; negative: no limit.
//! - `BURST` *integer* (1): packets made per scheduling.
//! - `ACTIVE` *boolean* (true): when false, none are made.
//! - `LENGTH` *integer*: makes packets of this many bytes, DATA repeated or cut.
//! - `TIMESTAMP` *boolean* (true): sets packets' timestamps.
//! - `STOP` *boolean* (false): asks the driver to stop once LIMIT is reached.
//! - `END_CALL` *handler*: `HANDLER [VALUE]`, written once LIMIT is reached.
//!
//! ## Handlers
//! - `count` (r): packets made.
//! - `reset` (w): sets `count` to zero.
//! - `data`, `limit`, `burst`, `active`, `length` (rw): as the arguments; `burstsize` and `datasize`
//!   are older names.
//! - `scheduled` (r), `tickets` (rw), `home_thread` (rw): of its task.
//!
//! ## Example
//! ```click
//! InfiniteSource(LENGTH 64, LIMIT 1000, STOP true) -> Discard;
//! ```
//!
//! ## See also
//! RatedSource, TimedSource

use super::packet_template::{DEFAULT_DATA, PacketTemplate};
use crate::task;
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Handler, HandlerCall, IpHeader, MAX_BATCH,
    Place, Router, Task, Value, argument, reader, variable, writer,
};
use weft_lang::value::AnyText;

const LENGTH: Handler = variable!(
    InfiniteSource,
    "length",
    Value::Integer,
    "bytes",
    "Length of packets; negative: that of the data",
    |s, _, _| Ok(s.template.length.to_string()),
    |s, call, router| {
        let length = call.value_or("length must be integer")?;
        s.template.change(router, |t| t.length = length)?;
        s.start(router);
        Ok(())
    }
);

const BURST: Handler = variable!(
    InfiniteSource,
    "burst",
    Value::Unsigned,
    "packets",
    "Packets made per scheduling",
    |s, _, _| Ok(s.burst.to_string()),
    |s, call, router| s.set_burst(call, router)
)
.within("1..2147483647");

/// Registers InfiniteSource.
pub static CLASS: Class = Class {
    ports: "0/1",
    processing: "/a",
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("DATA", Place::Optional, "string", DEFAULT_DATA),
        argument("LIMIT", Place::Optional, "integer", "-1"),
        argument("BURST", Place::Optional, "integer", "1"),
        argument("ACTIVE", Place::Optional, "boolean", "true"),
        argument("LENGTH", Place::Keyword, "integer", ""),
        argument("TIMESTAMP", Place::Keyword, "boolean", "true"),
        argument("STOP", Place::Keyword, "boolean", "false"),
        argument("END_CALL", Place::Keyword, "handler", ""),
    ],
    handlers: &[
        variable!(
            InfiniteSource,
            "data",
            Value::Text,
            "",
            "Bytes of the packets",
            |s, _, _| Ok(String::from_utf8_lossy(&s.template.data).into_owned()),
            |s, call, router| {
                let data = call.text.as_bytes().to_vec();
                s.template.change(router, |t| t.data = data)?;
                s.start(router);
                Ok(())
            }
        ),
        variable!(
            InfiniteSource,
            "limit",
            Value::Integer,
            "packets",
            "Packets made at most; negative: no limit",
            |s, _, _| Ok(s.limit.to_string()),
            |s, call, router| {
                s.limit = call.value_or("limit parameter must be integer")?;
                s.start(router);
                Ok(())
            }
        ),
        BURST,
        variable!(
            InfiniteSource,
            "active",
            Value::Bool,
            "",
            "Whether packets are made",
            |s, _, _| Ok(s.active.to_string()),
            |s, call, router| {
                s.active = call.value_or("active parameter must be boolean")?;
                s.start(router);
                Ok(())
            }
        ),
        reader!(
            InfiniteSource,
            "count",
            Value::Unsigned,
            "packets",
            "Packets made",
            |s, _, _| Ok(s.count.to_string())
        ),
        writer!(
            InfiniteSource,
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
        LENGTH,
        Handler {
            name: "burstsize",
            ..BURST
        },
        Handler {
            name: "datasize",
            ..LENGTH
        },
        task::SCHEDULED,
        task::TICKETS,
        task::HOME_THREAD,
    ],
    fuzz: &[
        "",
        "LENGTH 20, LIMIT 3",
        "DATA \\<0011>, BURST 4, TIMESTAMP false, LIMIT 9, STOP true",
        "LENGTH 0",
    ],
    ..Class::agnostic("InfiniteSource", "standard", build)
};

struct InfiniteSource {
    template: PacketTemplate,
    limit: i64,
    burst: u32,
    active: bool,
    timestamp: bool,
    end_call: Option<HandlerCall>,
    count: u64,
    ended: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let data: Vec<u8> = args.positional("DATA", DEFAULT_DATA.into());
    let limit = args.positional("LIMIT", -1);
    let burst: i32 = args.positional("BURST", 1);
    let active = args.positional("ACTIVE", true);
    let timestamp = args.keyword("TIMESTAMP", true);
    let mut length: i32 = args.keyword("LENGTH", -1);
    length = args.keyword("DATASIZE", length);
    let stop = args.keyword("STOP", false);
    let end_call: Option<AnyText> = args.keyword_opt("END_CALL");
    args.check(|| match (burst, stop && end_call.is_some()) {
        (..=0, _) => Err("burst size must be >= 1"),
        (_, true) => Err("END_CALL and STOP are mutually exclusive"),
        _ => Ok(()),
    });
    let template = PacketTemplate::new(data, length.into());
    args.check(|| template.as_ref().map(|_| ()).map_err(Clone::clone));
    args.complete()?;
    let end_call = match end_call {
        Some(AnyText(text)) => Some(HandlerCall::parse(&text)),
        None => stop.then(|| HandlerCall::parse("stop")),
    };
    Ok(Box::new(InfiniteSource {
        template: template.map_err(|e| vec![e])?,
        limit,
        burst: burst.unsigned_abs(),
        active,
        timestamp,
        end_call,
        count: 0,
        ended: false,
    }))
}

impl InfiniteSource {
    /// Goes on after something changed.
    fn start(&mut self, router: &mut Router) {
        self.ended = false;
        if !self.active || self.left() == 0 {
            return;
        }
        if router.output_is_push(0) {
            router.schedule();
        } else {
            router.wake_pullers();
        }
    }

    fn left(&self) -> usize {
        u64::try_from(self.limit).map_or(usize::MAX, |l| l.saturating_sub(self.count) as usize)
    }

    fn set_burst(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let refusal = "burstsize parameter must be integer >= 1";
        let burst: i32 = call.value_or(refusal)?;
        if burst < 1 {
            return Err(refusal.to_string());
        }
        self.burst = burst.unsigned_abs();
        self.start(router);
        Ok(())
    }

    fn make(&mut self, count: usize, batch: &mut Batch, router: &mut Router) {
        self.template.make(count, self.timestamp, batch, router);
        self.count += batch.len() as u64;
    }

    /// The limit is reached and more was asked for.
    fn end(&mut self, router: &mut Router) {
        if !std::mem::replace(&mut self.ended, true)
            && let Some(call) = self.end_call.clone()
        {
            call.run(router);
        }
    }
}

impl Element for InfiniteSource {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        if let Some(call) = &self.end_call {
            call.check_write(router)?;
        }
        self.template.prepare(router)?;
        if self.active && router.output_is_push(0) {
            router.schedule();
        }
        Ok(())
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        if !self.active || router.is_downstream_full() {
            return Task::Sleep;
        }
        let wanted = (self.burst as usize).min(self.left()).min(MAX_BATCH);
        if wanted == 0 {
            self.end(router);
            return Task::Sleep;
        }
        let mut batch = router.new_batch();
        self.make(wanted, &mut batch, router);
        router.emit_batch(0, batch);
        Task::Again
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        let wanted = max.min(self.left());
        if self.active && wanted > 0 {
            self.make(wanted, &mut batch, router);
        } else if self.active {
            self.end(router);
        }
        batch
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.template.release(router);
    }
}
