//! What every driver does: receive and send batches of frames.

use crate::pcap::LinkType;
use std::io;
use std::os::fd::RawFd;
use weft_core::{Batch, Pool};

/// Counts a driver or the kernel behind it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriverStatistics {
    /// Frames received.
    pub received: u64,
    /// Frames the kernel dropped because nobody took them in time.
    pub missed: u64,
    /// Frames received that could not be finished: damaged, or no memory was free.
    pub broken: u64,
    /// Frames sent.
    pub sent: u64,
    /// Frames that could not be sent.
    pub refused: u64,
}

/// What became of frames given to [`Driver::send`]; those it names were given back to the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Frames sent.
    pub sent: usize,
    /// Frames refused for good, and why.
    pub refused: Option<Refused>,
    /// Why the rest stays in the batch.
    pub stalled: Option<Stall>,
}

/// A frame that will never be sent. It is the first of those left in the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is longer than the interface's MTU allows.
    TooLong,
    /// The system's error number.
    Error(i32),
}

/// Why sending goes on later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// The descriptor tells when there is room again.
    UntilWritable,
    /// Nothing tells: try again a little later.
    Later,
}

/// One network interface, capture file or other source and sink of frames.
pub trait Driver: Send {
    /// Name of the method, as METHOD chooses it: "af_packet", "pcap".
    fn method(&self) -> &'static str;

    /// What the first header of each frame is.
    fn link_type(&self) -> LinkType {
        LinkType::ETHERNET
    }

    /// Receives about `max` frames into `batch` (a large frame that the kernel left to be segmented
    /// becomes several), whole and finished: checksums valid, one frame per segment, VLAN tags in
    /// place. `now` is steady time in nanoseconds. Gives how many; 0 when none waits.
    ///
    /// # Errors
    /// When the device is gone or broken; frames already in `batch` are good.
    fn receive(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
        now: u64,
    ) -> io::Result<usize>;

    /// Sends frames from the front of `batch`; those sent are given back to `pool`, the others
    /// stay.
    fn send(&mut self, pool: &mut Pool, batch: &mut Batch) -> Sent;

    /// Whether frames that were taken over wait for another call of [`Driver::send`], which may give
    /// it none.
    fn wants_sending(&self) -> bool {
        false
    }

    /// Descriptor that becomes readable when frames wait. It may change from call to call of
    /// [`Driver::receive`].
    fn receive_fd(&self) -> Option<RawFd>;

    /// Descriptor that becomes writable when frames can be sent again.
    fn send_fd(&self) -> Option<RawFd>;

    /// Whether receiving must go on although no frame waits: something is being changed over, for
    /// a few hundredths of a second.
    fn wants_polling(&self) -> bool {
        false
    }

    /// After how many nanoseconds receiving must be tried again although the descriptor tells of
    /// nothing: when that is the time to change how it is done.
    fn check_after(&self) -> Option<u64> {
        None
    }

    /// Whether a capture has ended: no frame will come any more.
    fn is_finished(&self) -> bool {
        false
    }

    /// How it works just now, in words: "recvmmsg", "ring of 8 MiB".
    fn mode(&self) -> String {
        String::new()
    }

    /// Counts so far, as far as they are known without asking the kernel.
    fn counted(&self) -> DriverStatistics {
        DriverStatistics::default()
    }

    /// Counts so far.
    fn statistics(&mut self) -> DriverStatistics;
}
