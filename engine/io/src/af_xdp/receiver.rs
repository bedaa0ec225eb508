//! The receiving side.

use super::finish;
use super::shared::{Shared, lock};
use crate::driver::{Driver, DriverStatistics, Sent};
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex};
use weft_core::{Batch, Pool};

pub(super) struct Receiver {
    shared: Arc<Mutex<Shared>>,
    counts: DriverStatistics,
}

impl Receiver {
    pub(super) fn new(shared: Arc<Mutex<Shared>>) -> Receiver {
        Receiver {
            shared,
            counts: DriverStatistics::default(),
        }
    }
}

impl Driver for Receiver {
    fn method(&self) -> &'static str {
        super::NAME
    }

    fn receive(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
        _now: u64,
    ) -> io::Result<usize> {
        let Shared { port, facts, .. } = &mut *lock(&self.shared);
        let (before, mut broken) = (batch.len(), 0);
        let received = port.receive(max, &mut |frame| {
            let delivered = frame.is_some_and(|frame| finish::deliver(frame, facts, pool, batch));
            broken += u64::from(!delivered);
        });
        self.counts.received += (batch.len() - before) as u64;
        self.counts.broken += broken;
        received
    }

    fn send(&mut self, _pool: &mut Pool, _batch: &mut Batch) -> Sent {
        Sent::default()
    }

    fn receive_fd(&self) -> Option<RawFd> {
        Some(lock(&self.shared).port.receive_fd())
    }

    fn send_fd(&self) -> Option<RawFd> {
        None
    }

    fn mode(&self) -> String {
        lock(&self.shared).port.mode()
    }

    fn counted(&self) -> DriverStatistics {
        self.counts
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.counts.missed = lock(&self.shared).port.counts().missed;
        self.counts
    }
}
