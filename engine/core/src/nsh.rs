//! The Network Service Header of a packet, kept beside it while it travels without (RFC 8300).

use crate::packet::Packet;
use crate::pool::Pool;
use weft_wire::nsh::{CONTEXT_LEN, FIXED_LEN, Header, MAX_OPTIONS, MAX_SPI, fits, md_type};

/// The most bytes of a link header that are kept with it: Ethernet and two VLAN tags.
pub const MAX_LINK: usize = 22;

/// A header and the link header before it, taken off a packet.
///
/// It is whole by its making: its length always is that of what it holds, and metadata of MD type 2
/// always are context headers from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nsh {
    base: [u8; FIXED_LEN],
    context: [u8; CONTEXT_LEN],
    options: Option<Box<Options>>,
    link: [u8; MAX_LINK],
    link_len: u8,
    exposed: bool,
    arrived: u32,
}

/// Metadata of variable length.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    length: u8,
    bytes: [u8; MAX_OPTIONS],
}

impl Nsh {
    /// Takes in a header: `header` is the whole of it, as [`weft_wire::nsh::check`] found it, `link`
    /// what stood before it. `None` where the bytes are no header or the link header is too long.
    #[inline]
    pub fn read(header: &[u8], link: &[u8]) -> Option<Nsh> {
        let base: [u8; FIXED_LEN] = *header.first_chunk()?;
        if usize::from(base[1] & 0x3f) * 4 != header.len() || link.len() > MAX_LINK {
            return None;
        }
        let mut nsh = Nsh {
            base,
            context: [0; CONTEXT_LEN],
            options: None,
            link: [0; MAX_LINK],
            link_len: link.len() as u8,
            exposed: false,
            arrived: u32::from_be_bytes([base[4], base[5], base[6], base[7]]),
        };
        nsh.link[..link.len()].copy_from_slice(link);
        let metadata = &header[FIXED_LEN..];
        if nsh.md_type() == md_type::FIXED {
            nsh.context = metadata.try_into().ok()?;
        } else if !nsh.keep_options(metadata) {
            return None;
        }
        Some(nsh)
    }

    /// Makes a copy of `bytes` the metadata of variable length; false where they are no such.
    fn keep_options(&mut self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            self.options = None;
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
        if self.md_type() == md_type::VARIABLE && !fits(copy) {
            return false;
        }
        options.length = bytes.len() as u8;
        self.options = Some(options);
        true
    }

    /// Bytes of the header.
    #[inline]
    pub fn header_len(&self) -> usize {
        usize::from(self.base[1] & 0x3f) * 4
    }

    /// Writes the header into the front of `to`. False where it is too short; nothing is written then.
    #[inline]
    pub fn write(&self, to: &mut [u8]) -> bool {
        let Some(to) = to.get_mut(..self.header_len()) else {
            return false;
        };
        to[..FIXED_LEN].copy_from_slice(&self.base);
        to[FIXED_LEN..].copy_from_slice(self.metadata());
        true
    }

    fn view(&self) -> (&[u8; FIXED_LEN], u16) {
        (&self.base, u16::from_be_bytes([self.base[0], self.base[1]]))
    }

    /// Whether it is of an OAM packet.
    pub fn is_oam(&self) -> bool {
        self.view().0[0] & 0x20 != 0
    }

    /// TTL, 0 to 63.
    pub fn ttl(&self) -> u8 {
        (self.view().1 >> 6 & 0x3f) as u8
    }

    /// Sets the TTL, 0 to 63.
    pub fn set_ttl(&mut self, ttl: u8) {
        let word = self.view().1 & !0x0fc0 | u16::from(ttl & 0x3f) << 6;
        self.base[..2].copy_from_slice(&word.to_be_bytes());
    }

    /// MD type.
    #[inline]
    pub fn md_type(&self) -> u8 {
        self.base[2] & 0xf
    }

    /// What followed it.
    #[inline]
    pub fn next_protocol(&self) -> u8 {
        self.base[3]
    }

    /// Says what follows it.
    pub fn set_next_protocol(&mut self, next_protocol: u8) {
        self.base[3] = next_protocol;
    }

    /// Service path identifier, 24 bits.
    #[inline]
    pub fn spi(&self) -> u32 {
        self.path() >> 8
    }

    /// Service index.
    #[inline]
    pub fn si(&self) -> u8 {
        self.base[7]
    }

    /// Service path identifier and service index in one.
    #[inline]
    pub fn path(&self) -> u32 {
        u32::from_be_bytes([self.base[4], self.base[5], self.base[6], self.base[7]])
    }

    /// Sets service path identifier and service index; of the identifier, the lower 24 bits count.
    #[inline]
    pub fn set_path(&mut self, spi: u32, si: u8) {
        let path = (spi & MAX_SPI) << 8 | u32::from(si);
        self.base[4..].copy_from_slice(&path.to_be_bytes());
    }

    /// Whether service path identifier or service index are not those the packet came with.
    #[inline]
    pub fn is_reclassified(&self) -> bool {
        self.path() != self.arrived
    }

    /// The context of MD type 1; zeros for other types.
    pub fn context(&self) -> &[u8; CONTEXT_LEN] {
        &self.context
    }

    /// Sets the context of MD type 1; without effect on other types.
    pub fn set_context(&mut self, context: &[u8; CONTEXT_LEN]) {
        if self.md_type() == md_type::FIXED {
            self.context = *context;
        }
    }

    /// All that stands behind the service path header: the context, or the context headers.
    #[inline]
    pub fn metadata(&self) -> &[u8] {
        if self.md_type() == md_type::FIXED {
            return &self.context;
        }
        self.options()
    }

    /// The context headers of MD type 2, as they stand in the header; empty for MD type 1.
    pub fn options(&self) -> &[u8] {
        match &self.options {
            Some(options) => &options.bytes[..usize::from(options.length)],
            None => &[],
        }
    }

    /// Sets the context headers of MD type 2. False, and nothing changes, where the header is of
    /// another type, or the bytes are no context headers from end to end, or too many.
    pub fn set_options(&mut self, bytes: &[u8]) -> bool {
        if self.md_type() != md_type::VARIABLE || !self.keep_options(bytes) {
            return false;
        }
        let words = (FIXED_LEN + bytes.len()) / 4;
        self.base[1] = self.base[1] & 0xc0 | words as u8;
        true
    }

    /// The link header that stood before it.
    #[inline]
    pub fn link(&self) -> &[u8] {
        &self.link[..usize::from(self.link_len)]
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

impl Pool {
    /// The header that was taken off the packet, if one was.
    #[inline]
    pub fn nsh(&self, packet: &Packet) -> Option<&Nsh> {
        self.side(packet)?.nsh.as_ref()
    }

    /// The header that was taken off the packet, to be changed.
    #[inline]
    pub fn nsh_mut(&mut self, packet: &mut Packet) -> Option<&mut Nsh> {
        self.side(packet)?;
        self.side_mut(packet).nsh.as_mut()
    }

    /// Keeps a header with the packet, in place of one that it may have.
    #[inline]
    pub fn set_nsh(&mut self, packet: &mut Packet, nsh: Nsh) {
        self.side_mut(packet).nsh = Some(nsh);
    }

    /// Takes the kept header away from the packet.
    #[inline]
    pub fn take_nsh(&mut self, packet: &mut Packet) -> Option<Nsh> {
        self.side(packet)?;
        self.side_mut(packet).nsh.take()
    }
}

/// The header in the bytes of a packet, at its network header position, if a whole one is there.
impl Packet {
    /// Sees the bytes from the network header position on as a Network Service Header.
    pub fn nsh_header<'a>(&self, pool: &'a Pool) -> Option<Header<&'a [u8]>> {
        Header::new_checked(pool.from_position(self, self.network()?)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::PoolSize;
    use weft_wire::nsh::{Metadata, Repr, next};

    fn variable(tlvs: &[u8]) -> Vec<u8> {
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

    #[test]
    fn it_travels_with_clones_and_is_taken_once() {
        let mut pool = Pool::new(PoolSize { small: 4, large: 0 }).unwrap();
        let mut packet = pool.copy_in(&[1, 2, 3]).unwrap();
        assert_eq!(pool.take_nsh(&mut packet), None);
        let nsh = Nsh::read(&Repr::new(10, next::IPV4).to_bytes(), &[]).unwrap();
        pool.set_nsh(&mut packet, nsh.clone());
        let mut other = pool.duplicate(&packet);
        pool.nsh_mut(&mut other).unwrap().set_path(11, 2);
        assert!(pool.nsh(&other).unwrap().is_reclassified());
        assert_eq!(pool.take_nsh(&mut packet), Some(nsh));
        assert_eq!(pool.nsh(&packet), None);
        pool.free(packet);
        pool.free(other);
        assert_eq!((pool.in_use(), pool.side_in_use()), (0, 0));
    }
}
