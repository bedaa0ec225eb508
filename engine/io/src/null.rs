//! A device that receives nothing and takes everything: for measuring and for trying out.

use crate::driver::{Driver, DriverStatistics, Sent};
use crate::method::Opening;
use std::io;
use std::os::fd::RawFd;
use weft_core::{Batch, Pool};

/// Name of the method.
pub const NAME: &str = "null";

/// A device that loses all frames must be asked for, unless it is called `null`.
///
/// # Errors
/// For all other devices.
pub fn probe(opening: &Opening<'_>) -> Result<(), String> {
    if opening.device == NAME {
        Ok(())
    } else {
        Err(String::new())
    }
}

/// Opens it.
///
/// # Errors
/// None.
pub fn open(_opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    Ok(null())
}

/// A device that receives nothing and takes everything.
pub fn null() -> Box<dyn Driver> {
    Box::new(Null::default())
}

#[derive(Default)]
struct Null {
    counts: DriverStatistics,
}

impl Driver for Null {
    fn method(&self) -> &'static str {
        NAME
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
        let sent = batch.len();
        pool.free_all(batch);
        self.counts.sent += sent as u64;
        Sent {
            sent,
            ..Sent::default()
        }
    }

    fn receive_fd(&self) -> Option<RawFd> {
        None
    }

    fn send_fd(&self) -> Option<RawFd> {
        None
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.counts
    }
}
