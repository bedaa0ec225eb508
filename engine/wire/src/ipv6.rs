//! IPv6 (RFC 8200), the fixed header.

use crate::bytes::{get16, get32, put16, put32};
use crate::{Error, Result, need};

/// Bytes of the fixed header.
pub const HEADER_LEN: usize = 40;

/// A view of an IPv6 packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<B>(B);

impl<B: AsRef<[u8]>> Packet<B> {
    /// Checks the version and that the fixed header is there.
    pub fn new_checked(bytes: B) -> Result<Packet<B>> {
        need(bytes.as_ref(), HEADER_LEN)?;
        if bytes.as_ref()[0] >> 4 != 6 {
            return Err(Error::Malformed("IP version is not 6"));
        }
        Ok(Packet(bytes))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Traffic class.
    pub fn traffic_class(&self) -> u8 {
        (get16(self.bytes(), 0) >> 4) as u8
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        get32(self.bytes(), 0) & 0xf_ffff
    }

    /// Bytes after the fixed header, as the header says.
    pub fn payload_len(&self) -> u16 {
        get16(self.bytes(), 4)
    }

    /// Next header.
    pub fn next_header(&self) -> u8 {
        self.bytes()[6]
    }

    /// Hop limit.
    pub fn hop_limit(&self) -> u8 {
        self.bytes()[7]
    }

    fn address(&self, at: usize) -> [u8; 16] {
        let mut address = [0; 16];
        address.copy_from_slice(&self.bytes()[at..at + 16]);
        address
    }

    /// Source address.
    pub fn source(&self) -> [u8; 16] {
        self.address(8)
    }

    /// Destination address.
    pub fn destination(&self) -> [u8; 16] {
        self.address(24)
    }

    /// What follows the fixed header, up to the payload length or the end of the bytes.
    pub fn payload(&self) -> &[u8] {
        let end = (HEADER_LEN + usize::from(self.payload_len())).min(self.bytes().len());
        &self.bytes()[HEADER_LEN..end]
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Packet<B> {
    /// Sets the hop limit.
    pub fn set_hop_limit(&mut self, limit: u8) {
        self.0.as_mut()[7] = limit;
    }

    /// Sets the payload length.
    pub fn set_payload_len(&mut self, len: u16) {
        put16(self.0.as_mut(), 4, len);
    }

    /// Sets the source address.
    pub fn set_source(&mut self, address: &[u8; 16]) {
        self.0.as_mut()[8..24].copy_from_slice(address);
    }

    /// Sets the destination address.
    pub fn set_destination(&mut self, address: &[u8; 16]) {
        self.0.as_mut()[24..40].copy_from_slice(address);
    }
}

/// The meaning of a fixed IPv6 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr {
    /// Traffic class.
    pub traffic_class: u8,
    /// Flow label; only the low 20 bits count.
    pub flow_label: u32,
    /// Bytes after the fixed header.
    pub payload_len: u16,
    /// Next header.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub source: [u8; 16],
    /// Destination address.
    pub destination: [u8; 16],
}

impl Repr {
    /// Reads the header.
    pub fn parse<B: AsRef<[u8]>>(packet: &Packet<B>) -> Repr {
        Repr {
            traffic_class: packet.traffic_class(),
            flow_label: packet.flow_label(),
            payload_len: packet.payload_len(),
            next_header: packet.next_header(),
            hop_limit: packet.hop_limit(),
            source: packet.source(),
            destination: packet.destination(),
        }
    }

    /// Writes the fixed header.
    pub fn emit(&self, bytes: &mut [u8]) -> Result<()> {
        need(bytes, HEADER_LEN)?;
        let first = 6 << 28 | u32::from(self.traffic_class) << 20 | (self.flow_label & 0xf_ffff);
        put32(bytes, 0, first);
        put16(bytes, 4, self.payload_len);
        bytes[6] = self.next_header;
        bytes[7] = self.hop_limit;
        bytes[8..24].copy_from_slice(&self.source);
        bytes[24..40].copy_from_slice(&self.destination);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emitted_header_is_byte_exact_and_parses_back() {
        let repr = Repr {
            traffic_class: 0xab,
            flow_label: 0x12345,
            payload_len: 1,
            next_header: 58,
            hop_limit: 255,
            source: [1; 16],
            destination: [2; 16],
        };
        let mut bytes = [9; 42];
        repr.emit(&mut bytes).unwrap();
        assert_eq!(bytes[..8], [0x6a, 0xb1, 0x23, 0x45, 0, 1, 58, 255]);
        assert_eq!(
            (&bytes[8..24], &bytes[24..40]),
            (&[1; 16][..], &[2; 16][..])
        );
        let packet = Packet::new_checked(&bytes[..]).unwrap();
        assert_eq!(Repr::parse(&packet), repr);
        assert_eq!(packet.payload(), [9]);
    }

    #[test]
    fn other_versions_and_short_headers_are_refused() {
        assert!(matches!(
            Packet::new_checked(&[0x45; 40][..]),
            Err(Error::Malformed(_))
        ));
        assert!(matches!(
            Packet::new_checked(&[0x60; 39][..]),
            Err(Error::Truncated { .. })
        ));
    }
}
