//! Click's annotation area, 48 bytes a packet: those most packets use lie in the descriptor, the
//! others in the side record.

use crate::packet::{Packet, SideRecord};
use crate::pool::Pool;

/// Bytes of the annotation area.
pub const ANNOTATION_BYTES: usize = 48;

/// Offset of the destination address (4 bytes), kept in the descriptor.
const DESTINATION: usize = 0;
/// Offset of the paint, kept in the descriptor.
const PAINT: usize = 16;

impl Pool {
    /// Byte `offset` of the packet's annotation area; 0 where none was ever set.
    pub fn annotation_byte(&self, packet: &Packet, offset: usize) -> u8 {
        match offset {
            DESTINATION..4 => packet.destination().to_be_bytes()[offset],
            PAINT => packet.paint(),
            _ => {
                let side = self.side(packet);
                side.map_or(0, |s| s.anno.0.get(offset).copied().unwrap_or(0))
            }
        }
    }

    /// Sets byte `offset` of the packet's annotation area; outside of it nothing is set.
    pub fn set_annotation_byte(&mut self, packet: &mut Packet, offset: usize, value: u8) {
        match offset {
            DESTINATION..4 => {
                let mut bytes = packet.destination().to_be_bytes();
                bytes[offset] = value;
                packet.set_destination(u32::from_be_bytes(bytes));
            }
            PAINT => packet.set_paint(value),
            _ if offset >= ANNOTATION_BYTES || self.annotation_byte(packet, offset) == value => {}
            _ => self.side_mut(packet).anno.0[offset] = value,
        }
    }

    /// `N` bytes of the packet's annotation area, from `offset` on.
    #[inline]
    pub fn annotation<const N: usize>(&self, packet: &Packet, offset: usize) -> [u8; N] {
        std::array::from_fn(|i| self.annotation_byte(packet, offset + i))
    }

    /// Sets bytes of the packet's annotation area, from `offset` on.
    #[inline]
    pub fn set_annotation(&mut self, packet: &mut Packet, offset: usize, bytes: &[u8]) {
        for (i, byte) in bytes.iter().enumerate() {
            self.set_annotation_byte(packet, offset + i, *byte);
        }
    }

    /// Gives `to` all annotations of `from`; positions of headers and its origin are left alone. A
    /// trace that follows `from` follows `to`, too.
    pub fn copy_annotations(&mut self, from: &Packet, to: &mut Packet) {
        to.set_destination(from.destination());
        to.set_paint(from.paint());
        to.set_packet_type(from.packet_type());
        to.set_timestamp(from.timestamp());
        match self.side(from).cloned() {
            Some(side) => {
                let tag = self.tag(from);
                let own = self.side_mut(to);
                *own = SideRecord {
                    origin: own.origin,
                    tag: own.tag,
                    ..side
                };
                if let Some(tag) = tag {
                    self.set_tag(to, tag);
                }
            }
            None => self.clear_side(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::PoolSize;

    #[test]
    fn annotations_are_bytes_wherever_they_are_kept() {
        let mut pool = Pool::new(PoolSize { small: 4, large: 0 }).unwrap();
        let mut p = pool.copy_in(&[1]).unwrap();
        assert_eq!(pool.annotation::<4>(&p, 20), [0; 4]);
        pool.set_annotation(&mut p, 0, &[10, 0, 0, 1]);
        pool.set_annotation(&mut p, 16, &[7, 8]);
        pool.set_annotation(&mut p, 46, &[1, 2, 3, 4]);
        assert_eq!((p.destination(), p.paint()), (0x0a00_0001, 7));
        assert_eq!(pool.annotation::<4>(&p, 15), [0, 7, 8, 0]);
        assert_eq!(pool.annotation::<4>(&p, 46), [1, 2, 0, 0]);
        pool.free(p);
        assert_eq!((pool.in_use(), pool.side_in_use()), (0, 0));
    }

    #[test]
    fn writing_zero_where_nothing_is_takes_no_side_record() {
        let mut pool = Pool::new(PoolSize { small: 4, large: 0 }).unwrap();
        let mut p = pool.copy_in(&[1]).unwrap();
        pool.set_annotation(&mut p, 18, &[0]);
        assert!(pool.side(&p).is_none());
        pool.free(p);
    }

    #[test]
    fn positions_behind_a_packet_give_nothing() {
        let mut pool = Pool::new(PoolSize { small: 4, large: 0 }).unwrap();
        let mut p = pool.copy_in(&[1, 2, 3]).unwrap();
        assert!(pool.from_position(&p, u16::MAX).is_empty());
        assert!(pool.from_position_mut(&mut p, u16::MAX).unwrap().is_empty());
        pool.free(p);
    }
}
