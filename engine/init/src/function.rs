//! The engine and the components of a function, as one that runs or not.
//!
//! They start side by side. They end one after the other: the engine first, which tells the
//! components to leave.

use crate::components::Components;
use crate::components::change::Progress;
use crate::failure::{Attempt, Failure};
use crate::filesystem::Shown;
use crate::spec::{Component, Spec};
use crate::supervise::{Goal, Supervisor};
use crate::sys::namespace::Mounts;
use crate::sys::process::End;
use std::time::{Duration, Instant};

/// A function.
pub struct Function {
    pub engine: Supervisor,
    pub components: Components,
    goal: Goal,
    /// Everything is on its way to rest.
    stops: bool,
    /// After that it is to be started.
    again: bool,
    /// Why the components could not be started.
    failure: Option<Failure>,
    shown: Shown,
    /// Where the host's file system is to be seen.
    host: Mounts,
}

impl Function {
    pub fn new(engine: Supervisor, components: Components, shown: Shown, host: Mounts) -> Self {
        Self {
            engine,
            components,
            goal: Goal::Rest,
            stops: false,
            again: false,
            failure: None,
            shown,
            host,
        }
    }

    /// Has it run, if it does not yet.
    pub fn start(&mut self, now: Instant) {
        self.goal = Goal::Run;
        if self.stops {
            self.again = true;
        } else {
            self.begin(now);
        }
    }

    fn begin(&mut self, now: Instant) {
        // Values may have been set while it did not run; a spec that cannot be read changes nothing.
        if let Ok(spec) = self.engine.folder().spec() {
            self.engine.take_parameters(&spec);
        }
        self.failure = self.components.prepare().err();
        if self.failure.is_none() {
            self.engine.start(now);
            let folder = self.engine.folder();
            self.components.start(|key| folder.lists(key));
        }
    }

    /// Has all of it run anew.
    pub fn restart(&mut self, now: Instant) {
        self.stop(now);
        self.start(now);
    }

    /// Has those components run too that `function.json` has come to list.
    pub fn reload(&mut self, now: Instant) -> Result<(), Vec<String>> {
        let spec = self.changed_spec()?;
        let new = self.components.missing(&spec);
        let mut problems = self.engine.spec().frozen(&spec);
        let named = new
            .iter()
            .filter(|component| !component.interfaces.is_empty());
        problems.extend(named.map(|component| {
            let name = &component.name;
            format!("component '{name}': one with interfaces cannot come to a running function")
        }));
        if !problems.is_empty() {
            return Err(problems);
        }
        self.engine.take_parameters(&spec);
        if let Err(failure) = self.receive(&spec, &new) {
            self.components.refuse(failure.errors, now);
        }
        Ok(())
    }

    fn receive(&mut self, spec: &Spec, new: &[Component]) -> Result<(), Failure> {
        let folder = self.engine.folder();
        folder.admit_components(spec)?;
        let run_dir = folder.path.clone();
        let visit = || {
            self.components.receive(new, self.engine.limits());
            self.shown.copy(&spec.mounts)
        };
        let copies = self
            .host
            .visit(visit)
            .attempt("component", "visit the host's mounts")?;
        self.shown.place(copies?, &run_dir)?;
        self.components.prepare()?;
        self.components.start_coming();
        Ok(())
    }

    /// Has those components leave that `function.json` lists no more.
    pub fn settle(&mut self, now: Instant) -> Result<(), Vec<String>> {
        let spec = self.changed_spec()?;
        self.components.dismiss(&spec, now);
        Ok(())
    }

    fn changed_spec(&self) -> Result<Spec, Vec<String>> {
        let has_failed = self.failure.is_some() || self.engine.has_failed();
        if self.goal == Goal::Rest || self.stops || has_failed {
            return Err(vec!["the function does not run; start it first".into()]);
        }
        self.engine
            .folder()
            .spec()
            .map_err(|failure| failure.errors)
    }

    /// Goes on with a change of the components.
    pub fn change(&mut self, now: Instant) -> Progress {
        if self.goal == Goal::Rest || self.stops {
            self.components
                .refuse(vec!["a later order was carried out instead".into()], now);
        }
        self.components.change(now, self.engine.limits())
    }

    /// Takes away what would keep the run folder from being removed.
    pub fn clear(&self) {
        self.shown.clear();
    }

    /// Has nothing of it run.
    pub fn stop(&mut self, now: Instant) {
        self.goal = Goal::Rest;
        self.again = false;
        self.bring_down();
        self.engine.stop(now);
        self.come_to_rest(now);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.engine.tick(now);
        self.components.told(self.engine.news());
        self.components.tick(now, self.engine.active().is_some());
        self.look_for_ends(now);
        self.come_to_rest(now);
    }

    /// One half does not run without the other.
    fn look_for_ends(&mut self, now: Instant) {
        if self.stops || self.goal == Goal::Rest {
            return;
        }
        if let Some(failure) = self.components.failure() {
            self.failure = Some(failure);
            self.bring_down();
            self.engine.stop(now);
        } else if self.engine.has_failed() {
            self.bring_down();
        } else if self.failure.is_none() && self.engine.goal() == Goal::Rest {
            self.stop(now);
        }
    }

    fn bring_down(&mut self) {
        self.stops = true;
        self.components.hold();
    }

    fn come_to_rest(&mut self, now: Instant) {
        if !self.stops || !self.engine.is_at_rest() {
            return;
        }
        self.components.leave(now);
        if self.components.is_at_rest() {
            self.stops = false;
            if std::mem::take(&mut self.again) {
                self.begin(now);
            }
        }
    }

    /// A child has ended.
    pub fn ended(&mut self, pid: i32, end: End, spent: Duration, now: Instant) {
        if self.engine.ended(pid, end, now) {
            self.components
                .lost_engine(self.stops || end == End::Exit(0));
        } else {
            let folder = self.engine.folder();
            self.components
                .ended(pid, end, spent, now, |key| folder.lists(key));
        }
    }

    /// When something is due next.
    pub fn due(&self) -> Option<Instant> {
        self.engine
            .due()
            .into_iter()
            .chain(self.components.due())
            .min()
    }

    /// The state's name, one of four.
    pub fn state(&self) -> &'static str {
        match self.engine.state() {
            _ if self.stops => "inactive",
            _ if self.failure.is_some() => "failed",
            "active" if !self.components.is_settled() => "inactive",
            state => state,
        }
    }

    /// The engine's number inside and outside, once all of the function has started.
    pub fn active(&self) -> Option<(i32, Option<i32>)> {
        self.engine
            .active()
            .filter(|_| self.components.is_settled())
    }

    /// Whether what was wanted has been reached, or has failed.
    pub fn is_settled(&self) -> bool {
        let has_failed = self.failure.is_some() || self.engine.has_failed();
        let settled = match self.goal {
            Goal::Run => has_failed || self.active().is_some(),
            Goal::Rest => self.is_at_rest() && self.engine.is_settled(),
        };
        settled && !self.stops
    }

    /// Whether no process of it is there.
    pub fn is_at_rest(&self) -> bool {
        self.engine.is_at_rest() && self.components.is_at_rest()
    }

    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// Why the last start came to nothing.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref().or(self.engine.failure())
    }
}
