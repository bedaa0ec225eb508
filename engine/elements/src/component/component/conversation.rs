//! What an attached process and the engine say to one another beside packets.

use super::agent::Purpose;
use super::declared;
use super::link::{Link, Stage};
use std::collections::HashMap;
use weft_component::{DeclaredHandler, LONGEST_PAYLOAD, Message, Violation};
use weft_core::{Answer, DeferredCall, Limits, Router, Ticket};

const MOST_HANDLERS: usize = 256;
/// A component that does not read its calls cannot make the engine keep more than this.
const MOST_UNSAID: usize = 4 << 20;

/// What reading from a process's socket gave.
pub enum Read {
    /// Something to act on.
    Some,
    /// Nothing for now.
    Nothing,
    /// The process is gone.
    End,
}

/// What hearing a process led to.
pub enum Heard {
    /// Nothing that changes anything.
    Nothing,
    /// It is ready for packets.
    Ready,
    /// It answered a call.
    Answer(Ticket, Answer),
    /// It said goodbye, or is gone.
    Gone,
}

/// Calls of the process's handlers that are not answered.
#[derive(Default)]
pub struct Calls {
    open: HashMap<u32, Call>,
    last: u32,
}

struct Call {
    ticket: Ticket,
    until: u64,
    purpose: Purpose,
}

impl Call {
    /// What whoever asked is told.
    fn answer(&self, outcome: Answer, now: u64) -> Answer {
        match self.purpose {
            Purpose::Handler => outcome,
            Purpose::Check(since) => {
                let ms = now.saturating_sub(since) as f64 / 1e6;
                Ok(format!("{ms:.3}").into_bytes())
            }
        }
    }
}

impl Link {
    /// Reads what the process says, once.
    pub fn read(&mut self) -> Read {
        let mut chunk = [0; 16 << 10];
        match self.socket.read(&mut chunk) {
            Ok(Some(0)) | Err(_) => Read::End,
            Ok(Some(count)) => {
                self.decoder.hear(&chunk[..count]);
                Read::Some
            }
            Ok(None) if self.socket.flush().is_ok() => Read::Nothing,
            Ok(None) => Read::End,
        }
    }

    /// Acts on the next thing it said; `None` when there is none.
    ///
    /// # Errors
    /// Which rule it broke.
    pub fn hear(&mut self, router: &mut Router) -> Result<Option<Heard>, Violation> {
        let Some(message) = self.decoder.take()? else {
            return Ok(None);
        };
        Ok(Some(match (message, self.stage) {
            (Message::Handler(declared), Stage::Declaring) => {
                self.declare(&declared, router)?;
                Heard::Nothing
            }
            (Message::Reason(number, text), Stage::Declaring) => {
                let index = usize::from(number) - 1;
                self.reasons.resize(self.reasons.len().max(index + 1), None);
                self.reasons[index] = declared::reason(&text);
                Heard::Nothing
            }
            (Message::Ready, Stage::Declaring) => {
                self.stage = Stage::Ready;
                self.lend_spares(router);
                Heard::Ready
            }
            (Message::Answer { id, outcome }, _) => match self.calls.open.remove(&id) {
                Some(call) => {
                    let answer = call.answer(outcome, router.clock.refresh());
                    Heard::Answer(call.ticket, answer)
                }
                None => Heard::Nothing,
            },
            (Message::Bye, _) => Heard::Gone,
            (Message::Handler(_) | Message::Reason(..) | Message::Ready, Stage::Ready) => {
                return Err("said after READY what belongs before".to_string());
            }
            _ => return Err("said what only the engine says".to_string()),
        }))
    }

    fn declare(&mut self, declared: &DeclaredHandler, router: &Router) -> Result<(), Violation> {
        if self.declared.len() >= MOST_HANDLERS {
            return Err(format!("declared more than {MOST_HANDLERS} handlers"));
        }
        let name = &declared.name;
        if router.has_own_handler(name) {
            return Err(format!(
                "declared handler '{name}', which every component has"
            ));
        }
        if self.declared.iter().any(|(known, _)| known == name) {
            return Err(format!("declared handler '{name}' twice"));
        }
        // Before it is kept for good.
        Limits::parse(&declared.limits, declared::taken(declared))
            .map_err(|problem| format!("declared handler '{name}': {problem}"))?;
        let handler = declared::handler(declared).ok_or("declared too many different handlers")?;
        self.declared.push((name.clone(), handler));
        Ok(())
    }

    /// Calls a handler of the process.
    ///
    /// # Errors
    /// Why it cannot be called.
    pub fn call(
        &mut self,
        call: &DeferredCall<'_>,
        purpose: Purpose,
        until: u64,
    ) -> Result<(), String> {
        let (name, value) = (call.handler, call.value);
        if self.socket.unsaid() > MOST_UNSAID {
            return Err("the component does not read its calls".to_string());
        }
        let most = LONGEST_PAYLOAD - name.len() - 1;
        if value.len() > most {
            let length = value.len();
            return Err(format!(
                "{length} bytes are too many; at most {most} are possible"
            ));
        }
        self.calls.last = self.calls.last.wrapping_add(1);
        let id = self.calls.last;
        let message = Message::Call {
            id,
            write: call.write,
            name: name.to_string(),
            value: value.to_vec(),
        };
        let said = self.socket.write(&message.encode());
        said.map_err(|_| "the component is gone".to_string())?;
        let open = Call {
            ticket: call.ticket,
            until,
            purpose,
        };
        self.calls.open.insert(id, open);
        Ok(())
    }

    /// When the next call is given up.
    pub fn next_call_end(&self) -> Option<u64> {
        self.calls.open.values().map(|call| call.until).min()
    }

    /// Calls that are given up at `now`.
    pub fn overdue(&mut self, now: u64) -> Vec<Ticket> {
        let late: Vec<u32> = self
            .calls
            .open
            .iter()
            .filter(|(_, c)| c.until <= now)
            .map(|(id, _)| *id)
            .collect();
        late.iter()
            .filter_map(|id| self.calls.open.remove(id))
            .map(|call| call.ticket)
            .collect()
    }

    /// All calls that are not answered.
    pub fn unanswered(&mut self) -> Vec<Ticket> {
        self.calls
            .open
            .drain()
            .map(|(_, call)| call.ticket)
            .collect()
    }

    /// Asks it to leave.
    pub fn say_goodbye(&mut self) {
        // If it is gone, it needs none.
        let _ = self.socket.write(&Message::Bye.encode());
    }
}
