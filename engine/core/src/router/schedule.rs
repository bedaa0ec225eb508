//! Tasks: stride scheduling, as Click does it. Every task has tickets; the one with the lowest pass
//! runs, and its pass grows by its stride, so that tasks run in proportion to their tickets.

use super::Router;
use crate::element::{ElementId, Task};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Stride of a task with one ticket.
const STRIDE_ONE: u64 = 1 << 16;
/// Tickets of a task nobody gave any (ScheduleInfo's 1).
pub(super) const DEFAULT_TICKETS: u64 = 1024;
/// The most tickets a task can have.
const MAX_TICKETS: u64 = 1 << 15;

#[derive(Clone)]
struct State {
    scheduled: bool,
    running: bool,
    tickets: u64,
    pass: u64,
    home_thread: i32,
}

/// The tasks of one graph.
#[derive(Default)]
pub(super) struct Tasks {
    states: Vec<State>,
    queue: BinaryHeap<Reverse<(u64, u64, ElementId)>>,
    pass: u64,
    sequence: u64,
}

impl Tasks {
    pub(super) fn new(elements: usize) -> Self {
        let idle = State {
            scheduled: false,
            running: false,
            tickets: DEFAULT_TICKETS,
            pass: 0,
            home_thread: 0,
        };
        Tasks {
            states: vec![idle; elements],
            ..Tasks::default()
        }
    }

    pub(super) fn set_tickets(&mut self, id: ElementId, tickets: u64) {
        self.states[id].tickets = tickets.clamp(1, MAX_TICKETS);
    }

    pub(super) fn tickets(&self, id: ElementId) -> u64 {
        self.states[id].tickets
    }

    pub(super) fn is_scheduled(&self, id: ElementId) -> bool {
        self.states[id].scheduled
    }

    #[inline]
    fn schedule(&mut self, id: ElementId) {
        let state = &mut self.states[id];
        if state.scheduled {
            return;
        }
        state.scheduled = true;
        if !state.running {
            state.pass = self.pass + STRIDE_ONE * DEFAULT_TICKETS / state.tickets;
            self.enqueue(id);
        }
    }

    fn unschedule(&mut self, id: ElementId) {
        self.states[id].scheduled = false;
        if !self.states[id].running {
            self.queue.retain(|Reverse((_, _, other))| *other != id);
        }
    }

    #[inline]
    fn enqueue(&mut self, id: ElementId) {
        self.sequence += 1;
        self.queue
            .push(Reverse((self.states[id].pass, self.sequence, id)));
    }

    /// Takes the task that is due next.
    #[inline]
    fn begin(&mut self) -> Option<ElementId> {
        let Reverse((pass, _, id)) = self.queue.pop()?;
        self.pass = pass;
        self.states[id].running = true;
        self.states[id].scheduled = false;
        Some(id)
    }

    #[inline]
    fn end(&mut self, id: ElementId, outcome: Task) {
        let state = &mut self.states[id];
        state.running = false;
        if outcome == Task::Again || state.scheduled {
            state.scheduled = true;
            state.pass += STRIDE_ONE * DEFAULT_TICKETS / state.tickets;
            self.enqueue(id);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }
}

impl Router {
    /// Schedules the task of the running element.
    pub fn schedule(&mut self) {
        self.graph.tasks.schedule(self.current);
    }

    /// Has the task of the running element scheduled whenever the last packet of an origin is gone
    /// (see [`crate::Pool::set_origin`]).
    pub fn keep_origins(&mut self) {
        self.graph.origin_keeper = Some(self.current);
    }

    #[inline]
    pub(super) fn tell_origin_keeper(&mut self) {
        if self.pool.has_ended_origins()
            && let Some(id) = self.graph.origin_keeper
        {
            self.graph.tasks.schedule(id);
        }
    }

    /// Schedules the task of element `id`.
    pub fn schedule_element(&mut self, id: ElementId) {
        self.graph.tasks.schedule(id);
    }

    /// Takes the task of the running element off the schedule.
    pub fn unschedule(&mut self) {
        self.graph.tasks.unschedule(self.current);
    }

    /// Whether the task of the running element is scheduled.
    pub fn is_scheduled(&self) -> bool {
        self.graph.tasks.is_scheduled(self.current)
    }

    /// The most tickets a task can have.
    pub const MAX_TICKETS: u64 = MAX_TICKETS;

    /// Gives the task of element `id` as many tickets (1 to 32,768; the default is 1,024).
    pub fn set_tickets(&mut self, id: ElementId, tickets: u64) {
        self.graph.tasks.set_tickets(id, tickets);
    }

    /// Tickets of the task of element `id`.
    pub fn tickets(&self, id: ElementId) -> u64 {
        self.graph.tasks.tickets(id)
    }

    /// The thread the task of element `id` belongs to; -1: none, it does not run.
    pub fn home_thread(&self, id: ElementId) -> i32 {
        self.graph.tasks.states[id].home_thread
    }

    /// Says which thread the task of element `id` belongs to. All tasks run on one thread today.
    pub fn set_home_thread(&mut self, id: ElementId, thread: i32) {
        self.graph.tasks.states[id].home_thread = thread;
    }

    /// Schedules the tasks that pull, directly or through others, from the running element.
    #[inline]
    pub fn wake_pullers(&mut self) {
        let Graph { nodes, tasks, .. } = &mut self.graph;
        for &id in &nodes[self.current].pullers {
            tasks.schedule(id);
        }
    }

    /// Schedules the tasks that push, directly or through others, into the running element.
    #[inline]
    pub fn wake_pushers(&mut self) {
        let Graph { nodes, tasks, .. } = &mut self.graph;
        for &id in &nodes[self.current].pushers {
            tasks.schedule(id);
        }
    }

    /// Whether no task is scheduled but, perhaps, the one that is running.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.graph.tasks.is_idle()
    }

    /// Whether no other task is scheduled and no store lies downstream of the running element: then
    /// nobody can tell a source that emits many packets at once from one that emits them one by one.
    #[inline]
    pub fn runs_alone(&self) -> bool {
        self.graph.tasks.is_idle() && self.graph.nodes[self.current].stores.is_empty()
    }

    /// Runs the task that is due next. False when none is scheduled.
    #[inline]
    pub(super) fn run_one_task(&mut self) -> bool {
        let Some(id) = self.graph.tasks.begin() else {
            return false;
        };
        if self.is_paused(id) {
            self.graph.tasks.end(id, Task::Again);
            return true;
        }
        let outcome = self.call(id, |element, router| element.run_task(router));
        self.graph.tasks.end(id, outcome.unwrap_or(Task::Sleep));
        true
    }
}

use super::Graph;
