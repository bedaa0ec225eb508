//! Packet I/O: drivers behind one trait.

mod driver;

pub use driver::{Driver, DriverStatistics};
