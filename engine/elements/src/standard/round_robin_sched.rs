//! # RoundRobinSched()
//!
//! Takes packets from its inputs in turn.
//!
//! ## Ports
//! Any number of pull inputs, one pull output. Empty inputs are passed over.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 2) -> [0] s :: RoundRobinSched -> Discard;
//! InfiniteSource(LIMIT 2) -> [1] s;
//! ```
//!
//! ## See also
//! PrioSched, RoundRobinSwitch

use weft_core::{Batch, Built, Class, Configure, Element, Router};

/// Registers RoundRobinSched.
pub static CLASS: Class = Class {
    ports: "-/1",
    processing: "l/l",
    ..Class::agnostic("RoundRobinSched", "standard", build)
};

struct RoundRobinSched {
    next: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(RoundRobinSched { next: 0 }))
}

impl Element for RoundRobinSched {
    /// Never called: packets are pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        let inputs = router.inputs();
        // What an input without packets was asked for last; another round would find it empty too.
        let mut empty = 0;
        let mut input = self.next;
        while batch.len() < max && empty < inputs {
            // With all others empty, turns make no difference.
            let share = if empty + 1 == inputs {
                max - batch.len()
            } else {
                1
            };
            let mut got = router.pull(input, share);
            input = if input + 1 < inputs { input + 1 } else { 0 };
            if got.is_empty() {
                empty += 1;
            } else {
                empty = 0;
                self.next = input;
                batch.append(&mut got);
            }
            router.recycle(got);
        }
        batch
    }
}
