//! # VXLANEncap(SRC, DST, [VNI, *keywords* TTL, MTU, DPORT, SPORT])
//!
//! Puts Ethernet frames into VXLAN (RFC 7348), over UDP and IPv4 or IPv6.
//!
//! Over IPv4 the header forbids to fragment the packet and the UDP checksum is 0; over IPv6 there is one. The outer IP header is marked,
//! and over IPv4 the destination annotation set: a routing lookup or an ARPQuerier ordinarily follows.
//!
//! ## Ports
//! One agnostic input, for Ethernet frames. Output 0: IP packets. Output 1, push, if there is one: frames longer than MTU,
//! unchanged; they are dropped as `mtu` otherwise. A [PacketTooBig](PacketTooBig.md) follows there, ordinarily. Frames shorter than an
//! Ethernet header are dropped as `no-frame`.
//!
//! ## Arguments
//! - `SRC` *IP or IPv6 address*: this end of the tunnel.
//! - `DST` *IP or IPv6 address*: the other end.
//! - `VNI` *unsigned* (0): VXLAN network identifier, at most 16777215.
//! - `TTL` *unsigned* (64): time to live, or hop limit, 1 to 255.
//! - `MTU` *unsigned* (0): the most bytes of a frame behind its Ethernet header, VLAN tags included; 0: as many as the outer packet
//!   can have. The outer packet is 50 bytes longer over IPv4, and 70 over IPv6.
//! - `DPORT` *port* (4789): the UDP destination port.
//! - `SPORT` *port* (0): the UDP source port; 0: 49152 to 65535, by the flow of the frame, so that routers that share
//!   flows out over links keep each together (RFC 7348, section 5).
//!
//! ## Example
//! ```click
//! Idle -> VXLANEncap(192.0.2.1, 192.0.2.9, 7, MTU 1450)
//!     -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> Discard;
//! ```
//!
//! ## See also
//! VXLANDecap, PacketTooBig, VXLANGPEEncap

use super::vxlan::{Sender, headers_len};
use crate::nsh::flow::hash_of_frame;
use crate::nsh::refusals::Refusals;
use crate::nsh::tunnel::{Address, Ends};
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Pool, Router, Verdict,
    argument,
};
use weft_wire::ethernet;
use weft_wire::vxlan_gpe::{HEADER_LEN, MAX_VNI};

/// The flag that the network identifier is there.
const HAS_VNI: u8 = 0x08;
/// The UDP port of VXLAN.
pub(super) const PORT: u16 = 4789;

/// Registers VXLANEncap.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Sets,
    arguments: &[
        argument("SRC", Place::Mandatory, "IP or IPv6 address", ""),
        argument("DST", Place::Mandatory, "IP or IPv6 address", ""),
        argument("VNI", Place::Optional, "unsigned", "0"),
        argument("TTL", Place::Keyword, "unsigned", "64"),
        argument("MTU", Place::Keyword, "unsigned", "0"),
        argument("DPORT", Place::Keyword, "port", "4789"),
        argument("SPORT", Place::Keyword, "port", "0"),
    ],
    fuzz: &[
        "10.0.0.1, 10.0.0.2",
        "10.0.0.1, 10.0.0.2, 7, MTU 100, SPORT 4789",
        "2001:db8::1, 2001:db8::2, 16777215, TTL 1",
    ],
    ..Class::agnostic("VXLANEncap", "tunnel", build)
};

struct VXLANEncap {
    ends: Ends,
    header: [u8; HEADER_LEN],
    /// The most bytes of a frame.
    most: usize,
    sender: Sender,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let Address(source) = args.mandatory("SRC");
    let Address(destination) = args.mandatory("DST");
    let vni: u32 = args.positional("VNI", 0);
    let ttl: u32 = args.keyword("TTL", 64);
    let mtu: u32 = args.keyword("MTU", 0);
    let port: u32 = args.keyword("DPORT", PORT.into());
    let source_port: u32 = args.keyword("SPORT", 0);
    args.within("VNI", vni, 0, MAX_VNI);
    args.within("TTL", ttl, 1, 255);
    args.within("DPORT", port, 1, u16::MAX.into());
    args.within("SPORT", source_port, 0, u16::MAX.into());
    let ends = Ends::between(source, destination);
    if ends.is_none() {
        args.argument_error("DST", "should be of the same IP version as SRC");
    }
    args.complete()?;
    let ends = ends.ok_or_else(Vec::new)?;
    let room = ends.most() - headers_len(&ends);
    let most = match mtu {
        0 => room,
        mtu => room.min(mtu as usize + ethernet::HEADER_LEN),
    };
    let source_port = Some(source_port as u16).filter(|port| *port > 0);
    Ok(Box::new(VXLANEncap {
        ends,
        header: header(vni),
        most,
        sender: Sender::new(ttl as u8, port as u16, source_port),
        refusals: Refusals::default(),
    }))
}

/// The header of a frame of a network.
fn header(vni: u32) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = (vni << 8).to_be_bytes();
    [HAS_VNI, 0, 0, 0, a, b, c, d]
}

impl VXLANEncap {
    /// Puts a frame into the tunnel.
    ///
    /// # Errors
    /// The reason to refuse it for.
    #[inline]
    fn encapsulate(&mut self, packet: &mut Packet, pool: &mut Pool) -> Result<(), &'static str> {
        if packet.len() < ethernet::HEADER_LEN {
            return Err("no-frame");
        }
        if packet.len() > self.most {
            return Err("mtu");
        }
        let flow = hash_of_frame(pool.data(packet));
        self.sender
            .encapsulate(packet, pool, &self.ends, &self.header, flow)
    }
}

/// What is told of frames that are refused.
fn text_of(reason: &str) -> &'static str {
    match reason {
        "mtu" => "it is longer than the MTU",
        "no-frame" => "it is shorter than an Ethernet header",
        _ => "no memory is left",
    }
}

impl Element for VXLANEncap {
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
