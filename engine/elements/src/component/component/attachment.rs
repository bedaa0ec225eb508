//! How a process comes to be the component, and how that ends.

use super::conversation::{Heard, Read};
use super::link::Link;
use super::{CALLS, Component, EXPECTED, Fallback, HANG};
use crate::component::component_listener;
use weft_component::{Decoder, Hello, Message, Socket};
use weft_core::{Interest, Router};

/// A process that wants to attach: it has said hello, and nothing was answered yet.
pub struct Applicant {
    pub socket: Socket,
    pub decoder: Decoder,
    pub hello: Hello,
    pub uid: u32,
}

impl Applicant {
    /// Tells the process that it is refused.
    pub fn refuse(&mut self, reason: &str) {
        // If it is gone, it needs no reason.
        let refused = Message::Refused(reason.to_string());
        let _ = self.socket.write(&refused.encode());
    }
}

/// Reads from a process's socket before others have their turn.
const READS: usize = 16;

impl Component {
    /// Lets a process attach that said hello, or tells it why not.
    pub fn attach(&mut self, mut applicant: Applicant, router: &mut Router) {
        match self.judge(&applicant, router) {
            Ok(()) => self.welcome(applicant, router),
            Err(reason) => applicant.refuse(&reason),
        }
    }

    fn judge(&mut self, applicant: &Applicant, router: &mut Router) -> Result<(), String> {
        applicant.hello.check()?;
        // SAFETY: a plain system call.
        let wanted = self.uid.unwrap_or_else(|| unsafe { libc::geteuid() });
        if applicant.uid != wanted {
            return Err(format!(
                "component '{}' runs as user {wanted}, not as {}",
                self.key, applicant.uid
            ));
        }
        // The one before may have gone without its end having been heard.
        self.listen(router);
        match self.link {
            Some(_) => Err(format!("component '{}' is attached already", self.key)),
            None => Ok(()),
        }
    }

    fn welcome(&mut self, applicant: Applicant, router: &mut Router) {
        match Link::open(applicant, self.capacity, self.private, router) {
            Ok(link) => {
                router.watch(link.socket.descriptor(), Interest::Read);
                router.watch(link.bell(), Interest::Read);
                self.was_claimed = true;
                self.link = Some(link);
                self.expect(router);
                self.figures.attached();
                self.listen(router);
            }
            Err(error) => {
                let line = format!("component '{}' cannot be attached: {error}", self.key);
                router.console.line(&line);
            }
        }
    }

    /// Packets are held for a moment: the process will be ready soon.
    pub(super) fn expect(&mut self, router: &mut Router) {
        self.expected_until = router.clock.refresh() + EXPECTED;
    }

    /// Reads and acts on what the process says.
    pub(super) fn listen(&mut self, router: &mut Router) {
        for _ in 0..READS {
            let Some(link) = &mut self.link else { return };
            match link.read() {
                Read::Nothing => return self.attend(router),
                Read::End => return self.part("component-lost", router),
                Read::Some if self.understand(router) => {}
                Read::Some => return,
            }
        }
    }

    /// Has what could not be said at once said when there is room.
    pub(super) fn attend(&mut self, router: &mut Router) {
        let Some(link) = &mut self.link else { return };
        let unsaid = link.socket.unsaid() > 0;
        if unsaid != link.awaits_room {
            link.awaits_room = unsaid;
            router.watch(link.socket.descriptor(), link.interest());
        }
    }

    /// Acts on what was read; false if the attachment ended.
    fn understand(&mut self, router: &mut Router) -> bool {
        while let Some(link) = &mut self.link {
            match link.hear(router) {
                Ok(None) => return true,
                Ok(Some(Heard::Nothing)) => {}
                Ok(Some(Heard::Ready)) => self.begin(router),
                Ok(Some(Heard::Answer(ticket, answer))) => router.answer(ticket, answer),
                Ok(Some(Heard::Gone)) => self.part("component-lost", router),
                Err(problem) => self.violated(&problem, router),
            }
        }
        false
    }

    /// The process is ready: packets flow.
    fn begin(&mut self, router: &mut Router) {
        if let Some(link) = &self.link {
            self.declared.clone_from(&link.declared);
        }
        self.is_awaiting = false;
        self.progress = router.clock.refresh();
        component_listener::report(&self.key, "ready", router);
        self.send_waiting(router);
        router.schedule();
    }

    /// The attachment ends: what came back goes on, the rest is lost.
    pub(super) fn part(&mut self, reason: &'static str, router: &mut Router) {
        let Some(mut link) = self.link.take() else {
            return;
        };
        link.collect_last(&mut self.figures, router);
        let mut left = link.flight.end(&mut router.pool);
        router.drop_all(&mut left, reason);
        for ticket in link.unanswered() {
            router.answer(ticket, Err(self.away()));
        }
        router.unwatch(link.socket.descriptor());
        router.unwatch(link.bell());
        router.clear_timer(HANG);
        router.clear_timer(CALLS);
        self.figures.lost();
        component_listener::report(&self.key, &format!("gone {reason}"), router);
        self.settle_waiting(router);
    }

    /// What waited for the process now goes the way of the fallback.
    fn settle_waiting(&mut self, router: &mut Router) {
        if self.fallback != Fallback::Hold {
            self.expected_until = 0;
            let waiting = std::mem::take(&mut self.waiting);
            for (port, packet) in waiting {
                let mut batch = router.new_batch();
                batch.push(packet);
                self.put_aside(usize::from(port), &mut batch, router);
                router.recycle(batch);
            }
        }
        self.tell_fullness(router);
    }

    /// The process broke a rule: it is cut off, and is to be ended.
    pub(super) fn violated(&mut self, problem: &str, router: &mut Router) {
        let line = format!("component '{}' cut off: {problem}", self.key);
        router.console.line(&line);
        component_listener::report(&self.key, "kill violation", router);
        self.part("violation", router);
    }

    /// Looks whether the process hangs.
    pub(super) fn check_progress(&mut self, router: &mut Router) {
        let Some(link) = self.link.as_ref().filter(|l| l.flight.packets() > 0) else {
            return;
        };
        let end = self.progress + self.limit;
        if router.clock.refresh() < end || link.has_returned() {
            let next = end.max(router.clock.now() + 1_000_000);
            return router.set_timer(HANG, next);
        }
        let line = format!(
            "component '{}' cut off: it has {} packets and returned none for {} ms",
            self.key,
            link.flight.packets(),
            self.limit / 1_000_000
        );
        router.console.line(&line);
        component_listener::report(&self.key, "kill component-hung", router);
        self.part("component-hung", router);
    }

    pub(super) fn give_up_calls(&mut self, router: &mut Router) {
        let now = router.clock.refresh();
        let Some(link) = &mut self.link else { return };
        for ticket in link.overdue(now) {
            let ms = self.call_limit / 1_000_000;
            router.answer(
                ticket,
                Err(format!(
                    "component '{}' has not answered within {ms} ms",
                    self.key
                )),
            );
        }
        if let Some(at) = link.next_call_end() {
            router.set_timer(CALLS, at);
        }
    }
}
