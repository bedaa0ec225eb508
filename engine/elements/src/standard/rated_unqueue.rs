//! # RatedUnqueue(RATE [, *keywords* BURST_DURATION, BURST_SIZE])
//!
//! Pulls packets at a rate and pushes them on.
//!
//! ## Ports
//! One pull input, one push output.
//!
//! ## Arguments
//! - `RATE` *integer*: packets per second.
//! - `BURST_DURATION` *time in sec* (0.02): packets of this time are moved at once, when they have
//!   not come evenly.
//! - `BURST_SIZE` *integer*: the same as a number of packets; only one of the two may be given.
//!
//! ## Handlers
//! - `rate` (rw): as the argument.
//! - `active` (rw): whether packets are moved.
//! - `calls` (r): how often its task ran, and what came of it.
//! - `scheduled` (r), `tickets` (rw), `home_thread` (rw): of its task.
//!
//! ## Example
//! ```click
//! InfiniteSource -> Queue -> RatedUnqueue(1000) -> Discard;
//! ```
//!
//! ## See also
//! Unqueue, Shaper, RatedSource

use super::token_bucket::TokenBucket;
use crate::task;
use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Router, Task, Value, argument, downcast,
    reader, variable,
};
use weft_lang::value::{Milliseconds, unparse_seconds};

/// Packets moved per scheduling, at most.
const BURST: u64 = 32;

/// Registers RatedUnqueue.
pub static CLASS: Class = Class {
    processing: "l/h",
    live: true,
    arguments: &[
        argument("RATE", Place::Mandatory, "integer", ""),
        argument("BURST_DURATION", Place::Keyword, "time in sec", "0.02"),
        argument("BURST_SIZE", Place::Keyword, "integer", ""),
    ],
    handlers: &[
        reader!(
            RatedUnqueue,
            "calls",
            Value::Lines,
            "",
            "How often its task ran, and what came of it",
            |u, _, _| Ok(u.calls.lines())
        ),
        variable!(
            RatedUnqueue,
            "rate",
            Value::Unsigned,
            "packets/s",
            "Packets moved per second",
            |u, _, _| Ok(u.bucket.rate().to_string()),
            |u, call, router| {
                let rate: u32 = call.value().map_err(|e| format!("RATE: {e}"))?;
                u.bucket.refill(router.clock.refresh());
                u.bucket.adjust(rate.into(), u.burst.tokens(rate));
                router.schedule();
                Ok(())
            }
        )
        .within("0..4294967295"),
        variable!(
            RatedUnqueue,
            "active",
            Value::Bool,
            "",
            "Whether packets are moved",
            |u, _, _| Ok(u.active.to_string()),
            |u, call, router| {
                u.active = call.value_or("expected boolean")?;
                router.schedule();
                Ok(())
            }
        ),
        task::SCHEDULED,
        task::TICKETS,
        task::HOME_THREAD,
    ],
    fuzz: &["1000", "0", "100, BURST_SIZE 50", "1, BURST_DURATION 25"],
    ..Class::agnostic("RatedUnqueue", "standard", build)
};

/// How much may be made up for.
#[derive(Clone, Copy)]
enum Burst {
    DurationMs(u32),
    Size(u32),
}

impl Burst {
    fn tokens(self, rate: u32) -> u64 {
        match self {
            Burst::DurationMs(ms) => (u64::from(rate) * u64::from(ms) / 1000).max(1),
            Burst::Size(size) => u64::from(size).max(1),
        }
    }
}

/// What became of the runs of the task.
#[derive(Clone, Copy, Default)]
struct Calls {
    runs: u64,
    empty_runs: u64,
    pushes: u64,
    failed_pulls: u64,
    packets: u64,
}

impl Calls {
    fn lines(self) -> String {
        format!(
            "{} calls to run_task()\n{} empty runs\n{} pushes\n{} failed pulls\n{} packets\n",
            self.runs, self.empty_runs, self.pushes, self.failed_pulls, self.packets
        )
    }
}

struct RatedUnqueue {
    bucket: TokenBucket,
    burst: Burst,
    active: bool,
    calls: Calls,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rate: u32 = args.mandatory("RATE");
    let duration: Option<Milliseconds> = args.keyword_opt("BURST_DURATION");
    let size: Option<u32> = args.keyword_opt("BURST_SIZE");
    args.check(|| match (duration, size) {
        (Some(_), Some(_)) => Err("cannot specify both BURST_DURATION and BURST_SIZE"),
        _ => Ok(()),
    });
    args.complete()?;
    let burst = match size {
        Some(size) => Burst::Size(size),
        None => Burst::DurationMs(duration.map_or(20, |d| d.0)),
    };
    Ok(Box::new(RatedUnqueue {
        bucket: TokenBucket::full(rate.into(), burst.tokens(rate)),
        burst,
        active: true,
        calls: Calls::default(),
    }))
}

impl Element for RatedUnqueue {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        router.schedule();
        Ok(())
    }

    /// Never called: the input is pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        self.calls.runs += 1;
        if !self.active {
            return Task::Sleep;
        }
        let tokens = self.bucket.refill(router.clock.now());
        if tokens == 0 {
            self.calls.empty_runs += 1;
            if let Some(at) = self.bucket.next_token() {
                router.set_timer(0, at);
            }
            return Task::Sleep;
        }
        let batch = router.pull(0, tokens.min(BURST) as usize);
        if batch.is_empty() {
            self.calls.failed_pulls += 1;
            router.recycle(batch);
            return Task::Sleep;
        }
        self.bucket.remove(batch.len() as u64);
        self.calls.packets += batch.len() as u64;
        self.calls.pushes += 1;
        router.emit_batch(0, batch);
        Task::Again
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        router.schedule();
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<RatedUnqueue>(old) {
            (self.active, self.calls) = (old.active, old.calls);
        }
    }

    fn configuration(&self) -> Option<String> {
        let rate = self.bucket.rate();
        Some(match self.burst {
            Burst::DurationMs(20) => rate.to_string(),
            Burst::DurationMs(ms) => {
                let duration = unparse_seconds(u64::from(ms) * 1_000_000);
                format!("{rate}, BURST_DURATION {duration}")
            }
            Burst::Size(size) => format!("{rate}, BURST_SIZE {size}"),
        })
    }
}
