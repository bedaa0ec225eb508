//! What packets of one flow have in common.

use super::frame::Frame;
use weft_wire::protocol::{ether, ip};
use weft_wire::{ethernet, ipv4, ipv6};

/// One direction of a flow: addresses, protocol and ports; of fragments only the first has ports,
/// so for all of them these count as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Flow {
    addresses: [u128; 2],
    protocol: u8,
    ports: u32,
}

impl Flow {
    /// The flow of an Ethernet frame, behind VLAN tags if it has some; none where it is not IP.
    pub fn of(frame: &[u8]) -> Option<Flow> {
        let known = Frame::of(frame)?;
        let payload = frame.get(known.payload..)?;
        match known.ether_type {
            ether::IPV4 => Flow::of_ipv4(payload),
            ether::IPV6 => Flow::of_ipv6(payload),
            _ => None,
        }
    }

    /// The flow of an IPv4 packet.
    pub fn of_ipv4(bytes: &[u8]) -> Option<Flow> {
        let packet = ipv4::HeaderCopy::of(bytes).ok()?;
        let protocol = packet.protocol();
        Some(Flow {
            addresses: [packet.source(), packet.destination()].map(u128::from),
            protocol,
            ports: match packet.is_fragment() {
                true => 0,
                false => ports(protocol, packet.payload_in(bytes)),
            },
        })
    }

    /// The flow of an IPv6 packet.
    pub fn of_ipv6(bytes: &[u8]) -> Option<Flow> {
        let packet = ipv6::Packet::new_checked(bytes).ok()?;
        let protocol = packet.next_header();
        Some(Flow {
            addresses: [packet.source(), packet.destination()].map(u128::from_be_bytes),
            protocol,
            ports: ports(protocol, packet.payload()),
        })
    }

    /// A number that is the same for all packets of the flow, and as a rule another for others.
    pub fn hash(&self) -> u32 {
        let [source, destination] = self.addresses;
        let rest = u64::from(self.protocol) << 32 | u64::from(self.ports);
        let halves = [source, destination].map(|address| [(address >> 64) as u64, address as u64]);
        hash(halves.into_iter().flatten().chain([rest]))
    }
}

/// A number of the flow that an Ethernet frame is of: of its addresses and ports, or of its Ethernet header.
#[inline]
pub(crate) fn hash_of_frame(frame: &[u8]) -> u32 {
    match Flow::of(frame) {
        Some(flow) => flow.hash(),
        None => {
            let header = frame.get(..ethernet::HEADER_LEN).unwrap_or(frame);
            hash(header.iter().map(|byte| u64::from(*byte)))
        }
    }
}

/// The ports of a packet, or 0 where its protocol has none.
fn ports(protocol: u8, payload: &[u8]) -> u32 {
    let has_ports = matches!(
        protocol,
        ip::TCP | ip::UDP | ip::SCTP | ip::DCCP | ip::UDPLITE
    );
    match payload.first_chunk() {
        Some(first) if has_ports => u32::from_be_bytes(*first),
        _ => 0,
    }
}

/// A number that follows from `words`, each of which changes all of its bits.
pub(crate) fn hash(words: impl IntoIterator<Item = u64>) -> u32 {
    /// The golden ratio as a fraction of 2^64 (Knuth, The Art of Computer Programming, 6.4).
    const RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
    let hash = words.into_iter().fold(0u64, |hash, word| {
        let product = (hash ^ word).wrapping_mul(RATIO);
        product ^ product >> 32
    });
    (hash.wrapping_mul(RATIO) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp(last: u8, port: u8, flags: u8) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 28, 0, 1, flags, 0, 64, 17, 0, 0];
        packet.extend([10, 0, 0, last, 10, 0, 2, 3, 0x30, port, 0, 53, 0, 8, 0, 0]);
        packet
    }

    #[test]
    fn packets_of_a_flow_have_one_hash_and_others_another() {
        let hash = |packet: &[u8]| Flow::of_ipv4(packet).unwrap().hash();
        assert_eq!(hash(&udp(1, 1, 0)), hash(&udp(1, 1, 0x40)));
        let mut all: Vec<u32> = (0..100)
            .flat_map(|i| [hash(&udp(i, 1, 0)), hash(&udp(200, i, 0))])
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 200);
    }

    #[test]
    fn fragments_of_a_packet_have_one_hash() {
        let first = udp(1, 1, 0x20);
        let mut later = udp(1, 2, 0);
        later[7] = 5;
        assert_eq!(Flow::of_ipv4(&first), Flow::of_ipv4(&later));
        assert_ne!(Flow::of_ipv4(&first), Flow::of_ipv4(&udp(1, 1, 0)));
    }
}
