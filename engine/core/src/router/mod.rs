//! The running graph: carries batches between elements, runs tasks and timers, serves handlers.

mod access;
mod build;
mod bytes;
mod carry;
mod check;
mod counters;
mod deferred;
mod drain;
mod drive;
mod events;
mod flow;
mod globals;
mod handlers;
mod hotswap;
mod report;
mod schedule;
mod timers;
mod tracing;
mod values;
mod watch;

pub use access::Access;
pub use build::{BuildError, Graph};
pub use counters::REASON_NO_BUFFER;
pub use deferred::{Answer, DeferredCall, Ticket};
pub use globals::PACKAGES;
pub use handlers::HandlerError;
pub use watch::Interest;

use crate::clock::Clock;
use crate::configure::Environment;
use crate::console::Console;
use crate::element::{Batch, Class, Element, ElementId, MAX_BATCH};
use crate::handler_call::HandlerCall;
use crate::packet::Packet;
use crate::pool::Pool;
use crate::random::Random;
use crate::region::Region;
use crate::trace::Trace;
use std::rc::Rc;

/// Packets an element has handed on that are still to be carried to its neighbour.
struct Emission {
    from: ElementId,
    port: usize,
    batch: Batch,
}

/// An engine's graph and everything it runs with.
///
/// The graph can be replaced while the rest stays (hot swap): frames, clock and cells belong to the
/// router, elements and their schedule to the [`Graph`].
pub struct Router {
    /// Frames.
    pub pool: Pool,
    /// Time.
    pub clock: Clock,
    /// Random numbers.
    pub random: Random,
    /// Where messages go.
    pub console: Console,
    /// Warnings of the last write to a `config` handler.
    remarks: Vec<String>,
    /// What the engine was started with.
    pub environment: Rc<Environment>,
    region: Region,
    graph: Graph,
    replacement: Option<Graph>,
    /// The running graph, while one that is to replace it is being initialized.
    predecessor: Option<Graph>,
    current: ElementId,
    emitted: Vec<Emission>,
    first_emission: usize,
    keep_order: bool,
    hops_left: u64,
    work: Vec<Emission>,
    spare: Vec<Batch>,
    events: events::Events,
    later: Vec<HandlerCall>,
    /// Calls of handlers that are answered later.
    deferred: deferred::Deferred,
    /// There while a new graph waits for packets outside the engine.
    drain: Option<drain::Drain>,
    /// The last trace.
    trace: Option<Box<Trace>>,
    /// Whether it is running.
    is_tracing: bool,
}

impl Router {
    // ---- what elements call -----------------------------------------------------------------

    /// Hands `packet` on from output `port` of the running element.
    #[inline]
    pub fn emit(&mut self, port: usize, packet: Packet) {
        let from = self.current;
        let open = &mut self.emitted[self.first_emission..];
        if let Some(last) = open.last_mut() {
            if last.port == port && last.from == from && last.batch.len() < MAX_BATCH {
                last.batch.push(packet);
                return;
            }
            if !self.keep_order {
                let same = |e: &&mut Emission| {
                    e.port == port && e.from == from && e.batch.len() < MAX_BATCH
                };
                if let Some(emission) = open.iter_mut().find(same) {
                    emission.batch.push(packet);
                    return;
                }
            }
        }
        let mut batch = self.new_batch();
        batch.push(packet);
        self.emitted.push(Emission { from, port, batch });
    }

    /// Hands a whole batch on from output `port` of the running element.
    #[inline]
    pub fn emit_batch(&mut self, port: usize, batch: Batch) {
        if batch.is_empty() {
            self.recycle(batch);
            return;
        }
        self.emitted.push(Emission {
            from: self.current,
            port,
            batch,
        });
    }

    /// Whether packets for different outputs of the running element must leave in the order they
    /// came in, because they can meet again downstream.
    #[inline]
    pub fn keeps_order(&self) -> bool {
        self.keep_order
    }

    /// Sends each packet of `batch` to the output `choose` names. Order is kept between outputs
    /// whose packets can meet again downstream.
    #[inline]
    pub fn route(&mut self, batch: &mut Batch, mut choose: impl FnMut(&Packet, &Pool) -> usize) {
        for packet in batch.drain(..) {
            let port = choose(&packet, &self.pool);
            self.emit(port, packet);
        }
    }

    /// Looks at each packet of `batch`: those `judge` keeps stay (for output 0), the others are
    /// dropped for the reason it gives, or leave by another output where that is connected.
    #[inline]
    pub fn filter(
        &mut self,
        batch: &mut Batch,
        mut judge: impl FnMut(&mut Packet, &mut Router) -> Verdict,
    ) {
        // One call of `judge`, so that it is compiled into this loop.
        let mut kept = 0;
        for index in 0..batch.len() {
            match judge(&mut batch[index], self) {
                Verdict::Keep => {
                    if kept != index {
                        batch.swap(kept, index);
                    }
                    kept += 1;
                }
                verdict => kept = self.dispose(batch, index, kept, verdict),
            }
        }
        batch.truncate(kept);
    }

    /// Does with the packet at `index` what `verdict` says; the `kept` packets at the front stay, or
    /// go before it where order can be seen. Gives how many are kept then. The descriptor left
    /// behind in the batch is a dead copy.
    #[inline(never)]
    fn dispose(&mut self, batch: &mut Batch, index: usize, kept: usize, verdict: Verdict) -> usize {
        let packet = batch[index].copy_descriptor();
        match verdict {
            Verdict::Keep => {}
            Verdict::Drop(reason) => self.drop_packet(packet, reason),
            Verdict::Emit(port, reason) => {
                if self.keep_order && kept > 0 && self.is_connected(port) {
                    let mut before = self.new_batch();
                    before.extend(batch[..kept].iter().map(Packet::copy_descriptor));
                    self.emit_batch(0, before);
                    self.emit(port, packet);
                    self.count_reason(reason, 1);
                    return 0;
                }
                self.emit_or_drop(port, packet, reason);
            }
        }
        kept
    }

    /// Whether output `port` of the running element is connected to a push input.
    #[inline]
    pub fn is_connected(&self, port: usize) -> bool {
        self.graph.nodes[self.current]
            .outputs
            .get(port)
            .is_some_and(|o| o.target.is_some())
    }

    /// Hands `packet` on from output `port` when that is connected, else drops it for `reason`.
    #[inline]
    pub fn emit_or_drop(&mut self, port: usize, packet: Packet, reason: &'static str) {
        if self.is_connected(port) {
            self.count_reason(reason, 1);
            self.emit(port, packet);
        } else {
            self.drop_packet(packet, reason);
        }
    }

    /// Pulls at most `max` packets from whatever is connected to input `port` of the running
    /// element.
    pub fn pull(&mut self, port: usize, max: usize) -> Batch {
        let source = self.graph.nodes[self.current]
            .inputs
            .get(port)
            .and_then(|i| i.source);
        let Some((id, output)) = source else {
            return Batch::new();
        };
        let Some(mut element) = self.graph.nodes[id].element.take() else {
            return Batch::new();
        };
        let outer = self.enter(id);
        let mut batch = element.pull(output, max.min(MAX_BATCH), self);
        self.leave(outer);
        if self.is_observed() {
            self.observe_pulled(id, output, port, &mut batch);
        }
        let node = &mut self.graph.nodes[id];
        node.element = Some(element);
        node.counters.sent(output, batch.len());
        self.graph.nodes[self.current]
            .counters
            .received(port, batch.len());
        batch
    }

    /// An empty batch, its memory reused.
    #[inline]
    pub fn new_batch(&mut self) -> Batch {
        self.spare.pop().unwrap_or_else(|| Vec::with_capacity(64))
    }

    /// Keeps the memory of an empty batch for [`Router::new_batch`].
    #[inline]
    pub fn recycle(&mut self, batch: Batch) {
        debug_assert!(batch.is_empty());
        if batch.capacity() > 0 && self.spare.len() < 32 {
            self.spare.push(batch);
        }
    }

    /// Index of the element that is running.
    pub fn current(&self) -> ElementId {
        self.current
    }

    /// Class of element `id`.
    pub fn class(&self, id: ElementId) -> &'static Class {
        self.graph.nodes[id].class
    }

    /// Number of elements in the graph, without those added to it unseen.
    pub fn element_count(&self) -> usize {
        self.graph.visible
    }

    /// Name of element `id`.
    pub fn name(&self, id: ElementId) -> &str {
        &self.graph.nodes[id].name
    }

    /// Name of the running element.
    pub fn own_name(&self) -> Rc<str> {
        self.graph.nodes[self.current].name.clone()
    }

    /// Name and class of the running element, as messages give them: `name :: Class`.
    pub fn declaration(&self) -> String {
        let node = &self.graph.nodes[self.current];
        format!("{} :: {}", node.name, node.class.name)
    }

    /// The names the running element can use in the texts its handlers get.
    pub fn names(&self) -> impl weft_lang::Names + '_ {
        crate::configure::ScopedNames {
            from: &self.graph.nodes[self.current].name,
            elements: &self.graph.flat.elements,
            table: &self.graph.names,
        }
    }

    /// Number of inputs of the running element.
    pub fn inputs(&self) -> usize {
        self.graph.nodes[self.current].inputs.len()
    }

    /// Number of outputs of the running element.
    pub fn outputs(&self) -> usize {
        self.graph.nodes[self.current].outputs.len()
    }

    /// Whether output `port` of the running element is a push output.
    pub fn output_is_push(&self, port: usize) -> bool {
        use crate::ports::Processing;
        let node = &self.graph.nodes[self.current];
        node.outputs
            .get(port)
            .is_some_and(|o| o.processing == Processing::Push)
    }

    /// Whether input `port` of the running element is a pull input.
    pub fn input_is_pull(&self, port: usize) -> bool {
        use crate::ports::Processing;
        let node = &self.graph.nodes[self.current];
        node.inputs
            .get(port)
            .is_some_and(|i| i.processing == Processing::Pull)
    }

    /// Cells called `what` of the running element: they keep their values by the element's name,
    /// through hot swap and a restart of the engine.
    pub fn cells(&mut self, what: &str, count: usize) -> crate::Cells {
        let node = &self.graph.nodes[self.current];
        let key = format!("{} {} {what}", node.class.name, node.name);
        self.region.cells(&key, count)
    }

    /// Whether an earlier engine's cells were found: counters and queues go on from there.
    pub fn is_recovered(&self) -> bool {
        self.region.is_recovered()
    }

    /// Calls `with` on element `id` when it is of type `T` and not busy.
    pub fn with_element<T: Element, R>(
        &mut self,
        id: ElementId,
        with: impl FnOnce(&mut T, &mut Router) -> R,
    ) -> Option<R> {
        self.with_dyn(id, |element, router| {
            let any = element as &mut dyn std::any::Any;
            any.downcast_mut::<T>().map(|e| with(e, router))
        })
        .flatten()
    }

    // ---- the machinery ----------------------------------------------------------------------

    /// Whether a trace runs or bytes are counted: what hands packets on asks this and no more.
    #[inline]
    fn is_observed(&self) -> bool {
        self.is_tracing | self.graph.bytes.is_some()
    }

    /// Makes `id` the running element; what it returns restores the one before.
    #[inline]
    fn enter(&mut self, id: ElementId) -> (ElementId, usize, bool) {
        let outer = (self.current, self.first_emission, self.keep_order);
        self.current = id;
        self.first_emission = self.emitted.len();
        self.keep_order = self.graph.nodes[id].keep_order;
        outer
    }

    #[inline]
    fn leave(&mut self, outer: (ElementId, usize, bool)) {
        (self.current, self.first_emission, self.keep_order) = outer;
    }

    /// Calls `with` on element `id` as the running element; `None` when it is busy. What it emits
    /// stays in `emitted` for the outermost caller.
    fn with_dyn<R>(
        &mut self,
        id: ElementId,
        with: impl FnOnce(&mut dyn Element, &mut Router) -> R,
    ) -> Option<R> {
        let mut element = self.graph.nodes.get_mut(id)?.element.take()?;
        let outer = self.enter(id);
        let result = with(&mut *element, self);
        self.leave(outer);
        self.graph.nodes[id].element = Some(element);
        Some(result)
    }

    /// Calls `with` on element `id` and carries what it emits to the end of its way.
    fn call<R>(
        &mut self,
        id: ElementId,
        with: impl FnOnce(&mut dyn Element, &mut Router) -> R,
    ) -> Option<R> {
        let result = self.with_dyn(id, with);
        if !self.hold_emissions(id) {
            self.carry();
        }
        if !self.later.is_empty() {
            self.write_postponed();
        }
        result
    }

    /// Has `call` written when what runs now has ended and all its packets are carried.
    pub(crate) fn write_later(&mut self, call: HandlerCall) {
        self.later.push(call);
    }

    #[cold]
    fn write_postponed(&mut self) {
        for call in std::mem::take(&mut self.later) {
            if let Err(error) = call.write(self) {
                self.console.line(&error.to_string());
            }
        }
        self.carry();
    }
}

/// What [`Router::filter`] does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays in the batch.
    Keep,
    /// It is dropped, for this reason.
    Drop(&'static str),
    /// It leaves by this output, or is dropped for this reason where that is not connected.
    Emit(usize, &'static str),
}
