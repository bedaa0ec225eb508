//! # ComponentHandlers(HANDLER, ...)
//!
//! Gives a component in Click that runs in a process of its own handlers of its own name and type,
//! each of which is a handler of an element in it. Anywhere else it does nothing.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `HANDLER` *words*: `NAME [TYPE] [ACCESS] ELEMENT.HANDLER`. `NAME` is what the component calls it, at most 64
//!   letters, digits and underscores. `TYPE` is `text`, `lines`, `unsigned`, `integer`, `real`, `bool`, `button` or
//!   `json`; unless given that of the element's handler. A value of another type is refused, read or written.
//!   `ACCESS` is `r`, `w`, `rw`, or `x`: a command, which is a read with a parameter. Unless given it is all that the
//!   element's handler allows. Limits of the element's handler are those of the component's, where the type is the same.
//!
//! Names of elements are those of the compound it stands in.
//!
//! ## Example
//! ```click
//! body :: {
//!     input -> seen :: Counter -> output;
//!     echo :: Script(TYPE PASSIVE, return $args);
//!     ComponentHandlers(packets seen.count, reset seen.reset_counts, echo text r echo.run);
//! };
//! Idle -> body -> Discard;
//! ```
//!
//! ## See also
//! Component, ComponentHost, Script

use super::component;
use weft_component::{Access, DeclaredHandler};
use weft_core::{
    Batch, Built, Class, Configure, Element, PHASE_INFO, Place, Router, Value, argument,
};
use weft_lang::{split_args, split_words};

/// Registers ComponentHandlers.
pub static CLASS: Class = Class {
    ports: "0/0",
    phase: PHASE_INFO,
    arguments: &[argument("HANDLER", Place::Rest, "words", "")],
    fuzz: &["", "own text r e.class, doors lines e.ports"],
    ..Class::agnostic("ComponentHandlers", "component", build)
};

/// What the host declares for every component in Click; no other may have these names.
pub const RESERVED: &[&str] = &["get", "set", "list", "check", "schema", "graph"];
/// Most handlers a component may declare besides.
const MOST: usize = 256 - RESERVED.len();
const LONGEST_NAME: usize = 64;
const GRAMMAR: &str = "expected 'NAME [TYPE] [ACCESS] ELEMENT.HANDLER'";
/// Types, as configurations name them; the place of each is its number in the contract.
const TYPES: [(&str, Value); 8] = [
    ("text", Value::Text),
    ("lines", Value::Lines),
    ("unsigned", Value::Unsigned),
    ("integer", Value::Integer),
    ("real", Value::Real),
    ("bool", Value::Bool),
    ("button", Value::Button),
    ("json", Value::Json),
];

/// Ways to call a handler, as configurations name them, with their bits in the contract.
const ACCESSES: [(&str, u8); 4] = [("r", 1), ("w", 2), ("rw", 3), ("x", COMMAND)];
const COMMAND: u8 = 13;

/// A handler that the component has.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What the engine is told of it.
    pub declared: DeclaredHandler,
    /// Type of its value.
    pub value: Value,
    /// Full name of the element whose handler it is.
    pub element: String,
    /// That handler's name.
    pub handler: String,
}

/// What the configuration says of a handler.
#[derive(Debug, PartialEq)]
struct Entry {
    name: String,
    value: Option<Value>,
    access: Option<Access>,
    element: String,
    handler: String,
}

pub struct ComponentHandlers {
    entries: Vec<Entry>,
    offers: Vec<Offer>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let arguments = split_args(configure.config);
    let entries = arguments
        .iter()
        .filter(|text| !text.is_empty())
        .map(|a| parse(a));
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Ok(entry) => good.push(entry),
            Err(problem) => errors.push(problem),
        }
    }
    if good.len() > MOST {
        errors.push(format!(
            "{} handlers; at most {MOST} are possible",
            good.len()
        ));
    }
    match errors.is_empty() {
        true => Ok(Box::new(ComponentHandlers {
            entries: good,
            offers: Vec::new(),
        })),
        false => Err(errors),
    }
}

fn parse(text: &str) -> Result<Entry, String> {
    let words = split_words(text);
    let [name, between @ .., target] = words.as_slice() else {
        return Err(GRAMMAR.to_string());
    };
    check_name(name)?;
    let (element, handler) = target
        .split_once('.')
        .filter(|(e, h)| !e.is_empty() && !h.is_empty())
        .ok_or_else(|| format!("'{target}' is not ELEMENT.HANDLER"))?;
    let (mut value, mut access) = (None, None);
    for word in between {
        if access.is_none()
            && let Some(known) = access_of(word)
        {
            access = Some(known);
        } else if value.is_none() && access.is_none() {
            value = Some(type_of(word)?);
        } else {
            return Err(GRAMMAR.to_string());
        }
    }
    Ok(Entry {
        name: name.clone(),
        value,
        access,
        element: element.to_string(),
        handler: handler.to_string(),
    })
}

fn check_name(name: &str) -> Result<(), String> {
    let sound = name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !sound {
        return Err(format!(
            "'{name}' cannot be a handler's name; at most {LONGEST_NAME} letters, digits and underscores can"
        ));
    }
    let every = component::CLASS.handlers.iter().map(|handler| handler.name);
    match RESERVED
        .iter()
        .copied()
        .chain(every)
        .any(|known| known == name)
    {
        true => Err(format!("handler '{name}' is one that every component has")),
        false => Ok(()),
    }
}

fn access_of(word: &str) -> Option<Access> {
    let found = ACCESSES.iter().find(|(name, _)| *name == word);
    found.map(|(_, bits)| Access::of(*bits))
}

fn type_of(word: &str) -> Result<Value, String> {
    let found = TYPES.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
        format!("no type '{word}'; there are {}", known.join(", "))
    })
}

/// All that a handler allows.
fn all_of(there: &weft_core::Access) -> Access {
    match there.callable {
        true => Access::of(COMMAND),
        false => Access::of(u8::from(there.readable) | u8::from(there.writable) << 1),
    }
}

/// What the engine is told, if there is such a handler.
fn offer(entry: &Entry, router: &Router) -> Result<Offer, String> {
    let Entry {
        name,
        element,
        handler,
        ..
    } = entry;
    if router.has_own_handler(name) {
        return Err(format!("handler '{name}' is one that every component has"));
    }
    let id = router
        .find_from_here(element)
        .ok_or_else(|| format!("no element named '{element}'"))?;
    let there = router
        .element_access(id, handler)
        .filter(|access| !access.private && !access.deferred)
        .ok_or_else(|| format!("no handler named '{element}.{handler}'"))?;
    let access = entry.access.unwrap_or_else(|| all_of(&there));
    if access.call && !(there.callable || there.readable && there.takes_parameter) {
        return Err(format!("handler '{element}.{handler}' takes no parameter"));
    }
    if !access.call && access.read && !there.readable {
        return Err(format!("handler '{element}.{handler}' cannot be read"));
    }
    if access.write && !there.writable {
        return Err(format!("handler '{element}.{handler}' cannot be written"));
    }
    let own = router.own_handler(id, handler);
    let value = entry
        .value
        .or(own.map(|own| own.value))
        .unwrap_or(Value::Text);
    let number = TYPES.iter().position(|(_, known)| *known == value);
    let limits = own.filter(|own| own.callable == access.call && own.value == value);
    let help = own.map(|own| own.help).filter(|help| !help.is_empty());
    Ok(Offer {
        declared: DeclaredHandler {
            value: number.unwrap_or(0) as u8,
            access: Access {
                parameter: access.read && (there.takes_parameter || access.call),
                ..access
            },
            name: name.clone(),
            unit: own.map_or("", |own| own.unit).to_string(),
            help: help.map_or_else(|| format!("{element}.{handler}"), str::to_string),
            limits: limits.map_or("", |own| own.limits).to_string(),
        },
        value,
        element: router.name(id).to_string(),
        handler: handler.clone(),
    })
}

/// All that the component has besides what every one in Click has.
pub fn offers(router: &mut Router) -> Vec<Offer> {
    let mut all = Vec::new();
    for id in 0..router.element_count() {
        let own = router.with_element(id, |h: &mut ComponentHandlers, _| h.offers.clone());
        all.extend(own.unwrap_or_default());
    }
    all
}

impl Element for ComponentHandlers {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let mut known: Vec<String> = offers(router)
            .into_iter()
            .map(|o| o.declared.name)
            .collect();
        let mut errors = Vec::new();
        for entry in &self.entries {
            if known.contains(&entry.name) {
                errors.push(format!("handler '{}' is there twice", entry.name));
                continue;
            }
            known.push(entry.name.clone());
            match offer(entry, router) {
                Ok(offer) => self.offers.push(offer),
                Err(problem) => errors.push(problem),
            }
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors.join("\n")),
        }
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: Option<Value>, access: Option<u8>) -> Result<Entry, String> {
        Ok(Entry {
            name: "n".to_string(),
            value,
            access: access.map(Access::of),
            element: "e/f".to_string(),
            handler: "h".to_string(),
        })
    }

    #[test]
    fn type_and_access_may_be_left_out() {
        assert_eq!(parse("n e/f.h"), entry(None, None));
        assert_eq!(parse("n real e/f.h"), entry(Some(Value::Real), None));
        assert_eq!(parse("n w e/f.h"), entry(None, Some(2)));
        let both = entry(Some(Value::Json), Some(3));
        assert_eq!(parse("n json rw e/f.h"), both);
        assert_eq!(parse("n x e/f.h"), entry(None, Some(13)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |text: &str| parse(text).unwrap_err();
        assert_eq!(wrong("n"), GRAMMAR);
        assert_eq!(wrong("n r real e.h"), GRAMMAR);
        assert_eq!(wrong("n real real e.h"), GRAMMAR);
        assert_eq!(wrong("n eh"), "'eh' is not ELEMENT.HANDLER");
        assert_eq!(
            wrong("set e.h"),
            "handler 'set' is one that every component has"
        );
        assert_eq!(
            wrong("state e.h"),
            "handler 'state' is one that every component has"
        );
        assert_eq!(
            wrong("n bytes e.h"),
            "no type 'bytes'; there are text, lines, unsigned, integer, real, bool, button, json"
        );
        assert_eq!(
            wrong("7n e.h"),
            "'7n' cannot be a handler's name; at most 64 letters, digits and underscores can"
        );
    }

    #[test]
    fn types_have_the_numbers_of_the_contract() {
        let numbers = TYPES.map(|(_, value)| value);
        assert_eq!(
            (numbers[2], numbers[5], numbers[7]),
            (Value::Unsigned, Value::Bool, Value::Json)
        );
    }
}
