//! # RatedSource([DATA, RATE, LIMIT, ACTIVE, *keywords* LENGTH, BANDWIDTH, STOP])
//!
//! Makes packets at a rate.
//!
//! ## Ports
//! One agnostic output; no input.
//!
//! ## Arguments
//! - `DATA` *string* ("Random bullshit in a packet, at least 64 bytes long. Well, now it is."): the
//!   packets' bytes.
//! - `RATE` *integer* (10): packets per second.
//! - `LIMIT` *integer* (-1): packets made at most; negative: no limit.
//! - `ACTIVE` *boolean* (true): when false, none are made.
//! - `LENGTH` *integer*: makes packets of this many bytes, DATA repeated or cut.
//! - `BANDWIDTH` *bandwidth*: makes as many packets as this takes, instead of RATE.
//! - `STOP` *boolean* (false): asks the driver to stop once LIMIT is reached.
//!
//! ## Handlers
//! - `count` (r): packets made.
//! - `reset` (w): sets `count` to zero.
//! - `data`, `rate`, `limit`, `active`, `length` (rw): as the arguments; `datasize` is an older name.
//! - `scheduled` (r), `tickets` (rw), `home_thread` (rw): of its task.
//!
//! ## Example
//! ```click
//! RatedSource(RATE 1000, LIMIT 500, STOP true) -> Discard;
//! ```
//!
//! ## See also
//! InfiniteSource, TimedSource

use super::packet_template::{DEFAULT_DATA, PacketTemplate};
use super::token_bucket::TokenBucket;
use crate::task;
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Handler, IpHeader, Place, Router, Task, Value,
    argument, reader, variable, writer,
};
use weft_lang::value::Bandwidth;

/// Packets made per scheduling, at most.
const BURST: u64 = 32;

const LENGTH: Handler = variable!(
    RatedSource,
    "length",
    Value::Integer,
    "bytes",
    "Length of packets; negative: that of the data",
    |s, _, _| Ok(s.template.length.to_string()),
    |s, call, router| {
        let length: i32 = call.value_or("syntax error")?;
        s.template.change(router, |t| t.length = length.into())
    }
);

/// Registers RatedSource.
pub static CLASS: Class = Class {
    ports: "0/1",
    processing: "/a",
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("DATA", Place::Optional, "string", DEFAULT_DATA),
        argument("RATE", Place::Optional, "integer", "10"),
        argument("LIMIT", Place::Optional, "integer", "-1"),
        argument("ACTIVE", Place::Optional, "boolean", "true"),
        argument("LENGTH", Place::Keyword, "integer", ""),
        argument("BANDWIDTH", Place::Keyword, "bandwidth", ""),
        argument("STOP", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[
        variable!(
            RatedSource,
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
            RatedSource,
            "rate",
            Value::Unsigned,
            "packets/s",
            "Packets made per second",
            |s, _, _| Ok(s.bucket.rate().to_string()),
            |s, call, router| {
                let rate: u32 = call.value_or("syntax error")?;
                s.bucket.refill(router.clock.refresh());
                s.bucket.adjust(rate.into(), burst(rate));
                s.start(router);
                Ok(())
            }
        )
        .within("0..4294967295"),
        variable!(
            RatedSource,
            "limit",
            Value::Integer,
            "packets",
            "Packets made at most; negative: no limit",
            |s, _, _| Ok(s.limit.to_string()),
            |s, call, router| s.set_limit(call, router)
        ),
        variable!(
            RatedSource,
            "active",
            Value::Bool,
            "",
            "Whether packets are made",
            |s, _, _| Ok(s.active.to_string()),
            |s, call, router| {
                let was_active = s.active;
                s.active = call.value_or("syntax error")?;
                if s.active && !was_active {
                    s.begin(router);
                }
                Ok(())
            }
        ),
        reader!(
            RatedSource,
            "count",
            Value::Unsigned,
            "packets",
            "Packets made",
            |s, _, _| Ok(s.count.to_string())
        ),
        writer!(
            RatedSource,
            "reset",
            Value::Button,
            "",
            "Sets count to zero",
            |s, _, router| {
                s.count = 0;
                s.begin(router);
                Ok(())
            }
        ),
        LENGTH,
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
        "RATE 1000000, LIMIT 40, STOP true",
        "x, BANDWIDTH 1Mbps, LENGTH 100",
        "\"\", 0",
    ],
    ..Class::agnostic("RatedSource", "standard", build)
};

struct RatedSource {
    template: PacketTemplate,
    bucket: TokenBucket,
    limit: i32,
    active: bool,
    stop: bool,
    count: u64,
    ended: bool,
}

/// The most packets that are made at once, at `rate`.
fn burst(rate: u32) -> u64 {
    match rate {
        0..200 => 2,
        rate => u64::from(rate / 100),
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let data: Vec<u8> = args.positional("DATA", DEFAULT_DATA.into());
    let rate: u32 = args.positional("RATE", 10);
    let limit = args.positional("LIMIT", -1);
    let active = args.positional("ACTIVE", true);
    let mut length: i32 = args.keyword("LENGTH", -1);
    length = args.keyword("DATASIZE", length);
    let bandwidth: Bandwidth = args.keyword("BANDWIDTH", Bandwidth::default());
    let stop = args.keyword("STOP", false);
    let template = PacketTemplate::new(data, length.into());
    args.check(|| template.as_ref().map(|_| ()).map_err(Clone::clone));
    args.complete()?;
    let template = template.map_err(|e| vec![e])?;
    let (rate, burst) = match bandwidth.bytes_per_second {
        0 => (u64::from(rate), burst(rate)),
        bytes => {
            let rate = bytes / template.packet_length().max(1) as u64;
            (rate, (rate / 100).max(2))
        }
    };
    let mut bucket = TokenBucket::full(rate, burst);
    bucket.set(1);
    Ok(Box::new(RatedSource {
        template,
        bucket,
        limit,
        active,
        stop,
        count: 0,
        ended: false,
    }))
}

impl RatedSource {
    fn left(&self) -> u64 {
        u64::try_from(self.limit).map_or(u64::MAX, |l| l.saturating_sub(self.count))
    }

    /// Goes on after something changed.
    fn start(&mut self, router: &mut Router) {
        self.ended = false;
        if !self.active {
            return;
        }
        if router.output_is_push(0) {
            router.schedule();
        } else {
            router.wake_pullers();
        }
    }

    /// Starts with one packet at once.
    fn begin(&mut self, router: &mut Router) {
        self.bucket.set(1);
        self.start(router);
    }

    fn set_limit(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let limit: i32 = call.value_or("syntax error")?;
        self.limit = limit.max(-1);
        self.start(router);
        Ok(())
    }

    /// As many packets as are due, at most `max`. Without any, a timer is set if there will be some.
    fn make(&mut self, max: u64, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        if !self.active {
            return batch;
        }
        if self.left() == 0 {
            self.end(router);
            return batch;
        }
        let tokens = self.bucket.refill(router.clock.now());
        let count = tokens.min(max).min(self.left());
        if count > 0 {
            self.bucket.remove(count);
            self.count += count;
            self.template.make(count as usize, true, &mut batch, router);
        } else if let Some(at) = self.bucket.next_token() {
            router.set_timer(0, at);
        }
        batch
    }

    fn end(&mut self, router: &mut Router) {
        if self.stop && !std::mem::replace(&mut self.ended, true) {
            router.request_stop();
        }
    }
}

impl Element for RatedSource {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.template.prepare(router)?;
        if self.active && router.output_is_push(0) {
            router.schedule();
        }
        Ok(())
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        let batch = self.make(BURST, router);
        if batch.is_empty() {
            router.recycle(batch);
            return Task::Sleep;
        }
        router.emit_batch(0, batch);
        Task::Again
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        self.make(max as u64, router)
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        self.start(router);
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.template.release(router);
    }
}
