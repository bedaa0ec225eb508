//! # Counter([*keywords* COUNT_CALL, BYTE_COUNT_CALL])
//!
//! Passes packets on unchanged and counts them: how many, how many bytes, and how fast.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `COUNT_CALL` *count and handler*: `N HANDLER [VALUE]`: writes the handler when the count
//!   reaches N.
//! - `BYTE_COUNT_CALL` *count and handler*: the same for the byte count.
//!
//! ## Handlers
//! - `count` (r): packets since the last reset.
//! - `byte_count` (r): bytes since the last reset.
//! - `rate` (r): packets per second, an exponentially weighted average.
//! - `bit_rate`, `byte_rate` (r): the same for bits and bytes.
//! - `reset_counts`, `reset` (w): sets all counts to zero.
//! - `count_call` (rw), `byte_count_call` (w): as the arguments; `count_call` reads as its count.
//!
//! Counts survive a hot swap and a restart of the engine.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 10, STOP true) -> c :: Counter(COUNT_CALL 5 stop) -> Discard;
//! ```
//!
//! ## See also
//! AverageCounter

use crate::rate::Rate;
use weft_core::{
    Batch, Built, Call, Cells, Class, Configure, Element, HandlerCall, Place, Router, Value,
    argument, downcast, reader, variable, writer,
};
use weft_lang::value::{AnyText, parse_unsigned};

/// Registers Counter.
pub static CLASS: Class = Class {
    arguments: &[
        argument("COUNT_CALL", Place::Keyword, "count and handler", ""),
        argument("BYTE_COUNT_CALL", Place::Keyword, "count and handler", ""),
    ],
    handlers: &[
        reader!(
            Counter,
            "count",
            Value::Unsigned,
            "packets",
            "Packets counted",
            |c, _, _| Ok(c.get(COUNT).to_string())
        ),
        reader!(
            Counter,
            "byte_count",
            Value::Unsigned,
            "bytes",
            "Bytes counted",
            |c, _, _| Ok(c.get(BYTES).to_string())
        ),
        reader!(
            Counter,
            "rate",
            Value::Real,
            "packets/s",
            "Packet rate, averaged",
            |c, _, r| Ok(c.packet_rate.read(r.clock.refresh()))
        ),
        reader!(
            Counter,
            "bit_rate",
            Value::Real,
            "bit/s",
            "Bit rate, averaged",
            |c, _, r| Ok(c.byte_rate.read_scaled(r.clock.refresh(), 8.0))
        ),
        reader!(
            Counter,
            "byte_rate",
            Value::Real,
            "byte/s",
            "Byte rate, averaged",
            |c, _, r| Ok(c.byte_rate.read(r.clock.refresh()))
        ),
        writer!(
            Counter,
            "reset",
            Value::Button,
            "",
            "Sets all counts to zero",
            |c, _, _| c.reset()
        ),
        writer!(
            Counter,
            "reset_counts",
            Value::Button,
            "",
            "Sets all counts to zero",
            |c, _, _| c.reset()
        ),
        variable!(
            Counter,
            "count_call",
            Value::Text,
            "",
            "Count at which a handler is written, and the handler",
            |c, _, _| Ok(c.calls[COUNT].threshold_text()),
            |c, call, router| c.set_call(COUNT, call, router)
        ),
        writer!(
            Counter,
            "byte_count_call",
            Value::Text,
            "",
            "Byte count at which a handler is written, and the handler",
            |c, call, router| c.set_call(BYTES, call, router)
        ),
    ],
    fuzz: &["", "COUNT_CALL 3 stop, BYTE_COUNT_CALL 100 stop"],
    ..Class::agnostic("Counter", "standard", build)
};

/// Indices of cells and calls.
const COUNT: usize = 0;
const BYTES: usize = 1;

/// A handler to be written when a count is reached.
#[derive(Default)]
struct Trigger {
    call: Option<(u64, HandlerCall)>,
    done: bool,
}

impl Trigger {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (count, call) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        Some(Trigger {
            call: Some((parse_unsigned(count).ok()?, HandlerCall::parse(call))),
            done: false,
        })
    }

    fn threshold_text(&self) -> String {
        self.call
            .as_ref()
            .map_or(String::new(), |c| c.0.to_string())
    }

    /// Whether a count that grew to `now` has reached it for the first time.
    #[inline]
    fn reached(&mut self, now: u64) -> Option<HandlerCall> {
        let (threshold, call) = self.call.as_ref()?;
        if self.done || now < *threshold {
            return None;
        }
        self.done = true;
        Some(call.clone())
    }
}

struct Counter {
    cells: Option<Cells>,
    packet_rate: Rate,
    byte_rate: Rate,
    calls: [Trigger; 2],
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let mut calls = [Trigger::default(), Trigger::default()];
    for (call, name) in calls.iter_mut().zip(["COUNT_CALL", "BYTE_COUNT_CALL"]) {
        let text: Option<AnyText> = args.keyword_opt(name);
        let Some(AnyText(text)) = text.filter(|t| !t.0.is_empty()) else {
            continue;
        };
        match Trigger::parse(&text) {
            Some(trigger) => *call = trigger,
            None => args.error(format!("{name} type mismatch")),
        }
    }
    args.complete()?;
    Ok(Box::new(Counter {
        cells: None,
        packet_rate: Rate::default(),
        byte_rate: Rate::default(),
        calls,
    }))
}

impl Counter {
    fn get(&self, index: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(index))
    }

    fn reset(&mut self) -> Result<(), String> {
        if let Some(cells) = &self.cells {
            cells.set(COUNT, 0);
            cells.set(BYTES, 0);
        }
        self.calls.iter_mut().for_each(|c| c.done = false);
        Ok(())
    }

    fn set_call(
        &mut self,
        which: usize,
        call: Call<'_>,
        router: &mut Router,
    ) -> Result<(), String> {
        let refusal = || format!("'{}' first word should be unsigned (count)", call.handler);
        let trigger = Trigger::parse(call.text).ok_or_else(refusal)?;
        if let Some((_, call)) = &trigger.call {
            call.check_write(router)?;
        }
        self.calls[which] = trigger;
        Ok(())
    }

    #[inline]
    fn check_calls(&mut self, router: &mut Router) {
        for which in [COUNT, BYTES] {
            let now = self.get(which);
            if let Some(call) = self.calls[which].reached(now) {
                call.run(router);
            }
        }
    }
}

impl Element for Counter {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 2));
        for trigger in &self.calls {
            if let Some((_, call)) = &trigger.call {
                call.check_write(router)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let Some(cells) = &self.cells else { return };
        let bytes: usize = batch.iter().map(|p| p.len()).sum();
        cells.add(COUNT, batch.len() as u64);
        cells.add(BYTES, bytes as u64);
        let now = router.clock.now();
        self.packet_rate.update(batch.len() as u64, now);
        self.byte_rate.update(bytes as u64, now);
        if self.calls.iter().any(|c| c.call.is_some()) {
            self.check_calls(router);
        }
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<Counter>(old) {
            self.packet_rate = std::mem::take(&mut old.packet_rate);
            self.byte_rate = std::mem::take(&mut old.byte_rate);
        }
    }
}
