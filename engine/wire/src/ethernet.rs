//! Ethernet II frames.

use crate::bytes::{get16, put16};
use crate::{MacAddr, Result, need};

/// Bytes of an Ethernet header.
pub const HEADER_LEN: usize = 14;

/// A view of an Ethernet frame: header and payload, no frame check sequence.
#[derive(Clone, Copy, Debug)]
pub struct Frame<B>(B);

impl<B: AsRef<[u8]>> Frame<B> {
    /// Checks that the header is there.
    pub fn new_checked(bytes: B) -> Result<Frame<B>> {
        need(bytes.as_ref(), HEADER_LEN)?;
        Ok(Frame(bytes))
    }

    fn mac(&self, at: usize) -> MacAddr {
        MacAddr::read(self.0.as_ref(), at).unwrap_or_default()
    }

    /// Destination address.
    pub fn destination(&self) -> MacAddr {
        self.mac(0)
    }

    /// Source address.
    pub fn source(&self) -> MacAddr {
        self.mac(6)
    }

    /// EtherType, or length below 1536.
    pub fn ether_type(&self) -> u16 {
        get16(self.0.as_ref(), 12)
    }

    /// What follows the header.
    pub fn payload(&self) -> &[u8] {
        &self.0.as_ref()[HEADER_LEN..]
    }

    /// The bytes given.
    pub fn into_inner(self) -> B {
        self.0
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Frame<B> {
    /// Sets the destination address.
    pub fn set_destination(&mut self, mac: MacAddr) {
        self.0.as_mut()[..6].copy_from_slice(&mac.0);
    }

    /// Sets the source address.
    pub fn set_source(&mut self, mac: MacAddr) {
        self.0.as_mut()[6..12].copy_from_slice(&mac.0);
    }

    /// Sets the EtherType.
    pub fn set_ether_type(&mut self, ether_type: u16) {
        put16(self.0.as_mut(), 12, ether_type);
    }

    /// What follows the header, writable.
    pub fn payload_mut(&mut self) -> &mut [u8] {
        &mut self.0.as_mut()[HEADER_LEN..]
    }
}

/// The meaning of an Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr {
    /// Destination address.
    pub destination: MacAddr,
    /// Source address.
    pub source: MacAddr,
    /// EtherType.
    pub ether_type: u16,
}

impl Repr {
    /// Reads the header.
    pub fn parse<B: AsRef<[u8]>>(frame: &Frame<B>) -> Repr {
        Repr {
            destination: frame.destination(),
            source: frame.source(),
            ether_type: frame.ether_type(),
        }
    }

    /// Writes the header.
    pub fn emit<B: AsRef<[u8]> + AsMut<[u8]>>(&self, frame: &mut Frame<B>) {
        frame.set_destination(self.destination);
        frame.set_source(self.source);
        frame.set_ether_type(self.ether_type);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn emitted_bytes_are_exact_and_parse_back() {
        let repr = Repr {
            destination: MacAddr([1, 2, 3, 4, 5, 6]),
            source: MacAddr([7, 8, 9, 10, 11, 12]),
            ether_type: 0x0800,
        };
        let mut bytes = [0xee; 15];
        repr.emit(&mut Frame::new_checked(&mut bytes[..]).unwrap());
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0, 0xee]);
        let frame = Frame::new_checked(&bytes[..]).unwrap();
        assert_eq!(Repr::parse(&frame), repr);
        assert_eq!(frame.payload(), [0xee]);
    }

    #[test]
    fn short_frame_is_truncated() {
        let error = Frame::new_checked(&[0u8; 13][..]).unwrap_err();
        assert_eq!(
            error,
            Error::Truncated {
                needed: 14,
                got: 13
            }
        );
        assert_eq!(error.to_string(), "truncated: 14 bytes needed, 13 given");
    }
}
