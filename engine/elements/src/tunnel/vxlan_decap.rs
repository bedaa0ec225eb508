//! # VXLANDecap([VNI, *keyword* DPORT])
//!
//! Takes Ethernet frames out of VXLAN (RFC 7348): off come the headers of IPv4 or IPv6, UDP and VXLAN, and what stands before
//! and behind the IP packet.
//!
//! It checks lengths, the UDP checksum where there is one, and the VXLAN header; reserved bits are ignored. The header
//! checksum of IPv4 is CheckIPHeader's to check. The first packet that is refused for a reason is told in the log, then at most one a
//! second.
//!
//! ## Ports
//! One agnostic input, for packets whose IP header is marked: by CheckIPHeader, or by MarkIPHeader if it is IPv6. Output 0: the
//! frames inside, nothing of them checked nor marked. Output 1, push, if there is one: packets that are refused, unchanged, which
//! are dropped otherwise: as
//! - `no-ip-header`, `vxlan-protocol` (not UDP), `vxlan-fragment`, `vxlan-length`, `vxlan-checksum`,
//! - `vxlan-port` (not sent to DPORT), `vxlan-flags` (without network identifier), `vxlan-vni` (not VNI),
//! - `vxlan-frame` (what is inside is shorter than an Ethernet header).
//!
//! ## Arguments
//! - `VNI` *unsigned* (0): the VXLAN network identifier that packets must have, at most 16777215.
//! - `DPORT` *port* (4789): the UDP port that packets must be sent to.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader(14) -> VXLANDecap(7) -> Discard;
//! ```
//!
//! ## See also
//! VXLANEncap, CheckIPHeader, MarkIPHeader, VXLANGPEDecap

use super::vxlan::decapsulate;
use super::vxlan_encap::PORT;
use crate::nsh::refusals::{Refusal, Refusals};
use crate::nsh::tunnel::{Datagram, refusal_of};
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Place, Router, Verdict, argument,
};
use weft_wire::ethernet;
use weft_wire::vxlan_gpe::{HEADER_LEN, Header, MAX_VNI};

/// Registers VXLANDecap.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("VNI", Place::Optional, "unsigned", "0"),
        argument("DPORT", Place::Keyword, "port", "4789"),
    ],
    fuzz: &["7", "7, DPORT 4790"],
    ..Class::agnostic("VXLANDecap", "tunnel", build)
};

struct VXLANDecap {
    vni: u32,
    port: u16,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let vni: u32 = args.positional("VNI", 0);
    let port: u32 = args.keyword("DPORT", PORT.into());
    args.within("VNI", vni, 0, MAX_VNI);
    args.within("DPORT", port, 1, u16::MAX.into());
    args.complete()?;
    Ok(Box::new(VXLANDecap {
        vni,
        port: port as u16,
        refusals: Refusals::default(),
    }))
}

impl VXLANDecap {
    /// Where in the packet that begins with an IP header the frame begins and ends.
    fn inside(&self, bytes: &[u8]) -> Result<(usize, usize), Refusal> {
        let datagram = Datagram::of(bytes).map_err(refusal_of)?;
        if datagram.port != self.port {
            return Err(("vxlan-port", "it is sent to another UDP port"));
        }
        let header: Option<&[u8; HEADER_LEN]> = datagram.payload.first_chunk();
        let header = header.copied().and_then(|h| Header::new_checked(h).ok());
        let header = header.ok_or(("vxlan-length", "it ends before its VXLAN header does"))?;
        if !header.has_vni() {
            return Err(("vxlan-flags", "its network identifier is not there"));
        }
        if header.vni() != self.vni {
            return Err(("vxlan-vni", "it is of another network"));
        }
        if datagram.payload.len() < HEADER_LEN + ethernet::HEADER_LEN {
            return Err((
                "vxlan-frame",
                "what is inside is shorter than an Ethernet header",
            ));
        }
        let end = datagram.headers + datagram.payload.len();
        Ok((datagram.headers + HEADER_LEN, end))
    }
}

impl Element for VXLANDecap {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match decapsulate(packet, &router.pool, |bytes| self.inside(bytes)) {
                Ok(()) => {
                    packet.set_mac_here();
                    Verdict::Keep
                }
                Err(refusal) => self.refusals.refuse(refusal, router),
            }
        });
    }
}
