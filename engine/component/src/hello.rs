//! The first words: what a component says of itself, and what it is told of memory.

use crate::layout::{DESCRIPTOR_BYTES, Entries, Layout, METADATA_BYTES};
use crate::message::{Fields, MAGIC, Texts, Violation, push_text};

/// Version of the contract: components of another major version are refused.
pub const MAJOR: u16 = 1;
/// Version of the contract: newer minors use bytes that are zero in older ones.
pub const MINOR: u16 = 2;
const HELLO: usize = 24;
const WELCOME: usize = 96;
const LONGEST_NAMES: usize = 256;

/// Feature bits.
pub mod feature {
    /// Records come with every packet that has a timestamp.
    pub const TIMESTAMPS: u32 = 1;
    /// All of a Network Service Header is told, and new packets may stem from others.
    pub const NSH: u32 = 2;
    /// Records come with every packet beside which a Network Service Header is kept, and say so.
    pub const KEPT: u32 = 4;
    /// All that this version knows.
    pub const KNOWN: u32 = TIMESTAMPS | NSH | KEPT;
}

/// What a component says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Version it was built for.
    pub major: u16,
    /// Version it was built for.
    pub minor: u16,
    /// Bits of [`feature`].
    pub features: u32,
    /// Its idea of a descriptor's size.
    pub descriptor: u16,
    /// Its idea of a record's size.
    pub metadata: u16,
    /// Small frames it wants to emit from.
    pub spares: u16,
    /// Large frames it wants to emit from.
    pub large_spares: u16,
    /// Which component it is.
    pub name: String,
    /// SDK and its version.
    pub sdk: String,
}

impl Hello {
    /// Whether versions and sizes fit.
    ///
    /// # Errors
    /// Why not, for `REFUSED`.
    pub fn check(&self) -> Result<(), String> {
        if self.major != MAJOR {
            let (major, minor) = (self.major, self.minor);
            return Err(format!(
                "contract version {major}.{minor} is not served; this engine serves {MAJOR}.0 to {MAJOR}.{MINOR}"
            ));
        }
        let sizes = (usize::from(self.descriptor), usize::from(self.metadata));
        if sizes != (DESCRIPTOR_BYTES, METADATA_BYTES) {
            return Err(format!(
                "descriptors of {} and metadata records of {} bytes; they have {DESCRIPTOR_BYTES} and {METADATA_BYTES}",
                sizes.0, sizes.1
            ));
        }
        if self.spares > 256 || self.large_spares > 16 {
            return Err(format!(
                "{} small and {} large spare frames wanted; at most 256 and 16 are given",
                self.spares, self.large_spares
            ));
        }
        Ok(())
    }

    /// The minor version in effect: the smaller of both sides'.
    pub fn minor_in_effect(&self) -> u16 {
        [self.minor, MINOR].into_iter().min().unwrap_or(MINOR)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.extend(MAGIC.to_le_bytes());
        out.extend(self.major.to_le_bytes());
        out.extend(self.minor.to_le_bytes());
        out.extend(self.features.to_le_bytes());
        for size in [
            self.descriptor,
            self.metadata,
            self.spares,
            self.large_spares,
        ] {
            out.extend(size.to_le_bytes());
        }
        push_text(&mut out, &self.name);
        push_text(&mut out, &self.sdk);
        out
    }

    pub(crate) fn decode(payload: &[u8]) -> Result<Hello, Violation> {
        let fields = Fields(payload);
        if payload.len() < HELLO || fields.u64(0) != MAGIC {
            return Err("HELLO without the magic number".to_string());
        }
        if payload.len() > HELLO + LONGEST_NAMES {
            return Err(format!(
                "HELLO with more than {LONGEST_NAMES} bytes of names"
            ));
        }
        let mut texts = Texts(&payload[HELLO..]);
        Ok(Hello {
            major: fields.u16(8),
            minor: fields.u16(10),
            features: fields.u32(12),
            descriptor: fields.u16(16),
            metadata: fields.u16(18),
            spares: fields.u16(20),
            large_spares: fields.u16(22),
            name: texts.next("HELLO", "name")?,
            sdk: texts.next("HELLO", "SDK")?,
        })
    }
}

/// Where frames lie in their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames {
    /// Bytes at the front of a slot that are not the component's.
    pub reserved: u32,
    /// Small slots.
    pub small_count: u32,
    /// From one to the next, in bytes.
    pub small_stride: u32,
    /// Large slots.
    pub large_count: u32,
    /// From one to the next, in bytes.
    pub large_stride: u32,
    /// Where the first large one begins.
    pub large_base: u64,
    /// All of it, in bytes.
    pub bytes: u64,
}

impl Frames {
    /// Where slot `slot` begins, and its length; `None` where there is no such slot.
    #[inline]
    pub fn slot(&self, slot: u32) -> Option<(usize, usize)> {
        if slot < self.small_count {
            let start = slot as usize * self.small_stride as usize;
            return Some((start, self.small_stride as usize));
        }
        let large = slot - self.small_count;
        (large < self.large_count).then(|| {
            let start = self.large_base as usize + large as usize * self.large_stride as usize;
            (start, self.large_stride as usize)
        })
    }
}

/// What the engine answers to a hello that it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Minor version in effect.
    pub minor: u16,
    /// Feature bits in effect.
    pub features: u32,
    /// Link memory.
    pub layout: Layout,
    /// Inputs of the element.
    pub inputs: u32,
    /// Outputs of the element.
    pub outputs: u32,
    /// Frames memory.
    pub frames: Frames,
}

impl Welcome {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(WELCOME);
        out.extend(MAJOR.to_le_bytes());
        out.extend(self.minor.to_le_bytes());
        out.extend(self.features.to_le_bytes());
        out.extend(self.layout.bytes.to_le_bytes());
        let frames = &self.frames;
        for word in [
            self.layout.entries.ring,
            self.layout.entries.packets,
            self.layout.to,
            self.layout.from,
            self.layout.metadata,
            self.inputs,
            self.outputs,
            frames.reserved,
            frames.small_count,
            frames.small_stride,
            frames.large_count,
            frames.large_stride,
        ] {
            out.extend(word.to_le_bytes());
        }
        out.extend(frames.large_base.to_le_bytes());
        out.extend(frames.bytes.to_le_bytes());
        out.extend(self.layout.tlvs.to_le_bytes());
        out.resize(WELCOME, 0);
        out
    }

    pub(crate) fn decode(payload: &[u8]) -> Result<Welcome, Violation> {
        if payload.len() < WELCOME {
            return Err("WELCOME is too short".to_string());
        }
        let fields = Fields(payload);
        if fields.u16(0) != MAJOR {
            return Err(format!("WELCOME of version {}", fields.u16(0)));
        }
        Ok(Welcome {
            minor: fields.u16(2),
            features: fields.u32(4),
            layout: Layout {
                bytes: fields.u64(8),
                entries: Entries {
                    ring: fields.u32(16),
                    packets: fields.u32(20),
                },
                to: fields.u32(24),
                from: fields.u32(28),
                metadata: fields.u32(32),
                tlvs: fields.u32(80),
            },
            inputs: fields.u32(36),
            outputs: fields.u32(40),
            frames: Frames {
                reserved: fields.u32(44),
                small_count: fields.u32(48),
                small_stride: fields.u32(52),
                large_count: fields.u32(56),
                large_stride: fields.u32(60),
                large_base: fields.u64(64),
                bytes: fields.u64(72),
            },
        })
    }
}
