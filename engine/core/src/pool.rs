//! The frame pool: fixed slots in one shared memory region, handed out last in, first out.
//!
//! A slot is shared by clones and copied before it is written. Small slots are [`SMALL_STRIDE`]
//! bytes apart (33 cache lines, so neighbours fall into different L1 sets); frames that do not fit
//! use a large slot. Memory is touched only when a slot is first handed out.
//!
//! This file maps memory and hands out slices of it: it is one of the few that use `unsafe`.

mod origin;
mod room;
mod share;
mod side;
mod tags;

pub use share::FrameLayout;

use crate::packet::{PackedPacket, Packet, SideRecord};
use std::fs::File;
use std::io;
use std::os::fd::RawFd;

/// Distance between two small slots, in bytes.
pub const SMALL_STRIDE: usize = 2112;
/// Distance between two large slots, in bytes: an IP packet of 65,535 bytes with its link header fits.
pub const LARGE_STRIDE: usize = 67 * 1024;
/// Bytes kept free in front of a new packet.
pub const HEADROOM: usize = 128;
/// Bytes at the start of a slot that no packet uses, so that offset 0 can mean "not set".
const RESERVED: u16 = 16;
/// Bytes in a cache line; slots are whole numbers of lines long.
const LINE: usize = 64;
const _: () = assert!(SMALL_STRIDE.is_multiple_of(LINE) && LARGE_STRIDE.is_multiple_of(LINE));
/// The longest frame the pool can hold, in bytes.
pub const MAX_FRAME: usize = 65_535 + 18;

/// How many slots a pool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize {
    /// Slots of [`SMALL_STRIDE`] bytes.
    pub small: usize,
    /// Slots of [`LARGE_STRIDE`] bytes.
    pub large: usize,
}

impl Default for PoolSize {
    fn default() -> Self {
        PoolSize {
            small: 1 << 17,
            large: 1 << 10,
        }
    }
}

impl PoolSize {
    /// Bytes of address space a pool of this size takes.
    pub fn bytes(self) -> usize {
        (self.small * SMALL_STRIDE).next_multiple_of(4096) + self.large * LARGE_STRIDE
    }

    /// The largest pool that fits into `bytes`, a sixteenth of them for large slots.
    pub fn fitting(bytes: usize) -> Self {
        let large = bytes / 16 / LARGE_STRIDE;
        let small = bytes.saturating_sub(large * LARGE_STRIDE + 4096) / SMALL_STRIDE;
        PoolSize { small, large }
    }
}

/// One kind of slot: those never used lie above `fresh`, those given back on the `free` list.
struct Slots {
    first: u32,
    count: u32,
    fresh: u32,
    free: Vec<u32>,
}

impl Slots {
    fn new(first: u32, count: u32) -> Self {
        Slots {
            first,
            count,
            fresh: 0,
            free: Vec::new(),
        }
    }

    #[inline]
    fn take(&mut self) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        if self.fresh == self.count {
            return None;
        }
        self.fresh += 1;
        Some(self.first + self.fresh - 1)
    }

    fn available(&self) -> usize {
        self.free.len() + (self.count - self.fresh) as usize
    }
}

/// Frames and side records of one engine.
pub struct Pool {
    base: *mut u8,
    bytes: usize,
    large_base: usize,
    small: Slots,
    large: Slots,
    references: Vec<u32>,
    side: Vec<SideRecord>,
    side_free: Vec<u32>,
    origins: origin::Origins,
    tags: tags::Tags,
    /// The shared memory the frames lie in, if they do.
    memory: Option<File>,
}

// SAFETY: the mapping belongs to this value alone; nothing else in the process points into it
// except through `&self` and `&mut self`.
unsafe impl Send for Pool {}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: `base` and `bytes` are what `mmap` returned and was asked for.
        unsafe { libc::munmap(self.base.cast(), self.bytes) };
    }
}

impl Pool {
    /// A pool in anonymous memory.
    ///
    /// # Errors
    /// When the address space cannot be had.
    pub fn new(size: PoolSize) -> io::Result<Self> {
        Self::map(
            size,
            -1,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
        )
    }

    /// A pool in the memory behind `fd`, which must be at least `size.bytes()` long.
    ///
    /// # Errors
    /// When the memory cannot be mapped.
    pub fn shared(size: PoolSize, fd: RawFd) -> io::Result<Self> {
        let mut pool = Self::map(size, fd, libc::MAP_SHARED | libc::MAP_NORESERVE)?;
        pool.memory = Some(share::duplicate(fd)?);
        Ok(pool)
    }

    fn map(size: PoolSize, fd: RawFd, flags: i32) -> io::Result<Self> {
        let bytes = size.bytes();
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping at an address the kernel chooses.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, fd, 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let slots = size.small + size.large;
        Ok(Pool {
            base: base.cast(),
            bytes,
            large_base: (size.small * SMALL_STRIDE).next_multiple_of(4096),
            small: Slots::new(0, size.small as u32),
            large: Slots::new(size.small as u32, size.large as u32),
            references: vec![0; slots],
            side: vec![SideRecord::default()],
            side_free: Vec::new(),
            origins: origin::Origins::default(),
            tags: tags::Tags::default(),
            memory: None,
        })
    }

    /// Slots in use: handed out and not given back.
    pub fn in_use(&self) -> usize {
        let total = (self.small.count + self.large.count) as usize;
        total - self.small.available() - self.large.available()
    }

    #[inline]
    fn is_large(&self, slot: u32) -> bool {
        slot >= self.small.count
    }

    #[inline]
    fn start(&self, slot: u32) -> usize {
        if self.is_large(slot) {
            self.large_base + (slot - self.small.count) as usize * LARGE_STRIDE
        } else {
            slot as usize * SMALL_STRIDE
        }
    }

    #[inline]
    fn stride(&self, slot: u32) -> usize {
        if self.is_large(slot) {
            LARGE_STRIDE
        } else {
            SMALL_STRIDE
        }
    }

    #[inline]
    fn slice(&self, slot: u32, offset: usize, length: usize) -> &[u8] {
        assert!(
            offset + length <= self.stride(slot),
            "packet outside its slot"
        );
        // SAFETY: slot indices in packets come from `take` or were checked by `adopt`, so the slot
        // lies inside the mapping, and the range inside the slot was checked above. Only `&mut
        // self` hands out writable slices.
        unsafe { std::slice::from_raw_parts(self.base.add(self.start(slot) + offset), length) }
    }

    #[inline]
    fn slice_mut(&mut self, slot: u32, offset: usize, length: usize) -> &mut [u8] {
        assert!(
            offset + length <= self.stride(slot),
            "packet outside its slot"
        );
        // SAFETY: as in `slice`; `&mut self` makes the access exclusive in this process.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(self.start(slot) + offset), length) }
    }

    /// A new packet of `length` bytes, its contents as the slot's last user left them, with
    /// `headroom` bytes in front. `None` when no slot is free or the length is impossible.
    #[inline]
    pub fn alloc(&mut self, length: usize, headroom: usize) -> Option<Packet> {
        let headroom = headroom.max(RESERVED as usize);
        let slot = if headroom + length <= SMALL_STRIDE {
            self.small.take()?
        } else if headroom + length <= LARGE_STRIDE && headroom <= u16::MAX as usize {
            self.large.take()?
        } else {
            return None;
        };
        self.references[slot as usize] = 1;
        Some(Packet::new(slot, headroom as u16, length as u32))
    }

    /// A new packet holding a copy of `data`.
    #[inline]
    pub fn copy_in(&mut self, data: &[u8]) -> Option<Packet> {
        let packet = self.alloc(data.len(), HEADROOM)?;
        self.slice_mut(packet.slot(), HEADROOM, data.len())
            .copy_from_slice(data);
        Some(packet)
    }

    /// The packet's bytes.
    #[inline]
    pub fn data<'a>(&'a self, packet: &Packet) -> &'a [u8] {
        self.slice(packet.slot(), packet.offset() as usize, packet.len())
    }

    /// Bytes of the packet's slot from `offset` (counted from the slot's start, as header positions
    /// are) to the packet's end. Empty when the position lies behind the packet.
    #[inline]
    pub fn from_position<'a>(&'a self, packet: &Packet, offset: u16) -> &'a [u8] {
        let end = packet.offset() as usize + packet.len();
        let start = (offset as usize).min(end);
        self.slice(packet.slot(), start, end - start)
    }

    /// The packet's bytes for writing; a slot shared with clones is copied first. `None` when that
    /// needs a slot and none is free.
    #[inline]
    pub fn data_mut<'a>(&'a mut self, packet: &mut Packet) -> Option<&'a mut [u8]> {
        self.unshare(packet)?;
        Some(self.slice_mut(packet.slot(), packet.offset() as usize, packet.len()))
    }

    /// As [`Pool::from_position`], for writing.
    #[inline]
    pub fn from_position_mut<'a>(
        &'a mut self,
        packet: &mut Packet,
        offset: u16,
    ) -> Option<&'a mut [u8]> {
        self.unshare(packet)?;
        let end = packet.offset() as usize + packet.len();
        let start = (offset as usize).min(end);
        Some(self.slice_mut(packet.slot(), start, end - start))
    }

    /// Makes the packet the only user of its slot.
    #[inline]
    pub fn unshare(&mut self, packet: &mut Packet) -> Option<()> {
        if self.references[packet.slot() as usize] == 1 {
            return Some(());
        }
        self.unshare_slow(packet)
    }

    fn unshare_slow(&mut self, packet: &mut Packet) -> Option<()> {
        let end = packet.offset() as usize + packet.len();
        let slot = self.copy_shared(packet.slot(), packet.lowest_position(), end)?;
        packet.set_slot(slot);
        Some(())
    }

    /// The slot in which the packet's bytes are its alone: its own, or a new one that takes over. `None` when no slot is free.
    #[inline(always)]
    pub fn own_slot(&mut self, packet: &PackedPacket) -> Option<u32> {
        let slot = packet.slot();
        if self.references[slot as usize] == 1 {
            return Some(slot);
        }
        self.copy_shared(slot, packet.lowest_position(), packet.end())
    }

    /// The bytes of a packet that was put away.
    pub fn bytes(&self, packet: &PackedPacket) -> &[u8] {
        self.slice(packet.slot(), usize::from(packet.offset()), packet.len())
    }

    /// Copies the bytes of a shared slot from position `lowest` up to `end` to a new one, which takes one of its references.
    fn copy_shared(&mut self, old: u32, lowest: u16, end: usize) -> Option<u32> {
        let new = if self.is_large(old) {
            self.large.take()?
        } else {
            self.small.take()?
        };
        self.prefetch_next(lowest);
        let (from, to) = (self.start(old), self.start(new));
        for line in usize::from(lowest) / LINE..end.div_ceil(LINE) {
            // SAFETY: slots are distinct and whole numbers of lines long, and the packet's end lies
            // inside its slot.
            unsafe {
                let from = self.base.add(from + line * LINE).cast::<[u64; LINE / 8]>();
                let to = self.base.add(to + line * LINE).cast::<[u64; LINE / 8]>();
                to.write(from.read());
            }
        }
        self.references[new as usize] = 1;
        self.references[old as usize] -= 1;
        Some(new)
    }

    /// Bytes that can be added at the packet's front without moving it.
    pub fn headroom(&self, packet: &Packet) -> usize {
        (packet.offset() - RESERVED.min(packet.offset())) as usize
    }

    /// Bytes that can be added at the packet's end without moving it.
    pub fn tailroom(&self, packet: &Packet) -> usize {
        let end = packet.offset() as usize + packet.len();
        self.stride(packet.slot()).saturating_sub(end)
    }

    /// Whether other packets share this one's slot.
    pub fn is_shared(&self, packet: &Packet) -> bool {
        self.references[packet.slot() as usize] > 1
    }

    /// Another packet with the same bytes (shared until one is written) and its own annotations.
    #[inline]
    pub fn duplicate(&mut self, packet: &Packet) -> Packet {
        self.references[packet.slot() as usize] += 1;
        let mut clone = packet.copy_descriptor();
        if clone.side() != 0 {
            let record = self.side[clone.side() as usize].clone();
            self.origins.begin(record.origin);
            self.tags.begin(record.tag);
            let index = self.new_side(record);
            clone.set_side(index);
        }
        clone
    }

    /// Appends `count` packets sharing the slot of `template` (which has no side record) to `out`.
    #[inline]
    pub fn duplicate_run(&mut self, template: &Packet, count: usize, out: &mut Vec<Packet>) {
        debug_assert_eq!(template.side(), 0);
        self.references[template.slot() as usize] += count as u32;
        out.extend((0..count).map(|_| template.copy_descriptor()));
    }

    /// Gives the packet's slot and side record back.
    #[inline]
    pub fn free(&mut self, packet: Packet) {
        if packet.side() != 0 {
            self.free_side(packet.side());
        }
        self.release(packet.slot(), 1);
    }

    #[inline]
    fn release(&mut self, slot: u32, count: u32) {
        let references = &mut self.references[slot as usize];
        *references -= count;
        if *references == 0 {
            let slots = if self.is_large(slot) {
                &mut self.large
            } else {
                &mut self.small
            };
            slots.free.push(slot);
        }
    }

    /// Gives back all packets of `packets`; runs that share a slot cost one change of its count.
    #[inline]
    pub fn free_all(&mut self, packets: &mut Vec<Packet>) {
        let mut run = (u32::MAX, 0u32);
        for packet in packets.iter() {
            if packet.side() != 0 {
                self.free_side(packet.side());
            }
            if packet.slot() == run.0 {
                run.1 += 1;
                continue;
            }
            if run.1 > 0 {
                self.release(run.0, run.1);
            }
            run = (packet.slot(), 1);
        }
        if run.1 > 0 {
            self.release(run.0, run.1);
        }
        packets.clear();
    }

    /// A copy of the packet in a slot with room for `front` more bytes before and `back` behind.
    fn resize(&mut self, packet: &mut Packet, front: usize, back: usize) -> Option<()> {
        let length = packet.len() + front + back;
        if length > MAX_FRAME {
            return None;
        }
        let mut larger = self.alloc(length, HEADROOM)?;
        let (to, from) = (self.start(larger.slot()), self.start(packet.slot()));
        // SAFETY: the source range is the packet's, the destination lies inside the new slot
        // (`alloc` made room for `length` bytes), and the slots are distinct.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.base.add(from + packet.offset() as usize),
                self.base.add(to + HEADROOM + front),
                packet.len(),
            );
        }
        larger.inherit(
            packet,
            front as i32 + HEADROOM as i32 - packet.offset() as i32,
        );
        let old = std::mem::replace(packet, larger);
        self.release(old.slot(), 1);
        Some(())
    }

    /// Takes over a packet that an earlier engine left in shared memory, before anything was
    /// allocated. Its descriptor is not trusted: `None` when it lies outside the pool.
    pub fn adopt(&mut self, words: [u64; 4]) -> Option<Packet> {
        let packet = Packet::from_words(words);
        let slot = packet.slot();
        let known = slot < self.small.count + self.large.count;
        let end = packet.offset() as usize + packet.len();
        if !known || packet.lowest_position() < RESERVED || end > self.stride(slot) {
            return None;
        }
        self.references[slot as usize] += 1;
        Some(packet)
    }

    /// Ends taking over: every slot that no packet was adopted from is free.
    pub fn finish_adoption(&mut self) {
        for slots in [&mut self.small, &mut self.large] {
            let used = |s: u32| self.references[s as usize] > 0;
            let end = (slots.first..slots.first + slots.count)
                .rev()
                .find(|&s| used(s));
            slots.fresh = end.map_or(0, |s| s + 1 - slots.first);
            slots.free = (slots.first..slots.first + slots.fresh)
                .filter(|&s| !used(s))
                .collect();
        }
    }
}
