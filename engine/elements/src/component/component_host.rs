//! # ComponentHost()
//!
//! What `weft-engine component` puts around a component written in Click that runs in a process of
//! its own: it exchanges packets with the engine that the process is attached to. It is of no use in
//! other graphs, where it is refused.
//!
//! Packets that the engine sends to input i leave by output i; what comes in on input j goes back
//! and leaves the component by output j. A packet goes back in the frame it came in; clones and new
//! packets in spare frames that the engine lent, and so do packets that have grown out of theirs. They wait up
//! to 10 ms for a spare frame, and everything behind them with them. A packet that is dropped in between is
//! returned as dropped, for the reason of the element that dropped it; for `dropped` where that has none.
//! Clones of a packet with an NSH leave in spare frames while others of them are left in the body: they stem from it.
//!
//! ## Ports
//! Any number of push inputs and push outputs.
//!
//! ## Handlers
//! - `failure` (r): why the component cannot go on; empty as long as it can.
//!
//! ## Example
//! ```click
//! host :: ComponentHost; body :: { input -> Counter -> output };
//! host -> body -> host;
//! ```
//!
//! ## See also
//! Component, ComponentHandlers

mod annotations;
mod calls;
mod conversation;
mod reasons;
mod ring;
mod tickets;
mod typed;

use conversation::Search;
pub use reasons::ALL as REASONS;
use reasons::{DROPPED, NO_BUFFER, REPLACED};
use ring::Ring;
use std::collections::VecDeque;
use std::os::fd::RawFd;
use tickets::{Ticket, Tickets};
use weft_component::{Attachment, Caller, Descriptor, Message, Metadata};
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, MAX_BATCH, Packet, Pool, REASON_NO_BUFFER,
    Router, Task, Value, reader,
};

/// Registers ComponentHost.
pub static CLASS: Class = Class {
    ports: "-/-",
    processing: "h/h",
    storage: true,
    ip_header: IpHeader::Clears,
    handlers: &[reader!(
        ComponentHost,
        "failure",
        Value::Text,
        "",
        "Why the component cannot go on",
        |h, _, _| Ok(h.failure.clone())
    )
    .private()],
    ..Class::agnostic("ComponentHost", "component", build)
};

/// Under which name the attachment is handed to the graph: a [`Caller`] and an [`Attachment`].
pub const INHERITED: &str = "component";
/// The compound with the component's graph.
pub const BODY: &str = "body";
/// How long to look for packets before sleeping, in nanoseconds.
const SPIN: u64 = 20_000;
/// How long a packet waits for a spare frame, in nanoseconds.
const PATIENCE: u64 = 10_000_000;
/// Packets that wait for spare frames at most.
const MOST_HELD: usize = 1 << 14;
/// Keys of the timers.
const HELD: u32 = 0;
const RETRY: u32 = 1;
const LEAVE: u32 = 2;

#[derive(Default)]
pub struct ComponentHost {
    caller: Option<Caller>,
    ring: Option<Ring>,
    search: Option<Search>,
    /// Ports of the element, as the graph was made for.
    ports: (u32, u32),
    is_declared: bool,
    tickets: Tickets,
    /// Packets that were read and not handed on yet.
    pending: VecDeque<Descriptor>,
    /// Packets that wait for a spare frame, and those behind them.
    held: VecDeque<(u8, Packet)>,
    /// When it attached last, after the first time.
    attached: u64,
    /// When there was something to do last.
    busy: u64,
    leaving: bool,
    failure: String,
}

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(ComponentHost::default()))
}

impl ComponentHost {
    fn drop_ring(&mut self, router: &mut Router) {
        if let Some(Ring { attachment, .. }) = self.ring.take() {
            router.unwatch(attachment.component.descriptor());
            router.unwatch(attachment.socket.descriptor());
        }
        self.pending.clear();
        self.tickets.next_attachment();
        let held: Vec<(u8, Packet)> = self.held.drain(..).collect();
        held.into_iter()
            .for_each(|(_, packet)| router.drop_packet(packet, "engine-lost"));
    }

    /// Returns the frames of packets that are gone.
    fn settle(&mut self, router: &mut Router) {
        while let Some((number, reason)) = router.pool.take_ended_origin() {
            if let (Some(ticket), Some(ring)) = (self.tickets.open(number), &mut self.ring) {
                let reason = match ticket.is_copied {
                    true => REPLACED,
                    false => reasons::number(reason),
                };
                ring.give_up(ticket.descriptor, reason);
            }
            self.tickets.end(number);
        }
    }

    /// Hands on at most a batch of what was read.
    fn hand_on(&mut self, router: &mut Router) -> usize {
        let count = self.pending.len().min(MAX_BATCH);
        let (mut run, mut port) = (router.new_batch(), 0);
        for descriptor in self.pending.drain(..count) {
            let Some(ring) = &mut self.ring else { break };
            let Some(packet) = take_in(ring, &descriptor, &mut self.tickets, router) else {
                ring.give_up(descriptor, NO_BUFFER);
                continue;
            };
            if usize::from(descriptor.port) != port {
                let full = std::mem::replace(&mut run, router.new_batch());
                router.emit_batch(port, full);
                port = usize::from(descriptor.port);
            }
            run.push(packet);
        }
        router.emit_batch(port, run);
        count
    }

    /// Returns what waited for spare frames, as far as there are some.
    fn send_held(&mut self, router: &mut Router) -> usize {
        let before = self.held.len();
        while let Some((port, packet)) = self.held.pop_front() {
            if let Some(packet) = self.send(port, packet, router) {
                self.held.push_front((port, packet));
                break;
            }
        }
        let sent = before - self.held.len();
        if sent > 0 {
            router.clear_timer(HELD);
        }
        self.tell_fullness(router);
        sent
    }

    fn tell_fullness(&mut self, router: &mut Router) {
        let waits = !self.held.is_empty();
        router.set_full(waits);
        if !waits {
            router.wake_pushers();
        } else if router.timer(HELD).is_none() {
            let now = router.clock.refresh();
            router.set_timer(HELD, now + PATIENCE);
        }
    }

    /// Returns a packet by output `port`; gives it back where it has to wait for a spare frame.
    fn send(&mut self, port: u8, packet: Packet, router: &mut Router) -> Option<Packet> {
        let origin = router.pool.origin(&packet);
        let Some(ring) = &mut self.ring else {
            router.drop_packet(packet, "engine-lost");
            return None;
        };
        if origin != 0 && self.tickets.is_stale(origin) {
            router.drop_packet(packet, "engine-lost");
            return None;
        }
        let ticket = self.tickets.open(origin);
        let bytes = router.pool.data(&packet);
        let stays = ticket.is_some_and(|ticket| has_clones(&ticket, origin, &router.pool));
        if let Some(ticket) = &ticket
            && !stays
            && let Some(offset) = ring.place(&ticket.descriptor, packet.offset(), bytes.len())
        {
            let (metadata, tlvs) = annotations::said(&packet, &ticket.metadata, &router.pool);
            let is_changed = metadata != ticket.metadata
                || tlvs.is_some_and(|tlvs| tlvs != ring.tlvs(&ticket.descriptor, &metadata));
            let told = is_changed.then_some((&metadata, tlvs));
            ring.give(ticket.descriptor, (offset, port), bytes, told);
        } else {
            let Some(spare) = ring.take_spare(bytes.len()) else {
                return Some(packet);
            };
            let offset = ring
                .place(&spare, packet.offset(), bytes.len())
                .unwrap_or(spare.offset);
            let (metadata, tlvs) = annotations::said(&packet, &Metadata::default(), &router.pool);
            let told = (metadata != Metadata::default()).then_some((&metadata, tlvs));
            if let Some(ticket) = &ticket {
                ring.stem(&spare, ticket.descriptor.packet);
            }
            ring.give(spare, (offset, port), bytes, told);
            if let Some(ticket) = ticket.filter(|_| !stays) {
                ring.give_up(ticket.descriptor, REPLACED);
            }
        }
        if stays {
            self.tickets.note_copy(origin);
        } else {
            self.tickets.close(origin);
        }
        router.pool.free(packet);
        None
    }

    /// No spare frame came in time: what waits for one is dropped.
    fn lose_patience(&mut self, router: &mut Router) {
        while let Some((port, packet)) = self.held.pop_front() {
            let origin = router.pool.origin(&packet);
            let Some(packet) = self.send(port, packet, router) else {
                continue;
            };
            if let (Some(ticket), Some(ring)) = (self.tickets.open(origin), &mut self.ring)
                && !has_clones(&ticket, origin, &router.pool)
            {
                ring.give_up(ticket.descriptor, NO_BUFFER);
                self.tickets.close(origin);
            }
            router.drop_packet(packet, REASON_NO_BUFFER);
        }
        self.publish();
        self.tell_fullness(router);
        router.schedule();
    }

    fn publish(&mut self) {
        if let Some(ring) = &mut self.ring {
            ring.publish();
        }
    }

    /// Nothing to do: looks on for a moment, then sleeps.
    fn rest(&mut self, router: &mut Router) -> Task {
        if router.clock.refresh().saturating_sub(self.busy) < SPIN {
            std::thread::yield_now();
            return Task::Again;
        }
        let sleeps = self.ring.as_mut().is_none_or(Ring::sleep);
        if sleeps { Task::Sleep } else { Task::Again }
    }
}

/// Whether other packets in the body are to stem from the ticket's, which stays so long.
fn has_clones(ticket: &Ticket, origin: u32, pool: &Pool) -> bool {
    ticket.metadata.kept && pool.origin_packets(origin) > 1
}

/// A packet in the body, with the bytes of the engine's frame; `None` when there is no room for it.
fn take_in(
    ring: &Ring,
    descriptor: &Descriptor,
    tickets: &mut Tickets,
    router: &mut Router,
) -> Option<Packet> {
    let headroom = usize::from(descriptor.offset);
    let mut packet = router.pool.alloc(descriptor.length as usize, headroom)?;
    ring.copy_out(descriptor, router.pool.data_mut(&mut packet)?);
    let metadata = ring.metadata(descriptor);
    let tlvs = ring.tlvs(descriptor, &metadata);
    annotations::note(&mut packet, &metadata, &tlvs, &mut router.pool);
    let number = tickets.issue(*descriptor, metadata);
    router.pool.set_origin(&mut packet, number);
    Some(packet)
}

impl Element for ComponentHost {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let inherited = router.environment.inherited.borrow_mut().remove(INHERITED);
        let inherited = inherited.and_then(|any| any.downcast::<(Caller, Attachment)>().ok());
        let Some(inherited) = inherited else {
            let line = format!(
                "{}: only weft-engine component can use it",
                router.declaration()
            );
            router.console.line(&line);
            return Err(String::new());
        };
        let (caller, attachment) = *inherited;
        self.ports = (attachment.welcome.inputs, attachment.welcome.outputs);
        self.caller = Some(caller);
        self.ring = Some(Ring::new(attachment));
        self.watch(router);
        router.keep_origins();
        router.schedule();
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.drain(..) {
            let waits = match self.held.is_empty() {
                true => self.send(port as u8, packet, router),
                false => Some(packet),
            };
            match waits {
                Some(packet) if self.held.len() < MOST_HELD => {
                    self.held.push_back((port as u8, packet));
                }
                Some(packet) => router.drop_packet(packet, REASON_NO_BUFFER),
                None => {}
            }
        }
        self.publish();
        if !self.held.is_empty() {
            self.tell_fullness(router);
            router.schedule();
        }
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        self.settle(router);
        let Some(ring) = &mut self.ring else {
            return Task::Sleep;
        };
        ring.wake();
        if !std::mem::replace(&mut self.is_declared, true) {
            let declarations = calls::declarations(router);
            self.say(&declarations, router);
            return Task::Again;
        }
        let pending = &mut self.pending;
        let mut work = match ring.read(MAX_BATCH, |descriptor| pending.push_back(descriptor)) {
            Ok(count) => count,
            Err(problem) => {
                self.fail(problem, router);
                return Task::Sleep;
            }
        };
        if !self.held.is_empty() {
            work += self.send_held(router);
        }
        if self.held.is_empty() {
            work += self.hand_on(router);
        }
        self.publish();
        if work > 0 {
            self.busy = router.clock.now();
            return Task::Again;
        }
        if self.is_done() {
            router.stop_at_once();
            return Task::Sleep;
        }
        self.rest(router)
    }

    fn ready(&mut self, fd: RawFd, router: &mut Router) {
        if let Some(search) = &mut self.search
            && let Some(joining) = search.joining.take_if(|j| j.descriptor() == fd)
        {
            return self.hear_welcome(joining, router);
        }
        match &self.ring {
            Some(Ring { attachment, .. }) if attachment.component.descriptor() == fd => {
                attachment.component.silence();
                router.schedule();
            }
            Some(Ring { attachment, .. }) if attachment.socket.descriptor() == fd => {
                self.listen(router)
            }
            _ => router.unwatch(fd),
        }
    }

    fn timer(&mut self, key: u32, router: &mut Router) {
        match key {
            HELD => self.lose_patience(router),
            RETRY => self.connect(router),
            _ => router.stop_at_once(),
        }
    }

    fn is_drained(&self) -> bool {
        self.tickets.outside() == 0
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Some(ring) = &mut self.ring {
            let inside = self.tickets.close_all();
            for descriptor in inside.into_iter().chain(self.pending.drain(..)) {
                ring.give_up(descriptor, DROPPED);
            }
            ring.give_up_spares();
            ring.publish();
            self.say(&Message::Bye.encode(), router);
        }
        self.drop_ring(router);
    }
}
