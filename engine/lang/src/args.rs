//! Reading an element's arguments: positionals first, keywords after them in any order.
//!
//! ```
//! use weft_lang::{Args, NoNames};
//!
//! let mut args = Args::new("64, STOP true", &NoNames);
//! let length: u32 = args.mandatory("LENGTH");
//! let burst: u32 = args.positional("BURST", 1);
//! let stop: bool = args.keyword("STOP", false);
//! args.complete().unwrap();
//! assert_eq!((length, burst, stop), (64, 1, true));
//! ```
//!
//! A reader that fails records the problem and returns a stand-in, so every problem is found in one pass. The values
//! count only once [`Args::complete`] has succeeded.

use crate::confparse::{is_space, split_args};
use crate::value::Value;

/// What a name may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// IPv4 address, 4 bytes.
    Ip4,
    /// IPv4 address and mask, 8 bytes.
    Ip4Prefix,
    /// IPv6 address, 16 bytes.
    Ip6,
    /// IPv6 address and prefix length, 17 bytes.
    Ip6Prefix,
    /// Ethernet address, 6 bytes.
    Ether,
    /// TCP port, big-endian.
    TcpPort,
    /// UDP port, big-endian.
    UdpPort,
    /// IP protocol, big-endian.
    IpProtocol,
    /// Packet annotation, offset and size as one byte each.
    Annotation,
}

/// The databases of names that a configuration declares (AddressInfo, PortInfo ...), and its elements.
pub trait Names {
    /// What `name` stands for as a `kind`, as bytes in network order.
    fn lookup(&self, kind: NameKind, name: &str) -> Option<Vec<u8>> {
        let _ = (kind, name);
        None
    }

    /// Whether there is an element of that name.
    fn element(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

/// No names at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {}

/// What has become of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Unread. It may start with a keyword of that length; 0 if it does not.
    Unread(usize),
    ReadByPosition,
    ReadByKeyword,
}

/// The arguments of one element; see the [module](self).
pub struct Args<'a> {
    arguments: Vec<String>,
    states: Vec<State>,
    names: &'a dyn Names,
    errors: Vec<String>,
    warnings: Vec<String>,
}

/// Length of the word at the start of `argument` that may be a keyword for the value behind it; 0 if there is none.
fn keyword_length(argument: &str) -> usize {
    let bytes = argument.as_bytes();
    if !matches!(bytes.first(), Some(c) if c.is_ascii_alphabetic() || *c == b'_') {
        return 0;
    }
    let keyword = |c: &&u8| c.is_ascii_alphanumeric() || b"_:.?!".contains(c);
    let length = bytes.iter().take_while(keyword).count();
    let space = bytes[length..].iter().take_while(|c| is_space(**c)).count();
    if space == 0 || length + space == bytes.len() {
        0
    } else {
        length
    }
}

/// The configuration string `config` with argument `name`, which is also positional argument number
/// `place`, changed to `value`: in its place where it stands as a positional one, else as keyword at the end.
pub fn replace_argument(config: &str, place: usize, name: &str, value: &str) -> String {
    let mut arguments = split_args(config);
    let before = arguments.len();
    arguments.retain(|a| keyword_length(a) != name.len() || !a.starts_with(name));
    let keyword_given = arguments.len() < before;
    match arguments.get_mut(place) {
        Some(argument) if !keyword_given && keyword_length(argument) == 0 => {
            *argument = value.to_string();
        }
        _ => arguments.push(format!("{name} {value}")),
    }
    arguments.join(", ")
}

impl<'a> Args<'a> {
    /// The arguments in a configuration string.
    pub fn new(config: &str, names: &'a dyn Names) -> Self {
        Self::from_list(split_args(config), names)
    }

    /// Arguments that are split already.
    pub fn from_list(arguments: Vec<String>, names: &'a dyn Names) -> Self {
        let states = arguments
            .iter()
            .map(|a| State::Unread(keyword_length(a)))
            .collect();
        Args {
            arguments,
            states,
            names,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The text for argument `name`, and marks it read. The last of several keywords counts.
    fn find(&mut self, name: &str, positional: bool, mandatory: bool) -> Option<String> {
        let next = self
            .states
            .iter()
            .position(|s| *s != State::ReadByPosition)
            .filter(|&i| matches!(self.states[i], State::Unread(_)));
        let mut found = None;
        for i in 0..self.arguments.len() {
            if self.states[i] == State::Unread(name.len())
                && !name.is_empty()
                && self.arguments[i].starts_with(name)
            {
                self.states[i] = State::ReadByKeyword;
                found = Some((i, name.len()));
            }
        }
        // A mandatory argument takes its position even if that looks like a keyword.
        if let Some(i) = next.filter(|_| positional)
            && let State::Unread(length) = self.states[i]
            && (length == 0 || (mandatory && found.is_none()))
        {
            self.states[i] = State::ReadByPosition;
            if found.is_none() {
                found = Some((i, 0));
            }
        }
        let (i, skip) = found?;
        Some(self.arguments[i][skip..].trim_start().to_string())
    }

    fn read<T: Value>(&mut self, name: &str, positional: bool, mandatory: bool) -> Option<T> {
        let Some(text) = self.find(name, positional, mandatory) else {
            if mandatory {
                self.argument_error(name, "required argument missing");
            }
            return None;
        };
        match T::parse(&text, self.names) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.argument_error(name, &problem);
                None
            }
        }
    }

    /// Reads an argument that must be there, by position or keyword.
    pub fn mandatory<T: Value>(&mut self, name: &str) -> T {
        self.read(name, true, true).unwrap_or_else(T::placeholder)
    }

    /// Reads an argument that must be given by keyword.
    pub fn mandatory_keyword<T: Value>(&mut self, name: &str) -> T {
        self.read(name, false, true).unwrap_or_else(T::placeholder)
    }

    /// Reads an argument by position or keyword; `default` if it is not there.
    pub fn positional<T: Value>(&mut self, name: &str, default: T) -> T {
        self.read(name, true, false).unwrap_or(default)
    }

    /// Reads an argument by position or keyword, if it is there.
    pub fn positional_opt<T: Value>(&mut self, name: &str) -> Option<T> {
        self.read(name, true, false)
    }

    /// Reads an argument by keyword; `default` if it is not there.
    pub fn keyword<T: Value>(&mut self, name: &str, default: T) -> T {
        self.read(name, false, false).unwrap_or(default)
    }

    /// Reads an argument by keyword, if it is there.
    pub fn keyword_opt<T: Value>(&mut self, name: &str) -> Option<T> {
        self.read(name, false, false)
    }

    /// Reads an argument that nobody should use any more, with a warning if it is there.
    pub fn deprecated<T: Value>(&mut self, name: &str) -> Option<T> {
        let before = self.states.clone();
        let value = self.read(name, false, false);
        if before != self.states {
            self.argument_warning(name, "argument deprecated");
        }
        value
    }

    /// Reads every argument given with keyword `name`, in order.
    pub fn all<T: Value>(&mut self, name: &str) -> Vec<T> {
        let mut values = Vec::new();
        for i in 0..self.arguments.len() {
            if self.states[i] != State::Unread(name.len()) || !self.arguments[i].starts_with(name) {
                continue;
            }
            self.states[i] = State::ReadByKeyword;
            let text = self.arguments[i][name.len()..].trim_start();
            match T::parse(text, self.names) {
                Ok(value) => values.push(value),
                Err(problem) => self.argument_error(name, &problem),
            }
        }
        values
    }

    /// Takes all arguments that are left as they are, keywords included.
    pub fn rest(&mut self) -> Vec<String> {
        let mut rest = Vec::new();
        for (argument, state) in self.arguments.iter().zip(&mut self.states) {
            if matches!(state, State::Unread(_)) {
                *state = State::ReadByPosition;
                rest.push(argument.clone());
            }
        }
        rest
    }

    /// How many arguments are not read yet.
    pub fn remaining(&self) -> usize {
        let unread = |s: &&State| matches!(s, State::Unread(_));
        self.states.iter().filter(unread).count()
    }

    /// The names that values may use.
    pub fn names(&self) -> &'a dyn Names {
        self.names
    }

    /// Reports `name` as out of range unless `value` lies between `min` and `max`; returns `value`.
    pub fn within<T>(&mut self, name: &str, value: T, min: T, max: T) -> T
    where
        T: PartialOrd + std::fmt::Display,
    {
        let bound = if value < min {
            Some(min)
        } else if value > max {
            Some(max)
        } else {
            None
        };
        if let Some(bound) = bound {
            self.argument_error(name, &format!("out of range, bound {bound}"));
        }
        value
    }

    /// Records an error.
    pub fn error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    /// Records an error about argument `name`.
    pub fn argument_error(&mut self, name: &str, message: &str) {
        self.errors.push(prefixed(name, message));
    }

    /// Records a warning.
    pub fn warning(&mut self, message: impl Into<String>) {
        self.warnings.push(message.into());
    }

    /// Records a warning about argument `name`.
    pub fn argument_warning(&mut self, name: &str, message: &str) {
        self.warnings.push(prefixed(name, message));
    }

    /// Records the error that `check` returns, unless there are errors already, which it may only follow from.
    pub fn check<E: Into<String>>(&mut self, check: impl FnOnce() -> Result<(), E>) {
        if self.errors.is_empty()
            && let Err(problem) = check()
        {
            self.errors.push(problem.into());
        }
    }

    /// Whether an error was recorded so far.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The warnings so far.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Ends reading: all problems found, arguments that nobody read included.
    pub fn complete(self) -> Result<(), Vec<String>> {
        let mut errors = self.errors;
        let mut too_many = false;
        for (argument, state) in self.arguments.iter().zip(&self.states) {
            match *state {
                State::Unread(0) => too_many = true,
                State::Unread(length) => {
                    errors.push(prefixed(&argument[..length], "unknown argument"));
                }
                _ => {}
            }
        }
        if too_many {
            errors.push("too many arguments".to_string());
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors),
        }
    }
}

fn prefixed(name: &str, message: &str) -> String {
    match name {
        "" => message.to_string(),
        name => format!("{name}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::AnyText;
    use std::net::Ipv4Addr;

    #[test]
    fn arguments_are_replaced_where_they_stand() {
        let replaced = |config| replace_argument(config, 0, "CAPACITY", "5");
        assert_eq!(replaced(""), "CAPACITY 5");
        assert_eq!(replaced("7"), "5");
        assert_eq!(replaced("7, STOP true"), "5, STOP true");
        assert_eq!(replaced("CAPACITY 7, STOP true"), "STOP true, CAPACITY 5");
        assert_eq!(replaced("STOP true"), "STOP true, CAPACITY 5");
    }

    /// Reads `LENGTH` (mandatory), `BURST` (1), keyword `STOP` (false).
    fn shaper(config: &str) -> Result<(u32, u32, bool), Vec<String>> {
        let mut args = Args::new(config, &NoNames);
        let values = (
            args.mandatory("LENGTH"),
            args.positional("BURST", 1),
            args.keyword("STOP", false),
        );
        args.complete().map(|()| values)
    }

    fn errors(config: &str) -> Vec<String> {
        shaper(config).expect_err("refused")
    }

    #[test]
    fn positionals_may_be_given_by_keyword() {
        assert_eq!(shaper("64"), Ok((64, 1, false)));
        assert_eq!(shaper("64, 2, STOP true"), Ok((64, 2, true)));
        assert_eq!(shaper("BURST 2, LENGTH 64"), Ok((64, 2, false)));
        assert_eq!(shaper("64, STOP yes, BURST 3"), Ok((64, 3, true)));
        assert_eq!(shaper("LENGTH 1, LENGTH 2"), Ok((2, 1, false)));
        assert_eq!(shaper("1, LENGTH 2"), Ok((2, 1, false)));
    }

    #[test]
    fn every_problem_is_told_in_clicks_words() {
        assert_eq!(errors(""), ["LENGTH: required argument missing"]);
        assert_eq!(errors("x"), ["LENGTH: invalid number"]);
        assert_eq!(
            errors("1, 5000000000, STOP maybe, BOGUS 1, 9"),
            [
                "BURST: out of range, bound 4294967295",
                "STOP: parse error",
                "BOGUS: unknown argument",
                "too many arguments"
            ]
        );
        assert_eq!(errors("1, 2, true"), ["too many arguments"]);
        assert_eq!(errors("STOP true"), ["LENGTH: invalid number"]);
    }

    #[test]
    fn a_mandatory_argument_may_look_like_a_keyword() {
        let mut args = Args::new("allow all, x", &NoNames);
        assert_eq!(args.mandatory::<AnyText>("RULE").0, "allow all");
        assert_eq!(args.positional_opt::<String>("NAME").as_deref(), Some("x"));
        args.complete().unwrap();
    }

    #[test]
    fn positions_end_where_keywords_begin() {
        let mut args = Args::new("A 1, 2", &NoNames);
        assert_eq!(args.keyword("A", 0u32), 1);
        assert_eq!(args.positional("B", 7u32), 7);
        assert_eq!(args.complete(), Err(vec!["too many arguments".to_string()]));
    }

    #[test]
    fn rest_takes_what_is_left() {
        let mut args = Args::new("12/0800, allow tcp, -, ACTIVE true", &NoNames);
        assert!(args.keyword("ACTIVE", false));
        assert_eq!(args.remaining(), 3);
        assert_eq!(args.rest(), ["12/0800", "allow tcp", "-"]);
        args.complete().unwrap();
    }

    #[test]
    fn repeated_keywords_are_all_read() {
        let mut args = Args::new("A 1, B 2, A 3, A x", &NoNames);
        assert_eq!(args.all::<u32>("A"), [1, 3]);
        assert_eq!(args.mandatory_keyword::<u32>("B"), 2);
        assert_eq!(args.complete(), Err(vec!["A: invalid number".to_string()]));
    }

    #[test]
    fn checks_follow_only_sound_arguments() {
        let mut args = Args::new("x", &NoNames);
        let n: u32 = args.mandatory("N");
        args.check(|| {
            if n == 0 {
                Err("N must not be zero")
            } else {
                Ok(())
            }
        });
        assert!(args.has_errors());
        assert_eq!(args.complete(), Err(vec!["N: invalid number".to_string()]));
        let mut args = Args::new("0", &NoNames);
        let n: u32 = args.mandatory("N");
        args.check(|| {
            if n == 0 {
                Err("N must not be zero")
            } else {
                Ok(())
            }
        });
        args.within("N", n, 1, 5);
        let expected = ["N must not be zero", "N: out of range, bound 1"];
        assert_eq!(args.complete().unwrap_err(), expected);
    }

    #[test]
    fn deprecated_arguments_warn() {
        let mut args = Args::new("OLD 1.2.3.4", &NoNames);
        assert_eq!(args.deprecated("OLD"), Some(Ipv4Addr::new(1, 2, 3, 4)));
        assert_eq!(args.deprecated::<u32>("OLDER"), None);
        assert_eq!(args.warnings(), ["OLD: argument deprecated"]);
        args.complete().unwrap();
    }
}
