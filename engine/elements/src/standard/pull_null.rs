//! # PullNull()
//!
//! Passes packets on, pulled only: it makes agnostic neighbours pull.
//!
//! ## Ports
//! One pull input, one pull output.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> PullNull -> Discard;
//! ```
//!
//! ## See also
//! Null, PushNull

use super::null;
use weft_core::Class;

/// Registers PullNull.
pub static CLASS: Class = Class {
    processing: "l/l",
    ..Class::agnostic("PullNull", "standard", null::build)
};
