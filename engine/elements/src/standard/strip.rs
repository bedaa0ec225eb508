//! # Strip(LENGTH)
//!
//! Removes bytes at the front of packets.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Shorter packets are dropped ("too-short").
//!
//! ## Arguments
//! - `LENGTH` *integer*: bytes removed.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Strip(14) -> Discard;
//! ```
//!
//! ## See also
//! Unstrip

use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, Verdict, argument};

/// Registers Strip.
pub static CLASS: Class = Class {
    arguments: &[argument("LENGTH", Place::Mandatory, "integer", "")],
    fuzz: &["0", "14", "70000"],
    ..Class::agnostic("Strip", "standard", build)
};

struct Strip {
    length: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let length: u32 = args.mandatory("LENGTH");
    args.complete()?;
    Ok(Box::new(Strip {
        length: length as usize,
    }))
}

impl Element for Strip {
    #[inline]
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, _| match packet.pull(self.length) {
            true => Verdict::Keep,
            false => Verdict::Drop("too-short"),
        });
    }
}
