//! Tags: which packets a trace follows.
//!
//! A tag travels in the side record. Clones inherit it; when the last packet of a tag is given back, the tag has
//! ended. Packets without a side record have none and cost nothing.

use super::Pool;
use crate::packet::Packet;
use std::collections::HashMap;

/// Tag of a packet that has just come into the graph and was not looked at yet.
const NEW: u32 = u32::MAX;

/// How many packets of every tag there are, and which have none left. Tags that are not in here mean nothing.
#[derive(Default)]
pub(super) struct Tags {
    live: HashMap<u32, u32>,
    ended: Vec<u32>,
}

impl Tags {
    #[inline]
    pub(super) fn begin(&mut self, tag: u32) {
        if tag != 0 {
            self.add(tag);
        }
    }

    #[inline]
    pub(super) fn end(&mut self, tag: u32) {
        if tag != 0 {
            self.remove(tag);
        }
    }

    #[cold]
    fn add(&mut self, tag: u32) {
        if let Some(live) = self.live.get_mut(&tag) {
            *live += 1;
        }
    }

    #[cold]
    fn remove(&mut self, tag: u32) {
        let Some(live) = self.live.get_mut(&tag) else {
            return;
        };
        *live -= 1;
        if *live == 0 {
            self.live.remove(&tag);
            self.ended.push(tag);
        }
    }
}

impl Pool {
    /// The tag of the packet, if it is followed.
    #[inline]
    pub(crate) fn tag(&self, packet: &Packet) -> Option<u32> {
        let tag = self.side(packet)?.tag;
        (tag != 0 && self.tags.live.contains_key(&tag)).then_some(tag)
    }

    /// Gives the packet tag `tag`, which is new or one of its clones'.
    pub(crate) fn set_tag(&mut self, packet: &mut Packet, tag: u32) {
        *self.tags.live.entry(tag).or_insert(0) += 1;
        let before = std::mem::replace(&mut self.side_mut(packet).tag, tag);
        self.tags.end(before);
    }

    /// Marks a packet that has just come into the graph by an element that packets go through, too.
    pub(crate) fn tag_as_new(&mut self, packet: &mut Packet) {
        self.side_mut(packet).tag = NEW;
    }

    /// Takes that mark away; whether it was there.
    pub(crate) fn take_new(&mut self, packet: &mut Packet) -> bool {
        if self.side(packet).is_none_or(|side| side.tag != NEW) {
            return false;
        }
        self.side_mut(packet).tag = 0;
        true
    }

    /// How many packets have `tag`.
    pub(crate) fn tagged(&self, tag: u32) -> usize {
        self.tags.live.get(&tag).map_or(0, |n| *n as usize)
    }

    /// A tag of which the last packet is gone; each is given once, in the order in which they ended.
    pub(crate) fn take_ended_tags(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.tags.ended)
    }

    /// Tags given so far mean nothing any more.
    pub(crate) fn forget_tags(&mut self) {
        self.tags = Tags::default();
    }
}

#[cfg(test)]
mod tests {
    use crate::pool::{Pool, PoolSize};

    fn pool() -> Pool {
        Pool::new(PoolSize { small: 8, large: 0 }).unwrap()
    }

    #[test]
    fn a_tag_ends_with_the_last_of_its_clones() {
        let mut pool = pool();
        let mut packet = pool.copy_in(b"one").unwrap();
        pool.set_tag(&mut packet, 5);
        let mut clone = pool.duplicate(&packet);
        assert_eq!((pool.tag(&clone), pool.tagged(5)), (Some(5), 2));
        pool.set_tag(&mut clone, 6);
        assert_eq!((pool.tagged(5), pool.tagged(6)), (1, 1));
        pool.free(packet);
        assert_eq!(pool.take_ended_tags(), [5]);
        pool.free_all(&mut vec![clone]);
        assert_eq!(pool.take_ended_tags(), [6]);
        assert_eq!((pool.in_use(), pool.side_in_use()), (0, 0));
    }

    #[test]
    fn copied_annotations_bring_the_tag_and_cleared_ones_leave_it() {
        let mut pool = pool();
        let mut packet = pool.copy_in(b"one").unwrap();
        let mut part = pool.copy_in(b"o").unwrap();
        let plain = pool.copy_in(b"plain").unwrap();
        pool.set_tag(&mut packet, 1);
        pool.copy_annotations(&packet, &mut part);
        assert_eq!((pool.tag(&part), pool.tagged(1)), (Some(1), 2));
        pool.clear_side(&mut part);
        pool.copy_annotations(&plain, &mut part);
        assert_eq!((pool.tag(&part), pool.tagged(1)), (Some(1), 2));
        pool.free_all(&mut vec![packet, part, plain]);
        assert_eq!(pool.take_ended_tags(), [1]);
    }

    #[test]
    fn forgotten_tags_and_the_mark_of_new_packets_are_no_tags() {
        let mut pool = pool();
        let mut packet = pool.copy_in(b"one").unwrap();
        pool.set_tag(&mut packet, 1);
        pool.forget_tags();
        assert_eq!(pool.tag(&packet), None);
        pool.tag_as_new(&mut packet);
        assert_eq!(pool.tag(&packet), None);
        assert!(pool.take_new(&mut packet) && !pool.take_new(&mut packet));
        pool.free(packet);
        assert!(pool.take_ended_tags().is_empty());
    }
}
