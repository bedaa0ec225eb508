//! The component processes of a function.
//!
//! Nothing here waits: the event loop tells of deaths, of what the engine says and of time.

use crate::backoff::Backoff;
use crate::cgroup::Limits;
use crate::failure::Failure;
use crate::news::News;
use crate::orders::interest;
use crate::spec::{self, Spec};
use crate::sys::process::End;
use component::{Change, Component, Wanted, sweep};
use network::Networks;
use process::Launcher;
use room::Rooms;
use std::time::{Duration, Instant};

pub mod change;
pub mod component;
mod network;
pub mod process;
mod room;
mod running;

/// All components of one sandbox.
pub struct Components {
    list: Vec<Component>,
    launcher: Launcher,
    networks: Networks,
    rooms: Rooms,
    backoff: (Duration, Duration),
    /// Why those that come cannot.
    refused: Vec<String>,
}

impl Components {
    pub fn new(spec: &Spec, launcher: Launcher, limits: &mut Limits) -> Self {
        let rooms = Rooms::new(launcher.run_dir());
        let mut components = Self {
            list: Vec::new(),
            launcher,
            networks: Networks::default(),
            rooms,
            backoff: (spec.restart_initial, spec.restart_limit),
            refused: Vec::new(),
        };
        components.add(&spec.components, limits);
        components
    }

    /// Adds some, where the host's file system is to be seen.
    pub fn add(&mut self, specs: &[spec::Component], limits: &mut Limits) {
        for spec in specs {
            let backoff = Backoff::new(self.backoff.0, self.backoff.1);
            let mut component = Component::new(spec.clone(), backoff, Instant::now());
            component.limit(limits);
            self.list.push(component);
        }
    }

    /// Makes what they run in, while there is time.
    pub fn prepare(&mut self) -> Result<(), Failure> {
        for component in &self.list {
            self.launcher.prepare(&component.spec)?;
            self.rooms.prepare(&component.spec)?;
            self.networks
                .prepare(&component.spec, self.launcher.host())?;
        }
        Ok(())
    }

    /// Has all run that `function.json` still lists.
    pub fn start(&mut self, lists: impl Fn(&str) -> bool) {
        let goes = |component: &&mut Component| component.change == Some(Change::Goes);
        for component in self.list.iter_mut().filter(|component| !goes(component)) {
            let key = &component.spec.key;
            if component.last_end().is_none() || !component.is_at_rest() || lists(key) {
                component.start(Wanted::Ready, &self.launcher, &self.networks);
            }
        }
    }

    /// Has none start any more; those that run do so until they are told to leave.
    pub fn hold(&mut self) {
        self.list.iter_mut().for_each(Component::hold);
    }

    /// Has none run.
    pub fn leave(&mut self, now: Instant) {
        for component in &mut self.list {
            component.leave(false, now);
        }
    }

    /// The engine has ended.
    pub fn lost_engine(&mut self, orderly: bool) {
        for component in &mut self.list {
            component.lost_engine(orderly);
        }
    }

    /// Hears what the engine says about them; what it says about others is past.
    pub fn told(&mut self, news: Vec<News>) {
        for News { key, event } in news {
            let about = |component: &&mut Component| component.spec.key == key;
            if let Some(component) = self.list.iter_mut().find(about) {
                component.told(event);
            }
        }
    }

    /// Adds what to wait for: two entries each.
    pub fn interests(&self, into: &mut Vec<libc::pollfd>) {
        let pipes = self.list.iter().flat_map(Component::pipes);
        into.extend(pipes.map(|number| interest(number, libc::POLLIN)));
    }

    /// Hears them, given the answers to [`Components::interests`].
    pub fn hear(&mut self, ready: &[libc::pollfd], now: Instant) {
        for (component, entries) in self.list.iter_mut().zip(ready.chunks(2)) {
            if entries.iter().any(|entry| entry.revents != 0) {
                component.hear(now);
            }
        }
    }

    /// A child has ended; `lists` tells whether `function.json` still has a component.
    pub fn ended(
        &mut self,
        pid: i32,
        end: End,
        spent: Duration,
        now: Instant,
        lists: impl FnOnce(&str) -> bool,
    ) {
        let Some(at) = self
            .list
            .iter()
            .position(|component| component.has_process(pid))
        else {
            return;
        };
        let uid = self.list[at].spec.uid;
        let is_other = |(other, component): (usize, &Component)| {
            other != at && component.spec.uid == uid && component.pids().is_some()
        };
        let alone = !self.list.iter().enumerate().any(is_other);
        sweep(pid, uid, alone);
        let key = self.list[at].spec.key.clone();
        self.list[at].ended(end, spent, now, || lists(&key));
    }

    /// Does what is due; `engine` tells whether one is active.
    pub fn tick(&mut self, now: Instant, engine: bool) {
        for component in &mut self.list {
            component.tick(now, engine, &self.launcher, &self.networks);
        }
    }

    /// When something is due next.
    pub fn due(&self) -> Option<Instant> {
        self.list.iter().filter_map(Component::due).min()
    }

    /// Whether no start that was asked for is under way.
    pub fn is_settled(&self) -> bool {
        let mut all = self
            .list
            .iter()
            .filter(|component| component.change.is_none());
        !all.any(Component::is_starting)
    }

    /// Whether no process is there, nor will be.
    pub fn is_at_rest(&self) -> bool {
        self.list.iter().all(Component::is_at_rest)
    }

    /// Why starts that were asked for came to nothing.
    pub fn failure(&self) -> Option<Failure> {
        let errors = self.errors(None);
        (!errors.is_empty()).then_some(Failure {
            stage: "component",
            errors,
        })
    }

    fn errors(&self, change: Option<Change>) -> Vec<String> {
        let all = self
            .list
            .iter()
            .filter(|component| component.change == change);
        all.filter_map(Component::failure)
            .flatten()
            .cloned()
            .collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Component> {
        self.list.iter()
    }
}
