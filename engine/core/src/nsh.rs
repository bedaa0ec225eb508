//! The Network Service Header of a packet, kept beside it while it travels without (RFC 8300).

mod kept;

use weft_wire::nsh::{CONTEXT_LEN, FIXED_LEN, MAX_OPTIONS, MAX_SPI, fits, md_type};

/// The most bytes of a link header that are kept with it: Ethernet and two VLAN tags.
pub const MAX_LINK: usize = 22;
/// Where link headers end in a kept header, and base header, context and its end.
const BASE: usize = 24;
const CONTEXT: usize = BASE + FIXED_LEN;
const END: usize = CONTEXT + CONTEXT_LEN;

/// A header and the link header before it, taken off a packet.
///
/// It is whole by its making: its length always is that of what it holds, and metadata of MD type 2
/// always are context headers from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nsh {
    /// The link header, base header and context as they stood in the packet, one behind the other. In the context's
    /// place lies metadata of variable length that has as many bytes at most.
    bytes: [u8; END],
    few_options: u8,
    options: Option<Box<Options>>,
    link_len: u8,
    exposed: bool,
    arrived: u32,
}

/// Metadata of variable length that has no room in the context's place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    length: u8,
    bytes: [u8; MAX_OPTIONS],
}

impl Nsh {
    const BLANK: Nsh = Nsh {
        bytes: [0; END],
        few_options: 0,
        options: None,
        link_len: 0,
        exposed: false,
        arrived: 0,
    };

    /// Takes in a header: `header` is the whole of it, as [`weft_wire::nsh::check`] found it, `link`
    /// what stood before it. `None` where the bytes are no header or the link header is too long.
    #[inline]
    pub fn read(header: &[u8], link: &[u8]) -> Option<Nsh> {
        let base: [u8; FIXED_LEN] = *header.first_chunk()?;
        if usize::from(base[1] & 0x3f) * 4 != header.len() || link.len() > MAX_LINK {
            return None;
        }
        let mut nsh = Nsh {
            link_len: link.len() as u8,
            arrived: u32::from_be_bytes([base[4], base[5], base[6], base[7]]),
            ..Nsh::BLANK
        };
        nsh.bytes[BASE..CONTEXT].copy_from_slice(&base);
        nsh.bytes[BASE - link.len()..BASE].copy_from_slice(link);
        let metadata = &header[FIXED_LEN..];
        if nsh.md_type() == md_type::FIXED {
            let context: &[u8; CONTEXT_LEN] = metadata.try_into().ok()?;
            nsh.bytes[CONTEXT..].copy_from_slice(context);
        } else if !nsh.keep_options(metadata) {
            return None;
        }
        Some(nsh)
    }

    /// Makes a copy of `bytes` the metadata of variable length; false where they are no such.
    fn keep_options(&mut self, bytes: &[u8]) -> bool {
        let is_whole = |copy: &[u8], md_type| md_type != md_type::VARIABLE || fits(copy);
        let mut few = [0; CONTEXT_LEN];
        if let Some(copy) = few.get_mut(..bytes.len()) {
            copy.copy_from_slice(bytes);
            if !is_whole(copy, self.md_type()) {
                return false;
            }
            self.bytes[CONTEXT..].copy_from_slice(&few);
            (self.few_options, self.options) = (bytes.len() as u8, None);
            return true;
        }
        let mut options = Box::new(Options {
            length: 0,
            bytes: [0; MAX_OPTIONS],
        });
        let Some(copy) = options.bytes.get_mut(..bytes.len()) else {
            return false;
        };
        copy.copy_from_slice(bytes);
        if !is_whole(copy, self.md_type()) {
            return false;
        }
        options.length = bytes.len() as u8;
        self.bytes[CONTEXT..].fill(0);
        (self.few_options, self.options) = (0, Some(options));
        true
    }

    /// Bytes of the header.
    #[inline]
    pub fn header_len(&self) -> usize {
        usize::from(self.base()[1] & 0x3f) * 4
    }

    #[inline]
    fn base(&self) -> &[u8; FIXED_LEN] {
        let base = self.bytes[BASE..].first_chunk();
        base.unwrap_or(&[0; FIXED_LEN]) // there always is one
    }

    /// Writes the header into the front of `to`. False where it is too short; nothing is written then.
    #[inline]
    pub fn write(&self, to: &mut [u8]) -> bool {
        let Some(to) = to.get_mut(..self.header_len()) else {
            return false;
        };
        to[..FIXED_LEN].copy_from_slice(self.base());
        to[FIXED_LEN..].copy_from_slice(self.metadata());
        true
    }

    fn first_word(&self) -> u16 {
        let base = self.base();
        u16::from_be_bytes([base[0], base[1]])
    }

    /// Whether it is of an OAM packet.
    pub fn is_oam(&self) -> bool {
        self.base()[0] & 0x20 != 0
    }

    /// TTL, 0 to 63.
    pub fn ttl(&self) -> u8 {
        (self.first_word() >> 6 & 0x3f) as u8
    }

    /// Sets the TTL, 0 to 63.
    pub fn set_ttl(&mut self, ttl: u8) {
        let word = self.first_word() & !0x0fc0 | u16::from(ttl & 0x3f) << 6;
        self.bytes[BASE..BASE + 2].copy_from_slice(&word.to_be_bytes());
    }

    /// MD type.
    #[inline]
    pub fn md_type(&self) -> u8 {
        self.base()[2] & 0xf
    }

    /// What followed it.
    #[inline]
    pub fn next_protocol(&self) -> u8 {
        self.base()[3]
    }

    /// Service path identifier, 24 bits.
    #[inline]
    pub fn spi(&self) -> u32 {
        self.path() >> 8
    }

    /// Service index.
    #[inline]
    pub fn si(&self) -> u8 {
        self.base()[7]
    }

    /// Service path identifier and service index in one.
    #[inline]
    pub fn path(&self) -> u32 {
        let base = self.base();
        u32::from_be_bytes([base[4], base[5], base[6], base[7]])
    }

    /// Sets service path identifier and service index; of the identifier, the lower 24 bits count.
    #[inline]
    pub fn set_path(&mut self, spi: u32, si: u8) {
        let path = (spi & MAX_SPI) << 8 | u32::from(si);
        self.bytes[BASE + 4..CONTEXT].copy_from_slice(&path.to_be_bytes());
    }

    /// Whether service path identifier or service index are not those the packet came with.
    #[inline]
    pub fn is_reclassified(&self) -> bool {
        self.path() != self.arrived
    }

    /// The context of MD type 1; zeros for other types.
    pub fn context(&self) -> &[u8; CONTEXT_LEN] {
        let context = self.bytes[CONTEXT..].first_chunk();
        let context = context.filter(|_| self.md_type() == md_type::FIXED);
        context.unwrap_or(&[0; CONTEXT_LEN])
    }

    /// Sets the context of MD type 1; without effect on other types.
    pub fn set_context(&mut self, context: &[u8; CONTEXT_LEN]) {
        if self.md_type() == md_type::FIXED {
            self.bytes[CONTEXT..].copy_from_slice(context);
        }
    }

    /// All that stands behind the service path header: the context, or the context headers.
    #[inline]
    pub fn metadata(&self) -> &[u8] {
        if self.md_type() == md_type::FIXED {
            return self.context();
        }
        self.options()
    }

    /// The context headers of MD type 2, as they stand in the header; empty for MD type 1.
    pub fn options(&self) -> &[u8] {
        match &self.options {
            Some(options) => &options.bytes[..usize::from(options.length)],
            None => &self.bytes[CONTEXT..CONTEXT + usize::from(self.few_options)],
        }
    }

    /// Sets the context headers of MD type 2. False, and nothing changes, where the header is of
    /// another type, or the bytes are no context headers from end to end, or too many.
    pub fn set_options(&mut self, bytes: &[u8]) -> bool {
        if self.md_type() != md_type::VARIABLE || !self.keep_options(bytes) {
            return false;
        }
        let words = (FIXED_LEN + bytes.len()) / 4;
        self.bytes[BASE + 1] = self.bytes[BASE + 1] & 0xc0 | words as u8;
        true
    }

    /// The link header that stood before it.
    #[inline]
    pub fn link(&self) -> &[u8] {
        &self.bytes[BASE - usize::from(self.link_len)..BASE]
    }

    /// Whether components of the function see it and may change it.
    pub fn is_exposed(&self) -> bool {
        self.exposed
    }

    /// Shows it to the components of the function, or hides it.
    pub fn expose(&mut self, exposed: bool) {
        self.exposed = exposed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_wire::nsh::{Metadata, Repr, next};

    /// A header of MD type 2.
    pub(super) fn variable(tlvs: &[u8]) -> Vec<u8> {
        let repr = Repr {
            metadata: Metadata::Variable(tlvs.to_vec()),
            ..Repr::new(7, next::ETHERNET)
        };
        repr.to_bytes()
    }

    #[test]
    fn a_header_is_written_as_it_was_read() {
        for bytes in [
            Repr::new(10, next::IPV4).to_bytes(),
            variable(&[]),
            variable(&[0, 1, 2, 3, 4, 5, 6, 0]),
        ] {
            let nsh = Nsh::read(&bytes, &[1; 14]).unwrap();
            let mut written = vec![0xff; bytes.len() + 3];
            assert!(nsh.write(&mut written));
            assert_eq!(written, [&bytes[..], &[0xff; 3]].concat());
            assert_eq!(nsh.link(), [1; 14]);
            assert!(!nsh.write(&mut vec![0; bytes.len() - 1]));
        }
    }

    #[test]
    fn what_is_no_header_is_not_kept() {
        let bytes = Repr::new(10, next::IPV4).to_bytes();
        assert_eq!(Nsh::read(&bytes[..20], &[]), None);
        assert_eq!(Nsh::read(&bytes, &[0; 23]), None);
        let mut bad = variable(&[0, 1, 2, 3, 4, 5, 6, 0]);
        bad[11] = 9;
        assert_eq!(Nsh::read(&bad, &[]), None);
    }

    #[test]
    fn changes_keep_it_whole() {
        let mut nsh = Nsh::read(&variable(&[0, 1, 2, 0]), &[]).unwrap();
        assert!(nsh.set_options(&[9, 9, 9, 1, 7, 0, 0, 0]));
        assert!(!nsh.set_options(&[9, 9, 9, 5, 7, 0, 0, 0]));
        nsh.set_context(&[1; 16]);
        nsh.set_path(0xff01_0203, 4);
        let mut bytes = [0; 16];
        assert!(nsh.write(&mut bytes));
        let expected = [0x0f, 0xc4, 2, 3, 1, 2, 3, 4, 9, 9, 9, 1, 7, 0, 0, 0];
        assert_eq!(bytes, expected);
        assert!(nsh.set_options(&[]) && nsh.header_len() == 8);
    }
}
