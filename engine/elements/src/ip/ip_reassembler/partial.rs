//! Fragments of one packet, and the packet they make.

use std::collections::BTreeMap;
use weft_core::{HEADROOM, MAX_FRAME, Packet, Pool, REASON_NO_BUFFER};
use weft_wire::ipv4;
use weft_wire::ipv4::HeaderCopy;

/// What fragments of one packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    addresses: u64,
    id: u16,
    protocol: u8,
}

impl Key {
    pub fn of(ip: &ipv4::Packet<HeaderCopy>) -> Key {
        Key {
            addresses: u64::from(ip.source()) << 32 | u64::from(ip.destination()),
            id: ip.id(),
            protocol: ip.protocol(),
        }
    }
}

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first byte of the packet's data, and the one behind its last.
    start: usize,
    end: usize,
    is_last: bool,
    /// Bytes of its IP header.
    header: usize,
}

impl Piece {
    /// The place of a fragment with `length` bytes behind its header; none where it can have none.
    pub fn of(ip: &ipv4::Packet<HeaderCopy>, length: usize) -> Option<Piece> {
        let start = ip.fragment_offset();
        let is_last = !ip.more_fragments();
        let header = ip.header_len();
        let is_there = header + length == usize::from(ip.total_len()) && length > 0;
        let fits = start + length + header <= usize::from(u16::MAX);
        (is_there && fits && (is_last || length.is_multiple_of(8))).then_some(Piece {
            start,
            end: start + length,
            is_last,
            header,
        })
    }
}

/// What has come of a packet.
pub(super) struct Partial {
    /// When its first fragment came.
    pub began: u64,
    /// By where they start.
    pieces: BTreeMap<usize, (Piece, Packet)>,
}

impl Partial {
    pub fn new(began: u64) -> Partial {
        Partial {
            began,
            pieces: BTreeMap::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    pub fn bytes(&self) -> usize {
        self.pieces.values().map(|(_, packet)| packet.len()).sum()
    }

    /// Whether the same fragment has come before.
    pub fn is_there(&self, piece: &Piece) -> bool {
        let known = self.pieces.get(&piece.start);
        known.is_some_and(|(other, _)| (other.end, other.is_last) == (piece.end, piece.is_last))
    }

    /// Whether the fragment contradicts those there are.
    pub fn overlaps(&self, piece: &Piece) -> bool {
        let before = self.pieces.range(..piece.end).next_back();
        let meets = before.is_some_and(|(_, (other, _))| other.end > piece.start);
        let end = self.pieces.last_key_value().map(|(_, (last, _))| *last);
        let is_behind = end.is_some_and(|last| last.is_last && piece.start >= last.end);
        let is_short =
            piece.is_last && end.is_some_and(|last| last.end > piece.end || last.is_last);
        meets || is_behind || is_short
    }

    pub fn insert(&mut self, piece: Piece, packet: Packet) {
        self.pieces.insert(piece.start, (piece, packet));
    }

    pub fn has_first(&self) -> bool {
        self.pieces.contains_key(&0)
    }

    pub fn is_whole(&self) -> bool {
        let mut at = 0;
        for (piece, _) in self.pieces.values() {
            if piece.start != at {
                return false;
            }
            at = piece.end;
        }
        self.pieces
            .values()
            .last()
            .is_some_and(|(last, _)| last.is_last)
    }

    /// The packets, in order.
    pub fn into_packets(self) -> impl Iterator<Item = Packet> {
        self.pieces.into_values().map(|(_, packet)| packet)
    }

    /// The packet that the fragments make, which are whole.
    ///
    /// # Errors
    /// The fragments, and why they make none.
    pub fn joined(self, pool: &mut Pool) -> Result<Packet, (Vec<Packet>, &'static str)> {
        match self.join(pool) {
            Ok(packet) => {
                let mut packets: Vec<Packet> = self.into_packets().collect();
                pool.free_all(&mut packets);
                Ok(packet)
            }
            Err(reason) => Err((self.into_packets().collect(), reason)),
        }
    }

    fn join(&self, pool: &mut Pool) -> Result<Packet, &'static str> {
        let (first, packet) = self.pieces.get(&0).ok_or("bad-fragment")?;
        let end = self.pieces.values().last().map_or(0, |(last, _)| last.end);
        let network = packet.network().ok_or("bad-fragment")?;
        let link = usize::from(network.saturating_sub(packet.offset()));
        let total = first.header + end;
        let length = link + total;
        if total > usize::from(u16::MAX) || length > MAX_FRAME {
            return Err("bad-fragment");
        }
        let headroom = HEADROOM.min(MAX_FRAME - length);
        let mut whole = pool.alloc(length, headroom).ok_or(REASON_NO_BUFFER)?;
        let mut bytes = Vec::with_capacity(length);
        let mut joined = self.append(&mut bytes, link, pool);
        joined = joined.filter(|()| bytes.len() == length && write_header(&mut bytes[link..]));
        match (joined, pool.data_mut(&mut whole)) {
            (Some(()), Some(place)) => place.copy_from_slice(&bytes),
            _ => {
                pool.free(whole);
                return Err("bad-fragment");
            }
        }
        pool.copy_annotations(packet, &mut whole);
        whole.set_network(link, first.header);
        Ok(whole)
    }

    /// Appends the link header, the IP header, and all data. None where a packet is no longer as it came.
    fn append(&self, bytes: &mut Vec<u8>, link: usize, pool: &Pool) -> Option<()> {
        for (piece, packet) in self.pieces.values() {
            let from = pool.from_position(packet, packet.network()?);
            let length = piece.end - piece.start;
            if piece.start == 0 {
                bytes.extend_from_slice(pool.data(packet).get(..link)?);
                bytes.extend_from_slice(from.get(..piece.header)?);
            }
            bytes.extend_from_slice(from.get(piece.header..piece.header + length)?);
        }
        Some(())
    }
}

/// Makes the header of a fragment that of a whole packet.
fn write_header(packet: &mut [u8]) -> bool {
    let total = packet.len() as u16;
    let Ok(mut ip) = HeaderCopy::of(packet) else {
        return false;
    };
    ip.set_total_len(total);
    ip.set_flags_offset(0);
    ip.fill_checksum();
    let header = ip.header();
    packet[..header.len()].copy_from_slice(header);
    true
}
