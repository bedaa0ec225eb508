//! # BandwidthRatedSplitter(RATE)
//!
//! Sends packets up to a bandwidth by one output, and those beyond it by another.
//!
//! ## Ports
//! One push input. The first output is for packets within the bandwidth, the second for the rest.
//!
//! ## Arguments
//! - `RATE` *bandwidth*: bits or bytes per second, as `1Mbps` or `125kBps`; bytes if no unit is given.
//!
//! ## Handlers
//! - `rate` (rw): as the argument.
//!
//! The last packet that begins within the bandwidth still counts as within.
//!
//! ## Example
//! ```click
//! RatedSource(RATE 200, LIMIT 100) -> s :: BandwidthRatedSplitter(64kbps);
//! s[0] -> Discard;
//! s[1] -> Counter -> Discard;
//! ```
//!
//! ## See also
//! RatedSplitter, RateLimiter, BandwidthShaper, BandwidthMeter

use super::rated_splitter::{SPLITTER, build_bandwidth};
use weft_core::{Class, Place, argument};

/// Registers BandwidthRatedSplitter.
pub static CLASS: Class = Class {
    name: "BandwidthRatedSplitter",
    arguments: &[argument("RATE", Place::Mandatory, "bandwidth", "")],
    fuzz: &["1Mbps", "0", "100GBps"],
    build: build_bandwidth,
    ..SPLITTER
};
