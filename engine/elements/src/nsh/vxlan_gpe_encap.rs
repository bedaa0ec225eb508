//! # VXLANGPEEncap(SRC, DST, [VNI, *keywords* TTL, MTU, NEXT, SPORT])
//!
//! Puts packets into VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), over UDP and IPv4 or IPv6, ordinarily packets with a Network
//! Service Header (RFC 8300).
//!
//! Over IPv4 the header forbids to fragment the packet and the UDP checksum is 0; over IPv6 there is one. Congestion is not marked in
//! the outer header (its ECN field is 0). The outer IP header is marked, and over IPv4 the destination annotation set: an ARPQuerier or a
//! routing lookup ordinarily follows.
//!
//! ## Ports
//! One agnostic input, for packets that begin with what NEXT says. Output 0: packets in VXLAN-GPE. Output 1, push, if there
//! is one: packets that would be longer than MTU, unchanged; they are dropped as `mtu` otherwise. Packets that do not begin with
//! a marked Network Service Header are dropped as `no-nsh-header`, those of the wrong IP version as
//! `vxlan-next-protocol`, those without a destination as `vxlan-no-destination`.
//!
//! ## Arguments
//! - `SRC` *IP or IPv6 address*: this end of the tunnel.
//! - `DST` *IP or IPv6 address*: the other end; 0: the destination annotation, which is IPv4 (see [NSHForwarder](NSHForwarder.md)).
//! - `VNI` *unsigned* (0): VXLAN network identifier, at most 16777215.
//! - `TTL` *unsigned* (64): time to live, or hop limit, 1 to 255.
//! - `MTU` *unsigned* (0): the most bytes of the outer IP packet; 0: as many as its length can tell.
//! - `NEXT` *nsh, ethernet, ipv4 or ipv6* (nsh): what packets are.
//! - `SPORT` *port or auto* (auto): the UDP source port; `auto`: 49152 to 65535, by what is inside, so that routers that share flows
//!   out over links keep each together (RFC 7348, section 5): the service path, or the flow of frames and IP packets.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14) -> NSHForwarder(10/255 => 0 VXLANGPE 192.0.2.9)
//!     -> VXLANGPEEncap(192.0.2.1, 0, MTU 1500)
//!     -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> Discard;
//! ```
//!
//! ## See also
//! VXLANGPEDecap, NSHForwarder, NSHEncap

use super::flow::{Flow, hash, hash_of_frame};
use super::refusals::Refusals;
use super::tunnel::{Address, Ends};
use super::vxlan_gpe_next::Next;
use super::{NO_NSH_HEADER, NO_NSH_HEADER_TEXT};
use crate::tunnel::vxlan::{Sender, headers_len};
use std::net::IpAddr;
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Pool, Router, Verdict,
    argument,
};
use weft_lang::Names;
use weft_lang::value::Value;
use weft_wire::nsh;
use weft_wire::vxlan_gpe::{self, HEADER_LEN, MAX_VNI, next};

/// Registers VXLANGPEEncap.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Sets,
    arguments: &[
        argument("SRC", Place::Mandatory, "IP or IPv6 address", ""),
        argument("DST", Place::Mandatory, "IP or IPv6 address, or 0", ""),
        argument("VNI", Place::Optional, "unsigned", "0"),
        argument("TTL", Place::Keyword, "unsigned", "64"),
        argument("MTU", Place::Keyword, "unsigned", "0"),
        argument("NEXT", Place::Keyword, "nsh, ethernet, ipv4 or ipv6", "nsh"),
        argument("SPORT", Place::Keyword, "port or auto", "auto"),
    ],
    fuzz: &[
        "10.0.0.1, 0",
        "10.0.0.1, 10.0.0.2, 7, NEXT ethernet, MTU 150, SPORT 4790",
        "2001:db8::1, 2001:db8::2, NEXT ethernet, TTL 1",
        "2001:db8::1, 2001:db8::2, 16777215, MTU 200",
        "10.0.0.1, 10.0.0.2, NEXT ipv4",
        "10.0.0.1, 10.0.0.2, NEXT ipv6",
    ],
    ..Class::agnostic("VXLANGPEEncap", "nsh", build)
};

struct VXLANGPEEncap {
    /// Over IPv4 the destination is that of the annotation where it is 0.
    ends: Ends,
    header: [u8; HEADER_LEN],
    /// The most bytes of the outer packet.
    most: usize,
    next: u8,
    sender: Sender,
    refusals: Refusals,
}

/// Where packets go: an address, or what the annotation says.
struct Destination(Option<IpAddr>);

impl Value for Destination {
    const EXPECTED: &'static str = "IP or IPv6 address, or 0";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        if text == "0" {
            return Ok(Destination(None));
        }
        let address = Address::parse(text, names);
        address
            .map(|Address(address)| Destination(Some(address)))
            .map_err(|_| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        Destination(None)
    }
}

/// A UDP port, or none where each flow has one.
struct SourcePort(Option<u16>);

impl Value for SourcePort {
    const EXPECTED: &'static str = "a port (1 to 65535) or auto";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        if text == "auto" {
            return Ok(SourcePort(None));
        }
        let port = u16::parse(text, names).ok().filter(|port| *port > 0);
        port.map(|port| SourcePort(Some(port)))
            .ok_or_else(|| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        SourcePort(None)
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let Address(source) = args.mandatory("SRC");
    let Destination(destination) = args.mandatory("DST");
    let vni: u32 = args.positional("VNI", 0);
    let ttl: u32 = args.keyword("TTL", 64);
    let mtu: u32 = args.keyword("MTU", 0);
    let Next(next) = args.keyword("NEXT", Next(next::NSH));
    let SourcePort(source_port) = args.keyword("SPORT", SourcePort(None));
    args.within("VNI", vni, 0, MAX_VNI);
    args.within("TTL", ttl, 1, 255);
    let ends = ends(source, destination).unwrap_or_else(|problem| {
        args.argument_error("DST", problem);
        Ends::V4 {
            source: 0,
            destination: 0,
        }
    });
    args.complete()?;
    let most = match mtu {
        0 => ends.most(),
        mtu => ends.most().min(mtu as usize),
    };
    Ok(Box::new(VXLANGPEEncap {
        ends,
        header: vxlan_gpe::header(vni, next),
        most,
        next,
        sender: Sender::new(ttl as u8, vxlan_gpe::PORT, source_port),
        refusals: Refusals::default(),
    }))
}

fn ends(source: IpAddr, destination: Option<IpAddr>) -> Result<Ends, &'static str> {
    match (source, destination) {
        (IpAddr::V4(source), None) => Ok(Ends::V4 {
            source: source.to_bits(),
            destination: 0,
        }),
        (IpAddr::V6(_), None) => {
            Err("should be an IPv6 address, as SRC is one: the destination annotation is IPv4")
        }
        (source, Some(destination)) => {
            Ends::between(source, destination).ok_or("should be of the same IP version as SRC")
        }
    }
}

/// What a packet's flow is told by: its service path, or addresses and ports.
///
/// # Errors
/// The reason to drop the packet for: it is not of protocol `next`.
#[inline]
fn flow_of(packet: &Packet, pool: &Pool, next: u8) -> Result<u32, &'static str> {
    let bytes = pool.data(packet);
    match next {
        next::NSH => {
            let is_marked = packet.network() == Some(packet.offset());
            let fixed: Option<&[u8; nsh::FIXED_LEN]> = bytes.first_chunk();
            let fixed = fixed.filter(|_| is_marked).ok_or(NO_NSH_HEADER)?;
            let path = u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]);
            Ok(hash([path.into()]))
        }
        next::ETHERNET => Ok(hash_of_frame(bytes)),
        next::IPV4 => Flow::of_ipv4(bytes).map_or(Err("vxlan-next-protocol"), |f| Ok(f.hash())),
        _ => Flow::of_ipv6(bytes).map_or(Err("vxlan-next-protocol"), |f| Ok(f.hash())),
    }
}

impl VXLANGPEEncap {
    /// The ends of the tunnel that a packet goes through.
    #[inline]
    fn ends_for(&self, packet: &Packet) -> Result<Ends, &'static str> {
        let Ends::V4 {
            source,
            destination,
        } = self.ends
        else {
            return Ok(self.ends);
        };
        let destination = match destination {
            0 => packet.destination(),
            fixed => fixed,
        };
        if destination == 0 {
            return Err("vxlan-no-destination");
        }
        Ok(Ends::V4 {
            source,
            destination,
        })
    }

    /// Puts a packet into the tunnel.
    ///
    /// # Errors
    /// The reason to refuse it for.
    #[inline]
    fn encapsulate(&mut self, packet: &mut Packet, pool: &mut Pool) -> Result<(), &'static str> {
        let flow = flow_of(packet, pool, self.next)?;
        let ends = self.ends_for(packet)?;
        if packet.len() + headers_len(&ends) > self.most {
            return Err("mtu");
        }
        self.sender
            .encapsulate(packet, pool, &ends, &self.header, flow)
    }
}

/// What is told of packets that are refused.
fn text_of(reason: &str) -> &'static str {
    match reason {
        "mtu" => "it is longer than the MTU in VXLAN-GPE",
        "vxlan-next-protocol" => "it is no packet of the IP version NEXT says",
        "vxlan-no-destination" => "its destination annotation is 0",
        NO_NSH_HEADER => NO_NSH_HEADER_TEXT,
        _ => "no memory is left",
    }
}

impl Element for VXLANGPEEncap {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match self.encapsulate(packet, &mut router.pool) {
                Ok(()) => Verdict::Keep,
                Err("mtu") if router.is_connected(1) => Verdict::Emit(1, "mtu"),
                Err(reason) => {
                    self.refusals.tell(reason, text_of(reason), router);
                    Verdict::Drop(reason)
                }
            }
        });
    }
}
