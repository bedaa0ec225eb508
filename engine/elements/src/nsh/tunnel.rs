//! The IP and UDP headers that packets are put into on their way through a network.

use super::refusals::Refusal;
use crate::ip::header::NO_IP_HEADER;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weft_lang::Names;
use weft_lang::value::Value;
use weft_wire::ipv4::{DONT_FRAGMENT, HeaderCopy, MORE_FRAGMENTS, OFFSET_MASK};
use weft_wire::protocol::ip::{IPV6_FRAGMENT, UDP};
use weft_wire::{checksum, ipv4, ipv6, udp};

/// An IPv4 or IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub IpAddr);

impl Value for Address {
    const EXPECTED: &'static str = "IP or IPv6 address";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let v4 = Ipv4Addr::parse(text, names).map(IpAddr::V4);
        let address = v4.or_else(|_| Ipv6Addr::parse(text, names).map(IpAddr::V6));
        address
            .map(Address)
            .map_err(|_| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

/// The two ends of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Over IPv4.
    V4 {
        /// Where it begins.
        source: u32,
        /// Where it ends.
        destination: u32,
    },
    /// Over IPv6.
    V6 {
        /// Where it begins.
        source: [u8; 16],
        /// Where it ends.
        destination: [u8; 16],
    },
}

/// What the headers of a packet in a tunnel say beside its ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outer {
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Identification, where it is IPv4.
    pub id: u16,
    /// A number of the flow inside, for routers that share flows out: the flow label, where it is IPv6.
    pub flow: u32,
    /// Source and destination port.
    pub ports: [u16; 2],
}

impl Ends {
    /// The ends of a tunnel; none where they are of different IP versions.
    pub fn between(source: IpAddr, destination: IpAddr) -> Option<Ends> {
        match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Some(Ends::V4 {
                source: source.to_bits(),
                destination: destination.to_bits(),
            }),
            (IpAddr::V6(source), IpAddr::V6(destination)) => Some(Ends::V6 {
                source: source.octets(),
                destination: destination.octets(),
            }),
            _ => None,
        }
    }

    /// Bytes of the IP header.
    pub fn ip_len(&self) -> usize {
        match self {
            Ends::V4 { .. } => ipv4::HEADER_LEN,
            Ends::V6 { .. } => ipv6::HEADER_LEN,
        }
    }

    /// The most bytes that a packet in the tunnel can have: its length has 16 bits.
    pub fn most(&self) -> usize {
        match self {
            Ends::V4 { .. } => usize::from(u16::MAX),
            Ends::V6 { .. } => ipv6::HEADER_LEN + usize::from(u16::MAX),
        }
    }

    /// Writes the headers that `packet`, at most [`Ends::most`] bytes, has room for at its start. It must not be
    /// fragmented on its way. Over IPv4 its UDP checksum is left out, as RFC 7348 recommends; over IPv6 it
    /// is there.
    ///
    /// # Errors
    /// Where there is no such room.
    pub fn write(&self, packet: &mut [u8], outer: &Outer) -> weft_wire::Result<()> {
        let payload_len = (packet.len().saturating_sub(self.ip_len())) as u16;
        self.write_ip(packet, payload_len, outer)?;
        let bytes = packet.get_mut(self.ip_len()..).unwrap_or_default();
        let mut datagram = udp::Datagram::new_checked(bytes)?;
        datagram.set_source_port(outer.ports[0]);
        datagram.set_destination_port(outer.ports[1]);
        datagram.set_length(payload_len);
        match self {
            Ends::V4 { .. } => datagram.set_checksum(0),
            Ends::V6 {
                source,
                destination,
            } => datagram.fill_checksum_v6(source, destination),
        }
        Ok(())
    }

    fn write_ip(
        &self,
        packet: &mut [u8],
        payload_len: u16,
        outer: &Outer,
    ) -> weft_wire::Result<()> {
        match *self {
            Ends::V4 {
                source,
                destination,
            } => ipv4::Repr {
                tos: 0,
                id: outer.id,
                flags_offset: DONT_FRAGMENT,
                ttl: outer.ttl,
                protocol: UDP,
                source,
                destination,
                payload_len,
            }
            .emit(packet),
            Ends::V6 {
                source,
                destination,
            } => ipv6::Repr {
                traffic_class: 0,
                flow_label: outer.flow,
                payload_len,
                next_header: UDP,
                hop_limit: outer.ttl,
                source,
                destination,
            }
            .emit(packet),
        }
    }
}

/// A UDP datagram in an IP packet, both of which are as their headers say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Datagram<'a> {
    /// Bytes before what it carries.
    pub headers: usize,
    /// Its destination port.
    pub port: u16,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Why bytes are no UDP datagram to be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoDatagram {
    /// They are no IP packet.
    NotIp,
    /// They are of another protocol.
    NotUdp,
    /// They are part of one.
    Fragment,
    /// Lengths contradict each other, or reach past the end.
    Length,
    /// The checksum is wrong.
    Checksum,
}

/// The refusal of a packet that is no datagram to be looked into.
pub(crate) fn refusal_of(fault: NoDatagram) -> Refusal {
    match fault {
        NoDatagram::NotIp => (NO_IP_HEADER, "it has no IP header where one is marked"),
        NoDatagram::NotUdp => ("vxlan-protocol", "it is not UDP"),
        NoDatagram::Fragment => ("vxlan-fragment", "it is a fragment"),
        NoDatagram::Length => (
            "vxlan-length",
            "the lengths in its headers contradict each other",
        ),
        NoDatagram::Checksum => ("vxlan-checksum", "its UDP checksum is wrong"),
    }
}

/// What an IP header says of the packet it is of.
struct Inside<'a> {
    header: usize,
    protocol: u8,
    is_fragment: bool,
    /// What follows the header.
    bytes: &'a [u8],
    /// The sum of the pseudo header without its length.
    pseudo: u64,
}

impl<'a> Datagram<'a> {
    /// The datagram in the IP packet that `bytes` begin with; what is behind the packet does not count.
    ///
    /// A checksum of 0 stands for none, over IPv6 too, as tunnels may have it (RFC 6935, RFC 7348).
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(bytes: &'a [u8]) -> Result<Self, NoDatagram> {
        let inside = match bytes.first().map(|first| first >> 4) {
            Some(4) => Inside::of_ipv4(bytes)?,
            Some(6) => Inside::of_ipv6(bytes)?,
            _ => return Err(NoDatagram::NotIp),
        };
        if inside.is_fragment {
            return Err(NoDatagram::Fragment);
        }
        if inside.protocol != UDP {
            return Err(NoDatagram::NotUdp);
        }
        let header: [u8; udp::HEADER_LEN] =
            *inside.bytes.first_chunk().ok_or(NoDatagram::Length)?;
        let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let length = word(4);
        let datagram = inside.bytes.get(..usize::from(length));
        let payload = datagram.and_then(|all| all.get(udp::HEADER_LEN..));
        let payload = payload.ok_or(NoDatagram::Length)?;
        if word(6) != 0 {
            let sum = inside.pseudo
                + u64::from(length)
                + checksum::ones_complement_sum(&header)
                + checksum::ones_complement_sum(payload);
            if checksum::fold(sum) != u16::MAX {
                return Err(NoDatagram::Checksum);
            }
        }
        Ok(Datagram {
            headers: inside.header + udp::HEADER_LEN,
            port: word(2),
            payload,
        })
    }
}

impl<'a> Inside<'a> {
    fn of_ipv4(bytes: &'a [u8]) -> Result<Self, NoDatagram> {
        let ip = HeaderCopy::of(bytes).map_err(|_| NoDatagram::NotIp)?;
        let header = ip.header_len();
        let inside = bytes.get(header..usize::from(ip.total_len()));
        Ok(Inside {
            header,
            protocol: ip.protocol(),
            is_fragment: ip.flags_offset() & (MORE_FRAGMENTS | OFFSET_MASK) != 0,
            bytes: inside.ok_or(NoDatagram::Length)?,
            pseudo: checksum::pseudo_header_v4(ip.source(), ip.destination(), UDP, 0),
        })
    }

    fn of_ipv6(bytes: &'a [u8]) -> Result<Self, NoDatagram> {
        let header: &[u8; ipv6::HEADER_LEN] = bytes.first_chunk().ok_or(NoDatagram::NotIp)?;
        let ip = ipv6::Packet::new_checked(*header).map_err(|_| NoDatagram::NotIp)?;
        let end = ipv6::HEADER_LEN + usize::from(ip.payload_len());
        let inside = bytes.get(ipv6::HEADER_LEN..end);
        Ok(Inside {
            header: ipv6::HEADER_LEN,
            protocol: ip.next_header(),
            is_fragment: ip.next_header() == IPV6_FRAGMENT,
            bytes: inside.ok_or(NoDatagram::Length)?,
            pseudo: checksum::pseudo_header_v6(&ip.source(), &ip.destination(), UDP, 0),
        })
    }
}
