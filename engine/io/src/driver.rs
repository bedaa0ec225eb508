//! What every driver does: receive and send batches of frames.

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
    /// Frames sent.
    pub sent: u64,
    /// Frames that could not be sent.
    pub refused: u64,
}

/// One network interface, capture file or other source and sink of Ethernet frames.
pub trait Driver {
    /// Name of the method, as METHOD chooses it: "af_packet", "pcap".
    fn method(&self) -> &'static str;

    /// Receives at most `max` frames into `batch`, whole and finished: checksums valid, one frame
    /// per segment, VLAN tags in place, timestamps set. Gives how many; 0 when none waits.
    ///
    /// # Errors
    /// When the device is gone or broken; frames already in `batch` are good.
    fn receive(&mut self, pool: &mut Pool, batch: &mut Batch, max: usize) -> io::Result<usize>;

    /// Sends frames from the front of `batch`; those sent (or refused for good) are given back to
    /// `pool`, the others stay. Gives how many were taken.
    ///
    /// # Errors
    /// When the device is gone or broken.
    fn send(&mut self, pool: &mut Pool, batch: &mut Batch) -> io::Result<usize>;

    /// Descriptor that becomes readable when frames wait.
    fn receive_fd(&self) -> Option<RawFd>;

    /// Descriptor that becomes writable when frames can be sent again.
    fn send_fd(&self) -> Option<RawFd>;

    /// Whether a capture has ended: no frame will come any more.
    fn is_finished(&self) -> bool {
        false
    }

    /// Counts so far.
    fn statistics(&mut self) -> DriverStatistics;
}
