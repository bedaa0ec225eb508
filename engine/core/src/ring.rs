//! A bounded ring of packets in the region's cells: what queues store packets in. Packets in it
//! survive the engine process; a descriptor is written before the tail moves, and the head moves
//! before a packet is used, so that none is ever seen twice.

use crate::element::Batch;
use crate::packet::Packet;
use crate::region::Cells;
use crate::router::Router;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const HEAD: usize = 0;
const TAIL: usize = 1;
const DROPS: usize = 2;
const HIGHWATER: usize = 3;
const FIRST: usize = 4;
/// Words a packet takes.
const WORDS: usize = 4;

/// A first-in-first-out store. Not open until [`PacketRing::open`] was called.
#[derive(Default)]
pub struct PacketRing {
    cells: Option<Cells>,
    capacity: usize,
    owned: bool,
}

impl PacketRing {
    /// Opens the ring of the running element for `capacity` packets, empty unless it was adopted.
    /// While the element only waits to take over from its predecessor, the ring is not its own yet.
    pub fn open(&mut self, capacity: usize, router: &mut Router) {
        self.find(capacity, router);
        if !router.is_successor() && !self.owned {
            self.owned = true;
            self.clear();
        }
    }

    fn find(&mut self, capacity: usize, router: &mut Router) {
        if self.cells.is_none() {
            self.cells = Some(router.cells("ring", FIRST + WORDS * capacity));
            self.capacity = capacity;
        }
    }

    /// Opens the ring and takes the packets over that an earlier engine left in it; invalid ones
    /// are forgotten.
    pub fn adopt(&mut self, capacity: usize, router: &mut Router) {
        self.find(capacity, router);
        let Some(cells) = &self.cells else { return };
        let (head, tail) = (cells.get(HEAD), cells.get(TAIL));
        let count = tail.wrapping_sub(head);
        let left: Vec<[u64; WORDS]> = if count <= self.capacity as u64 {
            (0..count)
                .map(|i| self.read(head.wrapping_add(i)))
                .collect()
        } else {
            Vec::new()
        };
        self.clear();
        self.owned = true;
        let mut batch: Batch = left.iter().filter_map(|w| router.pool.adopt(*w)).collect();
        self.push(&mut batch);
    }

    fn clear(&self) {
        if let Some(cells) = &self.cells {
            cells.set(HEAD, 0);
            cells.set(TAIL, 0);
        }
    }

    /// Packets in the ring.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.cells
            .as_ref()
            .map_or(0, |c| c.get(TAIL).wrapping_sub(c.get(HEAD)) as usize)
    }

    /// Packets it holds at most.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Packets counted as dropped.
    pub fn drops(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(DROPS))
    }

    /// Counts packets as dropped.
    pub fn count_drops(&self, packets: usize) {
        if let Some(cells) = &self.cells {
            cells.add(DROPS, packets as u64);
        }
    }

    /// The most packets there were since the counts were reset.
    pub fn highwater(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(HIGHWATER))
    }

    /// Sets the drop count to zero and the high-water mark to the present length.
    pub fn reset_counts(&self) {
        if let Some(cells) = &self.cells {
            cells.set(DROPS, 0);
            cells.set(HIGHWATER, self.len() as u64);
        }
    }

    fn slot(&self, position: u64) -> usize {
        FIRST + (position % self.capacity as u64) as usize * WORDS
    }

    fn read(&self, position: u64) -> [u64; WORDS] {
        let Some(cells) = &self.cells else {
            return [0; WORDS];
        };
        let at = self.slot(position);
        let words = &cells.as_slice()[at..at + WORDS];
        std::array::from_fn(|i| words[i].load(Relaxed))
    }

    /// Stores packets from the front of `batch`; those there is no room for stay in it.
    #[inline]
    pub fn push(&mut self, batch: &mut Batch) {
        let Some(cells) = &self.cells else { return };
        let all = cells.as_slice();
        let (head, mut tail) = (all[HEAD].load(Relaxed), all[TAIL].load(Relaxed));
        let length = tail.wrapping_sub(head) as usize;
        let count = batch.len().min(self.capacity.saturating_sub(length));
        if count == 0 {
            return;
        }
        let mut at = self.slot(tail);
        for packet in batch.drain(..count) {
            for (cell, word) in all[at..at + WORDS].iter().zip(packet.to_words()) {
                cell.store(word, Relaxed);
            }
            at = if at + WORDS == all.len() {
                FIRST
            } else {
                at + WORDS
            };
        }
        tail = tail.wrapping_add(count as u64);
        all[TAIL].store(tail, Release);
        let length = (length + count) as u64;
        if length > all[HIGHWATER].load(Relaxed) {
            all[HIGHWATER].store(length, Relaxed);
        }
    }

    /// Takes at most `max` packets from the front and adds them to `batch`.
    #[inline]
    pub fn pop(&mut self, max: usize, batch: &mut Batch) {
        let Some(cells) = &self.cells else { return };
        let all = cells.as_slice();
        let (head, tail) = (all[HEAD].load(Relaxed), all[TAIL].load(Acquire));
        let count = max.min(tail.wrapping_sub(head) as usize);
        if count == 0 {
            return;
        }
        let mut at = self.slot(head);
        all[HEAD].store(head.wrapping_add(count as u64), Relaxed);
        batch.extend((0..count).map(|_| {
            let words = std::array::from_fn(|i| all[at + i].load(Relaxed));
            at = if at + WORDS == all.len() {
                FIRST
            } else {
                at + WORDS
            };
            Packet::from_own_words(words)
        }));
    }

    /// Changes the capacity; packets there is no more room for are dropped, newest first.
    pub fn resize(&mut self, capacity: usize, router: &mut Router) {
        if capacity == self.capacity {
            return;
        }
        let mut old = PacketRing {
            cells: self.cells.take(),
            capacity: self.capacity,
            owned: true,
        };
        self.find(capacity, router);
        self.owned = true;
        self.clear();
        self.copy_from(&mut old, router);
    }

    /// Takes over the packets and counts of the ring of a replaced graph.
    pub fn take_over(&mut self, old: &mut PacketRing, router: &mut Router) {
        let same = match (&self.cells, &old.cells) {
            (Some(a), Some(b)) => std::ptr::eq(a.as_slice(), b.as_slice()),
            _ => false,
        };
        self.owned = true;
        if !same {
            self.clear();
            self.copy_from(old, router);
        }
        old.owned = false;
    }

    fn copy_from(&mut self, old: &mut PacketRing, router: &mut Router) {
        let mut batch = router.new_batch();
        old.pop(usize::MAX, &mut batch);
        old.clear();
        if let (Some(new), Some(old)) = (&self.cells, &old.cells) {
            new.set(DROPS, old.get(DROPS));
            new.set(HIGHWATER, old.get(HIGHWATER).min(self.capacity as u64));
        }
        self.push(&mut batch);
        self.count_drops(batch.len());
        router.drop_all(&mut batch, "queue-full");
        router.recycle(batch);
    }

    /// Gives all packets back, counted as dropped, if the ring is this element's own.
    pub fn drop_contents(&mut self, router: &mut Router) {
        if !self.owned {
            return;
        }
        let mut batch = router.new_batch();
        self.pop(usize::MAX, &mut batch);
        router.drop_all(&mut batch, "removed");
        router.recycle(batch);
    }
}
