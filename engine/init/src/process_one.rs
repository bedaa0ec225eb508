//! The event loop of process 1. Idle, it sleeps without a timeout.

use crate::components::change::Progress;
use crate::failure::Failure;
use crate::function::Function;
use crate::journal::log;
use crate::namespaces;
use crate::orders::{ClientId, Order, Orders, Refusal, interest};
use crate::report::{Report, Said};
use crate::status::{Start, State, Status};
use crate::supervise::Goal;
use crate::sys::{descriptor, process};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// Entries for signals, the caller, and the engine's pipes.
const FIXED: usize = 4;
/// That of what the engine prints.
const OUTPUT: usize = 3;
/// Orders carried out between two looks at everything else.
const ORDERS_PER_TURN: usize = 32;
/// What process 1 listens to; everything else it ignores or dies of.
pub const SIGNALS: [i32; 4] = [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// Process 1 of a sandbox.
pub struct ProcessOne {
    /// Its number outside.
    pid: i32,
    function: Function,
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
    /// Who waits for a change of the components.
    change: Option<(ClientId, Order)>,
    written: Option<State>,
    /// Entries waited for that are the components'.
    components: usize,
}

impl ProcessOne {
    /// Makes what the components run in, reports the sandbox, and lets the outer process end.
    pub fn new(
        mut inner: namespaces::Inner,
        mut report: Report,
        signals: OwnedFd,
        mut function: Function,
        orders: Orders,
    ) -> Self {
        // Before the caller is told: where this fails, it has made nothing.
        let prepared = function.components.prepare();
        if prepared.is_ok() {
            report.sandbox(inner.pid);
        }
        inner.release_outer(u8::from(prepared.is_err()));
        let mut process = Self {
            pid: inner.pid,
            function,
            orders,
            signals,
            report: Some(report),
            start: Start::now(),
            booted: false,
            closing: false,
            failure: None,
            waiting: Vec::new(),
            change: None,
            written: None,
            components: 0,
        };
        if let Err(failure) = prepared {
            process.give_up(failure);
        }
        process
    }

    /// Runs until the function ends; gives the exit status.
    pub fn run(mut self) -> i32 {
        let mut entries = Vec::new();
        loop {
            self.publish();
            if self.closing && self.function.is_at_rest() {
                return self.end();
            }
            self.wait(&mut entries);
            self.function.engine.hear();
            if entries[OUTPUT].revents != 0 {
                self.function.engine.take_output(Instant::now());
            }
            let (components, orders) = entries[FIXED..].split_at(self.components);
            self.function.components.hear(components, Instant::now());
            self.orders.exchange(orders);
            self.take_signals();
            self.function.tick(Instant::now());
            self.hear_caller();
            self.carry_out_orders();
        }
    }

    /// The first entries are always there; a negative descriptor is passed over.
    fn wait(&mut self, entries: &mut Vec<libc::pollfd>) {
        let number = |fd: Option<i32>| interest(fd.unwrap_or(-1), libc::POLLIN);
        entries.clear();
        entries.push(interest(self.signals.as_raw_fd(), libc::POLLIN));
        entries.push(number(
            self.report
                .as_ref()
                .map(|report| report.as_fd().as_raw_fd()),
        ));
        let pipe = self.function.engine.pipe();
        entries.push(number(pipe.map(|pipe| pipe.as_raw_fd())));
        let output = self.function.engine.output();
        entries.push(number(output.map(|output| output.as_raw_fd())));
        self.function.components.interests(entries);
        self.components = entries.len() - FIXED;
        self.orders.interests(entries);
        let timeout = self
            .function
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
        while let Some((pid, end, spent)) = process::reap() {
            self.function.ended(pid, end, spent, Instant::now());
        }
    }

    fn hear_caller(&mut self) {
        let Some(report) = &mut self.report else {
            return;
        };
        match report.listen() {
            Said::Nothing => {}
            Said::Start => self.function.start(Instant::now()),
            Said::Rest => {
                self.booted = true;
                report.resting();
            }
            Said::Closed => {
                self.report = None;
                if !self.booted {
                    log("the caller went before the function ran");
                    self.close();
                }
            }
            Said::Nonsense(text) => {
                log(&format!(
                    "the caller said {text:?} where {{\"op\":\"start\"}} or {{\"op\":\"rest\"}} is wanted"
                ));
                if !self.booted {
                    let error = format!(
                        "{text:?} on the report socket; allowed: {{\"op\":\"start\"}}, {{\"op\":\"rest\"}}"
                    );
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
                    let status = Status::of(&mut self.function, self.pid, &self.start);
                    self.orders.answer(client, &status);
                    continue;
                }
                Order::Shutdown => self.close(),
                _ if self.closing => {
                    self.orders
                        .answer(client, &Refusal::new("the function is shutting down"));
                    continue;
                }
                Order::Stop => self.function.stop(now),
                Order::Start => self.function.start(now),
                Order::Restart => self.function.restart(now),
                Order::Reload | Order::Settle => {
                    self.begin_change(client, order);
                    continue;
                }
            }
            self.waiting.push((client, order));
            self.answer_settled();
        }
    }

    fn begin_change(&mut self, client: ClientId, order: Order) {
        let now = Instant::now();
        let begun = match (order, self.change) {
            // What was to come goes: a reload is called off.
            (Order::Settle, None | Some((_, Order::Reload))) => self.function.settle(now),
            (_, None) => self.function.reload(now),
            _ => Err(vec![
                "another change is under way; wait for its answer".to_string(),
            ]),
        };
        match begun {
            Ok(()) => {
                if let Some((former, _)) = self.change.replace((client, order)) {
                    let refusal = Refusal::new("a later order was carried out instead");
                    self.orders.answer(former, &refusal);
                }
            }
            Err(errors) => self.orders.answer(client, &Refusal::new(errors.join("\n"))),
        }
    }

    fn answer_change(&mut self) {
        let Some((client, _)) = self.change else {
            return;
        };
        match self.function.change(Instant::now()) {
            Progress::UnderWay => return,
            Progress::Done => {
                let status = Status::of(&mut self.function, self.pid, &self.start);
                self.orders.answer(client, &status);
            }
            Progress::Refused(errors) => {
                self.orders.answer(client, &Refusal::new(errors.join("\n")))
            }
        }
        self.change = None;
    }

    fn close(&mut self) {
        self.closing = true;
        self.function.stop(Instant::now());
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
        self.answer_change();
        self.answer_settled();
        let state = State::of(&mut self.function, self.pid, &self.start);
        if !self.closing && self.written.as_ref() != Some(&state) {
            let text = serde_json::to_string(&state).unwrap_or_default() + "\n";
            if let Err(error) = self.function.engine.folder().write_state(&text) {
                log(&format!("cannot write state.json: {error}"));
            }
            self.written = Some(state);
        }
    }

    fn publish_boot(&mut self) {
        if let Some((_, outside)) = self.function.active() {
            self.booted = true;
            if let Some(report) = &mut self.report {
                report.running(outside);
            }
        } else if let Some(failure) = self.function.failure().cloned() {
            self.give_up(failure);
        }
    }

    fn answer_settled(&mut self) {
        if !self.function.is_settled() || self.waiting.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        for (client, order) in waiting {
            match self.refusal(order) {
                _ if order == Order::Shutdown => self.waiting.push((client, order)),
                Some(refusal) => self.orders.answer(client, &refusal),
                None => {
                    let status = Status::of(&mut self.function, self.pid, &self.start);
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
        if goal != self.function.goal() {
            return Some(Refusal::new("a later order was carried out instead"));
        }
        match self.function.failure() {
            Some(failure) if goal == Goal::Run => Some(Refusal::new(failure.errors.join("\n"))),
            _ => None,
        }
    }

    /// Ends everything that still runs inside, and removes what lies outside.
    fn clean(&mut self) {
        process::kill(-1, libc::SIGKILL);
        process::wait_for_all();
        self.function.clear();
        self.function.engine.limits().remove();
        self.function.engine.folder().clear();
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
