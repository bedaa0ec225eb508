//! SIGINT and SIGTERM stop the driver; SIGPIPE is ignored.
//!
//! This file installs signal handlers: it is one of the few that use `unsafe`.

extern "C" fn stop(signal: libc::c_int) {
    weft_core::interrupt();
    // A second one ends the process at once, should the driver not come round.
    // SAFETY: `signal` may be called in a signal handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Lets the stop signals end every driver of this process.
pub fn install() {
    weft_core::prepare_interrupts();
    let handler = stop as *const () as libc::sighandler_t;
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the handler only sets a flag, writes to a descriptor and calls `signal`, all of
        // which a signal handler may do.
        unsafe { libc::signal(signal, handler) };
    }
    // SAFETY: no handler is involved.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
