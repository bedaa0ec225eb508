//! A packet: a 32-byte descriptor of bytes in a pool slot, and its annotations.

use crate::nsh::Nsh;

/// Link-level destination kind, as Click's `pkt_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketType {
    /// Sent to this host.
    Host = 0,
    /// Sent to every host.
    Broadcast = 1,
    /// Sent to a group.
    Multicast = 2,
    /// Sent to some other host.
    OtherHost = 3,
    /// Sent by this host.
    Outgoing = 4,
    /// Looped back.
    Loopback = 5,
    /// A fast-routed frame.
    FastRoute = 6,
}

/// Annotations that do not fit the descriptor, allocated on first write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideRecord {
    /// Click's annotation area; bytes 0-3 (destination address) and 20 (paint of older
    /// configurations) are kept in the descriptor instead.
    pub anno: Annotations,
    /// Index of the interface the packet arrived on, 0 = none (FirstTimestamp, aggregates and the
    /// like use `anno`).
    pub device: u32,
    /// The Network Service Header that was taken off the packet: see [`crate::Pool::nsh`].
    pub(crate) nsh: Option<Nsh>,
    /// What it stems from, told by whoever wants to know when all of that is gone: see
    /// [`crate::Pool::set_origin`]. 0 = nobody.
    pub(crate) origin: u32,
    /// By what a trace knows it again. 0 = it is not followed.
    pub(crate) tag: u32,
}

/// The 48 annotation bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotations(pub [u8; 48]);

impl Default for Annotations {
    fn default() -> Self {
        Annotations([0; 48])
    }
}

/// A descriptor. It owns one reference to its slot: give it on, or give it back with
/// [`crate::Pool::free`]; merely dropping it leaks the slot.
///
/// Positions (`mac`, `network`, `transport`) count from the slot's start; 0 means not set.
///
/// Packed to two bytes so that the compiler never reads a 16-bit field with a wider load: after a
/// 16-bit store that stalls for longer than most elements take.
#[derive(Debug)]
#[repr(C, packed(2))]
pub struct Packet {
    slot_paint: u32,
    length_type: u32,
    offset: u16,
    mac: u16,
    network: u16,
    transport: u16,
    destination: u32,
    side: u32,
    timestamp: u64,
}

/// A packet that was put away. Like a packet, it owns one reference to its slot.
#[derive(Debug)]
pub struct PackedPacket([u64; 4]);

impl PackedPacket {
    /// The packet.
    #[inline]
    pub fn unpack(self) -> Packet {
        Packet::from_own_words(self.0)
    }

    /// The slot its bytes lie in.
    #[inline]
    pub fn slot(&self) -> u32 {
        self.0[0] as u32 & SLOT_MASK
    }

    /// Its length in bytes.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        ((self.0[0] >> 32) as u32 & LENGTH_MASK) as usize
    }

    /// Position of its first byte in its slot.
    #[inline]
    pub fn offset(&self) -> u16 {
        self.0[1] as u16
    }

    /// Whether it has annotations that do not fit the descriptor.
    #[inline]
    pub fn has_side(&self) -> bool {
        self.0[2] >> 32 != 0
    }

    /// Position behind its last byte.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        usize::from(self.offset()) + self.len()
    }

    /// The first position of its slot that means something.
    #[inline]
    pub(crate) fn lowest_position(&self) -> u16 {
        let position = |shift: u32| (self.0[1] >> shift) as u16;
        let set = [position(16), position(32), position(48)]
            .into_iter()
            .filter(|&p| p != 0);
        set.fold(self.offset(), u16::min)
    }

    /// The packet with its bytes in the slot that [`crate::Pool::own_slot`] gave.
    #[inline(always)]
    pub fn in_slot(self, slot: u32) -> PackedPacket {
        let [first, second, third, fourth] = self.0;
        let first = first & !u64::from(SLOT_MASK) | u64::from(slot);
        PackedPacket([first, second, third, fourth])
    }

    /// The packet at another place in its slot; positions of headers are forgotten. Whether it
    /// fits there is to be asked before ([`crate::Pool::fits`]). Made of whole words: fields written one by one and
    /// read back as words would stall.
    #[inline(always)]
    pub fn unpack_at(self, offset: u16, length: u32) -> Packet {
        let [first, _, third, fourth] = self.0;
        let kept = u64::from(!LENGTH_MASK) << 32 | u64::from(u32::MAX);
        let first = first & kept | u64::from(length & LENGTH_MASK) << 32;
        Packet::from_own_words([first, u64::from(offset), third, fourth])
    }
}

const SLOT_BITS: u32 = 24;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
const LENGTH_MASK: u32 = (1 << 24) - 1;

impl Packet {
    pub(crate) fn new(slot: u32, offset: u16, length: u32) -> Self {
        Packet {
            slot_paint: slot,
            length_type: length,
            offset,
            mac: 0,
            network: 0,
            transport: 0,
            destination: 0,
            side: 0,
            timestamp: 0,
        }
    }

    pub(crate) fn copy_descriptor(&self) -> Packet {
        Packet { ..*self }
    }

    /// The descriptor as four words, for storage in shared memory.
    pub fn to_words(&self) -> [u64; 4] {
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let half = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        [
            pair(self.slot_paint, self.length_type),
            pair(
                half(self.offset, self.mac),
                half(self.network, self.transport),
            ),
            pair(self.destination, self.side),
            self.timestamp,
        ]
    }

    /// The inverse of [`Packet::to_words`], without the side record: that memory was private.
    pub(crate) fn from_words(words: [u64; 4]) -> Packet {
        let mut packet = Packet::from_own_words(words);
        packet.side = 0;
        let end = u32::from(packet.offset) + (packet.length_type & LENGTH_MASK);
        for position in [&mut packet.mac, &mut packet.network, &mut packet.transport] {
            if u32::from(*position) > end {
                *position = 0;
            }
        }
        packet
    }

    /// The inverse of [`Packet::to_words`] for words this engine wrote itself.
    #[inline(always)]
    pub(crate) fn from_own_words([a, b, c, d]: [u64; 4]) -> Packet {
        Packet {
            slot_paint: a as u32,
            length_type: (a >> 32) as u32,
            offset: b as u16,
            mac: (b >> 16) as u16,
            network: (b >> 32) as u16,
            transport: (b >> 48) as u16,
            destination: c as u32,
            side: (c >> 32) as u32,
            timestamp: d,
        }
    }

    /// Puts the packet away: its words, to be kept where packets are not moved about.
    #[inline]
    pub fn pack(self) -> PackedPacket {
        PackedPacket(self.to_words())
    }

    /// Index of the slot the bytes lie in.
    #[inline]
    pub fn slot(&self) -> u32 {
        self.slot_paint & SLOT_MASK
    }

    #[inline]
    pub(crate) fn set_slot(&mut self, slot: u32) {
        self.slot_paint = self.slot_paint & !SLOT_MASK | slot;
    }

    /// Where the data begins, in bytes from the slot's start.
    #[inline]
    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// Length of the data, in bytes.
    #[inline]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        (self.length_type & LENGTH_MASK) as usize
    }

    #[inline]
    pub(crate) fn set_len(&mut self, length: usize) {
        self.length_type = self.length_type & !LENGTH_MASK | length as u32;
    }

    #[inline]
    pub(crate) fn side(&self) -> u32 {
        self.side
    }

    /// Whether it has annotations that do not fit the descriptor.
    #[inline]
    pub fn has_side(&self) -> bool {
        self.side != 0
    }

    #[inline]
    pub(crate) fn set_side(&mut self, index: u32) {
        self.side = index;
    }

    /// The lowest position any header or the data begins at.
    #[inline]
    pub(crate) fn lowest_position(&self) -> u16 {
        [self.mac, self.network, self.transport]
            .into_iter()
            .filter(|&p| p != 0)
            .fold(self.offset, u16::min)
    }

    #[inline]
    pub(crate) fn move_start_back(&mut self, count: usize) {
        self.offset -= count as u16;
        self.set_len(self.len() + count);
    }

    /// Removes `count` bytes at the front (they stay in the slot, as headroom). False, and nothing
    /// is changed, when the packet is shorter.
    #[inline]
    #[must_use]
    pub fn pull(&mut self, count: usize) -> bool {
        let length = self.len();
        if count > length || self.offset as usize + count > u16::MAX as usize {
            return false;
        }
        self.offset += count as u16;
        self.set_len(length - count);
        true
    }

    /// Removes `count` bytes at the end. False, and nothing is changed, when the packet is shorter.
    #[inline]
    #[must_use]
    pub fn take(&mut self, count: usize) -> bool {
        let length = self.len();
        if count > length {
            return false;
        }
        self.set_len(length - count);
        true
    }

    /// Takes over `other`'s annotations, its positions moved by `shift` bytes.
    pub(crate) fn inherit(&mut self, other: &Packet, shift: i32) {
        let moved = |position: u16| match i32::from(position) + shift {
            at if position != 0 && at >= HEADROOM_FLOOR && at <= i32::from(u16::MAX) => at as u16,
            _ => 0,
        };
        self.mac = moved(other.mac);
        self.network = moved(other.network);
        self.transport = moved(other.transport);
        self.destination = other.destination;
        self.side = other.side;
        self.timestamp = other.timestamp;
        self.set_paint(other.paint());
        self.set_packet_type_bits(other.length_type);
    }

    fn set_packet_type_bits(&mut self, bits: u32) {
        self.length_type = self.length_type & LENGTH_MASK | bits & !LENGTH_MASK;
    }

    /// Position of the link-level header, if set.
    #[inline]
    pub fn mac(&self) -> Option<u16> {
        (self.mac != 0).then_some(self.mac)
    }

    /// Position of the network header, if set.
    #[inline]
    pub fn network(&self) -> Option<u16> {
        (self.network != 0).then_some(self.network)
    }

    /// Position of the transport header, if set.
    #[inline]
    pub fn transport(&self) -> Option<u16> {
        (self.transport != 0).then_some(self.transport)
    }

    /// Makes a link-level header of `count` bytes, now at `start`, the packet's first; what follows
    /// it is the network header.
    #[inline]
    pub(crate) fn begin_link_header(&mut self, start: u16, count: u16) {
        self.set_len(self.len() + usize::from(count));
        self.offset = start;
        self.mac = start;
        let network = start + count;
        if self.network != network {
            self.network = network;
            self.transport = network;
        }
    }

    /// Sets the link-level header to begin at the packet's first byte.
    #[inline]
    pub fn set_mac_here(&mut self) {
        self.mac = self.offset;
    }

    /// Sets the network header `skip` bytes behind the packet's start, the transport header
    /// `header` bytes after it. Where these positions cannot be addressed, neither is set.
    #[inline]
    pub fn set_network(&mut self, skip: usize, header: usize) {
        let at = self.offset as usize + skip;
        if at + header <= u16::MAX as usize {
            self.network = at as u16;
            self.transport = (at + header) as u16;
        } else {
            self.clear_network();
        }
    }

    /// Forgets the network and transport headers.
    #[inline]
    pub fn clear_network(&mut self) {
        self.network = 0;
        self.transport = 0;
    }

    /// Forgets the link-level header.
    #[inline]
    pub fn clear_mac(&mut self) {
        self.mac = 0;
    }

    /// Destination address annotation, in host byte order.
    #[inline]
    pub fn destination(&self) -> u32 {
        self.destination
    }

    /// Sets the destination address annotation (host byte order).
    #[inline]
    pub fn set_destination(&mut self, address: u32) {
        self.destination = address;
    }

    /// Paint annotation.
    #[inline]
    pub fn paint(&self) -> u8 {
        (self.slot_paint >> SLOT_BITS) as u8
    }

    /// Sets the paint annotation.
    #[inline]
    pub fn set_paint(&mut self, paint: u8) {
        self.slot_paint = self.slot_paint & SLOT_MASK | u32::from(paint) << SLOT_BITS;
    }

    /// Timestamp, in nanoseconds since 1970; 0 = none.
    #[inline]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// Sets the timestamp, in nanoseconds since 1970.
    #[inline]
    pub fn set_timestamp(&mut self, ns: u64) {
        self.timestamp = ns;
    }

    /// Link-level destination kind.
    #[inline]
    pub fn packet_type(&self) -> PacketType {
        match self.length_type >> 24 & 7 {
            1 => PacketType::Broadcast,
            2 => PacketType::Multicast,
            3 => PacketType::OtherHost,
            4 => PacketType::Outgoing,
            5 => PacketType::Loopback,
            6 => PacketType::FastRoute,
            _ => PacketType::Host,
        }
    }

    /// Sets the link-level destination kind.
    #[inline]
    pub fn set_packet_type(&mut self, kind: PacketType) {
        self.set_packet_type_bits((kind as u32) << 24);
    }
}

/// Lowest position a header may have.
const HEADROOM_FLOOR: i32 = 16;
