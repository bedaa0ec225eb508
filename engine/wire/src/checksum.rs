//! The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
//!
//! Sums are kept unfolded in a `u64`, so partial sums of several pieces can be added before
//! [`fold`]. A piece that is followed by another must have even length.

/// The one's-complement sum of `bytes` as big-endian 16-bit words, unfolded; an odd last byte is
/// padded with zero.
#[inline]
pub fn ones_complement_sum(bytes: &[u8]) -> u64 {
    // The sum of byte-swapped words is the byte-swapped sum: words are read as the machine has them.
    u64::from(fold(native_sum(bytes)).to_be())
}

#[inline]
fn native_sum(bytes: &[u8]) -> u64 {
    match <&[u8; 20]>::try_from(bytes) {
        Ok(header) => native_sum_20(header),
        Err(_) => native_sum_any(bytes),
    }
}

/// [`native_sum_any`] for the length of most IPv4 headers, without its loop.
#[inline]
fn native_sum_20(header: &[u8; 20]) -> u64 {
    let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| header[at + i]));
    let last = u32::from_ne_bytes(std::array::from_fn(|i| header[16 + i]));
    let halves = |word: u64| (word >> 32) + (word & 0xffff_ffff);
    halves(word(0)) + halves(word(8)) + u64::from(last)
}

#[inline]
fn native_sum_any(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<4>();
    // No carry is lost below 16 GiB.
    let sum = chunks
        .iter()
        .map(|c| u64::from(u32::from_ne_bytes(*c)))
        .sum();
    match *rest {
        [] => sum,
        [a] => sum + u64::from(u16::from_ne_bytes([a, 0])),
        [a, b] => sum + u64::from(u16::from_ne_bytes([a, b])),
        [a, b, c, ..] => sum + u64::from(u32::from_ne_bytes([a, b, c, 0])),
    }
}

/// Folds an unfolded sum into 16 bits, not complemented.
#[inline]
pub fn fold(sum: u64) -> u16 {
    let (low, carry) = (sum as u32).overflowing_add((sum >> 32) as u32);
    let sum = low + u32::from(carry);
    let (low, carry) = (sum as u16).overflowing_add((sum >> 16) as u16);
    low + u16::from(carry)
}

/// The checksum of `bytes`: 0 where `bytes` includes a correct checksum field.
#[inline]
pub fn checksum(bytes: &[u8]) -> u16 {
    !fold(native_sum(bytes)).to_be()
}

/// The checksum of an IPv4 header, its checksum field (bytes 10 and 11) counted as zero.
#[inline]
pub fn ipv4_header(header: &[u8]) -> u16 {
    // The field is taken off the sum rather than written and read back: a read of a word just
    // after a write of part of it stalls the processor.
    let field = match header.get(10..12) {
        Some(field) => u32::from_ne_bytes([0, 0, field[0], field[1]]),
        None => 0,
    };
    // Bytes that changed in between make the field more than the sum: then any result is as good.
    !fold(native_sum(header).wrapping_sub(u64::from(field))).to_be()
}

/// The sum of the IPv4 pseudo header.
pub fn pseudo_header_v4(source: u32, destination: u32, protocol: u8, length: u16) -> u64 {
    u64::from(source) + u64::from(destination) + u64::from(protocol) + u64::from(length)
}

/// The sum of the IPv6 pseudo header (RFC 8200).
pub fn pseudo_header_v6(
    source: &[u8; 16],
    destination: &[u8; 16],
    protocol: u8,
    length: u32,
) -> u64 {
    ones_complement_sum(source)
        + ones_complement_sum(destination)
        + u64::from(length)
        + u64::from(protocol)
}

/// The checksum of a transport header and payload under IPv4, whose checksum field is zero or
/// left out of account by being correct (then the result is 0).
pub fn transport_v4(source: u32, destination: u32, protocol: u8, bytes: &[u8]) -> u16 {
    let length = bytes.len().min(usize::from(u16::MAX)) as u16;
    !fold(pseudo_header_v4(source, destination, protocol, length) + ones_complement_sum(bytes))
}

/// As [`transport_v4`] under IPv6 (RFC 8200, section 8.1).
pub fn transport_v6(source: &[u8; 16], destination: &[u8; 16], protocol: u8, bytes: &[u8]) -> u16 {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    !fold(pseudo_header_v6(source, destination, protocol, length) + ones_complement_sum(bytes))
}

/// The checksum after one 16-bit word changed from `old` to `new` (RFC 1624, equation 3).
#[inline]
pub fn update16(checksum: u16, old: u16, new: u16) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!old) + u64::from(new))
}

/// The checksum after an aligned 32-bit value changed from `old` to `new`.
#[inline]
pub fn update32(checksum: u16, old: u32, new: u32) -> u16 {
    let sum = u64::from(!checksum)
        + u64::from(!(old >> 16) as u16)
        + u64::from(!old as u16)
        + u64::from(new >> 16)
        + u64::from(new & 0xffff);
    !fold(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 20] = [
        0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00,
        0x01, 0xc0, 0xa8, 0x00, 0xc7,
    ];

    fn simple(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum as u16
    }

    #[test]
    fn header_checksum_matches_the_known_one() {
        assert_eq!(checksum(&HEADER), 0);
        let mut zeroed = HEADER;
        zeroed[10..12].fill(0);
        assert_eq!(checksum(&zeroed), 0xb861);
    }

    #[test]
    fn a_headers_own_checksum_does_not_count() {
        assert_eq!(ipv4_header(&HEADER), 0xb861);
        let mut other = HEADER;
        other[10..12].fill(0xff);
        assert_eq!(ipv4_header(&other), 0xb861);
        assert_eq!(ipv4_header(&[]), 0xffff);
        assert_eq!(ipv4_header(&[0; 11]), 0xffff);
    }

    #[test]
    fn every_length_equals_the_simple_sum() {
        let bytes: Vec<u8> = (0..300u32).map(|i| ((i * 7919) >> 3) as u8).collect();
        for end in 0..bytes.len() {
            assert_eq!(
                fold(ones_complement_sum(&bytes[..end])),
                simple(&bytes[..end]),
                "{end}"
            );
        }
        let full = vec![0xff; 65535];
        assert_eq!(fold(ones_complement_sum(&full)), simple(&full));
        assert_eq!(fold(u64::MAX), 0xffff);
    }

    #[test]
    fn incremental_update_equals_recomputing() {
        for (old, new) in [
            (0x4011u16, 0x3f11u16),
            (0, 0xffff),
            (0xffff, 0),
            (0x1234, 0x1234),
        ] {
            let mut header = HEADER;
            header[10..12].fill(0);
            header[8..10].copy_from_slice(&old.to_be_bytes());
            let before = checksum(&header);
            header[8..10].copy_from_slice(&new.to_be_bytes());
            assert_eq!(
                update16(before, old, new),
                checksum(&header),
                "{old:x} {new:x}"
            );
        }
        for (old, new) in [
            (0xc0a80001u32, 0x0a000001u32),
            (0, u32::MAX),
            (0xffff0000, 0x0000ffff),
        ] {
            let mut header = HEADER;
            header[10..12].fill(0);
            header[12..16].copy_from_slice(&old.to_be_bytes());
            let before = checksum(&header);
            header[12..16].copy_from_slice(&new.to_be_bytes());
            assert_eq!(
                update32(before, old, new),
                checksum(&header),
                "{old:x} {new:x}"
            );
        }
    }

    #[test]
    fn transport_checksum_covers_the_pseudo_header() {
        // UDP 10.0.0.1:1 -> 10.0.0.2:2, "ab"
        let mut udp = [0, 1, 0, 2, 0, 10, 0, 0, b'a', b'b'];
        let sum = transport_v4(0x0a000001, 0x0a000002, 17, &udp);
        assert_eq!(sum, 0x8a72);
        udp[6..8].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(transport_v4(0x0a000001, 0x0a000002, 17, &udp), 0);
    }

    #[test]
    fn transport_checksum_under_ipv6_covers_its_pseudo_header() {
        // UDP 2001:db8::1 port 1 -> 2001:db8::2 port 2, "ab"
        let mut source = [0; 16];
        source[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
        let mut destination = source;
        (source[15], destination[15]) = (1, 2);
        let mut udp = [0, 1, 0, 2, 0, 10, 0, 0, b'a', b'b'];
        let sum = transport_v6(&source, &destination, 17, &udp);
        assert_eq!(sum, 0x4300);
        udp[6..8].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(transport_v6(&source, &destination, 17, &udp), 0);
    }

    #[test]
    fn v6_pseudo_header_is_the_sum_of_its_bytes() {
        let (source, destination) = ([0xfe; 16], [0x20; 16]);
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&source);
        bytes.extend_from_slice(&destination);
        bytes.extend_from_slice(&[0, 1, 2, 3, 0, 0, 0, 58]);
        let sum = pseudo_header_v6(&source, &destination, 58, 0x010203);
        assert_eq!(fold(sum), simple(&bytes));
    }
}
