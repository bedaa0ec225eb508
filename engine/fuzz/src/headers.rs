//! Valid packets of many kinds, to be changed until they are not.

use crate::entropy::Entropy;
use weft_wire::{checksum, icmp, ipv4, tcp, udp};

const ADDRESSES: [u32; 6] = [
    0x0a00_0001,
    0x0a00_0002,
    0x0a01_0203,
    0xc000_0201,
    0xe000_0001,
    0xffff_ffff,
];
const PORTS: [u16; 6] = [7, 22, 53, 80, 443, 4000];
const ETHER_IP: u16 = 0x0800;
const ETHER_ARP: u16 = 0x0806;
const ETHER_IP6: u16 = 0x86dd;
const ETHER_VLAN: u16 = 0x8100;

/// A frame, with where its network header begins and how long that is.
pub struct Frame {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Length of the link-level header.
    pub link: usize,
    /// Length of the network header.
    pub network: usize,
}

/// A valid frame.
pub fn frame(entropy: &mut Entropy<'_>) -> Frame {
    let (kind, network, payload) = match entropy.below(8) {
        0 => (ETHER_ARP, 28, arp(entropy)),
        1 => (ETHER_IP6, 40, ip6(entropy)),
        _ => {
            let (header, packet) = ip_packet(entropy);
            (ETHER_IP, header, packet)
        }
    };
    let mut bytes = mac(entropy);
    bytes.extend(mac(entropy));
    if entropy.once_in(4) {
        bytes.extend(ETHER_VLAN.to_be_bytes());
        bytes.extend(entropy.short().to_be_bytes());
    }
    bytes.extend(kind.to_be_bytes());
    let link = bytes.len();
    bytes.extend(payload);
    Frame {
        bytes,
        link,
        network,
    }
}

pub(crate) fn mac(entropy: &mut Entropy<'_>) -> Vec<u8> {
    match entropy.below(3) {
        0 => vec![0xff; 6],
        1 => vec![2, 0, 0, 0, 0, 1],
        _ => entropy.bytes(6),
    }
}

fn arp(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 1 + entropy.below(2) as u8];
    for _ in 0..2 {
        packet.extend(mac(entropy));
        packet.extend(entropy.pick(&ADDRESSES).to_be_bytes());
    }
    packet
}

pub(crate) fn ip6(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let length = entropy.below(200);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((length as u16).to_be_bytes());
    packet.extend([*entropy.pick(&[6, 17, 58, 0, 44]), 64]);
    packet.extend(entropy.bytes(32 + length));
    packet
}

/// An IPv4 packet and the length of its header.
pub(crate) fn ip_packet(entropy: &mut Entropy<'_>) -> (usize, Vec<u8>) {
    let options = options(entropy);
    let (source, target) = (*entropy.pick(&ADDRESSES), *entropy.pick(&ADDRESSES));
    let (protocol, payload) = match entropy.below(4) {
        0 => (6, tcp(entropy, source, target)),
        1 => (17, udp(entropy, source, target)),
        2 => (1, icmp(entropy)),
        _ => {
            let count = entropy.below(60);
            (entropy.byte(), entropy.bytes(count))
        }
    };
    let header = 20 + options.len();
    let mut packet = vec![0x40 | (header / 4) as u8, entropy.byte()];
    packet.extend(((header + payload.len()) as u16).to_be_bytes());
    packet.extend(entropy.short().to_be_bytes());
    let flags = if entropy.once_in(4) {
        entropy.short()
    } else {
        0
    };
    packet.extend(flags.to_be_bytes());
    packet.extend([*entropy.pick(&[0, 1, 2, 64, 255]), protocol, 0, 0]);
    packet.extend(source.to_be_bytes());
    packet.extend(target.to_be_bytes());
    packet.extend(options);
    packet.extend(payload);
    if let Ok(mut view) = ipv4::Packet::new_checked(&mut packet[..]) {
        view.fill_checksum();
    }
    (header, packet)
}

/// IP options, padded: record route, timestamp, source routes, unknown ones.
fn options(entropy: &mut Entropy<'_>) -> Vec<u8> {
    if !entropy.once_in(3) {
        return Vec::new();
    }
    let mut options = Vec::new();
    for _ in 0..entropy.below(4) {
        match entropy.below(5) {
            0 => options.push(1),
            1 => options.extend([
                7,
                11,
                4 + 4 * entropy.below(3) as u8,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
            ]),
            2 => options.extend([68, 12, 5, entropy.byte(), 0, 0, 0, 0, 0, 0, 0, 0]),
            3 => options.extend([131, 7, 4, 10, 0, 0, 1]),
            _ => options.extend([entropy.byte(), entropy.byte()]),
        }
    }
    options.truncate(40);
    options.resize(options.len().next_multiple_of(4), 0);
    options
}

fn tcp(entropy: &mut Entropy<'_>, source: u32, target: u32) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(entropy.pick(&PORTS).to_be_bytes());
    segment.extend(entropy.pick(&PORTS).to_be_bytes());
    segment.extend(entropy.bytes(8));
    segment.extend([5 << 4, entropy.byte(), 0x20, 0, 0, 0, 0, 0]);
    let count = entropy.below(100);
    segment.extend(entropy.bytes(count));
    if let Ok(mut view) = tcp::Segment::new_checked(&mut segment[..]) {
        view.fill_checksum_v4(source, target);
    }
    segment
}

fn udp(entropy: &mut Entropy<'_>, source: u32, target: u32) -> Vec<u8> {
    let count = entropy.below(100);
    let mut datagram = Vec::new();
    datagram.extend(entropy.pick(&PORTS).to_be_bytes());
    datagram.extend(entropy.pick(&PORTS).to_be_bytes());
    datagram.extend((8 + count as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(entropy.bytes(count));
    if let Ok(mut view) = udp::Datagram::new_checked(&mut datagram[..]) {
        view.fill_checksum_v4(source, target);
    }
    datagram
}

/// Echo, or an error about another packet.
fn icmp(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut message = vec![
        *entropy.pick(&[0, 8, 3, 5, 11, 12, 13]),
        entropy.byte() % 16,
        0,
        0,
    ];
    message.extend(entropy.bytes(4));
    if entropy.once_in(2) {
        let mut inner = vec![0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0];
        inner.extend(entropy.pick(&ADDRESSES).to_be_bytes());
        inner.extend(entropy.pick(&ADDRESSES).to_be_bytes());
        let sum = checksum::checksum(&inner);
        inner[10..12].copy_from_slice(&sum.to_be_bytes());
        message.extend(inner);
        message.extend(entropy.bytes(8));
    } else {
        let count = entropy.below(80);
        message.extend(entropy.bytes(count));
    }
    if let Ok(mut view) = icmp::Message::new_checked(&mut message[..]) {
        view.fill_checksum();
    }
    message
}
