//! Routes as text: the arguments and handlers of Click's IP route elements.

use super::table::{Conflict, NextHop, Route, RouteTable};
use crate::diagnostic::{Diagnostic, Sink, has_errors};
use crate::literal::{self, unparse_address, unparse_prefix};
use crate::names::Names;
use std::fmt::Write;

/// What a write handler does to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Add; an existing route to the same network is an error.
    Add,
    /// Add or replace.
    Set,
    /// Remove.
    Remove,
}

/// A route as written; the output may be left out, or be negative, where routes are removed.
struct RouteText {
    address: u32,
    length: u8,
    gateway: u32,
    output: Option<i32>,
}

/// How to take a change back.
enum Undo {
    Remove(Route),
    Restore(Route),
}

impl RouteTable {
    /// A table from element arguments, `ADDR/MASK [GATEWAY] OUTPUT` each.
    pub fn from_arguments(
        arguments: &[impl AsRef<str>],
        outputs: usize,
        names: &dyn Names,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<RouteTable> {
        let before = diagnostics.len();
        let mut sink = Sink {
            out: diagnostics,
            prefix: String::new(),
        };
        let mut routes = Vec::with_capacity(arguments.len());
        for (number, argument) in arguments.iter().enumerate() {
            let text = parse(argument.as_ref(), false, names);
            match text.as_ref().map(|text| text.route(outputs)) {
                Some(Some(route)) => routes.push(route),
                Some(None) => sink.error(format!("argument {} bad OUTPUT", number + 1)),
                None => sink.error(format!(
                    "argument {} should be 'ADDR/MASK [GATEWAY] OUTPUT'",
                    number + 1
                )),
            }
        }
        let (table, left_out) = RouteTable::build(routes);
        if left_out > 0 {
            let noun = if left_out > 1 { "routes" } else { "route" };
            sink.warning(format!("{left_out} {noun} replaced by later versions"));
        }
        (!has_errors(&diagnostics[before..])).then_some(table)
    }

    /// Does what the `add`, `set` and `remove` handlers do; the error is theirs.
    pub fn command(
        &mut self,
        command: Command,
        text: &str,
        outputs: usize,
        names: &dyn Names,
    ) -> Result<(), String> {
        self.run(command, text, outputs, names).map(|_| ())
    }

    fn run(
        &mut self,
        command: Command,
        text: &str,
        outputs: usize,
        names: &dyn Names,
    ) -> Result<Undo, String> {
        let parsed = parse(text, command == Command::Remove, names);
        let parsed = parsed.ok_or_else(|| expected(command).to_string())?;
        if command == Command::Remove {
            return self.remove_text(&parsed, outputs);
        }
        let route = parsed.route(outputs).ok_or("bad OUTPUT")?;
        if command == Command::Set {
            return Ok(self.set(route).map_or(Undo::Remove(route), Undo::Restore));
        }
        match self.add(route) {
            Ok(()) => Ok(Undo::Remove(route)),
            Err(Conflict(old)) => Err(format!(
                "conflict with existing route '{}'",
                unparse(&old, ' ')
            )),
        }
    }

    fn remove_text(&mut self, text: &RouteText, outputs: usize) -> Result<Undo, String> {
        let output = text.output.unwrap_or(-1);
        if output < -1 || output >= 0 && output as usize >= outputs {
            return Err("bad OUTPUT".into());
        }
        let hop = (output >= 0).then_some(NextHop {
            gateway: text.gateway,
            output: output as u32,
        });
        self.remove(text.address, text.length, hop)
            .map(Undo::Restore)
            .ok_or_else(|| format!("route '{}' not found", text.unparse()))
    }

    /// Does what the `ctrl` handler does: a command per line, all or none.
    pub fn control(&mut self, text: &str, outputs: usize, names: &dyn Names) -> Result<(), String> {
        let mut undo = Vec::new();
        for line in text.lines() {
            match self.control_line(line.trim(), outputs, names) {
                Ok(step) => undo.extend(step),
                Err(error) => {
                    self.take_back(undo);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn control_line(
        &mut self,
        line: &str,
        outputs: usize,
        names: &dyn Names,
    ) -> Result<Option<Undo>, String> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let command = match word {
            "" => return Ok(None),
            "add" => Command::Add,
            "set" => Command::Set,
            "remove" => Command::Remove,
            _ => return Err(format!("bad command '{}'", word.escape_debug())),
        };
        self.run(command, rest, outputs, names).map(Some)
    }

    fn take_back(&mut self, undo: Vec<Undo>) {
        for step in undo.into_iter().rev() {
            match step {
                Undo::Remove(route) => {
                    self.remove(route.address, route.length, None);
                }
                Undo::Restore(route) => {
                    self.set(route);
                }
            }
        }
    }

    /// What the `table` handler shows: a route per line, its parts separated by tabs.
    pub fn dump(&self) -> String {
        let mut text = String::new();
        for route in self.routes() {
            text.push_str(&unparse(route, '\t'));
            text.push('\n');
        }
        text
    }

    /// What the `lookup` handler answers: `OUTPUT`, `OUTPUT GATEWAY`, or `-1`.
    pub fn lookup_text(&self, text: &str, names: &dyn Names) -> Result<String, String> {
        let word = text.trim();
        let address = literal::ip_address(word).or_else(|| names.ip_address(word));
        let address = address.ok_or("expected IP address")?;
        Ok(match self.lookup(address) {
            None => "-1".to_string(),
            Some(NextHop { gateway: 0, output }) => output.to_string(),
            Some(NextHop { gateway, output }) => {
                format!("{output} {}", unparse_address(gateway))
            }
        })
    }
}

fn expected(command: Command) -> &'static str {
    match command {
        Command::Remove => "expected 'ADDR/MASK [GATEWAY OUTPUT]'",
        _ => "expected 'ADDR/MASK [GATEWAY] OUTPUT'",
    }
}

impl RouteText {
    /// The route, if its output is one of `outputs`.
    fn route(&self, outputs: usize) -> Option<Route> {
        let output = u32::try_from(self.output?)
            .ok()
            .filter(|o| (*o as usize) < outputs)?;
        Some(Route::new(self.address, self.length, self.gateway, output))
    }

    fn unparse(&self) -> String {
        let route = Route::new(self.address, self.length, self.gateway, 0);
        let text = unparse(&route, ' ');
        let head = text.strip_suffix('0').unwrap_or(&text);
        format!("{head}{}", self.output.unwrap_or(-1))
    }
}

fn parse(text: &str, output_optional: bool, names: &dyn Names) -> Option<RouteText> {
    let mut words = text.split_whitespace();
    let (address, length) = parse_network(words.next()?, names)?;
    let mut word = words.next();
    let mut gateway = 0;
    if let Some(given) = word {
        // A number is an output: looking such names up may cost system calls.
        let name = Some(given).filter(|given| literal::integer(given).is_none());
        let address =
            literal::ip_address(given).or_else(|| name.and_then(|name| names.ip_address(name)));
        if given == "-" || address.is_some() {
            gateway = address.unwrap_or(0);
            word = words.next();
        }
    }
    let output = match word {
        Some(word) => Some(literal::integer(word)? as i32),
        None if output_optional => None,
        None => return None,
    };
    if words.next().is_some() {
        return None;
    }
    Some(RouteText {
        address,
        length,
        gateway,
        output,
    })
}

/// A network by prefix, by bare address (32 bits) or by name, which stands for an address rather
/// than for its network; the mask must be a prefix.
fn parse_network(word: &str, names: &dyn Names) -> Option<(u32, u8)> {
    let (address, mask) = literal::ip_prefix(word)
        .or_else(|| Some((literal::ip_address(word)?, u32::MAX)))
        .or_else(|| Some((names.ip_address(word)?, u32::MAX)))
        .or_else(|| names.ip_prefix(word))?;
    let length = mask.leading_ones();
    (literal::mask_of(length) == mask).then_some((address & mask, length as u8))
}

/// A route as text; with tabs, in columns.
fn unparse(route: &Route, separator: char) -> String {
    let columns = separator == '\t';
    let mask = literal::mask_of(u32::from(route.length));
    let mut text = unparse_prefix(route.address, mask);
    text.push(separator);
    if columns && text.len() < 17 {
        text.push(separator);
    }
    let before = text.len();
    match route.gateway {
        0 => text.push('-'),
        gateway => text.push_str(&unparse_address(gateway)),
    }
    text.push(separator);
    if columns && text.len() < before + 9 {
        text.push(separator);
    }
    let _ = write!(text, "{}", route.output);
    text
}
