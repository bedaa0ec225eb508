//! What an Ethernet frame carries.

use super::boundary::next_protocol_of;
use weft_wire::protocol::ether;
use weft_wire::{ethernet, vlan};

/// Where the payload of a frame begins, and what it is; VLAN tags, two at most, are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// EtherType of the payload.
    pub ether_type: u16,
    /// Bytes before the payload.
    pub payload: usize,
}

impl Frame {
    /// Looks at `bytes`; none where they are too few.
    #[inline]
    pub fn of(bytes: &[u8]) -> Option<Frame> {
        let kind = ethernet::Frame::new_checked(bytes).ok()?.ether_type();
        let mut frame = Frame {
            ether_type: kind,
            payload: ethernet::HEADER_LEN,
        };
        for _ in 0..2 {
            if !matches!(frame.ether_type, ether::VLAN | ether::SERVICE_VLAN) {
                break;
            }
            let tag = vlan::Tag::new_checked(bytes.get(frame.payload..)?).ok()?;
            frame.ether_type = tag.ether_type();
            frame.payload += vlan::HEADER_LEN;
        }
        Some(frame)
    }

    /// The payload, where it is IPv4; nothing otherwise.
    #[inline]
    pub fn ipv4<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match self.ether_type {
            ether::IPV4 => bytes.get(self.payload..).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The payload as the next protocol of a Network Service Header.
    pub fn next_protocol(&self) -> Option<u8> {
        next_protocol_of(self.ether_type)
    }
}
