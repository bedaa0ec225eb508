//! Random bytes of every length through every view: nothing panics, and nothing read lies beyond
//! the bytes.

use weft_wire::{arp, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan};

fn read_everything(bytes: &mut [u8]) {
    let len = bytes.len();
    if let Ok(frame) = ethernet::Frame::new_checked(&bytes[..]) {
        ethernet::Repr::parse(&frame);
        assert_eq!(frame.payload().len(), len - 14);
    }
    if let Ok(tag) = vlan::Tag::new_checked(&bytes[..]) {
        assert!(tag.vlan() < 4096 && tag.priority() < 8 && tag.payload().len() == len - 4);
    }
    if let Ok(packet) = arp::Packet::new_checked(&bytes[..]) {
        let repr = arp::Repr::parse(&packet);
        let mut copy = [0; arp::PACKET_LEN];
        assert_eq!(repr.emit(&mut copy), Ok(()));
        assert_eq!(copy, bytes[..arp::PACKET_LEN]);
    }
    if let Ok(packet) = ipv6::Packet::new_checked(&bytes[..]) {
        assert!(packet.payload().len() <= len - 40);
        let mut copy = [0; ipv6::HEADER_LEN];
        assert_eq!(ipv6::Repr::parse(&packet).emit(&mut copy), Ok(()));
        assert_eq!(copy, bytes[..ipv6::HEADER_LEN]);
    }
    if let Ok(mut packet) = ipv4::Packet::new_checked(&mut bytes[..]) {
        assert!(packet.header_len() + packet.payload().len() <= len);
        assert_eq!(packet.options().len() + 20, packet.header_len());
        packet.decrement_ttl();
        packet.fill_checksum();
        assert!(packet.checksum_ok());
        let decremented = packet.decrement_ttl();
        assert!(packet.checksum_ok(), "decremented: {decremented}");
        ipv4::Repr::parse(&packet);
    }
    if let Ok(mut segment) = tcp::Segment::new_checked(&mut bytes[..]) {
        assert_eq!(segment.header_len() + segment.payload().len(), len);
        segment.fill_checksum_v4(1, 2);
    }
    if let Ok(mut datagram) = udp::Datagram::new_checked(&mut bytes[..]) {
        assert!(datagram.payload().len() <= len - 8);
        datagram.fill_checksum_v4(1, 2);
    }
    if let Ok(mut message) = icmp::Message::new_checked(&mut bytes[..]) {
        message.fill_checksum();
        assert!(message.checksum_ok());
    }
}

#[test]
fn random_bytes_of_every_length_are_safe() {
    let mut state = 1u64;
    let mut byte = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    for round in 0..20_000 {
        let mut bytes: Vec<u8> = (0..round % 90).map(|_| byte()).collect();
        // Half of the first bytes look like IP versions, some packets like ARP.
        if let (Some(first), true) = (bytes.first_mut(), round % 2 == 0) {
            *first = if round % 4 == 0 {
                0x45 + *first % 3
            } else {
                0x60
            };
        }
        if round % 7 == 0 && bytes.len() > 6 {
            bytes[..6].copy_from_slice(&[0, 1, 8, 0, 6, 4]);
        }
        read_everything(&mut bytes);
    }
}
