//! One ring of a socket: entries in memory shared with the kernel, between two positions, which only
//! grow (and wrap around at 2^32). One of the few files that use `unsafe`.

use crate::mapping::Mapping;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, Ordering};

/// Set by the kernel where it must be called to go on.
const NEED_WAKEUP: u32 = libc::XDP_RING_NEED_WAKEUP;

/// A ring of entries of type `T`, a power of two of them.
pub(crate) struct Ring<T> {
    _mapping: Mapping,
    producer: *const AtomicU32,
    consumer: *const AtomicU32,
    flags: *const AtomicU32,
    entries: *mut T,
    mask: u32,
}

// SAFETY: all pointers go into the mapping, which belongs to this value alone.
unsafe impl<T: Send> Send for Ring<T> {}

impl<T: Copy> Ring<T> {
    /// Maps the ring of `count` entries that the kernel keeps at `page`, laid out as it says.
    pub(crate) fn map(
        socket: BorrowedFd<'_>,
        offsets: &libc::xdp_ring_offset,
        count: u32,
        page: libc::off_t,
    ) -> io::Result<Ring<T>> {
        let entries = offsets.desc as usize;
        let bytes = entries + count as usize * size_of::<T>();
        let mapping = Mapping::new(socket, bytes, page)?;
        Ok(Ring {
            producer: mapping.at::<AtomicU32>(offsets.producer as usize, 1),
            consumer: mapping.at::<AtomicU32>(offsets.consumer as usize, 1),
            flags: mapping.at::<AtomicU32>(offsets.flags as usize, 1),
            entries: mapping.at(entries, count as usize),
            mask: count - 1,
            _mapping: mapping,
        })
    }

    /// Where the next entry is written.
    pub(crate) fn producer(&self) -> u32 {
        // SAFETY: an aligned word in the mapping, which lives as long as `self`.
        unsafe { &*self.producer }.load(Ordering::Acquire)
    }

    /// Where the next entry is read.
    pub(crate) fn consumer(&self) -> u32 {
        // SAFETY: as above.
        unsafe { &*self.consumer }.load(Ordering::Acquire)
    }

    /// Hands all entries before `position` to the reader.
    pub(crate) fn set_producer(&self, position: u32) {
        // SAFETY: as above.
        unsafe { &*self.producer }.store(position, Ordering::Release);
    }

    /// Gives all entries before `position` back to the writer.
    pub(crate) fn set_consumer(&self, position: u32) {
        // SAFETY: as above.
        unsafe { &*self.consumer }.store(position, Ordering::Release);
    }

    /// Whether the kernel must be called to go on.
    pub(crate) fn needs_wakeup(&self) -> bool {
        // SAFETY: as above.
        unsafe { &*self.flags }.load(Ordering::Relaxed) & NEED_WAKEUP != 0
    }

    /// The entry at `position`.
    pub(crate) fn get(&self, position: u32) -> T {
        // SAFETY: the index lies inside the mapping; the entry is plain data.
        unsafe {
            self.entries
                .add((position & self.mask) as usize)
                .read_volatile()
        }
    }

    /// Writes the entry at `position`.
    pub(crate) fn set(&self, position: u32, entry: T) {
        // SAFETY: as above.
        unsafe {
            self.entries
                .add((position & self.mask) as usize)
                .write_volatile(entry)
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::sys;
    use std::os::fd::{AsFd, OwnedFd};

    const PAGE: libc::off_t = 4096;

    /// Memory for a few rings, each of which both sides map.
    pub(crate) struct Rings(OwnedFd);

    impl Rings {
        pub(crate) fn new() -> Rings {
            Rings(sys::memory(4 * PAGE as usize).expect("memory"))
        }

        /// One side of ring `number`.
        pub(crate) fn ring<T: Copy>(&self, number: libc::off_t, count: u32) -> Ring<T> {
            let offsets = libc::xdp_ring_offset {
                producer: 0,
                consumer: 64,
                flags: 128,
                desc: 256,
            };
            let ring = Ring::map(self.0.as_fd(), &offsets, count, number * PAGE);
            ring.expect("a mapping")
        }
    }
}
