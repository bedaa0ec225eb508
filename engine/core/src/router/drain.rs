//! Before a new graph takes over, packets that are outside the engine come back; what sources bring meanwhile, and until
//! what is outside is ready for the new graph's packets, is held and goes into the new graph first. So no packet overtakes
//! another because the graph changed, and none comes too early.

use super::{Emission, Router};
use crate::element::{Batch, ElementId};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long packets outside are waited for at most.
const LONGEST: Duration = Duration::from_millis(500);
/// How long what is to take new ones is then: if it fails, there is time to go back to the former graph.
const LONGEST_AFTER: Duration = Duration::from_secs(5);
/// Packets held at most; then sources wait.
const MOST_HELD: usize = 16_384;

struct Held {
    from: Rc<str>,
    port: usize,
    batch: Batch,
}

/// A graph that waits for its turn, or has it and is about to get its packets.
pub(super) struct Drain {
    until: Instant,
    is_replaced: bool,
    held: VecDeque<Held>,
    count: usize,
}

impl Drain {
    pub(super) fn new() -> Self {
        Drain {
            until: Instant::now() + LONGEST,
            is_replaced: false,
            held: VecDeque::new(),
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

    /// Waits anew for packets that are outside: a further graph is there.
    pub(super) fn begin_drain(&mut self) {
        let drain = self.drain.get_or_insert_with(Drain::new);
        drain.until = Instant::now() + LONGEST;
        drain.is_replaced = false;
    }

    /// The new graph has taken over; its packets wait until it is ready for them.
    pub(super) fn await_outside(&mut self) {
        if let Some(drain) = &mut self.drain {
            drain.until = Instant::now() + LONGEST_AFTER;
            drain.is_replaced = true;
        }
    }

    /// Whether packets are held, or were, for a graph that is ready for them.
    pub(super) fn may_release(&self) -> bool {
        let Some(drain) = self.drain.as_ref().filter(|drain| drain.is_replaced) else {
            return false;
        };
        let mut elements = self.graph.nodes.iter().filter_map(|n| n.element.as_ref());
        Instant::now() >= drain.until
            || !(elements.any(|e| e.is_awaiting())
                || drain
                    .held
                    .front()
                    .is_some_and(|held| self.room_for(held) == 0))
    }

    /// How many packets everything that they might be stored in has room for.
    fn room_for(&self, held: &Held) -> usize {
        let from = self.graph.find(&held.from);
        let stores = from.map_or(&[][..], |id| &self.graph.nodes[id].stores);
        let rooms = stores.iter().map(|&store| self.graph.nodes[store].room);
        rooms.min().unwrap_or(usize::MAX)
    }

    /// The packets that were held first, of one emission, as far as there is room for them.
    fn take_held(&mut self) -> Option<Held> {
        let room = self.room_for(self.drain.as_ref()?.held.front()?);
        let drain = self.drain.as_mut()?;
        let is_over = Instant::now() >= drain.until;
        let first = drain.held.front_mut()?;
        let count = if is_over { usize::MAX } else { room };
        let taken = if first.batch.len() <= count {
            drain.held.pop_front()?
        } else {
            Held {
                from: first.from.clone(),
                port: first.port,
                batch: first.batch.drain(..count).collect(),
            }
        };
        drain.count -= taken.batch.len();
        Some(taken)
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
            drain.held.push_back(Held {
                from: self.graph.nodes[from].name.clone(),
                port,
                batch,
            });
        }
        true
    }

    /// Sends what is held into the new graph, as far as there is room for it.
    pub(super) fn release_held(&mut self) {
        while self.may_release() {
            let Some(Held {
                from,
                port,
                mut batch,
            }) = self.take_held()
            else {
                self.drain = None;
                return;
            };
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
