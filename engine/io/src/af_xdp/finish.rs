//! Finishing what the sender's side left to hardware that a virtual link does not have: AF_XDP does
//! not tell what that is, the frame itself does.
//!
//! A checksum left open holds the sum of the pseudo header. A frame longer than the MTU is a TCP
//! segment that its sender wanted cut; parts as long as the MTU allows are as good as those it had in
//! mind. A longer frame of another kind cannot be told apart into what it stands for.

use super::shared::Facts;
use crate::offload::{self, RawFrame, VnetHeader, complete_checksum};
use weft_core::{Batch, PacketType, Pool};
use weft_wire::checksum::{fold, pseudo_header_v4, pseudo_header_v6};

const ETHERNET: usize = 14;
const TAG: usize = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Where a TCP or UDP packet begins and ends in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transport {
    network: usize,
    start: usize,
    end: usize,
    protocol: u8,
    is_v6: bool,
}

/// Adds the finished frame, or its segments, to `batch`. False when it is damaged or no slot is free
/// for (all of) it.
pub(super) fn deliver(frame: &[u8], facts: &mut Facts, pool: &mut Pool, batch: &mut Batch) -> bool {
    let kind = kind(frame, facts.mac);
    let link = link_header(frame);
    // A frame may carry one tag more than the MTU counts.
    if facts.is_too_long(frame.len(), link.max(ETHERNET + TAG)) {
        return deliver_large(frame, facts.mtu, kind, pool, batch);
    }
    let Some(mut packet) = pool.copy_in(frame) else {
        return false;
    };
    if let Some((transport, at)) = open_checksum(frame)
        && let Some(bytes) = pool.data_mut(&mut packet)
    {
        complete_checksum(&mut bytes[..transport.end], transport.start, at);
    }
    packet.set_packet_type(kind);
    packet.set_mac_here();
    batch.push(packet);
    true
}

fn deliver_large(
    frame: &[u8],
    mtu: usize,
    kind: PacketType,
    pool: &mut Pool,
    batch: &mut Batch,
) -> bool {
    let Some(transport) = transport(frame).filter(|t| t.protocol == TCP) else {
        return false;
    };
    let Some(length) = frame.get(transport.start + 12) else {
        return false;
    };
    let headers = transport.start - transport.network + usize::from(length >> 4) * 4;
    let Some(segment) = mtu.checked_sub(headers).filter(|&segment| segment > 0) else {
        return false;
    };
    let large = RawFrame {
        data: &frame[..transport.end],
        vnet: VnetHeader::large_tcp(transport.is_v6, transport.start, segment),
        tag: None,
        timestamp: 0,
        kind,
    };
    offload::deliver(&large, pool, batch)
}

fn kind(frame: &[u8], mac: [u8; 6]) -> PacketType {
    match frame.first_chunk::<6>() {
        Some([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) => PacketType::Broadcast,
        Some([first, ..]) if first & 1 != 0 => PacketType::Multicast,
        Some(to) if *to != mac => PacketType::OtherHost,
        _ => PacketType::Host,
    }
}

/// Bytes before the packet.
fn link_header(frame: &[u8]) -> usize {
    let mut link = ETHERNET;
    while matches!(frame.get(link - 2..link), Some([0x81, 0x00] | [0x88, 0xa8])) {
        link += TAG;
    }
    link
}

fn get16(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
}

/// The TCP or UDP packet in a frame, if it is whole: no fragment.
fn transport(frame: &[u8]) -> Option<Transport> {
    let network = link_header(frame);
    let ip = frame.get(network..)?;
    let (header, length, protocol, is_v6) = match (get16(frame, network - 2)?, ip.first()?) {
        (0x0800, version) if version >> 4 == 4 => {
            if get16(ip, 6)? & 0x3fff != 0 {
                return None;
            }
            let header = usize::from(version & 15) * 4;
            (header, get16(ip, 2)?, *ip.get(9)?, false)
        }
        (0x86dd, version) if version >> 4 == 6 => (40, 40 + get16(ip, 4)?, *ip.get(6)?, true),
        _ => return None,
    };
    let least = match protocol {
        TCP => 20,
        UDP => 8,
        _ => return None,
    };
    let is_whole = header >= 20 && length >= header + least && length <= ip.len();
    is_whole.then_some(Transport {
        network,
        start: network + header,
        end: network + length,
        protocol,
        is_v6,
    })
}

/// The packet whose checksum was left open, and where the checksum is.
#[inline]
fn open_checksum(frame: &[u8]) -> Option<(Transport, usize)> {
    let found = transport(frame)?;
    let at = found.start + if found.protocol == TCP { 16 } else { 6 };
    let field = get16(frame, at)?;
    let ip = &frame[found.network..];
    let length = found.end - found.start;
    let sum = if found.is_v6 {
        let source = ip.get(8..24)?.try_into().ok()?;
        let destination = ip.get(24..40)?.try_into().ok()?;
        pseudo_header_v6(source, destination, found.protocol, length as u32)
    } else {
        let word = |at: usize| Some(u32::from_be_bytes(ip.get(at..at + 4)?.try_into().ok()?));
        pseudo_header_v4(word(12)?, word(16)?, found.protocol, length as u16)
    };
    (field == usize::from(fold(sum))).then_some((found, at))
}
