//! Hot swap: a new graph is built and initialized beside the running one, takes over state by
//! element name, and replaces it between two rounds of the driver. On an error the old one runs on.

use super::build::Node;
use super::values::Values;
use super::{BuildError, Graph, Router};
use crate::element::Element;

impl Router {
    /// Prepares `text` as the next graph; the driver switches to it before it runs anything else.
    ///
    /// # Errors
    /// Every problem of the new configuration; the running graph is untouched.
    pub fn hot_swap(&mut self, file: &str, text: &str) -> Result<(), BuildError> {
        self.hot_swap_with(file, text, self.values())
    }

    pub(super) fn hot_swap_with(
        &mut self,
        file: &str,
        text: &str,
        values: Values,
    ) -> Result<(), BuildError> {
        let outcome = self.prepare(file, text, values);
        if outcome.is_err() {
            self.note("new configuration refused");
        }
        outcome
    }

    fn prepare(&mut self, file: &str, text: &str, values: Values) -> Result<(), BuildError> {
        let new = self.configure_with(file, text, values)?;
        let running = std::mem::replace(&mut self.graph, new);
        let emitted = std::mem::take(&mut self.emitted);
        let work = std::mem::take(&mut self.work);
        self.predecessor = Some(running);
        let outcome = self.initialize();
        let running = self.predecessor.take().unwrap_or_default();
        let new = std::mem::replace(&mut self.graph, running);
        self.emitted = emitted;
        self.work = work;
        outcome?;
        if let Some(unused) = self.replacement.replace(new) {
            self.discard(unused);
        }
        self.begin_drain();
        Ok(())
    }

    /// Whether the running element's graph is being made to replace another.
    pub fn is_swapping(&self) -> bool {
        self.predecessor.is_some()
    }

    /// Whether a prepared graph waits to replace this one.
    pub fn is_swap_pending(&self) -> bool {
        self.replacement.is_some()
    }

    /// Whether the running element, being initialized, will take over the state of an element of
    /// the same name and class: it then leaves files and sockets to that one until it does.
    pub fn is_successor(&self) -> bool {
        self.predecessor_node().is_some()
    }

    /// As [`Router::is_successor`], and the element of the running graph is as `same` asks. One that
    /// is busy just now is taken to be.
    pub fn takes_over<T: Element>(&self, same: impl FnOnce(&T) -> bool) -> bool {
        self.predecessor_node().is_some_and(|node| {
            let element = node.element.as_deref().map(|e| e as &dyn std::any::Any);
            element.is_none_or(|e| e.downcast_ref::<T>().is_some_and(same))
        })
    }

    fn predecessor_node(&self) -> Option<&Node> {
        let node = &self.graph.nodes[self.current];
        let graph = self.predecessor.as_ref()?;
        let old = &graph.nodes[graph.find(&node.name)?];
        (old.class.name == node.class.name).then_some(old)
    }

    /// Switches to the prepared graph, if there is one.
    pub(super) fn apply_replacement(&mut self) {
        // What a handler has emitted that was called from outside goes by the graph it belongs to.
        self.carry();
        self.release_held();
        if !self.may_replace() {
            return;
        }
        let Some(new) = self.replacement.take() else {
            return;
        };
        let mut old = std::mem::replace(&mut self.graph, new);
        self.graph.take_bytes(&mut old);
        for id in 0..self.graph.nodes.len() {
            let Some(from) = old.find(&self.graph.nodes[id].name) else {
                continue;
            };
            let Some(mut state) = old.nodes[from].element.take() else {
                continue;
            };
            self.with_dyn(id, |element, router| {
                element.take_state(&mut *state, router)
            });
            old.nodes[from].element = Some(state);
        }
        self.discard(old);
        self.note("new configuration");
        self.retarget_trace();
        self.carry();
        self.await_outside();
        self.release_held();
    }

    /// Ends a graph that is not the running one.
    fn discard(&mut self, graph: Graph) {
        let running = std::mem::replace(&mut self.graph, graph);
        let emitted = std::mem::take(&mut self.emitted);
        let work = std::mem::take(&mut self.work);
        self.discard_graph();
        self.emitted = emitted;
        self.work = work;
        self.graph = running;
    }
}
