//! UDP (RFC 768).

use crate::bytes::{get16, put16};
use crate::protocol::ip::UDP;
use crate::{Result, checksum, need};

/// Bytes of a UDP header.
pub const HEADER_LEN: usize = 8;

/// A view of a UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<B>(B);

impl<B: AsRef<[u8]>> Datagram<B> {
    /// Checks that the header is there; the length field is left to the caller.
    pub fn new_checked(bytes: B) -> Result<Datagram<B>> {
        need(bytes.as_ref(), HEADER_LEN)?;
        Ok(Datagram(bytes))
    }

    /// Source port.
    pub fn source_port(&self) -> u16 {
        get16(self.0.as_ref(), 0)
    }

    /// Destination port.
    pub fn destination_port(&self) -> u16 {
        get16(self.0.as_ref(), 2)
    }

    /// Length field: header and payload.
    pub fn length(&self) -> u16 {
        get16(self.0.as_ref(), 4)
    }

    /// Checksum field; 0 means none.
    pub fn checksum(&self) -> u16 {
        get16(self.0.as_ref(), 6)
    }

    /// What follows the header, up to the length field or the end of the bytes.
    pub fn payload(&self) -> &[u8] {
        let end = usize::from(self.length()).clamp(HEADER_LEN, self.0.as_ref().len());
        &self.0.as_ref()[HEADER_LEN..end]
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Datagram<B> {
    /// Sets the source port.
    pub fn set_source_port(&mut self, port: u16) {
        put16(self.0.as_mut(), 0, port);
    }

    /// Sets the destination port.
    pub fn set_destination_port(&mut self, port: u16) {
        put16(self.0.as_mut(), 2, port);
    }

    /// Sets the length field.
    pub fn set_length(&mut self, length: u16) {
        put16(self.0.as_mut(), 4, length);
    }

    /// Sets the checksum field.
    pub fn set_checksum(&mut self, sum: u16) {
        put16(self.0.as_mut(), 6, sum);
    }

    /// Computes and writes the checksum over all bytes given; a sum of 0 is written as `ffff`.
    pub fn fill_checksum_v4(&mut self, source: u32, destination: u32) {
        self.set_checksum(0);
        let sum = checksum::transport_v4(source, destination, UDP, self.0.as_ref());
        self.set_checksum(if sum == 0 { 0xffff } else { sum });
    }

    /// As [`Datagram::fill_checksum_v4`], under IPv6.
    pub fn fill_checksum_v6(&mut self, source: &[u8; 16], destination: &[u8; 16]) {
        self.set_checksum(0);
        let sum = checksum::transport_v6(source, destination, UDP, self.0.as_ref());
        self.set_checksum(if sum == 0 { 0xffff } else { sum });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_write_exact_bytes() {
        let mut bytes = [0, 0, 0, 0, 0, 0, 0, 0, b'a', b'b'];
        let mut datagram = Datagram::new_checked(&mut bytes[..]).unwrap();
        datagram.set_source_port(1);
        datagram.set_destination_port(2);
        datagram.set_length(10);
        datagram.fill_checksum_v4(0x0a000001, 0x0a000002);
        assert_eq!(datagram.payload(), b"ab");
        assert_eq!(bytes, [0, 1, 0, 2, 0, 10, 0x8a, 0x72, b'a', b'b']);
    }

    #[test]
    fn the_checksum_under_ipv6_makes_the_sum_right() {
        let (source, destination) = ([0xfe; 16], [0x20; 16]);
        let mut bytes = [0, 1, 0, 2, 0, 10, 9, 9, b'a', b'b'];
        let mut datagram = Datagram::new_checked(&mut bytes[..]).unwrap();
        datagram.fill_checksum_v6(&source, &destination);
        assert_ne!(datagram.checksum(), 0);
        let sum = checksum::transport_v6(&source, &destination, UDP, &bytes);
        assert_eq!(sum, 0);
    }

    #[test]
    fn payload_stays_within_the_bytes() {
        let mut bytes = [0; 9];
        assert_eq!(Datagram::new_checked(&bytes[..]).unwrap().payload(), []);
        bytes[5] = 200;
        assert_eq!(Datagram::new_checked(&bytes[..]).unwrap().payload(), [0]);
        assert!(Datagram::new_checked(&bytes[..7]).is_err());
    }
}
