//! How packets get from element to element: emissions are carried over a work list, never by recursion.

use super::{Emission, Router};
use crate::element::{Batch, ElementId};

impl Router {
    /// Carries all emitted packets, in order and depth first, until each is stored or gone.
    pub(super) fn carry(&mut self) {
        if self.is_observed() {
            return self.carry_observed();
        }
        self.carry_emitted::<false, false>();
    }

    /// What is emitted, carried to the end of its way. While a trace runs (`TRACED`), or bytes are counted (`BYTES`),
    /// it is another instance that does so.
    #[inline]
    pub(super) fn carry_emitted<const TRACED: bool, const BYTES: bool>(&mut self) {
        if self.emitted.is_empty() {
            return;
        }
        self.hops_left = self.graph.hop_limit;
        self.stack_emissions(0);
        while let Some(Emission { from, port, batch }) = self.work.pop() {
            self.carry_batch::<TRACED, BYTES>(from, port, batch);
        }
    }

    /// Moves emissions from `first` on to the work stack, the earliest on top.
    #[inline]
    fn stack_emissions(&mut self, first: usize) {
        while self.emitted.len() > first {
            if let Some(emission) = self.emitted.pop() {
                self.work.push(emission);
            }
        }
    }

    /// Carries one batch along output 0s until it is used up or splits.
    fn carry_batch<const TRACED: bool, const BYTES: bool>(
        &mut self,
        mut from: ElementId,
        mut port: usize,
        mut batch: Batch,
    ) {
        loop {
            if BYTES {
                self.graph.count_pushed(from, port, &batch);
            }
            let node = &mut self.graph.nodes[from];
            node.counters.sent(port, batch.len());
            let Some((id, input)) = node.outputs.get(port).and_then(|o| o.target) else {
                self.current = from;
                self.drop_all(&mut batch, "unconnected");
                self.recycle(batch);
                return;
            };
            if TRACED {
                self.trace_arriving(id, input, &mut batch);
            }
            let node = &mut self.graph.nodes[id];
            node.counters.received(input, batch.len());
            self.hops_left = self.hops_left.saturating_sub(1);
            let taken = if self.hops_left > 0 {
                node.element.take()
            } else {
                None
            };
            let Some(mut element) = taken else {
                self.current = id;
                self.drop_all(&mut batch, "loop");
                self.recycle(batch);
                return;
            };
            let first = self.emitted.len();
            let outer = self.enter(id);
            element.push(input, &mut batch, self);
            self.leave(outer);
            self.graph.nodes[id].element = Some(element);
            if TRACED {
                self.trace_outputs(first, Some((id, 0, &mut batch)));
            }
            if self.emitted.len() > first {
                if !batch.is_empty() {
                    self.work.push(Emission {
                        from: id,
                        port: 0,
                        batch,
                    });
                }
                self.stack_emissions(first);
                return;
            }
            if batch.is_empty() {
                self.recycle(batch);
                return;
            }
            (from, port) = (id, 0);
        }
    }
}
