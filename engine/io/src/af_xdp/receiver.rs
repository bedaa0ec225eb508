//! The receiving side.

use super::finish;
use super::shared::{Shared, lock};
use crate::driver::{Driver, DriverStatistics, Sent};
use crate::load::{Load, Meter};
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex};
use weft_core::{Batch, Pool};

/// How often a receiver under load looks whether it still is, in nanoseconds.
const CHECK_AFTER: u64 = 200_000_000;

pub(super) struct Receiver {
    shared: Arc<Mutex<Shared>>,
    counts: DriverStatistics,
    meter: Meter,
    /// Frames come so fast that sleeping between them gathers bursts, which cost less.
    is_loaded: bool,
}

impl Receiver {
    /// Has frames come, those to other hosts too if `promiscuous`.
    pub(super) fn open(shared: Arc<Mutex<Shared>>, promiscuous: bool) -> Result<Receiver, String> {
        lock(&shared).begin_receiving(promiscuous)?;
        Ok(Receiver {
            shared,
            counts: DriverStatistics::default(),
            meter: Meter::default(),
            is_loaded: false,
        })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        lock(&self.shared).end_receiving();
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
        now: u64,
    ) -> io::Result<usize> {
        let Shared { port, facts, .. } = &mut *lock(&self.shared);
        let (before, mut broken) = (batch.len(), 0);
        let received = port.receive(max, &mut |frame| {
            let delivered = frame.is_some_and(|frame| finish::deliver(frame, facts, pool, batch));
            broken += u64::from(!delivered);
        });
        self.counts.received += (batch.len() - before) as u64;
        self.counts.broken += broken;
        match self.meter.count(*received.as_ref().unwrap_or(&0), now) {
            Load::High => self.is_loaded = true,
            Load::Low => self.is_loaded = false,
            Load::Between => {}
        }
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

    fn check_after(&self) -> Option<u64> {
        self.is_loaded.then_some(CHECK_AFTER)
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
