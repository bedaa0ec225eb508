//! # Queue([CAPACITY])
//!
//! Stores packets in a first-in-first-out queue; drops those that come when it is full.
//!
//! ## Ports
//! One push input. The first output is pull; where a second one is connected, packets that find the
//! queue full are pushed there instead of being dropped ("queue-full").
//!
//! ## Arguments
//! - `CAPACITY` *integer* (1000): packets it holds at most.
//!
//! ## Handlers
//! - `length` (r): packets in the queue now.
//! - `highwater_length` (r): the most there were.
//! - `capacity` (rw): the most it holds; packets beyond a smaller capacity are dropped, newest first.
//! - `drops` (r): packets dropped because the queue was full.
//! - `reset_counts` (w): sets `drops` and `highwater_length` anew.
//! - `reset` (w): drops all packets and resets the counts.
//!
//! Packets and counts survive a hot swap and a restart of the engine. The first packet that finds the
//! queue full is told on standard error.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 10) -> q :: Queue(5) -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! SimpleQueue, NotifierQueue, Unqueue

use weft_core::{
    Batch, Built, Call, Class, Configure, Element, PacketRing, Place, Router, Value, argument,
    downcast, reader, variable, writer,
};

/// Registers Queue.
pub static CLASS: Class = QUEUE;

/// SimpleQueue and NotifierQueue differ from Queue in their names only.
pub(super) const QUEUE: Class = Class {
    ports: "1/1-2",
    processing: "h/lh",
    storage: true,
    live: true,
    arguments: &[argument("CAPACITY", Place::Optional, "integer", "1000")],
    handlers: &[
        reader!(
            Queue,
            "length",
            Value::Unsigned,
            "packets",
            "Packets in the queue",
            |q, _, _| Ok(q.ring.len().to_string())
        ),
        reader!(
            Queue,
            "highwater_length",
            Value::Unsigned,
            "packets",
            "Most packets there were",
            |q, _, _| Ok(q.ring.highwater().to_string())
        ),
        variable!(
            Queue,
            "capacity",
            Value::Unsigned,
            "packets",
            "Most packets it holds",
            |q, _, _| Ok(q.capacity.to_string()),
            |q, call, router| q.set_capacity(call, router)
        )
        .within("0..16777216"),
        reader!(
            Queue,
            "drops",
            Value::Unsigned,
            "packets",
            "Packets dropped because it was full",
            |q, _, _| Ok(q.ring.drops().to_string())
        ),
        writer!(
            Queue,
            "reset_counts",
            Value::Button,
            "",
            "Sets drops and highwater_length anew",
            |q, _, _| {
                q.ring.reset_counts();
                Ok(())
            }
        ),
        writer!(
            Queue,
            "reset",
            Value::Button,
            "",
            "Drops all packets, resets the counts",
            |q, _, router| {
                q.reset(router);
                Ok(())
            }
        ),
    ],
    fuzz: &["", "0", "1", "100"],
    ..Class::agnostic("Queue", "standard", build)
};

/// The most packets a queue can be made to hold: half a gigabyte of descriptors.
const MAX_CAPACITY: u32 = 1 << 24;
/// The output for packets there is no room for.
const OVERFLOW: usize = 1;

struct Queue {
    capacity: usize,
    ring: PacketRing,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let capacity: u32 = args.positional("CAPACITY", 1000);
    args.within("CAPACITY", capacity, 0, MAX_CAPACITY);
    args.complete()?;
    Ok(Box::new(Queue {
        capacity: capacity as usize,
        ring: PacketRing::default(),
    }))
}

impl Queue {
    fn set_capacity(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let capacity: u32 = call.value().map_err(|e| format!("CAPACITY: {e}"))?;
        if capacity > MAX_CAPACITY {
            return Err(format!("CAPACITY: out of range, bound {MAX_CAPACITY}"));
        }
        self.capacity = capacity as usize;
        self.ring.resize(self.capacity, router);
        self.tell_fullness(router);
        router.set_argument(0, "CAPACITY", &capacity.to_string());
        Ok(())
    }

    fn reset(&mut self, router: &mut Router) {
        let mut all = router.new_batch();
        self.ring.pop(usize::MAX, &mut all);
        self.dispose(&mut all, "reset", router);
        router.recycle(all);
        self.ring.reset_counts();
        self.tell_fullness(router);
    }

    /// Gets rid of packets there is no room for.
    fn overflow(&self, batch: &mut Batch, router: &mut Router) {
        if self.ring.drops() == 0 && self.capacity > 0 {
            let message = format!("{}: overflow", router.declaration());
            router.console.line(&message);
        }
        self.ring.count_drops(batch.len());
        self.dispose(batch, "queue-full", router);
    }

    /// Hands packets on by the second output, or drops them.
    fn dispose(&self, batch: &mut Batch, reason: &'static str, router: &mut Router) {
        if !router.is_connected(OVERFLOW) {
            return router.drop_all(batch, reason);
        }
        for packet in batch.drain(..) {
            router.emit(OVERFLOW, packet);
        }
    }

    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.ring.len())
    }

    fn tell_fullness(&self, router: &mut Router) {
        router.set_room(self.room());
        if self.room() > 0 {
            router.wake_pushers();
        }
    }
}

impl Element for Queue {
    fn recover(&mut self, router: &mut Router) {
        self.ring.adopt(self.capacity, router);
    }

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.ring.open(self.capacity, router);
        if self.ring.len() > 0 {
            router.set_room(self.room());
            router.wake_pullers();
        }
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let was_empty = self.ring.len() == 0;
        self.ring.push(batch);
        router.set_room(self.room());
        if !batch.is_empty() {
            self.overflow(batch, router);
        }
        if was_empty {
            router.wake_pullers();
        }
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        let was_full = self.room() == 0;
        self.ring.pop(max, &mut batch);
        router.set_room(self.room());
        if was_full && !batch.is_empty() {
            router.wake_pushers();
        }
        batch
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<Queue>(old) {
            self.ring.take_over(&mut old.ring, router);
            self.tell_fullness(router);
            router.wake_pullers();
        }
    }

    fn figures(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({
            "length": self.ring.len(),
            "highwater": self.ring.highwater(),
            "capacity": self.capacity,
        }))
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.ring.drop_contents(router);
    }
}
