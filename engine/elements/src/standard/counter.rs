//! # Counter()
//!
//! Passes packets on unchanged and counts them: how many, how many bytes, and how fast.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Handlers
//! - `count` (r): packets since the last reset.
//! - `byte_count` (r): bytes since the last reset.
//! - `rate` (r): packets per second, an exponentially weighted average.
//! - `bit_rate`, `byte_rate` (r): the same for bits and bytes.
//! - `reset_counts`, `reset` (w): sets all counts to zero.
//!
//! Counts survive a hot swap and a restart of the engine.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 10, STOP true) -> c :: Counter -> Discard;
//! ```
//!
//! ## See also
//! AverageCounter

use crate::rate::Rate;
use weft_core::{Batch, Built, Cells, Class, Configure, Element, Router, Value, reader, writer};

/// Registers Counter.
pub static CLASS: Class = Class {
    handlers: &[
        reader!(
            Counter,
            "count",
            Value::Unsigned,
            "packets",
            "Packets counted",
            |c, _, _| Ok(c.get(0).to_string())
        ),
        reader!(
            Counter,
            "byte_count",
            Value::Unsigned,
            "bytes",
            "Bytes counted",
            |c, _, _| Ok(c.get(1).to_string())
        ),
        reader!(
            Counter,
            "rate",
            Value::Real,
            "packets/s",
            "Packet rate, averaged",
            |c, _, r| Ok(c.packet_rate.read(r.clock.refresh()))
        ),
        reader!(
            Counter,
            "bit_rate",
            Value::Real,
            "bit/s",
            "Bit rate, averaged",
            |c, _, r| Ok(c.byte_rate.read_scaled(r.clock.refresh(), 8.0))
        ),
        reader!(
            Counter,
            "byte_rate",
            Value::Real,
            "byte/s",
            "Byte rate, averaged",
            |c, _, r| Ok(c.byte_rate.read(r.clock.refresh()))
        ),
        writer!(
            Counter,
            "reset",
            Value::Button,
            "",
            "Sets all counts to zero",
            |c, _, _| c.reset()
        ),
        writer!(
            Counter,
            "reset_counts",
            Value::Button,
            "",
            "Sets all counts to zero",
            |c, _, _| c.reset()
        ),
    ],
    ..Class::agnostic("Counter", "standard", build)
};

struct Counter {
    cells: Option<Cells>,
    packet_rate: Rate,
    byte_rate: Rate,
}

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(Counter {
        cells: None,
        packet_rate: Rate::default(),
        byte_rate: Rate::default(),
    }))
}

impl Counter {
    fn get(&self, index: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(index))
    }

    fn reset(&mut self) -> Result<(), String> {
        if let Some(cells) = &self.cells {
            cells.set(0, 0);
            cells.set(1, 0);
        }
        Ok(())
    }
}

impl Element for Counter {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 2));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let Some(cells) = &self.cells else { return };
        let bytes: usize = batch.iter().map(|p| p.len()).sum();
        cells.add(0, batch.len() as u64);
        cells.add(1, bytes as u64);
        let now = router.clock.now();
        self.packet_rate.update(batch.len() as u64, now);
        self.byte_rate.update(bytes as u64, now);
    }
}
