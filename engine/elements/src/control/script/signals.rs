//! Signals: taken through a descriptor, and sent. One of the few files that use `unsafe`.

use super::arithmetic::words;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use weft_lang::value::parse_signed;

const NAMES: &[(&str, i32)] = &[
    ("ABRT", libc::SIGABRT),
    ("ALRM", libc::SIGALRM),
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("IO", libc::SIGIO),
    ("PIPE", libc::SIGPIPE),
    ("QUIT", libc::SIGQUIT),
    ("TERM", libc::SIGTERM),
    ("TSTP", libc::SIGTSTP),
    ("USR1", libc::SIGUSR1),
    ("USR2", libc::SIGUSR2),
];

/// The signal that `text` names, or the number it is.
pub fn number(text: &str) -> Option<i32> {
    let named = NAMES
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, n)| *n);
    let number = || i32::try_from(parse_signed(text).ok()?).ok();
    named.or_else(number).filter(|n| (0..32).contains(n))
}

/// Signals that come as readable bytes. Dropping this lets them come as signals again.
pub struct Signals {
    fd: OwnedFd,
    set: libc::sigset_t,
}

impl Signals {
    /// Takes the signals `numbers` from now on.
    pub fn block(numbers: &[i32]) -> io::Result<Self> {
        let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: `sigemptyset` initializes the set it is given; the other calls read it. The new
        // descriptor is nobody else's.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            let mut set = set.assume_init();
            for number in numbers {
                libc::sigaddset(&raw mut set, *number);
            }
            let fd = libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
            Ok(Signals {
                fd: OwnedFd::from_raw_fd(fd),
                set,
            })
        }
    }

    /// What to wait for.
    pub fn descriptor(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Takes a signal that has come; false when none has.
    pub fn take(&self) -> bool {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the buffer is as large as the call is told.
        let count = unsafe { libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        count == size as isize
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // SAFETY: the set was initialized when this value was made.
        unsafe {
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const self.set, std::ptr::null_mut());
        }
    }
}

/// The `kill` handler: a signal and processes.
pub fn kill(text: &str) -> Result<(), String> {
    let words = words(text);
    let (first, processes) = words.split_first().ok_or("bad SIGNO")?;
    let signal = number(first).ok_or("bad SIGNO")?;
    for process in processes {
        let pid = parse_signed(process)
            .ok()
            .and_then(|p| i32::try_from(p).ok());
        let pid = pid.ok_or("bad PID")?;
        // SAFETY: no memory is involved.
        if unsafe { libc::kill(pid, signal) } != 0 {
            let reason = crate::control::reason(&io::Error::last_os_error());
            return Err(format!("kill({pid}, {signal}): {reason}"));
        }
    }
    Ok(())
}
