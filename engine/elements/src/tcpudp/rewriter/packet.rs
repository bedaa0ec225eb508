//! Reads flow identifiers from packets and writes them, checksums kept right.

use super::flow::{FlowId, fold};
use super::timeouts::{TCP, UDP};

const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// What rewriting needs to know of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Addresses and ports.
    pub id: FlowId,
    /// TCP or UDP.
    pub protocol: u8,
    /// Hash of both.
    pub hash: u32,
}

/// Flags of a TCP segment, and whether it has data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub flags: u8,
    pub has_data: bool,
}

#[inline]
fn half(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .map_or(0, |b| u16::from_be_bytes([b[0], b[1]]))
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

/// Changes a packet that [`look`] found no fault with.
#[inline]
pub(crate) fn rewrite(bytes: &mut [u8], protocol: u8, id: FlowId, deltas: (u16, u16)) {
    let header = usize::from(bytes[0] & 0xf) * 4;
    let Some((ip, transport)) = bytes.split_at_mut_checked(header) else {
        return;
    };
    let Some(ip) = ip.first_chunk_mut::<20>() else {
        return;
    };
    ip[12..20].copy_from_slice(&id.addresses.to_be_bytes());
    add(&mut ip[10..12], deltas.0);
    if protocol == TCP {
        if let Some(tcp) = transport.first_chunk_mut::<TCP_HEADER>() {
            tcp[..4].copy_from_slice(&id.ports.to_be_bytes());
            add(&mut tcp[16..18], deltas.1);
        }
    } else if let Some(udp) = transport.first_chunk_mut::<UDP_HEADER>() {
        udp[..4].copy_from_slice(&id.ports.to_be_bytes());
        // 0 says that there is no checksum; a sum of 0 is sent as its other form.
        if half(udp, 6) != 0 {
            add(&mut udp[6..8], deltas.1);
            if half(udp, 6) == 0 {
                udp[6..8].fill(0xff);
            }
        }
    }
}

/// Adds to the sum behind a checksum.
#[inline]
fn add(field: &mut [u8], delta: u16) {
    let sum = u32::from(!half(field, 0)) + u32::from(delta);
    field.copy_from_slice(&(!fold(sum)).to_be_bytes());
}

/// The TCP flags of a packet that [`look`] found no fault with.
#[inline]
pub(crate) fn segment(bytes: &[u8]) -> Segment {
    let header = usize::from(bytes[0] & 0xf) * 4;
    let byte = |at: usize| bytes.get(header + at).copied().unwrap_or(0);
    let headers = header + usize::from(byte(12) >> 4) * 4;
    Segment {
        flags: byte(13),
        has_data: headers < usize::from(half(bytes, 2)),
    }
}
