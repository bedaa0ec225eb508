//! Handlers: every element's own, those all elements have, and the global ones.

use super::access::{ANY, COMMON, list};
use super::{Router, report};
use crate::configure::{Configure, ScopedNames, find_scoped};
use crate::element::{Element, ElementId};
use crate::handler::{Call, Handler};
use crate::ports::Processing;
use std::fmt;

/// Why a handler call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerError {
    /// There is no such element.
    NoElement(String),
    /// The element, or the router, has no such handler.
    NoHandler(String),
    /// The handler cannot be read.
    NotReadable(String),
    /// The handler cannot be written.
    NotWritable(String),
    /// The handler takes no parameter.
    NoParameter(String),
    /// The answer comes later, and whoever calls cannot wait for it.
    Deferred(String),
    /// The element is in the middle of something that led to this call.
    Busy(String),
    /// The handler said no.
    Failed(String),
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandlerError::NoElement(name) => write!(f, "No element named '{name}'"),
            HandlerError::NoHandler(name) => write!(f, "No handler named '{name}'"),
            HandlerError::NotReadable(name) => write!(f, "Handler '{name}' write-only"),
            HandlerError::NotWritable(name) => write!(f, "Handler '{name}' read-only"),
            HandlerError::NoParameter(name) => {
                write!(f, "read handler '{name}' does not take parameters")
            }
            HandlerError::Deferred(name) => write!(
                f,
                "handler '{name}' is answered by a component in its own time; call it through a ControlSocket"
            ),
            HandlerError::Busy(name) => write!(f, "'{name}' is busy"),
            HandlerError::Failed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for HandlerError {}

/// "element" and "handler" of a full handler name; no element for a global one.
pub(super) fn split(target: &str) -> (Option<&str>, &str) {
    match target.split_once('.') {
        Some((element, handler)) => (Some(element), handler),
        None => (None, target),
    }
}

impl Router {
    /// Index of the element called `name`.
    pub fn find_element(&self, name: &str) -> Option<ElementId> {
        self.graph.find(name)
    }

    /// Index of the element that `name` means to the running element.
    pub fn find_from_here(&self, name: &str) -> Option<ElementId> {
        let here = self
            .graph
            .flat
            .elements
            .get(self.current)
            .map_or("", |e| e.name.as_str());
        find_scoped(&self.graph.flat.elements, here, name)
    }

    /// Reads handler `target` ("element.handler", or a global one) with parameter `text`.
    ///
    /// # Errors
    /// When there is no such readable handler, or it fails.
    pub fn read_handler(&mut self, target: &str, text: &str) -> Result<String, HandlerError> {
        let (element, handler) = split(target);
        match element {
            None | Some("") => self.read_global(handler, text),
            Some(name) => {
                let id = self.lookup(name)?;
                self.read_element(id, handler, text)
            }
        }
    }

    /// Writes `text` to handler `target`.
    ///
    /// # Errors
    /// When there is no such writable handler, or it refuses the value: then nothing has changed.
    pub fn write_handler(&mut self, target: &str, text: &str) -> Result<(), HandlerError> {
        let (element, handler) = split(target);
        match element {
            None => self.write_global(handler, text),
            Some("") => self.write_global(handler, text),
            Some(name) => {
                let id = self.lookup(name)?;
                self.write_element(id, handler, text)
            }
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Result<ElementId, HandlerError> {
        let found = self
            .find_from_here(name)
            .or_else(|| self.find_element(name));
        found.ok_or_else(|| HandlerError::NoElement(name.to_string()))
    }

    /// What the class or the element itself declares of handler `name` of element `id`; nothing for
    /// those that every element has.
    pub fn own_handler(&self, id: ElementId, name: &str) -> Option<&'static Handler> {
        let node = &self.graph.nodes[id];
        let fixed = node.class.handlers.iter().find(|h| h.name == name);
        fixed.or_else(|| {
            let more = node.element.as_ref()?.more_handlers();
            let found = |wanted: &str| more.iter().find(|(n, _)| n == wanted).map(|(_, h)| *h);
            let common = || COMMON.contains(&name);
            found(name).or_else(|| found(ANY).filter(|_| !common()))
        })
    }

    /// Reads handler `handler` of element `id`.
    ///
    /// # Errors
    /// As [`Router::read_handler`].
    pub fn read_element(
        &mut self,
        id: ElementId,
        handler: &str,
        text: &str,
    ) -> Result<String, HandlerError> {
        let full = || format!("{}.{handler}", self.graph.nodes[id].name);
        let Some(own) = self.own_handler(id, handler) else {
            return self.read_common(id, handler);
        };
        let read = own.read.ok_or_else(|| HandlerError::NotReadable(full()))?;
        if own.deferred {
            return Err(HandlerError::Deferred(full()));
        }
        if !text.is_empty() && !own.takes_parameter {
            return Err(HandlerError::NoParameter(full()));
        }
        if own.callable {
            own.check(text).map_err(HandlerError::Failed)?;
        }
        let busy = HandlerError::Busy(self.graph.nodes[id].name.to_string());
        let call = Call { handler, text };
        let outcome = self.with_dyn(id, |element, router| read(element, call, router));
        outcome.ok_or(busy)?.map_err(HandlerError::Failed)
    }

    /// Writes handler `handler` of element `id`.
    ///
    /// # Errors
    /// As [`Router::write_handler`].
    pub fn write_element(
        &mut self,
        id: ElementId,
        handler: &str,
        text: &str,
    ) -> Result<(), HandlerError> {
        let full = || format!("{}.{handler}", self.graph.nodes[id].name);
        let Some(own) = self.own_handler(id, handler) else {
            return match handler {
                "config" if self.graph.nodes[id].class.live => self.reconfigure(id, text),
                name if COMMON.contains(&name) => Err(HandlerError::NotWritable(full())),
                name => Err(HandlerError::NoHandler(name.to_string())),
            };
        };
        let write = own.write.ok_or_else(|| HandlerError::NotWritable(full()))?;
        if own.deferred {
            return Err(HandlerError::Deferred(full()));
        }
        own.check(text).map_err(HandlerError::Failed)?;
        let busy = HandlerError::Busy(self.graph.nodes[id].name.to_string());
        let call = Call { handler, text };
        let outcome = self.with_dyn(id, |element, router| write(element, call, router));
        outcome.ok_or(busy)?.map_err(HandlerError::Failed)
    }

    fn read_common(&mut self, id: ElementId, handler: &str) -> Result<String, HandlerError> {
        let node = &self.graph.nodes[id];
        let lines = |counts: Vec<u64>| counts.iter().map(|c| format!("{c}\n")).collect();
        Ok(match handler {
            "class" => node.class.name.to_string(),
            "name" => node.name.to_string(),
            "config" => self.current_config(id),
            "ports" => report::ports(&self.graph, id),
            "handlers" => list(&self.handlers_of(id)),
            "icounts" => lines(node.counters.inputs()),
            "ocounts" => lines(node.counters.outputs()),
            "drops" => node
                .counters
                .drops()
                .map(|(r, n)| format!("{r} {n}\n"))
                .collect(),
            name => return Err(HandlerError::NoHandler(name.to_string())),
        })
    }

    /// The configuration of element `id` as it stands.
    pub(super) fn current_config(&self, id: ElementId) -> String {
        let node = &self.graph.nodes[id];
        let changed = node.element.as_ref().and_then(|e| e.configuration());
        changed.unwrap_or_else(|| node.config.clone())
    }

    /// Changes one argument in the running element's configuration string, as handlers that stand for an
    /// argument do.
    pub fn set_argument(&mut self, place: usize, name: &str, value: &str) {
        let node = &mut self.graph.nodes[self.current];
        node.config = weft_lang::replace_argument(&node.config, place, name, value);
        self.graph.flat.elements[self.current].config = node.config.clone();
    }

    /// Makes element `id` anew from `config`, its state taken over; on error the old one stays.
    fn reconfigure(&mut self, id: ElementId, config: &str) -> Result<(), HandlerError> {
        let flat = self.graph.flat.clone();
        let classes: Vec<_> = self.graph.nodes.iter().map(|n| n.class).collect();
        let table = self.graph.names.clone();
        let environment = self.environment.clone();
        let name = flat.elements[id].name.clone();
        let node = &self.graph.nodes[id];
        let input_kinds: Vec<Processing> = node.inputs.iter().map(|i| i.processing).collect();
        let output_kinds: Vec<Processing> = node.outputs.iter().map(|o| o.processing).collect();
        let mut configure = Configure {
            name: &name,
            config,
            id,
            inputs: input_kinds.len(),
            outputs: output_kinds.len(),
            input_kinds: &input_kinds,
            output_kinds: &output_kinds,
            landmark: &flat.elements[id].landmark,
            environment: &environment,
            elements: &flat.elements,
            classes: &classes,
            table: &table,
            scoped: ScopedNames {
                from: &name,
                elements: &flat.elements,
                table: &table,
            },
            messages: Vec::new(),
        };
        let built = (classes[id].build)(&mut configure);
        let remarks = std::mem::take(&mut configure.messages);
        let element = built.map_err(|reasons| HandlerError::Failed(reasons.join("\n")))?;
        self.exchange(id, element, config)?;
        self.remarks = remarks;
        Ok(())
    }

    /// What the element that was last written to told although it took the value: warnings.
    pub fn take_remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    fn exchange(
        &mut self,
        id: ElementId,
        element: Box<dyn Element>,
        config: &str,
    ) -> Result<(), HandlerError> {
        let name = self.graph.nodes[id].name.to_string();
        let Some(mut old) = self.graph.nodes[id].element.replace(element) else {
            self.graph.nodes[id].element = None;
            return Err(HandlerError::Busy(name));
        };
        let started = self.with_dyn(id, |element, router| {
            element.initialize(router)?;
            element.take_state(&mut *old, router);
            Ok::<(), String>(())
        });
        if let Some(Err(reason)) = started {
            self.graph.nodes[id].element = Some(old);
            return Err(HandlerError::Failed(reason));
        }
        let new = self.graph.nodes[id].element.replace(old);
        self.with_dyn(id, |old, router| old.cleanup(router));
        self.graph.nodes[id].element = new;
        self.graph.nodes[id].config = config.to_string();
        self.graph.flat.elements[id].config = config.to_string();
        Ok(())
    }

    /// The flat configuration, every element's configuration as it stands.
    pub fn flat_configuration(&self) -> String {
        let mut flat = self.graph.flat.clone();
        flat.elements.truncate(self.graph.visible);
        for (id, element) in flat.elements.iter_mut().enumerate() {
            element.config = self.current_config(id);
        }
        weft_lang::unparse(&flat)
    }

    /// Whether the push queues downstream of the running element are all full (there are some).
    #[inline]
    pub fn is_downstream_full(&self) -> bool {
        self.downstream_room() == 0
    }

    /// How many packets the push queue downstream of the running element that has most room can
    /// store, as far as queues tell; no limit where there is none.
    #[inline]
    pub fn downstream_room(&self) -> usize {
        let stores = &self.graph.nodes[self.current].stores;
        let rooms = stores.iter().map(|&s| self.graph.nodes[s].room);
        rooms.max().unwrap_or(usize::MAX)
    }

    /// Tells how many more packets the running (storage) element can store; sources that can wait
    /// bring no more.
    #[inline]
    pub fn set_room(&mut self, packets: usize) {
        self.graph.nodes[self.current].room = packets;
    }

    /// As [`Router::set_room`], of an element that has room for any number of packets or for none.
    #[inline]
    pub fn set_full(&mut self, full: bool) {
        self.set_room(if full { 0 } else { usize::MAX });
    }

    /// Kind of each input of element `id`, for displays.
    pub fn input_kinds(&self, id: ElementId) -> Vec<Processing> {
        self.graph.nodes[id]
            .inputs
            .iter()
            .map(|i| i.processing)
            .collect()
    }
}
