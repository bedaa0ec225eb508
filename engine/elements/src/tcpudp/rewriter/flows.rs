//! A bounded set of flows with their expiries.
//!
//! Each flow waits in one of two queues, as in Click: while its guarantee lasts in one, ordered by
//! the guarantee's end; afterwards in the other, ordered by expiry. A packet only notes the time in
//! its flow; the queues catch up when an entry is due, so that a packet costs no queue operation.

use super::flow::{Flow, FlowId};
use super::table::{Place, Table};
use super::timeouts::Timeouts;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When, and number of the flow.
type Queue = BinaryHeap<Reverse<(u64, u32)>>;

/// The flows of one rewriter.
pub(crate) struct Flows {
    pub(crate) table: Table,
    pub(crate) capacity: usize,
    guaranteed: Queue,
    best_effort: Queue,
    /// By input: flows that packets of that input began.
    counts: Vec<usize>,
}

impl Flows {
    pub(crate) fn new(seed: u64, capacity: usize, inputs: usize) -> Self {
        Flows {
            table: Table::new(seed),
            capacity,
            guaranteed: Queue::new(),
            best_effort: Queue::new(),
            counts: vec![0; inputs],
        }
    }

    /// Number of flows that packets of `input` began.
    pub(crate) fn count(&self, input: usize) -> usize {
        self.counts.get(input).copied().unwrap_or(0)
    }

    /// Number of flows.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Sets the number of inputs anew.
    pub(crate) fn set_inputs(&mut self, inputs: usize) {
        self.counts = vec![0; inputs];
        for (_, flow) in self.table.iter() {
            if let Some(count) = self.counts.get_mut(usize::from(flow.input)) {
                *count += 1;
            }
        }
    }

    /// Whether a reply from whom `rewritten` is sent to would be taken for another flow's.
    pub(crate) fn is_taken(&self, rewritten: FlowId, protocol: u8) -> bool {
        self.table.lookup(rewritten.reverse(), protocol).is_some()
    }

    /// Adds a flow used at `now`; one with the same reply goes. `None` when the set is full of
    /// flows that are guaranteed to stay, or that all expire later than this one, which is not.
    pub(crate) fn add(&mut self, mut flow: Flow, now: u64, timeouts: &Timeouts) -> Option<u32> {
        if let Some(Place { flow: old, .. }) = self.table.lookup(flow.ids[1], flow.protocol) {
            self.remove(old);
        }
        flow.used = now;
        while self.len() >= self.capacity {
            let victim = self.victim(now, timeouts)?;
            if timeouts.guaranteed_until(&flow) <= now
                && timeouts.expiry(&flow) < timeouts.expiry(self.table.flow(victim))
            {
                self.enqueue(victim, now, timeouts);
                return None;
            }
            self.remove(victim);
        }
        let input = usize::from(flow.input);
        let number = self.table.insert(flow)?;
        if let Some(count) = self.counts.get_mut(input) {
            *count += 1;
        }
        self.enqueue(number, now, timeouts);
        Some(number)
    }

    /// Removes a flow.
    pub(crate) fn remove(&mut self, number: u32) {
        let Some(flow) = self.table.remove(number) else {
            return;
        };
        if let Some(count) = self.counts.get_mut(usize::from(flow.input)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Removes all flows.
    pub(crate) fn clear(&mut self) {
        let all: Vec<u32> = self.table.iter().map(|(number, _)| number).collect();
        all.into_iter().for_each(|number| self.remove(number));
        self.guaranteed.clear();
        self.best_effort.clear();
    }

    /// Removes the flows with outputs that are not among the first `outputs`.
    pub(crate) fn retain_outputs(&mut self, outputs: usize) {
        let beyond = |flow: &Flow| flow.outputs.iter().any(|o| usize::from(*o) >= outputs);
        let gone: Vec<u32> = self
            .table
            .iter()
            .filter(|(_, flow)| beyond(flow))
            .map(|(number, _)| number)
            .collect();
        gone.into_iter().for_each(|number| self.remove(number));
    }

    /// Removes the flows that have expired, and those beyond the capacity.
    pub(crate) fn reap(&mut self, now: u64, timeouts: &Timeouts) {
        self.end_guarantees(now, timeouts);
        while let Some(number) = self.next_to_expire(now, timeouts) {
            if timeouts.expiry(self.table.flow(number)) > now {
                self.enqueue(number, now, timeouts);
                break;
            }
            self.remove(number);
        }
        while self.len() > self.capacity {
            let victim = self.victim(now, timeouts);
            let Some(number) = victim.or_else(|| self.pop_guaranteed()) else {
                break;
            };
            self.remove(number);
        }
    }

    /// The flow's expiry came nearer: its entry in the queue would be late.
    pub(crate) fn hasten(&mut self, number: u32, timeouts: &Timeouts) {
        let flow = self.table.flow_mut(number);
        let expiry = timeouts.expiry(flow);
        if !flow.in_guarantee && expiry < flow.queued {
            flow.queued = expiry;
            self.best_effort.push(Reverse((expiry, number)));
        }
    }

    fn enqueue(&mut self, number: u32, now: u64, timeouts: &Timeouts) {
        let flow = self.table.flow_mut(number);
        let until = timeouts.guaranteed_until(flow);
        flow.in_guarantee = until > now;
        if flow.in_guarantee {
            flow.queued = until;
            self.guaranteed.push(Reverse((until, number)));
        } else {
            flow.queued = timeouts.expiry(flow);
            self.best_effort.push(Reverse((flow.queued, number)));
        }
    }

    /// Whether an entry of a queue is the one its flow waits in.
    fn is_current(&self, (due, number): (u64, u32), guaranteed: bool) -> bool {
        let flow = self.table.flow(number);
        flow.protocol != 0 && flow.queued == due && flow.in_guarantee == guaranteed
    }

    /// Moves flows whose guarantee has ended to the other queue.
    fn end_guarantees(&mut self, now: u64, timeouts: &Timeouts) {
        while let Some(Reverse(entry)) = self.guaranteed.peek().copied() {
            if entry.0 > now {
                break;
            }
            self.guaranteed.pop();
            if self.is_current(entry, true) {
                self.enqueue(entry.1, now, timeouts);
            }
        }
    }

    /// Takes the flow that expires first out of its queue, unless it is guaranteed.
    fn next_to_expire(&mut self, now: u64, timeouts: &Timeouts) -> Option<u32> {
        while let Some(Reverse(entry)) = self.best_effort.pop() {
            if !self.is_current(entry, false) {
                continue;
            }
            let flow = self.table.flow(entry.1);
            if timeouts.guaranteed_until(flow) <= now && timeouts.expiry(flow) <= entry.0 {
                return Some(entry.1);
            }
            self.enqueue(entry.1, now, timeouts);
        }
        None
    }

    /// The flow to remove to make room.
    fn victim(&mut self, now: u64, timeouts: &Timeouts) -> Option<u32> {
        self.end_guarantees(now, timeouts);
        self.next_to_expire(now, timeouts)
    }

    fn pop_guaranteed(&mut self) -> Option<u32> {
        while let Some(Reverse(entry)) = self.guaranteed.pop() {
            if self.is_current(entry, true) {
                return Some(entry.1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeouts::Times;
    use super::*;
    use std::sync::LazyLock;

    static TIMEOUTS: LazyLock<Timeouts> = LazyLock::new(|| TIMES.into());
    const TIMES: Times = Times {
        tcp: 1000,
        tcp_no_data: 300,
        tcp_done: 50,
        tcp_guarantee: 5,
        udp: 100,
        udp_streaming: 100,
        udp_guarantee: 5,
    };

    fn flow(port: u16, protocol: u8) -> Flow {
        let id = FlowId::new(1, port, 2, 80);
        Flow::new(protocol, id, id.with_source(9), [0, 0], 0)
    }

    fn ports(flows: &Flows) -> Vec<u16> {
        let mut ports: Vec<u16> = flows
            .table
            .iter()
            .map(|(_, f)| f.ids[0].source_port())
            .collect();
        ports.sort_unstable();
        ports
    }

    #[test]
    fn flows_expire_after_their_last_packet() {
        let mut flows = Flows::new(1, 10, 1);
        let first = flows.add(flow(1, 17), 0, &TIMEOUTS).unwrap();
        flows.add(flow(2, 17), 0, &TIMEOUTS);
        flows.table.flow_mut(first).used = 60;
        flows.reap(99, &TIMEOUTS);
        assert_eq!(ports(&flows), [1, 2]);
        flows.reap(100, &TIMEOUTS);
        assert_eq!(ports(&flows), [1]);
        flows.reap(159, &TIMEOUTS);
        assert_eq!((ports(&flows), flows.count(0)), (vec![1], 1));
        flows.reap(160, &TIMEOUTS);
        assert_eq!((flows.len(), flows.count(0)), (0, 0));
    }

    #[test]
    fn room_is_made_by_removing_what_expires_first_but_not_what_is_guaranteed() {
        let mut flows = Flows::new(1, 2, 1);
        flows.add(flow(1, 6), 0, &TIMEOUTS);
        flows.add(flow(2, 17), 1, &TIMEOUTS);
        assert_eq!(flows.add(flow(3, 17), 4, &TIMEOUTS), None);
        assert_eq!(ports(&flows), [1, 2]);
        assert!(flows.add(flow(3, 17), 5, &TIMEOUTS).is_some());
        assert_eq!(ports(&flows), [2, 3]);
        assert!(flows.add(flow(4, 17), 40, &TIMEOUTS).is_some());
        assert_eq!(ports(&flows), [3, 4]);
    }

    #[test]
    fn a_flow_without_guarantee_makes_no_room_by_removing_what_expires_later() {
        let none = Times {
            tcp_guarantee: 0,
            udp_guarantee: 0,
            ..TIMES
        };
        let timeouts = Timeouts::from(none);
        let mut flows = Flows::new(1, 1, 1);
        let first = flows.add(flow(1, 6), 0, &timeouts).unwrap();
        assert_eq!(flows.add(flow(2, 17), 10, &timeouts), None);
        assert_eq!(flows.add(flow(2, 17), 199, &timeouts), None);
        assert_eq!((ports(&flows), flows.table.flow(first).used), (vec![1], 0));
        assert!(flows.add(flow(2, 17), 200, &timeouts).is_some());
        assert_eq!(ports(&flows), [2]);
    }

    #[test]
    fn an_expiry_that_comes_nearer_is_kept() {
        let mut flows = Flows::new(1, 10, 1);
        let number = flows.add(flow(1, 6), 0, &TIMEOUTS).unwrap();
        flows.reap(10, &TIMEOUTS);
        let seen = flows.table.flow_mut(number);
        (seen.seen, seen.used) = (3, 20);
        flows.hasten(number, &TIMEOUTS);
        flows.reap(69, &TIMEOUTS);
        assert_eq!(flows.len(), 1);
        flows.reap(70, &TIMEOUTS);
        assert_eq!(flows.len(), 0);
    }

    #[test]
    fn a_smaller_capacity_removes_even_what_is_guaranteed() {
        let mut flows = Flows::new(1, 10, 1);
        for port in 0..4 {
            flows.add(flow(port, 17), 0, &TIMEOUTS);
        }
        flows.capacity = 1;
        flows.reap(1, &TIMEOUTS);
        assert_eq!(flows.len(), 1);
        flows.clear();
        assert_eq!(flows.len(), 0);
    }

    #[test]
    fn a_flow_with_the_same_reply_takes_the_place_of_the_older() {
        let mut flows = Flows::new(1, 10, 1);
        flows.add(flow(1, 6), 0, &TIMEOUTS);
        let other = FlowId::new(7, 1, 2, 80);
        flows.add(
            Flow::new(6, other, other.with_source(9), [0, 0], 0),
            0,
            &TIMEOUTS,
        );
        assert_eq!(flows.len(), 1);
        assert!(flows.table.lookup(other, 6).is_some());
    }
}
