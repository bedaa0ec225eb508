//! An interface, seen from the process that moves its frames.

use crate::queue::{Queue, QueueFds};
use crate::sending::{Kick, Staged};
use crate::sys;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Frames that got lost on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those the kernel dropped because nobody took them in time.
    pub missed: u64,
    /// Those the device did not send.
    pub lost: u64,
}

/// All queues of an interface. Frames are received from each in turn, and sent by the first.
pub struct Port {
    queues: Vec<Queue>,
    /// Readable when any of several queues is.
    any: Option<OwnedFd>,
    turn: usize,
    was_idle: bool,
    missed: u64,
}

impl Port {
    /// Goes on with queues that another process may have used before; the descriptors stay open.
    ///
    /// # Errors
    /// When there is no queue, or one cannot be mapped.
    pub fn take_over(fds: &[QueueFds]) -> io::Result<Port> {
        let queues: io::Result<Vec<_>> = fds.iter().map(|fds| Queue::take_over(*fds)).collect();
        let queues = queues?;
        if queues.is_empty() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let any = if queues.len() > 1 {
            let sockets: Vec<BorrowedFd<'_>> = queues.iter().map(|q| q.socket.as_fd()).collect();
            Some(sys::any_readable(&sockets)?)
        } else {
            None
        };
        Ok(Port {
            queues,
            any,
            turn: 0,
            was_idle: false,
            missed: 0,
        })
    }

    /// Hands at most `max` frames to `take`, `None` for one that is damaged; gives how many.
    ///
    /// # Errors
    /// When the interface is gone.
    pub fn receive(
        &mut self,
        max: usize,
        take: &mut dyn FnMut(Option<&[u8]>),
    ) -> io::Result<usize> {
        let count = self.queues.len();
        let mut frames = 0;
        for step in 0..count {
            let queue = &mut self.queues[(self.turn + step) % count];
            let fd = queue.socket.as_fd();
            frames += queue
                .receiving
                .receive(fd, &queue.chunks, max - frames, take);
        }
        self.turn = (self.turn + 1) % count;
        let is_idle = frames == 0;
        // Asking costs a call: not at every short pause.
        if is_idle && self.was_idle {
            let mut errors = self
                .queues
                .iter()
                .map(|q| sys::take_error(q.socket.as_fd()));
            if let Some(error) = errors.find_map(|error| error) {
                return Err(error);
            }
        }
        self.was_idle = is_idle;
        Ok(frames)
    }

    /// Copies a frame to where it is sent from.
    pub fn stage(&mut self, frame: &[u8]) -> Staged {
        let queue = &mut self.queues[0];
        match &mut queue.sending {
            Some(sending) => sending.stage(&mut queue.chunks, frame),
            None => Staged::TooLong,
        }
    }

    /// Has the kernel send what was staged.
    pub fn kick(&mut self) -> Kick {
        let queue = &mut self.queues[0];
        match &mut queue.sending {
            Some(sending) => {
                sending.publish(&queue.header);
                sending.kick(queue.socket.as_fd())
            }
            None => Kick::Done,
        }
    }

    /// Whether something was staged that the kernel has not taken yet.
    pub fn is_pending(&self) -> bool {
        let sending = self.queues[0].sending.as_ref();
        sending.is_some_and(|sending| sending.is_pending())
    }

    /// Descriptor that becomes readable when frames wait.
    pub fn receive_fd(&self) -> RawFd {
        let first = &self.queues[0].socket;
        self.any.as_ref().unwrap_or(first).as_raw_fd()
    }

    /// Frames lost so far, those of processes before not counted again.
    pub fn counts(&mut self) -> Counts {
        self.missed += self.queues.iter().map(Queue::newly_missed).sum::<u64>();
        let sending = self.queues[0].sending.as_ref();
        Counts {
            missed: self.missed,
            lost: sending.map_or(0, |s| s.lost),
        }
    }

    /// How frames come and go, in words: "native, copy, 2 queues".
    pub fn mode(&self) -> String {
        let mode = self.queues[0].header.mode();
        match self.queues.len() {
            1 => mode,
            count => format!("{mode}, {count} queues"),
        }
    }
}
