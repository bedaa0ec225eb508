//! The component's side of an attachment: connecting, saying hello, and what the welcome brings.

use crate::hello::{Frames, Hello, Welcome};
use crate::layout::{
    DESCRIPTOR_BYTES, LARGEST_RING, Layout, METADATA_BYTES, SMALLEST_RING, TLVS_BYTES,
};
use crate::memory::{Block, LinkMemory};
use crate::message::{Decoder, Message};
use crate::socket::{Bell, Socket, connect};
use std::fs::File;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;

/// Bytes of the longest name and SDK, with a zero byte each.
const LONGEST_NAMES: usize = 256;

/// Who attaches, and where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The engine's socket.
    pub path: PathBuf,
    /// What is said there.
    pub hello: Hello,
}

/// Why there is no attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The engine is not there, or is gone: another try may succeed.
    Again(String),
    /// Another try would end in the same way.
    Final(String),
    /// The engine said goodbye.
    Goodbye,
}

impl Caller {
    /// Connects and says hello.
    ///
    /// # Errors
    /// Why not; an engine that cannot be reached is worth another try only where it was there before.
    pub fn connect(&self) -> Result<Joining, Refusal> {
        let Hello { name, sdk, .. } = &self.hello;
        if name.len() + sdk.len() + 2 > LONGEST_NAMES {
            let start: String = name.chars().take(80).collect();
            return Err(Refusal::Final(format!(
                "name '{start}' and SDK are longer than {LONGEST_NAMES} bytes"
            )));
        }
        let mut socket = connect(&self.path).map_err(|error| {
            let text = format!(
                "cannot connect to {}: {}",
                self.path.display(),
                reason(&error)
            );
            match error.kind() {
                io::ErrorKind::WouldBlock => Refusal::Again(text),
                _ => Refusal::Final(text),
            }
        })?;
        let said = socket.write(&Message::Hello(self.hello.clone()).encode());
        said.map_err(|_| Refusal::Again("the engine does not take a hello".to_string()))?;
        Ok(Joining {
            socket,
            decoder: Decoder::default(),
            descriptors: Vec::new(),
        })
    }
}

/// What `error` says, without the number behind it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error ").unwrap_or(text.len());
    text[..end].to_string()
}

/// A connection on which hello was said.
pub struct Joining {
    socket: Socket,
    decoder: Decoder,
    descriptors: Vec<OwnedFd>,
}

/// An attachment, nothing declared yet.
pub struct Attachment {
    /// What messages travel on.
    pub socket: Socket,
    /// What came on it that was not read yet.
    pub decoder: Decoder,
    /// What the engine told.
    pub welcome: Welcome,
    /// Rings and metadata.
    pub memory: LinkMemory,
    /// Frames.
    pub frames: Block,
    /// Rung by the engine.
    pub component: Bell,
    /// Rung for the engine.
    pub engine: Bell,
}

impl Joining {
    /// Becomes readable when [`Joining::hear`] is worth calling.
    pub fn descriptor(&self) -> RawFd {
        self.socket.descriptor()
    }

    /// The attachment, once the engine has said welcome. Does not wait.
    ///
    /// # Errors
    /// That there is none.
    pub fn hear(mut self) -> Result<Result<Attachment, Joining>, Refusal> {
        let mut chunk = [0; 4096];
        match self.socket.read_with(&mut chunk) {
            Ok(None) => return Ok(Err(self)),
            Ok(Some((0, _))) | Err(_) => {
                let text = "the engine closed the connection before it answered";
                return Err(Refusal::Again(text.to_string()));
            }
            Ok(Some((count, descriptors))) => {
                self.decoder.hear(&chunk[..count]);
                self.descriptors.extend(descriptors);
            }
        }
        match self.decoder.take().map_err(Refusal::Final)? {
            None => Ok(Err(self)),
            Some(Message::Welcome(welcome)) => self.enter(welcome).map(Ok),
            Some(Message::Refused(why)) => Err(Refusal::Final(format!("refused: {why}"))),
            Some(Message::Bye) => Err(Refusal::Goodbye),
            Some(_) => Err(Refusal::Final(
                "the engine's first message is neither a welcome nor a refusal".to_string(),
            )),
        }
    }

    fn enter(self, welcome: Welcome) -> Result<Attachment, Refusal> {
        let broken = |what: &str| Refusal::Final(format!("the engine's welcome {what}"));
        let four: Result<[OwnedFd; 4], _> = self.descriptors.try_into();
        let four = four.map_err(|_| broken("is not 96 bytes and four descriptors"))?;
        if !is_sound(&welcome) {
            return Err(broken("describes memory that cannot be"));
        }
        let [link, frames, component, engine] = four;
        let unmapped = |e: io::Error| {
            broken(&format!(
                "brings memory that cannot be mapped: {}",
                reason(&e)
            ))
        };
        let memory = LinkMemory::map(&File::from(link), welcome.layout).map_err(unmapped)?;
        let frames = Block::map(&File::from(frames), welcome.frames.bytes).map_err(unmapped)?;
        if !memory.has_magic() {
            return Err(broken("brings memory that is no attachment's"));
        }
        Ok(Attachment {
            socket: self.socket,
            decoder: self.decoder,
            welcome,
            memory,
            frames,
            component: Bell::from_descriptor(component),
            engine: Bell::from_descriptor(engine),
        })
    }
}

/// Whether everything lies inside the memory that it is said to lie in.
fn is_sound(welcome: &Welcome) -> bool {
    let layout = &welcome.layout;
    let (ring, packets) = (layout.entries.ring, layout.entries.packets);
    let inside = |offset: u32, count: u32, size: usize| {
        let end = u64::from(offset) + u64::from(count) * size as u64;
        offset as usize > Layout::ENGINE_SLEEPS && offset.is_multiple_of(8) && end <= layout.bytes
    };
    ring.is_power_of_two()
        && (SMALLEST_RING..=LARGEST_RING).contains(&ring)
        && packets <= ring
        && inside(layout.to, ring, DESCRIPTOR_BYTES)
        && inside(layout.from, ring, DESCRIPTOR_BYTES)
        && inside(layout.metadata, packets, METADATA_BYTES)
        && (layout.tlvs == 0 || inside(layout.tlvs, packets, TLVS_BYTES))
        && are_sound(&welcome.frames)
}

fn are_sound(frames: &Frames) -> bool {
    let end =
        |base: u64, count: u32, stride: u32| base.checked_add(u64::from(count) * u64::from(stride));
    let within = |end: Option<u64>| end.is_some_and(|end| end <= frames.bytes);
    frames.small_count.checked_add(frames.large_count).is_some()
        && within(end(0, frames.small_count, frames.small_stride))
        && within(end(
            frames.large_base,
            frames.large_count,
            frames.large_stride,
        ))
        && frames.reserved < frames.small_stride.min(frames.large_stride)
}
