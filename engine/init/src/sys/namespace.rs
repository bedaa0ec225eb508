//! Namespaces beside the current ones: of networks, and of mounts.

use super::check;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A network namespace, held by its descriptor.
pub struct Network(OwnedFd);

impl Network {
    fn current() -> io::Result<Self> {
        File::open("/proc/self/ns/net").map(|file| Self(file.into()))
    }

    /// Makes a new one, with only its own loopback interface, which is down; does something in it,
    /// and comes back.
    pub fn make<T>(inside: impl FnOnce() -> io::Result<T>) -> io::Result<(Self, T)> {
        let home = Self::current()?;
        // SAFETY: takes numbers only; the process has one thread.
        check(unsafe { libc::unshare(libc::CLONE_NEWNET) })?;
        let made = Self::current().and_then(|made| Ok((made, inside()?)));
        home.enter()?;
        made
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
            super::process::exit_now(1);
        }
        Ok(result)
    }

    fn enter(&self) -> io::Result<()> {
        // SAFETY: takes numbers only; the process has one thread.
        check(unsafe { libc::setns(self.0.as_raw_fd(), libc::CLONE_NEWNS) })?;
        Ok(())
    }
}
