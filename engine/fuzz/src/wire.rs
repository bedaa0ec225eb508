//! The target `wire`: any bytes as every header. Views must refuse them or answer every question.

use crate::watchdog::Told;
use std::hint::black_box;
use weft_wire::{arp, checksum, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan};

/// Looks at `bytes` as every header there is.
///
/// # Panics
/// When something is wrong.
pub fn wire(bytes: &[u8]) {
    let _told = Told(format!("the bytes {bytes:02x?}"));
    black_box(checksum::checksum(bytes));
    link(bytes);
    if let Ok(packet) = ipv4::Packet::new_checked(bytes) {
        ip(&packet);
    }
    if let Ok(packet) = ipv6::Packet::new_checked(bytes) {
        black_box(ipv6::Repr::parse(&packet));
        black_box(packet.payload().len());
    }
    transport(bytes);
    change(bytes.to_vec());
}

fn link(bytes: &[u8]) {
    if let Ok(frame) = ethernet::Frame::new_checked(bytes) {
        black_box((ethernet::Repr::parse(&frame), frame.payload().len()));
    }
    if let Ok(tag) = vlan::Tag::new_checked(bytes) {
        black_box((
            tag.vlan(),
            tag.priority(),
            tag.ether_type(),
            tag.payload().len(),
        ));
    }
    if let Ok(packet) = arp::Packet::new_checked(bytes) {
        let repr = arp::Repr::parse(&packet);
        let mut written = vec![0; 28];
        assert!(
            repr.emit(&mut written).is_ok(),
            "an ARP packet that cannot be written"
        );
        let again = arp::Packet::new_checked(&written[..]).expect("an ARP packet");
        assert_eq!(arp::Repr::parse(&again), repr);
    }
}

fn ip(packet: &ipv4::Packet<&[u8]>) {
    assert!(packet.header_len() >= 20);
    black_box((
        packet.checksum_ok(),
        packet.options().len(),
        packet.payload().len(),
    ));
    black_box((
        packet.is_fragment(),
        packet.fragment_offset(),
        packet.dscp(),
        packet.ecn(),
    ));
    black_box(ipv4::Repr::parse(packet));
}

fn transport(bytes: &[u8]) {
    if let Ok(segment) = tcp::Segment::new_checked(bytes) {
        black_box((
            segment.options().len(),
            segment.payload().len(),
            segment.flags(),
        ));
    }
    if let Ok(datagram) = udp::Datagram::new_checked(bytes) {
        black_box((datagram.length(), datagram.payload().len()));
    }
    if let Ok(message) = icmp::Message::new_checked(bytes) {
        black_box((
            message.checksum_ok(),
            message.rest(),
            message.payload().len(),
        ));
    }
}

/// Writes into headers; their checksums must be right then.
fn change(mut bytes: Vec<u8>) {
    if let Ok(mut packet) = ipv4::Packet::new_checked(&mut bytes[..]) {
        packet.set_ttl(7);
        packet.fill_checksum();
        assert!(packet.checksum_ok());
        assert!(packet.decrement_ttl());
        assert!(
            packet.checksum_ok(),
            "wrong after decrementing the time to live"
        );
    }
    if let Ok(mut segment) = tcp::Segment::new_checked(&mut bytes[..]) {
        segment.fill_checksum_v4(1, 2);
    }
    if let Ok(mut datagram) = udp::Datagram::new_checked(&mut bytes[..]) {
        datagram.fill_checksum_v4(1, 2);
    }
    if let Ok(mut message) = icmp::Message::new_checked(&mut bytes[..]) {
        message.fill_checksum();
        assert!(message.checksum_ok());
    }
}
