//! The event loop of process 1. Idle, it sleeps without a timeout.

use crate::failure::Failure;
use crate::orders::{ClientId, Order, Orders, Refusal, interest};
use crate::report::{Report, Said};
use crate::status::{Start, State, Status};
use crate::supervise::{Goal, Supervisor};
use crate::sys::{descriptor, process};
use crate::{log, namespaces};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// Orders carried out between two looks at everything else.
const ORDERS_PER_TURN: usize = 32;
/// What process 1 listens to; everything else it ignores or dies of.
pub const SIGNALS: [i32; 4] = [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// Process 1 of a sandbox.
pub struct ProcessOne {
    /// Its number outside.
    pid: i32,
    supervisor: Supervisor,
    orders: Orders,
    signals: OwnedFd,
    /// The caller, until it closes the socket.
    report: Option<Report>,
    start: Start,
    /// Whether the function has run.
    booted: bool,
    closing: bool,
    /// Why the function did not start.
    failure: Option<Failure>,
    waiting: Vec<(ClientId, Order)>,
    written: Option<State>,
}

impl ProcessOne {
    /// Reports the sandbox, and lets the outer process end.
    pub fn new(
        mut inner: namespaces::Inner,
        mut report: Report,
        signals: OwnedFd,
        supervisor: Supervisor,
        orders: Orders,
    ) -> Self {
        report.sandbox(inner.pid);
        inner.release_outer(0);
        Self {
            pid: inner.pid,
            supervisor,
            orders,
            signals,
            report: Some(report),
            start: Start::now(),
            booted: false,
            closing: false,
            failure: None,
            waiting: Vec::new(),
            written: None,
        }
    }

    /// Runs until the function ends; gives the exit status.
    pub fn run(mut self) -> i32 {
        let mut entries = Vec::new();
        loop {
            self.publish();
            if self.closing && self.supervisor.is_at_rest() {
                return self.end();
            }
            self.wait(&mut entries);
            self.take_signals();
            self.supervisor.hear();
            self.supervisor.tick(Instant::now());
            self.hear_caller();
            self.orders.exchange(&entries[3..]);
            self.carry_out_orders();
        }
    }

    /// The first three entries are always there; a negative descriptor is passed over.
    fn wait(&mut self, entries: &mut Vec<libc::pollfd>) {
        let number = |fd: Option<i32>| interest(fd.unwrap_or(-1), libc::POLLIN);
        entries.clear();
        entries.push(interest(self.signals.as_raw_fd(), libc::POLLIN));
        entries.push(number(
            self.report
                .as_ref()
                .map(|report| report.as_fd().as_raw_fd()),
        ));
        entries.push(number(
            self.supervisor.ready_pipe().map(|pipe| pipe.as_raw_fd()),
        ));
        self.orders.interests(entries);
        let timeout = self
            .supervisor
            .due()
            .map(|due| due.saturating_duration_since(Instant::now()));
        let timeout = if self.orders.has_more() {
            Some(Duration::ZERO)
        } else {
            timeout
        };
        if let Err(error) = descriptor::poll(entries, timeout) {
            log(&format!("cannot wait for events: {error}"));
            process::exit_now(1);
        }
    }

    fn take_signals(&mut self) {
        while let Some(signal) = descriptor::read_signal(self.signals.as_fd()) {
            if signal != libc::SIGCHLD {
                log(&format!("shutting down on signal {signal}"));
                self.close();
            }
        }
        while let Some((pid, end)) = process::reap() {
            self.supervisor.ended(pid, end, Instant::now());
        }
    }

    fn hear_caller(&mut self) {
        let Some(report) = &mut self.report else {
            return;
        };
        match report.listen() {
            Said::Nothing => {}
            Said::Start => self.supervisor.start(Instant::now()),
            Said::Closed => {
                self.report = None;
                if !self.booted {
                    log("the caller went before the function ran");
                    self.close();
                }
            }
            Said::Nonsense(text) => {
                log(&format!(
                    "the caller said {text:?} where {{\"op\":\"start\"}} is wanted"
                ));
                if !self.booted {
                    let error =
                        format!("{text:?} on the report socket; allowed: {{\"op\":\"start\"}}");
                    self.give_up(Failure::new("caller", error));
                }
            }
        }
    }

    fn carry_out_orders(&mut self) {
        for _ in 0..ORDERS_PER_TURN {
            let Some((client, order)) = self.orders.take() else {
                return;
            };
            let now = Instant::now();
            match order {
                Order::Status => {
                    let status = Status::of(&mut self.supervisor, self.pid, &self.start);
                    self.orders.answer(client, &status);
                    continue;
                }
                Order::Shutdown => self.close(),
                _ if self.closing => {
                    self.orders
                        .answer(client, &Refusal::new("the function is shutting down"));
                    continue;
                }
                Order::Stop => self.supervisor.stop(now),
                Order::Start => self.supervisor.start(now),
                Order::Restart => self.supervisor.restart(now),
            }
            self.waiting.push((client, order));
            self.answer_settled();
        }
    }

    fn close(&mut self) {
        self.closing = true;
        self.supervisor.stop(Instant::now());
    }

    fn give_up(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.close();
    }

    /// Tells whoever is to know what has changed.
    fn publish(&mut self) {
        if !self.booted && !self.closing {
            self.publish_boot();
        }
        self.answer_settled();
        let state = State::of(&mut self.supervisor, self.pid, &self.start);
        if !self.closing && self.written.as_ref() != Some(&state) {
            let text = serde_json::to_string(&state).unwrap_or_default() + "\n";
            if let Err(error) = self.supervisor.folder().write_state(&text) {
                log(&format!("cannot write state.json: {error}"));
            }
            self.written = Some(state);
        }
    }

    fn publish_boot(&mut self) {
        if let Some((_, outside)) = self.supervisor.active() {
            self.booted = true;
            if let Some(report) = &mut self.report {
                report.running(outside);
            }
        } else if let Some(failure) = self.supervisor.failure().cloned() {
            self.give_up(failure);
        }
    }

    fn answer_settled(&mut self) {
        if !self.supervisor.is_settled() || self.waiting.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        for (client, order) in waiting {
            match self.refusal(order) {
                _ if order == Order::Shutdown => self.waiting.push((client, order)),
                Some(refusal) => self.orders.answer(client, &refusal),
                None => {
                    let status = Status::of(&mut self.supervisor, self.pid, &self.start);
                    self.orders.answer(client, &status);
                }
            }
        }
    }

    fn refusal(&self, order: Order) -> Option<Refusal> {
        let goal = if order == Order::Stop {
            Goal::Rest
        } else {
            Goal::Run
        };
        if goal != self.supervisor.goal() {
            return Some(Refusal::new("a later order was carried out instead"));
        }
        match self.supervisor.failure() {
            Some(failure) if goal == Goal::Run => Some(Refusal::new(failure.errors.join("\n"))),
            _ => None,
        }
    }

    /// Ends everything that still runs inside, and removes what lies outside.
    fn clean(&mut self) {
        process::kill(-1, libc::SIGKILL);
        process::wait_for_all();
        self.supervisor.limits().remove();
        self.supervisor.folder().clear();
    }

    fn end(mut self) -> i32 {
        self.clean();
        for (client, order) in std::mem::take(&mut self.waiting) {
            match order {
                Order::Shutdown => self.orders.answer(client, &Done { ok: true }),
                _ => self
                    .orders
                    .answer(client, &Refusal::new("the function is shutting down")),
            }
        }
        if !self.booted {
            self.report_failure();
        }
        i32::from(!self.booted)
    }

    fn report_failure(&mut self) {
        let shut_down = || Failure::new("caller", "shut down before the function ran");
        let failure = self.failure.take().unwrap_or_else(shut_down);
        if let Some(report) = &mut self.report {
            report.failed(&failure);
        }
    }
}

#[derive(serde::Serialize)]
struct Done {
    ok: bool,
}
