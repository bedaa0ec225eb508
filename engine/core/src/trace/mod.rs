//! A trace: chosen packets, followed from element to element, their bytes before and after each.
//!
//! This is the record; the router's hooks fill it (`router/tracing.rs`). It is bounded in packets, hops and bytes, and
//! ends when nobody reads it any more.

mod hop;
mod options;
mod record;
mod snapshot;

pub(crate) use hop::Stop;
pub(crate) use options::{Options, Start};
pub use options::{PacketTest, PacketTests};
pub(crate) use record::{Ending, Trace};
