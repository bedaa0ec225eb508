//! Timers: each element has as many as it has keys; setting one again moves it.

use super::Router;
use crate::element::ElementId;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// The timers of one graph. Entries of the heap that `armed` no longer knows are stale.
#[derive(Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(u64, u64, ElementId, u32)>>,
    armed: HashMap<(ElementId, u32), (u64, u64)>,
    sequence: u64,
}

impl Timers {
    pub(super) fn set(&mut self, id: ElementId, key: u32, at: u64) {
        self.sequence += 1;
        self.armed.insert((id, key), (at, self.sequence));
        self.heap.push(Reverse((at, self.sequence, id, key)));
    }

    fn forget_stale(&mut self) {
        while let Some(Reverse((at, sequence, id, key))) = self.heap.peek() {
            if self.armed.get(&(*id, *key)) == Some(&(*at, *sequence)) {
                return;
            }
            self.heap.pop();
        }
    }

    /// When the next timer expires.
    pub(super) fn next(&mut self) -> Option<u64> {
        self.forget_stale();
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    fn take_due(&mut self, now: u64) -> Option<(ElementId, u32)> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, _, id, key)) = self.heap.pop()?;
        self.armed.remove(&(id, key));
        Some((id, key))
    }
}

impl Router {
    /// Has timer `key` of element `id` expire as soon as may be.
    pub fn set_timer_of(&mut self, id: ElementId, key: u32) {
        let now = self.clock.now();
        self.graph.timers.set(id, key, now);
    }

    /// Sets timer `key` of the running element to expire at `at` (nanoseconds of steady time).
    pub fn set_timer(&mut self, key: u32, at: u64) {
        self.graph.timers.set(self.current, key, at);
    }

    /// Stops timer `key` of the running element.
    pub fn clear_timer(&mut self, key: u32) {
        self.graph.timers.armed.remove(&(self.current, key));
    }

    /// When timer `key` of the running element expires, if it is set.
    pub fn timer(&self, key: u32) -> Option<u64> {
        self.graph
            .timers
            .armed
            .get(&(self.current, key))
            .map(|(at, _)| *at)
    }

    /// Runs the timers that are due. Those they set anew for now wait for the next round.
    pub(super) fn run_timers(&mut self) -> bool {
        let now = self.clock.now();
        let last = self.graph.timers.sequence;
        let mut ran = false;
        while self
            .graph
            .timers
            .heap
            .peek()
            .is_some_and(|Reverse((_, s, ..))| *s <= last)
        {
            let Some((id, key)) = self.graph.timers.take_due(now) else {
                break;
            };
            self.call(id, |element, router| element.timer(key, router));
            ran = true;
            if self.graph.is_stopping() {
                break;
            }
        }
        ran
    }
}
