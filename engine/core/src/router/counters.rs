//! Per-element counts: packets per port, and drops by reason. Kept in the region, by element name.

use super::Router;
use crate::element::Batch;
use crate::packet::Packet;
use crate::region::{Cells, Region};
use std::borrow::Cow;

/// Reason for packets dropped because no frame was free.
pub const REASON_NO_BUFFER: &str = "no-buffer";

/// The counts of one element.
pub(super) struct Counters {
    ports: Cells,
    inputs: usize,
    key: String,
    drops: Vec<(Cow<'static, str>, Cells)>,
}

impl Counters {
    pub(super) fn new(region: &mut Region, key: String, inputs: usize, outputs: usize) -> Self {
        let ports = region.cells(&format!("{key} ports {inputs}"), inputs + outputs);
        let known = region.reasons(&key).iter();
        let drops = known.map(|(r, cell)| (Cow::Owned(r.clone()), cell.clone()));
        Counters {
            ports,
            inputs,
            drops: drops.collect(),
            key,
        }
    }

    #[inline]
    pub(super) fn received(&self, port: usize, packets: usize) {
        if port < self.inputs {
            self.ports.add(port, packets as u64);
        }
    }

    #[inline]
    pub(super) fn sent(&self, port: usize, packets: usize) {
        if self.inputs + port < self.ports.len() {
            self.ports.add(self.inputs + port, packets as u64);
        }
    }

    pub(super) fn inputs(&self) -> Vec<u64> {
        (0..self.inputs).map(|i| self.ports.get(i)).collect()
    }

    pub(super) fn outputs(&self) -> Vec<u64> {
        (self.inputs..self.ports.len())
            .map(|i| self.ports.get(i))
            .collect()
    }

    /// Drops by reason, in the order the reasons first occurred.
    pub(super) fn drops(&self) -> impl Iterator<Item = (&str, u64)> {
        self.drops
            .iter()
            .map(|(reason, cell)| (&**reason, cell.get(0)))
    }

    fn count_reason(&mut self, region: &mut Region, reason: &'static str, packets: u64) {
        if let Some((_, cell)) = self.drops.iter().find(|(r, _)| *r == reason) {
            cell.add(0, packets);
            return;
        }
        let cell = region.reason(&self.key, reason);
        cell.add(0, packets);
        self.drops.push((Cow::Borrowed(reason), cell));
    }
}

impl Router {
    /// Counts `packets` under `reason` at the running element.
    #[inline]
    pub fn count_reason(&mut self, reason: &'static str, packets: usize) {
        let node = &mut self.graph.nodes[self.current];
        node.counters
            .count_reason(&mut self.region, reason, packets as u64);
    }

    /// Gives `packet` back and counts it under `reason` at the running element.
    #[inline]
    pub fn drop_packet(&mut self, packet: Packet, reason: &'static str) {
        if self.graph.origin_keeper.is_some() {
            self.pool.note_reason(&packet, reason);
        }
        if self.is_tracing {
            self.trace_drops(std::slice::from_ref(&packet), reason);
        }
        self.pool.free(packet);
        self.count_reason(reason, 1);
    }

    /// Gives all packets of `batch` back and counts them under `reason`.
    #[inline]
    pub fn drop_all(&mut self, batch: &mut Batch, reason: &'static str) {
        if !batch.is_empty() {
            if self.is_tracing {
                self.trace_drops(batch, reason);
            }
            self.count_reason(reason, batch.len());
            if self.graph.origin_keeper.is_some() {
                for packet in batch.iter() {
                    self.pool.note_reason(packet, reason);
                }
            }
            self.pool.free_all(batch);
        }
    }
}
