//! # Shaper(RATE)
//!
//! Lets packets through at a rate at most, evenly spaced.
//!
//! ## Ports
//! One pull input. The first output gives packets at the rate; a second one, where connected, those
//! beyond it.
//!
//! ## Arguments
//! - `RATE` *integer*: packets per second.
//!
//! ## Handlers
//! - `rate` (rw): as the argument.
//! - `reset` (w): lets a packet through at once.
//!
//! ## Example
//! ```click
//! InfiniteSource -> Queue -> Shaper(1000) -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! BandwidthShaper, DelayShaper, RatedUnqueue

use super::gap_rate::GapRate;
use super::rate_unit::{RateUnit, bandwidth};
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, MAX_BATCH, Place, Router, Value, argument,
    downcast, variable, writer,
};

/// Registers Shaper.
pub static CLASS: Class = SHAPER;

/// BandwidthShaper differs from Shaper in the unit of its rate.
pub(super) const SHAPER: Class = Class {
    ports: "1/1-2",
    processing: "l/l",
    live: true,
    arguments: &[argument("RATE", Place::Mandatory, "integer", "")],
    handlers: &[
        variable!(
            Shaper,
            "rate",
            Value::Text,
            "",
            "The rate packets are let through at",
            |s, _, _| Ok(s.rate_text()),
            |s, call, router| s.set_rate(call, router)
        ),
        writer!(
            Shaper,
            "reset",
            Value::Button,
            "",
            "Lets a packet through at once",
            |s, _, router| {
                s.gap.reset();
                router.wake_pullers();
                Ok(())
            }
        ),
    ],
    fuzz: &["1000", "0", "1000000000"],
    ..Class::agnostic("Shaper", "standard", build)
};

struct Shaper {
    gap: GapRate,
    unit: RateUnit,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rate: u64 = args.mandatory("RATE");
    args.complete()?;
    Ok(Shaper::boxed(rate, RateUnit::Packets))
}

/// Makes a BandwidthShaper.
pub(super) fn build_bandwidth(configure: &mut Configure<'_>) -> Built {
    Ok(Shaper::boxed(bandwidth(configure)?, RateUnit::Bytes))
}

impl Shaper {
    fn boxed(rate: u64, unit: RateUnit) -> Box<dyn Element> {
        Box::new(Shaper {
            gap: GapRate::new(rate),
            unit,
        })
    }

    fn rate_text(&self) -> String {
        self.unit.text(self.gap.rate())
    }

    fn set_rate(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        self.gap = GapRate::new(self.unit.read::<u64>(&call)?);
        router.wake_pullers();
        Ok(())
    }

    /// Pulls what may pass now into `batch`.
    fn pull_shaped(&mut self, max: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.now();
        while batch.len() < max {
            let allowance = self.gap.allowance(now);
            if allowance == 0 {
                if let Some(at) = self.gap.next() {
                    router.set_timer(0, at);
                }
                break;
            }
            // Of bytes, the last packet that begins within the allowance still passes.
            let count = match self.unit {
                RateUnit::Packets => usize::try_from(allowance).unwrap_or(MAX_BATCH),
                RateUnit::Bytes => 1,
            };
            let mut got = router.pull(0, count.min(max - batch.len()));
            if got.is_empty() {
                router.recycle(got);
                break;
            }
            let passed = got.iter().map(|p| self.unit.amount(p.len())).sum();
            self.gap.pass(passed);
            batch.append(&mut got);
            router.recycle(got);
        }
        // What comes now is beyond the rate: for whoever pulls from the second output.
        if !batch.is_empty() && router.outputs() > 1 && self.gap.allowance(now) == 0 {
            router.wake_pullers();
        }
    }
}

impl Element for Shaper {
    /// Never called: packets are pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn pull(&mut self, port: usize, max: usize, router: &mut Router) -> Batch {
        if port == 0 {
            let mut batch = router.new_batch();
            self.pull_shaped(max, &mut batch, router);
            return batch;
        }
        match self.gap.allowance(router.clock.now()) {
            0 => router.pull(0, max),
            _ => router.new_batch(),
        }
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        router.wake_pullers();
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<Shaper>(old)
            && old.gap.rate() == self.gap.rate()
        {
            self.gap = old.gap.clone();
        }
        router.wake_pullers();
    }

    fn configuration(&self) -> Option<String> {
        Some(self.rate_text())
    }
}
