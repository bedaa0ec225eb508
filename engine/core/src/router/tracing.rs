//! Traces: where the router tells the record what packets do, and the handlers that start, read and end it.
//!
//! Nothing here runs while no trace does: `carry`, `pull` and the drops ask one flag.

use super::{HandlerError, Router};
use crate::configure::ScopedNames;
use crate::element::{Batch, ElementId};
use crate::packet::Packet;
use crate::ports::flows;
use crate::trace::{Ending, Options, Start, Stop, Trace};
use std::collections::HashMap;

impl Router {
    /// Begins a trace with the keyword arguments in `text`.
    pub(super) fn start_trace(&mut self, text: &str) -> Result<(), HandlerError> {
        self.settle_trace();
        if self.is_tracing {
            return Err(HandlerError::Failed(
                "a trace is running already; it ends when its packets have gone their way, when \
                 nobody reads it any more, or when 'trace_stop' is written"
                    .to_string(),
            ));
        }
        let names = ScopedNames {
            from: "",
            elements: &self.graph.flat.elements,
            table: &self.graph.names,
        };
        let options = Options::parse(text, &names, self.environment.packet_tests)
            .map_err(HandlerError::Failed)?;
        if let Start::At(name) = &options.start
            && self.trace_element(name).is_none()
        {
            let problem = format!("AT: no element named '{name}'");
            return Err(HandlerError::Failed(problem));
        }
        let now = self.clock.refresh();
        let trace = Trace::new(options, self.trace.as_deref(), now);
        self.trace = Some(Box::new(trace));
        self.is_tracing = true;
        Ok(())
    }

    /// Ends the trace of that id; of any id when none is given. One that is over stays so.
    pub(super) fn stop_trace(&mut self, id: &str) -> Result<(), HandlerError> {
        self.settle_trace();
        let running = self.trace.as_mut().filter(|t| t.is_running());
        let Some(trace) = running else { return Ok(()) };
        if !id.is_empty() && id != trace.options.id {
            let problem = format!("the trace that runs is not '{id}'");
            return Err(HandlerError::Failed(problem));
        }
        trace.end(Ending::Stopped);
        self.settle_trace();
        Ok(())
    }

    /// The trace as JSON, with the hops that changed after the revision in `since`, if it is given.
    pub(super) fn read_trace(&mut self, since: &str) -> Result<String, HandlerError> {
        let since = match since.trim() {
            "" => 0,
            text => text.parse().map_err(|_| {
                HandlerError::Failed(format!(
                    "trace: '{text}' is no revision; a whole number is wanted"
                ))
            })?,
        };
        self.settle_trace();
        let now = self.clock.now();
        let told = self.trace.as_mut().map(|t| t.describe(since, now));
        let told = told.unwrap_or_else(|| serde_json::json!({"state": "off"}));
        Ok(told.to_string())
    }

    /// A packet has come into the graph by the running element, through which others go.
    #[inline]
    pub fn packet_enters(&mut self, packet: &mut Packet) {
        if self.is_tracing {
            self.pool.tag_as_new(packet);
        }
    }

    fn trace_element(&self, name: &str) -> Option<ElementId> {
        let found = self.graph.find(name);
        found.filter(|&id| id < self.graph.visible)
    }

    fn trace_stop_at(&self, id: ElementId) -> Stop {
        let node = &self.graph.nodes[id];
        Stop {
            name: node.name.clone(),
            class: node.class,
        }
    }

    /// Tells the record which packets are gone, and whether it is over.
    #[cold]
    #[inline(never)]
    pub(super) fn settle_trace(&mut self) {
        let now = self.clock.refresh();
        let Some(trace) = self.trace.as_mut() else {
            return;
        };
        for tag in self.pool.take_ended_tags() {
            trace.gone(tag, now);
        }
        trace.check_end();
        trace.check_lease(now);
        if self.is_tracing && !trace.is_running() {
            self.is_tracing = false;
            self.pool.forget_tags();
        }
    }

    /// After a hot swap: ends a trace whose element is gone.
    pub(super) fn retarget_trace(&mut self) {
        let at = self.trace.as_ref().and_then(|t| t.at().map(str::to_string));
        let Some(name) = at.filter(|name| self.trace_element(name).is_none()) else {
            return;
        };
        if let Some(trace) = &mut self.trace {
            trace.end(Ending::Removed(name));
        }
        self.settle_trace();
    }

    /// As the rest of [`Router::carry`], while a trace runs.
    #[cold]
    #[inline(never)]
    pub(super) fn carry_traced(&mut self) {
        self.settle_trace();
        self.trace_outputs(0, None);
        self.carry_emitted::<true, true>();
        self.settle_trace();
    }

    /// What was emitted from `first` on leaves its elements, and `rest` the element it comes from.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_outputs(
        &mut self,
        first: usize,
        rest: Option<(ElementId, usize, &mut Batch)>,
    ) {
        let mut emitted = self.emitted.split_off(first);
        let outputs = emitted.iter_mut().map(|e| (e.from, e.port, &mut e.batch));
        let mut outputs: Vec<(ElementId, usize, &mut Batch)> = outputs.chain(rest).collect();
        self.separate_copies(&mut outputs);
        for (from, port, batch) in outputs {
            self.trace_leaving(from, port, batch);
        }
        self.emitted.append(&mut emitted);
    }

    /// Gives each of several packets of one tag a branch of its own. The first keeps the tag, unless the element still
    /// has one of that tag.
    fn separate_copies(&mut self, outputs: &mut [(ElementId, usize, &mut Batch)]) {
        let Router { trace, pool, .. } = self;
        let Some(trace) = trace else { return };
        let mut leaving: HashMap<u32, usize> = HashMap::new();
        for packet in outputs.iter().flat_map(|(_, _, batch)| batch.iter()) {
            if let Some(tag) = pool.tag(packet) {
                *leaving.entry(tag).or_default() += 1;
            }
        }
        leaving.retain(|&tag, count| {
            // What is left is how many may keep the tag.
            let all = pool.tagged(tag);
            let is_one_of_several = all > 1;
            *count = usize::from(all == *count);
            is_one_of_several
        });
        for packet in outputs
            .iter_mut()
            .flat_map(|(_, _, batch)| batch.iter_mut())
        {
            let tag = pool.tag(packet);
            let Some((tag, keeps)) = tag.and_then(|t| leaving.get_mut(&t).map(|k| (t, k))) else {
                continue;
            };
            if *keeps > 0 {
                *keeps -= 1;
            } else if let Some(own) = trace.split(tag) {
                pool.set_tag(packet, own);
            }
        }
    }

    fn trace_leaving(&mut self, from: ElementId, port: usize, batch: &mut Batch) {
        let now = self.clock.refresh();
        let chooses = self.chooses_leaving(from, port);
        let by_entry = matches!(&self.trace, Some(t) if t.at().is_none());
        let stop = self.trace_stop_at(from);
        let Router { trace, pool, .. } = self;
        let Some(trace) = trace else { return };
        for packet in batch.iter_mut() {
            let is_new = pool.take_new(packet) && by_entry;
            let tag = match pool.tag(packet) {
                None if chooses || is_new => trace.consider(packet, pool),
                tag => tag,
            };
            if let Some(tag) = tag {
                trace.leave(tag, stop.clone(), port, (packet, pool), now);
            }
        }
    }

    /// Whether packets are chosen where they leave element `id` by output `port`: they can only have come into the
    /// graph there.
    fn chooses_leaving(&self, id: ElementId, port: usize) -> bool {
        let node = &self.graph.nodes[id];
        let is_entry = (0..node.inputs.len()).all(|i| !flows(node.class.flow, i, port));
        match self.trace.as_ref().filter(|t| t.is_choosing()) {
            Some(trace) => is_entry && trace.at().is_none_or(|name| *name == *node.name),
            None => false,
        }
    }

    /// `batch` arrives at element `id` by input `port`.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_arriving(&mut self, id: ElementId, port: usize, batch: &mut Batch) {
        let now = self.clock.refresh();
        let stop = self.trace_stop_at(id);
        let Router { trace, pool, .. } = self;
        let Some(trace) = trace else { return };
        let chooses = trace.is_choosing() && trace.at() == Some(&*stop.name);
        for packet in batch.iter_mut() {
            let tag = match pool.tag(packet) {
                None if chooses => trace.consider(packet, pool),
                tag => tag,
            };
            if let Some(tag) = tag {
                trace.arrive(tag, stop.clone(), port, (packet, pool), now);
            }
        }
    }

    /// `batch` was pulled from output `output` of element `from` into input `input` of the running one.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_pulled(
        &mut self,
        from: ElementId,
        output: usize,
        input: usize,
        batch: &mut Batch,
    ) {
        let first = self.emitted.len();
        self.trace_outputs(first, Some((from, output, batch)));
        self.trace_arriving(self.current, input, batch);
    }

    /// The running element drops `packets` for `reason`.
    #[cold]
    #[inline(never)]
    pub(super) fn trace_drops(&mut self, packets: &[Packet], reason: &'static str) {
        let now = self.clock.refresh();
        let stop = self.trace_stop_at(self.current);
        let Router { trace, pool, .. } = self;
        let Some(trace) = trace else { return };
        for tag in packets.iter().filter_map(|packet| pool.tag(packet)) {
            trace.dropped(tag, pool.tagged(tag), stop.clone(), reason, now);
        }
    }
}
