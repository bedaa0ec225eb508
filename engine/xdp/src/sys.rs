//! System calls behind safe functions: one of the few files that use `unsafe`.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Turns the -1 of a system call into the error it left in `errno`.
pub(crate) fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// A new socket, closed on exec.
pub(crate) fn socket(domain: libc::c_int, kind: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers only; the descriptor returned belongs to nobody else.
    unsafe {
        let fd = check(libc::socket(domain, kind | libc::SOCK_CLOEXEC, 0))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// A descriptor of our own for what is behind `fd`, which stays open.
pub(crate) fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers only; the descriptor returned belongs to nobody else.
    unsafe {
        let fd = check(libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Sets an option. `T` is a plain C type; one that holds addresses must be sound by itself.
pub(crate) fn set_option<T>(
    fd: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    let value = std::ptr::from_ref(value).cast();
    // SAFETY: `value` points to `length` readable bytes for the time of the call.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, option, value, length) }).map(drop)
}

/// The value of an option; `T` is a plain C type for which zero is valid.
pub(crate) fn get_option<T: Copy>(
    fd: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
) -> io::Result<T> {
    // SAFETY: see above; the kernel writes at most `length` bytes.
    unsafe {
        let mut value: T = zeroed();
        let mut length = size_of::<T>() as libc::socklen_t;
        let at = (&raw mut value).cast();
        check(libc::getsockopt(
            fd.as_raw_fd(),
            level,
            option,
            at,
            &mut length,
        ))?;
        Ok(value)
    }
}

/// Binds an AF_XDP socket to a queue of an interface.
pub(crate) fn bind(fd: BorrowedFd<'_>, index: u32, queue: u32, flags: u16) -> io::Result<()> {
    let address = libc::sockaddr_xdp {
        sxdp_family: libc::AF_XDP as u16,
        sxdp_flags: flags,
        sxdp_ifindex: index,
        sxdp_queue_id: queue,
        sxdp_shared_umem_fd: 0,
    };
    let length = size_of::<libc::sockaddr_xdp>() as libc::socklen_t;
    // SAFETY: the address is as long as said and outlives the call.
    let bound = unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length) };
    check(bound).map(drop)
}

/// Has the kernel look at what waits to be sent.
pub(crate) fn wake_sender(fd: BorrowedFd<'_>) -> io::Result<()> {
    let nothing = std::ptr::null();
    // SAFETY: no bytes and no address are passed.
    let sent = unsafe {
        libc::sendto(
            fd.as_raw_fd(),
            nothing,
            0,
            libc::MSG_DONTWAIT,
            std::ptr::null(),
            0,
        )
    };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Has the kernel look at the memory it was given to receive into.
pub(crate) fn wake_receiver(fd: BorrowedFd<'_>) {
    // SAFETY: no bytes and no address are passed. An error shows when the socket is next used.
    unsafe {
        libc::recvfrom(
            fd.as_raw_fd(),
            std::ptr::null_mut(),
            0,
            libc::MSG_DONTWAIT,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
}

/// The error that is pending on a socket, which is forgotten by it.
pub(crate) fn take_error(fd: BorrowedFd<'_>) -> Option<io::Error> {
    let code: libc::c_int = get_option(fd, libc::SOL_SOCKET, libc::SO_ERROR).ok()?;
    (code != 0).then(|| io::Error::from_raw_os_error(code))
}

/// Shared memory of `bytes` bytes, all zero.
pub(crate) fn memory(bytes: usize) -> io::Result<OwnedFd> {
    // SAFETY: the name is a valid string; the descriptor returned belongs to nobody else.
    let fd = unsafe {
        let fd = libc::memfd_create(c"weft-xdp".as_ptr(), libc::MFD_CLOEXEC);
        OwnedFd::from_raw_fd(check(fd)?)
    };
    // SAFETY: takes numbers only.
    check(unsafe { libc::ftruncate(fd.as_raw_fd(), bytes as libc::off_t) })?;
    Ok(fd)
}

/// Length of a file in bytes.
pub(crate) fn length(fd: BorrowedFd<'_>) -> io::Result<usize> {
    // SAFETY: a plain C structure for which zero is valid, which the kernel fills in.
    unsafe {
        let mut facts: libc::stat = zeroed();
        check(libc::fstat(fd.as_raw_fd(), &raw mut facts))?;
        Ok(facts.st_size as usize)
    }
}

/// A descriptor that becomes readable when any of `sockets` does.
pub(crate) fn any_readable(sockets: &[BorrowedFd<'_>]) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers only; the descriptor returned belongs to nobody else.
    let any = unsafe {
        let fd = check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?;
        OwnedFd::from_raw_fd(fd)
    };
    for socket in sockets {
        let mut event = libc::epoll_event {
            events: libc::EPOLLIN as u32,
            u64: 0,
        };
        let (any, socket) = (any.as_raw_fd(), socket.as_raw_fd());
        // SAFETY: `event` outlives the call.
        let added = unsafe { libc::epoll_ctl(any, libc::EPOLL_CTL_ADD, socket, &raw mut event) };
        check(added)?;
    }
    Ok(any)
}
