//! IPv4 (RFC 791).

use crate::bytes::{get16, get32, put16, put32};
use crate::{Error, Result, checksum, need};

/// Bytes of a header without options.
pub const HEADER_LEN: usize = 20;
/// Bytes of the longest header.
pub const MAX_HEADER_LEN: usize = 60;
/// Flag: do not fragment, in the flags-and-offset word.
pub const DONT_FRAGMENT: u16 = 0x4000;
/// Flag: more fragments follow, in the flags-and-offset word.
pub const MORE_FRAGMENTS: u16 = 0x2000;
/// Mask of the fragment offset (8-byte units) in the flags-and-offset word.
pub const OFFSET_MASK: u16 = 0x1fff;

/// A view of an IPv4 packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<B>(B);

impl<B: AsRef<[u8]>> Packet<B> {
    /// Checks version, header length and that the whole header is there. The total length is not
    /// checked; [`Packet::payload`] ends at the packet's end or the bytes', whichever comes first.
    pub fn new_checked(bytes: B) -> Result<Packet<B>> {
        let b = bytes.as_ref();
        need(b, HEADER_LEN)?;
        if b[0] >> 4 != 4 {
            return Err(Error::Malformed("IP version is not 4"));
        }
        let header_len = usize::from(b[0] & 0xf) * 4;
        if header_len < HEADER_LEN {
            return Err(Error::Malformed("IP header length below 20"));
        }
        need(b, header_len)?;
        Ok(Packet(bytes))
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Header length in bytes, 20 to 60. A view whose first byte was rewritten behind its back
    /// still gives a length within its bytes.
    pub fn header_len(&self) -> usize {
        let len = usize::from(self.bytes()[0] & 0xf) * 4;
        len.clamp(HEADER_LEN, self.bytes().len())
    }

    /// Type of service: DSCP and ECN.
    pub fn tos(&self) -> u8 {
        self.bytes()[1]
    }

    /// Differentiated services code point, 6 bits.
    pub fn dscp(&self) -> u8 {
        self.tos() >> 2
    }

    /// Explicit congestion notification, 2 bits.
    pub fn ecn(&self) -> u8 {
        self.tos() & 3
    }

    /// Total length field.
    pub fn total_len(&self) -> u16 {
        get16(self.bytes(), 2)
    }

    /// Identification.
    pub fn id(&self) -> u16 {
        get16(self.bytes(), 4)
    }

    /// Flags and fragment offset, as they stand in the header.
    pub fn flags_offset(&self) -> u16 {
        get16(self.bytes(), 6)
    }

    /// Whether the packet must not be fragmented.
    pub fn dont_fragment(&self) -> bool {
        self.flags_offset() & DONT_FRAGMENT != 0
    }

    /// Whether fragments follow this one.
    pub fn more_fragments(&self) -> bool {
        self.flags_offset() & MORE_FRAGMENTS != 0
    }

    /// Fragment offset in bytes.
    pub fn fragment_offset(&self) -> usize {
        usize::from(self.flags_offset() & OFFSET_MASK) * 8
    }

    /// Whether this is a fragment, the first one included.
    pub fn is_fragment(&self) -> bool {
        self.flags_offset() & (MORE_FRAGMENTS | OFFSET_MASK) != 0
    }

    /// Bytes 8 to 11 of the header (time to live, protocol, checksum) with the time to live one
    /// less; `None` where it is 0 or 1.
    #[inline]
    pub fn decremented_ttl(&self) -> Option<[u8; 4]> {
        let old = get16(self.bytes(), 8);
        if old < 0x200 {
            return None;
        }
        let [ttl, protocol] = (old - 0x100).to_be_bytes();
        let [high, low] = checksum::update16(self.checksum(), old, old - 0x100).to_be_bytes();
        Some([ttl, protocol, high, low])
    }

    /// Time to live.
    pub fn ttl(&self) -> u8 {
        self.bytes()[8]
    }

    /// Protocol of the payload.
    pub fn protocol(&self) -> u8 {
        self.bytes()[9]
    }

    /// Header checksum field.
    pub fn checksum(&self) -> u16 {
        get16(self.bytes(), 10)
    }

    /// Source address.
    pub fn source(&self) -> u32 {
        get32(self.bytes(), 12)
    }

    /// Destination address.
    pub fn destination(&self) -> u32 {
        get32(self.bytes(), 16)
    }

    /// The whole header, options included.
    pub fn header(&self) -> &[u8] {
        &self.bytes()[..self.header_len()]
    }

    /// The options.
    pub fn options(&self) -> &[u8] {
        &self.bytes()[HEADER_LEN..self.header_len()]
    }

    /// Whether the header checksum is right.
    pub fn checksum_ok(&self) -> bool {
        checksum::checksum(self.header()) == 0
    }

    /// What follows the header, up to the total length or the end of the bytes.
    pub fn payload(&self) -> &[u8] {
        let (start, end) = self.payload_range();
        &self.bytes()[start..end]
    }

    /// What follows this header in `whole`, the packet it was copied from, up to the total length or
    /// the end of the bytes.
    pub fn payload_in<'a>(&self, whole: &'a [u8]) -> &'a [u8] {
        let end = usize::from(self.total_len()).min(whole.len());
        whole.get(self.header_len()..end).unwrap_or_default()
    }

    fn payload_range(&self) -> (usize, usize) {
        let start = self.header_len();
        let end = usize::from(self.total_len()).min(self.bytes().len());
        (start, end.max(start))
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Packet<B> {
    fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_mut()
    }

    /// Sets the type of service.
    pub fn set_tos(&mut self, tos: u8) {
        self.bytes_mut()[1] = tos;
    }

    /// Sets the total length.
    pub fn set_total_len(&mut self, len: u16) {
        put16(self.bytes_mut(), 2, len);
    }

    /// Sets the identification.
    pub fn set_id(&mut self, id: u16) {
        put16(self.bytes_mut(), 4, id);
    }

    /// Sets flags and fragment offset.
    pub fn set_flags_offset(&mut self, value: u16) {
        put16(self.bytes_mut(), 6, value);
    }

    /// Sets the time to live; the checksum is left as it is.
    pub fn set_ttl(&mut self, ttl: u8) {
        self.bytes_mut()[8] = ttl;
    }

    /// Sets the protocol.
    pub fn set_protocol(&mut self, protocol: u8) {
        self.bytes_mut()[9] = protocol;
    }

    /// Sets the checksum field.
    pub fn set_checksum(&mut self, sum: u16) {
        put16(self.bytes_mut(), 10, sum);
    }

    /// Sets the source address.
    pub fn set_source(&mut self, address: u32) {
        put32(self.bytes_mut(), 12, address);
    }

    /// Sets the destination address.
    pub fn set_destination(&mut self, address: u32) {
        put32(self.bytes_mut(), 16, address);
    }

    /// Computes and writes the header checksum.
    pub fn fill_checksum(&mut self) {
        let sum = checksum::ipv4_header(self.header());
        self.set_checksum(sum);
    }

    /// Decrements the time to live and updates the checksum; `false`, and no change, where the
    /// time to live is 0 or 1.
    pub fn decrement_ttl(&mut self) -> bool {
        let Some(bytes) = self.decremented_ttl() else {
            return false;
        };
        self.bytes_mut()[8..12].copy_from_slice(&bytes);
        true
    }

    /// The whole header, options included, writable.
    pub fn header_mut(&mut self) -> &mut [u8] {
        let end = self.header_len();
        &mut self.bytes_mut()[..end]
    }

    /// What follows the header, writable.
    pub fn payload_mut(&mut self) -> &mut [u8] {
        let (start, end) = self.payload_range();
        &mut self.bytes_mut()[start..end]
    }
}

/// A copy of a header with its options, for those who look at it more than once: the bytes of a
/// packet may be rewritten by another process at any time.
#[derive(Clone, Copy, Debug)]
pub struct HeaderCopy {
    bytes: [u8; MAX_HEADER_LEN],
    len: usize,
}

impl HeaderCopy {
    /// A view of a copy of the header that `bytes` begin with. The payload is not in it: see
    /// [`Packet::payload_in`].
    pub fn of(bytes: &[u8]) -> Result<Packet<HeaderCopy>> {
        let mut copy = HeaderCopy {
            bytes: [0; MAX_HEADER_LEN],
            len: bytes.len().min(MAX_HEADER_LEN),
        };
        match bytes.first_chunk() {
            // Of a length that is known beforehand, it takes a few instructions.
            Some(first) => copy.bytes = *first,
            None => copy.bytes[..copy.len].copy_from_slice(bytes),
        }
        Packet::new_checked(copy)
    }
}

impl AsRef<[u8]> for HeaderCopy {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl AsMut<[u8]> for HeaderCopy {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

/// The meaning of an IPv4 header without options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repr {
    /// Type of service.
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// Flags and fragment offset.
    pub flags_offset: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol of the payload.
    pub protocol: u8,
    /// Source address.
    pub source: u32,
    /// Destination address.
    pub destination: u32,
    /// Bytes after the header.
    pub payload_len: u16,
}

impl Repr {
    /// Reads the header; options are left out.
    pub fn parse<B: AsRef<[u8]>>(packet: &Packet<B>) -> Repr {
        Repr {
            tos: packet.tos(),
            id: packet.id(),
            flags_offset: packet.flags_offset(),
            ttl: packet.ttl(),
            protocol: packet.protocol(),
            source: packet.source(),
            destination: packet.destination(),
            payload_len: packet
                .total_len()
                .saturating_sub(packet.header_len() as u16),
        }
    }

    /// Writes a header of [`HEADER_LEN`] bytes with its checksum.
    pub fn emit(&self, bytes: &mut [u8]) -> Result<()> {
        need(bytes, HEADER_LEN)?;
        bytes[0] = 0x45;
        bytes[1] = self.tos;
        put16(bytes, 2, self.payload_len.saturating_add(HEADER_LEN as u16));
        put16(bytes, 4, self.id);
        put16(bytes, 6, self.flags_offset);
        bytes[8] = self.ttl;
        bytes[9] = self.protocol;
        put16(bytes, 10, 0);
        put32(bytes, 12, self.source);
        put32(bytes, 16, self.destination);
        let sum = checksum::checksum(&bytes[..HEADER_LEN]);
        put16(bytes, 10, sum);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 22] = [
        0x45, 0x00, 0x00, 0x16, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11, 0x14, 0xa1, 10, 0, 0, 1, 10, 0,
        0, 2, 0xaa, 0xbb,
    ];

    fn repr() -> Repr {
        Repr {
            tos: 0,
            id: 0x1234,
            flags_offset: DONT_FRAGMENT,
            ttl: 64,
            protocol: 17,
            source: 0x0a000001,
            destination: 0x0a000002,
            payload_len: 2,
        }
    }

    #[test]
    fn emitted_header_is_byte_exact_and_parses_back() {
        let mut bytes = [0xff; 22];
        bytes[20..].copy_from_slice(&[0xaa, 0xbb]);
        repr().emit(&mut bytes).unwrap();
        assert_eq!(bytes, BYTES);
        let packet = Packet::new_checked(&bytes[..]).unwrap();
        assert!(packet.checksum_ok() && packet.dont_fragment() && !packet.is_fragment());
        assert_eq!(Repr::parse(&packet), repr());
        assert_eq!(packet.payload(), [0xaa, 0xbb]);
    }

    #[test]
    fn decremented_ttl_keeps_the_checksum_right() {
        let mut bytes = BYTES;
        let mut packet = Packet::new_checked(&mut bytes[..]).unwrap();
        for ttl in (1..64).rev() {
            assert!(packet.decrement_ttl());
            assert_eq!(packet.ttl(), ttl);
            assert!(packet.checksum_ok(), "ttl {ttl}");
        }
        assert!(!packet.decrement_ttl());
        assert_eq!(packet.ttl(), 1);
    }

    #[test]
    fn a_copied_header_stays_as_it_was() {
        let mut bytes = [0x46; 70];
        bytes[..20].copy_from_slice(&BYTES[..20]);
        bytes[0] = 0x46;
        bytes[3] = 26;
        let copy = HeaderCopy::of(&bytes).unwrap();
        assert_eq!(copy.payload_in(&bytes), [0x46; 2]);
        assert_eq!(copy.payload_in(&bytes[..24]), []);
        assert_eq!(copy.payload_in(&[]), []);
        bytes[0] = 0x4f;
        assert_eq!(copy.header().len(), 24);
        assert_eq!(copy.options(), [0x46; 4]);
        assert_eq!(HeaderCopy::of(&bytes).unwrap().header(), &bytes[..60]);
        assert!(HeaderCopy::of(&bytes[..59]).is_err());
    }

    #[test]
    fn bad_headers_are_refused_and_payload_is_clipped() {
        let refused = |first: u8, len: usize| {
            let mut bytes = BYTES;
            bytes[0] = first;
            Packet::new_checked(&bytes[..len]).unwrap_err()
        };
        assert_eq!(refused(0x65, 22), Error::Malformed("IP version is not 4"));
        assert_eq!(
            refused(0x44, 22),
            Error::Malformed("IP header length below 20")
        );
        assert_eq!(
            refused(0x46, 22),
            Error::Truncated {
                needed: 24,
                got: 22
            }
        );
        assert_eq!(
            refused(0x45, 19),
            Error::Truncated {
                needed: 20,
                got: 19
            }
        );
        let mut bytes = BYTES;
        let mut packet = Packet::new_checked(&mut bytes[..]).unwrap();
        packet.set_total_len(9000);
        assert_eq!(packet.payload().len(), 2);
        packet.set_total_len(3);
        assert_eq!(packet.payload_mut().len(), 0);
    }
}
