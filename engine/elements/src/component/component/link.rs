//! An attached process: its rings and what travels in them.

use super::attachment::Applicant;
use super::conversation::Calls;
use super::figures::Figures;
use super::flight::{Flight, NO_FRAME, Returned};
use super::metadata::Records;
use super::welcome::Shared;
use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use weft_component::{
    Bell, Decoder, Descriptor, Layout, LinkMemory, Socket, Violation, feature, flag,
};
use weft_core::{Batch, Handler, Interest, MAX_BATCH, Packet, Router};
use weft_wire::nsh::Fault;

/// Descriptors in a cache line.
const PER_LINE: usize = 4;
/// How many descriptors ahead are fetched.
const AHEAD: u32 = 32;
/// Reason of packets dropped without one.
const NO_REASON: &str = "component";

/// How far an attachment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It declares what it has.
    Declaring,
    /// Packets flow.
    Ready,
}

/// One attachment.
pub struct Link {
    pub socket: Socket,
    pub(super) decoder: Decoder,
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
    /// Descriptors that may be there to be read: one for each packet index, and one for each spare's parent.
    most_returned: u32,
    pub(super) declared: Vec<(String, &'static Handler)>,
    pub(super) reasons: Vec<Option<&'static str>>,
    pub(super) calls: Calls,
    sleeps: bool,
    /// Whether something was offered since the component was last known to be awake.
    unrung: bool,
    /// Whether something is to be said as soon as the socket has room.
    pub(super) awaits_room: bool,
}

impl Link {
    /// Welcomes a process that has said hello, or tells it why that is not possible.
    ///
    /// # Errors
    /// When memory or descriptors cannot be had.
    pub fn open(
        mut applicant: Applicant,
        capacity: usize,
        private: bool,
        router: &mut Router,
    ) -> io::Result<Link> {
        match Shared::new(&mut applicant, capacity, private, router) {
            Ok(shared) => Ok(Link::over(shared, applicant, capacity)),
            Err(error) => {
                applicant.refuse(&format!("the component cannot be attached: {error}"));
                Err(error)
            }
        }
    }

    fn over(shared: Shared, applicant: Applicant, capacity: usize) -> Link {
        let hello = &applicant.hello;
        let layout = *shared.memory.layout();
        let parents = match hello.features & feature::NSH {
            0 => 0,
            _ => u32::from(hello.spares) + u32::from(hello.large_spares),
        };
        Link {
            socket: applicant.socket,
            decoder: applicant.decoder,
            stage: Stage::Declaring,
            memory: shared.memory,
            layout,
            component: shared.component,
            engine: shared.engine,
            flight: Flight::new(layout.entries.packets, shared.own),
            to_tail: 0,
            from_head: 0,
            features: hello.features & feature::KNOWN,
            capacity,
            owed: (u32::from(hello.spares), u32::from(hello.large_spares)),
            most_returned: layout.entries.packets + parents,
            declared: Vec::new(),
            reasons: Vec::new(),
            calls: Calls::default(),
            sleeps: false,
            unrung: false,
            awaits_room: false,
        }
    }

    /// What its socket is watched for.
    pub fn interest(&self) -> Interest {
        if self.awaits_room {
            Interest::Both
        } else {
            Interest::Read
        }
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
        if sent > 0 {
            self.memory.set_tail(Layout::TO_TAIL, self.to_tail);
            self.unrung = true;
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
        if sent > 0 {
            self.memory.set_tail(Layout::TO_TAIL, self.to_tail);
            self.unrung = true;
            figures.offered(sent, bytes, last);
        }
    }

    #[inline(always)]
    fn offer_one(&mut self, port: usize, packet: Packet, router: &mut Router) -> Option<u32> {
        let packed = packet.pack();
        let noted = packed.has_side() || self.features & feature::TIMESTAMPS != 0;
        let Some(slot) = self.flight.slot_for(&packed, &mut router.pool) else {
            router.drop_packet(packed.unpack(), NO_FRAME);
            return None;
        };
        let mut descriptor = Descriptor {
            packet: 0,
            slot,
            length: packed.len() as u32,
            offset: packed.offset(),
            port: port as u8,
            flags: 0,
        };
        descriptor.packet = self.flight.leave(packed, slot);
        if noted && self.note(descriptor.packet, router) {
            descriptor.flags |= flag::METADATA;
        }
        self.write(descriptor);
        Some(descriptor.packet)
    }

    /// Writes down what is known of a packet that goes out; false if that is nothing.
    #[inline(never)]
    fn note(&mut self, index: u32, router: &Router) -> bool {
        let records = Records {
            memory: &self.memory,
            features: self.features,
        };
        let told = self
            .flight
            .look_at(index, |packet| records.tell(index, packet, router));
        told.unwrap_or(false)
    }

    #[inline]
    fn write(&mut self, descriptor: Descriptor) {
        if (self.to_tail as usize).is_multiple_of(PER_LINE) {
            let ahead = self.to_tail.wrapping_add(AHEAD);
            self.memory.prefetch_for_write(self.layout.to, ahead);
        }
        self.memory
            .set_descriptor(self.layout.to, self.to_tail, descriptor);
        self.to_tail = self.to_tail.wrapping_add(1);
    }

    /// Wakes the component if it sleeps although something was offered. Whether it does costs a memory barrier to
    /// know, so this is asked only where it has returned nothing: one that returns packets is awake.
    #[inline]
    pub fn ring(&mut self) {
        if std::mem::take(&mut self.unrung) && self.memory.take_sleeper(Layout::COMPONENT_SLEEPS) {
            self.component.ring();
        }
    }

    /// Lends the spares that are owed, as far as there are frames.
    pub(super) fn lend_spares(&mut self, router: &mut Router) {
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
            self.memory.set_tail(Layout::TO_TAIL, self.to_tail);
            self.unrung = true;
            self.ring();
        }
    }

    /// Takes back at most `most` packets and a batch of what was returned, and hands it on; gives how many descriptors
    /// that were.
    ///
    /// # Errors
    /// Which rule was broken. What was returned before is handed on.
    #[inline]
    pub fn collect(
        &mut self,
        most: usize,
        figures: &mut Figures,
        router: &mut Router,
    ) -> Result<usize, Violation> {
        let there = self
            .memory
            .tail(Layout::FROM_TAIL)
            .wrapping_sub(self.from_head);
        if there == 0 {
            return Ok(0);
        }
        if there > self.most_returned {
            return Err(format!(
                "{there} descriptors returned, more than there are packets"
            ));
        }
        let count = (there as usize).min(MAX_BATCH).min(most);
        let (mut run, mut port) = (router.new_batch(), 0);
        let (mut bytes, mut packets) = (0, 0);
        let mut outcome = Ok(count);
        for n in 0..count {
            if n % PER_LINE == 0 {
                let ahead = self.from_head.wrapping_add(AHEAD);
                self.memory.prefetch(self.layout.from, ahead);
            }
            let descriptor = self.memory.descriptor(self.layout.from, self.from_head);
            self.from_head = self.from_head.wrapping_add(1);
            let usual = descriptor.flags == 0
                && usize::from(descriptor.port) == port
                && port < router.outputs()
                && descriptor.packet != figures.awaited();
            if usual && let Some(packet) = self.flight.come_back_plain(&descriptor, &router.pool) {
                bytes += u64::from(descriptor.length);
                packets += 1;
                run.push(packet.unpack_at(descriptor.offset, descriptor.length));
                continue;
            }
            if descriptor.flags & flag::PARENT != 0 && self.features & feature::NSH != 0 {
                match self.flight.adopt(descriptor, &router.pool) {
                    Ok(()) => continue,
                    Err(what) => {
                        outcome = Err(format!("named {what}"));
                        break;
                    }
                }
            }
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

    /// Takes back what was returned before the end: no more than has room in the ring, since whoever
    /// returns spares without end would never be done.
    pub fn collect_last(&mut self, figures: &mut Figures, router: &mut Router) {
        for _ in 0..=self.layout.entries.ring as usize / MAX_BATCH {
            if !matches!(self.collect(MAX_BATCH, figures, router), Ok(1..)) {
                return;
            }
        }
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
        let small = router.pool.layout().small_count;
        let is_large = |slot| slot >= small;
        let packet = match returned {
            Returned::Packet(packet) => packet,
            Returned::New(mut packet) => {
                figures.emitted();
                router.packet_enters(&mut packet);
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
                figures.emitted();
                self.owe(is_large(slot));
                router.count_reason(NO_FRAME, 1);
                return Ok(None);
            }
        };
        if descriptor.flags & flag::METADATA == 0 {
            return Ok(Some(packet));
        }
        let records = Records {
            memory: &self.memory,
            features: self.features,
        };
        match records.heed(descriptor.packet, packet, router) {
            Ok(packet) => Ok(Some(packet)),
            Err(packet) => {
                router.drop_packet(packet, Fault::Tlv.reason());
                Ok(None)
            }
        }
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
}
