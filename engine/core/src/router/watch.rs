//! Descriptors that elements wait for. The system calls are in named functions below.

use super::Router;
use crate::element::ElementId;
use std::os::fd::RawFd;
use std::time::Duration;

/// What an element waits for on a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Something can be read (or a peer connects).
    Read,
    /// Something can be written.
    Write,
    /// Either.
    Both,
}

impl Interest {
    fn events(self) -> i16 {
        match self {
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
            Interest::Both => libc::POLLIN | libc::POLLOUT,
        }
    }
}

/// Owner of descriptors that belong to no element.
const NOBODY: ElementId = ElementId::MAX;

/// The descriptors one graph waits for.
#[derive(Default)]
pub(super) struct Watches {
    polled: Vec<libc::pollfd>,
    owners: Vec<ElementId>,
}

impl Watches {
    fn set(&mut self, id: ElementId, fd: RawFd, interest: Interest) {
        let entry = libc::pollfd {
            fd,
            events: interest.events(),
            revents: 0,
        };
        match self.polled.iter().position(|p| p.fd == fd) {
            Some(i) => (self.polled[i], self.owners[i]) = (entry, id),
            None => {
                self.polled.push(entry);
                self.owners.push(id);
            }
        }
    }

    /// Has `fd` end any wait, without belonging to an element.
    pub(super) fn set_wake(&mut self, fd: RawFd) {
        self.set(NOBODY, fd, Interest::Read);
    }

    fn clear(&mut self, fd: RawFd) {
        if let Some(i) = self.polled.iter().position(|p| p.fd == fd) {
            self.polled.swap_remove(i);
            self.owners.swap_remove(i);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.owners.iter().all(|&owner| owner == NOBODY)
    }

    /// Waits until a descriptor is ready, at most `timeout` (`None`: for good).
    fn poll(&mut self, timeout: Option<Duration>) -> Vec<(ElementId, RawFd)> {
        let limit = timeout.map(|t| libc::timespec {
            tv_sec: t.as_secs().min(1 << 30) as libc::time_t,
            tv_nsec: libc::c_long::from(t.subsec_nanos() as i32),
        });
        let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let count = self.polled.len() as libc::nfds_t;
        // SAFETY: the array and its length belong together; `limit` is null or points to a value
        // that lives to the end of this function.
        let ready =
            unsafe { libc::ppoll(self.polled.as_mut_ptr(), count, limit, std::ptr::null()) };
        if ready <= 0 {
            return Vec::new();
        }
        let entries = self.polled.iter().zip(&self.owners);
        entries
            .filter(|(p, _)| p.revents != 0)
            .map(|(p, id)| (*id, p.fd))
            .collect()
    }
}

impl Router {
    /// Has [`crate::Element::ready`] of the running element called whenever `fd` is ready.
    pub fn watch(&mut self, fd: RawFd, interest: Interest) {
        self.graph.watches.set(self.current, fd, interest);
    }

    /// No longer waits for `fd`. Call it before closing the descriptor.
    pub fn unwatch(&mut self, fd: RawFd) {
        self.graph.watches.clear(fd);
    }

    /// Waits for descriptors at most `timeout` and runs the elements of those that are ready.
    pub(super) fn run_watches(&mut self, timeout: Option<Duration>) {
        for (id, fd) in self.graph.watches.poll(timeout) {
            if id != NOBODY && self.is_paused(id) {
                continue;
            }
            self.call(id, |element, router| element.ready(fd, router));
        }
    }
}
