//! The meaning of a header that is to be made.

use super::{CONTEXT_LEN, DEFAULT_SI, DEFAULT_TTL, FIXED_LEN, MAX_OPTIONS, MD1_LEN, fits, md_type};

/// What a new header says. Version and unassigned bits are 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repr {
    /// Whether it is of an OAM packet.
    pub oam: bool,
    /// TTL, 0 to 63.
    pub ttl: u8,
    /// What follows it.
    pub next_protocol: u8,
    /// Service path identifier, 24 bits.
    pub spi: u32,
    /// Service index.
    pub si: u8,
    /// The metadata.
    pub metadata: Metadata,
}

/// The metadata of a header, by MD type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// MD type 1: its context.
    Fixed([u8; CONTEXT_LEN]),
    /// MD type 2: context headers as they stand in the header, see [`super::push_tlv`].
    Variable(Vec<u8>),
}

impl Repr {
    /// A header of MD type 1 with an empty context, at the start of path `spi`.
    pub fn new(spi: u32, next_protocol: u8) -> Repr {
        Repr {
            oam: false,
            ttl: DEFAULT_TTL,
            next_protocol,
            spi,
            si: DEFAULT_SI,
            metadata: Metadata::Fixed([0; CONTEXT_LEN]),
        }
    }

    /// Bytes of the header.
    pub fn header_len(&self) -> usize {
        match &self.metadata {
            Metadata::Fixed(_) => MD1_LEN,
            Metadata::Variable(tlvs) => FIXED_LEN + tlvs.len(),
        }
    }

    /// The header's bytes.
    ///
    /// # Panics
    /// Where metadata of MD type 2 is longer than [`MAX_OPTIONS`] or no context headers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (md_type, metadata) = match &self.metadata {
            Metadata::Fixed(context) => (md_type::FIXED, &context[..]),
            Metadata::Variable(tlvs) => (md_type::VARIABLE, &tlvs[..]),
        };
        assert!(metadata.len() <= MAX_OPTIONS, "metadata too long");
        assert!(md_type == md_type::FIXED || fits(metadata), "no TLVs");
        let words = (FIXED_LEN + metadata.len()) / 4;
        let first = u16::from(self.oam) << 13 | u16::from(self.ttl & 0x3f) << 6 | words as u16;
        let path = self.spi << 8 | u32::from(self.si);
        let mut bytes = Vec::with_capacity(FIXED_LEN + metadata.len());
        bytes.extend_from_slice(&first.to_be_bytes());
        bytes.extend_from_slice(&[md_type, self.next_protocol]);
        bytes.extend_from_slice(&path.to_be_bytes());
        bytes.extend_from_slice(metadata);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Header, Policy, Tlv, check, next, push_tlv};
    use super::*;

    #[test]
    fn a_header_of_type_1_is_written_exactly() {
        let bytes = Repr::new(10, next::IPV4).to_bytes();
        let expected = [[0x0f, 0xc6, 1, 1, 0, 0, 10, 255].as_slice(), &[0; 16]].concat();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut tlvs = Vec::new();
        let tlv = Tlv {
            class: 0x0100,
            kind: 7,
            unassigned: false,
            value: b"tenant",
        };
        assert!(push_tlv(&mut tlvs, &tlv));
        let repr = Repr {
            oam: true,
            ttl: 5,
            si: 3,
            metadata: Metadata::Variable(tlvs),
            ..Repr::new(0xab_cdef, next::ETHERNET)
        };
        let bytes = repr.to_bytes();
        let policy = Policy {
            oam: true,
            ..Policy::default()
        };
        assert_eq!(check(&bytes, &policy), Ok(repr.header_len()));
        let header = Header::new_checked(&bytes[..]).unwrap();
        assert_eq!((header.ttl(), header.spi(), header.si()), (5, 0xab_cdef, 3));
        assert!(header.is_oam() && header.tlvs().eq([tlv]));
    }
}
