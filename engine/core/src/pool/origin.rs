//! Origins: what packets stem from, and when the last packet of an origin is gone.
//!
//! An element that borrowed a packet from elsewhere marks it with a number. Clones inherit it; it
//! ends when they are all given back. Packets without a side record have none and cost nothing.

use super::Pool;
use crate::packet::Packet;

/// How many packets of every origin there are, why one was dropped last, and which have none left.
#[derive(Default)]
pub(super) struct Origins {
    live: Vec<u32>,
    reasons: Vec<Option<&'static str>>,
    ended: Vec<u32>,
}

impl Origins {
    pub(super) fn begin(&mut self, origin: u32) {
        if origin == 0 {
            return;
        }
        let index = origin as usize - 1;
        if index >= self.live.len() {
            self.live.resize(index + 1, 0);
            self.reasons.resize(index + 1, None);
        }
        self.live[index] += 1;
    }

    pub(super) fn end(&mut self, origin: u32) {
        if origin == 0 {
            return;
        }
        let live = &mut self.live[origin as usize - 1];
        *live -= 1;
        if *live == 0 {
            self.ended.push(origin);
        }
    }
}

impl Pool {
    /// What the packet stems from; 0 where nobody said.
    #[inline]
    pub fn origin(&self, packet: &Packet) -> u32 {
        self.side(packet).map_or(0, |side| side.origin)
    }

    /// Says that the packet stems from `origin` (numbers from 1 on, given anew once they have ended).
    pub fn set_origin(&mut self, packet: &mut Packet, origin: u32) {
        let before = std::mem::replace(&mut self.side_mut(packet).origin, origin);
        self.origins.begin(origin);
        self.origins.end(before);
    }

    /// How many packets of `origin` there are.
    pub fn origin_packets(&self, origin: u32) -> u32 {
        let index = (origin as usize).checked_sub(1);
        let live = index.and_then(|index| self.origins.live.get(index));
        live.copied().unwrap_or(0)
    }

    /// Whether an origin has ended that was not taken yet.
    #[inline]
    pub fn has_ended_origins(&self) -> bool {
        !self.origins.ended.is_empty()
    }

    /// Notes for its origin why the packet is about to be given back.
    pub(crate) fn note_reason(&mut self, packet: &Packet, reason: &'static str) {
        if let Some(index) = (self.origin(packet) as usize).checked_sub(1) {
            self.origins.reasons[index] = Some(reason);
        }
    }

    /// An origin of which the last packet is gone, and for which reason one of its packets was
    /// dropped last, if there was one; each is given once.
    pub fn take_ended_origin(&mut self) -> Option<(u32, Option<&'static str>)> {
        let origin = self.origins.ended.pop()?;
        Some((origin, self.origins.reasons[origin as usize - 1].take()))
    }
}

#[cfg(test)]
mod tests {
    use crate::pool::{Pool, PoolSize};

    fn pool() -> Pool {
        Pool::new(PoolSize { small: 8, large: 0 }).unwrap()
    }

    #[test]
    fn an_origin_ends_with_the_last_of_its_clones() {
        let mut pool = pool();
        let mut packet = pool.copy_in(b"one").unwrap();
        pool.set_origin(&mut packet, 3);
        let clone = pool.duplicate(&packet);
        assert_eq!(pool.origin(&clone), 3);
        assert_eq!((pool.origin_packets(3), pool.origin_packets(4)), (2, 0));
        pool.free(packet);
        assert!(!pool.has_ended_origins());
        assert_eq!((pool.origin_packets(3), pool.origin_packets(0)), (1, 0));
        pool.free_all(&mut vec![clone]);
        assert_eq!(pool.take_ended_origin(), Some((3, None)));
        assert_eq!(pool.take_ended_origin(), None);
        assert_eq!((pool.in_use(), pool.side_in_use()), (0, 0));
    }

    #[test]
    fn the_reason_noted_last_is_told_once() {
        let mut pool = pool();
        for expected in [Some("second"), None] {
            let mut packet = pool.copy_in(b"one").unwrap();
            pool.set_origin(&mut packet, 2);
            if expected.is_some() {
                pool.note_reason(&packet, "first");
                pool.note_reason(&packet, "second");
            }
            pool.free(packet);
            assert_eq!(pool.take_ended_origin(), Some((2, expected)));
        }
        let nobodys = pool.copy_in(b"other").unwrap();
        pool.note_reason(&nobodys, "first");
        pool.free(nobodys);
    }

    #[test]
    fn annotations_come_and_go_without_the_origin() {
        let mut pool = pool();
        let mut packet = pool.copy_in(b"one").unwrap();
        let mut other = pool.copy_in(b"other").unwrap();
        pool.set_origin(&mut packet, 1);
        pool.set_annotation(&mut packet, 20, &[7]);
        pool.copy_annotations(&packet, &mut other);
        assert_eq!((pool.annotation(&other, 20), pool.origin(&other)), ([7], 0));
        pool.clear_side(&mut packet);
        assert_eq!(
            (pool.annotation(&packet, 20), pool.origin(&packet)),
            ([0], 1)
        );
        pool.copy_annotations(&other, &mut packet);
        assert_eq!(
            (pool.annotation(&packet, 20), pool.origin(&packet)),
            ([7], 1)
        );
        pool.set_origin(&mut packet, 0);
        assert_eq!(pool.take_ended_origin(), Some((1, None)));
        pool.free(packet);
        assert_eq!(pool.take_ended_origin(), None);
        pool.free(other);
    }
}
