//! The unix socket messages and descriptors travel on, and the eventfds that wake. Nothing here waits.
//!
//! This file makes system calls the standard library does not offer: it is one of the few that use
//! `unsafe`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Most descriptors that come with one message.
const MOST_DESCRIPTORS: usize = 4;

/// Listens at `path`, for processes of the same user.
///
/// # Errors
/// When the socket cannot be made.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes over a listening socket that this process was started with.
///
/// # Errors
/// When `fd` is not open.
pub fn listen_on(fd: RawFd) -> io::Result<UnixListener> {
    // SAFETY: duplicating a number is harmless whatever it stands for.
    let own = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
    if own < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the duplicate was made here.
    let listener = unsafe { UnixListener::from_raw_fd(own) };
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Connects to the socket at `path`, without waiting.
///
/// # Errors
/// `WouldBlock` when too many wait there already; else what the kernel says.
pub fn connect(path: &Path) -> io::Result<Socket> {
    let bytes = path.as_os_str().as_bytes();
    // SAFETY: all zero bytes are an address.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    if bytes.len() >= address.sun_path.len() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path is too long",
        ));
    }
    for (place, byte) in address.sun_path.iter_mut().zip(bytes) {
        *place = *byte as libc::c_char;
    }
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: a plain system call; the descriptor is new and belongs to nobody else.
    let stream = unsafe {
        match libc::socket(libc::AF_UNIX, kind, 0) {
            fd if fd < 0 => return Err(io::Error::last_os_error()),
            fd => UnixStream::from_raw_fd(fd),
        }
    };
    let length = size_of_val(&address) as libc::socklen_t;
    let at = std::ptr::from_ref(&address).cast();
    // SAFETY: the address lives to the end of this function, and its length is its own.
    match unsafe { libc::connect(stream.as_raw_fd(), at, length) } {
        0 => Socket::new(stream),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The next one who connects.
///
/// # Errors
/// What the kernel says, other than that nobody waits.
pub fn accept(listener: &UnixListener) -> io::Result<Option<Socket>> {
    match listener.accept() {
        Ok((stream, _)) => Socket::new(stream).map(Some),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(e),
    }
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

/// A connection; what cannot be said at once is kept.
pub struct Socket {
    stream: UnixStream,
    unsaid: Vec<u8>,
}

impl Socket {
    /// Takes over a connection.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn new(stream: UnixStream) -> io::Result<Socket> {
        stream.set_nonblocking(true)?;
        Ok(Socket {
            stream,
            unsaid: Vec::new(),
        })
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Who is at the other end.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn peer(&self) -> io::Result<Peer> {
        let mut who = libc::ucred {
            pid: 0,
            uid: 0,
            gid: 0,
        };
        let mut length = size_of::<libc::ucred>() as libc::socklen_t;
        // SAFETY: the kernel writes at most `length` bytes to `who`.
        let outcome = unsafe {
            libc::getsockopt(
                self.descriptor(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                std::ptr::from_mut(&mut who).cast(),
                &mut length,
            )
        };
        if outcome < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Peer {
            pid: who.pid,
            uid: who.uid,
        })
    }

    /// Reads what has come into `chunk`: 0 at the end, `None` when nothing has.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn read(&mut self, chunk: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stream.read(chunk) {
            Ok(count) => Ok(Some(count)),
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Says `bytes`, now or when there is room.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unsaid.extend_from_slice(bytes);
        self.flush()
    }

    /// Says what is kept, as far as there is room.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unsaid.is_empty() {
            match self.stream.write(&self.unsaid) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(count) => drop(self.unsaid.drain(..count)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Bytes that wait to be said.
    pub fn unsaid(&self) -> usize {
        self.unsaid.len()
    }

    /// Says `bytes` together with descriptors, all at once.
    ///
    /// # Errors
    /// When the connection is broken, or has no room for so few bytes.
    pub fn write_with(&mut self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let mut space = Control::default();
        let length = size_of_val(&numbers[..]) as u32;
        let mut part = libc::iovec {
            iov_base: bytes.as_ptr().cast_mut().cast(),
            iov_len: bytes.len(),
        };
        // SAFETY: the header points to `part` and `space`, which live to the end of this function;
        // `space` holds MOST_DESCRIPTORS descriptors, and no more are written.
        let sent = unsafe {
            assert!(numbers.len() <= MOST_DESCRIPTORS);
            let mut header: libc::msghdr = std::mem::zeroed();
            header.msg_iov = &mut part;
            header.msg_iovlen = 1;
            header.msg_control = space.0.as_mut_ptr().cast();
            header.msg_controllen = libc::CMSG_SPACE(length) as _;
            let control = libc::CMSG_FIRSTHDR(&header);
            (*control).cmsg_level = libc::SOL_SOCKET;
            (*control).cmsg_type = libc::SCM_RIGHTS;
            (*control).cmsg_len = libc::CMSG_LEN(length) as _;
            std::ptr::copy_nonoverlapping(
                numbers.as_ptr(),
                libc::CMSG_DATA(control).cast(),
                numbers.len(),
            );
            libc::sendmsg(self.descriptor(), &header, libc::MSG_NOSIGNAL)
        };
        match usize::try_from(sent) {
            Ok(count) if count == bytes.len() => Ok(()),
            Ok(_) => Err(io::Error::from(io::ErrorKind::WriteZero)),
            Err(_) => Err(io::Error::last_os_error()),
        }
    }

    /// Reads bytes and the descriptors that come with them: 0 bytes at the end, `None` when nothing has come.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn read_with(&mut self, chunk: &mut [u8]) -> io::Result<Option<(usize, Vec<OwnedFd>)>> {
        let mut space = Control::default();
        let mut part = libc::iovec {
            iov_base: chunk.as_mut_ptr().cast(),
            iov_len: chunk.len(),
        };
        // SAFETY: the header points to `part` and `space`, which live to the end of this function.
        let (count, header) = unsafe {
            let mut header: libc::msghdr = std::mem::zeroed();
            header.msg_iov = &mut part;
            header.msg_iovlen = 1;
            header.msg_control = space.0.as_mut_ptr().cast();
            header.msg_controllen = size_of_val(&space.0) as _;
            let flags = libc::MSG_CMSG_CLOEXEC;
            (libc::recvmsg(self.descriptor(), &mut header, flags), header)
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            };
        }
        Ok(Some((count as usize, received(&header))))
    }
}

/// Room for control messages, aligned as they have to be.
#[derive(Default)]
struct Control([u64; 8]);

/// The descriptors in a received header.
fn received(header: &libc::msghdr) -> Vec<OwnedFd> {
    let mut found = Vec::new();
    // SAFETY: the kernel filled the header; the macros walk it within its length, and every
    // descriptor in it is new in this process.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            if (*control).cmsg_type == libc::SCM_RIGHTS {
                let bytes = (*control).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                for i in 0..bytes / size_of::<RawFd>() {
                    let fd = libc::CMSG_DATA(control)
                        .cast::<RawFd>()
                        .add(i)
                        .read_unaligned();
                    found.push(OwnedFd::from_raw_fd(fd));
                }
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
    found
}

/// An eventfd: rings for one who sleeps.
pub struct Bell(File);

impl Bell {
    /// A new one.
    ///
    /// # Errors
    /// When the kernel gives none.
    pub fn new() -> io::Result<Bell> {
        // SAFETY: a plain system call.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was made here.
        Ok(Bell(unsafe { File::from_raw_fd(fd) }))
    }

    /// One that was received.
    pub fn from_descriptor(fd: OwnedFd) -> Bell {
        Bell(File::from(fd))
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Rings.
    pub fn ring(&self) {
        // It rings already if this fails.
        let _ = (&self.0).write(&1u64.to_ne_bytes());
    }

    /// Stops ringing.
    pub fn silence(&self) {
        // It does not ring if this fails.
        let _ = (&self.0).read(&mut [0; 8]);
    }
}

impl std::os::fd::AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
