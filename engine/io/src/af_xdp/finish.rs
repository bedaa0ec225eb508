//! Finishing what the sender's side left to hardware that a virtual link does not have: AF_XDP does
//! not tell what that is, the frame itself does.
//!
//! A checksum left open holds the sum of the pseudo header. A frame longer than the MTU is a TCP
//! segment that its sender wanted cut; parts as long as the MTU allows are as good as those it had in
//! mind. A longer frame of another kind cannot be told apart into what it stands for.

use super::shared::Facts;
use crate::offload::{self, RawFrame, complete_checksum};
use crate::vnet_header::VnetHeader;
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
    let packet = frame.len().saturating_sub(link_header(frame));
    let longest = facts.cut_at(packet);
    if packet > longest {
        if let Some(transport) = transport(frame).filter(|t| t.protocol == TCP) {
            return deliver_large(frame, transport, longest, kind, pool, batch);
        }
        // A frame may carry one tag more than the MTU counts.
        if facts.is_too_long(frame.len(), ETHERNET + TAG) {
            return false;
        }
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

/// Cuts a TCP segment into packets of at most `longest` bytes.
fn deliver_large(
    frame: &[u8],
    transport: Transport,
    longest: usize,
    kind: PacketType,
    pool: &mut Pool,
    batch: &mut Batch,
) -> bool {
    let Some(length) = frame.get(transport.start + 12) else {
        return false;
    };
    let headers = transport.start - transport.network + usize::from(length >> 4) * 4;
    let Some(segment) = longest.checked_sub(headers).filter(|&segment| segment > 0) else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use weft_core::PoolSize;
    use weft_wire::checksum::{checksum, ones_complement_sum};

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];

    fn facts(mtu: usize) -> Facts {
        Facts::assumed(mtu, MAC)
    }

    /// An IPv4 frame, its own checksum valid, that of `transport` as it stands.
    fn ipv4(protocol: u8, fragment: u16, transport: &[u8]) -> Vec<u8> {
        let mut frame = MAC.to_vec();
        frame.extend([2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45, 0]);
        frame.extend((20 + transport.len() as u16).to_be_bytes());
        frame.extend([0x12, 0x34]);
        frame.extend(fragment.to_be_bytes());
        frame.extend([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        let sum = checksum(&frame[14..34]);
        frame[24..26].copy_from_slice(&sum.to_be_bytes());
        frame.extend(transport);
        frame
    }

    fn ipv6(transport: &[u8]) -> Vec<u8> {
        let mut frame = MAC.to_vec();
        frame.extend([2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend((transport.len() as u16).to_be_bytes());
        frame.extend([TCP, 64]);
        frame.extend([0xfd; 16]);
        frame.extend([0xfe; 16]);
        frame.extend(transport);
        frame
    }

    fn tcp(payload: &[u8]) -> Vec<u8> {
        let mut segment = vec![0, 80, 4, 0, 0, 0, 0, 1, 0, 0, 0, 9, 0x50, 0x18, 1, 0];
        segment.extend([0, 0, 0, 0]);
        segment.extend(payload);
        segment
    }

    fn udp(payload: &[u8]) -> Vec<u8> {
        let mut datagram = vec![0, 1, 0, 2];
        datagram.extend((8 + payload.len() as u16).to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(payload);
        datagram
    }

    fn pseudo(frame: &[u8], start: usize, end: usize) -> u64 {
        let protocol = if frame[start - 1] == 0xfe {
            TCP
        } else {
            frame[23]
        };
        if frame[14] >> 4 == 6 {
            let (source, to) = (&[0xfd; 16], &[0xfe; 16]);
            return pseudo_header_v6(source, to, protocol, (end - start) as u32);
        }
        pseudo_header_v4(0x0a00_0001, 0x0a00_0002, protocol, (end - start) as u16)
    }

    /// Leaves the checksum at `at` open, as senders do.
    fn opened(mut frame: Vec<u8>, start: usize, at: usize) -> Vec<u8> {
        let sum = fold(pseudo(&frame, start, frame.len()));
        frame[at..at + 2].copy_from_slice(&sum.to_be_bytes());
        frame
    }

    fn sum_is_valid(frame: &[u8], start: usize, end: usize) -> bool {
        fold(pseudo(frame, start, end) + ones_complement_sum(&frame[start..end])) == 0xffff
    }

    fn delivered(frame: &[u8], mtu: usize) -> Option<Vec<Vec<u8>>> {
        let size = PoolSize {
            small: 64,
            large: 2,
        };
        let mut pool = Pool::new(size).unwrap();
        let mut batch = Batch::new();
        let is_good = deliver(frame, &mut facts(mtu), &mut pool, &mut batch);
        let frames = batch.iter().map(|p| pool.data(p).to_vec()).collect();
        pool.free_all(&mut batch);
        assert_eq!(pool.in_use(), 0);
        is_good.then_some(frames)
    }

    #[test]
    fn an_open_checksum_is_completed() {
        for (frame, start, at) in [
            (ipv4(TCP, 0, &tcp(b"odd")), 34, 50),
            (ipv4(UDP, 0, &udp(b"even")), 34, 40),
            (ipv6(&tcp(b"six")), 54, 70),
        ] {
            let frame = opened(frame, start, at);
            let [finished] = &delivered(&frame, 1500).unwrap()[..] else {
                panic!("one frame");
            };
            assert!(!sum_is_valid(&frame, start, frame.len()));
            assert!(sum_is_valid(finished, start, finished.len()));
            assert_eq!(finished[..at], frame[..at]);
            assert_eq!(finished[at + 2..], frame[at + 2..]);
        }
    }

    #[test]
    fn padding_behind_the_packet_is_left_out_of_the_checksum() {
        let mut frame = opened(ipv4(UDP, 0, &udp(b"pad")), 34, 40);
        let end = frame.len();
        frame.extend([0x55; 15]);
        let finished = &delivered(&frame, 1500).unwrap()[0];
        assert!(sum_is_valid(finished, 34, end));
        assert_eq!(finished[end..], [0x55; 15]);
    }

    #[test]
    fn all_other_frames_stay_as_they_are() {
        let completed = delivered(&opened(ipv4(TCP, 0, &tcp(b"x")), 34, 50), 1500).unwrap();
        let mut wrong = ipv4(TCP, 0, &tcp(b"x"));
        wrong[50] = 0x77;
        let without_sum = ipv4(UDP, 0, &udp(b"none"));
        let fragment = opened(ipv4(UDP, 0x2000, &udp(b"first part")), 34, 40);
        let mut short = opened(ipv4(TCP, 0, &tcp(b"cut off")), 34, 50);
        short.truncate(40);
        let others = [wrong, without_sum, fragment, short, vec![1; 20], vec![7]];
        for frame in completed.into_iter().chain(others) {
            assert_eq!(delivered(&frame, 1500).unwrap(), [frame]);
        }
    }

    #[test]
    fn no_bytes_can_harm_it() {
        let whole = opened(ipv4(TCP, 0, &tcp(&[7; 3000])), 34, 50);
        for length in (0..70).chain([1514, 1600, 3000]) {
            delivered(&whole[..length], 1500);
        }
        for value in 0..=255 {
            for at in 12..60 {
                let mut frame = whole.clone();
                frame[at] = value;
                delivered(&frame, 1500);
                delivered(&frame[..200], 1500);
            }
        }
    }

    #[test]
    fn a_large_tcp_frame_is_cut_to_the_mtu() {
        let payload: Vec<u8> = (0..4000u16).map(|n| n as u8).collect();
        let frames = delivered(&ipv4(TCP, 0, &tcp(&payload)), 1500).unwrap();
        let lengths: Vec<usize> = frames.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1514, 1514, 54 + 4000 - 2 * 1460]);
        assert!(frames.iter().all(|f| sum_is_valid(f, 34, f.len())));
        let joined: Vec<u8> = frames.iter().flat_map(|f| f[54..].to_vec()).collect();
        assert_eq!(joined, payload);
    }

    #[test]
    fn room_for_tags_does_not_make_packets_longer() {
        let segment = ipv4(TCP, 0, &tcp(&[7; 1500]));
        let lengths = |mtu| -> Vec<usize> {
            let frames = delivered(&segment, mtu).unwrap();
            frames.iter().map(Vec::len).collect()
        };
        assert_eq!(lengths(1600), [1514, 94]);
        assert_eq!(lengths(9000), [1554]);
        let datagram = ipv4(UDP, 0, &udp(&[7; 1500]));
        assert_eq!(delivered(&datagram, 1600).unwrap(), [datagram]);
    }

    #[test]
    fn a_large_frame_of_another_kind_is_refused() {
        assert_eq!(delivered(&ipv4(UDP, 0, &udp(&[1; 3000])), 1500), None);
        assert_eq!(delivered(&[1; 3000], 1500), None);
        let tagged = [&[2; 12][..], &[0x81, 0, 0, 5], &[9; 1502]].concat();
        assert!(delivered(&tagged, 1500).is_some(), "a tag comes on top");
    }

    #[test]
    fn frames_are_told_apart_by_whom_they_go_to() {
        let to = |mac: [u8; 6]| kind(&[&mac[..], &[0; 8]].concat(), MAC);
        assert_eq!(to(MAC), PacketType::Host);
        assert_eq!(to([2, 0, 0, 0, 0, 8]), PacketType::OtherHost);
        assert_eq!(to([0x33, 0x33, 0, 0, 0, 1]), PacketType::Multicast);
        assert_eq!(to([0xff; 6]), PacketType::Broadcast);
    }
}
