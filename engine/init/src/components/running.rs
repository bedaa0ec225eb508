//! What is known of a component's process while it runs.

use super::component::Wanted;
use super::process::Process;
use crate::journal;
use crate::lines::Lines;
use crate::spec::{self, Readiness};
use std::time::{Duration, Instant};

/// To leave by itself, then after being asked to.
const END_WAIT: Duration = Duration::from_secs(2);
const CHUNK_BYTES: usize = 16 << 10;

/// A process, and what is known of it.
pub(super) struct Running {
    pub process: Process,
    pub launched: bool,
    pub attachment: Attachment,
    /// The engine, ending, has told it to leave.
    pub dismissed: bool,
    /// When it has to be ready.
    pub due: Option<Instant>,
    pub ending: Option<Ending>,
    /// Why it is of no use.
    pub errors: Vec<String>,
}

/// How it stands with the engine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attachment {
    None,
    Waiting,
    Ready,
}

/// How far it has been made to leave.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    Leaving { until: Instant },
    Asked { until: Instant },
    Forced,
}

impl Running {
    pub fn new(process: Process, start: Duration) -> Self {
        Self {
            due: Some(process.since + start),
            process,
            launched: false,
            attachment: Attachment::None,
            dismissed: false,
            ending: None,
            errors: Vec::new(),
        }
    }

    /// When something is due next.
    pub fn next(&self) -> Option<Instant> {
        match self.ending {
            Some(Ending::Leaving { until } | Ending::Asked { until }) => Some(until),
            Some(Ending::Forced) => None,
            None => self.due,
        }
    }

    /// Has it leave: by itself, where it knows that it is to.
    pub fn leave(&mut self, knows: bool, now: Instant) {
        let until = now + END_WAIT;
        self.ending = Some(if knows || self.dismissed {
            Ending::Leaving { until }
        } else {
            self.process.terminate();
            Ending::Asked { until }
        });
    }

    pub fn is_ready(&self, spec: &spec::Component) -> bool {
        match spec.ready {
            Readiness::Start => self.launched,
            Readiness::Attach => self.attachment == Attachment::Ready,
        }
    }

    pub fn detach(&mut self) {
        if self.attachment == Attachment::Ready {
            self.attachment = Attachment::Waiting;
        }
    }

    /// Whether it has had the time it has to get ready; without an engine that does not count.
    pub fn is_late(
        &mut self,
        now: Instant,
        engine: bool,
        spec: &spec::Component,
        asked: Option<Wanted>,
    ) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due && !engine && asked.is_none() {
            self.due = Some(now + spec.start);
            return false;
        }
        due && self.errors.is_empty() && self.ending.is_none()
    }

    pub fn lack(&self, spec: &spec::Component) -> String {
        let ms = spec.start.as_millis();
        let unasked = match self.attachment {
            Attachment::Waiting => ": no element of the graph asks for it",
            _ => "",
        };
        format!("not ready after {ms} ms{unasked}")
    }

    /// It is of no use: its end by force tells why.
    pub fn give_up(&mut self, why: String) {
        if self.ending.is_none() && self.errors.is_empty() {
            self.errors.push(why);
            self.due = None;
            self.process.kill();
        }
    }

    /// Makes it leave, ever more firmly.
    pub fn press(&mut self, now: Instant) {
        match self.ending {
            Some(Ending::Leaving { until }) if until <= now => {
                self.process.terminate();
                let until = now + END_WAIT;
                self.ending = Some(Ending::Asked { until });
            }
            Some(Ending::Asked { until }) if until <= now => {
                self.process.kill();
                self.ending = Some(Ending::Forced);
            }
            _ => {}
        }
    }
}

pub(super) fn read(running: &mut Running, lines: &mut Lines, times: usize, now: Instant) {
    let mut chunk = [0; CHUNK_BYTES];
    let mut text = Vec::new();
    for _ in 0..times {
        let printed = running.process.read(&mut chunk);
        if printed.is_empty() {
            break;
        }
        lines.take(printed, now, &mut text);
    }
    print(&text);
}

/// To the function's log.
pub(super) fn print(text: &[u8]) {
    if !text.is_empty() {
        journal::write(text);
    }
}
