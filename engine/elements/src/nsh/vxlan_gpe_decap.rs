//! # VXLANGPEDecap([VNI, *keyword* NEXT])
//!
//! Takes packets out of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe): off come the headers of IPv4 or IPv6, UDP and VXLAN-GPE, and what
//! stands before and behind the IP packet.
//!
//! It checks lengths, the UDP checksum where there is one, and the VXLAN-GPE header; reserved bits are ignored. The header
//! checksum of IPv4 is CheckIPHeader's to check. The first packet that is refused for a reason is told in the log, then at most one a
//! second.
//!
//! ## Ports
//! One agnostic input, for packets whose IP header is marked: by CheckIPHeader, or by MarkIPHeader if it is IPv6. Output 0: what was
//! inside, nothing of it checked nor marked: CheckNSHHeader must follow, or what else is for its protocol. Output 1, push, if
//! there is one: packets that are refused, unchanged, which are dropped otherwise: as
//! - `no-ip-header`, `vxlan-protocol` (not UDP), `vxlan-fragment`, `vxlan-length`, `vxlan-checksum`,
//! - `vxlan-port` (not sent to port 4790), `vxlan-version` (not 0), `vxlan-flags` (without network identifier), `vxlan-oam`,
//! - `vxlan-vni`, `vxlan-next-protocol` (not what the arguments say).
//!
//! ## Arguments
//! - `VNI` *unsigned or any* (any): the VXLAN network identifier that packets must have.
//! - `NEXT` *nsh, ethernet, ipv4 or ipv6* (nsh): what must be inside. A header that does not say what follows it is followed by
//!   Ethernet.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader(14) -> VXLANGPEDecap(7) -> CheckNSHHeader -> NSHForwarder(10/255 => 0) -> Discard;
//! ```
//!
//! ## See also
//! VXLANGPEEncap, CheckNSHHeader, CheckIPHeader, MarkIPHeader

use super::refusals::{Refusal, Refusals};
use super::tunnel::{Datagram, refusal_of};
use super::vxlan_gpe_next::Next;
use crate::tunnel::vxlan::decapsulate;
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Place, Router, Verdict, argument,
};
use weft_lang::Names;
use weft_lang::value::Value;
use weft_wire::vxlan_gpe::{HEADER_LEN, Header, MAX_VNI, PORT, next};

/// Registers VXLANGPEDecap.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("VNI", Place::Optional, "unsigned or any", "any"),
        argument("NEXT", Place::Keyword, "nsh, ethernet, ipv4 or ipv6", "nsh"),
    ],
    fuzz: &["", "7, NEXT ethernet", "any, NEXT ipv4"],
    ..Class::agnostic("VXLANGPEDecap", "nsh", build)
};

struct VXLANGPEDecap {
    vni: Option<u32>,
    next: u8,
    refusals: Refusals,
}

/// A VXLAN network identifier, or any.
struct Vni(Option<u32>);

impl Value for Vni {
    const EXPECTED: &'static str = "0 to 16777215, or any";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        if text == "any" {
            return Ok(Vni(None));
        }
        let vni = u32::parse(text, names).ok().filter(|vni| *vni <= MAX_VNI);
        vni.map(|vni| Vni(Some(vni)))
            .ok_or_else(|| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        Vni(None)
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let Vni(vni) = args.positional("VNI", Vni(None));
    let Next(next) = args.keyword("NEXT", Next(next::NSH));
    args.complete()?;
    Ok(Box::new(VXLANGPEDecap {
        vni,
        next,
        refusals: Refusals::default(),
    }))
}

impl VXLANGPEDecap {
    /// Where in the packet that begins with an IP header what is inside begins and ends.
    fn inside(&self, bytes: &[u8]) -> Result<(usize, usize), Refusal> {
        let datagram = Datagram::of(bytes).map_err(refusal_of)?;
        if datagram.port != PORT {
            return Err(("vxlan-port", "its UDP destination port is not 4790"));
        }
        let header: Option<&[u8; HEADER_LEN]> = datagram.payload.first_chunk();
        let header = header.copied().and_then(|h| Header::new_checked(h).ok());
        let header = header.ok_or(("vxlan-length", "it ends before its VXLAN-GPE header does"))?;
        self.check(&header)?;
        let start = datagram.headers + HEADER_LEN;
        Ok((start, datagram.headers + datagram.payload.len()))
    }

    fn check(&self, header: &Header<[u8; HEADER_LEN]>) -> Result<(), Refusal> {
        if header.version() != 0 {
            return Err(("vxlan-version", "unknown version of VXLAN-GPE"));
        }
        if !header.has_vni() {
            return Err(("vxlan-flags", "its network identifier is not there"));
        }
        if header.is_oam() {
            return Err(("vxlan-oam", "OAM packet of VXLAN-GPE"));
        }
        if self.vni.is_some_and(|vni| vni != header.vni()) {
            return Err(("vxlan-vni", "it is of another network"));
        }
        let next = match header.has_next_protocol() {
            true => header.next_protocol(),
            false => next::ETHERNET,
        };
        if next != self.next {
            return Err(("vxlan-next-protocol", "something else is inside"));
        }
        Ok(())
    }
}

impl Element for VXLANGPEDecap {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match decapsulate(packet, &router.pool, |bytes| self.inside(bytes)) {
                Ok(()) => {
                    if self.next == next::ETHERNET {
                        packet.set_mac_here();
                    }
                    Verdict::Keep
                }
                Err(refusal) => self.refusals.refuse(refusal, router),
            }
        });
    }
}
