//! What is counted of a component's traffic, and how long its packets take.

use super::Component;
use serde_json::{Map, Value, json};
use std::time::Instant;
use weft_core::{Cells, Handler, Router, Value as Kind};

const BYTES_IN: usize = 0;
const BYTES_OUT: usize = 1;
const BATCHES_OUT: usize = 2;
const BATCHES_BACK: usize = 3;
const PACKETS_OUT: usize = 4;
const PACKETS_BACK: usize = 5;
const ATTACHMENTS: usize = 6;
const LOSSES: usize = 7;
const FULL: usize = 8;
const EMITTED: usize = 9;
const LATENCIES: usize = 16;
/// Powers of two of nanoseconds.
const BUCKETS: usize = 40;

/// One packet in so many offered batches is timed.
const SAMPLED: u64 = 16;

impl Component {
    /// The handler `figures`.
    pub(super) fn figures_text(&self) -> String {
        let mut text = format!("{{\"state\": \"{}\"", self.state());
        for (name, value) in self.numbers() {
            text += &format!(", \"{name}\": {value}");
        }
        text + "}"
    }

    fn numbers(&self) -> Vec<(&'static str, u64)> {
        let now = [
            ("in_flight", self.in_flight() as u64),
            ("waiting", self.waiting.len() as u64),
            ("capacity", self.capacity as u64),
        ];
        now.into_iter().chain(self.figures.pairs()).collect()
    }

    /// The same for `stats`, and which numbers its process tells, by name: type and unit.
    pub(super) fn told_figures(&self) -> Value {
        let numbers = self.numbers().into_iter();
        let mut told: Map<String, Value> = numbers.map(|(n, v)| (n.into(), json!(v))).collect();
        let readable = self.declared.iter().filter(|(_, h)| is_number(h));
        let values: Map<String, Value> = readable
            .map(|(name, h)| (name.clone(), json!([h.value.name(), h.unit])))
            .collect();
        told.insert("values".into(), Value::Object(values));
        Value::Object(told)
    }
}

fn is_number(handler: &Handler) -> bool {
    let is_number = matches!(handler.value, Kind::Unsigned | Kind::Integer | Kind::Real);
    is_number && handler.read.is_some() && !handler.takes_parameter && !handler.callable
}

/// Counts of a component, kept in the region.
#[derive(Default)]
pub struct Figures {
    cells: Option<Cells>,
    sample: Option<(u32, Instant)>,
}

impl Figures {
    /// Finds the counts of earlier times.
    pub fn open(&mut self, router: &mut Router) {
        if self.cells.is_none() {
            self.cells = Some(router.cells("figures", LATENCIES + BUCKETS));
        }
    }

    fn add(&self, cell: usize, count: u64) {
        if let Some(cells) = &self.cells {
            cells.add(cell, count);
        }
    }

    fn get(&self, cell: usize) -> u64 {
        self.cells.as_ref().map_or(0, |cells| cells.get(cell))
    }

    /// Packets were offered, the last of them under `index`.
    pub fn offered(&mut self, packets: usize, bytes: u64, index: u32) {
        self.add(BYTES_IN, bytes);
        self.add(PACKETS_OUT, packets as u64);
        self.add(BATCHES_OUT, 1);
        if self.sample.is_none() && self.get(BATCHES_OUT).is_multiple_of(SAMPLED) {
            self.sample = Some((index, Instant::now()));
        }
    }

    /// The index whose packet is timed.
    #[inline]
    pub fn awaited(&self) -> u32 {
        self.sample.map_or(u32::MAX, |(index, _)| index)
    }

    /// The packet that is timed is back.
    pub fn timed(&mut self) {
        if let Some((_, since)) = self.sample.take() {
            let ns = since.elapsed().as_nanos().max(1) as u64;
            let bucket = (ns.ilog2() as usize).min(BUCKETS - 1);
            self.add(LATENCIES + bucket, 1);
        }
    }

    /// Packets came back.
    pub fn collected(&self, packets: usize, bytes: u64) {
        self.add(BYTES_OUT, bytes);
        self.add(PACKETS_BACK, packets as u64);
        self.add(BATCHES_BACK, 1);
    }

    /// A packet came that had not gone out.
    pub fn emitted(&self) {
        self.add(EMITTED, 1);
    }

    /// A process has attached.
    pub fn attached(&self) {
        self.add(ATTACHMENTS, 1);
    }

    /// Its process is gone: what is timed never comes back.
    pub fn lost(&mut self) {
        self.sample = None;
        self.add(LOSSES, 1);
    }

    /// Packets had to wait because the component was behind.
    pub fn was_full(&self) {
        self.add(FULL, 1);
    }

    /// Sets all to zero.
    pub fn reset(&mut self) {
        self.sample = None;
        for cell in self.cells.iter().flat_map(|c| c.as_slice()) {
            cell.store(0, std::sync::atomic::Ordering::Relaxed);
        }
    }

    /// As pairs of name and number.
    pub fn pairs(&self) -> Vec<(&'static str, u64)> {
        let names = [
            ("bytes_in", BYTES_IN),
            ("bytes_out", BYTES_OUT),
            ("packets_offered", PACKETS_OUT),
            ("packets_returned", PACKETS_BACK),
            ("packets_emitted", EMITTED),
            ("batches_offered", BATCHES_OUT),
            ("batches_returned", BATCHES_BACK),
            ("attachments", ATTACHMENTS),
            ("losses", LOSSES),
            ("full", FULL),
        ];
        let mut pairs: Vec<_> = names.iter().map(|(n, c)| (*n, self.get(*c))).collect();
        for (name, share) in [("latency_p50_ns", 50), ("latency_p99_ns", 99)] {
            pairs.push((name, self.latency(share)));
        }
        pairs
    }

    /// The latency in nanoseconds that `share` percent of timed packets stay below: the middle of its power of two.
    fn latency(&self, share: u64) -> u64 {
        let counts: Vec<u64> = (0..BUCKETS).map(|b| self.get(LATENCIES + b)).collect();
        let wanted = counts.iter().sum::<u64>() * share;
        let mut seen = 0;
        for (bucket, count) in counts.iter().enumerate() {
            seen += count * 100;
            if *count > 0 && seen >= wanted {
                return (3u64 << bucket) / 2;
            }
        }
        0
    }
}
