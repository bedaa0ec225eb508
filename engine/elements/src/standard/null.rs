//! # Null()
//!
//! Passes packets on, and does nothing to them.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Null -> Discard;
//! ```
//!
//! ## See also
//! PushNull, PullNull, Idle

use weft_core::{Batch, Built, Class, Configure, Element, Router};

/// Registers Null.
pub static CLASS: Class = Class::agnostic("Null", "standard", build);

struct Null;

pub(super) fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(Null))
}

impl Element for Null {
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}
}
