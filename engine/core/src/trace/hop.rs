//! A hop: one packet's visit to one element.

use super::snapshot::Snapshot;
use crate::element::Class;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::rc::Rc;

/// The element a packet is at.
#[derive(Clone)]
pub(crate) struct Stop {
    /// Its name.
    pub name: Rc<str>,
    /// Its class.
    pub class: &'static Class,
}

/// What has become of the packet there.
#[derive(Clone)]
pub(super) enum Outcome {
    /// It is still there.
    Kept,
    /// It left by this output.
    Out(usize),
    /// It was dropped, for this reason; by way of this output, where nothing took it.
    Dropped(Cow<'static, str>, Option<usize>),
    /// The element used it up, as elements of its class do.
    Used,
}

/// One packet's visit to one element.
#[derive(Clone)]
pub(super) struct Hop {
    /// Which packet, from 1 on.
    pub packet: u32,
    /// Which of its branches; 0 is the packet that was chosen.
    pub branch: u32,
    /// The branch this one split off from here.
    pub from_branch: Option<u32>,
    pub stop: Stop,
    /// The input it came in by, and how it was then; `None` where it came into the graph.
    pub before: Option<(usize, Snapshot)>,
    pub outcome: Outcome,
    /// How it left.
    pub after: Option<Snapshot>,
    /// When it came, in nanoseconds of the engine's steady clock.
    pub time_ns: u64,
    /// When the outcome was known.
    pub left_ns: Option<u64>,
    /// The last change to the record that changed this hop.
    pub revision: u64,
}

impl Hop {
    /// Bytes of memory it takes.
    pub fn size(&self) -> usize {
        let both = self.before.iter().map(|(_, s)| s).chain(&self.after);
        size_of::<Self>() + both.map(Snapshot::size).sum::<usize>()
    }

    /// As JSON; `number` is its place in the record.
    pub fn describe(&self, number: usize) -> Value {
        let (outcome, output, reason) = match &self.outcome {
            Outcome::Kept => ("kept", None, None),
            Outcome::Out(port) => ("out", Some(*port), None),
            Outcome::Dropped(reason, port) => ("dropped", *port, Some(reason)),
            Outcome::Used => (self.stop.class.fate, None, None),
        };
        json!({
            "hop": number,
            "packet": self.packet,
            "branch": self.branch,
            "from_branch": self.from_branch,
            "element": &*self.stop.name,
            "class": self.stop.class.name,
            "time_ns": self.time_ns,
            "left_ns": self.left_ns,
            "input": self.before.as_ref().map(|(port, _)| port),
            "before": self.before.as_ref().map(|(_, snapshot)| snapshot.describe()),
            "outcome": outcome,
            "output": output,
            "reason": reason,
            "after": self.after.as_ref().map(Snapshot::describe),
        })
    }
}
