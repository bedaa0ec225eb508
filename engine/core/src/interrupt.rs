//! Stopping every driver of the process from a signal handler, also one that is about to sleep.
//!
//! This file makes and writes a raw descriptor: it is one of the few that use `unsafe`.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Set to stop every driver of the process; see [`interrupt`].
pub static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// An eventfd that sleeping drivers wait for; -1 before [`prepare_interrupts`].
static WAKE: AtomicI32 = AtomicI32::new(-1);

/// Makes it possible for [`interrupt`] to wake sleeping drivers. Call it before signals can come.
pub fn prepare_interrupts() {
    // SAFETY: no memory is involved.
    let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
    let before = WAKE.compare_exchange(-1, fd, Ordering::SeqCst, Ordering::SeqCst);
    if before.is_err() && fd >= 0 {
        // SAFETY: the descriptor was made above and nobody else knows it.
        unsafe { libc::close(fd) };
    }
}

/// Stops every driver of the process. May be called from a signal handler.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::SeqCst);
    let one = 1u64.to_ne_bytes();
    // SAFETY: the buffer lives through the call; a descriptor of -1 is refused by the kernel.
    unsafe { libc::write(WAKE.load(Ordering::SeqCst), one.as_ptr().cast(), one.len()) };
}

/// Whether [`interrupt`] was called.
#[inline]
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// What becomes readable when [`interrupt`] is called.
pub fn wake_descriptor() -> Option<RawFd> {
    Some(WAKE.load(Ordering::Relaxed)).filter(|fd| *fd >= 0)
}
