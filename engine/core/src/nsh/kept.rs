//! Headers of packets: taken off and kept, put back, seen where they are marked.

use super::{BASE, Nsh};
use crate::packet::Packet;
use crate::pool::Pool;
use weft_wire::nsh::{FIXED_LEN, Header, MD1_LEN, md_type};

/// The commonest link header, and what it and a header of MD type 1 have together.
const ETHERNET: usize = 14;
const COMMON: usize = ETHERNET + MD1_LEN;

/// An Ethernet header and a header of MD type 1, in registers: what is written in pieces of one size
/// and read in pieces of another soon after stalls for longer than all the rest takes.
struct Common {
    /// Bytes 0 to 15.
    first: u128,
    /// Bytes 16 to 31.
    second: u128,
    /// Bytes 30 to 37.
    last: u64,
}

impl Common {
    #[inline]
    fn read(bytes: &[u8; COMMON]) -> Option<Common> {
        let common = Common {
            first: u128::from_le_bytes(*bytes.first_chunk()?),
            second: u128::from_le_bytes(*bytes[16..].first_chunk()?),
            last: u64::from_le_bytes(*bytes[COMMON - 8..].first_chunk()?),
        };
        let length = (common.first >> (8 * (ETHERNET + 1))) as u8 & 0x3f;
        let md_type = common.second as u8 & 0xf;
        (usize::from(length) * 4 == MD1_LEN && md_type == md_type::FIXED).then_some(common)
    }

    #[inline]
    fn write(&self, to: &mut [u8; COMMON]) {
        to[..16].copy_from_slice(&self.first.to_le_bytes());
        to[16..32].copy_from_slice(&self.second.to_le_bytes());
        to[COMMON - 8..].copy_from_slice(&self.last.to_le_bytes());
    }

    /// Service path identifier and service index.
    fn path(&self) -> u32 {
        ((self.second >> 16) as u32).swap_bytes()
    }
}

impl Nsh {
    /// Becomes what was read.
    #[inline]
    fn take_in(&mut self, common: &Common, exposed: bool) {
        if let Some(bytes) = self.bytes[BASE - ETHERNET..].first_chunk_mut() {
            common.write(bytes);
        }
        self.arrived = common.path();
        (self.few_options, self.options) = (0, None);
        (self.link_len, self.exposed) = (ETHERNET as u8, exposed);
    }

    /// What was taken in, where it was of the commonest form.
    #[inline]
    fn common(&self) -> Option<Common> {
        let bytes = self.bytes[BASE - ETHERNET..].first_chunk();
        let common = bytes.and_then(Common::read);
        common.filter(|_| usize::from(self.link_len) == ETHERNET)
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

    /// Keeps the header at a packet's network header position, and the link header before it, with
    /// the packet, whose bytes stay. Gives how many bytes both have; `None` where there is no
    /// header, or the link header is too long.
    #[inline]
    pub fn keep_nsh(&mut self, packet: &mut Packet, exposed: bool) -> Option<usize> {
        let link = usize::from(packet.network()?.checked_sub(packet.offset())?);
        let bytes = self.data(packet);
        if link == ETHERNET
            && let Some(common) = bytes.first_chunk().and_then(Common::read)
        {
            let nsh = self.side_mut(packet).nsh.get_or_insert(Nsh::BLANK);
            nsh.take_in(&common, exposed);
            return Some(COMMON);
        }
        let length = usize::from(bytes.get(link + 1)? & 0x3f) * 4;
        let header = bytes.get(link..link + length)?;
        let mut nsh = Nsh::read(header, &bytes[..link])?;
        nsh.exposed = exposed;
        self.set_nsh(packet, nsh);
        Some(link + length)
    }

    /// Puts the kept header and its link header back before the packet's bytes, and marks both. The
    /// header says what follows it and its path as they are given, and is no longer kept. Gives
    /// `None` where no memory is left.
    #[inline]
    pub fn put_back_nsh(
        &mut self,
        packet: &mut Packet,
        next_protocol: u8,
        path: u32,
    ) -> Option<()> {
        let nsh = self.nsh(packet)?;
        let (link, header) = (nsh.link().len(), nsh.header_len());
        if let Some(common) = nsh.common() {
            self.push(packet, COMMON)?;
            let bytes = self.data_mut(packet)?.first_chunk_mut::<COMMON>()?;
            common.write(bytes);
            finish(&mut bytes[ETHERNET..], next_protocol, path)?;
            self.side_mut(packet).nsh = None;
        } else {
            let nsh = self.take_nsh(packet)?;
            self.push(packet, link + header)?;
            let bytes = self.data_mut(packet)?;
            bytes[..link].copy_from_slice(nsh.link());
            nsh.write(&mut bytes[link..]);
            finish(&mut bytes[link..], next_protocol, path)?;
        }
        packet.set_mac_here();
        packet.set_network(link, header);
        Some(())
    }

    /// Takes the kept header away from the packet.
    #[inline]
    pub fn take_nsh(&mut self, packet: &mut Packet) -> Option<Nsh> {
        self.side(packet)?;
        self.side_mut(packet).nsh.take()
    }
}

/// Writes next protocol and path into a header.
#[inline]
fn finish(header: &mut [u8], next_protocol: u8, path: u32) -> Option<()> {
    let fixed = header.first_chunk_mut::<FIXED_LEN>()?;
    fixed[3] = next_protocol;
    fixed[4..].copy_from_slice(&path.to_be_bytes());
    Some(())
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
    use crate::nsh::tests::variable;
    use crate::pool::PoolSize;
    use weft_wire::nsh::{Repr, next};

    #[test]
    fn what_is_kept_is_put_back_with_another_path() {
        let mut pool = Pool::new(PoolSize { small: 4, large: 0 }).unwrap();
        let headers = [
            Repr::new(10, next::IPV4).to_bytes(),
            variable(&[]),
            variable(&[0, 1, 2, 3, 4, 5, 6, 0]),
            variable(&[7; 4].map(|_| [0, 1, 2, 0]).concat()),
        ];
        // Records are used again, so that nothing of the one before may be left.
        for link in [22, 14, 0, 14, 18, 14] {
            for header in &headers {
                let link: Vec<u8> = (1..=link).collect();
                let bytes = [&link[..], header, b"inside"].concat();
                let mut packet = pool.copy_in(&bytes).unwrap();
                packet.set_network(link.len(), header.len());
                let taken = pool.keep_nsh(&mut packet, false).unwrap();
                assert_eq!(taken, link.len() + header.len());
                assert_eq!(pool.data(&packet), bytes);
                let kept = pool.nsh(&packet).unwrap();
                assert_eq!((kept.link(), kept.is_reclassified()), (&link[..], false));
                assert_eq!(kept.metadata(), &header[FIXED_LEN..]);
                assert!(packet.pull(taken));
                packet.clear_network();
                pool.put_back_nsh(&mut packet, next::IPV6, 0x0102_03fe)
                    .unwrap();
                let mut expected = bytes.clone();
                expected[link.len() + 3] = next::IPV6;
                expected[link.len() + 4..][..4].copy_from_slice(&[1, 2, 3, 0xfe]);
                assert_eq!(pool.data(&packet), expected);
                assert_eq!(packet.nsh_header(&pool).unwrap().si(), 0xfe);
                assert_eq!(pool.nsh(&packet), None);
                pool.free(packet);
            }
        }
    }

    #[test]
    fn what_is_no_header_or_lies_too_deep_is_not_kept() {
        let mut pool = Pool::new(PoolSize { small: 4, large: 0 }).unwrap();
        let header = Repr::new(10, next::IPV4).to_bytes();
        for (link, length) in [(14, 23), (0, 7), (0, 1), (23, 24), (14, 0)] {
            let bytes = [&vec![0; link], &header[..length]].concat();
            let mut packet = pool.copy_in(&bytes).unwrap();
            packet.set_network(link, length);
            assert_eq!(pool.keep_nsh(&mut packet, false), None, "{link} {length}");
            assert_eq!(pool.nsh(&packet), None);
            pool.free(packet);
        }
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
