//! Memory shared with the kernel or another process: one of the few files that use `unsafe`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A mapping of a file or socket, taken away with this value.
pub(crate) struct Mapping {
    base: *mut u8,
    bytes: usize,
}

// SAFETY: the mapping belongs to this value alone.
unsafe impl Send for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `base` and `bytes` are what `mmap` returned and was asked for; nothing points
        // into it any more.
        unsafe { libc::munmap(self.base.cast(), self.bytes) };
    }
}

impl Mapping {
    /// Maps `bytes` bytes from `offset` on, for reading and writing.
    pub(crate) fn new(
        fd: BorrowedFd<'_>,
        bytes: usize,
        offset: libc::off_t,
    ) -> io::Result<Mapping> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
        let anywhere = std::ptr::null_mut();
        // SAFETY: a fresh mapping at an address the kernel chooses.
        let base = unsafe { libc::mmap(anywhere, bytes, access, flags, fd.as_raw_fd(), offset) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Mapping {
            base: base.cast(),
            bytes,
        })
    }

    /// How long it is.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// A pointer to `count` values of type `T` from byte `at` on; they lie inside the mapping and are
    /// aligned, else this panics.
    pub(crate) fn at<T>(&self, at: usize, count: usize) -> *mut T {
        let end = count
            .checked_mul(size_of::<T>())
            .and_then(|b| b.checked_add(at));
        assert!(end.is_some_and(|end| end <= self.bytes) && at.is_multiple_of(align_of::<T>()));
        self.base.wrapping_add(at).cast()
    }

    /// The bytes at `at`, if they lie inside. Whoever else has the memory must leave them alone
    /// meanwhile.
    pub(crate) fn bytes(&self, at: usize, count: usize) -> Option<&[u8]> {
        let end = at.checked_add(count)?;
        if end > self.bytes {
            return None;
        }
        // SAFETY: inside the mapping, which lives as long as `self`; nobody here writes to it
        // while `self` is borrowed.
        Some(unsafe { std::slice::from_raw_parts(self.base.add(at), count) })
    }

    /// The bytes at `at`, to be written.
    pub(crate) fn bytes_mut(&mut self, at: usize, count: usize) -> Option<&mut [u8]> {
        let end = at.checked_add(count)?;
        if end > self.bytes {
            return None;
        }
        // SAFETY: as above, and `self` is borrowed by the caller alone.
        Some(unsafe { std::slice::from_raw_parts_mut(self.base.add(at), count) })
    }
}
