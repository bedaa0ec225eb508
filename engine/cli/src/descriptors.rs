//! Descriptors that this process was started with, by number: one of the few files that use
//! `unsafe`.

use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, RawFd};

/// Takes descriptor `fd` over.
///
/// # Errors
/// When nothing is open under that number.
pub fn take(fd: RawFd) -> io::Result<File> {
    // SAFETY: asking for flags changes nothing.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, and whoever started this process handed it to this caller.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Waits until `fd` can be read or its other end is gone, or a stop signal comes.
pub fn wait_readable(fd: RawFd) {
    let entry = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut entries = [entry(fd), entry(weft_core::wake_descriptor().unwrap_or(-1))];
    // SAFETY: the array and its length belong together.
    unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, -1) };
}
