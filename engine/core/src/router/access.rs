//! Which handlers there are and how they may be called: what `handlers` lists, in Click's format.

use super::Router;
use super::globals::GLOBAL;
use super::handlers::{HandlerError, split};
use crate::element::ElementId;
use crate::handler::{Handler, Value};

/// Handlers all elements have, as `handlers` lists them. `config` may also be writable.
pub(super) const COMMON: &[&str] = &[
    "handlers", "ports", "config", "class", "name", "icounts", "ocounts", "drops",
];
/// Those whose value does not change by itself.
const CALM: &[&str] = &["handlers", "ports", "config", "class", "name"];
/// Name under which an element declares a handler for every name that it has no other for.
pub(super) const ANY: &str = "*";

/// How a handler may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its name, without the element's.
    pub name: String,
    /// Whether it can be read.
    pub readable: bool,
    /// Whether it can be written.
    pub writable: bool,
    /// Whether a read takes a parameter.
    pub takes_parameter: bool,
    /// Whether it is a command: called with an argument, neither read nor written.
    pub callable: bool,
    /// Whether it is for the configuration's own use only.
    pub private: bool,
    /// Whether it is answered later: see [`Router::call_deferred`].
    pub deferred: bool,
    /// Click's further flags: `.` calm, `%` raw, `b` button, `c` checkbox.
    pub marks: &'static str,
}

impl Access {
    /// Access to a handler called `name`, without any mark.
    pub fn new(name: &str, readable: bool, writable: bool, takes_parameter: bool) -> Access {
        Access {
            name: name.to_string(),
            readable,
            writable,
            takes_parameter,
            callable: false,
            private: false,
            deferred: false,
            marks: "",
        }
    }

    fn common(name: &str, live: bool) -> Access {
        Access {
            name: name.to_string(),
            readable: true,
            writable: name == "config" && live,
            takes_parameter: false,
            callable: false,
            private: false,
            deferred: false,
            marks: if CALM.contains(&name) { "." } else { "" },
        }
    }

    fn global(name: &str, flags: &str) -> Access {
        Access {
            name: name.to_string(),
            readable: flags.contains('r'),
            writable: flags.contains('w'),
            takes_parameter: flags.contains('+'),
            callable: false,
            private: false,
            deferred: false,
            marks: if flags.contains('%') { "%" } else { "" },
        }
    }

    fn declared(name: &str, handler: &Handler) -> Access {
        Access {
            name: name.to_string(),
            readable: handler.read.is_some() && !handler.callable,
            writable: handler.write.is_some(),
            takes_parameter: handler.takes_parameter,
            callable: handler.callable,
            private: handler.private,
            deferred: handler.deferred,
            marks: match handler.value {
                Value::Button => "b",
                Value::Bool if handler.write.is_some() => "c",
                _ => "",
            },
        }
    }

    fn flags(&self) -> String {
        let kinds = [
            (self.readable, "r"),
            (self.writable, "w"),
            (self.takes_parameter && !self.callable, "+"),
            (self.callable, "x"),
            (true, self.marks),
        ];
        kinds
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, f)| *f)
            .collect()
    }
}

/// The `handlers` text for `all`.
pub(super) fn list(all: &[Access]) -> String {
    let shown = all.iter().filter(|a| !a.private && a.name != ANY);
    shown
        .map(|a| format!("{}\t{}\n", a.name, a.flags()))
        .collect()
}

impl Router {
    /// How handler `target` ("element.handler", or a global one) may be called.
    ///
    /// # Errors
    /// When there is none.
    pub fn handler_access(&self, target: &str) -> Result<Access, HandlerError> {
        let (element, handler) = split(target);
        let found = match element {
            None | Some("") => self.global_access().into_iter().find(|a| a.name == handler),
            Some(name) => {
                let id = self.lookup(name)?;
                self.element_access(id, handler)
            }
        };
        found.ok_or_else(|| HandlerError::NoHandler(handler.to_string()))
    }

    /// How handler `handler` of element `id` may be called, if there is one.
    pub fn element_access(&self, id: ElementId, handler: &str) -> Option<Access> {
        if let Some(own) = self.own_handler(id, handler) {
            return Some(Access::declared(handler, own));
        }
        let live = self.graph.nodes[id].class.live;
        let common = COMMON.contains(&handler);
        common.then(|| Access::common(handler, live))
    }

    /// All handlers of element `id`: its own, its class's, then those every element has.
    pub fn handlers_of(&self, id: ElementId) -> Vec<Access> {
        let node = &self.graph.nodes[id];
        let own = node
            .class
            .handlers
            .iter()
            .filter(|h| !h.name.ends_with('#'));
        let more = node.element.as_ref().map(|e| e.more_handlers());
        let more = more.unwrap_or_default();
        let more = more.iter().map(|(n, h)| Access::declared(n, h));
        let mut all: Vec<Access> = more
            .chain(own.map(|h| Access::declared(h.name, h)))
            .collect();
        let is_own = |name: &str| all.iter().any(|a| a.name == name);
        let common: Vec<Access> = COMMON
            .iter()
            .filter(|n| !is_own(n))
            .map(|n| Access::common(n, node.class.live))
            .collect();
        all.extend(common);
        all
    }

    /// The global handlers. There is no `hotconfig` where it is not allowed.
    pub(super) fn global_access(&self) -> Vec<Access> {
        let swaps = |name: &str| matches!(name, "hotconfig" | "swap");
        let allowed = |name: &str| !swaps(name) || self.environment.allow_hotconfig;
        let there = GLOBAL.iter().filter(|(name, _)| allowed(name));
        there
            .map(|(name, flags)| Access::global(name, flags))
            .collect()
    }

    /// How many elements there are, hidden ones included.
    pub fn all_elements(&self) -> usize {
        self.graph.nodes.len()
    }

    /// Looks at element `id`, if it is a `T` and not busy.
    pub fn look_at<T: crate::Element, R>(
        &self,
        id: ElementId,
        look: impl FnOnce(&T) -> R,
    ) -> Option<R> {
        let element = self.graph.nodes.get(id)?.element.as_deref()?;
        (element as &dyn std::any::Any).downcast_ref().map(look)
    }

    /// Whether the running element's class has a handler called `name`, or every element has.
    pub fn has_own_handler(&self, name: &str) -> bool {
        let class = self.graph.nodes[self.current].class;
        COMMON.contains(&name) || class.handlers.iter().any(|h| h.name == name)
    }
}
