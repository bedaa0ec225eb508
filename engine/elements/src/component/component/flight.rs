//! Which packets are outside: every packet index stands for at most one, and only what is entered
//! here is believed when it comes back.

use super::heritage::Heritage;
use std::collections::HashMap;
use weft_component::{Block, Descriptor, Frames, create_memory, flag};
use weft_core::{HEADROOM, PackedPacket, Packet, Pool, REASON_NO_BUFFER};

/// Large frames of a component that has frames of its own.
const PRIVATE_LARGE: u32 = 16;

/// What a packet index stands for.
enum Place {
    Free,
    /// A packet whose frame the component works on.
    Flying(PackedPacket),
    /// A packet of whose frame the component has a copy in that slot.
    Copied(PackedPacket, u32),
    /// An empty frame to emit from.
    Spare(PackedPacket),
    /// An empty slot of its own to emit from.
    OwnSpare(u32),
}

/// What came back.
pub enum Returned {
    /// A packet that had gone out.
    Packet(Packet),
    /// A new one.
    New(Packet),
    /// One that is to be dropped.
    Dropped(Packet),
    /// An empty frame that was not used.
    Unused(u32),
    /// A packet for which there was no frame when it came back.
    Lost(Packet),
    /// A new one for which there was no frame.
    NoFrame(u32),
}

const NOT_ITS_OWN: &str = "a packet that is not the component's";
const NO_SPARE: &str = "a parent for what is no empty frame of the component's";
const TWO_PARENTS: &str = "a second parent for an empty frame";
const OTHER_SLOT: &str = "a packet in another slot";
const OUTSIDE: &str = "a packet that does not lie inside its slot";

/// All packet indices of an attachment.
pub struct Flight {
    places: Vec<Place>,
    free: Vec<u32>,
    /// Packets outside, spares not counted.
    packets: usize,
    own: Option<OwnFrames>,
    /// What empty frames have from the packets that they are to stem from, by index.
    heirs: HashMap<u32, Heritage>,
}

impl Flight {
    /// Nothing is outside; with `own` frames the component sees copies only.
    pub fn new(indices: u32, own: Option<OwnFrames>) -> Self {
        Flight {
            places: (0..indices).map(|_| Place::Free).collect(),
            free: (0..indices).rev().collect(),
            packets: 0,
            own,
            heirs: HashMap::new(),
        }
    }

    /// Packets outside.
    #[inline]
    pub fn packets(&self) -> usize {
        self.packets
    }

    /// The slot in which the component will see the packet; `None` when there is no frame for it.
    // Small numbers are returned here and below: what is returned through memory is read in other pieces than it
    // was written in, and stalls.
    #[inline(always)]
    pub fn slot_for(&mut self, packet: &PackedPacket, pool: &mut Pool) -> Option<u32> {
        if self.free.is_empty() {
            return None;
        }
        match &mut self.own {
            None => pool.own_slot(packet),
            Some(own) => own.copy_in(packet, pool),
        }
    }

    /// Enters a packet that goes out in the slot that [`Flight::slot_for`] gave; its index.
    #[inline(always)]
    pub fn leave(&mut self, packet: PackedPacket, slot: u32) -> u32 {
        let index = self.free.pop().unwrap_or(0);
        self.packets += 1;
        self.places[index as usize] = match self.own {
            None => Place::Flying(packet.in_slot(slot)),
            Some(_) => Place::Copied(packet, slot),
        };
        index
    }

    /// Looks at a packet that is outside.
    pub fn look_at<R>(&mut self, index: u32, look: impl FnOnce(&Packet) -> R) -> Option<R> {
        let place = self.places.get_mut(index as usize)?;
        let (packet, slot) = match std::mem::replace(place, Place::Free) {
            Place::Flying(packet) => (packet.unpack(), None),
            Place::Copied(packet, slot) => (packet.unpack(), Some(slot)),
            other => {
                *place = other;
                return None;
            }
        };
        let seen = look(&packet);
        *place = match slot {
            None => Place::Flying(packet.pack()),
            Some(slot) => Place::Copied(packet.pack(), slot),
        };
        Some(seen)
    }

    /// Sends an empty frame out; `None` when there is none.
    pub fn lend(&mut self, large: bool, pool: &mut Pool) -> Option<Descriptor> {
        let &index = self.free.last()?;
        let (place, slot) = match &mut self.own {
            None => {
                let length = if large { weft_core::MAX_FRAME } else { 0 };
                let packet = pool.alloc(length, HEADROOM)?;
                let slot = packet.slot();
                (Place::Spare(packet.pack()), slot)
            }
            Some(own) => {
                let slot = own.take(large)?;
                (Place::OwnSpare(slot), slot)
            }
        };
        self.free.pop();
        self.places[index as usize] = place;
        Some(Descriptor {
            packet: index,
            slot,
            length: 0,
            offset: HEADROOM as u16,
            port: 0,
            flags: flag::SPARE,
        })
    }

    /// Lets an empty frame have what the packet passes on that the descriptor names. That may be another such frame;
    /// one that is not outside passes nothing on.
    ///
    /// # Errors
    /// Which rule the descriptor breaks.
    pub fn adopt(&mut self, d: Descriptor, pool: &Pool) -> Result<(), &'static str> {
        match self.places.get(d.packet as usize) {
            Some(Place::Spare(packet)) if packet.slot() == d.slot => {}
            Some(Place::OwnSpare(slot)) if *slot == d.slot => {}
            Some(Place::Spare(_) | Place::OwnSpare(_)) => return Err(OTHER_SLOT),
            _ => return Err(NO_SPARE),
        }
        let parent = self.look_at(d.length, |packet| Heritage::of(packet, pool));
        let parent = parent.or_else(|| self.heirs.get(&d.length).cloned());
        let before = self.heirs.insert(d.packet, parent.unwrap_or_default());
        before.map_or(Ok(()), |_| Err(TWO_PARENTS))
    }

    /// Takes back a packet that goes on as it is, which most do; by this way it is moved but once. `None`, and
    /// nothing has changed, for all else.
    #[inline(always)]
    pub fn come_back_plain(&mut self, d: &Descriptor, pool: &Pool) -> Option<PackedPacket> {
        let place = self.places.get_mut(d.packet as usize)?;
        let plain = matches!(place, Place::Flying(packet) if packet.slot() == d.slot);
        if !plain || !pool.fits(d.slot, d.offset, d.length) {
            return None;
        }
        let Place::Flying(packet) = std::mem::replace(place, Place::Free) else {
            return None;
        };
        self.free.push(d.packet);
        self.packets -= 1;
        Some(packet)
    }

    /// Takes back what a descriptor stands for.
    ///
    /// # Errors
    /// Which rule it breaks; nothing has changed then.
    #[inline(always)]
    pub fn come_back(&mut self, d: Descriptor, pool: &mut Pool) -> Result<Returned, &'static str> {
        let place = self.places.get_mut(d.packet as usize);
        let place = place.ok_or("a packet index that does not exist")?;
        let Place::Flying(packet) = place else {
            return self.come_back_otherwise(d, pool);
        };
        if packet.slot() != d.slot {
            return Err(OTHER_SLOT);
        }
        if d.flags & flag::DROP != 0 {
            return self.come_back_otherwise(d, pool);
        }
        if !pool.fits(d.slot, d.offset, d.length) {
            return Err(OUTSIDE);
        }
        let Place::Flying(packet) = std::mem::replace(place, Place::Free) else {
            return Err(NOT_ITS_OWN);
        };
        self.free.push(d.packet);
        self.packets -= 1;
        Ok(Returned::Packet(packet.unpack_at(d.offset, d.length)))
    }

    /// Copies, spares, and what is dropped.
    #[inline(never)]
    fn come_back_otherwise(
        &mut self,
        d: Descriptor,
        pool: &mut Pool,
    ) -> Result<Returned, &'static str> {
        let place = &mut self.places[d.packet as usize];
        let dropped = d.flags & flag::DROP != 0;
        let slot = match place {
            Place::Spare(packet) | Place::Flying(packet) => packet.slot(),
            Place::Copied(_, slot) | Place::OwnSpare(slot) => *slot,
            Place::Free => return Err(NOT_ITS_OWN),
        };
        if slot != d.slot {
            return Err(OTHER_SLOT);
        }
        let fits = match (&place, &self.own) {
            (Place::Copied(..) | Place::OwnSpare(_), Some(own)) => {
                own.fits(slot, d.offset, d.length)
            }
            _ => pool.fits(slot, d.offset, d.length),
        };
        if !dropped && !fits {
            return Err(OUTSIDE);
        }
        let place = std::mem::replace(place, Place::Free);
        self.free.push(d.packet);
        if matches!(place, Place::Flying(_) | Place::Copied(..)) {
            self.packets -= 1;
        }
        if let (Some(own), Place::Copied(..) | Place::OwnSpare(_)) = (&mut self.own, &place) {
            own.give_back(slot);
        }
        let heritage = match place {
            Place::Spare(_) | Place::OwnSpare(_) => self.heirs.remove(&d.packet),
            _ => None,
        };
        Ok(match place {
            Place::Flying(packet) | Place::Copied(packet, _) if dropped => {
                Returned::Dropped(packet.unpack())
            }
            Place::Flying(packet) => Returned::Packet(packet.unpack_at(d.offset, d.length)),
            Place::Copied(packet, _) => self.copy_back(packet, d, pool),
            Place::Spare(packet) if dropped => {
                pool.free(packet.unpack());
                Returned::Unused(slot)
            }
            Place::Spare(packet) => {
                Returned::New(heir(packet.unpack_at(d.offset, d.length), heritage, pool))
            }
            Place::OwnSpare(slot) if dropped => Returned::Unused(slot),
            Place::OwnSpare(slot) => match self.copy_new(d, pool) {
                Some(packet) => Returned::New(heir(packet, heritage, pool)),
                None => Returned::NoFrame(slot),
            },
            Place::Free => Returned::Unused(slot),
        })
    }

    fn copy_new(&self, d: Descriptor, pool: &mut Pool) -> Option<Packet> {
        let own = self.own.as_ref()?;
        let mut packet = pool.alloc(d.length as usize, HEADROOM.min(usize::from(d.offset)))?;
        own.copy_out(d, pool.data_mut(&mut packet)?);
        Some(packet)
    }

    fn copy_back(&self, packet: PackedPacket, d: Descriptor, pool: &mut Pool) -> Returned {
        let Some(own) = self
            .own
            .as_ref()
            .filter(|_| pool.fits(packet.slot(), d.offset, d.length))
        else {
            return Returned::Lost(packet.unpack());
        };
        let mut packet = packet.unpack_at(d.offset, d.length);
        match pool.data_mut(&mut packet) {
            Some(bytes) => own.copy_out(d, bytes),
            None => return Returned::Lost(packet),
        }
        Returned::Packet(packet)
    }

    /// Takes every packet back that is still outside, and frees the spares.
    pub fn end(&mut self, pool: &mut Pool) -> Vec<Packet> {
        let mut left = Vec::new();
        for place in &mut self.places {
            match std::mem::replace(place, Place::Free) {
                Place::Flying(packet) | Place::Copied(packet, _) => left.push(packet.unpack()),
                Place::Spare(packet) => pool.free(packet.unpack()),
                Place::Free | Place::OwnSpare(_) => {}
            }
        }
        self.packets = 0;
        self.heirs.clear();
        left
    }
}

fn heir(mut packet: Packet, heritage: Option<Heritage>, pool: &mut Pool) -> Packet {
    if let Some(heritage) = heritage {
        heritage.pass(&mut packet, pool);
    }
    packet
}

/// Why a packet that could not go out, or not come back, is dropped.
pub const NO_FRAME: &str = REASON_NO_BUFFER;

/// Frames that no other component sees.
pub struct OwnFrames {
    block: Block,
    frames: Frames,
    small: Vec<u32>,
    large: Vec<u32>,
}

impl OwnFrames {
    /// As many small ones as there are packet indices, and some large ones; with the memory they lie in.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(indices: u32, pool: &Pool) -> std::io::Result<(Self, std::fs::File)> {
        let layout = pool.layout();
        let large_base =
            (u64::from(indices) * u64::from(layout.small_stride)).next_multiple_of(4096);
        let frames = Frames {
            reserved: u32::from(layout.reserved),
            small_count: indices,
            small_stride: layout.small_stride,
            large_count: PRIVATE_LARGE,
            large_stride: layout.large_stride,
            large_base,
            bytes: large_base + u64::from(PRIVATE_LARGE) * u64::from(layout.large_stride),
        };
        let file = create_memory(c"weft-private-frames", frames.bytes)?;
        let own = OwnFrames {
            block: Block::map(&file, frames.bytes)?,
            frames,
            small: (0..indices).rev().collect(),
            large: (indices..indices + PRIVATE_LARGE).rev().collect(),
        };
        Ok((own, file))
    }

    /// Where they lie.
    pub fn frames(&self) -> Frames {
        self.frames
    }

    fn take(&mut self, large: bool) -> Option<u32> {
        if large {
            self.large.pop()
        } else {
            self.small.pop()
        }
    }

    fn give_back(&mut self, slot: u32) {
        if slot < self.frames.small_count {
            self.small.push(slot);
        } else {
            self.large.push(slot);
        }
    }

    fn fits(&self, slot: u32, offset: u16, length: u32) -> bool {
        let end = u64::from(offset) + u64::from(length);
        let room = self
            .frames
            .slot(slot)
            .map_or(0, |(_, stride)| stride as u64);
        u32::from(offset) >= self.frames.reserved
            && end <= room
            && length as usize <= weft_core::MAX_FRAME
    }

    fn copy_in(&mut self, packet: &PackedPacket, pool: &Pool) -> Option<u32> {
        let end = usize::from(packet.offset()) + packet.len();
        let slot = self.take(end > self.frames.small_stride as usize)?;
        let (start, _) = self.frames.slot(slot)?;
        self.block
            .copy_in(start + usize::from(packet.offset()), pool.bytes(packet));
        Some(slot)
    }

    fn copy_out(&self, d: Descriptor, bytes: &mut [u8]) {
        if let Some((start, _)) = self.frames.slot(d.slot) {
            self.block.copy_out(start + usize::from(d.offset), bytes);
        }
    }
}
