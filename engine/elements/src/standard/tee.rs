//! # Tee([N])
//!
//! Sends every packet to all outputs.
//!
//! ## Ports
//! One push input, one or more push outputs.
//!
//! ## Arguments
//! - `N` *integer*: the number of outputs, for a check; there are as many as are connected.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> t :: Tee(2);
//! t [0] -> Discard;
//! t [1] -> Discard;
//! ```
//!
//! ## See also
//! PullTee, PaintSwitch

use std::ops::Range;
use weft_core::{
    Argument, Batch, Built, Class, Configure, Element, Packet, Place, Router, argument,
};

/// The argument of Tee and PullTee.
pub(super) const ARMS: &[Argument] = &[argument("N", Place::Optional, "integer", "")];

/// Registers Tee.
pub static CLASS: Class = Class {
    ports: "1/1-",
    processing: "h/h",
    arguments: ARMS,
    ..Class::agnostic("Tee", "standard", build)
};

struct Tee;

/// Checks the number of outputs against the argument.
pub(super) fn check_arms(configure: &Configure<'_>) -> Result<(), Vec<String>> {
    let outputs = configure.outputs;
    let mut args = configure.args();
    let arms = args.positional("N", outputs as u32);
    args.check(|| match arms as usize == outputs {
        true => Ok(()),
        false => Err(format!("{outputs} outputs implies {outputs} arms")),
    });
    args.complete()
}

fn build(configure: &mut Configure<'_>) -> Built {
    check_arms(configure)?;
    Ok(Box::new(Tee))
}

/// Sends `packet` to all of `outputs`, of which there is at least one.
pub(super) fn send_to_all(packet: Packet, outputs: Range<usize>, router: &mut Router) {
    let last = outputs.end - 1;
    for output in outputs.start..last {
        let clone = router.pool.duplicate(&packet);
        router.emit(output, clone);
    }
    router.emit(last, packet);
}

impl Element for Tee {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let outputs = router.outputs();
        for packet in batch.drain(..) {
            send_to_all(packet, 0..outputs, router);
        }
    }
}
