//! Hot swap: a new graph is built and initialized beside the running one, takes over state by
//! element name, and replaces it between two rounds of the driver. On an error the old one runs on.

use super::{BuildError, Graph, Router};

impl Router {
    /// Prepares `text` as the next graph; the driver switches to it before it runs anything else.
    ///
    /// # Errors
    /// Every problem of the new configuration; the running graph is untouched.
    pub fn hot_swap(&mut self, file: &str, text: &str) -> Result<(), BuildError> {
        let outcome = self.prepare(file, text);
        if outcome.is_err() {
            self.note("new configuration refused");
        }
        outcome
    }

    fn prepare(&mut self, file: &str, text: &str) -> Result<(), BuildError> {
        let new = self.configure(file, text)?;
        let running = std::mem::replace(&mut self.graph, new);
        let emitted = std::mem::take(&mut self.emitted);
        let work = std::mem::take(&mut self.work);
        self.successors_of = Some(names_and_classes(&running));
        let outcome = self.initialize();
        self.successors_of = None;
        let new = std::mem::replace(&mut self.graph, running);
        self.emitted = emitted;
        self.work = work;
        outcome?;
        if let Some(unused) = self.replacement.replace(new) {
            self.discard(unused);
        }
        Ok(())
    }

    /// Whether a prepared graph waits to replace this one.
    pub fn is_swap_pending(&self) -> bool {
        self.replacement.is_some()
    }

    /// Whether the running element, being initialized, will take over the state of an element of
    /// the same name and class: it then leaves files and sockets to that one until it does.
    pub fn is_successor(&self) -> bool {
        let node = &self.graph.nodes[self.current];
        let known =
            |(name, class): &(String, &str)| *name == *node.name && *class == node.class.name;
        self.successors_of
            .as_ref()
            .is_some_and(|all| all.iter().any(known))
    }

    /// Switches to the prepared graph, if there is one.
    pub(super) fn apply_replacement(&mut self) {
        let Some(new) = self.replacement.take() else {
            return;
        };
        let mut old = std::mem::replace(&mut self.graph, new);
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
        self.carry();
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

fn names_and_classes(graph: &Graph) -> Vec<(String, &'static str)> {
    graph
        .nodes
        .iter()
        .map(|n| (n.name.to_string(), n.class.name))
        .collect()
}
