//! # PaintSwitch([ANNO])
//!
//! Sends packets to the output their paint names.
//!
//! ## Ports
//! One push input, any number of push outputs. A packet of color K goes to output K, or is dropped
//! ("no-such-output") where there is none. Packets of color 255 go to all outputs.
//!
//! ## Arguments
//! - `ANNO` *packet annotation* (PAINT): the one-byte annotation that is looked at.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Paint(1) -> s :: PaintSwitch;
//! s [0] -> Discard;
//! s [1] -> Discard;
//! ```
//!
//! ## See also
//! Paint, Switch, RoundRobinSwitch

use super::paint::one_byte_annotation;
use super::tee::send_to_all;
use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, argument};

/// The color of packets that go everywhere.
const ALL: u8 = 255;

/// Registers PaintSwitch.
pub static CLASS: Class = Class {
    ports: "1/-",
    processing: "h/h",
    arguments: &[argument(
        "ANNO",
        Place::Optional,
        "packet annotation",
        "PAINT",
    )],
    fuzz: &["", "17"],
    ..Class::agnostic("PaintSwitch", "standard", build)
};

struct PaintSwitch {
    annotation: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let annotation = one_byte_annotation(&mut args) as usize;
    args.complete()?;
    Ok(Box::new(PaintSwitch { annotation }))
}

impl Element for PaintSwitch {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let outputs = router.outputs();
        for packet in batch.drain(..) {
            match router.pool.annotation_byte(&packet, self.annotation) {
                ALL if outputs > 0 => send_to_all(packet, 0..outputs, router),
                color if router.is_connected(color as usize) => {
                    router.emit(color as usize, packet);
                }
                _ => router.drop_packet(packet, "no-such-output"),
            }
        }
    }
}
