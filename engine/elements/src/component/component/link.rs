//! An attached process: its rings and what travels in them.

use super::declared;
use super::figures::Figures;
use super::flight::{Flight, NO_FRAME, OwnFrames, Returned};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use weft_component::{
    Bell, DeclaredHandler, Decoder, Descriptor, Entries, Frames, Hello, Layout, LinkMemory, MINOR,
    Message, Metadata, NshType, Socket, Violation, Welcome, create_memory, feature, flag, seal_size,
};
use weft_core::{Batch, Handler, MAX_BATCH, Nsh, Packet, Router, Ticket};

/// Where in the annotation area the mark lies.
const MARK: usize = 44;
/// Reason of packets dropped without one.
const NO_REASON: &str = "component";
const MOST_HANDLERS: usize = 256;
/// A component that does not read its calls cannot make the engine keep more than this.
const MOST_UNSAID: usize = 4 << 20;

/// How far an attachment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It declares what it has.
    Declaring,
    /// Packets flow.
    Ready,
}

/// What hearing a process led to.
pub enum Heard {
    /// Nothing that changes anything.
    Nothing,
    /// It is ready for packets.
    Ready,
    /// It answered a call.
    Answer(Ticket, Result<Vec<u8>, String>),
    /// It said goodbye, or is gone.
    Gone,
}

/// One attachment.
pub struct Link {
    pub socket: Socket,
    decoder: Decoder,
    pub stage: Stage,
    memory: LinkMemory,
    layout: Layout,
    component: Bell,
    engine: Bell,
    pub flight: Flight,
    to_tail: u32,
    from_head: u32,
    features: u32,
    capacity: usize,
    /// Small and large spares that are still to be lent.
    owed: (u32, u32),
    pub declared: Vec<(String, &'static Handler)>,
    reasons: Vec<Option<&'static str>>,
    calls: HashMap<u32, Call>,
    next_call: u32,
    sleeps: bool,
}

struct Call {
    ticket: Ticket,
    until: u64,
}

impl Link {
    /// Welcomes a process that has said `hello`.
    ///
    /// # Errors
    /// When memory or descriptors cannot be had, or the process is gone already.
    pub fn open(
        mut socket: Socket,
        decoder: Decoder,
        hello: &Hello,
        capacity: usize,
        private: bool,
        router: &mut Router,
    ) -> io::Result<Link> {
        let spares = (u32::from(hello.spares), u32::from(hello.large_spares));
        let entries = Entries::of(capacity as u32 + spares.0 + spares.1);
        let layout = Layout::of(entries);
        let file = create_memory(c"weft-link", layout.bytes)?;
        let memory = LinkMemory::map(&file, layout)?;
        memory.write_magic();
        let (component, engine) = (Bell::new()?, Bell::new()?);
        let mut welcome = Welcome {
            minor: hello.minor.min(MINOR),
            features: hello.features & feature::KNOWN,
            layout,
            inputs: router.inputs() as u32,
            outputs: router.outputs() as u32,
            frames: shared_frames(router),
        };
        let bells = [component.as_fd(), engine.as_fd()];
        let own = if private {
            let (own, frames) = OwnFrames::new(entries.packets, &router.pool)?;
            welcome.frames = own.frames();
            greet(&mut socket, welcome, &file, frames.as_fd(), bells)?;
            Some(own)
        } else {
            let frames = router.pool.share()?;
            seal_size(frames)?;
            greet(&mut socket, welcome, &file, frames, bells)?;
            None
        };
        Ok(Link {
            socket,
            decoder,
            stage: Stage::Declaring,
            memory,
            layout,
            component,
            engine,
            flight: Flight::new(entries.packets, own),
            to_tail: 0,
            from_head: 0,
            features: welcome.features,
            capacity,
            owed: spares,
            declared: Vec::new(),
            reasons: Vec::new(),
            calls: HashMap::new(),
            next_call: 0,
            sleeps: false,
        })
    }

    /// Becomes readable when there is something to collect.
    pub fn bell(&self) -> RawFd {
        self.engine.descriptor()
    }

    /// Stops that.
    pub fn silence(&self) {
        self.engine.silence();
    }

    /// How many packets may be offered now.
    #[inline]
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.flight.packets())
    }

    /// Offers packets from the front of `batch`, as many as there is room for.
    pub fn offer(
        &mut self,
        port: usize,
        batch: &mut Batch,
        figures: &mut Figures,
        router: &mut Router,
    ) {
        let count = batch.len().min(self.room());
        let (mut bytes, mut sent, mut last) = (0, 0, 0);
        for packet in batch.drain(..count) {
            let length = packet.len() as u64;
            if let Some(index) = self.offer_one(port, packet, router) {
                (bytes, sent, last) = (bytes + length, sent + 1, index);
            }
        }
        self.publish();
        if sent > 0 {
            figures.offered(sent, bytes, last);
        }
    }

    /// As [`Link::offer`], of packets that waited.
    pub fn offer_waiting(
        &mut self,
        waiting: &mut VecDeque<(u8, Packet)>,
        figures: &mut Figures,
        router: &mut Router,
    ) {
        let count = waiting.len().min(self.room());
        let (mut bytes, mut sent, mut last) = (0, 0, 0);
        for (port, packet) in waiting.drain(..count) {
            let length = packet.len() as u64;
            if let Some(index) = self.offer_one(usize::from(port), packet, router) {
                (bytes, sent, last) = (bytes + length, sent + 1, index);
            }
        }
        self.publish();
        if sent > 0 {
            figures.offered(sent, bytes, last);
        }
    }

    #[inline]
    fn offer_one(&mut self, port: usize, packet: Packet, router: &mut Router) -> Option<u32> {
        let noted = packet.has_side() || self.features & feature::TIMESTAMPS != 0;
        let metadata = if noted {
            metadata_of(&packet, self.features, router)
        } else {
            None
        };
        match self.flight.leave(packet, &mut router.pool) {
            Ok(mut descriptor) => {
                descriptor.port = port as u8;
                if let Some(metadata) = metadata {
                    self.memory.set_metadata(descriptor.packet, &metadata);
                    descriptor.flags |= flag::METADATA;
                }
                self.write(descriptor);
                Some(descriptor.packet)
            }
            Err(packet) => {
                router.drop_packet(packet, NO_FRAME);
                None
            }
        }
    }

    #[inline]
    fn write(&mut self, descriptor: Descriptor) {
        self.memory
            .set_descriptor(self.layout.to, self.to_tail, descriptor);
        self.to_tail = self.to_tail.wrapping_add(1);
    }

    /// Lets the component see what was written, and wakes it.
    #[inline]
    fn publish(&mut self) {
        self.memory.set_tail(Layout::TO_TAIL, self.to_tail);
        if self.memory.take_sleeper(Layout::COMPONENT_SLEEPS) {
            self.component.ring();
        }
    }

    /// Lends the spares that are owed, as far as there are frames.
    fn lend_spares(&mut self, router: &mut Router) {
        let before = self.to_tail;
        while self.owed.0 > 0 {
            let Some(descriptor) = self.flight.lend(false, &mut router.pool) else {
                break;
            };
            self.owed.0 -= 1;
            self.write(descriptor);
        }
        while self.owed.1 > 0 {
            let Some(descriptor) = self.flight.lend(true, &mut router.pool) else {
                break;
            };
            self.owed.1 -= 1;
            self.write(descriptor);
        }
        if self.to_tail != before {
            self.publish();
        }
    }

    /// Takes back at most a batch of what was returned and hands it on; gives how many descriptors that were.
    ///
    /// # Errors
    /// Which rule was broken. What was returned before is handed on.
    #[inline]
    pub fn collect(
        &mut self,
        figures: &mut Figures,
        router: &mut Router,
    ) -> Result<usize, Violation> {
        let there = self.memory.tail(Layout::FROM_TAIL).wrapping_sub(self.from_head);
        if there == 0 {
            return Ok(0);
        }
        if there > self.layout.entries.packets {
            return Err(format!("{there} descriptors returned, more than there are packets"));
        }
        let count = (there as usize).min(MAX_BATCH);
        let (mut run, mut port) = (router.new_batch(), 0);
        let (mut bytes, mut packets) = (0, 0);
        let mut outcome = Ok(count);
        for _ in 0..count {
            let descriptor = self.memory.descriptor(self.layout.from, self.from_head);
            self.from_head = self.from_head.wrapping_add(1);
            match self.take(descriptor, figures, router) {
                Ok(Some(packet)) => {
                    let output = usize::from(descriptor.port);
                    if output != port {
                        let full = std::mem::replace(&mut run, router.new_batch());
                        router.emit_batch(port, full);
                        port = output;
                    }
                    bytes += packet.len() as u64;
                    packets += 1;
                    run.push(packet);
                }
                Ok(None) => packets += 1,
                Err(problem) => {
                    outcome = Err(problem);
                    break;
                }
            }
        }
        router.emit_batch(port, run);
        figures.collected(packets, bytes);
        if self.owed != (0, 0) {
            self.lend_spares(router);
        }
        outcome
    }

    /// What one descriptor stands for, if it is a packet that goes on.
    #[inline]
    fn take(
        &mut self,
        descriptor: Descriptor,
        figures: &mut Figures,
        router: &mut Router,
    ) -> Result<Option<Packet>, Violation> {
        let dropped = descriptor.flags & flag::DROP != 0;
        if !dropped && usize::from(descriptor.port) >= router.outputs() {
            return Err(format!(
                "returned a packet for output {}; there are {}",
                descriptor.port,
                router.outputs()
            ));
        }
        let returned = self.flight.come_back(descriptor, &mut router.pool);
        let returned = returned.map_err(|what| format!("returned {what}"))?;
        if descriptor.packet == figures.awaited() {
            figures.timed();
        }
        let is_large = |slot| slot >= router.pool.layout().small_count;
        let packet = match returned {
            Returned::Packet(packet) => packet,
            Returned::New(packet) => {
                self.owe(is_large(descriptor.slot));
                packet
            }
            Returned::Dropped(packet) => {
                router.drop_packet(packet, self.reason(descriptor.port));
                return Ok(None);
            }
            Returned::Lost(packet) => {
                router.drop_packet(packet, NO_FRAME);
                return Ok(None);
            }
            Returned::Unused(slot) => {
                self.owe(is_large(slot));
                return Ok(None);
            }
            Returned::NoFrame(slot) => {
                self.owe(is_large(slot));
                router.count_reason(NO_FRAME, 1);
                return Ok(None);
            }
        };
        if descriptor.flags & flag::METADATA == 0 {
            return Ok(Some(packet));
        }
        let metadata = self.memory.metadata(descriptor.packet);
        Ok(Some(with_metadata(packet, &metadata, router)))
    }

    fn owe(&mut self, large: bool) {
        if large {
            self.owed.1 += 1;
        } else {
            self.owed.0 += 1;
        }
    }

    fn reason(&self, number: u8) -> &'static str {
        let named = usize::from(number).checked_sub(1);
        let named = named.and_then(|i| self.reasons.get(i).copied().flatten());
        named.unwrap_or(NO_REASON)
    }

    /// Prepares to sleep until the bell rings; false when there is something to collect.
    pub fn sleep(&mut self) -> bool {
        self.memory.announce_sleep(Layout::ENGINE_SLEEPS);
        self.sleeps = true;
        if self.memory.tail(Layout::FROM_TAIL) != self.from_head {
            self.wake();
            return false;
        }
        true
    }

    /// No longer asleep.
    #[inline]
    pub fn wake(&mut self) {
        if self.sleeps {
            self.sleeps = false;
            self.memory.withdraw_sleep(Layout::ENGINE_SLEEPS);
        }
    }

    /// Whether there is something to collect.
    #[inline]
    pub fn has_returned(&self) -> bool {
        self.memory.tail(Layout::FROM_TAIL) != self.from_head
    }

    /// Reads what the process says, once.
    ///
    /// # Errors
    /// Which rule it broke.
    pub fn read(&mut self) -> Result<bool, Violation> {
        let mut chunk = [0; 16 << 10];
        match self.socket.read(&mut chunk) {
            Ok(Some(0)) | Err(_) => Ok(false),
            Ok(Some(count)) => {
                self.decoder.hear(&chunk[..count]);
                Ok(true)
            }
            Ok(None) => Ok(self.socket.flush().is_ok()),
        }
    }

    /// Acts on the next thing it said; `None` when there is none.
    ///
    /// # Errors
    /// Which rule it broke.
    pub fn hear(&mut self, router: &mut Router) -> Result<Option<Heard>, Violation> {
        let Some(message) = self.decoder.next()? else {
            return Ok(None);
        };
        Ok(Some(match (message, self.stage) {
            (Message::Handler(declared), Stage::Declaring) => {
                self.declare(&declared, router)?;
                Heard::Nothing
            }
            (Message::Reason(number, text), Stage::Declaring) => {
                let index = usize::from(number) - 1;
                self.reasons.resize(self.reasons.len().max(index + 1), None);
                self.reasons[index] = declared::reason(&text);
                Heard::Nothing
            }
            (Message::Ready, Stage::Declaring) => {
                self.stage = Stage::Ready;
                self.lend_spares(router);
                Heard::Ready
            }
            (Message::Answer { id, outcome }, _) => match self.calls.remove(&id) {
                Some(call) => Heard::Answer(call.ticket, outcome),
                None => Heard::Nothing,
            },
            (Message::Bye, _) => Heard::Gone,
            (Message::Handler(_) | Message::Reason(..) | Message::Ready, Stage::Ready) => {
                return Err("said after READY what belongs before".to_string());
            }
            _ => return Err("said what only the engine says".to_string()),
        }))
    }

    fn declare(&mut self, declared: &DeclaredHandler, router: &Router) -> Result<(), Violation> {
        if self.declared.len() >= MOST_HANDLERS {
            return Err(format!("declared more than {MOST_HANDLERS} handlers"));
        }
        let name = &declared.name;
        if router.has_own_handler(name) {
            return Err(format!("declared handler '{name}', which every component has"));
        }
        if self.declared.iter().any(|(known, _)| known == name) {
            return Err(format!("declared handler '{name}' twice"));
        }
        let handler = declared::handler(declared).ok_or("declared too many different handlers")?;
        self.declared.push((name.clone(), handler));
        Ok(())
    }

    /// Calls a handler of the process.
    ///
    /// # Errors
    /// Why it cannot be called.
    pub fn call(
        &mut self,
        ticket: Ticket,
        name: &str,
        write: bool,
        value: &[u8],
        until: u64,
    ) -> Result<(), String> {
        if self.socket.unsaid() > MOST_UNSAID {
            return Err("the component does not read its calls".to_string());
        }
        self.next_call = self.next_call.wrapping_add(1);
        let id = self.next_call;
        let message = Message::Call {
            id,
            write,
            name: name.to_string(),
            value: value.to_vec(),
        };
        let said = self.socket.write(&message.encode());
        said.map_err(|_| "the component is gone".to_string())?;
        self.calls.insert(id, Call { ticket, until });
        Ok(())
    }

    /// When the next call is given up.
    pub fn next_call_end(&self) -> Option<u64> {
        self.calls.values().map(|call| call.until).min()
    }

    /// Calls that are given up at `now`.
    pub fn overdue(&mut self, now: u64) -> Vec<Ticket> {
        let late: Vec<u32> = self.calls.iter().filter(|(_, c)| c.until <= now).map(|(id, _)| *id).collect();
        late.iter().filter_map(|id| self.calls.remove(id)).map(|call| call.ticket).collect()
    }

    /// All calls that are not answered.
    pub fn unanswered(&mut self) -> Vec<Ticket> {
        self.calls.drain().map(|(_, call)| call.ticket).collect()
    }

    /// Asks it to leave.
    pub fn say_goodbye(&mut self) {
        // If it is gone, it needs none.
        let _ = self.socket.write(&Message::Bye.encode());
    }
}

fn greet(
    socket: &mut Socket,
    welcome: Welcome,
    link: &File,
    frames: BorrowedFd<'_>,
    [component, engine]: [BorrowedFd<'_>; 2],
) -> io::Result<()> {
    let bytes = Message::Welcome(welcome).encode();
    socket.write_with(&bytes, &[link.as_fd(), frames, component, engine])
}

fn shared_frames(router: &Router) -> Frames {
    let layout = router.pool.layout();
    Frames {
        reserved: u32::from(layout.reserved),
        small_count: layout.small_count,
        small_stride: layout.small_stride,
        large_count: layout.large_count,
        large_stride: layout.large_stride,
        large_base: layout.large_base,
        bytes: layout.bytes,
    }
}

/// What a component is told of a packet, if there is anything to tell.
fn metadata_of(packet: &Packet, features: u32, router: &Router) -> Option<Metadata> {
    let mark = u32::from_le_bytes(router.pool.annotation(packet, MARK));
    let nsh = router.pool.side(packet).and_then(|side| side.nsh);
    let timestamp = if features & feature::TIMESTAMPS != 0 {
        packet.timestamp()
    } else {
        0
    };
    if mark == 0 && nsh.is_none() && timestamp == 0 {
        return None;
    }
    let header = nsh.unwrap_or_default();
    Some(Metadata {
        mark,
        spi: header.spi,
        si: header.si,
        nsh: match header.md_type {
            1 => NshType::One,
            2 => NshType::Two,
            _ => NshType::None,
        },
        timestamp: packet.timestamp(),
        context: header.context,
    })
}

/// The packet with what a component says of it.
fn with_metadata(mut packet: Packet, metadata: &Metadata, router: &mut Router) -> Packet {
    let mark = metadata.mark.to_le_bytes();
    router.pool.set_annotation(&mut packet, MARK, &mark);
    if metadata.timestamp != 0 {
        packet.set_timestamp(metadata.timestamp);
    }
    let had = router.pool.side(&packet).and_then(|side| side.nsh);
    if let Some(had) = had {
        router.pool.side_mut(&mut packet).nsh = Some(Nsh {
            spi: metadata.spi,
            si: metadata.si,
            context: metadata.context,
            ..had
        });
    }
    packet
}
