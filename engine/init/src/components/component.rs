//! Keeps one component as it is wanted: running, or not.

use super::network::Networks;
use super::process::{Launch, Launcher, Place};
use super::running::{Attachment, Running, print, read};
use crate::backoff::Backoff;
use crate::cgroup::Limits;
use crate::journal::log;
use crate::lines::Lines;
use crate::news::Event;
use crate::spec;
use crate::supervise::told;
use crate::sys::process::{self, End};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Before another try where not even a process could be made.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
/// Before one that left in peace is started again: all of the function may be about to end.
const PEACE: Duration = Duration::from_millis(50);
/// Of what it prints, before others have their turn.
const READS_PER_TURN: usize = 4;
/// Of what it has printed, when it has ended; a pipe holds no more.
const LAST_READS: usize = 64;

/// What a start that was asked for has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Packets, or a running program: see [`Readiness`].
    Ready,
    /// A connection at least.
    Attached,
}

/// How the set of components changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Comes,
    Goes,
}

/// One component, whether it runs or not.
pub struct Component {
    pub spec: spec::Component,
    /// What is happening to it while the rest of the function runs on.
    pub change: Option<Change>,
    /// Which limits hold.
    pub limits: String,
    groups: Vec<OwnedFd>,
    lines: Lines,
    phase: Phase,
    /// Whether it is started again when it ends.
    runs: bool,
    asked: Option<Wanted>,
    backoff: Backoff,
    restarts: u32,
    last_end: Option<String>,
    /// Processor time of its processes that have ended.
    spent: Duration,
}

enum Phase {
    Inactive,
    Running(Running),
    Pausing { until: Instant },
    Failed(Vec<String>),
}

impl Component {
    pub fn new(spec: spec::Component, backoff: Backoff, now: Instant) -> Self {
        Self {
            lines: Lines::new(&spec.name, now),
            spec,
            change: None,
            limits: String::new(),
            groups: Vec::new(),
            phase: Phase::Inactive,
            runs: false,
            asked: None,
            backoff,
            restarts: 0,
            last_end: None,
            spent: Duration::ZERO,
        }
    }

    /// Makes its control groups, where the host's file system is to be seen.
    pub fn limit(&mut self, limits: &mut Limits) {
        self.limits = limits.add(&self.spec);
        match limits.folders_of(&self.spec) {
            Ok(groups) => self.groups = groups,
            Err(error) => self.limits = format!("none: {error}"),
        }
    }

    /// Has it run, because somebody asked for it.
    pub fn start(&mut self, wanted: Wanted, launcher: &Launcher, networks: &Networks) {
        self.runs = true;
        if !matches!(self.phase, Phase::Running(_)) {
            self.asked = Some(wanted);
            self.backoff.reset();
            self.launch(launcher, networks);
        }
    }

    fn launch(&mut self, launcher: &Launcher, networks: &Networks) {
        self.lines.forget();
        let started = match networks.of(&self.spec) {
            Some((network, users)) => {
                let groups = &self.groups;
                let place = Place {
                    network,
                    users,
                    groups,
                };
                launcher.start(&self.spec, place)
            }
            None => Err(std::io::ErrorKind::NotFound.into()),
        };
        match started {
            Ok(process) => {
                self.phase = Phase::Running(Running::new(process, self.spec.start));
            }
            Err(error) => {
                let errors = vec![format!("{} cannot be started: {error}", self.called())];
                self.missed(errors, Duration::ZERO, LEAST_PAUSE, Instant::now());
            }
        }
    }

    fn called(&self) -> String {
        format!("component '{}'", self.spec.name)
    }

    /// Has it not start again.
    pub fn hold(&mut self) {
        self.runs = false;
        self.asked = None;
        if matches!(self.phase, Phase::Pausing { .. }) {
            self.phase = Phase::Inactive;
        }
    }

    /// Has it not run: it has a while to leave if it knows, then is asked, then forced to.
    pub fn leave(&mut self, knows: bool, now: Instant) {
        self.hold();
        if let Phase::Running(running) = &mut self.phase
            && running.ending.is_none()
        {
            running.leave(knows, now);
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant, engine: bool, launcher: &Launcher, networks: &Networks) {
        let mut text = Vec::new();
        self.lines.tick(now, &mut text);
        print(&text);
        let called = self.called();
        match &mut self.phase {
            Phase::Running(running) => {
                let lacks = running.is_late(now, engine, &self.spec, self.asked);
                if lacks {
                    running.give_up(format!("{called} {}", running.lack(&self.spec)));
                }
                running.press(now);
            }
            Phase::Pausing { until } if *until <= now => self.launch(launcher, networks),
            _ => {}
        }
    }

    /// When something is due next.
    pub fn due(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Running(running) => running.next(),
            Phase::Pausing { until } => Some(*until),
            _ => None,
        };
        phase.into_iter().chain(self.lines.due()).min()
    }

    /// Where to wait for it.
    pub fn pipes(&self) -> [i32; 2] {
        match &self.phase {
            Phase::Running(running) => running.process.pipes(),
            _ => [-1; 2],
        }
    }

    /// Hears how its start goes, and what it prints.
    pub fn hear(&mut self, now: Instant) {
        let called = self.called();
        let Phase::Running(running) = &mut self.phase else {
            return;
        };
        if !running.launched {
            match running.process.launch() {
                Launch::Pending => {}
                Launch::Running => running.launched = true,
                Launch::Error(error) => running.give_up(format!("{called}: {error}")),
            }
        }
        read(running, &mut self.lines, READS_PER_TURN, now);
        self.settle_start();
    }

    /// The engine has said something about it.
    pub fn told(&mut self, event: Event) {
        let called = self.called();
        let Phase::Running(running) = &mut self.phase else {
            return;
        };
        match event {
            Event::Waiting => running.attachment = Attachment::Waiting,
            Event::Ready => running.attachment = Attachment::Ready,
            // Where its process lives, it may come back.
            Event::Gone(_) => running.detach(),
            Event::Kill(reason) => running.give_up(format!("{called} killed: {reason}")),
        }
        self.settle_start();
    }

    /// The engine has ended: in an orderly way, or not.
    pub fn lost_engine(&mut self, orderly: bool) {
        if let Phase::Running(running) = &mut self.phase {
            running.dismissed = orderly && running.attachment != Attachment::None;
            running.detach();
        }
    }

    /// Once a start has reached what it was to reach, it cannot fail any more.
    fn settle_start(&mut self) {
        let Phase::Running(running) = &mut self.phase else {
            return;
        };
        if !running.errors.is_empty() {
            return;
        }
        let ready = running.is_ready(&self.spec);
        let attached = running.attachment != Attachment::None;
        if ready || (attached && self.asked != Some(Wanted::Ready)) {
            running.due = None;
            self.asked = None;
        }
    }

    /// Whether this is the number of its process.
    pub fn has_process(&self, pid: i32) -> bool {
        matches!(&self.phase, Phase::Running(running) if running.process.pid == pid)
    }

    /// Its process has ended. `is_wanted` tells whether one that left in peace is to come back.
    pub fn ended(
        &mut self,
        end: End,
        spent: Duration,
        now: Instant,
        is_wanted: impl FnOnce() -> bool,
    ) {
        self.hear(now);
        let phase = std::mem::replace(&mut self.phase, Phase::Inactive);
        let Phase::Running(mut running) = phase else {
            self.phase = phase;
            return;
        };
        read(&mut running, &mut self.lines, LAST_READS, now);
        let mut text = Vec::new();
        self.lines.finish(now, &mut text);
        print(&text);
        self.spent += spent;
        self.last_end = Some(told(end));
        let leaves = end == End::Exit(0) && self.asked.is_none() && !is_wanted();
        if !self.runs || leaves {
            self.runs = false;
            return;
        }
        let called = self.called();
        let mut errors = running.errors;
        if errors.is_empty() {
            let when = if self.asked.is_some() {
                " before it was ready"
            } else {
                ""
            };
            errors.push(format!("{called} {}{when}", told(end)));
        }
        let lived = now.saturating_duration_since(running.process.since);
        let least_pause = if end == End::Exit(0) {
            PEACE
        } else {
            Duration::ZERO
        };
        self.missed(errors, lived, least_pause, now);
    }

    fn missed(
        &mut self,
        mut errors: Vec<String>,
        lived: Duration,
        least_pause: Duration,
        now: Instant,
    ) {
        if self.asked.take().is_some() {
            let name = &self.spec.name;
            errors.iter().for_each(|line| log(line));
            errors.extend(self.lines.last().map(|line| format!("{name}: {line}")));
            self.phase = Phase::Failed(errors);
            self.runs = false;
            return;
        }
        self.restarts += 1;
        let pause = self.backoff.after(lived).max(least_pause);
        let (what, number) = (errors.join("; "), self.restarts);
        let when = match pause.as_millis() {
            0 => "restarted".into(),
            ms => format!("restarting in {ms} ms"),
        };
        log(&format!("{what}, {when} ({number})"));
        self.phase = Phase::Pausing { until: now + pause };
    }

    /// Its name for `state.json`.
    pub fn state(&self) -> &'static str {
        match &self.phase {
            Phase::Inactive => "ended",
            Phase::Failed(_) => "failed",
            Phase::Pausing { .. } => "restarting",
            Phase::Running(running) if running.is_ready(&self.spec) => "ready",
            Phase::Running(running) => match running.attachment {
                Attachment::None if self.asked.is_none() && running.due.is_some() => "restarting",
                Attachment::None => "starting",
                Attachment::Waiting | Attachment::Ready => "waiting",
            },
        }
    }

    /// Whether a start that was asked for is under way.
    pub fn is_starting(&self) -> bool {
        self.asked.is_some()
    }

    /// Why the start that was asked for came to nothing.
    pub fn failure(&self) -> Option<&[String]> {
        match &self.phase {
            Phase::Failed(errors) => Some(errors),
            _ => None,
        }
    }

    /// Whether it has no process, and gets none.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.phase, Phase::Inactive | Phase::Failed(_))
    }

    /// Its process's numbers, inside and outside.
    pub fn pids(&self) -> Option<(i32, Option<i32>)> {
        match &self.phase {
            Phase::Running(running) => Some((running.process.pid, running.process.outer_pid)),
            _ => None,
        }
    }

    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    pub fn last_end(&self) -> Option<&str> {
        self.last_end.as_deref()
    }

    /// Processor time of its processes that have ended.
    pub fn spent(&self) -> Duration {
        self.spent
    }
}

/// Ends what a component's process has left behind, all of its user if that is its alone.
pub fn sweep(pid: i32, uid: u32, alone: bool) {
    let swept = alone && process::end_all_of(uid).is_ok();
    if !swept {
        process::kill(-pid, libc::SIGKILL);
    }
}
