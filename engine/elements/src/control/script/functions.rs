//! The handlers of a script.

use super::instruction::Finish;
use super::run::{Rest, StepKind};
use super::{Kind, Script, arithmetic, signals, sprintf};
use weft_core::{Handler, Router, SECOND, Value, reader, writer};
use weft_lang::confparse::split_first_word;
use weft_lang::value::{Filename, Value as _, parse_signed, parse_unsigned};
use weft_lang::{NoNames, quote, unquote_text};

/// The largest random number.
const MOST_RANDOM: u64 = 0x7fff_ffff;

/// A read handler that calculates something from its parameter.
const fn function(name: &'static str, value: Value, help: &'static str) -> Handler {
    let handler = reader!(Script, "", Value::Text, "", "", |s, call, router| s
        .read_own(call.handler, call.text, router));
    Handler {
        name,
        value,
        help,
        ..handler
    }
    .with_parameter()
}

/// A write handler.
const fn command(name: &'static str, value: Value, help: &'static str) -> Handler {
    let handler = writer!(Script, "", Value::Text, "", "", |s, call, router| s
        .write_own(call.handler, call.text, router));
    Handler {
        name,
        value,
        help,
        ..handler
    }
}

/// What every script can be asked.
pub static HANDLERS: &[Handler] = &[
    command(
        "step",
        Value::Unsigned,
        "Steps past so many blocking instructions",
    ),
    command("goto", Value::Text, "Jumps to a label"),
    function("run", Value::Text, "Runs the script; gives what it returns").also_write(command(
        "run",
        Value::Text,
        "",
    )),
    function("add", Value::Real, "Sum of numbers"),
    function("sub", Value::Real, "Difference of numbers"),
    function("mul", Value::Real, "Product of numbers"),
    function("div", Value::Real, "Quotient of numbers"),
    function(
        "idiv",
        Value::Integer,
        "Quotient of numbers, cut to a whole one",
    ),
    function("mod", Value::Integer, "Remainder of two whole numbers"),
    function("rem", Value::Real, "Remainder of two numbers"),
    function("min", Value::Real, "Smallest of numbers"),
    function("max", Value::Real, "Largest of numbers"),
    function("neg", Value::Real, "Number with its sign changed"),
    function("abs", Value::Real, "Number without its sign"),
    function("eq", Value::Bool, "Whether two values are equal"),
    function("ne", Value::Bool, "Whether two values differ"),
    function("lt", Value::Bool, "Whether the first value is less"),
    function("gt", Value::Bool, "Whether the first value is greater"),
    function("le", Value::Bool, "Whether the first value is not greater"),
    function("ge", Value::Bool, "Whether the first value is not less"),
    function("not", Value::Bool, "Opposite of a truth value"),
    function("and", Value::Bool, "Whether all truth values are true"),
    function("or", Value::Bool, "Whether a truth value is true"),
    function("nand", Value::Bool, "Whether a truth value is false"),
    function("nor", Value::Bool, "Whether all truth values are false"),
    function(
        "if",
        Value::Text,
        "Second value if the first is true, else the third",
    ),
    function(
        "in",
        Value::Bool,
        "Whether the first value is among the others",
    ),
    function("sprintf", Value::Text, "Values formatted as in C"),
    function("first", Value::Text, "First word"),
    function(
        "random",
        Value::Unsigned,
        "Random number: any, below N, or from N1 to N2",
    ),
    function("length", Value::Unsigned, "Length in bytes"),
    function("unquote", Value::Text, "Text without a layer of quotes"),
    function("readable", Value::Bool, "Whether all handlers can be read"),
    function(
        "writable",
        Value::Bool,
        "Whether all handlers can be written",
    ),
    function("htons", Value::Unsigned, "16-bit number in network order"),
    function("htonl", Value::Unsigned, "32-bit number in network order"),
    function("ntohs", Value::Unsigned, "16-bit number in host order"),
    function("ntohl", Value::Unsigned, "32-bit number in host order"),
    function("now", Value::Real, "Current time, in seconds since 1970"),
    function("cat", Value::Lines, "Content of a file").private(),
    function("catq", Value::Text, "Content of a file, quoted").private(),
    function("kill", Value::Text, "Sends a signal to processes").private(),
    function("get", Value::Text, "Value of a variable"),
    command("set", Value::Text, "Sets a variable"),
    function(
        "shift",
        Value::Text,
        "Takes the first word off a variable (args)",
    ),
];

impl Script {
    /// Reads handler `name` of this script.
    pub(super) fn read_own(
        &mut self,
        name: &str,
        text: &str,
        router: &mut Router,
    ) -> Result<String, String> {
        if let Some(result) = arithmetic::call(name, text) {
            return result;
        }
        match name {
            "run" => self.run_as(name, text, false, router),
            "sprintf" => sprintf::sprintf(text),
            "first" => Ok(split_first_word(text).0.to_string()),
            "random" => random(text, router),
            "length" => Ok(text.len().to_string()),
            "unquote" => Ok(unquote_text(text)),
            "readable" | "writable" => {
                let able = |target: &str| match self.access_of(target, router) {
                    Some((readable, writable)) => {
                        if name == "readable" {
                            readable
                        } else {
                            writable
                        }
                    }
                    None => false,
                };
                Ok(arithmetic::words(text).into_iter().all(able).to_string())
            }
            "now" => Ok(timestamp(router.clock.timestamp())),
            "cat" | "catq" => cat(name, text),
            "kill" => signals::kill(text).map(|()| String::new()),
            "get" | "shift" => self.variable_handler(name, text),
            name if self.exports.iter().any(|e| e == name) => {
                Ok(self.variable(name).unwrap_or_default().to_string())
            }
            name if self.kind == Kind::Proxy && !is_common(name, router) => {
                self.run_as(name, text, false, router)
            }
            name => router
                .read_element(router.current(), name, text)
                .map_err(|e| e.to_string()),
        }
    }

    /// Writes handler `name` of this script.
    pub(super) fn write_own(
        &mut self,
        name: &str,
        text: &str,
        router: &mut Router,
    ) -> Result<(), String> {
        let mut errors = Vec::new();
        match name {
            "step" => {
                let (steps, kind) = match text.trim() {
                    "router" => (1, StepKind::Driver),
                    "" => (1, StepKind::Handler),
                    number => (
                        parse_signed(number).map_err(|_| "syntax error")?,
                        StepKind::Handler,
                    ),
                };
                self.step_from_outside(steps, kind, router, &mut errors);
            }
            "goto" => self.go_to(text, router, &mut errors),
            "set" => {
                let (variable, value) = split_first_word(text);
                if variable.is_empty() {
                    return Err("no variable".to_string());
                }
                match variable {
                    "args" => self.arguments = value.to_string(),
                    _ => self.set_variable(variable, value.to_string()),
                }
                return Ok(());
            }
            _ => return self.run_as(name, text, true, router).map(|_| ()),
        }
        self.outcome(errors).map(|_| ())
    }

    /// Runs the script for handler `name`.
    fn run_as(
        &mut self,
        name: &str,
        text: &str,
        written: bool,
        router: &mut Router,
    ) -> Result<String, String> {
        let called = std::mem::replace(&mut self.called, name.to_string());
        let before = std::mem::replace(&mut self.written, written);
        let mut errors = Vec::new();
        self.run(text, router, &mut errors);
        self.called = called;
        self.written = before;
        self.outcome(errors)
    }

    fn outcome(&self, errors: Vec<String>) -> Result<String, String> {
        match errors.is_empty() && self.rest() != Rest::Finished(Finish::Error) {
            true => Ok(self.value()),
            false => Err(errors.join("\n")),
        }
    }

    fn variable_handler(&mut self, name: &str, text: &str) -> Result<String, String> {
        let (variable, more) = split_first_word(text);
        let variable = match variable {
            "" if name == "shift" => "args",
            "" => return Err("no variable".to_string()),
            variable => variable,
        };
        if !more.is_empty() {
            return Err("too many arguments".to_string());
        }
        let value = match variable {
            "args" => self.arguments.clone(),
            variable => match self.variable(variable) {
                Some(value) => value.to_string(),
                None => return Err(format!("undefined variable '{variable}'")),
            },
        };
        if name == "get" {
            return Ok(value);
        }
        let (first, rest) = split_first_word(&value);
        match variable {
            "args" => self.arguments = rest.to_string(),
            variable => self.set_variable(variable, rest.to_string()),
        }
        Ok(first.to_string())
    }
}

fn is_common(name: &str, router: &Router) -> bool {
    router.element_access(router.current(), name).is_some()
}

fn random(text: &str, router: &mut Router) -> Result<String, String> {
    let numbers: Result<Vec<u64>, String> = arithmetic::words(text)
        .into_iter()
        .map(parse_unsigned)
        .collect();
    let (low, count) = match numbers.map_err(|_| "bad N")?[..] {
        [] => (0, MOST_RANDOM + 1),
        [n] if n > 0 => (0, n),
        [low, high] if low <= high => (low, (high - low).saturating_add(1)),
        _ => return Err("bad N".to_string()),
    };
    Ok((low + router.random.below(count)).to_string())
}

fn timestamp(ns: u64) -> String {
    let (seconds, ns) = (ns / SECOND, ns % SECOND);
    match ns % 1000 {
        0 => format!("{seconds}.{:06}", ns / 1000),
        _ => format!("{seconds}.{ns:09}"),
    }
}

fn cat(name: &str, text: &str) -> Result<String, String> {
    let file = Filename::parse(text, &NoNames).map_err(|_| "bad FILE")?.0;
    let bytes = std::fs::read(&file)
        .map_err(|error| format!("{file}: {}", crate::control::reason(&error)))?;
    let content = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match name {
        "catq" => quote(&content),
        _ => content,
    })
}
