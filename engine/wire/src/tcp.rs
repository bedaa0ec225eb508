//! TCP (RFC 9293).

use crate::bytes::{get16, get32, put16, put32};
use crate::{Error, Result, checksum, need};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;

/// Flag bits in the flags byte.
pub mod flag {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronize sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset the connection.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// The acknowledgment number counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts.
    pub const URG: u8 = 0x20;
    /// ECN echo.
    pub const ECE: u8 = 0x40;
    /// Congestion window reduced.
    pub const CWR: u8 = 0x80;
}

/// A view of a TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<B>(B);

impl<B: AsRef<[u8]>> Segment<B> {
    /// Checks the data offset and that the whole header is there.
    pub fn new_checked(bytes: B) -> Result<Segment<B>> {
        let b = bytes.as_ref();
        need(b, HEADER_LEN)?;
        let header_len = usize::from(b[12] >> 4) * 4;
        if header_len < HEADER_LEN {
            return Err(Error::Malformed("TCP header length below 20"));
        }
        need(b, header_len)?;
        Ok(Segment(bytes))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Source port.
    pub fn source_port(&self) -> u16 {
        get16(self.bytes(), 0)
    }

    /// Destination port.
    pub fn destination_port(&self) -> u16 {
        get16(self.bytes(), 2)
    }

    /// Sequence number.
    pub fn sequence(&self) -> u32 {
        get32(self.bytes(), 4)
    }

    /// Acknowledgment number.
    pub fn acknowledgment(&self) -> u32 {
        get32(self.bytes(), 8)
    }

    /// Header length in bytes, 20 to 60, always within the bytes.
    pub fn header_len(&self) -> usize {
        let len = usize::from(self.bytes()[12] >> 4) * 4;
        len.clamp(HEADER_LEN, self.bytes().len())
    }

    /// Flag bits, see [`flag`].
    pub fn flags(&self) -> u8 {
        self.bytes()[13]
    }

    /// Receive window, unscaled.
    pub fn window(&self) -> u16 {
        get16(self.bytes(), 14)
    }

    /// Checksum field.
    pub fn checksum(&self) -> u16 {
        get16(self.bytes(), 16)
    }

    /// Urgent pointer.
    pub fn urgent(&self) -> u16 {
        get16(self.bytes(), 18)
    }

    /// The options.
    pub fn options(&self) -> &[u8] {
        &self.bytes()[HEADER_LEN..self.header_len()]
    }

    /// What follows the header.
    pub fn payload(&self) -> &[u8] {
        &self.bytes()[self.header_len()..]
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Segment<B> {
    /// Sets the source port.
    pub fn set_source_port(&mut self, port: u16) {
        put16(self.0.as_mut(), 0, port);
    }

    /// Sets the destination port.
    pub fn set_destination_port(&mut self, port: u16) {
        put16(self.0.as_mut(), 2, port);
    }

    /// Sets the sequence number.
    pub fn set_sequence(&mut self, number: u32) {
        put32(self.0.as_mut(), 4, number);
    }

    /// Sets the acknowledgment number.
    pub fn set_acknowledgment(&mut self, number: u32) {
        put32(self.0.as_mut(), 8, number);
    }

    /// Sets the flag bits.
    pub fn set_flags(&mut self, flags: u8) {
        self.0.as_mut()[13] = flags;
    }

    /// Sets the receive window.
    pub fn set_window(&mut self, window: u16) {
        put16(self.0.as_mut(), 14, window);
    }

    /// Sets the checksum field.
    pub fn set_checksum(&mut self, sum: u16) {
        put16(self.0.as_mut(), 16, sum);
    }

    /// Computes and writes the checksum over all bytes given.
    pub fn fill_checksum_v4(&mut self, source: u32, destination: u32) {
        self.set_checksum(0);
        let sum = checksum::transport_v4(source, destination, 6, self.0.as_ref());
        self.set_checksum(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_write_exact_bytes() {
        let mut bytes = [0; 21];
        bytes[12] = 0x50;
        let mut segment = Segment::new_checked(&mut bytes[..]).unwrap();
        segment.set_source_port(0x0102);
        segment.set_destination_port(0x0304);
        segment.set_sequence(0x05060708);
        segment.set_acknowledgment(0x090a0b0c);
        segment.set_flags(flag::SYN | flag::ACK);
        segment.set_window(0x0d0e);
        segment.fill_checksum_v4(0x0a000001, 0x0a000002);
        assert_eq!(
            (segment.options(), segment.payload()),
            (&[][..], &[0u8][..])
        );
        let expected = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x50, 0x12, 13, 14];
        assert_eq!(bytes[..16], expected);
        assert_eq!(checksum::transport_v4(0x0a000001, 0x0a000002, 6, &bytes), 0);
    }

    #[test]
    fn bad_data_offsets_are_refused() {
        let mut bytes = [0; 20];
        assert!(matches!(
            Segment::new_checked(&bytes[..]),
            Err(Error::Malformed(_))
        ));
        bytes[12] = 0x60;
        let error = Segment::new_checked(&bytes[..]).unwrap_err();
        assert_eq!(
            error,
            Error::Truncated {
                needed: 24,
                got: 20
            }
        );
    }
}
