//! Handlers that somebody else answers, in their own time: the call is handed over with a ticket, and whoever
//! asked comes back for the answer when a timer of theirs tells that it is there.

use super::{HandlerError, Router};
use crate::element::ElementId;
use std::collections::HashMap;
use std::rc::Rc;

/// Stands for an answer that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What was answered: the value read (nothing after a write), or an error in words.
pub type Answer = Result<Vec<u8>, String>;

/// A call that is handed over.
#[derive(Clone, Copy, Debug)]
pub struct DeferredCall<'a> {
    /// What [`Router::answer`] wants with the answer.
    pub ticket: Ticket,
    /// Name of the handler.
    pub handler: &'a str,
    /// Whether it is written.
    pub write: bool,
    /// Parameter of the read, or the value.
    pub value: &'a [u8],
}

/// Calls on their way.
#[derive(Default)]
pub(super) struct Deferred {
    next: u64,
    /// Who waits for what, by name: a hot swap may come between.
    waiting: HashMap<Ticket, (Rc<str>, u32)>,
    answers: HashMap<Ticket, Answer>,
}

impl Router {
    /// Calls handler `handler` of element `id`, which is answered later. Timer `key` of the running element goes off
    /// when [`Router::take_answer`] has something.
    ///
    /// # Errors
    /// When the call cannot be handed over.
    pub fn call_deferred(
        &mut self,
        id: ElementId,
        handler: &str,
        write: bool,
        value: &[u8],
        key: u32,
    ) -> Result<Ticket, HandlerError> {
        self.deferred.next += 1;
        let ticket = Ticket(self.deferred.next);
        let caller = (self.own_name(), key);
        self.deferred.waiting.insert(ticket, caller);
        let call = DeferredCall {
            ticket,
            handler,
            write,
            value,
        };
        let busy = HandlerError::Busy(self.graph.nodes[id].name.to_string());
        let outcome = self.with_dyn(id, |element, router| element.call(call, router));
        let outcome = outcome
            .ok_or(busy)
            .and_then(|o| o.map_err(HandlerError::Failed));
        if let Err(error) = outcome {
            self.deferred.waiting.remove(&ticket);
            return Err(error);
        }
        Ok(ticket)
    }

    /// Answers a call; whoever asked is woken. An answer nobody waits for any more is forgotten.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) {
        let Some((name, key)) = self.deferred.waiting.remove(&ticket) else {
            return;
        };
        self.deferred.answers.insert(ticket, answer);
        if let Some(id) = self.graph.find(&name) {
            let now = self.clock.now();
            self.graph.timers.set(id, key, now);
        }
    }

    /// The answer to a call, if it is there.
    pub fn take_answer(&mut self, ticket: Ticket) -> Option<Answer> {
        self.deferred.answers.remove(&ticket)
    }

    /// Nobody waits for the answer any more.
    pub fn forget_call(&mut self, ticket: Ticket) {
        self.deferred.waiting.remove(&ticket);
        self.deferred.answers.remove(&ticket);
    }
}
