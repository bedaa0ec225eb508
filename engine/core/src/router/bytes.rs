//! Bytes through every port, counted only while somebody looks.
//!
//! Whoever reads `stats` with `BYTES SECONDS` has them counted for so long, and longer by reading again. Nothing here
//! runs otherwise: `carry` and `pull` ask whether the graph has such counts.

use super::build::{Graph, Node};
use super::{HandlerError, Router};
use crate::clock::SECOND;
use crate::element::{Batch, ElementId};
use weft_lang::value::Seconds;
use weft_lang::{Args, NoNames};

/// How long bytes may be counted for one read of `stats`.
const LEASE: std::ops::RangeInclusive<u64> = SECOND..=86_400 * SECOND;

/// The counts of one element, by port.
#[derive(Clone)]
pub(super) struct PortBytes {
    pub inputs: Vec<u64>,
    pub outputs: Vec<u64>,
}

/// The counts of one graph, by element.
pub(super) struct ByteCounts {
    /// When counting began, in wall-clock time.
    pub since: u64,
    /// When it ends unless somebody looks again, in steady time.
    until: u64,
    ports: Vec<PortBytes>,
}

impl ByteCounts {
    /// Those of element `id`.
    pub(super) fn of(&self, id: ElementId) -> &PortBytes {
        &self.ports[id]
    }
}

fn none_yet(nodes: &[Node]) -> Vec<PortBytes> {
    let zeros = |node: &Node| PortBytes {
        inputs: vec![0; node.inputs.len()],
        outputs: vec![0; node.outputs.len()],
    };
    nodes.iter().map(zeros).collect()
}

/// How long the parameter of `stats` has bytes counted, if it does.
pub(super) fn parse_lease(text: &str) -> Result<Option<u64>, HandlerError> {
    let mut args = Args::new(text, &NoNames);
    let lease: Option<Seconds> = args.keyword_opt("BYTES");
    if lease.is_some_and(|lease| !LEASE.contains(&lease.0)) {
        args.argument_error("BYTES", "allowed: 1 s to 86400 s");
    }
    let read = args.complete().map(|()| lease.map(|lease| lease.0));
    read.map_err(|errors| HandlerError::Failed(errors.join("\n")))
}

impl Graph {
    /// Goes on with the counts that `old` has of elements of the same name, class and ports.
    pub(super) fn take_bytes(&mut self, old: &mut Graph) {
        let Some(mut counts) = old.bytes.take() else {
            return;
        };
        let mut ports = none_yet(&self.nodes);
        for (node, taken) in self.nodes.iter().zip(&mut ports) {
            let from = old.find(&node.name).filter(|&id| {
                let former = &old.nodes[id];
                (former.class.name, former.inputs.len(), former.outputs.len())
                    == (node.class.name, node.inputs.len(), node.outputs.len())
            });
            if let Some(id) = from {
                *taken = counts.ports[id].clone();
            }
        }
        counts.ports = ports;
        self.bytes = Some(counts);
    }

    /// `batch` leaves element `from` by output `port`, and arrives where that leads to.
    pub(super) fn count_pushed(&mut self, from: ElementId, port: usize, batch: &Batch) {
        let target = self.nodes[from].outputs.get(port).and_then(|o| o.target);
        self.count_bytes((from, port), target, batch);
    }

    fn count_bytes(
        &mut self,
        (from, output): (ElementId, usize),
        to: Option<(ElementId, usize)>,
        batch: &Batch,
    ) {
        let Some(counts) = &mut self.bytes else {
            return;
        };
        let bytes: usize = batch.iter().map(crate::Packet::len).sum();
        if let Some(sent) = counts.ports[from].outputs.get_mut(output) {
            *sent += bytes as u64;
        }
        if let Some((id, input)) = to
            && let Some(received) = counts.ports[id].inputs.get_mut(input)
        {
            *received += bytes as u64;
        }
    }
}

impl Router {
    /// Has bytes counted for `lease` nanoseconds from now on, or as long as others want it.
    pub(super) fn keep_counting_bytes(&mut self, lease: u64) {
        let until = self.clock.now().saturating_add(lease);
        let since = self.clock.timestamp();
        let nodes = &self.graph.nodes;
        let counts = self.graph.bytes.get_or_insert_with(|| {
            Box::new(ByteCounts {
                since,
                until,
                ports: none_yet(nodes),
            })
        });
        counts.until = counts.until.max(until);
    }

    /// Ends the count that nobody looks at any more.
    pub(super) fn settle_bytes(&mut self) {
        let now = self.clock.now();
        if self.graph.bytes.as_ref().is_some_and(|c| c.until <= now) {
            self.graph.bytes = None;
        }
    }

    /// As the rest of [`Router::carry`], while bytes are counted or a trace runs.
    #[cold]
    #[inline(never)]
    pub(super) fn carry_observed(&mut self) {
        self.settle_bytes();
        match (self.is_tracing, self.graph.bytes.is_some()) {
            (true, _) => self.carry_traced(),
            (false, true) => self.carry_emitted::<false, true>(),
            (false, false) => self.carry_emitted::<false, false>(),
        }
    }

    /// `batch` was pulled from output `output` of element `from` into input `input` of the running one.
    #[cold]
    #[inline(never)]
    pub(super) fn observe_pulled(
        &mut self,
        from: ElementId,
        output: usize,
        input: usize,
        batch: &mut Batch,
    ) {
        if self.is_tracing {
            self.trace_pulled(from, output, input, batch);
        }
        let to = (self.current, input);
        self.graph.count_bytes((from, output), Some(to), batch);
    }
}
