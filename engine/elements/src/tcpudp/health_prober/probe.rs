//! Probes and the answers to them, byte by byte.

use weft_wire::tcp::flag;
use weft_wire::{icmp, ipv4, protocol, tcp};

/// Time to live of probes.
const TTL: u8 = 64;
const WINDOW: u16 = 1024;

/// One question to one target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    /// Address of the target.
    pub target: u32,
    /// Source port, or identifier.
    pub own: u16,
    /// The target's port; 0: an echo request.
    pub port: u16,
    /// Sequence number.
    pub number: u32,
}

/// What a target says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It would speak on the connection.
    Opened,
    /// It refuses the connection.
    Refused,
    /// It has replied to the echo request.
    Echoed,
}

impl Probe {
    /// An echo request from `source`.
    pub fn echo(&self, source: u32) -> Vec<u8> {
        self.packet(source, protocol::ip::ICMP, icmp::HEADER_LEN, |bytes| {
            let mut message = icmp::Message::new_checked(bytes).ok()?;
            message.set_kind(icmp::kind::ECHO);
            message.set_identifier(self.own);
            message.set_sequence(self.number as u16);
            message.fill_checksum();
            Some(())
        })
    }

    /// The segment that opens a connection.
    pub fn opening(&self, source: u32) -> Vec<u8> {
        self.segment(source, flag::SYN, self.number)
    }

    /// The segment that ends it.
    pub fn reset(&self, source: u32) -> Vec<u8> {
        self.segment(source, flag::RST, self.number.wrapping_add(1))
    }

    fn segment(&self, source: u32, flags: u8, number: u32) -> Vec<u8> {
        self.packet(source, protocol::ip::TCP, tcp::HEADER_LEN, |bytes| {
            bytes[12] = (tcp::HEADER_LEN as u8 / 4) << 4;
            let mut segment = tcp::Segment::new_checked(bytes).ok()?;
            segment.set_source_port(self.own);
            segment.set_destination_port(self.port);
            segment.set_sequence(number);
            segment.set_flags(flags);
            segment.set_window(WINDOW);
            segment.fill_checksum_v4(source, self.target);
            Some(())
        })
    }

    fn packet(
        &self,
        source: u32,
        protocol: u8,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Vec<u8> {
        let mut bytes = vec![0; ipv4::HEADER_LEN + length];
        let repr = ipv4::Repr {
            tos: 0,
            id: self.number as u16,
            flags_offset: 0,
            ttl: TTL,
            protocol,
            source,
            destination: self.target,
            payload_len: length as u16,
        };
        // The buffer is long enough for both, so neither can fail.
        let _ = repr.emit(&mut bytes);
        let _ = fill(&mut bytes[ipv4::HEADER_LEN..]);
        bytes
    }

    /// What a packet from the target with this payload says to the question, if it is about it.
    pub fn answer(&self, protocol: u8, payload: &[u8]) -> Option<Answer> {
        match (protocol, self.port) {
            (protocol::ip::ICMP, 0) => {
                let message = icmp::Message::new_checked(payload).ok()?;
                let is_ours = message.kind() == icmp::kind::ECHO_REPLY
                    && message.identifier() == self.own
                    && message.sequence() == self.number as u16;
                is_ours.then_some(Answer::Echoed)
            }
            (protocol::ip::TCP, 1..) => self.reply(&tcp::Segment::new_checked(payload).ok()?),
            _ => None,
        }
    }

    fn reply(&self, segment: &tcp::Segment<&[u8]>) -> Option<Answer> {
        let is_ours = segment.source_port() == self.port
            && segment.destination_port() == self.own
            && segment.acknowledgment() == self.number.wrapping_add(1);
        let flags = segment.flags() & (flag::SYN | flag::ACK | flag::RST);
        match is_ours {
            true if flags == flag::SYN | flag::ACK => Some(Answer::Opened),
            true if flags == flag::RST | flag::ACK => Some(Answer::Refused),
            _ => None,
        }
    }
}
