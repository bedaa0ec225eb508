//! # PushNull()
//!
//! Passes packets on, pushed only: it makes agnostic neighbours push.
//!
//! ## Ports
//! One push input, one push output.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> PushNull -> Discard;
//! ```
//!
//! ## See also
//! Null, PullNull

use super::null;
use weft_core::Class;

/// Registers PushNull.
pub static CLASS: Class = Class {
    processing: "h/h",
    ..Class::agnostic("PushNull", "standard", null::build)
};
