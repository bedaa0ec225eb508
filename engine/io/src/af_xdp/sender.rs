//! The sending side.

use super::shared::{Shared, lock};
use crate::driver::{Driver, DriverStatistics, Refused, Sent, Stall};
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex};
use weft_core::{Batch, Pool};
use weft_xdp::{Kick, Staged};

/// Bytes of the link header, without and with a VLAN tag.
const ETHERNET: usize = 14;
const TAGGED: usize = 18;

pub(super) struct Sender {
    shared: Arc<Mutex<Shared>>,
    counts: DriverStatistics,
    /// The device could not send when it was last asked to.
    is_broken: bool,
}

/// Why no more frames are staged.
enum Stop {
    End,
    Full,
    Refused(Refused),
}

impl Sender {
    pub(super) fn new(shared: Arc<Mutex<Shared>>) -> Sender {
        Sender {
            shared,
            counts: DriverStatistics::default(),
            is_broken: false,
        }
    }

    fn send_now(&mut self, pool: &Pool, batch: &Batch) -> Sent {
        let mut shared = lock(&self.shared);
        let mut outcome = Sent::default();
        let mut kick = match shared.port.is_pending() {
            true => shared.port.kick(),
            false => Kick::Done,
        };
        while kick == Kick::Done {
            let (staged, stop) = stage(&mut shared, pool, &batch[outcome.sent..]);
            outcome.sent += staged;
            if staged > 0 {
                kick = shared.port.kick();
            }
            match stop {
                // What was just sent may have made room.
                Stop::Full if staged > 0 => continue,
                Stop::Full => outcome.stalled = Some(Stall::Later),
                Stop::Refused(refused) => outcome.refused = Some(refused),
                Stop::End => {}
            }
            break;
        }
        self.is_broken = matches!(kick, Kick::Broken(_));
        match kick {
            Kick::Done => {}
            Kick::Later => outcome.stalled = Some(Stall::Later),
            Kick::Broken(code) if outcome.sent < batch.len() => {
                outcome.refused = outcome.refused.or(Some(Refused::Error(code)));
            }
            Kick::Broken(_) => {}
        }
        outcome
    }
}

/// Stages frames from the front of `frames`; gives how many.
fn stage(shared: &mut Shared, pool: &Pool, frames: &[weft_core::Packet]) -> (usize, Stop) {
    let Shared { port, facts, .. } = shared;
    for (index, packet) in frames.iter().enumerate() {
        let frame = pool.data(packet);
        if frame.len() < ETHERNET {
            return (index, Stop::Refused(Refused::Error(libc::EINVAL)));
        }
        let is_tagged = matches!(frame.get(12..14), Some([0x81, 0x00] | [0x88, 0xa8]));
        let header = if is_tagged { TAGGED } else { ETHERNET };
        if facts.is_too_long(frame.len(), header) {
            return (index, Stop::Refused(Refused::TooLong));
        }
        match port.stage(frame) {
            Staged::Ready => {}
            Staged::Full => return (index, Stop::Full),
            Staged::TooLong => return (index, Stop::Refused(Refused::TooLong)),
        }
    }
    (frames.len(), Stop::End)
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
        let outcome = self.send_now(pool, batch);
        if outcome.sent == batch.len() {
            pool.free_all(batch);
        } else {
            batch
                .drain(..outcome.sent)
                .for_each(|packet| pool.free(packet));
        }
        self.counts.sent += outcome.sent as u64;
        self.counts.refused += u64::from(outcome.refused.is_some());
        outcome
    }

    fn wants_sending(&self) -> bool {
        !self.is_broken && lock(&self.shared).port.is_pending()
    }

    fn receive_fd(&self) -> Option<RawFd> {
        None
    }

    fn send_fd(&self) -> Option<RawFd> {
        None
    }

    fn mode(&self) -> String {
        lock(&self.shared).port.mode()
    }

    fn statistics(&mut self) -> DriverStatistics {
        let mut counts = self.counts;
        counts.refused += lock(&self.shared).port.counts().lost;
        counts
    }
}
