//! The driver: tasks, timers and descriptors in turn, asleep when there is nothing to do.

use super::Router;
use crate::interrupt::{is_interrupted, wake_descriptor};
use std::time::{Duration, Instant};

/// Task runs between two looks at the clock.
const RUNS_PER_ROUND: usize = 32;
/// Rounds of busy tasks between two looks at the descriptors.
const ROUNDS_PER_POLL: usize = 8;
/// Steps that a script may take without going on, when more stops were requested than it waits for.
const STEPS_PER_STOP: usize = 1000;

impl Router {
    /// Runs the graph until it is asked to stop and nobody (DriverManager) keeps it running.
    pub fn run(&mut self) {
        self.run_until(None);
    }

    /// As [`Router::run`], but for at most `limit` of real time, however time goes for the graph.
    /// True when the graph has stopped, false when there is more to run.
    pub fn run_within(&mut self, limit: Duration) -> bool {
        self.run_until(Instant::now().checked_add(limit))
    }

    fn run_until(&mut self, deadline: Option<Instant>) -> bool {
        let is_over = || deadline.is_some_and(|d| Instant::now() >= d);
        loop {
            self.run_until_stopping(deadline);
            if is_interrupted() {
                // Scripts come to their end without waiting for anything.
                self.stop_at_once();
            }
            if !self.graph.is_stopping() && is_over() {
                return false;
            }
            if !self.resume() {
                break;
            }
        }
        true
    }

    /// Asks the elements whether to go on after stops were requested. They take one at a time.
    fn resume(&mut self) -> bool {
        for _ in 0..STEPS_PER_STOP {
            let requested = self.graph.run_count;
            for id in 0..self.graph.nodes.len() {
                if self.call(id, |element, router| element.stopping(router)) == Some(true) {
                    self.graph.run_count = self.graph.run_count.max(1);
                    return true;
                }
            }
            if self.graph.run_count == requested {
                break;
            }
        }
        false
    }

    fn run_until_stopping(&mut self, deadline: Option<Instant>) {
        let mut round = 0;
        while !self.graph.is_stopping() && !is_interrupted() {
            let left = deadline.map(|d| d.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            self.apply_replacement();
            self.clock.refresh();
            self.run_timers();
            for _ in 0..RUNS_PER_ROUND {
                if self.graph.is_stopping() || !self.run_one_task() {
                    break;
                }
            }
            if self.graph.is_stopping() || self.may_replace() || self.may_release() {
                continue;
            }
            self.tell_origin_keeper();
            if self.graph.tasks.is_idle() {
                self.wait(left.into_iter().chain(self.drain_left()).min());
            } else if round % ROUNDS_PER_POLL == 0 && !self.graph.watches.is_empty() {
                self.run_watches(Some(Duration::ZERO));
            }
            round += 1;
        }
    }

    /// Sleeps until a descriptor is ready or a timer expires, but not longer than `most`. Virtual time jumps there instead.
    fn wait(&mut self, most: Option<Duration>) {
        if let Some(fd) = wake_descriptor() {
            self.graph.watches.set_wake(fd);
        }
        let next = self.graph.timers.next();
        let timeout = match (next, self.clock.is_virtual()) {
            (Some(at), true) => {
                self.clock.advance_to(at);
                Some(Duration::ZERO)
            }
            (Some(at), false) => Some(Duration::from_nanos(
                at.saturating_sub(self.clock.refresh()),
            )),
            (None, _) => None,
        };
        // None is less than any time, but means for good.
        self.run_watches(timeout.into_iter().chain(most).min());
    }

    /// Runs what is due now, without waiting: for tests and callers with a loop of their own.
    /// Gives the number of task runs.
    pub fn run_for(&mut self, most_task_runs: usize) -> usize {
        self.apply_replacement();
        self.clock.refresh();
        self.run_timers();
        let mut runs = 0;
        while runs < most_task_runs && !self.graph.is_stopping() && self.run_one_task() {
            runs += 1;
        }
        self.run_watches(Some(Duration::ZERO));
        runs
    }

    /// Asks the driver to stop (Click's `please_stop_driver`).
    pub fn request_stop(&mut self) {
        self.graph.run_count = self.graph.run_count.saturating_sub(1);
    }

    /// Stops the driver whatever others asked for.
    pub fn stop_at_once(&mut self) {
        self.graph.run_count = i64::MIN / 2;
    }

    /// How many stop requests are still to come before the driver stops.
    pub fn run_count(&self) -> i64 {
        self.graph.run_count
    }

    /// Sets [`Router::run_count`].
    pub fn set_run_count(&mut self, count: i64) {
        self.graph.run_count = count;
    }

    /// Whether the driver has been asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.graph.is_stopping()
    }
}
