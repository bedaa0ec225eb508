//! # BandwidthShaper(RATE)
//!
//! Lets packets through at a bandwidth at most, evenly spaced.
//!
//! ## Ports
//! One pull input. The first output gives packets at the rate; a second one, where connected, those
//! beyond it.
//!
//! ## Arguments
//! - `RATE` *bandwidth*: bits or bytes per second, as `1Mbps` or `125kBps`; bytes if no unit is given.
//!
//! ## Handlers
//! - `rate` (rw): as the argument.
//! - `reset` (w): lets a packet through at once.
//!
//! ## Example
//! ```click
//! InfiniteSource -> Queue -> BandwidthShaper(1Mbps) -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! Shaper, DelayShaper

use super::shaper::{SHAPER, build_bandwidth};
use weft_core::{Class, Place, argument};

/// Registers BandwidthShaper.
pub static CLASS: Class = Class {
    name: "BandwidthShaper",
    arguments: &[argument("RATE", Place::Mandatory, "bandwidth", "")],
    fuzz: &["1Mbps", "0", "100GBps"],
    build: build_bandwidth,
    ..SHAPER
};
