//! IEEE 802.1Q tags, seen from the tag control information (after the tag's EtherType).

use crate::bytes::{get16, put16};
use crate::{Result, need};

/// Bytes of a tag after its EtherType: control information and the next EtherType.
pub const HEADER_LEN: usize = 4;

/// A view of a VLAN tag and what follows it.
#[derive(Clone, Copy, Debug)]
pub struct Tag<B>(B);

impl<B: AsRef<[u8]>> Tag<B> {
    /// Checks that the tag is there.
    pub fn new_checked(bytes: B) -> Result<Tag<B>> {
        need(bytes.as_ref(), HEADER_LEN)?;
        Ok(Tag(bytes))
    }

    /// Tag control information: priority, drop eligible, VLAN identifier.
    pub fn tci(&self) -> u16 {
        get16(self.0.as_ref(), 0)
    }

    /// VLAN identifier, 12 bits.
    pub fn vlan(&self) -> u16 {
        self.tci() & 0xfff
    }

    /// Priority code point, 3 bits.
    pub fn priority(&self) -> u8 {
        (self.tci() >> 13) as u8
    }

    /// Drop eligible indicator.
    pub fn drop_eligible(&self) -> bool {
        self.tci() & 0x1000 != 0
    }

    /// EtherType of what follows.
    pub fn ether_type(&self) -> u16 {
        get16(self.0.as_ref(), 2)
    }

    /// What follows the tag.
    pub fn payload(&self) -> &[u8] {
        &self.0.as_ref()[HEADER_LEN..]
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Tag<B> {
    /// Sets the tag control information.
    pub fn set_tci(&mut self, tci: u16) {
        put16(self.0.as_mut(), 0, tci);
    }

    /// Sets the EtherType of what follows.
    pub fn set_ether_type(&mut self, ether_type: u16) {
        put16(self.0.as_mut(), 2, ether_type);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_fields_come_from_their_bits() {
        let tag = Tag::new_checked(&[0xb0, 0x64, 0x08, 0x00, 9][..]).unwrap();
        assert_eq!(
            (tag.priority(), tag.drop_eligible(), tag.vlan()),
            (5, true, 0x64)
        );
        assert_eq!((tag.ether_type(), tag.payload()), (0x0800, &[9u8][..]));
        assert!(Tag::new_checked(&[0u8; 3][..]).is_err());
    }

    #[test]
    fn setters_write_exact_bytes() {
        let mut bytes = [0; 4];
        let mut tag = Tag::new_checked(&mut bytes[..]).unwrap();
        tag.set_tci(0x2fff);
        tag.set_ether_type(0x86dd);
        assert_eq!(bytes, [0x2f, 0xff, 0x86, 0xdd]);
    }
}
