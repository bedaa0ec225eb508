//! # SetIPAddress(IPADDR [, ANNO])
//!
//! Sets the destination address annotation to a fixed address.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `IPADDR` *IP address*: the address, for example of a gateway.
//! - `ANNO` *annotation* (DST_IP): the annotation that is set instead.
//!
//! ## Handlers
//! - `addr` (rw): the address.
//!
//! ## Example
//! ```click
//! Idle -> SetIPAddress(10.0.0.1) -> [0] arp :: ARPQuerier(10.0.0.2, 02:00:00:00:00:02) -> Discard;
//! Idle -> [1] arp;
//! ```
//!
//! ## See also
//! GetIPAddress, StoreIPAddress

use super::get_ip_address::address_annotation;
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Router, Value, argument, variable,
};

/// Registers SetIPAddress.
pub static CLASS: Class = Class {
    live: true,
    arguments: &[
        argument("IPADDR", Place::Mandatory, "IP address", ""),
        argument("ANNO", Place::Optional, "annotation", "DST_IP"),
    ],
    handlers: &[variable!(
        SetIPAddress,
        "addr",
        Value::Text,
        "",
        "The address set",
        |s, _, _| Ok(s.address.to_string()),
        |s, call, router| {
            s.address = call.value_in(&router.names())?;
            Ok(())
        }
    )],
    fuzz: &["10.0.0.1", "10.0.0.1, ANNO 20"],
    ..Class::agnostic("SetIPAddress", "ip", build)
};

struct SetIPAddress {
    address: Ipv4Addr,
    annotation: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let address = args.mandatory("IPADDR");
    let annotation = address_annotation(&mut args);
    args.complete()?;
    Ok(Box::new(SetIPAddress {
        address,
        annotation,
    }))
}

impl Element for SetIPAddress {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let (address, bytes) = (self.address.to_bits(), self.address.octets());
        for packet in batch.iter_mut() {
            match self.annotation {
                0 => packet.set_destination(address),
                at => router.pool.set_annotation(packet, at, &bytes),
            }
        }
    }
}
