//! Components come to a running function, and go.

use super::Components;
use super::component::{Change, Component, Wanted};
use crate::cgroup::Limits;
use crate::spec::{self, Readiness, Spec};
use std::time::Instant;

/// How far a change has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    UnderWay,
    Done,
    /// It was undone.
    Refused(Vec<String>),
}

impl Components {
    /// Those a spec lists that are not here, or not any more.
    pub fn missing(&self, spec: &Spec) -> Vec<spec::Component> {
        let has = |key: &str| {
            let mut all = self.list.iter();
            all.any(|component| component.spec.key == key && !component.is_at_rest())
        };
        let listed = spec.components.iter();
        listed
            .filter(|component| !has(&component.key))
            .cloned()
            .collect()
    }

    /// Adds some to a running function, where the host's file system is to be seen.
    pub fn receive(&mut self, specs: &[spec::Component], limits: &mut Limits) {
        let comes = |component: &Component| specs.iter().any(|spec| spec.key == component.spec.key);
        self.list.retain(|component| !comes(component));
        self.add(specs, limits);
        let new = self.list.iter_mut().filter(|component| comes(component));
        new.for_each(|component| component.change = Some(Change::Comes));
    }

    /// Has those run that come.
    pub fn start_coming(&mut self) {
        for component in those(&mut self.list, Change::Comes) {
            component.start(Wanted::Attached, &self.launcher, &self.networks);
        }
    }

    /// Has those leave that a spec does not list.
    pub fn dismiss(&mut self, spec: &Spec, now: Instant) {
        let lists = |key: &str| spec.components.iter().any(|component| component.key == key);
        for component in &mut self.list {
            if !lists(&component.spec.key) {
                component.change = Some(Change::Goes);
                let knows = component.spec.ready == Readiness::Attach && !component.is_starting();
                component.leave(knows, now);
            }
        }
    }

    /// Those that come do not, and why.
    pub fn refuse(&mut self, errors: Vec<String>, now: Instant) {
        self.refused = errors;
        for component in those(&mut self.list, Change::Comes) {
            component.change = Some(Change::Goes);
            component.leave(false, now);
        }
    }

    /// Goes on with a change.
    pub fn change(&mut self, now: Instant, limits: &mut Limits) -> Progress {
        let errors = self.errors(Some(Change::Comes));
        if !errors.is_empty() {
            self.refuse(errors, now);
        }
        let is_under_way = |component: &Component| match component.change {
            Some(Change::Comes) => component.is_starting(),
            Some(Change::Goes) => !component.is_at_rest(),
            None => false,
        };
        if self.list.iter().any(is_under_way) {
            return Progress::UnderWay;
        }
        self.end_change(limits);
        match std::mem::take(&mut self.refused) {
            errors if errors.is_empty() => Progress::Done,
            errors => Progress::Refused(errors),
        }
    }

    fn end_change(&mut self, limits: &mut Limits) {
        let gone = |component: &Component| component.change == Some(Change::Goes);
        for component in self.list.iter().filter(|component| gone(component)) {
            limits.remove_of(&component.spec.key);
            self.rooms.remove(&component.spec.key);
        }
        self.list.retain(|component| !gone(component));
        for component in those(&mut self.list, Change::Comes) {
            component.change = None;
        }
    }
}

fn those(list: &mut [Component], change: Change) -> impl Iterator<Item = &mut Component> {
    let that = move |component: &&mut Component| component.change == Some(change);
    list.iter_mut().filter(that)
}
