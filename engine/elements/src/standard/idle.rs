//! # Idle()
//!
//! Never gives a packet and drops those it gets: the end of ports that must be connected.
//!
//! ## Ports
//! Any number of agnostic inputs and outputs. Nothing flows from one to the other.
//!
//! ## Example
//! ```click
//! Idle -> Queue -> Unqueue -> Idle;
//! ```
//!
//! ## See also
//! Discard, Null

use weft_core::{Batch, Built, Class, Configure, Element, IpHeader, Router};

/// Registers Idle.
pub static CLASS: Class = Class {
    ports: "-/-",
    flow: "x/y",
    ip_header: IpHeader::Keeps,
    ..Class::agnostic("Idle", "standard", build)
};

struct Idle;

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(Idle))
}

impl Element for Idle {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.drop_all(batch, "idle");
    }

    fn pull(&mut self, _port: usize, _max: usize, router: &mut Router) -> Batch {
        router.new_batch()
    }
}
