//! ICMP for IPv4 (RFC 792).

use crate::bytes::{get16, get32, put16, put32};
use crate::{Result, checksum, need};

/// Bytes of an ICMP header.
pub const HEADER_LEN: usize = 8;

/// Message types.
pub mod kind {
    /// Echo reply.
    pub const ECHO_REPLY: u8 = 0;
    /// Destination unreachable.
    pub const UNREACHABLE: u8 = 3;
    /// Source quench.
    pub const SOURCE_QUENCH: u8 = 4;
    /// Redirect.
    pub const REDIRECT: u8 = 5;
    /// Echo request.
    pub const ECHO: u8 = 8;
    /// Router advertisement.
    pub const ROUTER_ADVERTISEMENT: u8 = 9;
    /// Router solicitation.
    pub const ROUTER_SOLICITATION: u8 = 10;
    /// Time exceeded.
    pub const TIME_EXCEEDED: u8 = 11;
    /// Parameter problem.
    pub const PARAMETER_PROBLEM: u8 = 12;
    /// Timestamp.
    pub const TIMESTAMP: u8 = 13;
    /// Timestamp reply.
    pub const TIMESTAMP_REPLY: u8 = 14;
    /// Information request.
    pub const INFORMATION_REQUEST: u8 = 15;
    /// Information reply.
    pub const INFORMATION_REPLY: u8 = 16;
    /// Address mask request.
    pub const MASK_REQUEST: u8 = 17;
    /// Address mask reply.
    pub const MASK_REPLY: u8 = 18;
}

/// A view of an ICMP message.
#[derive(Clone, Copy, Debug)]
pub struct Message<B>(B);

impl<B: AsRef<[u8]>> Message<B> {
    /// Checks that the header is there.
    pub fn new_checked(bytes: B) -> Result<Message<B>> {
        need(bytes.as_ref(), HEADER_LEN)?;
        Ok(Message(bytes))
    }

    /// Message type, see [`kind`].
    pub fn kind(&self) -> u8 {
        self.0.as_ref()[0]
    }

    /// Code.
    pub fn code(&self) -> u8 {
        self.0.as_ref()[1]
    }

    /// Checksum field.
    pub fn checksum(&self) -> u16 {
        get16(self.0.as_ref(), 2)
    }

    /// The four bytes whose meaning depends on the type.
    pub fn rest(&self) -> u32 {
        get32(self.0.as_ref(), 4)
    }

    /// Identifier of echo, timestamp, information and mask messages.
    pub fn identifier(&self) -> u16 {
        get16(self.0.as_ref(), 4)
    }

    /// Sequence number of such messages.
    pub fn sequence(&self) -> u16 {
        get16(self.0.as_ref(), 6)
    }

    /// What follows the header.
    pub fn payload(&self) -> &[u8] {
        &self.0.as_ref()[HEADER_LEN..]
    }

    /// Whether the checksum over all bytes is right.
    pub fn checksum_ok(&self) -> bool {
        checksum::checksum(self.0.as_ref()) == 0
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Message<B> {
    /// Sets the type.
    pub fn set_kind(&mut self, kind: u8) {
        self.0.as_mut()[0] = kind;
    }

    /// Sets the code.
    pub fn set_code(&mut self, code: u8) {
        self.0.as_mut()[1] = code;
    }

    /// Sets the checksum field.
    pub fn set_checksum(&mut self, sum: u16) {
        put16(self.0.as_mut(), 2, sum);
    }

    /// Sets the four bytes whose meaning depends on the type.
    pub fn set_rest(&mut self, rest: u32) {
        put32(self.0.as_mut(), 4, rest);
    }

    /// Sets the identifier.
    pub fn set_identifier(&mut self, identifier: u16) {
        put16(self.0.as_mut(), 4, identifier);
    }

    /// Sets the sequence number.
    pub fn set_sequence(&mut self, sequence: u16) {
        put16(self.0.as_mut(), 6, sequence);
    }

    /// Computes and writes the checksum over all bytes.
    pub fn fill_checksum(&mut self) {
        self.set_checksum(0);
        let sum = checksum::checksum(self.0.as_ref());
        self.set_checksum(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echo_is_written_byte_exact() {
        let mut bytes = [0xff; 10];
        let mut message = Message::new_checked(&mut bytes[..]).unwrap();
        message.set_kind(kind::ECHO);
        message.set_code(0);
        message.set_identifier(0x1234);
        message.set_sequence(7);
        message.fill_checksum();
        assert!(message.checksum_ok());
        assert_eq!((message.identifier(), message.sequence()), (0x1234, 7));
        assert_eq!(bytes, [8, 0, 0xe5, 0xc4, 0x12, 0x34, 0, 7, 0xff, 0xff]);
    }

    #[test]
    fn short_messages_are_refused() {
        assert!(Message::new_checked(&[0u8; 7][..]).is_err());
    }
}
