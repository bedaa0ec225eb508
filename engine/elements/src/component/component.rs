//! # Component(KEY [, *keywords* UID, CAPACITY, LIMIT, FALLBACK, HOLD, PRIVATE, CALL_LIMIT])
//!
//! A part of the graph that runs in a process of its own, in any language, and is handed packets
//! through shared memory. The process connects to the graph's ComponentListener and says `KEY`.
//!
//! The process may change packets in place, make them longer or shorter, choose their output, drop
//! them for reasons of its own, and emit new ones; packets leave in the order in which it returns
//! them. What it returns is checked, and nothing it writes is believed: a process that breaks a rule
//! is cut off ("violation"), as is one that returns nothing for `LIMIT` although it has packets
//! ("component-hung"); one that ends is noticed at once ("component-lost"). Each costs the packets it had.
//! It reads and writes the Network Service Header that was taken off a packet ([NSHFunction](NSHFunction.md)); what is no
//! context header costs the packet ("nsh-tlv"). New packets have the header of the parent that it names.
//!
//! ## Ports
//! Any number of push inputs and push outputs. The process sees the number of the input and says
//! the number of the output.
//!
//! ## Arguments
//! - `KEY` *word*: what the process says it is.
//! - `UID` *integer*: the user it must run as; the engine's own when it is not given.
//! - `CAPACITY` *integer* (512): packets it has at most at a time; as many more wait here.
//! - `LIMIT` *time* (1s): how long it may return nothing.
//! - `FALLBACK` *word* (drop): what happens to packets while no process is attached: `drop` them
//!   ("component-away"), `bypass` the component (input i to output i, or output 0), or `hold` them.
//! - `HOLD` *integer* (4096): packets held at most; further ones are dropped ("hold-full").
//! - `PRIVATE` *boolean* (false): it sees copies of its packets in memory of its own, not the frames of the
//!   whole function.
//! - `CALL_LIMIT` *time* (5s): how long an answer of its handlers is waited for.
//!
//! ## Handlers
//! - `state` (r): `away`, `attached` (not ready yet) or `ready`.
//! - `in_flight` (r): packets it has now; `waiting` (r): packets that wait for it here.
//! - `capacity` (r): the argument.
//! - `figures` (r): what is counted of it, as JSON: bytes, packets and batches both ways, latency of
//!   sampled packets, how often it attached and was lost, how often packets had to wait (`full`).
//! - `reset_figures` (w): sets those to zero.
//!
//! - `list` (r): the values and commands of its process and of the element, a line each: name, access (`r`, `w`, `rw`, or `x`
//!   for a command), type and unit, with tabs between them.
//! - `check` (r): asks the process whether it is there, which any answers: how long that took, in ms.
//!
//! The process's own handlers stand beside these; they are answered by it, in its own time. One of its own that is called `list`
//! or `check` takes the place of that.
//!
//! A hot swap hands an attached process over to the element of the same name and `KEY`; counts survive it,
//! and a restart of the engine, to which the process attaches again.
//!
//! ## Example
//! ```click
//! ComponentListener(/tmp/components);
//! InfiniteSource -> filter :: Component(filter, FALLBACK bypass) -> Discard;
//! filter[1] -> Discard;
//! ```
//!
//! ## See also
//! ComponentListener

mod agent;
mod answers;
mod attachment;
mod conversation;
mod declared;
mod figures;
mod flight;
mod heritage;
mod link;
mod metadata;
mod welcome;

use super::component_listener;
use answers::Answers;
pub use attachment::Applicant;
use figures::Figures;
use link::{Link, Stage};
use std::collections::VecDeque;
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Class, Configure, DeferredCall, Element, Handler, Interest, IpHeader, MAX_BATCH,
    Packet, Place, Router, Task, Value, argument, downcast, reader, writer,
};
use weft_lang::value::{Seconds, Word};

/// Registers Component.
pub static CLASS: Class = Class {
    ports: "-/-",
    processing: "h/h",
    flow: "x/x",
    storage: true,
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("KEY", Place::Mandatory, "word", ""),
        argument("UID", Place::Keyword, "integer", ""),
        argument("CAPACITY", Place::Keyword, "integer", "512"),
        argument("LIMIT", Place::Keyword, "time", "1s"),
        argument("FALLBACK", Place::Keyword, "drop, bypass or hold", "drop"),
        argument("HOLD", Place::Keyword, "integer", "4096"),
        argument("PRIVATE", Place::Keyword, "boolean", "false"),
        argument("CALL_LIMIT", Place::Keyword, "time", "5s"),
    ],
    handlers: &[
        reader!(
            Component,
            "state",
            Value::Text,
            "",
            "Whether its process is away, attached or ready",
            |c, _, _| Ok(c.state().to_string())
        ),
        reader!(
            Component,
            "in_flight",
            Value::Unsigned,
            "packets",
            "Packets its process has",
            |c, _, _| Ok(c.in_flight().to_string())
        ),
        reader!(
            Component,
            "waiting",
            Value::Unsigned,
            "packets",
            "Packets that wait for its process",
            |c, _, _| Ok(c.waiting.len().to_string())
        ),
        reader!(
            Component,
            "capacity",
            Value::Unsigned,
            "packets",
            "Packets its process has at most",
            |c, _, _| Ok(c.capacity.to_string())
        ),
        reader!(
            Component,
            "figures",
            Value::Json,
            "",
            "What is counted of it",
            |c, _, _| Ok(c.figures_text())
        ),
        writer!(
            Component,
            "reset_figures",
            Value::Button,
            "",
            "Sets what is counted of it to zero",
            |c, _, _| {
                c.figures.reset();
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "a",
        "b, CAPACITY 1, FALLBACK bypass",
        "c, FALLBACK hold, HOLD 2, PRIVATE true",
    ],
    ..Class::agnostic("Component", "component", build)
};

/// How long packets are held for a process that is expected to attach.
const EXPECTED: u64 = 1_000_000_000;
const MAX_CAPACITY: u32 = 1 << 14;
const MAX_HOLD: u32 = 1 << 20;
/// Keys of the timers.
const HANG: u32 = 0;
const CALLS: u32 = 1;
pub const CLAIM: u32 = 2;

/// What happens to packets while nobody is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fallback {
    Drop,
    Bypass,
    Hold,
}

pub struct Component {
    key: String,
    uid: Option<u32>,
    capacity: usize,
    limit: u64,
    fallback: Fallback,
    hold: usize,
    private: bool,
    call_limit: u64,
    link: Option<Link>,
    waiting: VecDeque<(u8, Packet)>,
    figures: Figures,
    /// The last process's handlers: they stay known while it is away.
    declared: Vec<(String, &'static Handler)>,
    /// When something came back last, or the first packet went out.
    progress: u64,
    answers: Answers,
    expected_until: u64,
    /// A new graph's packets are to wait for it.
    is_awaiting: bool,
    /// A process has attached in this graph.
    was_claimed: bool,
    /// What was held for its process still goes to it.
    is_catching_up: bool,
    is_full: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let key: Word = args.mandatory("KEY");
    let uid: Option<u32> = args.keyword_opt("UID");
    let capacity: u32 = args.keyword("CAPACITY", 512);
    args.within("CAPACITY", capacity, 1, MAX_CAPACITY);
    let limit = args.keyword("LIMIT", Seconds(1_000_000_000));
    let fallback: Word = args.keyword("FALLBACK", Word("drop".to_string()));
    let hold: u32 = args.keyword("HOLD", 4096);
    args.within("HOLD", hold, 0, MAX_HOLD);
    let private = args.keyword("PRIVATE", false);
    let call_limit = args.keyword("CALL_LIMIT", Seconds(5_000_000_000));
    args.complete()?;
    let fallback = match fallback.0.as_str() {
        "drop" => Fallback::Drop,
        "bypass" => Fallback::Bypass,
        "hold" => Fallback::Hold,
        other => {
            return Err(vec![format!(
                "FALLBACK: '{other}' is not valid; allowed: drop, bypass, hold"
            )]);
        }
    };
    if configure.inputs > 256 || configure.outputs > 256 {
        return Err(vec![
            "at most 256 inputs and outputs are possible".to_string(),
        ]);
    }
    Ok(Box::new(Component {
        key: key.0,
        uid,
        capacity: capacity as usize,
        limit: limit.0.max(1_000_000),
        fallback,
        hold: hold as usize,
        private,
        call_limit: call_limit.0,
        link: None,
        waiting: VecDeque::new(),
        figures: Figures::default(),
        declared: Vec::new(),
        progress: 0,
        answers: Answers::default(),
        expected_until: 0,
        is_awaiting: false,
        was_claimed: false,
        is_catching_up: false,
        is_full: false,
    }))
}

impl Component {
    /// What its process says it is.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn state(&self) -> &'static str {
        match self.link.as_ref().map(|link| link.stage) {
            None => "away",
            Some(Stage::Declaring) => "attached",
            Some(Stage::Ready) => "ready",
        }
    }

    fn in_flight(&self) -> usize {
        self.link.as_ref().map_or(0, |link| link.flight.packets())
    }

    fn is_ready(&self) -> bool {
        self.link.as_ref().is_some_and(|l| l.stage == Stage::Ready)
    }

    fn send_waiting(&mut self, router: &mut Router) {
        if let Some(link) = self.link.as_mut().filter(|l| l.stage == Stage::Ready) {
            link.offer_waiting(&mut self.waiting, &mut self.figures, router);
        }
        self.is_catching_up &= !self.waiting.is_empty();
        self.tell_fullness(router);
    }

    fn tell_fullness(&mut self, router: &mut Router) {
        let full = match &self.link {
            _ if !self.is_ready() && !self.waiting.is_empty() => {
                self.waiting.len() + 2 * MAX_BATCH > self.hold
            }
            Some(link) => {
                let room = link.room();
                !self.waiting.is_empty() || (room < MAX_BATCH && room < self.capacity)
            }
            // What passes by has the room that there is behind it.
            None => self.fallback == Fallback::Bypass && router.is_downstream_full(),
        };
        if full != self.is_full {
            self.is_full = full;
            router.set_full(full);
            if !full {
                router.wake_pushers();
            }
        }
    }

    /// What cannot be offered now waits, is dropped, or goes on without.
    fn put_aside(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let ready = self.is_ready();
        let expected = self.expected_until > router.clock.now();
        let (most, reason) = match self.fallback {
            _ if ready && self.is_catching_up => (self.hold.max(self.capacity), "ring-full"),
            _ if ready => (self.capacity, "ring-full"),
            Fallback::Hold => (self.hold, "hold-full"),
            _ if expected => (self.hold, "hold-full"),
            Fallback::Drop => return router.drop_all(batch, "component-away"),
            Fallback::Bypass => {
                let output = if port < router.outputs() { port } else { 0 };
                let all = std::mem::replace(batch, router.new_batch());
                return router.emit_batch(output, all);
            }
        };
        if ready {
            self.figures.was_full();
        }
        let count = batch.len().min(most.saturating_sub(self.waiting.len()));
        self.waiting
            .extend(batch.drain(..count).map(|p| (port as u8, p)));
        self.is_catching_up |= !ready;
        router.drop_all(batch, reason);
    }

    fn away(&self) -> String {
        format!("component '{}' is not attached", self.key)
    }

    /// Nothing came back: look on for a moment, then sleep.
    fn rest(&mut self, router: &mut Router) -> Task {
        let Some(link) = &mut self.link else {
            return Task::Sleep;
        };
        link.ring();
        let now = router.clock.refresh();
        let outside = link.flight.packets() > 0;
        if outside && now.saturating_sub(self.progress) < self.answers.patience() {
            if router.is_quiet() {
                std::thread::yield_now();
            }
            return Task::Again;
        }
        if !link.sleep() {
            return Task::Again;
        }
        if outside && router.timer(HANG).is_none() {
            router.set_timer(HANG, self.progress + self.limit);
        }
        Task::Sleep
    }
}

impl Element for Component {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.figures.open(router);
        if router.is_recovered() || router.is_swapping() {
            self.expect(router);
        }
        self.is_awaiting = router.is_swapping();
        let now = router.clock.refresh();
        router.set_timer(CLAIM, now);
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let link = self.link.as_mut().filter(|l| l.stage == Stage::Ready);
        if let Some(link) = link.filter(|_| self.waiting.is_empty()) {
            if link.flight.packets() == 0 {
                self.progress = router.clock.now();
            }
            link.wake();
            link.offer(port, batch, &mut self.figures, router);
        }
        if !batch.is_empty() {
            self.put_aside(port, batch, router);
        }
        self.tell_fullness(router);
        if self.link.is_some() {
            router.schedule();
        }
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let Some(link) = self.link.as_mut().filter(|l| l.stage == Stage::Ready) else {
            self.tell_fullness(router);
            return Task::Sleep;
        };
        link.wake();
        let room = router.downstream_room();
        if room == 0 {
            link.ring();
            self.progress = router.clock.now();
            return Task::Sleep;
        }
        match link.collect(room, &mut self.figures, router) {
            Ok(0) => self.rest(router),
            Ok(_) => {
                let now = router.clock.now();
                self.answers.note(now.saturating_sub(self.progress));
                self.progress = now;
                self.send_waiting(router);
                Task::Again
            }
            Err(problem) => {
                self.violated(&problem, router);
                Task::Sleep
            }
        }
    }

    fn ready(&mut self, fd: RawFd, router: &mut Router) {
        match &self.link {
            Some(link) if link.bell() == fd => {
                link.silence();
                router.schedule();
            }
            Some(link) if link.socket.descriptor() == fd => self.listen(router),
            _ => router.unwatch(fd),
        }
    }

    fn timer(&mut self, key: u32, router: &mut Router) {
        match key {
            HANG => self.check_progress(router),
            CALLS => self.give_up_calls(router),
            _ => {
                component_listener::claim(self, router);
                self.is_awaiting &= self.was_claimed;
            }
        }
    }

    fn call(&mut self, call: DeferredCall<'_>, router: &mut Router) -> Result<(), String> {
        self.hand_over(call, router)
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        self.all_handlers()
    }

    fn figures(&self) -> Option<serde_json::Value> {
        Some(self.told_figures())
    }

    fn is_drained(&self) -> bool {
        self.in_flight() == 0 && (self.waiting.is_empty() || !self.is_ready())
    }

    fn is_awaiting(&self) -> bool {
        self.is_awaiting
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let Ok(old) = downcast::<Component>(old) else {
            return;
        };
        self.waiting = std::mem::take(&mut old.waiting);
        self.is_catching_up = !self.waiting.is_empty();
        let same = self.key == old.key && self.uid == old.uid && self.private == old.private;
        let Some(link) = old.link.take_if(|_| same) else {
            return;
        };
        router.watch(link.socket.descriptor(), link.interest());
        router.watch(link.bell(), Interest::Read);
        if let Some(at) = link.next_call_end() {
            router.set_timer(CALLS, at);
        }
        self.is_awaiting = link.stage != Stage::Ready;
        self.was_claimed = true;
        self.link = Some(link);
        self.declared = std::mem::take(&mut old.declared);
        self.progress = router.clock.refresh();
        self.send_waiting(router);
        router.schedule();
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Some(link) = &mut self.link {
            link.say_goodbye();
        }
        self.part("component-removed", router);
        let mut waiting: Batch = self.waiting.drain(..).map(|(_, packet)| packet).collect();
        router.drop_all(&mut waiting, "component-removed");
    }
}
