//! Finishing what the sender's side left to hardware that a virtual link does not have: checksums,
//! segmentation of frames up to 64 KB, and VLAN tags kept beside the frame.

use crate::vnet_header::{GSO_NONE, GSO_TCP_V4, GSO_TCP_V6, GSO_UDP, NEEDS_CHECKSUM, VnetHeader};
use weft_core::{Batch, HEADROOM, PacketType, Pool};
use weft_wire::checksum::{fold, ones_complement_sum, pseudo_header_v4, pseudo_header_v6};

const TCP_FIN_PSH: u8 = 0x09;
const TCP_CWR: u8 = 0x80;
const ETHERNET: usize = 14;
const TAG: usize = 4;
/// Length of the two addresses a VLAN tag stands behind.
const ADDRESSES: usize = 12;

/// A frame as it was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawFrame<'a> {
    pub data: &'a [u8],
    pub vnet: VnetHeader,
    /// A VLAN tag that belongs between addresses and type.
    pub tag: Option<[u8; TAG]>,
    /// Nanoseconds since 1970; 0: not known.
    pub timestamp: u64,
    pub kind: PacketType,
}

/// Adds the finished frame, or its segments, to `batch`. False when it is damaged or no slot is
/// free for (all of) it.
pub(crate) fn deliver(frame: &RawFrame<'_>, pool: &mut Pool, batch: &mut Batch) -> bool {
    match frame.vnet.gso {
        GSO_NONE => deliver_whole(frame, pool, batch),
        GSO_TCP_V4 | GSO_TCP_V6 | GSO_UDP => deliver_segments(frame, pool, batch).is_some(),
        _ => false,
    }
}

#[inline]
fn deliver_whole(frame: &RawFrame<'_>, pool: &mut Pool, batch: &mut Batch) -> bool {
    let Some(mut packet) = (match frame.tag {
        None => pool.copy_in(frame.data),
        Some(tag) => copy_tagged(frame.data, tag, pool),
    }) else {
        return false;
    };
    if frame.vnet.flags & NEEDS_CHECKSUM != 0 {
        let shift = frame.tag.map_or(0, |_| TAG);
        let finished = pool
            .data_mut(&mut packet)
            .and_then(|bytes| fill_checksum(bytes, frame.vnet, shift));
        if finished.is_none() {
            pool.free(packet);
            return false;
        }
    }
    packet.set_timestamp(frame.timestamp);
    packet.set_packet_type(frame.kind);
    packet.set_mac_here();
    batch.push(packet);
    true
}

fn copy_tagged(data: &[u8], tag: [u8; TAG], pool: &mut Pool) -> Option<weft_core::Packet> {
    if data.len() < ADDRESSES {
        return pool.copy_in(data);
    }
    let mut packet = pool.alloc(data.len() + TAG, HEADROOM)?;
    let bytes = pool.data_mut(&mut packet)?;
    write_tagged(bytes, data, Some(tag));
    Some(packet)
}

/// Writes `data` to the front of `bytes`, the tag inserted.
fn write_tagged(bytes: &mut [u8], data: &[u8], tag: Option<[u8; TAG]>) {
    let Some(tag) = tag else {
        bytes[..data.len()].copy_from_slice(data);
        return;
    };
    bytes[..ADDRESSES].copy_from_slice(&data[..ADDRESSES]);
    bytes[ADDRESSES..ADDRESSES + TAG].copy_from_slice(&tag);
    bytes[ADDRESSES + TAG..data.len() + TAG].copy_from_slice(&data[ADDRESSES..]);
}

fn fill_checksum(bytes: &mut [u8], vnet: VnetHeader, shift: usize) -> Option<()> {
    let start = vnet.checksum_start + shift;
    complete_checksum(bytes, start, start + vnet.checksum_offset)
}

/// Completes a checksum at `at`, over all bytes from `start` on, whose field holds the sum of the
/// pseudo header.
pub(crate) fn complete_checksum(bytes: &mut [u8], start: usize, at: usize) -> Option<()> {
    let covered = bytes.get(start..)?;
    if at + 2 > bytes.len() {
        return None;
    }
    let sum = !fold(ones_complement_sum(covered));
    put16(bytes, at, if sum == 0 { 0xffff } else { sum });
    Some(())
}

/// Where the headers of a large frame begin and end.
struct Layout {
    network: usize,
    transport: usize,
    payload: usize,
    is_v6: bool,
    is_tcp: bool,
}

impl Layout {
    fn of(frame: &RawFrame<'_>) -> Option<Layout> {
        let data = frame.data;
        let mut network = ETHERNET;
        while matches!(data.get(network - 2..network)?, [0x81, 0x00] | [0x88, 0xa8]) {
            network += TAG;
        }
        let is_v6 = data.get(network)? >> 4 == 6;
        let is_tcp = frame.vnet.gso != GSO_UDP;
        let transport = frame.vnet.checksum_start;
        let header = if is_tcp {
            usize::from(data.get(transport + 12)? >> 4) * 4
        } else {
            8
        };
        let least = network + if is_v6 { 40 } else { 20 };
        let payload = transport.checked_add(header)?;
        let sound = transport >= least && payload < data.len() && (!is_tcp || header >= 20);
        sound.then_some(Layout {
            network,
            transport,
            payload,
            is_v6,
            is_tcp,
        })
    }
}

/// Cuts a large frame into those its sender wanted on the wire.
fn deliver_segments(frame: &RawFrame<'_>, pool: &mut Pool, batch: &mut Batch) -> Option<()> {
    let layout = Layout::of(frame)?;
    let (headers, payload) = frame.data.split_at(layout.payload);
    if frame.vnet.segment == 0 {
        return None;
    }
    let shift = frame.tag.map_or(0, |_| TAG);
    let count = payload.len().div_ceil(frame.vnet.segment);
    for (index, part) in payload.chunks(frame.vnet.segment).enumerate() {
        let length = headers.len() + part.len() + shift;
        let mut packet = pool.alloc(length, HEADROOM)?;
        let Some(bytes) = pool.data_mut(&mut packet) else {
            pool.free(packet);
            return None;
        };
        write_tagged(bytes, headers, frame.tag);
        bytes[headers.len() + shift..].copy_from_slice(part);
        let place = Segment {
            index,
            is_last: index + 1 == count,
            before: index * frame.vnet.segment,
        };
        if place.finish(&mut bytes[shift..], &layout).is_none() {
            pool.free(packet);
            return None;
        }
        packet.set_timestamp(frame.timestamp);
        packet.set_packet_type(frame.kind);
        packet.set_mac_here();
        batch.push(packet);
    }
    Some(())
}

/// Which part of the large frame a segment is.
struct Segment {
    index: usize,
    is_last: bool,
    /// Bytes of payload in the segments before.
    before: usize,
}

impl Segment {
    /// Gives the segment headers of its own. `frame` begins where the large frame's addresses would.
    fn finish(&self, frame: &mut [u8], layout: &Layout) -> Option<()> {
        let (start, end) = (layout.transport, frame.len());
        let length = end - start;
        let pseudo = if layout.is_v6 {
            let ip = frame.get_mut(layout.network..)?;
            let payload = ip.len() - 40;
            put16(ip, 4, u16::try_from(payload).ok()?);
            let source = ip.get(8..24)?.try_into().ok()?;
            let destination = ip.get(24..40)?.try_into().ok()?;
            let protocol = if layout.is_tcp { 6 } else { 17 };
            pseudo_header_v6(&source, &destination, protocol, length as u32)
        } else {
            let header = start - layout.network;
            let ip = frame.get_mut(layout.network..)?;
            let total = u16::try_from(ip.len()).ok()?;
            put16(ip, 2, total);
            let id = get16(ip, 4)?.wrapping_add(self.index as u16);
            put16(ip, 4, id);
            put16(ip, 10, 0);
            let sum = !fold(ones_complement_sum(ip.get(..header)?));
            put16(ip, 10, sum);
            let word = |at: usize| Some(u32::from_be_bytes(ip.get(at..at + 4)?.try_into().ok()?));
            pseudo_header_v4(word(12)?, word(16)?, *ip.get(9)?, length as u16)
        };
        let transport = frame.get_mut(start..)?;
        let checksum_at = if layout.is_tcp {
            self.finish_tcp(transport)?;
            16
        } else {
            put16(transport, 4, length as u16);
            6
        };
        put16(transport, checksum_at, 0);
        let sum = !fold(pseudo + ones_complement_sum(transport));
        put16(transport, checksum_at, if sum == 0 { 0xffff } else { sum });
        Some(())
    }

    fn finish_tcp(&self, tcp: &mut [u8]) -> Option<()> {
        let sequence = u32::from_be_bytes(tcp.get(4..8)?.try_into().ok()?);
        let sequence = sequence.wrapping_add(self.before as u32);
        tcp[4..8].copy_from_slice(&sequence.to_be_bytes());
        let flags = tcp.get_mut(13)?;
        if !self.is_last {
            *flags &= !TCP_FIN_PSH;
        }
        if self.index > 0 {
            *flags &= !TCP_CWR;
        }
        Some(())
    }
}

fn get16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Writes a 16-bit number; callers have checked the length.
fn put16(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(field) = bytes.get_mut(at..at + 2) {
        field.copy_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_core::PoolSize;
    use weft_wire::checksum::checksum;

    fn pool() -> Pool {
        Pool::new(PoolSize {
            small: 64,
            large: 2,
        })
        .unwrap()
    }

    /// An IPv4 frame of `protocol` with `transport` behind its header, its own checksum valid.
    fn ipv4(protocol: u8, transport: &[u8]) -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((20 + transport.len() as u16).to_be_bytes());
        frame.extend([0x12, 0xff, 0x40, 0, 64, protocol, 0, 0]);
        frame.extend([10, 0, 0, 1, 10, 0, 0, 2]);
        let sum = checksum(&frame[14..34]);
        frame[24..26].copy_from_slice(&sum.to_be_bytes());
        frame.extend(transport);
        frame
    }

    fn tcp(flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut segment = vec![0, 80, 4, 0, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 9, 0x50, flags];
        segment.extend([1, 0, 0, 0, 0, 0]);
        segment.extend(payload);
        segment
    }

    fn raw(data: &[u8], vnet: VnetHeader) -> RawFrame<'_> {
        RawFrame {
            data,
            vnet,
            tag: None,
            timestamp: 5,
            kind: PacketType::Host,
        }
    }

    fn received(frame: &RawFrame<'_>) -> Vec<Vec<u8>> {
        let mut pool = pool();
        let mut batch = Batch::new();
        assert!(deliver(frame, &mut pool, &mut batch));
        let bytes = batch.iter().map(|p| pool.data(p).to_vec()).collect();
        pool.free_all(&mut batch);
        assert_eq!(pool.in_use(), 0);
        bytes
    }

    fn transport_sum_is_valid(frame: &[u8]) -> bool {
        let length = (frame.len() - 34) as u16;
        let pseudo = pseudo_header_v4(0x0a00_0001, 0x0a00_0002, frame[23], length);
        fold(pseudo + ones_complement_sum(&frame[34..])) == 0xffff
    }

    #[test]
    fn an_untouched_frame_is_copied() {
        let frame = ipv4(17, &[1; 12]);
        assert_eq!(received(&raw(&frame, VnetHeader::default())), [frame]);
    }

    #[test]
    fn a_checksum_left_to_hardware_is_completed() {
        let mut frame = ipv4(6, &tcp(0x18, b"hello"));
        let pseudo = pseudo_header_v4(0x0a00_0001, 0x0a00_0002, 6, 25);
        frame[50..52].copy_from_slice(&fold(pseudo).to_be_bytes());
        let vnet = VnetHeader {
            flags: NEEDS_CHECKSUM,
            checksum_start: 34,
            checksum_offset: 16,
            ..VnetHeader::default()
        };
        let out = received(&raw(&frame, vnet));
        assert!(transport_sum_is_valid(&out[0]));
        let mut tagged = raw(&frame, vnet);
        tagged.tag = Some([0x81, 0, 0, 7]);
        let out = received(&tagged);
        assert_eq!(out[0][12..18], [0x81, 0, 0, 7, 0x08, 0]);
        assert!(transport_sum_is_valid(
            &[&out[0][..12], &out[0][16..]].concat()
        ));
    }

    #[test]
    fn a_large_tcp_frame_becomes_segments_that_join_up() {
        let payload: Vec<u8> = (0..2500u32).map(|i| i as u8).collect();
        let frame = ipv4(6, &tcp(0x99, &payload));
        let vnet = VnetHeader {
            flags: NEEDS_CHECKSUM,
            gso: GSO_TCP_V4,
            segment: 1000,
            checksum_start: 34,
            checksum_offset: 16,
        };
        let out = received(&raw(&frame, vnet));
        assert_eq!(
            out.iter().map(Vec::len).collect::<Vec<_>>(),
            [1054, 1054, 554]
        );
        let mut joined: Vec<u8> = Vec::new();
        for (i, segment) in out.iter().enumerate() {
            assert_eq!(checksum(&segment[14..34]), 0);
            assert!(transport_sum_is_valid(segment));
            let total = u16::from_be_bytes([segment[16], segment[17]]);
            assert_eq!(usize::from(total), segment.len() - 14);
            assert_eq!(
                u16::from_be_bytes([segment[18], segment[19]]),
                0x12ff + i as u16
            );
            let sequence = u32::from_be_bytes(segment[38..42].try_into().unwrap());
            assert_eq!(sequence, 0xffff_fffeu32.wrapping_add(1000 * i as u32));
            joined.extend(&segment[54..]);
        }
        let flags: Vec<u8> = out.iter().map(|s| s[47]).collect();
        assert_eq!(flags, [0x90, 0x10, 0x19], "CWR first, FIN and PSH last");
        assert_eq!(joined, payload);
    }

    #[test]
    fn a_large_udp_frame_becomes_datagrams() {
        let mut udp = vec![0, 1, 0, 2, 0, 0, 0, 0];
        udp.extend([7; 25]);
        let frame = ipv4(17, &udp);
        let vnet = VnetHeader {
            flags: NEEDS_CHECKSUM,
            gso: GSO_UDP,
            segment: 10,
            checksum_start: 34,
            checksum_offset: 6,
        };
        let out = received(&raw(&frame, vnet));
        assert_eq!(out.iter().map(Vec::len).collect::<Vec<_>>(), [52, 52, 47]);
        for datagram in &out {
            assert!(transport_sum_is_valid(datagram));
            let length = u16::from_be_bytes([datagram[38], datagram[39]]);
            assert_eq!(usize::from(length), datagram.len() - 34);
        }
    }

    #[test]
    fn no_header_can_make_it_panic_or_leak() {
        let mut pool = pool();
        let mut batch = Batch::new();
        let frame = ipv4(6, &tcp(0x10, &[3; 200]));
        let mut x = 1u64;
        for _ in 0..20_000 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            let mut bytes = x.to_le_bytes().to_vec();
            bytes.extend((x.rotate_left(23) as u16).to_le_bytes());
            if x & 1 == 0 {
                bytes[3] &= 1;
                bytes[5] = 0;
                bytes[7] = 0;
                bytes[9] = 0;
            }
            bytes[1] &= 7;
            let mut vnet = VnetHeader::parse(bytes[..10].try_into().unwrap());
            vnet.segment = vnet.segment.max(5);
            let cut = (x >> 40) as usize % (frame.len() + 1);
            let mut damaged = frame[..cut].to_vec();
            if let Some(byte) = damaged.get_mut((x >> 20) as usize % frame.len()) {
                *byte = x as u8;
            }
            let mut input = raw(&damaged, vnet);
            input.tag = (x & 2 == 0).then_some([0x81, 0, 0, 1]);
            deliver(&input, &mut pool, &mut batch);
            pool.free_all(&mut batch);
            assert_eq!(pool.in_use(), 0);
        }
    }

    #[test]
    fn frames_that_others_rewrite_cannot_make_it_panic_or_leak() {
        let size = PoolSize { small: 4, large: 1 };
        let mut pool = Pool::new(size).unwrap();
        let memory = std::os::fd::AsRawFd::as_raw_fd(&pool.share().unwrap());
        let mut theirs = Pool::shared(size, memory).unwrap();
        let mut slots: Vec<_> = (0..4).map(|_| theirs.copy_in(&[0; 64]).unwrap()).collect();
        let frame = ipv4(6, &tcp(0x10, &[3; 900]));
        let deliver_all = || {
            let mut batch = Batch::new();
            for round in 0..20_000 {
                let vnet = VnetHeader {
                    flags: NEEDS_CHECKSUM,
                    gso: [GSO_NONE, GSO_TCP_V4, GSO_TCP_V6, GSO_UDP][round % 4],
                    segment: 300,
                    checksum_start: 34,
                    checksum_offset: 16,
                };
                let mut input = raw(&frame, vnet);
                input.tag = (round % 8 < 4).then_some([0x81, 0, 0, 1]);
                deliver(&input, &mut pool, &mut batch);
                pool.free_all(&mut batch);
                assert_eq!(pool.in_use(), 0);
            }
        };
        std::thread::scope(|scope| {
            let delivering = scope.spawn(deliver_all);
            let mut x = 1u64;
            while !delivering.is_finished() {
                x = x.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                let slot = &mut slots[(x >> 60) as usize % 4];
                let bytes = theirs.data_mut(slot).unwrap();
                bytes[(x >> 40) as usize % 64] = (x >> 32) as u8;
                std::hint::black_box(bytes);
            }
        });
    }
}
