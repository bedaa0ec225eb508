//! Valid frames with a Network Service Header, over Ethernet and VXLAN-GPE, to be changed until they are not.

use crate::entropy::Entropy;
use crate::headers::{Frame, ip_packet, ip6, mac};
use crate::nsh_messages::{echo, protected};
use weft_wire::nsh::{self, Metadata, Repr, Tlv, push_tlv};
use weft_wire::{ipv4, ipv6, udp, vxlan_gpe};

const ETHER_IP: u16 = 0x0800;
const ETHER_IP6: u16 = 0x86dd;
const ETHER_NSH: u16 = 0x894f;
/// Paths, some of which the forwarders under test know.
const SPIS: [u32; 4] = [0, 1, 10, 0xff_ffff];
const INDEXES: [u8; 5] = [255, 255, 254, 1, 0];
/// Headers in headers, at most.
const NESTED: usize = 3;

/// A valid frame.
pub fn nsh_frame(entropy: &mut Entropy<'_>) -> Frame {
    let (header, packet) = nsh_packet(entropy, NESTED);
    let (kind, network, payload) = match entropy.below(6) {
        0 => (ETHER_IP, 20, in_vxlan_gpe(entropy, &packet, false)),
        1 => (ETHER_IP6, 40, in_vxlan_gpe(entropy, &packet, true)),
        _ => (ETHER_NSH, header, packet),
    };
    let mut bytes = mac(entropy);
    bytes.extend(mac(entropy));
    bytes.extend(kind.to_be_bytes());
    let link = bytes.len();
    bytes.extend(payload);
    Frame {
        bytes,
        link,
        network,
    }
}

/// A header of any kind.
pub fn nsh_header(entropy: &mut Entropy<'_>, next_protocol: u8) -> Vec<u8> {
    let metadata = match entropy.below(3) {
        0 => Metadata::Fixed([0; 16]),
        1 => Metadata::Fixed(std::array::from_fn(|_| entropy.byte())),
        _ => Metadata::Variable(tlvs(entropy)),
    };
    let mut bytes = Repr {
        oam: entropy.once_in(8) || next_protocol == nsh::next::OAM && !entropy.once_in(4),
        ttl: *entropy.pick(&[0, 1, 2, 33, 63]),
        si: *entropy.pick(&INDEXES),
        metadata,
        ..Repr::new(*entropy.pick(&SPIS), next_protocol)
    }
    .to_bytes();
    if entropy.once_in(8) {
        // Unassigned bits.
        bytes[0] |= 0x10;
        bytes[2] |= entropy.byte() & 0xf0;
    }
    bytes
}

/// A packet that begins with a header, and how long that is.
fn nsh_packet(entropy: &mut Entropy<'_>, nested: usize) -> (usize, Vec<u8>) {
    let (next, payload) = match entropy.below(8) {
        0 => (nsh::next::NONE, Vec::new()),
        1 => (nsh::next::IPV6, ip6(entropy)),
        2 => (nsh::next::MPLS, vec![0, 6, 0x41, 0x40]),
        3 if nested > 0 => (nsh::next::NSH, nsh_packet(entropy, nested - 1).1),
        4 => (nsh::next::OAM, echo(entropy)),
        5 => (nsh::next::IPV4, ip_packet(entropy).1),
        _ => {
            let mut frame = mac(entropy);
            frame.extend(mac(entropy));
            frame.extend(ETHER_IP.to_be_bytes());
            frame.extend(ip_packet(entropy).1);
            (nsh::next::ETHERNET, frame)
        }
    };
    let mut packet = nsh_header(entropy, next);
    let header = packet.len();
    packet.extend(payload);
    (header, packet)
}

/// Metadata of MD type 2: a few context headers, or as many as there is room for.
fn tlvs(entropy: &mut Entropy<'_>) -> Vec<u8> {
    let mut metadata = Vec::new();
    let count = *entropy.pick(&[0, 1, 2, 80]);
    for _ in 0..count {
        let length = *entropy.pick(&[0, 1, 4, 7, 16]);
        let value = entropy.bytes(length);
        let tlv = Tlv {
            class: entropy.short(),
            kind: entropy.byte(),
            unassigned: entropy.once_in(8),
            value: &value,
        };
        if !push_tlv(&mut metadata, &tlv) {
            break;
        }
    }
    match entropy.once_in(3) {
        true => protected(entropy, metadata),
        false => metadata,
    }
}

/// The IP packet that brings `packet` through VXLAN-GPE.
fn in_vxlan_gpe(entropy: &mut Entropy<'_>, packet: &[u8], over_ipv6: bool) -> Vec<u8> {
    let length = (udp::HEADER_LEN + vxlan_gpe::HEADER_LEN + packet.len()) as u16;
    let mut datagram = vec![0xc0, entropy.byte()];
    datagram.extend(vxlan_gpe::PORT.to_be_bytes());
    datagram.extend(length.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(vxlan_gpe::header(7, vxlan_gpe::next::NSH));
    datagram.extend(packet);
    let with_checksum = over_ipv6 || entropy.once_in(2);
    let Ok(mut view) = udp::Datagram::new_checked(&mut datagram[..]) else {
        return datagram;
    };
    if over_ipv6 {
        let header = ipv6_header(length);
        view.fill_checksum_v6(&header.source, &header.destination);
        return emitted(|bytes| header.emit(bytes), ipv6::HEADER_LEN, &datagram);
    }
    let header = ipv4_header(length);
    if with_checksum {
        view.fill_checksum_v4(header.source, header.destination);
    }
    emitted(|bytes| header.emit(bytes), ipv4::HEADER_LEN, &datagram)
}

fn emitted(
    emit: impl FnOnce(&mut [u8]) -> weft_wire::Result<()>,
    length: usize,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = vec![0; length];
    emit(&mut bytes).expect("room for a header");
    bytes.extend(payload);
    bytes
}

fn ipv4_header(payload_len: u16) -> ipv4::Repr {
    ipv4::Repr {
        tos: 0,
        id: 1,
        flags_offset: ipv4::DONT_FRAGMENT,
        ttl: 64,
        protocol: 17,
        source: 0x0a00_0001,
        destination: 0x0a00_0002,
        payload_len,
    }
}

fn ipv6_header(payload_len: u16) -> ipv6::Repr {
    ipv6::Repr {
        traffic_class: 0,
        flow_label: 0,
        payload_len,
        next_header: 17,
        hop_limit: 64,
        source: [0x20; 16],
        destination: [0x21; 16],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_wire::nsh::{Policy, check};

    #[test]
    fn frames_are_valid_and_of_all_kinds() {
        let mut entropy = Entropy::new(b"frames");
        let any = Policy {
            oam: true,
            next_protocol: true,
            experiment: false,
        };
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let frame = nsh_frame(&mut entropy);
            let inner = match frame.network {
                20 if frame.bytes[14] == 0x45 => &frame.bytes[50..],
                40 if frame.bytes[14] == 0x60 => &frame.bytes[70..],
                _ => &frame.bytes[14..],
            };
            assert!(check(inner, &any).is_ok(), "{:02x?}", frame.bytes);
            let kind = (frame.bytes[12], inner[0] & 0x20, inner[2] & 0xf, inner[3]);
            seen.insert(kind);
        }
        assert!(seen.len() > 50, "{} kinds", seen.len());
    }
}
