//! # IPMirror([DST_ANNO])
//!
//! Turns IP packets around: swaps source and destination addresses, the ports of TCP and UDP, and
//! the sequence and acknowledgment numbers of TCP.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! Checksums stay right, since swapping does not change them.
//!
//! ## Arguments
//! - `DST_ANNO` *boolean* (true): sets the destination address annotation to the new destination.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> IPMirror -> Discard;
//! ```
//!
//! ## See also
//! EtherMirror, ICMPPingResponder

use super::header::header_mut;
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Pool, Router, Verdict,
    argument,
};
use weft_wire::{ipv4, protocol};

/// Registers IPMirror.
pub static CLASS: Class = Class {
    ip_header: IpHeader::Needs,
    arguments: &[argument("DST_ANNO", Place::Optional, "boolean", "true")],
    fuzz: &["", "false"],
    ..Class::agnostic("IPMirror", "ip", build)
};

struct IPMirror {
    annotate: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let annotate = args.positional("DST_ANNO", true);
    args.complete()?;
    Ok(Box::new(IPMirror { annotate }))
}

fn swap_ports(ip: &mut ipv4::Packet<&mut [u8]>) {
    let protocol = ip.protocol();
    let has_ports = protocol == protocol::ip::TCP || protocol == protocol::ip::UDP;
    if !has_ports || ip.flags_offset() & ipv4::OFFSET_MASK != 0 {
        return;
    }
    let payload = ip.payload_mut();
    if payload.len() < 8 {
        return;
    }
    payload[..4].rotate_left(2);
    if protocol == protocol::ip::TCP && payload.len() >= 12 {
        payload[4..12].rotate_left(4);
    }
}

impl IPMirror {
    fn mirror(&self, packet: &mut Packet, pool: &mut Pool) -> Verdict {
        let mut ip = match header_mut(packet, pool) {
            Ok(ip) => ip,
            Err(reason) => return Verdict::Drop(reason),
        };
        let (source, destination) = (ip.source(), ip.destination());
        ip.set_source(destination);
        ip.set_destination(source);
        swap_ports(&mut ip);
        if self.annotate {
            packet.set_destination(source);
        }
        Verdict::Keep
    }
}

impl Element for IPMirror {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            self.mirror(packet, &mut router.pool)
        });
    }
}
