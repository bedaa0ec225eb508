//! # BandwidthMeter(RATE1, RATE2, ..., RATEn)
//!
//! Sends packets by the output of their average bandwidth.
//!
//! ## Ports
//! One push input, as many push outputs as there are rates, and one: below RATE1 packets leave by
//! output 0, from RATE1 on and below RATE2 by output 1, and so on; from RATEn on by the last.
//!
//! ## Arguments
//! - `RATE` *bandwidth*: bits or bytes per second, as `1Mbps` or `125kBps`; bytes if no unit is given.
//!   Each is greater than the one before.
//!
//! ## Handlers
//! - `rate` (r): the average bandwidth now, in bytes per second.
//! - `rate0`, `rate1`, ... (r): the rates given.
//!
//! The average is exponentially weighted, as Counter's `byte_rate`.
//!
//! ## Example
//! ```click
//! RatedSource(RATE 500, LIMIT 100) -> m :: BandwidthMeter(64kbps);
//! m[0] -> Discard;
//! m[1] -> Counter -> Discard;
//! ```
//!
//! ## See also
//! Meter, BandwidthRatedSplitter, BandwidthShaper

use super::meter::{METER, build_bandwidth};
use weft_core::{Class, Place, argument};

/// Registers BandwidthMeter.
pub static CLASS: Class = Class {
    name: "BandwidthMeter",
    arguments: &[argument("RATE", Place::Rest, "bandwidth", "")],
    fuzz: &["1Mbps", "1kbps, 1GBps"],
    build: build_bandwidth,
    ..METER
};
