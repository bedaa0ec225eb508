//! # PullTee([N])
//!
//! Passes pulled packets on, and pushes a copy of each to its other outputs.
//!
//! ## Ports
//! One pull input; the first output is pull, the others are push.
//!
//! ## Arguments
//! - `N` *integer*: the number of outputs, for a check; there are as many as are connected.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> t :: PullTee -> Discard;
//! t [1] -> Discard;
//! ```
//!
//! ## See also
//! Tee

use super::tee::{ARMS, check_arms};
use weft_core::{Batch, Built, Class, Configure, Element, Router};

/// Registers PullTee.
pub static CLASS: Class = Class {
    ports: "1/1-",
    processing: "l/lh",
    arguments: ARMS,
    ..Class::agnostic("PullTee", "standard", build)
};

struct PullTee;

fn build(configure: &mut Configure<'_>) -> Built {
    check_arms(configure)?;
    Ok(Box::new(PullTee))
}

impl Element for PullTee {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.iter() {
            for output in 1..router.outputs() {
                let clone = router.pool.duplicate(packet);
                router.emit(output, clone);
            }
        }
    }
}
