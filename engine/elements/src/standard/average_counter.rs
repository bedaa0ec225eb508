//! # AverageCounter([IGNORE])
//!
//! Passes packets on unchanged, and counts them and their average rate between the first and the
//! last.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `IGNORE` *number* (0): seconds after the first packet in which packets are not counted.
//!
//! ## Handlers
//! - `count` (r): packets counted.
//! - `byte_count` (r): bytes counted.
//! - `rate` (r): packets per second.
//! - `byte_rate` (r): bytes per second.
//! - `reset` (w): begins anew.
//!
//! Counts and times survive a hot swap and a restart of the engine.
//!
//! ## Example
//! ```click
//! RatedSource(RATE 100, LIMIT 100, STOP true) -> c :: AverageCounter -> Discard;
//! ```
//!
//! ## See also
//! Counter

use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Place, Router, Value, argument, reader, writer,
};

/// Registers AverageCounter.
pub static CLASS: Class = Class {
    arguments: &[argument("IGNORE", Place::Optional, "number", "0")],
    handlers: &[
        reader!(
            AverageCounter,
            "count",
            Value::Unsigned,
            "packets",
            "Packets counted",
            |c, _, _| Ok(c.get(COUNT).to_string())
        ),
        reader!(
            AverageCounter,
            "byte_count",
            Value::Unsigned,
            "bytes",
            "Bytes counted",
            |c, _, _| Ok(c.get(BYTES).to_string())
        ),
        reader!(
            AverageCounter,
            "rate",
            Value::Real,
            "packets/s",
            "Packet rate between the first packet and the last",
            |c, _, _| Ok(c.rate(COUNT))
        ),
        reader!(
            AverageCounter,
            "byte_rate",
            Value::Real,
            "byte/s",
            "Byte rate between the first packet and the last",
            |c, _, _| Ok(c.rate(BYTES))
        ),
        writer!(
            AverageCounter,
            "reset",
            Value::Button,
            "",
            "Begins anew",
            |c, _, _| {
                for cell in [COUNT, BYTES, FIRST, LAST] {
                    c.set(cell, 0);
                }
                Ok(())
            }
        ),
    ],
    fuzz: &["", "0.001"],
    ..Class::agnostic("AverageCounter", "standard", build)
};

const COUNT: usize = 0;
const BYTES: usize = 1;
/// Time of the first packet, in milliseconds since 1970; 0 before.
const FIRST: usize = 2;
/// Time of the last packet.
const LAST: usize = 3;
const MS: u64 = 1_000_000;

struct AverageCounter {
    ignore_ms: u64,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let ignore: f64 = args.positional("IGNORE", 0.0);
    args.complete()?;
    Ok(Box::new(AverageCounter {
        ignore_ms: (ignore.max(0.0) * 1000.0) as u64,
        cells: None,
    }))
}

impl AverageCounter {
    fn get(&self, cell: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(cell))
    }

    fn set(&self, cell: usize, value: u64) {
        if let Some(cells) = &self.cells {
            cells.set(cell, value);
        }
    }

    fn rate(&self, what: usize) -> String {
        let ms = self.get(LAST).saturating_sub(self.get(FIRST));
        let ms = ms.saturating_sub(self.ignore_ms).max(1);
        let rate = self.get(what) as f64 * 1000.0 / ms as f64;
        significant(rate)
    }
}

/// A number with twelve significant digits at most, as Click prints real numbers.
fn significant(value: f64) -> String {
    let whole_digits = value.abs().max(1.0).log10() as i32 + 1;
    let scale = 10f64.powi((12 - whole_digits).max(0));
    format!("{}", (value * scale).round() / scale)
}

impl Element for AverageCounter {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("average", 4));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let Some(cells) = &self.cells else { return };
        let now = router.clock.timestamp() / MS;
        if cells.get(FIRST) == 0 {
            cells.set(FIRST, now);
        }
        cells.set(LAST, now);
        if now.saturating_sub(cells.get(FIRST)) >= self.ignore_ms {
            let bytes: usize = batch.iter().map(|p| p.len()).sum();
            cells.add(COUNT, batch.len() as u64);
            cells.add(BYTES, bytes as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn rates_have_twelve_digits() {
        assert_eq!(significant(1000.0 / 3.0), "333.333333333");
        assert_eq!(significant(0.1 + 0.2), "0.3");
        assert_eq!(significant(123456789012345.0), "123456789012345");
        assert_eq!(significant(0.0), "0");
    }
}
