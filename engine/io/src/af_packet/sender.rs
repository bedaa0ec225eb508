//! The sending side: `sendmmsg`.

use super::messages;
use super::socket::Socket;
use crate::driver::{Driver, DriverStatistics, Refused, Sent, Stall};
use std::io;
use std::os::fd::RawFd;
use weft_core::{Batch, Pool};

pub(super) struct Sender {
    socket: Socket,
    counts: DriverStatistics,
}

impl Sender {
    pub(super) fn new(socket: Socket) -> Sender {
        Sender {
            socket,
            counts: DriverStatistics::default(),
        }
    }
}

/// What the system's refusal of the first frame means. `None`: try again at once.
fn judge(error: &io::Error, outcome: &mut Sent) -> Option<()> {
    match error.raw_os_error().unwrap_or(libc::EIO) {
        libc::EINTR => return None,
        libc::EAGAIN => outcome.stalled = Some(Stall::UntilWritable),
        libc::ENOBUFS => outcome.stalled = Some(Stall::Later),
        libc::EMSGSIZE => outcome.refused = Some(Refused::TooLong),
        code => outcome.refused = Some(Refused::Error(code)),
    }
    Some(())
}

impl Driver for Sender {
    fn method(&self) -> &'static str {
        super::NAME
    }

    fn receive(
        &mut self,
        _pool: &mut Pool,
        _batch: &mut Batch,
        _max: usize,
        _now: u64,
    ) -> io::Result<usize> {
        Ok(0)
    }

    fn send(&mut self, pool: &mut Pool, batch: &mut Batch) -> Sent {
        let mut outcome = Sent::default();
        while !batch.is_empty() {
            match messages::send(&self.socket, batch, pool) {
                Ok(sent) if sent == batch.len() => {
                    outcome.sent += sent;
                    pool.free_all(batch);
                }
                Ok(sent) => {
                    outcome.sent += sent;
                    batch.drain(..sent).for_each(|packet| pool.free(packet));
                }
                Err(error) => {
                    if judge(&error, &mut outcome).is_some() {
                        break;
                    }
                }
            }
        }
        self.counts.sent += outcome.sent as u64;
        self.counts.refused += u64::from(outcome.refused.is_some());
        outcome
    }

    fn receive_fd(&self) -> Option<RawFd> {
        None
    }

    fn send_fd(&self) -> Option<RawFd> {
        Some(self.socket.fd())
    }

    fn mode(&self) -> String {
        "sendmmsg".into()
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.counts
    }
}
