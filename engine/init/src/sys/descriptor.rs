//! Descriptors: opening relative to a folder, memory files, pipes, signals, polling.

use super::{c_path, c_string, check};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::time::Duration;

/// Closes every descriptor above the standard three but these. Whoever owned one may not use it, nor
/// close it, any more.
pub fn close_all_but(kept: &[RawFd]) -> io::Result<()> {
    let mut kept: Vec<u32> = kept.iter().map(|fd| *fd as u32).collect();
    kept.sort_unstable();
    let mut first = 3;
    for fd in kept {
        if fd > first {
            close_range(first, fd - 1)?;
        }
        first = first.max(fd + 1);
    }
    close_range(first, u32::MAX)
}

fn close_range(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: takes numbers only; owners are kept from them by what `close_all_but` asks for.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })?;
    Ok(())
}

/// Takes over an open descriptor given by number.
pub fn adopt(fd: RawFd) -> io::Result<OwnedFd> {
    set_close_on_exec(fd, true)?;
    // SAFETY: the caller passed this open descriptor for us to keep; nothing else here owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Takes over a descriptor given by number, after checking that it is a socket.
pub fn adopt_socket(fd: RawFd) -> io::Result<OwnedFd> {
    let mut kind: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `kind` and `length` outlive the call and have the sizes given.
    check(unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            (&raw mut kind).cast(),
            &mut length,
        )
    })?;
    adopt(fd)
}

/// Whether a descriptor is closed when the process executes another program.
pub fn set_close_on_exec(fd: RawFd, closes: bool) -> io::Result<()> {
    let flags = if closes { libc::FD_CLOEXEC } else { 0 };
    // SAFETY: fcntl with F_SETFD takes numbers only.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, flags) })?;
    Ok(())
}

pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: fcntl with F_SETFL takes numbers only.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) })?;
    Ok(())
}

/// How many connections may wait at a listening socket.
pub fn set_backlog(fd: BorrowedFd<'_>, most: i32) -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::listen(fd.as_raw_fd(), most) })?;
    Ok(())
}

/// Makes `target` refer to what `fd` refers to, kept open over exec.
pub fn duplicate_onto(fd: BorrowedFd<'_>, target: RawFd) -> io::Result<()> {
    // SAFETY: dup2 takes numbers only; `target` is one of the standard three.
    check(unsafe { libc::dup2(fd.as_raw_fd(), target) })?;
    Ok(())
}

/// Opens `name` relative to a folder; always close-on-exec.
pub fn open_at(folder: BorrowedFd<'_>, name: &Path, flags: i32, mode: u32) -> io::Result<File> {
    let name = c_path(name)?;
    // SAFETY: `name` is a valid string for the length of the call.
    let fd = check(unsafe {
        libc::openat(
            folder.as_raw_fd(),
            name.as_ptr(),
            flags | libc::O_CLOEXEC,
            mode,
        )
    })?;
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { File::from_raw_fd(fd) })
}

/// Makes a folder, if it is not there, and opens it; a link to one is refused.
pub fn make_folder_at(folder: BorrowedFd<'_>, name: &str, mode: u32) -> io::Result<File> {
    let text = c_string(name.as_bytes())?;
    // SAFETY: `text` is a valid string for the length of the call.
    match check(unsafe { libc::mkdirat(folder.as_raw_fd(), text.as_ptr(), mode) }) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
    open_at(folder, Path::new(name), flags, 0)
}

/// Opens a folder or a program as a place only (`O_PATH`).
pub fn open_place(path: &Path, flags: i32) -> io::Result<OwnedFd> {
    let path = c_path(path)?;
    // SAFETY: `path` is a valid string for the length of the call.
    let fd = check(unsafe { libc::open(path.as_ptr(), flags | libc::O_PATH | libc::O_CLOEXEC) })?;
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Removes a file, or an empty folder.
pub fn remove_at(folder: BorrowedFd<'_>, name: &str, is_folder: bool) -> io::Result<()> {
    let name = c_string(name.as_bytes())?;
    let flags = if is_folder { libc::AT_REMOVEDIR } else { 0 };
    // SAFETY: `name` is a valid string for the length of the call.
    check(unsafe { libc::unlinkat(folder.as_raw_fd(), name.as_ptr(), flags) })?;
    Ok(())
}

pub fn rename_at(folder: BorrowedFd<'_>, from: &str, to: &str) -> io::Result<()> {
    let (from, to) = (c_string(from.as_bytes())?, c_string(to.as_bytes())?);
    let fd = folder.as_raw_fd();
    // SAFETY: both names are valid strings for the length of the call.
    check(unsafe { libc::renameat(fd, from.as_ptr(), fd, to.as_ptr()) })?;
    Ok(())
}

/// Makes shared memory of `bytes` bytes, untouched, whose size nobody can change.
pub fn shared_memory(name: &str, bytes: u64) -> io::Result<OwnedFd> {
    let name = c_string(name.as_bytes())?;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: `name` is a valid string for the length of the call.
    let create = |flags| check(unsafe { libc::memfd_create(name.as_ptr(), flags) });
    // Linux before 6.3 does not know the flag that forbids executing it.
    let fd = create(flags | libc::MFD_NOEXEC_SEAL).or_else(|_| create(flags))?;
    // SAFETY: just created, owned by nobody else.
    let file = unsafe { File::from_raw_fd(fd) };
    file.set_len(bytes)?;
    // SAFETY: fcntl with F_ADD_SEALS takes numbers only.
    check(unsafe {
        libc::fcntl(
            fd,
            libc::F_ADD_SEALS,
            libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL,
        )
    })?;
    Ok(file.into())
}

/// A pipe: (reading end, writing end), close-on-exec.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for the two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: both just opened, owned by nobody else.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// Blocks the signals and returns a descriptor they are read from.
pub fn signal_descriptor(signals: &[i32]) -> io::Result<OwnedFd> {
    let set = super::process::signal_set(signals);
    super::process::set_blocked_signals(&set)?;
    // SAFETY: `set` is an initialised signal set.
    let fd = check(unsafe { libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) })?;
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The next signal waiting at a signal descriptor.
pub fn read_signal(fd: BorrowedFd<'_>) -> Option<i32> {
    // SAFETY: all zeroes is a valid signalfd_siginfo.
    let mut info: libc::signalfd_siginfo = unsafe { std::mem::zeroed() };
    let size = size_of_val(&info);
    // SAFETY: the buffer has the size given.
    let got = unsafe { libc::read(fd.as_raw_fd(), (&raw mut info).cast(), size) };
    (got == size as isize).then_some(info.ssi_signo as i32)
}

/// Waits until a descriptor is ready or the time is over; `None` waits for ever.
pub fn poll(descriptors: &mut [libc::pollfd], timeout: Option<Duration>) -> io::Result<()> {
    let time = timeout.map(|t| libc::timespec {
        tv_sec: t.as_secs() as libc::time_t,
        tv_nsec: t.subsec_nanos() as libc::c_long,
    });
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let count = descriptors.len() as libc::nfds_t;
    // SAFETY: the slice and the time outlive the call; `count` is the length of the slice.
    let ready = unsafe { libc::ppoll(descriptors.as_mut_ptr(), count, time, std::ptr::null()) };
    match check(ready) {
        Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}
