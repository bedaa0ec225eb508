//! What the host hears from the engine and says to it, and the search for an engine that was lost.

use super::ring::Ring;
use super::{ComponentHost, LEAVE, RETRY, calls};
use weft_component::{Attachment, Joining, Message, Refusal};
use weft_core::{Interest, Router};

/// How long the engine is looked for after it was lost, in nanoseconds.
const SEARCH: u64 = 10_000_000_000;
const FIRST_PAUSE: u64 = 1_000_000;
const LONGEST_PAUSE: u64 = 100_000_000;
/// How long the body has to let go of packets after a goodbye, in nanoseconds.
const FAREWELL: u64 = 100_000_000;
/// How long an attachment lasts that was no failure to attach, in nanoseconds.
const STEADY: u64 = 1_000_000_000;

/// The search for an engine that is on its way back. It goes on until an attachment has lasted for a while.
pub struct Search {
    pub joining: Option<Joining>,
    pause: u64,
    until: u64,
}

impl ComponentHost {
    pub fn watch(&self, router: &mut Router) {
        if let Some(Ring { attachment, .. }) = &self.ring {
            router.watch(attachment.component.descriptor(), Interest::Read);
            router.watch(attachment.socket.descriptor(), Interest::Read);
        }
    }

    /// Says something to the engine, as soon as it hears.
    pub fn say(&mut self, bytes: &[u8], router: &mut Router) {
        let Some(Ring { attachment, .. }) = &mut self.ring else {
            return;
        };
        // If it is gone, reading tells.
        let _ = attachment.socket.write(bytes);
        let interest = match attachment.socket.unsaid() {
            0 => Interest::Read,
            _ => Interest::Both,
        };
        router.watch(attachment.socket.descriptor(), interest);
    }

    /// Nothing can go on: the process is to end.
    pub fn fail(&mut self, problem: String, router: &mut Router) {
        self.failure = problem;
        self.drop_ring(router);
        router.stop_at_once();
    }

    /// Reads and acts on what the engine says.
    pub fn listen(&mut self, router: &mut Router) {
        let Some(Ring { attachment, .. }) = &mut self.ring else {
            return;
        };
        let mut chunk = [0; 16 << 10];
        match attachment.socket.read(&mut chunk) {
            Ok(None) => {}
            Ok(Some(0)) | Err(_) => return self.lose(router),
            Ok(Some(count)) => attachment.decoder.hear(&chunk[..count]),
        }
        while let Some(Ring { attachment, .. }) = &mut self.ring {
            match attachment.decoder.take() {
                Ok(None) => break,
                Ok(Some(Message::Call {
                    id,
                    write,
                    name,
                    value,
                })) => {
                    let answer = calls::answer(id, &name, write, &value, router);
                    self.say(&answer, router);
                }
                Ok(Some(Message::Bye)) => self.take_leave(router),
                Ok(Some(_)) => {
                    return self.fail(
                        "the engine said what only components say".to_string(),
                        router,
                    );
                }
                Err(problem) => return self.fail(format!("the engine said: {problem}"), router),
            }
        }
        self.say(&[], router);
    }

    /// The engine said goodbye: what is in the ring and in the body goes back first.
    pub fn take_leave(&mut self, router: &mut Router) {
        if !std::mem::replace(&mut self.leaving, true) {
            let now = router.clock.refresh();
            router.set_timer(LEAVE, now + FAREWELL);
            router.schedule();
        }
    }

    pub fn is_done(&self) -> bool {
        self.leaving
            && self.tickets.outside() == 0
            && self.pending.is_empty()
            && self.held.is_empty()
    }

    /// The engine is gone without a goodbye: another is on its way.
    pub fn lose(&mut self, router: &mut Router) {
        if self.leaving {
            return router.stop_at_once();
        }
        self.drop_ring(router);
        let now = router.clock.refresh();
        if now.saturating_sub(self.attached) < STEADY && self.search.is_some() {
            let why = "the engine closes every connection right after the welcome";
            return self.retry(why.to_string(), router);
        }
        self.search = Some(Search {
            joining: None,
            pause: FIRST_PAUSE,
            until: now + SEARCH,
        });
        router.set_timer(RETRY, now);
    }

    pub fn connect(&mut self, router: &mut Router) {
        let (Some(caller), Some(search)) = (&self.caller, &mut self.search) else {
            return;
        };
        match caller.connect() {
            Ok(joining) => {
                router.watch(joining.descriptor(), Interest::Read);
                search.joining = Some(joining);
            }
            // The engine was there before: it cannot be reached only for now.
            Err(Refusal::Again(why) | Refusal::Final(why)) => self.retry(why, router),
            Err(Refusal::Goodbye) => router.stop_at_once(),
        }
    }

    pub fn retry(&mut self, why: String, router: &mut Router) {
        let Some(search) = &mut self.search else {
            return;
        };
        let now = router.clock.refresh();
        if now > search.until {
            return self.fail(why, router);
        }
        router.set_timer(RETRY, now + search.pause);
        search.pause = (search.pause * 2).min(LONGEST_PAUSE);
    }

    pub fn hear_welcome(&mut self, joining: Joining, router: &mut Router) {
        let fd = joining.descriptor();
        match joining.hear() {
            Ok(Err(joining)) => {
                if let Some(search) = &mut self.search {
                    search.joining = Some(joining);
                }
            }
            Ok(Ok(attachment)) => {
                router.unwatch(fd);
                self.enter(attachment, router);
            }
            Err(refusal) => {
                router.unwatch(fd);
                match refusal {
                    Refusal::Again(why) => self.retry(why, router),
                    Refusal::Final(why) => self.fail(why, router),
                    Refusal::Goodbye => router.stop_at_once(),
                }
            }
        }
    }

    /// Goes on with another engine.
    pub fn enter(&mut self, attachment: Attachment, router: &mut Router) {
        let ports = (attachment.welcome.inputs, attachment.welcome.outputs);
        if ports != self.ports {
            let ((i, o), (inputs, outputs)) = (self.ports, ports);
            return self.fail(
                format!(
                    "the element has {inputs} inputs and {outputs} outputs now, not {i} and {o}"
                ),
                router,
            );
        }
        self.attached = router.clock.refresh();
        self.ring = Some(Ring::new(attachment));
        self.is_declared = false;
        self.watch(router);
        router.schedule();
    }
}
