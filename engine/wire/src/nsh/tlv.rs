//! Context headers of MD type 2 (RFC 8300, section 2.5.1): class, type, length and value, padded to
//! four bytes.

use super::MAX_OPTIONS;

/// Bytes of a context header before its value.
pub const TLV_HEADER_LEN: usize = 4;
/// The most bytes of a value: 7 bits.
const MAX_VALUE: usize = 127;

/// One context header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Metadata class: who defines the types.
    pub class: u16,
    /// Type within the class.
    pub kind: u8,
    /// The unassigned bit.
    pub unassigned: bool,
    /// The value, without padding.
    pub value: &'a [u8],
}

impl Tlv<'_> {
    /// Bytes it takes in a header, padding included.
    pub fn padded_len(&self) -> usize {
        TLV_HEADER_LEN + padded(self.value.len())
    }
}

/// Walks through context headers; ends before the first that is not wholly there.
#[derive(Clone, Copy, Debug)]
pub struct Tlvs<'a> {
    rest: &'a [u8],
}

impl<'a> Tlvs<'a> {
    /// Walks through `bytes`, the metadata of a header of MD type 2.
    pub fn new(bytes: &'a [u8]) -> Self {
        Tlvs { rest: bytes }
    }
}

impl<'a> Iterator for Tlvs<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let &[class_high, class_low, kind, length] = self.rest.first_chunk()?;
        let length_of_value = usize::from(length & 0x7f);
        let value = &self.rest[TLV_HEADER_LEN..];
        let after = value.get(padded(length_of_value)..)?;
        self.rest = after;
        Some(Tlv {
            class: u16::from_be_bytes([class_high, class_low]),
            kind,
            unassigned: length & 0x80 != 0,
            value: &value[..length_of_value],
        })
    }
}

/// Whether `bytes` are context headers from end to end.
pub fn fits(bytes: &[u8]) -> bool {
    let used: usize = Tlvs::new(bytes).map(|tlv| tlv.padded_len()).sum();
    used == bytes.len()
}

/// Appends a context header to metadata of MD type 2, padded with zeros. False, and nothing is
/// appended, where its value or the metadata would become too long.
pub fn push_tlv(metadata: &mut Vec<u8>, tlv: &Tlv<'_>) -> bool {
    let length = tlv.value.len();
    if length > MAX_VALUE || metadata.len() + tlv.padded_len() > MAX_OPTIONS {
        return false;
    }
    metadata.extend_from_slice(&tlv.class.to_be_bytes());
    metadata.push(tlv.kind);
    metadata.push(u8::from(tlv.unassigned) << 7 | length as u8);
    metadata.extend_from_slice(tlv.value);
    metadata.resize(metadata.len() + padded(length) - length, 0);
    true
}

fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(class: u16, kind: u8, value: &[u8]) -> Tlv<'_> {
        Tlv {
            class,
            kind,
            unassigned: false,
            value,
        }
    }

    #[test]
    fn context_headers_are_padded_and_found_again() {
        let mut bytes = Vec::new();
        assert!(push_tlv(&mut bytes, &tlv(0x0102, 3, b"abcde")));
        assert!(push_tlv(&mut bytes, &tlv(0xffff, 0xff, b"")));
        let expected = [1, 2, 3, 5, b'a', b'b', b'c', b'd', b'e', 0, 0, 0];
        assert_eq!(bytes, [&expected[..], &[0xff, 0xff, 0xff, 0]].concat());
        assert!(fits(&bytes));
        let found: Vec<_> = Tlvs::new(&bytes).collect();
        assert_eq!(found, [tlv(0x0102, 3, b"abcde"), tlv(0xffff, 0xff, b"")]);
    }

    #[test]
    fn the_unassigned_bit_is_no_part_of_the_length() {
        let found: Vec<_> = Tlvs::new(&[0, 1, 2, 0x81, 7, 0, 0, 0]).collect();
        assert!(found[0].unassigned && found[0].value == [7]);
    }

    #[test]
    fn what_reaches_past_the_end_is_not_there() {
        for bytes in [&[0u8, 1, 2][..], &[0, 1, 2, 1], &[0, 1, 2, 5, 1, 2, 3, 4]] {
            assert_eq!(Tlvs::new(bytes).count(), 0);
            assert!(!fits(bytes));
        }
        assert!(fits(&[]));
    }

    #[test]
    fn too_long_is_refused_whole() {
        let mut bytes = vec![0; 240];
        assert!(!push_tlv(&mut bytes, &tlv(0, 0, b"a")));
        assert!(!push_tlv(&mut Vec::new(), &tlv(0, 0, &[0; 128])));
        assert_eq!(bytes.len(), 240);
        assert!(push_tlv(&mut bytes, &tlv(0, 0, b"")));
    }
}
