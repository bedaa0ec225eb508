//! # InfiniteSource([DATA, LIMIT, BURST, ACTIVE, *keywords* LENGTH, DATA, STOP, TIMESTAMP, END_CALL])
//!
//! Makes packets, as fast as they are taken.
//!
//! ## Ports
//! One agnostic output; no input.
//!
//! ## Arguments
//! - `DATA` *data* ("Random bullshit in a packet, at least 64 bytes long. Well, now it is."): the
//!   packets' bytes.
//! - `LIMIT` *integer* (-1): packets made at most; negative: no limit.
//! - `BURST` *integer* (1): packets made per scheduling.
//! - `ACTIVE` *boolean* (true): when false, none are made.
//! - `LENGTH` *integer*: makes packets of this many bytes, DATA repeated or cut.
//! - `STOP` *boolean* (false): asks the driver to stop when LIMIT is reached.
//! - `TIMESTAMP` *boolean* (true): sets packets' timestamps.
//!
//! ## Handlers
//! - `count` (r): packets made.
//! - `reset` (w): sets `count` to zero.
//! - `data`, `limit`, `burst`, `active`, `length` (rw): as the arguments.
//!
//! ## Example
//! ```click
//! InfiniteSource(LENGTH 64, LIMIT 1000, STOP true) -> Discard;
//! ```
//!
//! ## See also
//! RatedSource, TimedSource

use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, MAX_BATCH, Packet, Place, Router, Task,
    Value, argument, reader, writer,
};
use weft_lang::value::HexData;

/// Bytes of a packet nobody gave data for.
const DEFAULT_DATA: &str = "Random bullshit in a packet, at least 64 bytes long. Well, now it is.";

/// Registers InfiniteSource.
pub static CLASS: Class = Class {
    ports: "0/1",
    processing: "/a",
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("DATA", Place::Optional, "data", DEFAULT_DATA),
        argument("LIMIT", Place::Optional, "integer", "-1"),
        argument("BURST", Place::Optional, "integer", "1"),
        argument("ACTIVE", Place::Optional, "boolean", "true"),
        argument("LENGTH", Place::Keyword, "integer", ""),
        argument("TIMESTAMP", Place::Keyword, "boolean", "true"),
        argument("STOP", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[
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
        reader!(
            InfiniteSource,
            "active",
            Value::Bool,
            "",
            "Whether packets are made",
            |s, _, _| Ok(s.active.to_string())
        )
        .also_write(writer!(
            InfiniteSource,
            "active",
            Value::Bool,
            "",
            "",
            |s, call, router| {
                s.active = call.value()?;
                s.start(router);
                Ok(())
            }
        )),
        reader!(
            InfiniteSource,
            "limit",
            Value::Integer,
            "packets",
            "Packets made at most",
            |s, _, _| Ok(s.limit.to_string())
        )
        .also_write(writer!(
            InfiniteSource,
            "limit",
            Value::Integer,
            "packets",
            "",
            |s, call, router| {
                s.limit = call.value()?;
                s.start(router);
                Ok(())
            }
        )),
        reader!(
            InfiniteSource,
            "burst",
            Value::Unsigned,
            "packets",
            "Packets made per scheduling",
            |s, _, _| Ok(s.burst.to_string())
        )
        .also_write(writer!(
            InfiniteSource,
            "burst",
            Value::Unsigned,
            "packets",
            "",
            |s, call, _| {
                s.burst = call.value()?;
                Ok(())
            }
        )),
    ],
    fuzz: &["", "LENGTH 20, LIMIT 3", "DATA \\<0011>, BURST 4"],
    ..Class::agnostic("InfiniteSource", "standard", build)
};

struct InfiniteSource {
    data: Vec<u8>,
    limit: i64,
    burst: u32,
    active: bool,
    timestamp: bool,
    stop: bool,
    count: u64,
    template: Option<Packet>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let data: HexData = args.positional("DATA", HexData(DEFAULT_DATA.into()));
    let limit = args.positional("LIMIT", -1);
    let burst: u32 = args.positional("BURST", 1);
    let active = args.positional("ACTIVE", true);
    let length: Option<u32> = args.keyword_opt("LENGTH");
    let timestamp = args.keyword("TIMESTAMP", true);
    let stop = args.keyword("STOP", false);
    args.complete()?;
    let data = match length {
        Some(length) if !data.0.is_empty() => data
            .0
            .iter()
            .copied()
            .cycle()
            .take(length as usize)
            .collect(),
        _ => data.0,
    };
    let source = InfiniteSource {
        data,
        limit,
        burst,
        active,
        timestamp,
        stop,
        count: 0,
        template: None,
    };
    Ok(Box::new(source))
}

impl InfiniteSource {
    fn start(&self, router: &mut Router) {
        if self.active && router.output_is_push(0) {
            router.schedule();
        } else if self.active {
            router.wake_pullers();
        }
    }

    fn left(&self) -> usize {
        u64::try_from(self.limit).map_or(usize::MAX, |l| l.saturating_sub(self.count) as usize)
    }

    /// Adds `count` packets to `batch`, all sharing one slot.
    fn make(&mut self, count: usize, batch: &mut Batch, router: &mut Router) {
        if self.template.is_none() {
            self.template = router.pool.copy_in(&self.data);
        }
        let Some(template) = &mut self.template else {
            return;
        };
        if self.timestamp {
            template.set_timestamp(router.clock.timestamp());
        }
        router.pool.duplicate_run(template, count, batch);
        self.count += batch.len() as u64;
    }

    fn check_end(&self, router: &mut Router) {
        if self.stop && self.left() == 0 {
            router.request_stop();
        }
    }
}

impl Element for InfiniteSource {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.start(router);
        Ok(())
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        let mut wanted = (self.burst as usize).min(self.left());
        if !self.active || wanted == 0 || router.is_downstream_full() {
            return Task::Sleep;
        }
        while wanted > 0 {
            let mut batch = router.new_batch();
            self.make(wanted.min(MAX_BATCH), &mut batch, router);
            wanted -= wanted.min(MAX_BATCH);
            router.emit_batch(0, batch);
        }
        self.check_end(router);
        if self.left() == 0 {
            Task::Sleep
        } else {
            Task::Again
        }
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        let wanted = max.min(self.left());
        if self.active && wanted > 0 {
            self.make(wanted, &mut batch, router);
            self.check_end(router);
        }
        batch
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Some(template) = self.template.take() {
            router.pool.free(template);
        }
    }
}
