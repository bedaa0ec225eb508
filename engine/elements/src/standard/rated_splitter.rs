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
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Place, Router, Value, argument, downcast,
    variable,
};
use weft_lang::value::{Bandwidth, unparse_bandwidth};

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
    /// Whether the rate counts bytes.
    bytes: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rate: u32 = args.mandatory("RATE");
    args.complete()?;
    Ok(Box::new(RatedSplitter {
        gap: GapRate::new(rate.into()),
        bytes: false,
    }))
}

/// Makes a BandwidthRatedSplitter.
pub(super) fn build_bandwidth(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rate: Bandwidth = args.mandatory("RATE");
    args.complete()?;
    if rate.unitless {
        configure.warn("RATE: no units on bandwidth, assuming Bps");
    }
    Ok(Box::new(RatedSplitter {
        gap: GapRate::new(rate.bytes_per_second),
        bytes: true,
    }))
}

impl RatedSplitter {
    fn rate_text(&self) -> String {
        match self.bytes {
            false => self.gap.rate().to_string(),
            true => unparse_bandwidth(self.gap.rate()),
        }
    }

    fn set_rate(&mut self, call: Call<'_>) -> Result<(), String> {
        let rate = match self.bytes {
            false => call.value().map(|rate: u32| rate.into()),
            true => call.value().map(|b: Bandwidth| b.bytes_per_second),
        };
        self.gap = GapRate::new(rate.map_err(|e| format!("RATE: {e}"))?);
        Ok(())
    }

    /// Whether a packet of `length` bytes is within the rate, of which it then takes its part.
    fn admits(&mut self, length: usize, now: u64) -> bool {
        let is_within = self.gap.rate() > 0 && self.gap.allowance(now) > 0;
        if is_within {
            self.gap.pass(if self.bytes { length as u64 } else { 1 });
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
