//! Descriptors that the engine was started with, by number: one of the few files that use `unsafe`.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

/// A descriptor of our own for what `fd` stands for.
///
/// # Errors
/// When `fd` is not open.
pub fn copy(fd: RawFd) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the number is only handed to the kernel, to be copied, which refuses it if nothing
    // is open under it.
    unsafe { BorrowedFd::borrow_raw(fd) }.try_clone_to_owned()
}
