//! Messages of the socket: 16 bytes of head, then the payload.

use crate::hello::{Hello, Welcome};

/// The bytes `weftcmp1`.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"weftcmp1");
/// Most bytes of a payload.
pub const LONGEST_PAYLOAD: usize = 1 << 20;
const HEAD: usize = 16;
const LONGEST_NAME: usize = 64;
const LONGEST_REASON: usize = 64;

/// What a component broke, in words.
pub type Violation = String;

/// How a declared handler may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// It can be read.
    pub read: bool,
    /// It can be written.
    pub write: bool,
    /// The read takes a parameter.
    pub parameter: bool,
    /// The read is a command (since 1.2): its parameter is the argument, its value the result.
    pub call: bool,
}

impl Access {
    /// Its bits.
    pub fn bits(self) -> u8 {
        let bits = [self.read, self.write, self.parameter, self.call];
        let numbered = bits.into_iter().enumerate();
        numbered.map(|(i, on)| u8::from(on) << i).sum()
    }

    /// What the bits say.
    pub fn of(bits: u8) -> Access {
        let [read, write, parameter, call] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
        Access {
            read,
            write,
            parameter,
            call,
        }
    }

    fn is_possible(self) -> bool {
        match self.call {
            true => self.read && self.parameter && !self.write,
            false => self.read || self.write,
        }
    }
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
    /// Which values it takes, or arguments where it is a command (since 1.2); empty: all of its type.
    pub limits: String,
}

impl DeclaredHandler {
    fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.value, self.access.bits(), 0, 0];
        for text in [&self.name, &self.unit, &self.help] {
            push_text(&mut out, text);
        }
        if !self.limits.is_empty() {
            push_text(&mut out, &self.limits);
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
            access: Access::of(*access),
            name: texts.next("HANDLER", "name")?,
            unit: texts.next("HANDLER", "unit")?,
            help: texts.next("HANDLER", "help")?,
            limits: match texts.0 {
                [] => String::new(),
                _ => texts.next("HANDLER", "limits")?,
            },
        };
        let first = |c: u8| c.is_ascii_alphabetic() || c == b'_';
        let rest = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
        let bytes = handler.name.as_bytes();
        let is_name = (1..=LONGEST_NAME).contains(&bytes.len())
            && first(bytes[0])
            && bytes.iter().all(|c| rest(*c));
        match (is_name, handler.value <= 8, handler.access.is_possible()) {
            (true, true, true) => Ok(handler),
            (false, ..) => Err("HANDLER with a name that is none".to_string()),
            (_, false, _) => Err(format!("HANDLER of unknown type {value}")),
            _ if handler.access.call => {
                Err("HANDLER that is a command and something else".to_string())
            }
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
            Message::Call {
                id,
                write,
                name,
                value,
            } => {
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
                Message::Call {
                    id,
                    write: status == 1,
                    name,
                    value,
                }
            }
            8 if status == 0 => Message::Answer {
                id,
                outcome: Ok(payload.to_vec()),
            },
            8 => Message::Answer {
                id,
                outcome: Err(text()),
            },
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
    Err(format!(
        "REASON whose text is not 1 to {LONGEST_REASON} of a-z, 0-9 and -"
    ))
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
    pub fn take(&mut self) -> Result<Option<Message>, Violation> {
        let rest = &self.bytes[self.at..];
        if rest.len() < HEAD {
            return Ok(None);
        }
        let fields = Fields(rest);
        let length = fields.u32(0) as usize;
        if length > LONGEST_PAYLOAD {
            return Err(format!(
                "message of {length} bytes; at most {LONGEST_PAYLOAD} are allowed"
            ));
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
pub(crate) struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.0.get(at + i).copied().unwrap_or(0))
    }
    pub fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }
    pub fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }
    pub fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

/// Texts ended by zero bytes.
pub(crate) struct Texts<'a>(pub &'a [u8]);

impl Texts<'_> {
    pub fn next(&mut self, message: &str, what: &str) -> Result<String, Violation> {
        let end = self.0.iter().position(|c| *c == 0);
        let end = end.ok_or_else(|| format!("{message} without an end of its {what}"))?;
        let text = std::str::from_utf8(&self.0[..end]);
        let text = text.map_err(|_| format!("{message} whose {what} is not UTF-8"))?;
        self.0 = &self.0[end + 1..];
        Ok(text.to_string())
    }
}

pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(|c| *c != 0));
    out.push(0);
}
