//! Side records: annotations of packets beyond those in the descriptor.

use super::Pool;
use crate::packet::{Annotations, Packet, SideRecord};

impl Pool {
    /// Side records in use.
    pub fn side_in_use(&self) -> usize {
        self.side.len() - 1 - self.side_free.len()
    }

    #[inline]
    pub(super) fn new_side(&mut self, record: SideRecord) -> u32 {
        if let Some(index) = self.side_free.pop() {
            self.side[index as usize] = record;
            return index;
        }
        self.side.push(record);
        (self.side.len() - 1) as u32
    }

    /// A record of zeros. One that was given back is cleared where it lies, which is quicker than to
    /// copy a new one there.
    #[inline]
    fn blank_side(&mut self) -> u32 {
        let Some(index) = self.side_free.pop() else {
            return self.new_side(SideRecord::default());
        };
        // All fields by name, so that none is forgotten.
        let SideRecord {
            anno,
            device,
            nsh,
            origin,
            tag,
        } = &mut self.side[index as usize];
        *anno = Annotations::default();
        (*device, *nsh, *origin, *tag) = (0, None, 0, 0);
        index
    }

    /// The packet's side record (annotations beyond those in the descriptor), if it has one.
    #[inline]
    pub fn side(&self, packet: &Packet) -> Option<&SideRecord> {
        (packet.side() != 0).then(|| &self.side[packet.side() as usize])
    }

    /// The packet's side record, made when it has none.
    #[inline]
    pub fn side_mut(&mut self, packet: &mut Packet) -> &mut SideRecord {
        if packet.side() == 0 {
            let index = self.blank_side();
            packet.set_side(index);
        }
        &mut self.side[packet.side() as usize]
    }

    /// Gives up the packet's side record: all its fields read as zero.
    pub fn clear_side(&mut self, packet: &mut Packet) {
        if packet.side() == 0 {
            return;
        }
        let (origin, tag) = (self.origin(packet), self.side[packet.side() as usize].tag);
        if origin == 0 && tag == 0 {
            self.free_side(packet.side());
            packet.set_side(0);
        } else {
            let record = &mut self.side[packet.side() as usize];
            *record = SideRecord {
                origin,
                tag,
                ..SideRecord::default()
            };
        }
    }

    #[inline]
    pub(super) fn free_side(&mut self, index: u32) {
        let record = &self.side[index as usize];
        self.origins.end(record.origin);
        self.tags.end(record.tag);
        self.side_free.push(index);
    }
}
