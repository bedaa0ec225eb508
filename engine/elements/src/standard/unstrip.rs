//! # Unstrip(LENGTH)
//!
//! Adds bytes at the front of packets: those that Strip removed, if nothing has changed them since.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `LENGTH` *integer*: bytes added. Where there were none, their value is undefined.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Strip(14) -> Unstrip(14) -> Discard;
//! ```
//!
//! ## See also
//! Strip

use weft_core::{
    Batch, Built, Class, Configure, Element, Place, REASON_NO_BUFFER, Router, Verdict, argument,
};

/// Registers Unstrip.
pub static CLASS: Class = Class {
    arguments: &[argument("LENGTH", Place::Mandatory, "integer", "")],
    fuzz: &["0", "14", "70000", "4294967295"],
    ..Class::agnostic("Unstrip", "standard", build)
};

struct Unstrip {
    length: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let length: u32 = args.mandatory("LENGTH");
    args.complete()?;
    Ok(Box::new(Unstrip {
        length: length as usize,
    }))
}

impl Element for Unstrip {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match router.pool.push(packet, self.length) {
                Some(()) => Verdict::Keep,
                None => Verdict::Drop(REASON_NO_BUFFER),
            }
        });
    }
}
