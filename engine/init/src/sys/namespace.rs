//! Namespaces beside the current ones: of networks, and of mounts.

use super::{check, descriptor, process};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A network namespace, held by its descriptor.
pub struct Network(OwnedFd);

impl Network {
    /// Makes a new one, with only its own loopback interface, which is down, and does something in
    /// it first.
    ///
    /// Another process does: this one is what others find the sandbox's namespace by, so it may not
    /// leave it even for a moment.
    pub fn make(inside: impl FnOnce() -> io::Result<()>) -> io::Result<Self> {
        let (told, tell) = descriptor::pipe()?;
        let (stay, stays) = descriptor::pipe()?;
        let child = match process::fork()? {
            process::Fork::Child => {
                drop(stays);
                let result = leave().and_then(|()| inside());
                let _ = File::from(tell).write_all(&code(&result).to_ne_bytes());
                // Until the other side has opened the namespace.
                let _ = File::from(stay).read(&mut [0]);
                process::exit_now(0)
            }
            process::Fork::Parent(child) => child,
        };
        drop(tell);
        let mut answer = [0; 4];
        let made = File::from(told)
            .read_exact(&mut answer)
            .and_then(|()| outcome(i32::from_ne_bytes(answer)))
            .and_then(|()| File::open(format!("/proc/{child}/ns/net")));
        drop(stays);
        process::wait(child);
        made.map(|file| Self(file.into()))
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

fn leave() -> io::Result<()> {
    // SAFETY: takes numbers only; the process has one thread.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) })?;
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
