//! A V3 receive ring: blocks of frames in memory shared with the kernel.
//!
//! A block belongs to the kernel until it is full or a millisecond old, then to the reader until it
//! is given back whole. A frame that was read is marked in the ring itself, so that an engine that
//! takes over the socket of a killed one does not read it again.
//!
//! This file maps memory and points into it: it is one of the few that use `unsafe`.

use super::messages::{packet_type, tag};
use super::socket::Socket;
use crate::offload::RawFrame;
use crate::vnet_header::{VNET_HEADER, VnetHeader};
use std::io;
use std::mem::size_of;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bytes of a block: the largest frame fits more than twice.
const BLOCK: usize = 256 * 1024;
const BLOCKS: usize = 32;
/// A frame size the kernel wants to be told, without meaning for this kind of ring.
const FRAME: usize = 2048;
/// Milliseconds after which a block that is not full goes to the reader.
const RETIRE_MS: u32 = 1;
/// Status of a frame that was read.
const READ: u32 = 0;
/// Length of the kernel's address structure, which follows a frame's header.
const ADDRESS: usize = 20;
/// Where the kernel's address structure keeps the kind of a frame.
const KIND_AT: usize = 10;

type Frame = libc::tpacket3_hdr;
type Block = libc::tpacket_block_desc;

/// The ring of one socket.
pub(super) struct Ring {
    base: *mut u8,
    block: usize,
    is_open: bool,
    left: u32,
    next: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Ring {}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: `base` is what `mmap` returned for this size; nothing points into it any more.
        unsafe { libc::munmap(self.base.cast(), BLOCK * BLOCKS) };
    }
}

/// Bytes of the whole ring.
pub(super) const BYTES: usize = BLOCK * BLOCKS;

/// Gives the socket a ring.
pub(super) fn create(socket: &Socket) -> io::Result<Ring> {
    let version = libc::tpacket_versions::TPACKET_V3 as libc::c_int;
    socket.set_packet(libc::PACKET_VERSION, version)?;
    socket.set_ring(&libc::tpacket_req3 {
        tp_block_size: BLOCK as u32,
        tp_block_nr: BLOCKS as u32,
        tp_frame_size: FRAME as u32,
        tp_frame_nr: (BYTES / FRAME) as u32,
        tp_retire_blk_tov: RETIRE_MS,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    })?;
    Ring::attach(socket)
}

/// Takes the socket's ring away; it must not be mapped any more.
pub(super) fn destroy(socket: &Socket) -> io::Result<()> {
    socket.set_ring(&libc::tpacket_req3 {
        tp_block_size: 0,
        tp_block_nr: 0,
        tp_frame_size: 0,
        tp_frame_nr: 0,
        tp_retire_blk_tov: 0,
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    })
}

impl Ring {
    /// Maps the ring the socket has, which may be one that a killed engine was reading.
    pub(super) fn attach(socket: &Socket) -> io::Result<Ring> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
        // SAFETY: a fresh mapping at an address the kernel chooses; it refuses any size but the
        // ring's.
        let base =
            unsafe { libc::mmap(std::ptr::null_mut(), BYTES, access, flags, socket.fd(), 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let mut ring = Ring {
            base: base.cast(),
            block: 0,
            is_open: false,
            left: 0,
            next: 0,
        };
        ring.block = ring.first_block();
        Ok(ring)
    }

    fn descriptor(&self, block: usize) -> &libc::tpacket_hdr_v1 {
        debug_assert!(block < BLOCKS);
        // SAFETY: the block lies inside the mapping, is page-aligned, and begins with its
        // descriptor, of which only the status changes while the block is the reader's.
        unsafe {
            let block = &*self.base.add(block * BLOCK).cast::<Block>();
            &block.hdr.bh1
        }
    }

    fn status(&self, block: usize) -> &AtomicU32 {
        let status = &raw const self.descriptor(block).block_status;
        // SAFETY: an aligned 32-bit field in the mapping, which lives as long as `self`; kernel and
        // reader both write it.
        unsafe { AtomicU32::from_ptr(status.cast_mut()) }
    }

    fn is_ready(&self, block: usize) -> bool {
        self.status(block).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    /// The oldest block that waits to be read, or the one the kernel is filling.
    fn first_block(&self) -> usize {
        let number = |block: &usize| self.descriptor(*block).seq_num;
        let ready = (0..BLOCKS).filter(|&b| self.is_ready(b)).min_by_key(number);
        ready.unwrap_or_else(|| (0..BLOCKS).max_by_key(number).unwrap_or(0))
    }

    /// The next frame, if one waits; `Err` stands for one that is damaged.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Result<RawFrame<'_>, ()>> {
        loop {
            if self.left == 0 {
                self.turn_over()?;
                continue;
            }
            self.left -= 1;
            let at = self.next;
            if at < size_of::<Block>() || at + size_of::<Frame>() + ADDRESS > BLOCK {
                self.left = 0;
                return Some(Err(()));
            }
            let header = self.base.wrapping_add(self.block * BLOCK + at);
            // SAFETY: the header lies inside the current block, which is the reader's; the kernel
            // aligns headers to 16 bytes. No other reference to it exists.
            let frame = unsafe { &mut *header.cast::<Frame>() };
            let (mac, length) = (usize::from(frame.tp_mac), frame.tp_snaplen as usize);
            let seconds = u64::from(frame.tp_sec) * 1_000_000_000;
            let timestamp = seconds + u64::from(frame.tp_nsec);
            let is_whole = mac >= size_of::<Frame>() + ADDRESS + VNET_HEADER
                && at + mac + length <= BLOCK
                && frame.tp_snaplen == frame.tp_len;
            let status = std::mem::replace(&mut frame.tp_status, READ);
            let tag = tag(status, frame.hv1.tp_vlan_tci as u16, frame.hv1.tp_vlan_tpid);
            self.next = at + frame.tp_next_offset as usize;
            if status == READ {
                continue;
            }
            if !is_whole {
                return Some(Err(()));
            }
            // SAFETY: the range was checked to lie inside the block, which stays the reader's until
            // `self` is used again.
            let bytes = unsafe { std::slice::from_raw_parts(header, mac + length) };
            let (head, data) = bytes.split_at(mac);
            let vnet = head.last_chunk::<VNET_HEADER>()?;
            return Some(Ok(RawFrame {
                data,
                vnet: VnetHeader::parse(vnet),
                tag,
                timestamp,
                kind: packet_type(head[size_of::<Frame>() + KIND_AT]),
            }));
        }
    }

    /// Gives the block that was read back, and opens the next one if it is ready.
    fn turn_over(&mut self) -> Option<()> {
        if self.is_open {
            let status = self.status(self.block);
            status.store(libc::TP_STATUS_KERNEL, Ordering::Release);
            self.block = (self.block + 1) % BLOCKS;
            self.is_open = false;
        }
        if !self.is_ready(self.block) {
            return None;
        }
        self.is_open = true;
        let descriptor = self.descriptor(self.block);
        let (left, next) = (descriptor.num_pkts, descriptor.offset_to_first_pkt);
        (self.left, self.next) = (left, next as usize);
        Some(())
    }
}
