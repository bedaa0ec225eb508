//! Flows: who talks to whom, and what their packets are rewritten to.

use super::timeouts::ICMP;
use std::fmt;
use std::net::Ipv4Addr;

/// Addresses and ports of one direction of a flow. Of echo requests the source port is the identifier and
/// the other 0; of replies it is the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FlowId {
    /// Source address in the upper half, destination in the lower.
    pub addresses: u64,
    /// Source port in the upper half, destination in the lower.
    pub ports: u32,
}

impl FlowId {
    pub(crate) fn new(source: u32, source_port: u16, destination: u32, port: u16) -> Self {
        FlowId {
            addresses: u64::from(source) << 32 | u64::from(destination),
            ports: u32::from(source_port) << 16 | u32::from(port),
        }
    }

    pub(crate) fn source(self) -> u32 {
        (self.addresses >> 32) as u32
    }

    pub(crate) fn destination(self) -> u32 {
        self.addresses as u32
    }

    pub(crate) fn source_port(self) -> u16 {
        (self.ports >> 16) as u16
    }

    pub(crate) fn destination_port(self) -> u16 {
        self.ports as u16
    }

    pub(crate) fn with_source(self, address: u32) -> Self {
        let addresses = u64::from(address) << 32 | u64::from(self.destination());
        FlowId { addresses, ..self }
    }

    pub(crate) fn with_destination(self, address: u32) -> Self {
        let addresses = self.addresses & !0xffff_ffff | u64::from(address);
        FlowId { addresses, ..self }
    }

    pub(crate) fn with_source_port(self, port: u16) -> Self {
        let ports = u32::from(port) << 16 | u32::from(self.destination_port());
        FlowId { ports, ..self }
    }

    pub(crate) fn with_destination_port(self, port: u16) -> Self {
        let ports = self.ports & !0xffff | u32::from(port);
        FlowId { ports, ..self }
    }

    /// What an echo request or reply with these is identified by.
    pub(crate) fn identifier(self) -> u16 {
        self.source_port() | self.destination_port()
    }

    /// The other direction.
    #[inline]
    pub(crate) fn reverse(self) -> Self {
        FlowId {
            addresses: self.addresses.rotate_left(32),
            ports: self.ports.rotate_left(16),
        }
    }

    /// Ones' complement sum of the addresses.
    fn address_sum(self) -> u32 {
        let a = self.addresses;
        [a >> 48, a >> 32, a >> 16, a]
            .into_iter()
            .map(|word| u32::from(word as u16))
            .sum()
    }

    fn port_sum(self) -> u32 {
        u32::from(self.source_port()) + u32::from(self.destination_port())
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, destination) = (self.source(), self.destination());
        write!(
            f,
            "({}, {}, {}, {})",
            Ipv4Addr::from(source),
            self.source_port(),
            Ipv4Addr::from(destination),
            self.destination_port()
        )
    }
}

/// The two directions of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// As the packet that began it.
    Forward = 0,
    /// The answers.
    Reply = 1,
}

impl Direction {
    #[inline]
    pub(crate) fn other(self) -> Self {
        match self {
            Direction::Forward => Direction::Reply,
            Direction::Reply => Direction::Forward,
        }
    }
}

/// One flow. A cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Flow {
    /// By direction: the identifier its packets arrive with.
    pub ids: [FlowId; 2],
    /// When the last packet came, in nanoseconds of steady time.
    pub used: u64,
    /// When its entry in the queue of expiries is due.
    pub queued: u64,
    /// By direction: the output.
    pub outputs: [u16; 2],
    /// Input of the packet that began it.
    pub input: u16,
    /// What rewriting adds to the sum of an IP header, forwards.
    pub ip_delta: u16,
    /// The same for the transport checksum, which covers ports too; that of ICMP covers nothing else.
    pub transport_delta: u16,
    /// IP protocol; 0 in a free record.
    pub protocol: u8,
    /// What was seen of it: see [`super::timeouts`].
    pub seen: u8,
    /// Annotation for replies.
    pub reply_annotation: u8,
    /// Whether it waits in the queue of guaranteed flows.
    pub in_guarantee: bool,
}

/// Folds a ones' complement sum to 16 bits.
#[inline]
pub(crate) fn fold(sum: u32) -> u16 {
    let sum = (sum & 0xffff) + (sum >> 16);
    ((sum & 0xffff) + (sum >> 16)) as u16
}

impl Flow {
    /// A flow whose packets `original` leave as `rewritten`.
    pub(crate) fn new(
        protocol: u8,
        original: FlowId,
        rewritten: FlowId,
        outputs: [u16; 2],
        input: u16,
    ) -> Self {
        // Each of the six words at most 0xffff: the sums cannot overflow.
        let addresses = 4 * 0xffff - original.address_sum() + rewritten.address_sum();
        let ports = 2 * 0xffff - original.port_sum() + rewritten.port_sum();
        let covered = if protocol == ICMP { 0 } else { addresses };
        Flow {
            ids: [original, rewritten.reverse()],
            used: 0,
            queued: 0,
            outputs,
            input,
            ip_delta: fold(addresses),
            transport_delta: fold(covered + ports),
            protocol,
            seen: 0,
            reply_annotation: 0,
            in_guarantee: false,
        }
    }

    /// What packets of `direction` become.
    #[inline]
    pub(crate) fn rewritten(&self, direction: Direction) -> FlowId {
        self.ids[direction.other() as usize].reverse()
    }

    /// What rewriting adds to the sums of IP header and transport header.
    #[inline]
    pub(crate) fn deltas(&self, direction: Direction) -> (u16, u16) {
        match direction {
            Direction::Forward => (self.ip_delta, self.transport_delta),
            Direction::Reply => (!self.ip_delta, !self.transport_delta),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_a_cache_line() {
        assert_eq!(std::mem::size_of::<Flow>(), 64);
    }

    #[test]
    fn directions_mirror_each_other() {
        let original = FlowId::new(0x0a00_0001, 1000, 0xc000_0201, 80);
        let rewritten = original.with_source(0xc633_6401).with_source_port(2000);
        let flow = Flow::new(6, original, rewritten, [0, 1], 0);
        assert_eq!(flow.rewritten(Direction::Forward), rewritten);
        assert_eq!(flow.rewritten(Direction::Reply), original.reverse());
        assert_eq!(
            flow.ids[1].to_string(),
            "(192.0.2.1, 80, 198.51.100.1, 2000)"
        );
        assert_eq!(original.reverse().reverse(), original);
    }
}
