//! Packet I/O: drivers behind one trait, and the capture files they share with elements.

mod af_packet;
mod af_xdp;
mod capture;
mod driver;
mod error;
mod lines;
mod load;
mod method;
mod null;
mod offload;
pub mod pcap;
mod source;
mod tap;
mod vnet_header;

pub use driver::{Driver, DriverStatistics, Refused, Sent, Stall};
pub use error::reason;
pub use lines::Lines;
pub use method::{Choice, METHODS, Method, Open, Opening, choose, is_exclusive, is_method};
pub use null::null;
pub use tap::{Tap, TapOptions};
