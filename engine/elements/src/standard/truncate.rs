//! # Truncate(LENGTH [, EXTRA_LENGTH])
//!
//! Removes bytes at the end of packets that are longer than `LENGTH`.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `LENGTH` *integer*: bytes that packets have at most.
//! - `EXTRA_LENGTH` *boolean* (true): the number of bytes removed is added to the extra-length
//!   annotation, which ToDump records.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Truncate(14) -> Discard;
//! ```
//!
//! ## See also
//! Strip, ToDump

use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, argument};

/// Where in the annotation area the extra length lies.
const EXTRA_LENGTH: usize = 28;

/// Registers Truncate.
pub static CLASS: Class = Class {
    arguments: &[
        argument("LENGTH", Place::Mandatory, "integer", ""),
        argument("EXTRA_LENGTH", Place::Optional, "boolean", "true"),
    ],
    fuzz: &["0", "14", "20, false", "70000"],
    ..Class::agnostic("Truncate", "standard", build)
};

struct Truncate {
    length: usize,
    is_noted: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let length: u32 = args.mandatory("LENGTH");
    let is_noted = args.positional("EXTRA_LENGTH", true);
    args.complete()?;
    Ok(Box::new(Truncate {
        length: length as usize,
        is_noted,
    }))
}

impl Element for Truncate {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.iter_mut() {
            let removed = packet.len().saturating_sub(self.length);
            if packet.take(removed) && removed > 0 && self.is_noted {
                let before = u32::from_ne_bytes(router.pool.annotation(packet, EXTRA_LENGTH));
                let extra = before.saturating_add(removed as u32).to_ne_bytes();
                router.pool.set_annotation(packet, EXTRA_LENGTH, &extra);
            }
        }
    }
}
