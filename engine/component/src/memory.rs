//! Shared memory that both sides write: every access is atomic, inside its bounds, and made once.
//!
//! This file maps memory and points into it: it is one of the few that use `unsafe`.

use crate::layout::{
    DESCRIPTOR_BYTES, Descriptor, Layout, METADATA_BYTES, MOST_TLVS, Metadata, TLVS_BYTES,
};
use crate::message::MAGIC;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, fence};

/// New shared memory of so many bytes, all zero, which nobody can make shorter or longer.
///
/// # Errors
/// When the kernel gives none.
pub fn create_memory(name: &std::ffi::CStr, bytes: u64) -> io::Result<File> {
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: `name` ends with a zero byte.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was made here and belongs to nobody else.
    let file = unsafe { File::from_raw_fd(fd) };
    file.set_len(bytes)?;
    seal_size(file.as_fd())?;
    Ok(file)
}

/// Sees to it that nobody makes shared memory shorter: a page that is gone would end the process
/// that touches it.
///
/// # Errors
/// When it cannot be sealed, and is not sealed already.
pub fn seal_size(memory: BorrowedFd<'_>) -> io::Result<()> {
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    let fd = memory.as_raw_fd();
    // SAFETY: plain calls on a descriptor that is open.
    unsafe {
        let there = libc::fcntl(fd, libc::F_GET_SEALS);
        if there >= 0 && there & libc::F_SEAL_SHRINK != 0 {
            return Ok(());
        }
        match libc::fcntl(fd, libc::F_ADD_SEALS, seals) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A mapping of shared memory.
pub struct Block {
    base: *mut u8,
    bytes: usize,
}

// SAFETY: all access goes through atomics or copies with checked bounds.
unsafe impl Send for Block {}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: `base` and `bytes` are what `mmap` returned and was asked for.
        unsafe { libc::munmap(self.base.cast(), self.bytes) };
    }
}

impl Block {
    /// Maps the first `bytes` of `memory`.
    ///
    /// # Errors
    /// When there are not so many, or they cannot be mapped.
    pub fn map(memory: &File, bytes: u64) -> io::Result<Block> {
        if memory.metadata()?.len() < bytes || bytes == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let length = bytes as usize;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let fd = memory.as_raw_fd();
        // SAFETY: a fresh mapping at an address the kernel chooses.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                access,
                libc::MAP_SHARED,
                fd,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Block {
            base: base.cast(),
            bytes: length,
        })
    }

    /// Its length in bytes.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.bytes
    }

    #[inline]
    fn word32(&self, offset: usize) -> &AtomicU32 {
        assert!(offset + 4 <= self.bytes && offset.is_multiple_of(4));
        // SAFETY: inside the mapping, which is page-aligned, and aligned there.
        unsafe { &*self.base.add(offset).cast() }
    }

    #[inline]
    fn word64(&self, offset: usize) -> &AtomicU64 {
        assert!(offset + 8 <= self.bytes && offset.is_multiple_of(8));
        // SAFETY: inside the mapping, which is page-aligned, and aligned there.
        unsafe { &*self.base.add(offset).cast() }
    }

    /// Copies bytes from `offset` on out of it.
    pub fn copy_out(&self, offset: usize, out: &mut [u8]) {
        assert!(offset + out.len() <= self.bytes);
        let (lead, words) = aligned(offset, out.len());
        for (i, byte) in out.iter_mut().enumerate().take(lead) {
            *byte = self.byte(offset + i).load(Relaxed);
        }
        for chunk in 0..words {
            let at = lead + chunk * 8;
            let word = self.word64(offset + at).load(Relaxed);
            out[at..at + 8].copy_from_slice(&word.to_ne_bytes());
        }
        for (i, byte) in out.iter_mut().enumerate().skip(lead + words * 8) {
            *byte = self.byte(offset + i).load(Relaxed);
        }
    }

    /// Copies `bytes` into it, from `offset` on.
    pub fn copy_in(&self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.bytes);
        let (lead, words) = aligned(offset, bytes.len());
        for (i, byte) in bytes.iter().enumerate().take(lead) {
            self.byte(offset + i).store(*byte, Relaxed);
        }
        for chunk in 0..words {
            let at = lead + chunk * 8;
            let word = std::array::from_fn(|i| bytes[at + i]);
            let word = u64::from_ne_bytes(word);
            self.word64(offset + at).store(word, Relaxed);
        }
        for (i, byte) in bytes.iter().enumerate().skip(lead + words * 8) {
            self.byte(offset + i).store(*byte, Relaxed);
        }
    }

    #[inline]
    fn byte(&self, offset: usize) -> &AtomicU8 {
        assert!(offset < self.bytes);
        // SAFETY: inside the mapping.
        unsafe { &*self.base.add(offset).cast() }
    }
}

/// Bytes before the first whole word, and how many whole words there are.
fn aligned(offset: usize, length: usize) -> (usize, usize) {
    let lead = (offset.next_multiple_of(8) - offset).min(length);
    (lead, (length - lead) / 8)
}

/// The rings, metadata records and words of one attachment.
pub struct LinkMemory {
    block: Block,
    layout: Layout,
}

impl LinkMemory {
    /// Maps the memory of an attachment.
    ///
    /// # Errors
    /// When it is smaller than its layout says, or cannot be mapped.
    pub fn map(memory: &File, layout: Layout) -> io::Result<LinkMemory> {
        Ok(LinkMemory {
            block: Block::map(memory, layout.bytes)?,
            layout,
        })
    }

    /// Where things lie.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Writes the magic number, once.
    pub fn write_magic(&self) {
        self.block.word64(Layout::MAGIC).store(MAGIC, Release);
    }

    /// Whether the magic number is there.
    pub fn has_magic(&self) -> bool {
        self.block.word64(Layout::MAGIC).load(Acquire) == MAGIC
    }

    /// Tail of the ring at `word` ([`Layout::TO_TAIL`] or [`Layout::FROM_TAIL`]); what it counts can be read.
    #[inline]
    pub fn tail(&self, word: usize) -> u32 {
        self.block.word32(word).load(Acquire)
    }

    /// Moves a tail, after its descriptors were written.
    #[inline]
    pub fn set_tail(&self, word: usize, tail: u32) {
        self.block.word32(word).store(tail, Release);
    }

    /// Descriptor number `index` of the ring that begins at `ring`.
    #[inline]
    pub fn descriptor(&self, ring: u32, index: u32) -> Descriptor {
        let at = self.entry(ring, index);
        let word = |at| self.block.word64(at).load(Relaxed);
        Descriptor::from_words([word(at), word(at + 8)])
    }

    /// Writes descriptor number `index` of the ring that begins at `ring`.
    #[inline]
    pub fn set_descriptor(&self, ring: u32, index: u32, descriptor: Descriptor) {
        let at = self.entry(ring, index);
        let [first, second] = descriptor.to_words();
        self.block.word64(at).store(first, Relaxed);
        self.block.word64(at + 8).store(second, Relaxed);
    }

    /// Has the processor fetch descriptor number `index` of the ring that begins at `ring`, to be read.
    #[inline]
    pub fn prefetch(&self, ring: u32, index: u32) {
        let at = self.entry(ring, index);
        #[cfg(target_arch = "x86_64")]
        if at < self.block.bytes {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: inside the mapping; prefetching has no effect but on time.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(self.block.base.add(at).cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    /// As [`LinkMemory::prefetch`], to be written: the other side has read that entry a round ago.
    #[inline]
    pub fn prefetch_for_write(&self, ring: u32, index: u32) {
        let at = self.entry(ring, index);
        #[cfg(target_arch = "x86_64")]
        if at < self.block.bytes {
            // SAFETY: inside the mapping; prefetching has no effect but on time. The intrinsic becomes a
            // fetch for reading where a processor this old is aimed at.
            unsafe {
                let line = self.block.base.add(at);
                std::arch::asm!("prefetchw [{}]", in(reg) line, options(nostack, preserves_flags));
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    #[inline]
    fn entry(&self, ring: u32, index: u32) -> usize {
        let entry = index & (self.layout.entries.ring - 1);
        ring as usize + entry as usize * DESCRIPTOR_BYTES
    }

    /// The metadata record of packet index `packet`, which is below the number of indices.
    pub fn metadata(&self, packet: u32) -> Metadata {
        let at = self.record(packet);
        Metadata::from_words(std::array::from_fn(|i| {
            self.block.word64(at + i * 8).load(Relaxed)
        }))
    }

    /// Writes the metadata record of packet index `packet`.
    pub fn set_metadata(&self, packet: u32, metadata: &Metadata) {
        let at = self.record(packet);
        for (i, word) in metadata.to_words().into_iter().enumerate() {
            self.block.word64(at + i * 8).store(word, Relaxed);
        }
    }

    /// Copies context headers of packet index `packet` into `out`, each byte read once. False, and nothing is copied,
    /// where there is no table of them or they would be too many.
    pub fn tlvs(&self, packet: u32, out: &mut [u8]) -> bool {
        let room = self.room_for_tlvs(packet, out.len());
        if let Some(at) = room {
            self.block.copy_out(at, out);
        }
        room.is_some()
    }

    /// Writes context headers of packet index `packet`; false as [`LinkMemory::tlvs`].
    pub fn set_tlvs(&self, packet: u32, bytes: &[u8]) -> bool {
        let room = self.room_for_tlvs(packet, bytes.len());
        if let Some(at) = room {
            self.block.copy_in(at, bytes);
        }
        room.is_some()
    }

    fn room_for_tlvs(&self, packet: u32, length: usize) -> Option<usize> {
        assert!(packet < self.layout.entries.packets);
        let there = self.layout.tlvs != 0 && length <= MOST_TLVS;
        there.then(|| self.layout.tlvs as usize + packet as usize * TLVS_BYTES)
    }

    fn record(&self, packet: u32) -> usize {
        assert!(packet < self.layout.entries.packets);
        self.layout.metadata as usize + packet as usize * METADATA_BYTES
    }

    /// Whether the side of `word` sleeps; if so it is to be woken, and this is not told again.
    #[inline]
    pub fn take_sleeper(&self, word: usize) -> bool {
        fence(SeqCst);
        let word = self.block.word32(word);
        word.load(Relaxed) == 1 && word.swap(0, AcqRel) == 1
    }

    /// Says that the side of `word` is about to sleep. What it waits for is to be looked at once more.
    pub fn announce_sleep(&self, word: usize) {
        self.block.word32(word).store(1, Relaxed);
        fence(SeqCst);
    }

    /// Takes [`LinkMemory::announce_sleep`] back.
    pub fn withdraw_sleep(&self, word: usize) {
        self.block.word32(word).store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Entries;

    #[test]
    fn bytes_come_out_as_they_went_in_at_every_alignment() {
        let file = create_memory(c"test", 4096).unwrap();
        let block = Block::map(&file, 4096).unwrap();
        let bytes: Vec<u8> = (1..=40).collect();
        for offset in 0..9 {
            for length in 0..bytes.len() {
                block.copy_in(offset, &bytes[..length]);
                let mut out = vec![0; length];
                block.copy_out(offset, &mut out);
                assert_eq!(out, bytes[..length]);
            }
        }
    }

    #[test]
    fn sealed_memory_keeps_its_size() {
        let file = create_memory(c"test", 8192).unwrap();
        assert!(file.set_len(4096).is_err());
        assert!(file.set_len(16384).is_err());
        assert!(Block::map(&file, 8193).is_err());
    }

    #[test]
    fn rings_wrap_and_records_stay_apart() {
        let layout = Layout::of(Entries::of(70, 0), false);
        assert_eq!((layout.entries.ring, layout.entries.packets), (128, 70));
        let file = create_memory(c"test", layout.bytes).unwrap();
        let memory = LinkMemory::map(&file, layout).unwrap();
        let descriptor = |n: u32| Descriptor {
            packet: n,
            slot: n * 3,
            length: 60,
            offset: 128,
            port: 2,
            flags: 1,
        };
        for n in u32::MAX - 100..=u32::MAX {
            memory.set_descriptor(layout.to, n, descriptor(n & 63));
        }
        memory.set_descriptor(layout.from, 0, descriptor(63));
        memory.set_metadata(
            69,
            &Metadata {
                mark: 5,
                ..Metadata::default()
            },
        );
        memory.set_metadata(
            0,
            &Metadata {
                mark: 6,
                ..Metadata::default()
            },
        );
        assert_eq!(memory.descriptor(layout.to, u32::MAX), descriptor(63));
        assert_eq!(memory.descriptor(layout.from, 128), descriptor(63));
        assert_eq!((memory.metadata(69).mark, memory.metadata(0).mark), (5, 6));
    }

    #[test]
    fn context_headers_have_a_table_of_their_own() {
        let layout = Layout::of(Entries::of(64, 1), true);
        assert_eq!((layout.entries.ring, layout.entries.packets), (128, 64));
        let file = create_memory(c"test", layout.bytes).unwrap();
        let memory = LinkMemory::map(&file, layout).unwrap();
        let (longest, mut seen) = ([7; MOST_TLVS], [0; MOST_TLVS]);
        assert!(memory.set_tlvs(63, &longest) && memory.set_tlvs(62, &[1, 2, 3, 4]));
        assert!(memory.tlvs(63, &mut seen));
        assert_eq!((seen, memory.metadata(63)), (longest, Metadata::default()));
        assert!(!memory.set_tlvs(0, &[0; MOST_TLVS + 1]));
        let without = Layout::of(Entries::of(64, 0), false);
        let memory = LinkMemory::map(&file, without).unwrap();
        assert!(!memory.set_tlvs(0, &[]) && !memory.tlvs(0, &mut []));
    }

    #[test]
    fn a_sleeper_is_taken_once() {
        let layout = Layout::of(Entries::of(64, 0), false);
        let file = create_memory(c"test", layout.bytes).unwrap();
        let memory = LinkMemory::map(&file, layout).unwrap();
        memory.announce_sleep(Layout::ENGINE_SLEEPS);
        assert!(!memory.take_sleeper(Layout::COMPONENT_SLEEPS));
        assert!(memory.take_sleeper(Layout::ENGINE_SLEEPS));
        assert!(!memory.take_sleeper(Layout::ENGINE_SLEEPS));
    }
}
