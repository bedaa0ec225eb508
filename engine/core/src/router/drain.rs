//! Before a new graph takes over, packets that are outside the engine come back; what sources bring meanwhile is held and
//! goes into the new graph first. So no packet overtakes another because the graph changed.

use super::{Emission, Router};
use crate::element::{Batch, ElementId};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long packets outside are waited for at most.
const LONGEST: Duration = Duration::from_millis(500);
/// Packets held at most; then sources wait.
const MOST_HELD: usize = 16_384;

struct Held {
    from: Rc<str>,
    port: usize,
    batch: Batch,
}

/// A graph that waits for its turn.
pub(super) struct Drain {
    until: Instant,
    held: Vec<Held>,
    count: usize,
}

impl Drain {
    pub(super) fn new() -> Self {
        Drain {
            until: Instant::now() + LONGEST,
            held: Vec::new(),
            count: 0,
        }
    }
}

impl Router {
    /// Whether a new graph is there and nothing stands in its way.
    pub(super) fn may_replace(&self) -> bool {
        let over = |drain: &Drain| Instant::now() >= drain.until;
        self.replacement.is_some() && (self.drain.as_ref().is_none_or(over) || self.is_drained())
    }

    fn is_drained(&self) -> bool {
        let elements = self.graph.nodes.iter().filter_map(|n| n.element.as_ref());
        elements.into_iter().all(|e| e.is_drained())
    }

    /// How long may be slept at most while packets outside are waited for.
    pub(super) fn drain_left(&self) -> Option<Duration> {
        let drain = self.drain.as_ref()?;
        Some(drain.until.saturating_duration_since(Instant::now()))
    }

    fn is_source(&self, id: ElementId) -> bool {
        let node = &self.graph.nodes[id];
        node.inputs.is_empty() && !node.outputs.is_empty()
    }

    /// Whether element `id` has to wait for the new graph: it brings packets, and as many as may be are held.
    #[inline]
    pub(super) fn is_paused(&self, id: ElementId) -> bool {
        self.drain
            .as_ref()
            .is_some_and(|drain| drain.count >= MOST_HELD && self.is_source(id))
    }

    /// Holds what element `id` has emitted, if it is a source and a new graph waits; true if so.
    #[inline]
    pub(super) fn hold_emissions(&mut self, id: ElementId) -> bool {
        if self.drain.is_none() || !self.is_source(id) {
            return false;
        }
        let Some(drain) = &mut self.drain else {
            return false;
        };
        for Emission { from, port, batch } in self.emitted.drain(..) {
            drain.count += batch.len();
            drain.held.push(Held {
                from: self.graph.nodes[from].name.clone(),
                port,
                batch,
            });
        }
        true
    }

    /// Sends what was held into the new graph.
    pub(super) fn release_held(&mut self) {
        let Some(drain) = self.drain.take() else {
            return;
        };
        for Held {
            from,
            port,
            mut batch,
        } in drain.held
        {
            match self.graph.find(&from) {
                Some(from) => {
                    self.emitted.push(Emission { from, port, batch });
                    self.carry();
                }
                None => self.pool.free_all(&mut batch),
            }
        }
    }

    /// Gives back what is held.
    pub(super) fn discard_held(&mut self) {
        for mut held in self.drain.take().into_iter().flat_map(|d| d.held) {
            self.pool.free_all(&mut held.batch);
        }
    }
}
