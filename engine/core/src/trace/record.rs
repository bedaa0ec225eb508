//! The record of a trace: packets, their branches, their hops.

use super::hop::{Hop, Outcome, Stop};
use super::options::{Options, Start};
use super::snapshot::Snapshot;
use crate::packet::Packet;
use crate::pool::Pool;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;

/// Packets followed at a time.
const MOST_AT_ONCE: usize = 64;
/// Hops of one packet, all its branches together.
const MOST_HOPS: u32 = 256;
/// Memory of all hops, in bytes.
const MOST_MEMORY: usize = 16 << 20;
/// Tags end before this.
const LAST_TAG: u32 = u32::MAX - 1;

/// Why a trace has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All packets that were to be chosen have been followed to their end.
    Complete,
    /// It was asked to.
    Stopped,
    /// Nobody read it.
    Unread,
    /// There is no room for more hops.
    Full,
    /// The element at which packets are chosen is not in the new graph.
    Removed(String),
}

impl Ending {
    fn word(&self) -> &'static str {
        match self {
            Ending::Complete => "complete",
            Ending::Stopped => "stopped",
            Ending::Unread => "unread",
            Ending::Full => "full",
            Ending::Removed(_) => "removed",
        }
    }

    fn message(&self) -> String {
        match self {
            Ending::Complete => "all packets were followed to their end".to_string(),
            Ending::Stopped => "it was stopped".to_string(),
            Ending::Unread => "nobody read it any more".to_string(),
            Ending::Full => format!("it holds {} MiB, the most it may", MOST_MEMORY >> 20),
            Ending::Removed(name) => format!("the new configuration has no element '{name}'"),
        }
    }
}

/// One of the packets that a chosen packet has become.
struct Branch {
    packet: u32,
    number: u32,
    /// The hop that is not over.
    open: Option<usize>,
    /// The last one.
    last: Option<usize>,
}

/// What is known of a chosen packet.
#[derive(Default)]
struct Chosen {
    branches: u32,
    hops: u32,
    /// It had more hops than are kept.
    cut: bool,
}

/// A trace, running or over.
pub(crate) struct Trace {
    pub options: Options,
    ending: Option<Ending>,
    seen: u64,
    matched: u64,
    passed_over: u64,
    chosen: Vec<Chosen>,
    /// What is followed, by tag.
    branches: HashMap<u32, Branch>,
    next_tag: u32,
    hops: Vec<Hop>,
    memory: usize,
    revision: u64,
    read_at: u64,
}

impl Trace {
    /// A trace that begins now, after `former`.
    pub fn new(options: Options, former: Option<&Trace>, now: u64) -> Self {
        let next_tag = former.map_or(1, |t| t.next_tag);
        Trace {
            options,
            ending: None,
            seen: 0,
            matched: 0,
            passed_over: 0,
            chosen: Vec::new(),
            branches: HashMap::new(),
            next_tag: if next_tag < LAST_TAG / 2 { next_tag } else { 1 },
            hops: Vec::new(),
            memory: 0,
            revision: 0,
            read_at: now,
        }
    }

    /// Whether it is not over.
    pub fn is_running(&self) -> bool {
        self.ending.is_none()
    }

    /// Ends it, if it is not over.
    pub fn end(&mut self, ending: Ending) {
        if self.ending.is_none() {
            self.ending = Some(ending);
            self.branches.clear();
        }
    }

    /// Ends it if nobody has read it for too long; then it holds nothing any more.
    pub fn check_lease(&mut self, now: u64) {
        if self.is_running() && now.saturating_sub(self.read_at) > self.options.lease_ns {
            self.end(Ending::Unread);
            self.hops = Vec::new();
        }
    }

    /// Ends it when there is nothing more to come.
    pub fn check_end(&mut self) {
        if self.chosen.len() >= self.options.count as usize && self.branches.is_empty() {
            self.end(Ending::Complete);
        }
    }

    /// Whether packets can still be chosen.
    pub fn is_choosing(&self) -> bool {
        self.is_running() && self.chosen.len() < self.options.count as usize
    }

    /// Looks at a packet where packets are chosen; its tag if it is.
    pub fn consider(&mut self, packet: &mut Packet, pool: &mut Pool) -> Option<u32> {
        if !self.is_choosing() {
            return None;
        }
        self.seen += 1;
        if !self.options.tests.iter().all(|test| test(packet, pool)) {
            return None;
        }
        self.matched += 1;
        if !(self.matched - 1).is_multiple_of(self.options.every) {
            return None;
        }
        if self.branches.len() >= MOST_AT_ONCE {
            self.passed_over += 1;
            return None;
        }
        self.chosen.push(Chosen::default());
        let tag = self.branch(self.chosen.len() as u32);
        pool.set_tag(packet, tag);
        Some(tag)
    }

    /// A new branch of packet `packet`; its tag.
    fn branch(&mut self, packet: u32) -> u32 {
        let tag = self.next_tag;
        self.next_tag += 1;
        let branch = Branch {
            packet,
            number: self.next_number(packet),
            open: None,
            last: None,
        };
        self.branches.insert(tag, branch);
        tag
    }

    fn next_number(&mut self, packet: u32) -> u32 {
        let chosen = &mut self.chosen[packet as usize - 1];
        chosen.branches += 1;
        chosen.branches - 1
    }

    /// A packet of `tag` is one of several now; the tag of a branch of its own, which has had the same hop so far.
    pub fn split(&mut self, tag: u32) -> Option<u32> {
        let former = self.branches.get(&tag)?;
        let (packet, number, open) = (former.packet, former.number, former.open);
        let own = self.branch(packet);
        if let Some(open) = open {
            let hop = Hop {
                branch: self.branches[&own].number,
                from_branch: Some(number),
                ..self.hops[open].clone()
            };
            self.add(own, hop);
        }
        Some(own)
    }

    fn add(&mut self, tag: u32, hop: Hop) {
        let chosen = &mut self.chosen[hop.packet as usize - 1];
        let index = (chosen.hops < MOST_HOPS).then_some(self.hops.len());
        match index {
            Some(_) => chosen.hops += 1,
            None => chosen.cut = true,
        }
        if let Some(branch) = self.branches.get_mut(&tag) {
            (branch.open, branch.last) = (index, index);
        }
        if index.is_some() {
            self.memory += hop.size();
            self.hops.push(hop);
            self.touch(self.hops.len() - 1);
        }
    }

    fn touch(&mut self, index: usize) {
        self.revision += 1;
        self.hops[index].revision = self.revision;
        if self.memory > MOST_MEMORY {
            self.end(Ending::Full);
        }
    }

    fn hop(&self, tag: u32, stop: Stop, now: u64) -> Option<Hop> {
        let branch = self.branches.get(&tag)?;
        Some(Hop {
            packet: branch.packet,
            branch: branch.number,
            from_branch: None,
            stop,
            before: None,
            outcome: Outcome::Kept,
            after: None,
            time_ns: now,
            left_ns: None,
            revision: 0,
        })
    }

    fn snapshot(&self, packet: &Packet, pool: &Pool) -> Snapshot {
        Snapshot::of(packet, pool, self.options.bytes)
    }

    /// The packet of `tag` arrives at `stop` by input `port`.
    pub fn arrive(&mut self, tag: u32, stop: Stop, port: usize, seen: (&Packet, &Pool), now: u64) {
        if let Some(hop) = self.hop(tag, stop, now) {
            let before = Some((port, self.snapshot(seen.0, seen.1)));
            self.add(tag, Hop { before, ..hop });
        }
    }

    /// The packet of `tag` leaves `stop` by output `port`.
    pub fn leave(&mut self, tag: u32, stop: Stop, port: usize, seen: (&Packet, &Pool), now: u64) {
        let Some(hop) = self.hop(tag, stop, now) else {
            return;
        };
        if self.branches[&tag].open.is_none() {
            self.add(tag, hop);
        }
        let after = self.snapshot(seen.0, seen.1);
        self.close(tag, Outcome::Out(port), Some(after), now);
    }

    fn close(&mut self, tag: u32, outcome: Outcome, after: Option<Snapshot>, now: u64) {
        let open = self.branches.get_mut(&tag).and_then(|b| b.open.take());
        let Some(index) = open.filter(|index| *index < self.hops.len()) else {
            return;
        };
        self.memory += after.as_ref().map_or(0, Snapshot::size);
        let hop = &mut self.hops[index];
        (hop.outcome, hop.after, hop.left_ns) = (outcome, after, Some(now));
        self.touch(index);
    }

    /// A packet of `tag`, one of `live`, is dropped at `stop`.
    pub fn dropped(&mut self, tag: u32, live: usize, stop: Stop, reason: &'static str, now: u64) {
        if live > 1 {
            if let Some(own) = self.split(tag) {
                self.dropped(own, 1, stop, reason, now);
                self.branches.remove(&own);
            }
            return;
        }
        let Some(branch) = self.branches.get_mut(&tag) else {
            return;
        };
        let reason = Cow::Borrowed(reason);
        let mut outcome = Outcome::Dropped(reason.clone(), None);
        if branch.open.is_none() {
            let last = branch.last.and_then(|i| self.hops.get(i).map(|h| (i, h)));
            match last {
                Some((index, hop)) if *hop.stop.name == *stop.name => {
                    if let Outcome::Out(port) = hop.outcome {
                        outcome = Outcome::Dropped(reason, Some(port));
                    }
                    self.hops[index].outcome = outcome;
                    return self.touch(index);
                }
                _ => {
                    if let Some(hop) = self.hop(tag, stop, now) {
                        self.add(tag, hop);
                    }
                }
            }
        }
        self.close(tag, outcome, None, now);
    }

    /// The last packet of `tag` is gone: whoever had it has used it up, unless it was dropped.
    pub fn gone(&mut self, tag: u32, now: u64) {
        self.close(tag, Outcome::Used, None, now);
        self.branches.remove(&tag);
    }

    /// The record as JSON: its state, and the hops that changed after revision `since`.
    pub fn describe(&mut self, since: u64, now: u64) -> Value {
        self.read_at = now;
        let changed = self.hops.iter().enumerate();
        let changed = changed.filter(|(_, hop)| hop.revision > since);
        let cut = self.chosen.iter().enumerate().filter(|(_, c)| c.cut);
        json!({
            "id": self.options.id,
            "state": if self.is_running() { "running" } else { "ended" },
            "ending": self.ending.as_ref().map(Ending::word),
            "message": self.ending.as_ref().map(Ending::message),
            "revision": self.revision,
            "seen": self.seen,
            "matched": self.matched,
            "chosen": self.chosen.len(),
            "passed_over": self.passed_over,
            "most_hops": MOST_HOPS,
            "cut": cut.map(|(index, _)| index + 1).collect::<Vec<_>>(),
            "hops": changed.map(|(index, hop)| hop.describe(index)).collect::<Vec<_>>(),
        })
    }

    /// The name of the element at which packets are chosen, if it is one.
    pub fn at(&self) -> Option<&str> {
        match &self.options.start {
            Start::At(name) => Some(name),
            Start::Entries => None,
        }
    }
}
