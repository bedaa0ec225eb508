//! One queue of an interface, seen from the process that moves its frames.

use crate::header::{Header, PAGE};
use crate::mapping::Mapping;
use crate::receiving::Receiving;
use crate::sending::Sending;
use crate::{socket, sys};
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::sync::atomic::Ordering;

/// Descriptors of a queue: its socket, and the memory its frames lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFds {
    /// An AF_XDP socket that is bound.
    pub socket: RawFd,
    /// Its memory.
    pub memory: RawFd,
}

pub(crate) struct Queue {
    pub socket: OwnedFd,
    pub header: Header,
    pub chunks: Mapping,
    pub receiving: Receiving,
    /// What sends, where this queue does.
    pub sending: Option<Sending>,
}

impl Queue {
    /// Goes on with a queue that another process may have used before; the descriptors stay open.
    pub(crate) fn take_over(fds: QueueFds) -> io::Result<Queue> {
        let socket = sys::duplicate(fds.socket)?;
        let memory = sys::duplicate(fds.memory)?;
        let header = Header::open(memory.as_fd())?;
        let layout = header.layout();
        let bytes = layout.chunks_bytes();
        let sending = match layout.send {
            0 => None,
            _ => Some(Sending::take_over(socket.as_fd(), &header)?),
        };
        Ok(Queue {
            chunks: Mapping::new(memory.as_fd(), bytes, PAGE as libc::off_t)?,
            receiving: Receiving::take_over(socket.as_fd(), layout)?,
            sending,
            socket,
            header,
        })
    }

    /// Frames the kernel dropped that were not counted before.
    pub(crate) fn newly_missed(&self) -> u64 {
        let Ok(missed) = socket::missed(self.socket.as_fd()) else {
            return 0;
        };
        let counted = self.header.missed().swap(missed, Ordering::Relaxed);
        missed.saturating_sub(counted)
    }
}
