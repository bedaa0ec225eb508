//! What a frame says about itself: addresses, protocol, ports, and where its payload lies. Each byte
//! of it is read once, for frames may change meanwhile.

use crate::nsh::frame::Frame;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use weft_wire::protocol::{ether, ip};
use weft_wire::{ethernet, ipv4, ipv6};

/// IPv6 extension headers that are passed over at most.
const MOST_EXTENSIONS: usize = 8;
const FRAGMENT_LEN: usize = 8;
const TCP_LEN: usize = 20;
const UDP_LEN: usize = 8;
const ICMP_LEN: usize = 8;

/// An address of either family: an IPv4 address as the IPv6 address that stands for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Address(pub u128);

impl From<Ipv4Addr> for Address {
    fn from(address: Ipv4Addr) -> Self {
        Address(address.to_ipv6_mapped().into())
    }
}

impl From<Ipv6Addr> for Address {
    fn from(address: Ipv6Addr) -> Self {
        Address(address.into())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Ipv6Addr::from(self.0).to_canonical() {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => address.fmt(f),
        }
    }
}

/// The headers of an IP packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    pub source: Address,
    pub destination: Address,
    /// The protocol behind IP and its extension headers.
    pub protocol: u8,
    /// Source and destination; 0 where there are none.
    pub ports: [u16; 2],
    /// Whether it is a fragment.
    pub is_fragment: bool,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// The identification of IPv4.
    pub id: u16,
    /// The flags of TCP.
    pub tcp_flags: u8,
    /// Sequence and acknowledgment number of TCP.
    pub tcp_numbers: [u32; 2],
    /// Type and code of ICMP.
    pub icmp: [u8; 2],
    /// Identifier and sequence number of ICMP.
    pub icmp_numbers: [u16; 2],
    /// Where in the frame the data behind the last header known lies.
    pub payload: Range<usize>,
}

impl Headers {
    /// The headers of an Ethernet frame; none where it is not IP, or is cut off in them.
    pub fn of(frame: &[u8]) -> Option<Headers> {
        let known = Frame::of(frame)?;
        let bytes = frame.get(known.payload..)?;
        let mut headers = match known.ether_type {
            ether::IPV4 => of_ipv4(bytes),
            ether::IPV6 => of_ipv6(bytes),
            _ => None,
        }?;
        headers.payload.start += known.payload;
        headers.payload.end += known.payload;
        headers.read_transport(frame)?;
        Some(headers)
    }

    /// Reads the header that the payload begins with, and leaves it out of it. A later fragment has none.
    fn read_transport(&mut self, frame: &[u8]) -> Option<()> {
        let bytes = frame.get(self.payload.clone())?;
        let length = match self.protocol {
            _ if self.is_fragment && self.ports == LATER => {
                self.ports = [0; 2];
                return Some(());
            }
            ip::TCP => self.read_tcp(bytes)?,
            ip::UDP => {
                self.ports = [read16(bytes, 0)?, read16(bytes, 2)?];
                UDP_LEN
            }
            ip::ICMP | ip::ICMPV6 => {
                self.icmp = [*bytes.first()?, *bytes.get(1)?];
                self.icmp_numbers = [read16(bytes, 4)?, read16(bytes, 6)?];
                ICMP_LEN
            }
            ip::SCTP | ip::DCCP | ip::UDPLITE => {
                self.ports = [read16(bytes, 0)?, read16(bytes, 2)?];
                0
            }
            _ => 0,
        };
        self.payload.start = (self.payload.start + length).min(self.payload.end);
        Some(())
    }

    fn read_tcp(&mut self, bytes: &[u8]) -> Option<usize> {
        let header: [u8; TCP_LEN] = *bytes.first_chunk()?;
        let length = usize::from(header[12] >> 4) * 4;
        if length < TCP_LEN || length > bytes.len() {
            return None;
        }
        self.ports = [read16(&header, 0)?, read16(&header, 2)?];
        self.tcp_numbers = [read32(&header, 4)?, read32(&header, 8)?];
        self.tcp_flags = header[13];
        Some(length)
    }
}

/// The ports that mark, until the transport header is read, a fragment which has none.
const LATER: [u16; 2] = [u16::MAX; 2];

fn of_ipv4(bytes: &[u8]) -> Option<Headers> {
    let packet = ipv4::HeaderCopy::of(bytes).ok()?;
    let start = packet.header_len();
    let end = usize::from(packet.total_len()).clamp(start, bytes.len().max(start));
    Some(Headers {
        source: Ipv4Addr::from(packet.source()).into(),
        destination: Ipv4Addr::from(packet.destination()).into(),
        protocol: packet.protocol(),
        is_fragment: packet.is_fragment(),
        ports: if packet.fragment_offset() > 0 {
            LATER
        } else {
            [0; 2]
        },
        ttl: packet.ttl(),
        id: packet.id(),
        payload: start..end,
        ..Headers::default()
    })
}

fn of_ipv6(bytes: &[u8]) -> Option<Headers> {
    let fixed: [u8; ipv6::HEADER_LEN] = *bytes.first_chunk()?;
    let packet = ipv6::Packet::new_checked(fixed).ok()?;
    let end = ipv6::HEADER_LEN + usize::from(packet.payload_len());
    let mut headers = Headers {
        source: Ipv6Addr::from(packet.source()).into(),
        destination: Ipv6Addr::from(packet.destination()).into(),
        protocol: packet.next_header(),
        ttl: packet.hop_limit(),
        payload: ipv6::HEADER_LEN..end.min(bytes.len()),
        ..Headers::default()
    };
    for _ in 0..MOST_EXTENSIONS {
        let Some(length) = extension(&mut headers, bytes)? else {
            return Some(headers);
        };
        headers.payload.start += length;
        if headers.payload.start > headers.payload.end {
            return None;
        }
    }
    Some(headers)
}

/// Length of the extension header that the payload begins with, the next header noted; `Some(None)`
/// where it begins with none.
fn extension(headers: &mut Headers, bytes: &[u8]) -> Option<Option<usize>> {
    let kind = headers.protocol;
    if !matches!(
        kind,
        ip::HOP_BY_HOP | ip::IPV6_ROUTE | ip::IPV6_DESTINATION | ip::IPV6_FRAGMENT | ip::AH
    ) || headers.ports == LATER
    {
        return Some(None);
    }
    let at = headers.payload.start;
    let [next, length, offset_high, offset_low] = *bytes.get(at..)?.first_chunk()?;
    headers.protocol = next;
    Some(Some(match kind {
        ip::IPV6_FRAGMENT => {
            headers.is_fragment = true;
            if u16::from_be_bytes([offset_high, offset_low]) >> 3 > 0 {
                headers.ports = LATER;
            }
            FRAGMENT_LEN
        }
        ip::AH => (usize::from(length) + 2) * 4,
        _ => (usize::from(length) + 1) * 8,
    }))
}

fn read16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn read32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The VLAN identifiers of a frame, outermost first.
pub(super) fn vlans(frame: &[u8]) -> Vec<u16> {
    let payload = Frame::of(frame).map_or(0, |known| known.payload);
    let tags = (ethernet::HEADER_LEN..payload).step_by(4);
    tags.filter_map(|at| read16(frame, at))
        .map(|tci| tci & 0xfff)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    const MACS: &str = "020000000002 020000000001";

    #[test]
    fn tcp_over_ipv4_behind_a_tag() {
        let frame = bytes(&format!(
            "{MACS} 8100 0064 0800 4500002a000740004006 0000 0a000001 0a000002 \
             c3500050 00000001 00000002 5018 2000 0000 0000 6869 000000"
        ));
        let headers = Headers::of(&frame).unwrap();
        assert_eq!(headers.source.to_string(), "10.0.0.1");
        assert_eq!(headers.destination.to_string(), "10.0.0.2");
        assert_eq!((headers.ports, headers.tcp_flags), ([50000, 80], 0x18));
        assert_eq!(
            (headers.id, headers.ttl, headers.tcp_numbers),
            (7, 64, [1, 2])
        );
        assert_eq!(&frame[headers.payload], b"hi");
        assert_eq!(vlans(&frame), [100]);
    }

    #[test]
    fn udp_over_ipv6_behind_extension_headers() {
        let addresses = "20010db8000000000000000000000001 20010db8000000000000000000000002";
        let frame = bytes(&format!(
            "{MACS} 86dd 60000000 001a 00 40 {addresses} \
             1100 0000 00000000  0035 d903 000a 0000 6869 00000000 0000 0000"
        ));
        let headers = Headers::of(&frame).unwrap();
        assert_eq!(headers.source.to_string(), "2001:db8::1");
        assert_eq!((headers.protocol, headers.ports), (17, [53, 0xd903]));
        assert_eq!(headers.payload.start, 14 + 40 + 8 + 8);
        let fragment = bytes(&format!(
            "{MACS} 86dd 60000000 000c 2c 40 {addresses} 1100 0008 00000000 0035d903"
        ));
        let headers = Headers::of(&fragment).unwrap();
        assert_eq!((headers.is_fragment, headers.ports), (true, [0, 0]));
        assert_eq!(&fragment[headers.payload], bytes("0035d903"));
    }

    #[test]
    fn what_is_cut_off_has_no_headers() {
        let whole = bytes(&format!(
            "{MACS} 0800 4500001c000000004011 0000 0a000001 0a000002 00350035 0008 0000"
        ));
        assert!(Headers::of(&whole).is_some());
        for length in 0..whole.len() - 4 {
            assert_eq!(Headers::of(&whole[..length]), None, "{length}");
        }
    }
}
