//! # PrioSched()
//!
//! Takes packets from the first input that has some.
//!
//! ## Ports
//! Any number of pull inputs, the most important first; one pull output.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 2) -> [0] s :: PrioSched -> Discard;
//! InfiniteSource(LIMIT 2) -> [1] s;
//! ```
//!
//! ## See also
//! RoundRobinSched

use weft_core::{Batch, Built, Class, Configure, Element, Router};

/// Registers PrioSched.
pub static CLASS: Class = Class {
    ports: "-/1",
    processing: "l/l",
    ..Class::agnostic("PrioSched", "standard", build)
};

struct PrioSched;

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(PrioSched))
}

impl Element for PrioSched {
    /// Never called: packets are pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        for input in 0..router.inputs() {
            if batch.len() >= max {
                break;
            }
            let mut got = router.pull(input, max - batch.len());
            batch.append(&mut got);
            router.recycle(got);
        }
        batch
    }
}
