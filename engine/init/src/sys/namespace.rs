//! Namespaces beside the current ones: of networks, of users, and of mounts.

use super::{check, descriptor, process};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// A network namespace, held by its descriptor.
pub struct Network(OwnedFd);

impl Network {
    /// Makes a new one, with only its own loopback interface, which is down.
    pub fn make() -> io::Result<Self> {
        elsewhere(libc::CLONE_NEWNET, |child| open(child, "net").map(Self))
    }

    /// Makes one that belongs to a new user namespace; `map` is given the process whose users are
    /// to be mapped.
    pub fn make_with_users(map: impl FnOnce(i32) -> io::Result<()>) -> io::Result<(Self, Users)> {
        elsewhere(libc::CLONE_NEWUSER | libc::CLONE_NEWNET, |child| {
            map(child)?;
            Ok((Self(open(child, "net")?), Users(open(child, "user")?)))
        })
    }

    /// Takes over one that the caller made, by the number of its descriptor.
    pub fn adopt(fd: RawFd) -> io::Result<Self> {
        descriptor::adopt(fd).map(Self)
    }

    /// Has another process do something in it.
    pub fn visit(&self, inside: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match process::fork()? {
            process::Fork::Child => process::exit_now(code(&self.enter().and_then(|()| inside()))),
            process::Fork::Parent(child) => match process::wait(child) {
                process::End::Exit(code) => outcome(code),
                process::End::Signal(_) => Err(io::ErrorKind::Interrupted.into()),
            },
        }
    }

    /// Moves this process into it.
    pub fn enter(&self) -> io::Result<()> {
        // SAFETY: takes numbers only; the process has one thread.
        check(unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWNET) })?;
        Ok(())
    }

    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A user namespace, held by its descriptor.
pub struct Users(OwnedFd);

impl Users {
    /// Moves this process into it, where it has every capability, and is nobody yet.
    pub fn enter(&self) -> io::Result<()> {
        // SAFETY: takes numbers only; the process has one thread.
        check(unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWUSER) })?;
        Ok(())
    }
}

/// Has another process leave for new namespaces, and `take` what is to be kept of it.
///
/// Another process does: this one is what others find the sandbox's namespaces by, so it may not
/// leave them even for a moment.
fn elsewhere<T>(flags: i32, take: impl FnOnce(i32) -> io::Result<T>) -> io::Result<T> {
    let (told, tell) = descriptor::pipe()?;
    let (stay, stays) = descriptor::pipe()?;
    let child = match process::fork()? {
        process::Fork::Child => {
            drop(stays);
            let _ = File::from(tell).write_all(&code(&leave(flags)).to_ne_bytes());
            // Until the other side has what it wants.
            let _ = File::from(stay).read(&mut [0]);
            process::exit_now(0)
        }
        process::Fork::Parent(child) => child,
    };
    drop(tell);
    let mut answer = [0; 4];
    let taken = File::from(told)
        .read_exact(&mut answer)
        .and_then(|()| outcome(i32::from_ne_bytes(answer)))
        .and_then(|()| take(child));
    drop(stays);
    process::wait(child);
    taken
}

fn open(pid: i32, kind: &str) -> io::Result<OwnedFd> {
    File::open(format!("/proc/{pid}/ns/{kind}")).map(OwnedFd::from)
}

fn leave(flags: i32) -> io::Result<()> {
    // SAFETY: takes numbers only; the process has one thread.
    check(unsafe { libc::unshare(flags) })?;
    Ok(())
}

/// An outcome as a number that fits an exit status: that of the error, 0 for none.
fn code(result: &io::Result<()>) -> i32 {
    let number = |error: &io::Error| error.raw_os_error().unwrap_or(libc::EIO);
    result.as_ref().err().map_or(0, number)
}

fn outcome(code: i32) -> io::Result<()> {
    match code {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(number)),
    }
}

/// A mount namespace, held by its descriptor.
pub struct Mounts(OwnedFd);

impl Mounts {
    pub fn current() -> io::Result<Self> {
        File::open("/proc/self/ns/mnt").map(|file| Self(file.into()))
    }

    /// Does something where its file system is to be seen, and comes back.
    pub fn visit<T>(&self, there: impl FnOnce() -> T) -> io::Result<T> {
        let home = Self::current()?;
        self.enter()?;
        let result = there();
        if home.enter().is_err() {
            // What follows would be done to the wrong file system.
            process::exit_now(1);
        }
        Ok(result)
    }

    fn enter(&self) -> io::Result<()> {
        // SAFETY: takes numbers only; the process has one thread.
        check(unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWNS) })?;
        Ok(())
    }
}
