//! # DelayShaper(DELAY)
//!
//! Gives packets no earlier than a time after their timestamp.
//!
//! ## Ports
//! One pull input, one pull output.
//!
//! ## Arguments
//! - `DELAY` *time in sec*: a packet stamped T leaves at T + DELAY, then stamped with the current
//!   time. A packet without timestamp counts from when it was pulled.
//!
//! ## Handlers
//! - `delay` (rw): as the argument; for packets pulled from then on.
//!
//! It holds one packet at a time: put a Queue before it.
//!
//! ## Example
//! ```click
//! RatedSource -> SetTimestamp -> Queue -> DelayShaper(50ms) -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! SetTimestamp, Shaper, Queue

use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Router, SECOND, Value, argument,
    downcast, variable,
};
use weft_lang::value::{Seconds, unparse_seconds};

/// Registers DelayShaper.
pub static CLASS: Class = Class {
    processing: "l/l",
    arguments: &[argument("DELAY", Place::Mandatory, "time in sec", "")],
    handlers: &[variable!(
        DelayShaper,
        "delay",
        Value::Real,
        "s",
        "Time between a packet's timestamp and its leaving",
        |d, _, _| Ok(unparse_seconds(d.delay)),
        |d, call, _| {
            let delay: Seconds = call.value_or("delay must be a timestamp")?;
            d.delay = delay.0;
            Ok(())
        }
    )
    .within("0..")],
    fuzz: &["0.01", "0", "100d"],
    ..Class::agnostic("DelayShaper", "standard", build)
};

struct DelayShaper {
    delay: u64,
    /// The next packet; its timestamp says when it leaves.
    held: Option<Packet>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let delay: Seconds = args.mandatory("DELAY");
    args.complete()?;
    Ok(Box::new(DelayShaper {
        delay: delay.0,
        held: None,
    }))
}

impl DelayShaper {
    fn fetch(&mut self, now: u64, router: &mut Router) {
        let mut got = router.pull(0, 1);
        if let Some(mut packet) = got.pop() {
            let stamped = packet.timestamp();
            let from = if stamped < SECOND { now } else { stamped };
            packet.set_timestamp(from.saturating_add(self.delay));
            self.held = Some(packet);
        }
        router.recycle(got);
    }
}

impl Element for DelayShaper {
    /// Never called: packets are pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        let now = router.clock.timestamp();
        while batch.len() < max {
            if self.held.is_none() {
                self.fetch(now, router);
            }
            let Some(mut packet) = self.held.take() else {
                break;
            };
            let due = packet.timestamp();
            if due > now {
                self.held = Some(packet);
                let at = router.clock.refresh().saturating_add(due - now);
                router.set_timer(0, at);
                break;
            }
            packet.set_timestamp(now);
            batch.push(packet);
        }
        batch
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        router.wake_pullers();
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<DelayShaper>(old)
            && self.held.is_none()
        {
            self.held = old.held.take();
            router.wake_pullers();
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Some(packet) = self.held.take() {
            router.drop_packet(packet, "removed");
        }
    }
}
