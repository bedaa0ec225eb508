//! Where things lie in link memory, and what descriptors and metadata records hold.

/// Bytes of a descriptor.
pub const DESCRIPTOR_BYTES: usize = 16;
/// Bytes of a metadata record.
pub const METADATA_BYTES: usize = 64;
/// Bytes from one packet's context headers to those of the next.
pub const TLVS_BYTES: usize = 256;
/// The most bytes of context headers that a packet has (RFC 8300, section 2.2: a header of 63 words).
pub const MOST_TLVS: usize = 244;
/// Fewest and most entries of a ring.
pub const SMALLEST_RING: u32 = 64;
/// Most entries of a ring.
pub const LARGEST_RING: u32 = 1 << 15;
/// Where the first ring begins: behind the words of the head.
const HEAD_BYTES: usize = 4096;

/// Flags of a descriptor.
pub mod flag {
    /// Its metadata record holds something.
    pub const METADATA: u8 = 1;
    /// An empty frame to emit from.
    pub const SPARE: u8 = 2;
    /// The packet is dropped; the port is the reason's number.
    pub const DROP: u8 = 4;
    /// Nothing is returned: the empty frame is to become a packet that stems from the one whose index is the length.
    pub const PARENT: u8 = 8;
}

/// Numbers of entries and of packet indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Entries of each ring, a power of two.
    pub ring: u32,
    /// Packet indices, at most as many.
    pub packets: u32,
}

impl Entries {
    /// Room for `packets` packet indices, and for `more` descriptors that return none.
    pub fn of(packets: u32, more: u32) -> Self {
        let ring = (packets + more)
            .next_power_of_two()
            .clamp(SMALLEST_RING, LARGEST_RING);
        Entries {
            ring,
            packets: packets.min(ring),
        }
    }
}

/// Offsets in link memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Ring and packet counts.
    pub entries: Entries,
    /// Where the ring to the component begins.
    pub to: u32,
    /// Where the ring from the component begins.
    pub from: u32,
    /// Where the metadata records begin.
    pub metadata: u32,
    /// Where the context headers begin; 0: there are none.
    pub tlvs: u32,
    /// All of it, in bytes: whole pages.
    pub bytes: u64,
}

impl Layout {
    /// Offset of the magic number.
    pub const MAGIC: usize = 0;
    /// Offset of the tail of the ring to the component.
    pub const TO_TAIL: usize = 64;
    /// Offset of the tail of the ring from the component.
    pub const FROM_TAIL: usize = 128;
    /// Offset of the word that says that the component is about to sleep.
    pub const COMPONENT_SLEEPS: usize = 192;
    /// Offset of the word that says that the engine is about to sleep.
    pub const ENGINE_SLEEPS: usize = 256;

    /// The layout for so many entries, with context headers if `tlvs`.
    pub fn of(entries: Entries, tlvs: bool) -> Self {
        let ring = entries.ring as usize * DESCRIPTOR_BYTES;
        let (to, from) = (HEAD_BYTES, HEAD_BYTES + ring);
        let metadata = from + ring;
        let end = metadata + entries.packets as usize * METADATA_BYTES;
        let (table, bytes) = match tlvs {
            true => (end, end + entries.packets as usize * TLVS_BYTES),
            false => (0, end),
        };
        Layout {
            entries,
            to: to as u32,
            from: from as u32,
            metadata: metadata as u32,
            tlvs: table as u32,
            bytes: bytes.next_multiple_of(4096) as u64,
        }
    }
}

/// What a ring's entry holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// Packet index.
    pub packet: u32,
    /// Slot of the frame.
    pub slot: u32,
    /// Bytes of the packet.
    pub length: u32,
    /// Of its first byte in the slot.
    pub offset: u16,
    /// Input, output or reason.
    pub port: u8,
    /// See [`flag`].
    pub flags: u8,
}

impl Descriptor {
    /// As two little-endian words.
    #[inline]
    pub fn to_words(self) -> [u64; 2] {
        let tail =
            u32::from(self.offset) | u32::from(self.port) << 16 | u32::from(self.flags) << 24;
        [
            u64::from(self.packet) | u64::from(self.slot) << 32,
            u64::from(self.length) | u64::from(tail) << 32,
        ]
    }

    /// From two little-endian words.
    #[inline]
    pub fn from_words([first, second]: [u64; 2]) -> Self {
        Descriptor {
            packet: first as u32,
            slot: (first >> 32) as u32,
            length: second as u32,
            offset: (second >> 32) as u16,
            port: (second >> 48) as u8,
            flags: (second >> 56) as u8,
        }
    }
}

/// Whether a packet carries a Network Service Header, and of which kind (RFC 8300, section 2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NshType {
    /// It has none.
    #[default]
    None,
    /// MD type 1: a context of 16 bytes.
    One,
    /// MD type 2: variable-length context.
    Two,
    /// MD type 15, of experiments: neither.
    Experiment,
}

/// What is known of a packet besides its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// A number that components and elements give meaning to.
    pub mark: u32,
    /// Service path identifier, 24 bits.
    pub spi: u32,
    /// Service index.
    pub si: u8,
    /// NSH kind.
    pub nsh: NshType,
    /// Bytes of the context headers of MD type 2, which lie in a table of their own.
    pub tlvs: u16,
    /// TTL of the NSH; not the component's to change.
    pub ttl: u8,
    /// Whether it is an OAM packet; not the component's to change.
    pub oam: bool,
    /// What follows the NSH; not the component's to change.
    pub next_protocol: u8,
    /// Whether an NSH is kept beside the packet, also one that components do not see; see [`crate::feature::KEPT`].
    pub kept: bool,
    /// Nanoseconds since 1970; 0: none.
    pub timestamp: u64,
    /// Context of MD type 1.
    pub context: [u8; 16],
}

impl Metadata {
    /// As eight little-endian words.
    pub fn to_words(&self) -> [u64; 8] {
        let context = |i: usize| {
            let half = &self.context[i..i + 8];
            u64::from_le_bytes(std::array::from_fn(|i| half[i]))
        };
        let nsh = match self.nsh {
            NshType::None => 0,
            NshType::One => 1,
            NshType::Two => 2,
            NshType::Experiment => 15u64,
        };
        let (ttl, oam) = (u64::from(self.ttl), u64::from(self.oam));
        let header = u64::from(self.tlvs) | ttl << 16 | oam << 24;
        let last = u64::from(self.next_protocol) | u64::from(self.kept) << 8;
        [
            u64::from(self.mark) | u64::from(self.spi) << 32,
            u64::from(self.si) | nsh << 8 | header << 16 | last << 48,
            self.timestamp,
            context(0),
            context(8),
            0,
            0,
            0,
        ]
    }

    /// From eight little-endian words; what no SDK writes is taken for nothing.
    pub fn from_words(words: [u64; 8]) -> Self {
        let mut context = [0; 16];
        context[..8].copy_from_slice(&words[3].to_le_bytes());
        context[8..].copy_from_slice(&words[4].to_le_bytes());
        Metadata {
            mark: words[0] as u32,
            spi: (words[0] >> 32) as u32 & 0xff_ffff,
            si: words[1] as u8,
            nsh: match (words[1] >> 8) as u8 {
                1 => NshType::One,
                2 => NshType::Two,
                15 => NshType::Experiment,
                _ => NshType::None,
            },
            tlvs: (words[1] >> 16) as u16,
            ttl: (words[1] >> 32) as u8,
            oam: words[1] >> 40 & 1 != 0,
            next_protocol: (words[1] >> 48) as u8,
            kept: words[1] >> 56 & 1 != 0,
            timestamp: words[2],
            context,
        }
    }
}
