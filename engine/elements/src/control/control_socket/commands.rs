//! The commands of protocol 1.3 and their answers, word for word Click's.

use super::session::{Data, LONGEST_DATA, Pending, Session};
use weft_core::{Access, ElementId, Router, Ticket};

const OK: u16 = 200;
const OK_WITH_WARNINGS: u16 = 220;
const SYNTAX: u16 = 500;
const UNIMPLEMENTED: u16 = 501;
const NO_ELEMENT: u16 = 510;
const NO_HANDLER: u16 = 511;
const HANDLER_ERROR: u16 = 520;
const TOO_BIG: u16 = 521;
const PERMISSION: u16 = 530;
const UNSPECIFIED: u16 = 590;

const HELP: &[&str] = &[
    "Commands supported:",
    "READ handler [arg...]   call read handler, return DATA",
    "READDATA handler len    call read handler with len data bytes, return DATA",
    "READUNTIL handler term  call read handler, take data until term, return DATA",
    "WRITE handler [arg...]  call write handler",
    "WRITEDATA handler len   call write handler, pass len data bytes",
    "WRITEUNTIL handler term call write handler, take data until term",
    "CHECKREAD handler       check if read handler is valid",
    "CHECKWRITE handler      check if write handler is valid",
    "LLRPC elt#number [len]  call LLRPC, pass len data bytes, return DATA",
    "QUIT                    close connection",
];

/// What clients may do, and where their handlers are.
#[derive(Clone, Copy, Debug)]
pub struct Rights {
    /// Whether nothing may be written.
    pub read_only: bool,
    /// The element whose handlers stand for all.
    pub proxy: Option<ElementId>,
}

/// The element and handler that a name means; no element for a global one.
struct Target {
    element: Option<ElementId>,
    handler: String,
    access: Access,
}

type Answer = (u16, Vec<String>);

/// A command being run.
struct Run<'a> {
    router: &'a mut Router,
    rights: &'a Rights,
    own: &'a (&'a str, String),
}

/// Runs `line`; false when its data has not come yet.
pub fn run(
    session: &mut Session,
    line: &str,
    router: &mut Router,
    rights: &Rights,
    own: &(&str, String),
) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let Some(first) = words.first() else {
        return true;
    };
    let command = first.to_ascii_uppercase();
    let mut run = Run {
        router,
        rights,
        own,
    };
    let rest = after_words(line, 2);
    let writes = command.starts_with(['W', 'S']);
    match (command.as_str(), words.len()) {
        ("READ" | "GET", 2..) if run.is_command(words[1]) => {
            let text = format!("Handler '{}' is a command: call it with READDATA", words[1]);
            session.answer(PERMISSION, &[text]);
        }
        ("READ" | "GET" | "WRITE" | "SET", 2..) => {
            run.call(session, writes, words[1], rest.as_bytes().to_vec());
        }
        ("READDATA" | "WRITEDATA" | "SETDATA", 3) => {
            return run.with_data(session, &command, words[1], words[2]);
        }
        ("READUNTIL" | "WRITEUNTIL", 2..) => match session.data_until(rest) {
            Data::There(data) => run.call(session, writes, words[1], data),
            Data::Missing => return false,
            Data::Never => {}
        },
        ("CHECKREAD" | "CHECKWRITE", 2) => {
            let answer = run.check(words[1], command == "CHECKWRITE");
            session.answer(answer.0, &answer.1);
        }
        ("LLRPC", 2 | 3) => return run.llrpc(session, words[1], words.get(2).copied()),
        ("CLOSE" | "QUIT", count) => {
            if count != 1 {
                session.answer(SYNTAX, &["Bad command syntax"]);
            }
            session.answer(OK, &["Goodbye!"]);
            session.hang_up();
        }
        ("HELP", _) => session.answer(OK, HELP),
        (
            "READ" | "GET" | "WRITE" | "SET" | "READDATA" | "WRITEDATA" | "SETDATA" | "READUNTIL"
            | "WRITEUNTIL" | "CHECKREAD" | "CHECKWRITE" | "LLRPC",
            _,
        ) => session.answer(SYNTAX, &["Wrong number of arguments"]),
        _ => session.answer(
            UNIMPLEMENTED,
            &[format!("Command '{command}' unimplemented")],
        ),
    }
    true
}

/// What follows the first `count` words of `line`, without outer space.
fn after_words(line: &str, count: usize) -> &str {
    let mut rest = line.trim_ascii();
    for _ in 0..count {
        let end = rest.find(|c: char| c.is_ascii_whitespace());
        rest = rest[end.unwrap_or(rest.len())..].trim_ascii_start();
    }
    rest
}

impl Run<'_> {
    fn with_data(&mut self, session: &mut Session, command: &str, name: &str, count: &str) -> bool {
        let Some(count) = length(count) else {
            session.answer(SYNTAX, &[format!("Syntax error in '{command}'")]);
            return true;
        };
        if count > LONGEST_DATA {
            let text = format!("Data too large for write handler '{name}'");
            session.answer(TOO_BIG, &[text]);
            session.hang_up();
            return true;
        }
        match session.data(count) {
            Data::There(data) => self.call(session, !command.starts_with('R'), name, data),
            Data::Missing => return false,
            Data::Never => {}
        }
        true
    }

    fn call(&mut self, session: &mut Session, write: bool, name: &str, data: Vec<u8>) {
        if let Some(outcome) = self.call_deferred(write, name, &data) {
            let name = name.to_string();
            return match outcome {
                Ok(ticket) => session.wait_for(Pending {
                    ticket,
                    write,
                    name,
                }),
                Err(reason) => finish(session, write, &name, Err(reason)),
            };
        }
        if write {
            let (code, lines) = self.write(name, data).unwrap_or_else(|answer| answer);
            return session.answer(code, &lines);
        }
        match self.read(name, data) {
            Ok(value) => {
                session.answer(OK, &[format!("Read handler '{name}' OK")]);
                session.answer_data(value.as_bytes());
            }
            Err((code, lines)) => session.answer(code, &lines),
        }
    }

    /// Whether the handler is one that is called: reading it by chance does nothing.
    fn is_command(&self, name: &str) -> bool {
        self.find(name).is_ok_and(|target| target.access.callable)
    }

    /// Hands over a call that is answered later; `None` if it is none, or not allowed.
    fn call_deferred(
        &mut self,
        write: bool,
        name: &str,
        data: &[u8],
    ) -> Option<Result<Ticket, String>> {
        let target = self.find(name).ok()?;
        let Access {
            deferred,
            readable,
            writable,
            callable,
            ..
        } = target.access;
        let allowed = match (write, callable) {
            (true, _) => writable && !self.rights.read_only,
            (false, true) => !self.rights.read_only,
            (false, false) => readable,
        };
        let id = target.element.filter(|_| deferred && allowed)?;
        let called = self
            .router
            .call_deferred(id, &target.handler, write, data, super::ANSWERED);
        Some(called.map_err(|e| e.to_string()))
    }

    fn read(&mut self, name: &str, parameter: Vec<u8>) -> Result<String, Answer> {
        let target = self.find(name)?;
        if target.access.callable && self.rights.read_only {
            return Err((PERMISSION, vec![format!("Permission denied for '{name}'")]));
        }
        if !target.access.readable && !target.access.callable {
            let text = format!("Handler '{name}' write-only");
            return Err((PERMISSION, vec![text]));
        }
        let refused = |reason: String| {
            let head = format!("Read handler '{name}' error");
            (UNSPECIFIED, message(head, &reason))
        };
        let parameter = String::from_utf8(parameter).map_err(|_| refused(NOT_TEXT.to_string()))?;
        if target.element == Some(self.router.current()) && target.handler == self.own.0 {
            return Ok(self.own.1.clone());
        }
        let outcome = match target.element {
            Some(id) => self.router.read_element(id, &target.handler, &parameter),
            None => self.router.read_handler(&target.handler, &parameter),
        };
        outcome.map_err(|e| refused(e.to_string()))
    }

    fn write(&mut self, name: &str, value: Vec<u8>) -> Result<Answer, Answer> {
        let target = self.find(name)?;
        if !target.access.writable {
            let text = match target.access.callable {
                true => format!("Handler '{name}' is a command: call it with READDATA"),
                false => format!("Handler '{name}' read-only"),
            };
            return Err((PERMISSION, vec![text]));
        }
        if self.rights.read_only {
            let text = format!("Permission denied for '{name}'");
            return Err((PERMISSION, vec![text]));
        }
        let refused = |reason: String| {
            let head = format!("Write handler '{name}' error");
            (HANDLER_ERROR, message(head, &reason))
        };
        let value = String::from_utf8(value).map_err(|_| refused(NOT_TEXT.to_string()))?;
        let outcome = match target.element {
            Some(id) => self.router.write_element(id, &target.handler, &value),
            None => self.router.write_handler(&target.handler, &value),
        };
        outcome.map_err(|e| refused(e.to_string()))?;
        let head = format!("Write handler '{name}' OK");
        match self.router.take_remarks() {
            none if none.is_empty() => Ok((OK, vec![head])),
            remarks => {
                let head = format!("{head} with warnings");
                Ok((OK_WITH_WARNINGS, message(head, &remarks.join("\n"))))
            }
        }
    }

    fn check(&mut self, name: &str, write: bool) -> Answer {
        let target = match self.find(name) {
            Ok(target) => target,
            Err(answer) => return answer,
        };
        let (there, kind, able) = match write {
            true => (target.access.writable, "Write", "writable"),
            false => (target.access.readable, "Read", "readable"),
        };
        match there {
            true if write && self.rights.read_only => {
                (PERMISSION, vec![format!("Permission denied for '{name}'")])
            }
            true => (OK, vec![format!("{kind} handler '{name}' OK")]),
            false => (NO_HANDLER, vec![format!("Handler '{name}' not {able}")]),
        }
    }

    /// No element has an LLRPC; this tells what else is wrong with the call.
    fn llrpc(&mut self, session: &mut Session, name: &str, count: Option<&str>) -> bool {
        let Some(count) = count.map_or(Some(0), length).filter(|c| *c <= LONGEST_DATA) else {
            session.answer(SYNTAX, &["Syntax error in 'llrpc'"]);
            return true;
        };
        match session.data(count) {
            Data::There(_) => {}
            Data::Missing => return false,
            Data::Never => return true,
        }
        let (element, number) = name.split_once('#').unwrap_or((name, ""));
        if u32::from_str_radix(number, 16).is_err() {
            session.answer(SYNTAX, &[format!("Syntax error in LLRPC name '{name}'")]);
        } else if let Err((code, lines)) = self.find(&format!("{element}.name")) {
            session.answer(code, &lines);
        } else {
            let text = format!("Cannot call LLRPC '{name}' remotely");
            session.answer(UNIMPLEMENTED, &[text]);
        }
        true
    }

    /// What `full` means: `element.handler`, `number.handler` with elements counted from 1, or a
    /// global handler, also as `.handler` and `0.handler`.
    fn find(&self, full: &str) -> Result<Target, Answer> {
        let name = match full.split_once('.') {
            Some(("" | "0", handler)) => handler,
            _ => full,
        };
        if let Some(proxy) = self.rights.proxy {
            let found = self.visible(Some(proxy), name);
            return found.ok_or_else(|| {
                let text = format!("No proxied handler named '{full}'");
                (NO_HANDLER, vec![text])
            });
        }
        let (element, handler) = match name.split_once('.') {
            Some((element, handler)) => (Some(self.element(element)?), handler),
            None => (None, name),
        };
        self.visible(element, handler)
            .ok_or_else(|| (NO_HANDLER, vec![format!("No handler named '{full}'")]))
    }

    fn element(&self, name: &str) -> Result<ElementId, Answer> {
        let number = || {
            let number: usize = name.parse().ok()?;
            (1..=self.router.element_count())
                .contains(&number)
                .then(|| number - 1)
        };
        let found = self.router.find_element(name).or_else(number);
        found.ok_or_else(|| (NO_ELEMENT, vec![format!("No element named '{name}'")]))
    }

    fn visible(&self, element: Option<ElementId>, handler: &str) -> Option<Target> {
        let access = match element {
            Some(id) if id == self.router.current() && handler == self.own.0 => {
                // The ControlSocket's own handler is out of the graph's reach while it serves.
                Access::new(handler, true, false, false)
            }
            Some(id) => self.router.element_access(id, handler)?,
            None => self.router.handler_access(handler).ok()?,
        };
        (!access.private).then(|| Target {
            element,
            handler: handler.to_string(),
            access,
        })
    }
}

/// Answers a call of a handler that took its time.
pub fn finish(session: &mut Session, write: bool, name: &str, outcome: Result<Vec<u8>, String>) {
    match (write, outcome) {
        (false, Ok(value)) => {
            session.answer(OK, &[format!("Read handler '{name}' OK")]);
            session.answer_data(&value);
        }
        (true, Ok(_)) => session.answer(OK, &[format!("Write handler '{name}' OK")]),
        (false, Err(reason)) => {
            let head = format!("Read handler '{name}' error");
            session.answer(UNSPECIFIED, &message(head, &reason));
        }
        (true, Err(reason)) => {
            let head = format!("Write handler '{name}' error");
            session.answer(HANDLER_ERROR, &message(head, &reason));
        }
    }
}

const NOT_TEXT: &str = "the value is not UTF-8 text";

/// `head`, and the reasons under it.
fn message(head: String, reason: &str) -> Vec<String> {
    if reason.is_empty() {
        return vec![head];
    }
    let reasons = reason.lines().map(str::to_string);
    std::iter::once(format!("{head}:")).chain(reasons).collect()
}

fn length(text: &str) -> Option<usize> {
    let count = weft_lang::value::parse_signed(text).ok()?;
    usize::try_from(count).ok()
}
