//! Headers by flow, for functions from which packets come back without what was noted of them.

use super::frame::Frame;
use lru::LruCache;
use std::num::NonZeroUsize;
use weft_core::{Nsh, SECOND};
use weft_wire::protocol::{ether, ip};
use weft_wire::{ipv4, ipv6};

/// The last header of each flow; the flow not seen for longest makes room for a new one.
pub(super) struct Flows {
    headers: LruCache<Flow, (Nsh, u64)>,
    /// How long a header is good after its flow's last packet, in nanoseconds.
    timeout: u64,
}

/// One direction of a flow: addresses, protocol and ports; of fragments only the first has ports,
/// so for all of them these count as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Flow {
    addresses: [u128; 2],
    protocol: u8,
    ports: u32,
}

impl Flows {
    /// At most `capacity` flows; headers are good for `timeout` seconds.
    pub fn new(capacity: NonZeroUsize, timeout: u32) -> Self {
        // Made unbounded it takes memory as flows come, not all at once.
        let mut headers = LruCache::unbounded();
        headers.resize(capacity);
        let timeout = u64::from(timeout) * SECOND;
        Flows { headers, timeout }
    }

    /// Notes that a packet of the flow of `frame` came with header `nsh`.
    pub fn learn(&mut self, frame: &[u8], nsh: &Nsh, now: u64) {
        if let Some(flow) = Flow::of(frame) {
            self.headers.put(flow, (nsh.clone(), now));
        }
    }

    /// The header the last packet of the flow of `frame` came with.
    pub fn find(&mut self, frame: &[u8], now: u64) -> Option<Nsh> {
        let (nsh, seen) = self.headers.get(&Flow::of(frame)?)?;
        (now.saturating_sub(*seen) <= self.timeout).then(|| nsh.clone())
    }

    /// Flows known.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Takes over what `old` knows.
    pub fn take_over(&mut self, old: &mut Flows) {
        while let Some((flow, header)) = old.headers.pop_lru() {
            self.headers.put(flow, header);
        }
    }
}

impl Flow {
    /// The flow of an Ethernet frame, behind VLAN tags if it has some; none where it is not IP.
    fn of(frame: &[u8]) -> Option<Flow> {
        let known = Frame::of(frame)?;
        let payload = frame.get(known.payload..)?;
        match known.ether_type {
            ether::IPV4 => Flow::of_ipv4(payload),
            ether::IPV6 => Flow::of_ipv6(payload),
            _ => None,
        }
    }

    fn of_ipv4(bytes: &[u8]) -> Option<Flow> {
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

    fn of_ipv6(bytes: &[u8]) -> Option<Flow> {
        let packet = ipv6::Packet::new_checked(bytes).ok()?;
        let protocol = packet.next_header();
        Some(Flow {
            addresses: [packet.source(), packet.destination()].map(u128::from_be_bytes),
            protocol,
            ports: ports(protocol, packet.payload()),
        })
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
