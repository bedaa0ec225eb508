//! # Meter(RATE1, RATE2, ..., RATEn)
//!
//! Sends packets by the output of their average rate.
//!
//! ## Ports
//! One push input, as many push outputs as there are rates, and one: below RATE1 packets leave by
//! output 0, from RATE1 on and below RATE2 by output 1, and so on; from RATEn on by the last.
//!
//! ## Arguments
//! - `RATE` *integer*: packets per second; each greater than the one before.
//!
//! ## Handlers
//! - `rate` (r): the average rate now.
//! - `rate0`, `rate1`, ... (r): the rates given.
//!
//! The average is exponentially weighted, as Counter's `rate`.
//!
//! ## Example
//! ```click
//! RatedSource(RATE 500, LIMIT 100) -> m :: Meter(100);
//! m[0] -> Discard;
//! m[1] -> Counter -> Discard;
//! ```
//!
//! ## See also
//! BandwidthMeter, RatedSplitter, Counter

use super::rate_unit::RateUnit;
use crate::rate::Rate;
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, Place, Router, Value, argument, downcast,
    reader,
};
use weft_lang::value::Bandwidth;

/// Registers Meter.
pub static CLASS: Class = METER;

/// BandwidthMeter differs from Meter in the unit of its rates.
pub(super) const METER: Class = Class {
    ports: "1/2-",
    processing: "h/h",
    arguments: &[argument("RATE", Place::Rest, "integer", "")],
    handlers: &[reader!(
        Meter,
        "rate",
        Value::Real,
        "",
        "The average rate now",
        |m, _, router| Ok(m.rate.read(router.clock.now()))
    )],
    fuzz: &["1000", "1, 10, 100000"],
    ..Class::agnostic("Meter", "standard", build)
};

/// Handlers `rate0`, `rate1`, ...
const GIVEN: Handler = reader!(
    Meter,
    "rate#",
    Value::Text,
    "",
    "The rate given",
    |m, call, _| {
        let rate = m.limits.get(call.index());
        rate.map(|rate| m.unit.text(*rate))
            .ok_or_else(|| "no such rate".into())
    }
);

struct Meter {
    rate: Rate,
    limits: Vec<u64>,
    unit: RateUnit,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let parse = |text: &str, names: &dyn weft_lang::Names| {
        <u32 as weft_lang::value::Value>::parse(text, names).map(u64::from)
    };
    build_with(configure, RateUnit::Packets, parse)
}

/// Makes a BandwidthMeter.
pub(super) fn build_bandwidth(configure: &mut Configure<'_>) -> Built {
    let parse = |text: &str, names: &dyn weft_lang::Names| {
        let bandwidth = <Bandwidth as weft_lang::value::Value>::parse(text, names);
        bandwidth.map(|b| b.bytes_per_second)
    };
    build_with(configure, RateUnit::Bytes, parse)
}

fn build_with(
    configure: &mut Configure<'_>,
    unit: RateUnit,
    parse: impl Fn(&str, &dyn weft_lang::Names) -> Result<u64, String>,
) -> Built {
    let mut args = configure.args();
    let given = args.rest();
    let mut limits = Vec::new();
    for (number, text) in given.iter().enumerate() {
        match parse(text, configure.names()) {
            Ok(rate) if limits.last().is_some_and(|last| *last >= rate) => {
                args.error(format!(
                    "rate {} must be greater than the one before",
                    number + 1
                ));
            }
            Ok(rate) => limits.push(rate),
            Err(problem) => args.error(format!("rate {}: {problem}", number + 1)),
        }
    }
    let outputs = configure.outputs;
    args.check(|| match limits.len() + 1 {
        1 => Err("no rate given".to_string()),
        wanted if wanted != outputs => Err(format!("need {wanted} outputs, one more than rates")),
        _ => Ok(()),
    });
    args.complete()?;
    Ok(Box::new(Meter {
        rate: Rate::default(),
        limits,
        unit,
    }))
}

impl Element for Meter {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.now();
        router.route(batch, |packet, _| {
            self.rate.update(self.unit.amount(packet.len()), now);
            let rate = self.rate.value(now);
            self.limits.partition_point(|limit| *limit as f64 <= rate)
        });
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        (0..self.limits.len())
            .map(|i| (format!("rate{i}"), &GIVEN))
            .collect()
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<Meter>(old) {
            self.rate = std::mem::take(&mut old.rate);
        }
    }
}
