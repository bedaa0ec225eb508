//! # RoundRobinSwitch()
//!
//! Sends packets to its outputs in turn.
//!
//! ## Ports
//! One push input, one or more push outputs.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 2, STOP true) -> s :: RoundRobinSwitch;
//! s [0] -> Discard;
//! s [1] -> Discard;
//! ```
//!
//! ## See also
//! RoundRobinSched, Switch

use weft_core::{Batch, Built, Class, Configure, Element, Router, downcast};

/// Registers RoundRobinSwitch.
pub static CLASS: Class = Class {
    ports: "1/1-",
    processing: "h/h",
    ..Class::agnostic("RoundRobinSwitch", "standard", build)
};

struct RoundRobinSwitch {
    next: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(RoundRobinSwitch { next: 0 }))
}

impl Element for RoundRobinSwitch {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let outputs = router.outputs();
        router.route(batch, |_, _| {
            let output = self.next;
            self.next = if output + 1 < outputs { output + 1 } else { 0 };
            output
        });
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<RoundRobinSwitch>(old)
            && old.next < router.outputs()
        {
            self.next = old.next;
        }
    }
}
