//! Making packets longer, in front and behind.

use super::{Pool, RESERVED};
use crate::packet::Packet;

impl Pool {
    /// Moves the packet's start towards the front by `count` bytes (their contents undefined),
    /// making room by a copy where there is too little. `None` when that is impossible.
    #[inline]
    pub fn push(&mut self, packet: &mut Packet, count: usize) -> Option<()> {
        if packet.offset() as usize >= count + RESERVED as usize {
            packet.move_start_back(count);
            return self.unshare(packet);
        }
        self.resize(packet, count, 0)
    }

    /// Puts a link-level header of `N` bytes in front of the packet and marks it, what follows being
    /// the network header. Gives its bytes, undefined as yet; `None` when no slot is free.
    #[inline]
    pub fn push_link_header<const N: usize>(
        &mut self,
        packet: &mut Packet,
    ) -> Option<&mut [u8; N]> {
        if packet.offset() as usize >= N + RESERVED as usize {
            self.unshare(packet)?;
        } else {
            self.resize(packet, N, 0)?;
            let _ = packet.pull(N);
        }
        // The start is read once: reading it back right after writing it would stall.
        let start = packet.offset() - N as u16;
        packet.begin_link_header(start, N as u16);
        self.slice_mut(packet.slot(), start as usize, N)
            .first_chunk_mut()
    }

    /// Adds `count` bytes (their contents undefined) at the packet's end.
    #[inline]
    pub fn put(&mut self, packet: &mut Packet, count: usize) -> Option<()> {
        let end = packet.offset() as usize + packet.len();
        if end + count <= self.stride(packet.slot()) {
            self.unshare(packet)?;
            packet.set_len(packet.len() + count);
            return Some(());
        }
        self.resize(packet, 0, count)
    }
}
