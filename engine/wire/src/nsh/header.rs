//! A view of one header.

use super::{CONTEXT_LEN, FIXED_LEN, MD1_LEN, Tlvs, md_type};
use crate::bytes::{get16, get32, put16, put32};
use crate::{Error, Result, need};

/// A view of a header and what follows it. Its length is read once, when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Header<B> {
    bytes: B,
    length: usize,
}

impl<B: AsRef<[u8]>> Header<B> {
    /// Checks that the header is there, as long as it says it is.
    ///
    /// # Errors
    /// [`Error::Truncated`] where bytes are missing, [`Error::Malformed`] for a length under two words.
    pub fn new_checked(bytes: B) -> Result<Header<B>> {
        let given = bytes.as_ref();
        need(given, FIXED_LEN)?;
        let length = usize::from(given[1] & 0x3f) * 4;
        if length < FIXED_LEN {
            return Err(Error::Malformed("NSH length under two words"));
        }
        need(given, length)?;
        Ok(Header { bytes, length })
    }

    fn get(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// Version, 2 bits; 0 is the only one there is.
    pub fn version(&self) -> u8 {
        self.get()[0] >> 6
    }

    /// Whether this is an OAM packet.
    pub fn is_oam(&self) -> bool {
        self.get()[0] & 0x20 != 0
    }

    /// Forwarders that may still handle the packet, 0 to 63; 0 stands for 64 of them.
    pub fn ttl(&self) -> u8 {
        (get16(self.get(), 0) >> 6 & 0x3f) as u8
    }

    /// Bytes of the header, metadata included.
    pub fn header_len(&self) -> usize {
        self.length
    }

    /// The unassigned bits: the one behind the O bit, and the four before the MD type.
    pub fn unassigned(&self) -> (bool, u8) {
        let bytes = self.get();
        (bytes[0] & 0x10 != 0, bytes[2] >> 4)
    }

    /// MD type, 4 bits.
    pub fn md_type(&self) -> u8 {
        self.get()[2] & 0xf
    }

    /// What follows the header.
    pub fn next_protocol(&self) -> u8 {
        self.get()[3]
    }

    /// Service path identifier, 24 bits.
    pub fn spi(&self) -> u32 {
        get32(self.get(), 4) >> 8
    }

    /// Service index.
    pub fn si(&self) -> u8 {
        self.get()[7]
    }

    /// Service path identifier and service index in one: the key of a forwarding table.
    pub fn path(&self) -> u32 {
        get32(self.get(), 4)
    }

    /// The context, where MD type and length are those of MD type 1.
    pub fn context(&self) -> Option<[u8; CONTEXT_LEN]> {
        if self.md_type() != md_type::FIXED || self.length != MD1_LEN {
            return None;
        }
        self.get()[FIXED_LEN..MD1_LEN].try_into().ok()
    }

    /// All that stands between service path header and payload.
    pub fn metadata(&self) -> &[u8] {
        &self.get()[FIXED_LEN..self.length]
    }

    /// The context headers, where the MD type is 2; none otherwise.
    pub fn tlvs(&self) -> Tlvs<'_> {
        match self.md_type() {
            md_type::VARIABLE => Tlvs::new(self.metadata()),
            _ => Tlvs::new(&[]),
        }
    }

    /// What follows the header.
    pub fn payload(&self) -> &[u8] {
        &self.get()[self.length..]
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Header<B> {
    /// Sets the TTL, 0 to 63; bits around it stay.
    pub fn set_ttl(&mut self, ttl: u8) {
        let others = get16(self.get(), 0) & !0x0fc0;
        let word = others | u16::from(ttl & 0x3f) << 6;
        put16(self.bytes.as_mut(), 0, word);
    }

    /// Sets service path identifier (24 bits) and service index.
    pub fn set_path(&mut self, spi: u32, si: u8) {
        put32(self.bytes.as_mut(), 4, spi << 8 | u32::from(si));
    }

    /// Sets the context of a header of MD type 1; others stay as they are.
    pub fn set_context(&mut self, context: &[u8; CONTEXT_LEN]) {
        if self.context().is_some() {
            self.bytes.as_mut()[FIXED_LEN..MD1_LEN].copy_from_slice(context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 0, O, U, TTL 0x2a, 6 words, U 1010, MD type 1, IPv4; SPI 0x010203, SI 0xfe.
    const BYTES: [u8; 26] = [
        0x3a, 0x86, 0xa1, 0x01, 1, 2, 3, 0xfe, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 0x45, 0x00,
    ];

    #[test]
    fn fields_come_from_their_bits() {
        let header = Header::new_checked(&BYTES[..]).unwrap();
        assert_eq!((header.version(), header.is_oam()), (0, true));
        assert_eq!((header.ttl(), header.header_len()), (0x2a, 24));
        assert_eq!(header.unassigned(), (true, 0xa));
        assert_eq!((header.md_type(), header.next_protocol()), (1, 1));
        assert_eq!((header.spi(), header.si()), (0x01_0203, 0xfe));
        assert_eq!(header.path(), 0x0102_03fe);
        assert_eq!(header.context().unwrap(), BYTES[8..24]);
        assert_eq!(header.payload(), &[0x45, 0x00]);
        assert_eq!(header.tlvs().count(), 0);
    }

    #[test]
    fn setters_leave_their_neighbours_alone() {
        let mut bytes = BYTES;
        let mut header = Header::new_checked(&mut bytes[..]).unwrap();
        header.set_ttl(0x15);
        header.set_path(0xff_ffff, 0);
        header.set_context(&[9; 16]);
        assert_eq!(bytes[..8], [0x35, 0x46, 0xa1, 0x01, 0xff, 0xff, 0xff, 0]);
        assert_eq!(bytes[8..], [[9; 16].as_slice(), &[0x45, 0]].concat());
    }

    #[test]
    fn headers_that_are_not_there_are_refused() {
        let short = Header::new_checked(&BYTES[..7]).unwrap_err();
        assert_eq!(short, Error::Truncated { needed: 8, got: 7 });
        let cut = Header::new_checked(&BYTES[..23]).unwrap_err();
        let expected = Error::Truncated {
            needed: 24,
            got: 23,
        };
        assert_eq!(cut, expected);
        let one_word = [0, 1, 2, 3, 0, 0, 0, 0];
        let refused = Header::new_checked(&one_word[..]).unwrap_err();
        assert_eq!(refused.to_string(), "malformed: NSH length under two words");
    }
}
