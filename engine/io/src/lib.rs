//! Packet I/O: drivers behind one trait, and the capture files they share with elements.

mod driver;
mod error;
pub mod pcap;

pub use driver::{Driver, DriverStatistics};
pub use error::reason;
