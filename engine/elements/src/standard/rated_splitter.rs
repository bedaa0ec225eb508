//! # RatedSplitter(RATE)
//!
//! Sends packets up to a rate by one output, and those beyond it by another.
//!
//! ## Ports
//! One push input. The first output is for packets within the rate, the second for the rest.
//!
//! ## Arguments
//! - `RATE` *integer*: packets per second.
//!
//! ## Handlers
//! - `rate` (rw): as the argument.
//!
//! ## Example
//! ```click
//! RatedSource(RATE 200, LIMIT 100) -> s :: RatedSplitter(100);
//! s[0] -> Discard;
//! s[1] -> Counter -> Discard;
//! ```
//!
//! ## See also
//! BandwidthRatedSplitter, RateLimiter, Shaper, Meter

use super::gap_rate::GapRate;
use super::rate_unit::{RateUnit, bandwidth};
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Place, Router, Value, argument, downcast,
    variable,
};

/// Registers RatedSplitter.
pub static CLASS: Class = SPLITTER;

/// BandwidthRatedSplitter differs from RatedSplitter in the unit of its rate.
pub(super) const SPLITTER: Class = Class {
    ports: "1/2",
    processing: "h/h",
    live: true,
    arguments: &[argument("RATE", Place::Mandatory, "integer", "")],
    handlers: &[variable!(
        RatedSplitter,
        "rate",
        Value::Text,
        "",
        "The rate of what leaves by the first output",
        |s, _, _| Ok(s.rate_text()),
        |s, call, _| s.set_rate(call)
    )],
    fuzz: &["1000", "0", "4294967295"],
    ..Class::agnostic("RatedSplitter", "standard", build)
};

/// The output for what is beyond the rate.
const BEYOND: usize = 1;

struct RatedSplitter {
    gap: GapRate,
    unit: RateUnit,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rate: u32 = args.mandatory("RATE");
    args.complete()?;
    Ok(Box::new(RatedSplitter {
        gap: GapRate::new(rate.into()),
        unit: RateUnit::Packets,
    }))
}

/// Makes a BandwidthRatedSplitter.
pub(super) fn build_bandwidth(configure: &mut Configure<'_>) -> Built {
    Ok(Box::new(RatedSplitter {
        gap: GapRate::new(bandwidth(configure)?),
        unit: RateUnit::Bytes,
    }))
}

impl RatedSplitter {
    fn rate_text(&self) -> String {
        self.unit.text(self.gap.rate())
    }

    fn set_rate(&mut self, call: Call<'_>) -> Result<(), String> {
        self.gap = GapRate::new(self.unit.read::<u32>(&call)?);
        Ok(())
    }

    /// Whether a packet of `length` bytes is within the rate, of which it then takes its part.
    fn admits(&mut self, length: usize, now: u64) -> bool {
        let is_within = self.gap.rate() > 0 && self.gap.allowance(now) > 0;
        if is_within {
            self.gap.pass(self.unit.amount(length));
        }
        is_within
    }
}

impl Element for RatedSplitter {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.now();
        router.route(batch, |packet, _| match self.admits(packet.len(), now) {
            true => 0,
            false => BEYOND,
        });
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<RatedSplitter>(old)
            && old.gap.rate() == self.gap.rate()
        {
            self.gap = old.gap.clone();
        }
    }

    fn configuration(&self) -> Option<String> {
        Some(self.rate_text())
    }
}
