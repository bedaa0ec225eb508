//! Reads flow identifiers from packets and writes them, checksums kept right.

use super::flow::{FlowId, fold};
use super::timeouts::{ICMP, TCP, UDP};
use weft_wire::icmp::kind;

const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
const ICMP_HEADER: usize = 8;

/// What rewriting needs to know of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Addresses and ports.
    pub id: FlowId,
    /// TCP, UDP, or ICMP.
    pub protocol: u8,
    /// Hash of both.
    pub hash: u32,
}

/// Flags of a TCP segment, and whether it has data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    pub flags: u8,
    pub has_data: bool,
}

/// The flow identifier of the packet whose IP header `bytes` begins with.
///
/// # Errors
/// Why it has none: the reason it is dropped for.
#[inline]
pub(crate) fn look(bytes: &[u8]) -> Result<(FlowId, u8), &'static str> {
    let Some(ip) = bytes.first_chunk::<20>() else {
        return Err("too-short");
    };
    let header = usize::from(ip[0] & 0xf) * 4;
    if ip[0] >> 4 != 4 || header < 20 {
        return Err("bad-ip-header");
    }
    let protocol = ip[9];
    let needed = match protocol {
        TCP => TCP_HEADER,
        UDP => UDP_HEADER,
        _ => return Err("not-tcp-or-udp"),
    };
    if u16::from_be_bytes([ip[6], ip[7]]) & 0x1fff != 0 {
        return Err("fragment");
    }
    if bytes.len() < header + needed {
        return Err("too-short");
    }
    let mut addresses = [0; 8];
    addresses.copy_from_slice(&ip[12..20]);
    let transport = bytes[header..].first_chunk::<4>().ok_or("too-short")?;
    let id = FlowId {
        addresses: u64::from_be_bytes(addresses),
        ports: u32::from_be_bytes(*transport),
    };
    Ok((id, protocol))
}

/// As [`look`], of an echo request or reply.
///
/// # Errors
/// Why it is none: the reason it is dropped for.
pub(crate) fn look_at_echo(bytes: &[u8]) -> Result<(FlowId, u8), &'static str> {
    let Some(ip) = bytes.first_chunk::<20>() else {
        return Err("too-short");
    };
    let header = usize::from(ip[0] & 0xf) * 4;
    if ip[0] >> 4 != 4 || header < 20 {
        return Err("bad-ip-header");
    }
    if ip[9] != ICMP {
        return Err("not-echo");
    }
    if u16::from_be_bytes([ip[6], ip[7]]) & 0x1fff != 0 {
        return Err("fragment");
    }
    let message = bytes.get(header..).and_then(|m| m.first_chunk());
    let message: &[u8; ICMP_HEADER] = message.ok_or("too-short")?;
    let address = |at: usize| u32::from_be_bytes([ip[at], ip[at + 1], ip[at + 2], ip[at + 3]]);
    echo_id(address(12), address(16), message)
        .ok_or("not-echo")
        .map(|id| (id, ICMP))
}

/// Addresses and ports of a packet with an IP header of `header` bytes, whatever its protocol.
pub(crate) fn look_at_ports(bytes: &[u8], header: usize) -> Option<FlowId> {
    let addresses = bytes.get(12..)?.first_chunk::<8>()?;
    let ports = bytes.get(header..)?.first_chunk::<4>()?;
    Some(FlowId {
        addresses: u64::from_be_bytes(*addresses),
        ports: u32::from_be_bytes(*ports),
    })
}

/// What identifies an echo request or reply between these addresses, if `message` is one.
pub(crate) fn echo_id(source: u32, destination: u32, message: &[u8; 8]) -> Option<FlowId> {
    let identifier = u16::from_be_bytes([message[4], message[5]]);
    match message[0] {
        kind::ECHO => Some(FlowId::new(source, identifier, destination, 0)),
        kind::ECHO_REPLY => Some(FlowId::new(source, 0, destination, identifier)),
        _ => None,
    }
}

/// Changes a packet that [`look`] or [`look_at_echo`] found no fault with; what it is, if it is a TCP segment.
#[inline]
pub(crate) fn rewrite(
    bytes: &mut [u8],
    protocol: u8,
    id: FlowId,
    (ip_delta, delta): (u16, u16),
) -> Segment {
    let Some((ip, rest)) = bytes.split_first_chunk_mut::<20>() else {
        return Segment::default();
    };
    let length = u16::from_be_bytes([ip[2], ip[3]]);
    let header = usize::from(ip[0] & 0xf) * 4;
    ip[12..20].copy_from_slice(&id.addresses.to_be_bytes());
    let sum = added([ip[10], ip[11]], ip_delta);
    ip[10..12].copy_from_slice(&sum);
    let transport = rest
        .get_mut(header.saturating_sub(20)..)
        .unwrap_or_default();
    if protocol == TCP {
        let Some(tcp) = transport.first_chunk_mut::<TCP_HEADER>() else {
            return Segment::default();
        };
        tcp[..4].copy_from_slice(&id.ports.to_be_bytes());
        let sum = added([tcp[16], tcp[17]], delta);
        tcp[16..18].copy_from_slice(&sum);
        let headers = header + usize::from(tcp[12] >> 4) * 4;
        return Segment {
            flags: tcp[13],
            has_data: headers < usize::from(length),
        };
    }
    if protocol == ICMP {
        if let Some(echo) = transport.first_chunk_mut::<ICMP_HEADER>() {
            echo[4..6].copy_from_slice(&id.identifier().to_be_bytes());
            let sum = added([echo[2], echo[3]], delta);
            echo[2..4].copy_from_slice(&sum);
        }
        return Segment::default();
    }
    if let Some(udp) = transport.first_chunk_mut::<UDP_HEADER>() {
        udp[..4].copy_from_slice(&id.ports.to_be_bytes());
        // 0 says that there is no checksum; a sum of 0 is sent as its other form.
        if [udp[6], udp[7]] != [0, 0] {
            let sum = match added([udp[6], udp[7]], delta) {
                [0, 0] => [0xff, 0xff],
                sum => sum,
            };
            udp[6..8].copy_from_slice(&sum);
        }
    }
    Segment::default()
}

/// A checksum after `delta` was added to the sum behind it.
#[inline]
fn added(checksum: [u8; 2], delta: u16) -> [u8; 2] {
    let sum = u32::from(!u16::from_be_bytes(checksum)) + u32::from(delta);
    (!fold(sum)).to_be_bytes()
}
