//! What an ICMP error quotes of the packet it is about: a copy, as its bytes may change.

use crate::tcpudp::rewriter::flow::FlowId;
use crate::tcpudp::rewriter::packet::{echo_id, look_at_ports};
use weft_wire::checksum::{self, update16, update32};
use weft_wire::{ipv4, protocol};

/// The longest IP header, and a TCP header.
const MOST: usize = ipv4::MAX_HEADER_LEN + 20;
/// What every error quotes of a packet besides its IP header.
const LEAST: usize = 8;

/// IP header and the beginning of what follows it.
#[derive(Clone)]
pub(super) struct Quoted {
    bytes: [u8; MOST],
    length: usize,
    header: usize,
    /// TCP, UDP or ICMP.
    pub protocol: u8,
    /// What identifies the packet's flow.
    pub id: FlowId,
}

impl Quoted {
    /// Reads what follows an error's own header; none where it is no packet of a flow.
    pub fn read(quoted: &[u8]) -> Option<Quoted> {
        let length = quoted.len().min(MOST);
        let mut bytes = [0; MOST];
        bytes[..length].copy_from_slice(&quoted[..length]);
        let header = usize::from(bytes[0] & 0xf) * 4;
        let is_first = u16::from_be_bytes([bytes[6], bytes[7]]) & ipv4::OFFSET_MASK == 0;
        let is_sound = bytes[0] >> 4 == 4 && header >= ipv4::HEADER_LEN && is_first;
        if !is_sound || length < header + LEAST {
            return None;
        }
        let protocol = bytes[9];
        let id = look_at_ports(&bytes, header)?;
        let id = match protocol {
            protocol::ip::TCP | protocol::ip::UDP => id,
            protocol::ip::ICMP => {
                let message = bytes.get(header..)?.first_chunk()?;
                echo_id(id.source(), id.destination(), message)?
            }
            _ => return None,
        };
        Some(Quoted {
            bytes,
            length,
            header,
            protocol,
            id,
        })
    }

    /// The bytes that there are.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The same packet, of another flow.
    pub fn rewritten(&self, id: FlowId) -> Quoted {
        let mut new = self.clone();
        new.id = id;
        new.bytes[12..20].copy_from_slice(&id.addresses.to_be_bytes());
        let sum = self.with_addresses(self.word(10), id);
        new.put(10, sum);
        let at = self.header;
        match self.protocol {
            protocol::ip::ICMP => {
                let sum = update16(self.word(at + 2), self.word(at + 4), id.identifier());
                new.put(at + 2, sum);
                new.put(at + 4, id.identifier());
            }
            protocol => {
                new.bytes[at..at + 4].copy_from_slice(&id.ports.to_be_bytes());
                let is_tcp = protocol == protocol::ip::TCP;
                let sum = at + if is_tcp { 16 } else { 6 };
                // A sum of 0 in UDP says that there is none.
                if sum + 2 <= self.length && (is_tcp || self.word(sum) != 0) {
                    let value = update32(self.word(sum), self.id.ports, id.ports);
                    new.put(sum, self.with_addresses(value, id));
                }
            }
        }
        new
    }

    /// A checksum that covers the addresses, as that of another flow's packet.
    fn with_addresses(&self, sum: u16, id: FlowId) -> u16 {
        let sum = update32(sum, self.id.source(), id.source());
        update32(sum, self.id.destination(), id.destination())
    }

    /// The checksum `sum` of a message that quotes this, when it quotes `new`.
    pub fn checksum_as(&self, new: &Quoted, sum: u16) -> u16 {
        let folded =
            |quoted: &Quoted| checksum::fold(checksum::ones_complement_sum(quoted.bytes()));
        update16(sum, folded(self), folded(new))
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    fn put(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
}
