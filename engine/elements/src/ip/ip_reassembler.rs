//! # IPReassembler([*keywords* HIMEM, TIMEOUT, FRAGMENTS])
//!
//! Makes IP packets whole that come in fragments.
//!
//! ## Ports
//! One push input, for IP packets that are marked. Output 0: packets that came whole, as they are, and packets made
//! whole, with the annotations of their first fragment and the bytes in front of its IP header. Output 1, push, if
//! there is one: the first fragments of packets whose rest did not come in time; ordinarily an ICMPError
//! (`timeexceeded`, `reassembly`) follows there.
//!
//! Fragments wait until the last of their packet has come. They are dropped when it does not come in time
//! (`timeout`), when too much waits (`no-room`: oldest packets first), when fragments of a packet overlap (`overlap`:
//! all of them, and nothing is to be gained by contradictory ones), when one has come before (`duplicate`), and when
//! one is truncated, impossibly long or has a length that none but the last may have (`bad-fragment`).
//!
//! ## Arguments
//! - `HIMEM` *unsigned* (262144): bytes that may wait.
//! - `TIMEOUT` *time* (30 seconds): from a packet's first fragment to come to its last.
//! - `FRAGMENTS` *unsigned* (64): fragments that a packet may have; `no-room` otherwise.
//!
//! ## Handlers
//! - `waiting` (r): packets that are not whole.
//! - `memory` (r): bytes that wait.
//! - `reassembled` (r): packets made whole.
//!
//! What waits survives a hot swap.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> whole :: IPReassembler -> Discard;
//! whole [1] -> ICMPError(10.0.0.1, timeexceeded, reassembly) -> Discard;
//! ```
//!
//! ## See also
//! IPFragmenter, CheckIPHeader

mod partial;

use super::header::{NO_IP_HEADER, header, header_copy};
use partial::{Key, Partial, Piece};
use std::collections::{HashMap, VecDeque};
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, IpHeader, Packet, Place, Router, Value,
    argument, downcast, reader,
};
use weft_lang::value::Milliseconds;
use weft_wire::ipv4;

/// Registers IPReassembler.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "h/h",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("HIMEM", Place::Keyword, "unsigned", "262144"),
        argument("TIMEOUT", Place::Keyword, "time", "30"),
        argument("FRAGMENTS", Place::Keyword, "unsigned", "64"),
    ],
    handlers: &[
        reader!(
            IPReassembler,
            "waiting",
            Value::Unsigned,
            "packets",
            "Packets that are not whole",
            |r, _, _| Ok(r.partial.len().to_string())
        ),
        reader!(
            IPReassembler,
            "memory",
            Value::Unsigned,
            "bytes",
            "Bytes that wait",
            |r, _, _| Ok(r.memory.to_string())
        ),
        reader!(
            IPReassembler,
            "reassembled",
            Value::Unsigned,
            "packets",
            "Packets made whole",
            |r, _, _| Ok(r.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
        ),
    ],
    fuzz: &["", "HIMEM 1000, TIMEOUT 1ms, FRAGMENTS 2"],
    ..Class::agnostic("IPReassembler", "ip", build)
};

const NANOSECONDS_PER_MS: u64 = 1_000_000;

struct IPReassembler {
    himem: usize,
    timeout_ns: u64,
    fragments: usize,
    partial: HashMap<Key, Partial>,
    /// In the order they began: when each is over. Those that are whole by then are skipped.
    order: VecDeque<(u64, Key)>,
    memory: usize,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let himem: u32 = args.keyword("HIMEM", 262_144);
    let Milliseconds(timeout_ms) = args.keyword("TIMEOUT", Milliseconds(30_000));
    let fragments: u32 = args.keyword("FRAGMENTS", 64);
    args.complete()?;
    Ok(Box::new(IPReassembler {
        himem: himem as usize,
        timeout_ns: u64::from(timeout_ms) * NANOSECONDS_PER_MS,
        fragments: fragments as usize,
        partial: HashMap::new(),
        order: VecDeque::new(),
        memory: 0,
        cells: None,
    }))
}

fn is_fragment(packet: &Packet, router: &Router) -> bool {
    const FRAGMENT: u16 = ipv4::MORE_FRAGMENTS | ipv4::OFFSET_MASK;
    header(packet, &router.pool).is_none_or(|ip| ip.flags_offset() & FRAGMENT != 0)
}

impl IPReassembler {
    /// Takes a packet; gives back what is whole.
    fn take(&mut self, packet: Packet, router: &mut Router) -> Option<Packet> {
        let Some((ip, bytes)) = header_copy(&packet, &router.pool) else {
            router.drop_packet(packet, NO_IP_HEADER);
            return None;
        };
        if !ip.is_fragment() {
            return Some(packet);
        }
        let key = Key::of(&ip);
        let piece = match Piece::of(&ip, ip.payload_in(bytes).len()) {
            Some(piece) => piece,
            None => {
                router.drop_packet(packet, "bad-fragment");
                return None;
            }
        };
        self.add(key, piece, packet, router)
    }

    fn add(
        &mut self,
        key: Key,
        piece: Piece,
        packet: Packet,
        router: &mut Router,
    ) -> Option<Packet> {
        let now = router.clock.now();
        let begins = !self.partial.contains_key(&key);
        let began = self.partial.entry(key).or_insert_with(|| Partial::new(now));
        if began.is_there(&piece) {
            router.drop_packet(packet, "duplicate");
            return None;
        }
        if began.overlaps(&piece) {
            router.drop_packet(packet, "overlap");
            self.give_up(&key, "overlap", router);
            return None;
        }
        if began.len() >= self.fragments {
            router.drop_packet(packet, "no-room");
            self.give_up(&key, "no-room", router);
            return None;
        }
        self.memory += packet.len();
        began.insert(piece, packet);
        let is_whole = began.is_whole();
        if begins {
            self.forget_whole();
            self.order.push_back((now, key));
            self.wake(router);
        }
        if is_whole {
            return self.make_whole(&key, router);
        }
        self.make_room(router);
        None
    }

    fn make_whole(&mut self, key: &Key, router: &mut Router) -> Option<Packet> {
        let partial = self.remove(key)?;
        match partial.joined(&mut router.pool) {
            Ok(packet) => {
                if let Some(cells) = &self.cells {
                    cells.add(0, 1);
                }
                Some(packet)
            }
            Err((packets, reason)) => {
                for packet in packets {
                    router.drop_packet(packet, reason);
                }
                None
            }
        }
    }

    fn remove(&mut self, key: &Key) -> Option<Partial> {
        let partial = self.partial.remove(key)?;
        self.memory -= partial.bytes();
        Some(partial)
    }

    /// Drops what has come of a packet.
    fn give_up(&mut self, key: &Key, reason: &'static str, router: &mut Router) {
        for packet in self.remove(key).into_iter().flat_map(Partial::into_packets) {
            router.drop_packet(packet, reason);
        }
    }

    fn make_room(&mut self, router: &mut Router) {
        while self.memory > self.himem {
            let Some((began, key)) = self.order.pop_front() else {
                break;
            };
            if self.is_current(began, &key) {
                self.give_up(&key, "no-room", router);
            }
        }
    }

    /// Keeps the order from growing with packets that are whole long since.
    fn forget_whole(&mut self) {
        if self.order.len() > 64 + 2 * self.partial.len() {
            let partial = &self.partial;
            let is_current =
                |(began, key): &(u64, Key)| partial.get(key).is_some_and(|p| p.began == *began);
            self.order.retain(is_current);
        }
    }

    fn is_current(&self, began: u64, key: &Key) -> bool {
        self.partial.get(key).is_some_and(|p| p.began == began)
    }

    /// Drops what has waited too long.
    fn expire(&mut self, router: &mut Router) {
        let now = router.clock.now();
        while let Some(&(began, key)) = self.order.front() {
            if self.is_current(began, &key) {
                if began + self.timeout_ns > now {
                    break;
                }
                self.tell(&key, router);
            }
            self.order.pop_front();
        }
    }

    /// Drops what has come of a packet but its first fragment, which leaves by output 1.
    fn tell(&mut self, key: &Key, router: &mut Router) {
        let Some(partial) = self.remove(key) else {
            return;
        };
        let has_first = partial.has_first();
        for (index, packet) in partial.into_packets().enumerate() {
            match index {
                0 if has_first => router.emit_or_drop(1, packet, "timeout"),
                _ => router.drop_packet(packet, "timeout"),
            }
        }
    }

    /// Sets the timer for the packet that began first.
    fn wake(&self, router: &mut Router) {
        match self.order.front() {
            Some((began, _)) if router.timer(0).is_none() => {
                router.set_timer(0, began + self.timeout_ns);
            }
            _ => {}
        }
    }
}

impl Element for IPReassembler {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("reassembled", 1));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if !batch.iter().any(|packet| is_fragment(packet, router)) {
            return;
        }
        let empty = router.new_batch();
        let mut packets = std::mem::replace(batch, empty);
        for packet in packets.drain(..) {
            batch.extend(self.take(packet, router));
        }
        router.recycle(packets);
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        self.expire(router);
        self.wake(router);
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<IPReassembler>(old) {
            self.partial = std::mem::take(&mut old.partial);
            self.order = std::mem::take(&mut old.order);
            self.memory = std::mem::take(&mut old.memory);
            self.wake(router);
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        for (_, partial) in self.partial.drain() {
            for packet in partial.into_packets() {
                router.pool.free(packet);
            }
        }
    }
}
