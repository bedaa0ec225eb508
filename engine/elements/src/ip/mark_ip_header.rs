//! # MarkIPHeader([OFFSET])
//!
//! Marks where the IP header is, without checking it.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `OFFSET` *unsigned* (0): where in the packet the IP header begins. A packet too short to hold
//!   one there is left without a mark.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap) -> MarkIPHeader(14) -> IPPrint -> Discard;
//! ```
//!
//! ## See also
//! CheckIPHeader, CheckIPHeader2

use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Pool, Router, argument,
};
use weft_wire::ipv4;

/// Registers MarkIPHeader.
pub static CLASS: Class = Class {
    ip_header: IpHeader::Sets,
    arguments: &[argument("OFFSET", Place::Optional, "unsigned", "0")],
    fuzz: &["", "14", "4294967295"],
    ..Class::agnostic("MarkIPHeader", "ip", build)
};

struct MarkIPHeader {
    offset: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let offset = args.positional("OFFSET", 0u32);
    args.complete()?;
    Ok(Box::new(MarkIPHeader {
        offset: offset as usize,
    }))
}

impl MarkIPHeader {
    #[inline]
    fn mark(&self, packet: &mut Packet, pool: &Pool) {
        let bytes = pool.data(packet).get(self.offset..).unwrap_or_default();
        if bytes.len() < ipv4::HEADER_LEN {
            packet.clear_network();
            return;
        }
        let header = usize::from(bytes[0] & 0xf) * 4;
        packet.set_network(self.offset, header);
    }
}

impl Element for MarkIPHeader {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.iter_mut() {
            self.mark(packet, &router.pool);
        }
    }
}
