//! Frames that other processes see: the memory they lie in, and packets that come back from there.
//!
//! This file maps memory: it is one of the few that use `unsafe`.

use super::{LARGE_STRIDE, MAX_FRAME, Pool, RESERVED, SMALL_STRIDE};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, RawFd};
use std::os::unix::fs::FileExt;

/// How many copies ahead is fetched.
const AHEAD: usize = 12;

/// Where slots lie in the frames memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLayout {
    /// Bytes at the front of every slot that hold no packet.
    pub reserved: u16,
    /// Small slots, from the start on.
    pub small_count: u32,
    /// From one to the next.
    pub small_stride: u32,
    /// Large slots, numbered after the small ones.
    pub large_count: u32,
    /// From one to the next.
    pub large_stride: u32,
    /// Where the first large one begins.
    pub large_base: u64,
    /// All of it.
    pub bytes: u64,
}

impl Pool {
    /// Where slots lie.
    pub fn layout(&self) -> FrameLayout {
        FrameLayout {
            reserved: RESERVED,
            small_count: self.small.count,
            small_stride: SMALL_STRIDE as u32,
            large_count: self.large.count,
            large_stride: LARGE_STRIDE as u32,
            large_base: self.large_base as u64,
            bytes: self.bytes as u64,
        }
    }

    /// The memory the frames lie in, for other processes to map. Private frames move into shared memory first.
    ///
    /// # Errors
    /// When the kernel gives none.
    pub fn share(&mut self) -> io::Result<BorrowedFd<'_>> {
        if self.memory.is_none() {
            self.memory = Some(self.move_to_shared()?);
        }
        let memory = self.memory.as_ref().map(AsFd::as_fd);
        memory.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn move_to_shared(&mut self) -> io::Result<File> {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name ends with a zero byte; the descriptor is new and belongs to nobody else.
        let file = unsafe {
            match libc::memfd_create(c"weft-frames".as_ptr(), flags) {
                fd if fd < 0 => return Err(io::Error::last_os_error()),
                fd => File::from_raw_fd(fd),
            }
        };
        file.set_len(self.bytes as u64)?;
        let used = [
            (0, self.small.fresh as usize * SMALL_STRIDE),
            (self.large_base, self.large.fresh as usize * LARGE_STRIDE),
        ];
        for (start, length) in used {
            // SAFETY: slots that were handed out lie inside the mapping.
            let bytes = unsafe { std::slice::from_raw_parts(self.base.add(start), length) };
            file.write_all_at(bytes, start as u64)?;
        }
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_NORESERVE | libc::MAP_FIXED;
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
        // SAFETY: replaces this pool's own mapping, of this length, by one of the same contents;
        // `&mut self` means that nobody holds a slice of it.
        let at = unsafe { libc::mmap(self.base.cast(), self.bytes, access, flags, fd, 0) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(file)
    }

    /// Has the processor fetch, for writing, where one of the next copies will begin: its last user may have been
    /// another process on another core.
    #[inline]
    pub(super) fn prefetch_next(&self, offset: u16) {
        let free = &self.small.free;
        let Some(&slot) = free.len().checked_sub(AHEAD).and_then(|i| free.get(i)) else {
            return;
        };
        let at = self.start(slot) + usize::from(offset);
        // SAFETY: the slot lies inside the mapping; prefetching has no effect but on time. The
        // intrinsic becomes a fetch for reading where a processor this old is aimed at.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            let line = self.base.add(at);
            std::arch::asm!("prefetchw [{}]", in(reg) line, options(nostack, preserves_flags));
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    /// Whether so many bytes from `offset` on lie inside slot `slot`, which exists.
    #[inline]
    pub fn fits(&self, slot: u32, offset: u16, length: u32) -> bool {
        let end = usize::from(offset) + length as usize;
        offset >= RESERVED && end <= self.stride(slot) && length as usize <= MAX_FRAME
    }
}

pub(super) fn duplicate(fd: RawFd) -> io::Result<File> {
    // SAFETY: duplicating a number is harmless whatever it stands for.
    let own = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
    if own < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the duplicate was made here.
    Ok(unsafe { File::from_raw_fd(own) })
}

#[cfg(test)]
mod tests {
    use crate::pool::{Pool, PoolSize};

    #[test]
    fn packets_survive_the_move_into_shared_memory() {
        let mut pool = Pool::new(PoolSize { small: 8, large: 2 }).unwrap();
        let small = pool.copy_in(b"small").unwrap();
        let large = pool.copy_in(&[7; 9000]).unwrap();
        pool.share().unwrap();
        assert_eq!(pool.data(&small), b"small");
        assert_eq!(pool.data(&large), [7; 9000]);
        let later = pool.copy_in(b"later").unwrap();
        assert_eq!(pool.data(&later), b"later");
        let layout = pool.layout();
        let file = pool.share().unwrap().try_clone_to_owned().unwrap();
        let mut bytes = [0; 5];
        let at = u64::from(later.slot()) * u64::from(layout.small_stride);
        let at = at + u64::from(later.offset());
        std::os::unix::fs::FileExt::read_exact_at(&std::fs::File::from(file), &mut bytes, at)
            .unwrap();
        assert_eq!(&bytes, b"later");
    }

    #[test]
    fn a_place_outside_the_slot_does_not_fit() {
        let mut pool = Pool::new(PoolSize { small: 2, large: 1 }).unwrap();
        let packed = pool.copy_in(&[1; 60]).unwrap().pack();
        let slot = packed.slot();
        for (offset, length) in [
            (15, 60),
            (16, 2097),
            (2112, 1),
            (u16::MAX, 1),
            (16, u32::MAX),
        ] {
            assert!(!pool.fits(slot, offset, length), "{offset} {length}");
        }
        assert!(pool.fits(slot, 16, 2096) && pool.fits(slot, 2112, 0));
        let packet = packed.unpack_at(100, 2000);
        assert_eq!((packet.offset(), packet.len()), (100, 2000));
        assert_eq!((packet.mac(), packet.network()), (None, None));
        pool.free(packet);
        assert_eq!(pool.in_use(), 0);
    }
}
