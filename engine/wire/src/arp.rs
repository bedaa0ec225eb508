//! ARP for IPv4 over Ethernet (RFC 826).

use crate::bytes::{get16, get32, put16, put32};
use crate::{Error, MacAddr, Result, need};

/// Bytes of an ARP packet for IPv4 over Ethernet.
pub const PACKET_LEN: usize = 28;
/// Hardware type of Ethernet.
pub const HARDWARE_ETHERNET: u16 = 1;
/// Operation: request.
pub const REQUEST: u16 = 1;
/// Operation: reply.
pub const REPLY: u16 = 2;

/// A view of an ARP packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<B>(B);

impl<B: AsRef<[u8]>> Packet<B> {
    /// Checks the length and that the packet is about IPv4 over Ethernet.
    pub fn new_checked(bytes: B) -> Result<Packet<B>> {
        need(bytes.as_ref(), PACKET_LEN)?;
        let packet = Packet(bytes);
        let b = packet.0.as_ref();
        if get16(b, 0) != HARDWARE_ETHERNET || get16(b, 2) != 0x0800 || b[4] != 6 || b[5] != 4 {
            return Err(Error::Malformed("ARP packet is not IPv4 over Ethernet"));
        }
        Ok(packet)
    }

    /// Operation: [`REQUEST`], [`REPLY`] or another.
    pub fn operation(&self) -> u16 {
        get16(self.0.as_ref(), 6)
    }

    /// Sender's hardware address.
    pub fn sender_mac(&self) -> MacAddr {
        MacAddr::read(self.0.as_ref(), 8).unwrap_or_default()
    }

    /// Sender's IPv4 address.
    pub fn sender_ip(&self) -> u32 {
        get32(self.0.as_ref(), 14)
    }

    /// Target's hardware address.
    pub fn target_mac(&self) -> MacAddr {
        MacAddr::read(self.0.as_ref(), 18).unwrap_or_default()
    }

    /// Target's IPv4 address.
    pub fn target_ip(&self) -> u32 {
        get32(self.0.as_ref(), 24)
    }
}

/// The meaning of an ARP packet for IPv4 over Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr {
    /// Operation.
    pub operation: u16,
    /// Sender's hardware address.
    pub sender_mac: MacAddr,
    /// Sender's IPv4 address.
    pub sender_ip: u32,
    /// Target's hardware address.
    pub target_mac: MacAddr,
    /// Target's IPv4 address.
    pub target_ip: u32,
}

impl Repr {
    /// Reads the packet.
    pub fn parse<B: AsRef<[u8]>>(packet: &Packet<B>) -> Repr {
        Repr {
            operation: packet.operation(),
            sender_mac: packet.sender_mac(),
            sender_ip: packet.sender_ip(),
            target_mac: packet.target_mac(),
            target_ip: packet.target_ip(),
        }
    }

    /// Writes the whole packet; fails where `bytes` is shorter than [`PACKET_LEN`].
    pub fn emit(&self, bytes: &mut [u8]) -> Result<()> {
        need(bytes, PACKET_LEN)?;
        put16(bytes, 0, HARDWARE_ETHERNET);
        put16(bytes, 2, 0x0800);
        bytes[4] = 6;
        bytes[5] = 4;
        put16(bytes, 6, self.operation);
        bytes[8..14].copy_from_slice(&self.sender_mac.0);
        put32(bytes, 14, self.sender_ip);
        bytes[18..24].copy_from_slice(&self.target_mac.0);
        put32(bytes, 24, self.target_ip);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_emitted_byte_exact_and_read_back() {
        let repr = Repr {
            operation: REQUEST,
            sender_mac: MacAddr([2, 0, 0, 0, 0, 1]),
            sender_ip: 0x0a000001,
            target_mac: MacAddr::ZERO,
            target_ip: 0x0a000002,
        };
        let mut bytes = [0xff; PACKET_LEN];
        repr.emit(&mut bytes).unwrap();
        let expected = [
            0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
        ];
        assert_eq!(bytes, expected);
        assert_eq!(Repr::parse(&Packet::new_checked(&bytes[..]).unwrap()), repr);
    }

    #[test]
    fn other_hardware_and_short_packets_are_refused() {
        let mut bytes = [0; PACKET_LEN];
        assert!(matches!(
            Packet::new_checked(&bytes[..]),
            Err(Error::Malformed(_))
        ));
        assert!(matches!(
            Packet::new_checked(&bytes[..27]),
            Err(Error::Truncated { .. })
        ));
        let repr = Repr {
            operation: REPLY,
            sender_mac: MacAddr::ZERO,
            sender_ip: 0,
            target_mac: MacAddr::ZERO,
            target_ip: 0,
        };
        assert!(repr.emit(&mut bytes[..27]).is_err());
    }
}
