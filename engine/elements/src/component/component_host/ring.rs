//! The component's end of the rings: descriptors read once and checked, spares kept, what goes back.

use weft_component::{Attachment, Descriptor, Layout, Metadata, feature, flag};

/// One attachment, its descriptors counted.
pub struct Ring {
    pub attachment: Attachment,
    head: u32,
    tail: u32,
    published: u32,
    small: Vec<Descriptor>,
    large: Vec<Descriptor>,
    sleeps: bool,
}

impl Ring {
    pub fn new(attachment: Attachment) -> Self {
        Ring {
            attachment,
            head: 0,
            tail: 0,
            published: 0,
            small: Vec::new(),
            large: Vec::new(),
            sleeps: false,
        }
    }

    /// Reads at most `most` descriptors: spares are kept, packets go to `packets`. Gives how many were read.
    ///
    /// # Errors
    /// What the engine wrote that cannot be.
    pub fn read(
        &mut self,
        most: usize,
        mut packets: impl FnMut(Descriptor),
    ) -> Result<usize, String> {
        let layout = self.attachment.welcome.layout;
        let there = self
            .attachment
            .memory
            .tail(Layout::TO_TAIL)
            .wrapping_sub(self.head);
        if there > layout.entries.ring {
            return Err("the engine's ring runs ahead".to_string());
        }
        let count = (there as usize).min(most);
        for _ in 0..count {
            let descriptor = self.attachment.memory.descriptor(layout.to, self.head);
            self.head = self.head.wrapping_add(1);
            let Some((_, room)) = self.check(&descriptor) else {
                return Err("the engine wrote a descriptor that cannot be".to_string());
            };
            match descriptor.flags & flag::SPARE != 0 {
                true if room > self.attachment.welcome.frames.small_stride as usize => {
                    self.large.push(descriptor);
                }
                true => self.small.push(descriptor),
                false => packets(descriptor),
            }
        }
        Ok(count)
    }

    /// Where the frame begins and how long its slot is, if the descriptor is sound.
    fn check(&self, descriptor: &Descriptor) -> Option<(usize, usize)> {
        let welcome = &self.attachment.welcome;
        let (start, room) = welcome.frames.slot(descriptor.slot)?;
        let end = u64::from(descriptor.offset) + u64::from(descriptor.length);
        let sound = descriptor.packet < welcome.layout.entries.packets
            && u32::from(descriptor.offset) >= welcome.frames.reserved
            && end <= room as u64
            && (descriptor.flags & flag::SPARE != 0 || u32::from(descriptor.port) < welcome.inputs);
        sound.then_some((start, room))
    }

    /// Copies the packet's bytes out of its frame.
    pub fn copy_out(&self, descriptor: &Descriptor, bytes: &mut [u8]) {
        if let Some((start, _)) = self.attachment.welcome.frames.slot(descriptor.slot) {
            let at = start + usize::from(descriptor.offset);
            self.attachment.frames.copy_out(at, bytes);
        }
    }

    /// What the engine says of the packet.
    pub fn metadata(&self, descriptor: &Descriptor) -> Metadata {
        match descriptor.flags & flag::METADATA {
            0 => Metadata::default(),
            _ => self.attachment.memory.metadata(descriptor.packet),
        }
    }

    /// The context headers that the engine told of with `metadata`.
    pub fn tlvs(&self, descriptor: &Descriptor, metadata: &Metadata) -> Vec<u8> {
        let mut tlvs = vec![0; usize::from(metadata.tlvs)];
        if !self.attachment.memory.tlvs(descriptor.packet, &mut tlvs) {
            tlvs.clear();
        }
        tlvs
    }

    /// The place of `length` bytes in the descriptor's slot, at `offset` if they fit there.
    pub fn place(&self, descriptor: &Descriptor, offset: u16, length: usize) -> Option<u16> {
        let frames = &self.attachment.welcome.frames;
        let (_, room) = frames.slot(descriptor.slot)?;
        let last = room.checked_sub(length)?;
        let reserved = frames.reserved as usize;
        let at = usize::from(offset).min(last);
        (at >= reserved).then_some(at as u16)
    }

    /// A spare that holds `length` bytes.
    pub fn take_spare(&mut self, length: usize) -> Option<Descriptor> {
        let frames = &self.attachment.welcome.frames;
        let fits = |stride: u32| length + frames.reserved as usize <= stride as usize;
        match fits(frames.small_stride) {
            true => self.small.pop(),
            false if fits(frames.large_stride) => self.large.pop(),
            false => None,
        }
    }

    /// Lets a spare stem from the packet whose index is `parent`.
    pub fn stem(&mut self, spare: &Descriptor, parent: u32) {
        if self.attachment.welcome.features & feature::NSH != 0 {
            self.write(Descriptor {
                packet: spare.packet,
                slot: spare.slot,
                length: parent,
                flags: flag::PARENT,
                ..Descriptor::default()
            });
        }
    }

    /// Returns a packet that leaves by output `port`, its bytes at `offset`; metadata and context headers where they
    /// are to be taken over.
    pub fn give(
        &mut self,
        descriptor: Descriptor,
        (offset, port): (u16, u8),
        bytes: &[u8],
        told: Option<(&Metadata, Option<&[u8]>)>,
    ) {
        if let Some((start, _)) = self.attachment.welcome.frames.slot(descriptor.slot) {
            let at = start + usize::from(offset);
            self.attachment.frames.copy_in(at, bytes);
        }
        if let Some((metadata, tlvs)) = told {
            let memory = &self.attachment.memory;
            memory.set_metadata(descriptor.packet, metadata);
            if let Some(tlvs) = tlvs {
                memory.set_tlvs(descriptor.packet, tlvs);
            }
        }
        self.write(Descriptor {
            length: bytes.len() as u32,
            offset,
            port,
            flags: if told.is_some() { flag::METADATA } else { 0 },
            ..descriptor
        });
    }

    /// Returns a packet that is dropped for reason number `reason`, or a spare that was not used.
    pub fn give_up(&mut self, descriptor: Descriptor, reason: u8) {
        self.write(Descriptor {
            port: reason,
            flags: flag::DROP,
            ..descriptor
        });
    }

    /// Returns all spares.
    pub fn give_up_spares(&mut self) {
        for spare in std::mem::take(&mut self.small)
            .into_iter()
            .chain(std::mem::take(&mut self.large))
        {
            self.give_up(spare, 0);
        }
    }

    fn write(&mut self, descriptor: Descriptor) {
        let ring = self.attachment.welcome.layout.from;
        self.attachment
            .memory
            .set_descriptor(ring, self.tail, descriptor);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Lets the engine see what was returned, and wakes it.
    pub fn publish(&mut self) {
        if self.published == self.tail {
            return;
        }
        self.published = self.tail;
        self.attachment
            .memory
            .set_tail(Layout::FROM_TAIL, self.tail);
        if self.attachment.memory.take_sleeper(Layout::ENGINE_SLEEPS) {
            self.attachment.engine.ring();
        }
    }

    /// Prepares to sleep until the bell rings; false when there is something to read.
    pub fn sleep(&mut self) -> bool {
        self.attachment
            .memory
            .announce_sleep(Layout::COMPONENT_SLEEPS);
        self.sleeps = true;
        if self.attachment.memory.tail(Layout::TO_TAIL) != self.head {
            self.wake();
            return false;
        }
        true
    }

    /// No longer asleep.
    pub fn wake(&mut self) {
        if std::mem::take(&mut self.sleeps) {
            self.attachment
                .memory
                .withdraw_sleep(Layout::COMPONENT_SLEEPS);
        }
    }
}
