//! # EtherMirror()
//!
//! Swaps source and destination address of Ethernet frames.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Frames too short to hold both addresses are dropped.
//!
//! ## Example
//! ```click
//! Idle -> EtherMirror -> Discard;
//! ```
//!
//! ## See also
//! IPMirror

use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Pool, REASON_NO_BUFFER, Router, Verdict,
};

/// Registers EtherMirror.
pub static CLASS: Class = Class::agnostic("EtherMirror", "ethernet", build);

struct EtherMirror;

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(EtherMirror))
}

fn mirror(packet: &mut Packet, pool: &mut Pool) -> Verdict {
    let Some(data) = pool.data_mut(packet) else {
        return Verdict::Drop(REASON_NO_BUFFER);
    };
    match data.get_mut(..12) {
        Some(addresses) => {
            addresses.rotate_left(6);
            Verdict::Keep
        }
        None => Verdict::Drop("too-short"),
    }
}

impl Element for EtherMirror {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| mirror(packet, &mut router.pool));
    }
}
