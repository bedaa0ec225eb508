//! What instructions do to the world: printing, and calling handlers.

use super::expand::{self, Reference};
use super::instruction::Text;
use super::{Kind, Script, arithmetic};
use std::fs::OpenOptions;
use std::io::Write;
use weft_core::{Access, ElementId, HandlerError, Router};
use weft_lang::confparse::split_first_word;
use weft_lang::unquote_text;

/// `$?` after a write that failed: C's EINVAL, negative.
const FAILED: i32 = -libc::EINVAL;

/// Where a handler is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the script itself.
    Own,
    /// At another element.
    Element(ElementId),
    /// At the router.
    Global,
}

/// A handler that is there, and can be called so.
struct Callee {
    place: Place,
    handler: String,
    full: String,
    text: String,
}

impl Callee {
    /// The call, for messages.
    fn context(&self) -> String {
        match self.text.is_empty() {
            true => format!("While calling '{}':", self.full),
            false => format!("While calling '{} {}':", self.full, self.text),
        }
    }
}

impl Script {
    /// `text` with everything in it substituted, quoted where `quoting`.
    pub(super) fn expand(
        &mut self,
        text: &str,
        quoting: bool,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) -> String {
        expand::expand(text, quoting, &mut |reference| match reference {
            Reference::Variable(name) => self.lookup(name),
            Reference::Handler(call) => self.interpolate(call, router, errors),
        })
    }

    /// The text of an instruction, substituted and, where it says so, unquoted.
    pub(super) fn expand_text(
        &mut self,
        text: &Text,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) -> String {
        let value = self.expand(&text.text, false, router, errors);
        match text.unquote {
            true => unquote_text(&value),
            false => value,
        }
    }

    fn lookup(&self, name: &str) -> Option<String> {
        if let Some(value) = self.variable(name) {
            return Some(value.to_string());
        }
        let words = || arithmetic::words(&self.arguments);
        Some(match name {
            "?" => self.write_status.to_string(),
            "args" => self.arguments.clone(),
            "$" => std::process::id().to_string(),
            "0" => self.called.clone(),
            "#" => words().len().to_string(),
            "write" => self.written.to_string(),
            _ => {
                let number: usize = name.parse().ok()?;
                words()
                    .get(number.checked_sub(1)?)
                    .copied()
                    .unwrap_or_default()
                    .to_string()
            }
        })
    }

    /// The value of `$(call)`; none when there is no such handler.
    fn interpolate(
        &mut self,
        call: &str,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) -> Option<String> {
        match self.callee(call, false, false, router) {
            Ok(callee) => Some(self.call_read(&callee, router).unwrap_or_else(|problem| {
                errors.push(problem);
                String::new()
            })),
            Err(problem) => {
                errors.push(problem);
                None
            }
        }
    }

    /// The handler that `call` names.
    fn callee(
        &self,
        call: &str,
        write: bool,
        unquote: bool,
        router: &Router,
    ) -> Result<Callee, String> {
        let (name, text) = split_first_word(call);
        let text = match unquote {
            true => unquote_text(text),
            false => text.to_string(),
        };
        let (place, handler) = self.place(name, router)?;
        let access = self.access(place, handler, router);
        let full = match place {
            Place::Own => format!("{}.{handler}", router.own_name()),
            Place::Element(id) => format!("{}.{handler}", router.name(id)),
            Place::Global => handler.to_string(),
        };
        match access {
            Some(access) if !write && access.readable => {
                if !text.is_empty() && !access.takes_parameter {
                    return Err(format!("read handler '{full}' does not take parameters"));
                }
            }
            Some(access) if write && access.writable => {}
            _ => {
                let direction = if write { "write" } else { "read" };
                return Err(format!("no '{full}' {direction} handler"));
            }
        }
        Ok(Callee {
            place,
            handler: handler.to_string(),
            full,
            text,
        })
    }

    fn place<'a>(&self, name: &'a str, router: &Router) -> Result<(Place, &'a str), String> {
        let Some((element, handler)) = name.split_once('.') else {
            let own = self.own_access(name, router).is_some();
            return Ok((if own { Place::Own } else { Place::Global }, name));
        };
        if element.is_empty() {
            return Ok((Place::Global, handler));
        }
        let found = router
            .find_from_here(element)
            .or_else(|| router.find_element(element));
        match found {
            Some(id) if id == router.current() => Ok((Place::Own, handler)),
            Some(id) => Ok((Place::Element(id), handler)),
            None => Err(format!("no element named '{element}'")),
        }
    }

    /// How a handler of the script itself may be called, if there is one.
    fn own_access(&self, handler: &str, router: &Router) -> Option<Access> {
        let declared = router.element_access(router.current(), handler);
        declared.or_else(|| {
            let exported = self.exports.iter().any(|name| name == handler);
            let any = self.kind == Kind::Proxy;
            (exported || any).then(|| Access::new(handler, true, any, any))
        })
    }

    /// Whether handler `target` can be read, and written; none when there is no such handler.
    pub(super) fn access_of(&self, target: &str, router: &Router) -> Option<(bool, bool)> {
        let (place, handler) = self.place(target, router).ok()?;
        let access = self.access(place, handler, router)?;
        Some((access.readable, access.writable))
    }

    fn access(&self, place: Place, handler: &str, router: &Router) -> Option<Access> {
        match place {
            Place::Own => self.own_access(handler, router),
            Place::Element(id) => router.element_access(id, handler),
            Place::Global => router.handler_access(handler).ok(),
        }
    }

    fn call_read(&mut self, callee: &Callee, router: &mut Router) -> Result<String, String> {
        let text = callee.text.as_str();
        match callee.place {
            Place::Own => self.read_own(&callee.handler, text, router),
            Place::Element(id) => told(router.read_element(id, &callee.handler, text)),
            Place::Global => told(router.read_handler(&callee.handler, text)),
        }
    }

    fn call_write(&mut self, callee: &Callee, router: &mut Router) -> Result<(), String> {
        let text = callee.text.as_str();
        match callee.place {
            Place::Own => self.write_own(&callee.handler, text, router),
            Place::Element(id) => told(router.write_element(id, &callee.handler, text)),
            Place::Global => told(router.write_handler(&callee.handler, text)),
        }
    }

    /// `write`.
    pub(super) fn write(&mut self, text: &Text, router: &mut Router, errors: &mut Vec<String>) {
        let call = self.expand(&text.text, false, router, errors);
        match self.callee(&call, true, text.unquote, router) {
            Ok(callee) => {
                let outcome = self.call_write(&callee, router);
                self.write_status = if outcome.is_ok() { 0 } else { FAILED };
                let remarks = router.take_remarks();
                if let Err(problem) = outcome {
                    errors.extend(in_context(&callee, &problem));
                } else if !remarks.is_empty() {
                    errors.extend(in_context(&callee, &remarks.join("\n")));
                }
            }
            Err(problem) => errors.push(problem),
        }
    }

    /// The value of the read handler that `call` names, with its full name.
    fn read_value(
        &mut self,
        call: &str,
        unquote: bool,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) -> Option<(String, String)> {
        let callee = match self.callee(call, false, unquote, router) {
            Ok(callee) => callee,
            Err(problem) => {
                errors.push(problem);
                return None;
            }
        };
        match self.call_read(&callee, router) {
            Ok(value) => Some((callee.full, value)),
            Err(problem) => {
                errors.extend(in_context(&callee, &problem));
                None
            }
        }
    }

    /// `read`.
    pub(super) fn read(&mut self, text: &Text, router: &mut Router, errors: &mut Vec<String>) {
        let call = self.expand(&text.text, false, router, errors);
        if let Some((name, value)) = self.read_value(&call, text.unquote, router, errors) {
            router.console.line(&format!("{name}:\n{value}"));
        }
    }

    /// `print` and its relatives.
    pub(super) fn print(
        &mut self,
        text: &str,
        newline: bool,
        unquote: bool,
        router: &mut Router,
        errors: &mut Vec<String>,
    ) {
        let (file, append, text) = destination(text);
        let before = errors.len();
        let is_handler = text.starts_with(|c: char| c.is_ascii_alphabetic() || "@_".contains(c));
        let mut value = if is_handler {
            let call = self.expand(text, false, router, errors);
            let read = self.read_value(&call, unquote, router, errors);
            read.map(|(_, value)| value).unwrap_or_default()
        } else {
            unquote_text(&self.expand(text, true, router, errors))
        };
        if errors.len() == before && newline && !value.ends_with('\n') {
            value.push('\n');
        }
        match file {
            None => router.console.print(&value),
            Some(name) => {
                let mut options = OpenOptions::new();
                options.create(true).write(true);
                options.append(append).truncate(!append);
                let written = options
                    .open(name)
                    .and_then(|mut f| f.write_all(value.as_bytes()));
                if let Err(error) = written {
                    errors.push(format!("{name}: {}", crate::control::reason(&error)));
                }
            }
        }
    }
}

/// The file that `>FILE` or `>>FILE` before `text` names, whether to append, and the rest.
fn destination(text: &str) -> (Option<&str>, bool, &str) {
    let Some(rest) = text.strip_prefix('>') else {
        return (None, false, text);
    };
    let (append, rest) = match rest.strip_prefix('>') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (name, text) = split_first_word(rest);
    let name = Some(name).filter(|n| !n.is_empty() && *n != "-");
    (name, append, text)
}

fn in_context(callee: &Callee, problem: &str) -> Vec<String> {
    let lines = problem.lines().map(|line| format!("  {line}"));
    std::iter::once(callee.context()).chain(lines).collect()
}

fn told<T>(outcome: Result<T, HandlerError>) -> Result<T, String> {
    outcome.map_err(|e| e.to_string())
}
