//! Messages of the socket: 16 bytes of head, then the payload.

use crate::layout::{DESCRIPTOR_BYTES, Entries, Layout, METADATA_BYTES};

/// The bytes `weftcmp1`.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"weftcmp1");
/// Version of the contract: components of another major version are refused.
pub const MAJOR: u16 = 1;
/// Version of the contract: newer minors use bytes that are zero in older ones.
pub const MINOR: u16 = 0;
/// Most bytes of a payload.
pub const LONGEST_PAYLOAD: usize = 1 << 20;
const HEAD: usize = 16;
const HELLO: usize = 24;
const WELCOME: usize = 96;
const LONGEST_NAMES: usize = 256;
const LONGEST_NAME: usize = 64;
const LONGEST_REASON: usize = 64;

/// Feature bits.
pub mod feature {
    /// Records come with every packet that has a timestamp.
    pub const TIMESTAMPS: u32 = 1;
    /// All that this version knows.
    pub const KNOWN: u32 = TIMESTAMPS;
}

/// What a component broke, in words.
pub type Violation = String;

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

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.extend(MAGIC.to_le_bytes());
        out.extend(self.major.to_le_bytes());
        out.extend(self.minor.to_le_bytes());
        out.extend(self.features.to_le_bytes());
        for size in [self.descriptor, self.metadata, self.spares, self.large_spares] {
            out.extend(size.to_le_bytes());
        }
        push_text(&mut out, &self.name);
        push_text(&mut out, &self.sdk);
        out
    }

    fn decode(payload: &[u8]) -> Result<Hello, Violation> {
        let fields = Fields(payload);
        if payload.len() < HELLO || fields.u64(0) != MAGIC {
            return Err("HELLO without the magic number".to_string());
        }
        if payload.len() > HELLO + LONGEST_NAMES {
            return Err(format!("HELLO with more than {LONGEST_NAMES} bytes of names"));
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
    fn encode(&self) -> Vec<u8> {
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
        out.resize(WELCOME, 0);
        out
    }

    fn decode(payload: &[u8]) -> Result<Welcome, Violation> {
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

/// How a declared handler may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// It can be read.
    pub read: bool,
    /// It can be written.
    pub write: bool,
    /// The read takes a parameter.
    pub parameter: bool,
}

/// A value or command that a component declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredHandler {
    /// Value type, 0 to 8.
    pub value: u8,
    /// How it may be called.
    pub access: Access,
    /// Its name.
    pub name: String,
    /// Unit of its value.
    pub unit: String,
    /// What it is.
    pub help: String,
}

impl DeclaredHandler {
    fn encode(&self) -> Vec<u8> {
        let Access { read, write, parameter } = self.access;
        let access = u8::from(read) | u8::from(write) << 1 | u8::from(parameter) << 2;
        let mut out = vec![self.value, access, 0, 0];
        for text in [&self.name, &self.unit, &self.help] {
            push_text(&mut out, text);
        }
        out
    }

    fn decode(payload: &[u8]) -> Result<Self, Violation> {
        let [value, access, 0, 0, texts @ ..] = payload else {
            return Err("HANDLER is too short".to_string());
        };
        let mut texts = Texts(texts);
        let handler = DeclaredHandler {
            value: *value,
            access: Access {
                read: access & 1 != 0,
                write: access & 2 != 0,
                parameter: access & 4 != 0,
            },
            name: texts.next("HANDLER", "name")?,
            unit: texts.next("HANDLER", "unit")?,
            help: texts.next("HANDLER", "help")?,
        };
        let first = |c: u8| c.is_ascii_alphabetic() || c == b'_';
        let rest = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
        let bytes = handler.name.as_bytes();
        let is_name = (1..=LONGEST_NAME).contains(&bytes.len())
            && first(bytes[0])
            && bytes.iter().all(|c| rest(*c));
        match (is_name, handler.value <= 8, handler.access.read || handler.access.write) {
            (true, true, true) => Ok(handler),
            (false, ..) => Err("HANDLER with a name that is none".to_string()),
            (_, false, _) => Err(format!("HANDLER of unknown type {value}")),
            _ => Err("HANDLER that can be neither read nor written".to_string()),
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// First word of a component.
    Hello(Hello),
    /// First word of the engine.
    Welcome(Welcome),
    /// The engine does not want it.
    Refused(String),
    /// A handler there is.
    Handler(DeclaredHandler),
    /// A reason to drop packets for.
    Reason(u8, String),
    /// Packets may come.
    Ready,
    /// A handler is called.
    Call {
        /// Which call this is.
        id: u32,
        /// Whether it is written.
        write: bool,
        /// Its name.
        name: String,
        /// Parameter or value.
        value: Vec<u8>,
    },
    /// A call is answered.
    Answer {
        /// Which call.
        id: u32,
        /// The value, or the error in words.
        outcome: Result<Vec<u8>, String>,
    },
    /// The end.
    Bye,
}

impl Message {
    /// Its bytes, head and payload.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, status, id, payload): (u16, u16, u32, Vec<u8>) = match self {
            Message::Hello(hello) => (1, 0, 0, hello.encode()),
            Message::Welcome(welcome) => (2, 0, 0, welcome.encode()),
            Message::Refused(reason) => (3, 0, 0, reason.clone().into_bytes()),
            Message::Handler(handler) => (4, 0, 0, handler.encode()),
            Message::Reason(number, text) => (5, 0, u32::from(*number), text.clone().into_bytes()),
            Message::Ready => (6, 0, 0, Vec::new()),
            Message::Call { id, write, name, value } => {
                let mut payload = Vec::with_capacity(name.len() + 1 + value.len());
                push_text(&mut payload, name);
                payload.extend_from_slice(value);
                (7, u16::from(*write), *id, payload)
            }
            Message::Answer { id, outcome } => match outcome {
                Ok(value) => (8, 0, *id, value.clone()),
                Err(error) => (8, 1, *id, error.clone().into_bytes()),
            },
            Message::Bye => (9, 0, 0, Vec::new()),
        };
        let mut out = Vec::with_capacity(HEAD + payload.len());
        out.extend((payload.len() as u32).to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(status.to_le_bytes());
        out.extend(id.to_le_bytes());
        out.extend([0; 4]);
        out.extend(payload);
        out
    }

    fn decode(kind: u16, status: u16, id: u32, payload: &[u8]) -> Result<Message, Violation> {
        let text = || String::from_utf8_lossy(payload).into_owned();
        Ok(match kind {
            1 => Message::Hello(Hello::decode(payload)?),
            2 => Message::Welcome(Welcome::decode(payload)?),
            3 => Message::Refused(text()),
            4 => Message::Handler(DeclaredHandler::decode(payload)?),
            5 => Message::Reason(reason_number(id)?, reason_text(payload)?),
            6 => Message::Ready,
            7 => {
                let mut texts = Texts(payload);
                let name = texts.next("CALL", "name")?;
                let value = texts.0.to_vec();
                Message::Call { id, write: status == 1, name, value }
            }
            8 if status == 0 => Message::Answer { id, outcome: Ok(payload.to_vec()) },
            8 => Message::Answer { id, outcome: Err(text()) },
            9 => Message::Bye,
            other => return Err(format!("unknown message type {other}")),
        })
    }
}

fn reason_number(id: u32) -> Result<u8, Violation> {
    match u8::try_from(id) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("REASON with number {id}; 1 to 255 are allowed")),
    }
}

fn reason_text(payload: &[u8]) -> Result<String, Violation> {
    let allowed = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == b'-';
    if (1..=LONGEST_REASON).contains(&payload.len()) && payload.iter().all(allowed) {
        return Ok(String::from_utf8_lossy(payload).into_owned());
    }
    Err(format!("REASON whose text is not 1 to {LONGEST_REASON} of a-z, 0-9 and -"))
}

/// Takes messages out of what comes in.
#[derive(Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    at: usize,
}

impl Decoder {
    /// Takes in what was received.
    pub fn hear(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message.
    ///
    /// # Errors
    /// When what came breaks a rule; nothing can be read after that.
    pub fn next(&mut self) -> Result<Option<Message>, Violation> {
        let rest = &self.bytes[self.at..];
        if rest.len() < HEAD {
            return Ok(None);
        }
        let fields = Fields(rest);
        let length = fields.u32(0) as usize;
        if length > LONGEST_PAYLOAD {
            return Err(format!("message of {length} bytes; at most {LONGEST_PAYLOAD} are allowed"));
        }
        let Some(payload) = rest.get(HEAD..HEAD + length) else {
            return Ok(None);
        };
        let message = Message::decode(fields.u16(4), fields.u16(6), fields.u32(8), payload)?;
        self.at += HEAD + length;
        Ok(Some(message))
    }
}

/// Numbers at known places; what lies outside reads as zero.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.0.get(at + i).copied().unwrap_or(0))
    }
    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }
    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }
    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

/// Texts ended by zero bytes.
struct Texts<'a>(&'a [u8]);

impl Texts<'_> {
    fn next(&mut self, message: &str, what: &str) -> Result<String, Violation> {
        let end = self.0.iter().position(|c| *c == 0);
        let end = end.ok_or_else(|| format!("{message} without an end of its {what}"))?;
        let text = std::str::from_utf8(&self.0[..end]);
        let text = text.map_err(|_| format!("{message} whose {what} is not UTF-8"))?;
        self.0 = &self.0[end + 1..];
        Ok(text.to_string())
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(|c| *c != 0));
    out.push(0);
}
