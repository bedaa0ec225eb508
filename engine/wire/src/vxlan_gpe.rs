//! VXLAN with the Generic Protocol Extension (draft-ietf-nvo3-vxlan-gpe), seen from behind the UDP
//! header.

use crate::bytes::{get32, put32};
use crate::{Result, need};

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;
/// The UDP port of VXLAN-GPE.
pub const PORT: u16 = 4790;
/// The highest VXLAN network identifier: 24 bits.
pub const MAX_VNI: u32 = 0xff_ffff;

/// Values of the next protocol field; they are not those of the Network Service Header.
pub mod next {
    /// IPv4.
    pub const IPV4: u8 = 1;
    /// IPv6.
    pub const IPV6: u8 = 2;
    /// Ethernet.
    pub const ETHERNET: u8 = 3;
    /// Network Service Header.
    pub const NSH: u8 = 4;
}

/// Flags that new headers have: the identifier and the next protocol are there.
const FLAGS: u8 = 0x0c;

/// A view of a header and what follows it.
#[derive(Clone, Copy, Debug)]
pub struct Header<B>(B);

impl<B: AsRef<[u8]>> Header<B> {
    /// Checks that the header is there.
    ///
    /// # Errors
    /// [`crate::Error::Truncated`] where bytes are missing.
    pub fn new_checked(bytes: B) -> Result<Header<B>> {
        need(bytes.as_ref(), HEADER_LEN)?;
        Ok(Header(bytes))
    }

    /// Version, 2 bits; 0 is the only one there is.
    pub fn version(&self) -> u8 {
        self.0.as_ref()[0] >> 4 & 3
    }

    /// Whether the VXLAN network identifier is there (the I bit).
    pub fn has_vni(&self) -> bool {
        self.0.as_ref()[0] & 0x08 != 0
    }

    /// Whether the next protocol is there (the P bit); Ethernet follows where it is not.
    pub fn has_next_protocol(&self) -> bool {
        self.0.as_ref()[0] & 0x04 != 0
    }

    /// Whether this is an OAM packet (the O bit).
    pub fn is_oam(&self) -> bool {
        self.0.as_ref()[0] & 0x01 != 0
    }

    /// What follows.
    pub fn next_protocol(&self) -> u8 {
        self.0.as_ref()[3]
    }

    /// VXLAN network identifier, 24 bits.
    pub fn vni(&self) -> u32 {
        get32(self.0.as_ref(), 4) >> 8
    }

    /// What follows the header.
    pub fn payload(&self) -> &[u8] {
        &self.0.as_ref()[HEADER_LEN..]
    }
}

/// The bytes of a header.
pub fn header(vni: u32, next_protocol: u8) -> [u8; HEADER_LEN] {
    let mut bytes = [FLAGS, 0, 0, next_protocol, 0, 0, 0, 0];
    put32(&mut bytes, 4, vni << 8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_written_exactly_and_read_back() {
        let bytes = header(0x01_0203, next::NSH);
        assert_eq!(bytes, [0x0c, 0, 0, 4, 1, 2, 3, 0]);
        let view = Header::new_checked(&bytes[..]).unwrap();
        assert!(view.has_vni() && view.has_next_protocol() && !view.is_oam());
        assert_eq!((view.version(), view.next_protocol()), (0, 4));
        assert_eq!((view.vni(), view.payload()), (0x01_0203, &[][..]));
    }

    #[test]
    fn flags_are_told_apart() {
        let view = Header::new_checked([0x31, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert!(!view.has_vni() && !view.has_next_protocol() && view.is_oam());
        assert_eq!(view.version(), 3);
        assert!(Header::new_checked([0u8; 7]).is_err());
    }
}
