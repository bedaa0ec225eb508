//! The target `wire`: any bytes as every header. Views must refuse them or answer every question.

use crate::nsh_messages;
use crate::watchdog::Told;
use std::hint::black_box;
use weft_core::{MAX_LINK, Nsh};
use weft_wire::nsh::{self, Header, Policy, Tlv, Tlvs, check, fits, push_tlv};
use weft_wire::{arp, checksum, ethernet, icmp, ipv4, ipv6, tcp, udp, vlan, vxlan_gpe};

/// Where Network Service Headers begin in frames: at the start, behind Ethernet, behind VXLAN-GPE over IPv4 and IPv6.
const NSH_AT: [usize; 4] = [0, 14, 50, 70];

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
    // What is compared is compared in a copy: the bytes may change.
    let copy = bytes.to_vec();
    for at in NSH_AT {
        service_path(bytes.get(at..).unwrap_or_default());
        let (link, rest) = copy.split_at(at.min(copy.len()));
        same_again(rest, &link[..link.len().min(MAX_LINK)]);
        context_headers(rest);
        nsh_messages::look(bytes.get(at..).unwrap_or_default(), rest);
    }
    change(copy);
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

/// Looks at bytes as a Network Service Header, and as what may bring it.
fn service_path(bytes: &[u8]) {
    if let Ok(length) = check(bytes, &Policy::default()) {
        assert!(length <= bytes.len().min(nsh::MAX_LEN));
    }
    if let Ok(header) = Header::new_checked(bytes) {
        black_box((header.path(), header.ttl(), header.unassigned()));
        black_box((header.context(), header.metadata().len()));
        black_box((header.tlvs().count(), header.payload().len()));
    }
    if let Ok(header) = vxlan_gpe::Header::new_checked(bytes) {
        black_box((header.version(), header.has_vni(), header.is_oam()));
        black_box((header.vni(), header.next_protocol(), header.payload().len()));
    }
}

/// A header that may be used is as long as its view says, and the same when it was kept and is written again.
fn same_again(bytes: &[u8], link: &[u8]) {
    let any = Policy {
        oam: true,
        next_protocol: true,
        experiment: true,
    };
    let Ok(length) = check(bytes, &any) else {
        return;
    };
    let header = Header::new_checked(bytes).expect("a header that was checked");
    assert_eq!(header.header_len(), length);
    let used: usize = header.tlvs().map(|tlv| tlv.padded_len()).sum();
    assert!(used == 0 || used == header.metadata().len());
    let kept = Nsh::read(&bytes[..length], link).expect("a header that was checked");
    assert_eq!((kept.path(), kept.ttl()), (header.path(), header.ttl()));
    let mut written = vec![0xaa; length];
    assert!(kept.header_len() == length && kept.write(&mut written));
    assert_eq!((&written[..], kept.link()), (&bytes[..length], link));
    path_and_ttl(&mut written);
}

/// Setters change what they are called after, and nothing else.
fn path_and_ttl(bytes: &mut [u8]) {
    let before = bytes.to_vec();
    let mut header = Header::new_checked(&mut *bytes).expect("a header");
    let (ttl, path) = (header.ttl(), header.path());
    header.set_ttl(!ttl);
    header.set_path(!path >> 8, !path as u8);
    assert_eq!((header.ttl(), header.path()), (!ttl & 0x3f, !path));
    header.set_ttl(ttl);
    header.set_path(path >> 8, path as u8);
    assert_eq!(bytes, before);
}

/// Context headers that were read are the same when they are written and read again.
fn context_headers(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(nsh::MAX_OPTIONS)];
    let found: Vec<Tlv<'_>> = Tlvs::new(bytes).collect();
    let mut written = Vec::new();
    for tlv in &found {
        assert!(push_tlv(&mut written, tlv), "more than there was");
    }
    assert!(fits(&written) && Tlvs::new(&written).eq(found));
    assert!(!fits(bytes) || written.len() == bytes.len());
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
