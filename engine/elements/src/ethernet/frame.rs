//! Building Ethernet frames: headers in front of packets, and ARP packets.

use weft_core::{HEADROOM, Packet, Pool};
use weft_wire::{arp, protocol};

/// Bytes of an Ethernet header.
pub(super) const HEADER: usize = 14;
/// Bytes of an Ethernet frame with an ARP packet for IPv4.
pub(super) const ARP_FRAME: usize = HEADER + arp::PACKET_LEN;

/// Offset of the VLAN_TCI annotation, two bytes.
const VLAN_TCI: usize = 18;

/// An Ethernet header.
pub(super) fn header(destination: [u8; 6], source: [u8; 6], ether_type: u16) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..6].copy_from_slice(&destination);
    header[6..12].copy_from_slice(&source);
    header[12..].copy_from_slice(&ether_type.to_be_bytes());
    header
}

/// What an ARP packet takes over from the packet that causes it.
pub(super) struct Cause {
    pub timestamp: u64,
    device: u32,
    vlan: [u8; 2],
}

impl Cause {
    /// What `packet` hands on.
    pub fn of(packet: &Packet, pool: &Pool) -> Cause {
        Cause {
            timestamp: packet.timestamp(),
            device: pool.side(packet).map_or(0, |s| s.device),
            vlan: pool.annotation(packet, VLAN_TCI),
        }
    }
}

/// A new frame with an ARP packet. Its device and VLAN annotations are those of its cause.
pub(super) fn arp_frame(
    destination: [u8; 6],
    meaning: &arp::Repr,
    cause: &Cause,
    pool: &mut Pool,
) -> Option<Packet> {
    let mut packet = pool.alloc(ARP_FRAME, HEADROOM - HEADER)?;
    packet.set_mac_here();
    packet.set_network(HEADER, 0);
    let bytes = pool.data_mut(&mut packet)?;
    let source = meaning.sender_mac.0;
    bytes[..HEADER].copy_from_slice(&header(destination, source, protocol::ether::ARP));
    // The length is right, so this cannot fail.
    meaning.emit(&mut bytes[HEADER..]).ok()?;
    pool.set_annotation(&mut packet, VLAN_TCI, &cause.vlan);
    if cause.device != 0 {
        pool.side_mut(&mut packet).device = cause.device;
    }
    Some(packet)
}

/// The meaning of the ARP packet for IPv4 in an Ethernet frame, if it is one.
pub(super) fn arp_of(frame: &[u8]) -> Option<arp::Repr> {
    let (header, rest) = frame.split_first_chunk::<HEADER>()?;
    if header[12..] != protocol::ether::ARP.to_be_bytes() {
        return None;
    }
    let packet = arp::Packet::new_checked(rest).ok()?;
    Some(arp::Repr::parse(&packet))
}
