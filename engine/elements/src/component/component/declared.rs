//! Names that components bring along at run time: handlers and reasons to drop packets for. Engine
//! tables want them for good, so equal ones are kept once, and no more than a bound of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use weft_component::DeclaredHandler;
use weft_core::{Handler, Value};

/// Most different names of all components together.
const MOST: usize = 8192;
/// Longest unit and help, in bytes; more is cut.
const LONGEST_HELP: usize = 512;

type HandlerKey = (String, u8, u8, String, String, String);

static HANDLERS: Mutex<Option<HashMap<HandlerKey, &'static Handler>>> = Mutex::new(None);
static REASONS: Mutex<Option<HashMap<String, &'static str>>> = Mutex::new(None);

/// The handler as the graph knows it; `None` when there are too many different ones.
pub fn handler(declared: &DeclaredHandler) -> Option<&'static Handler> {
    let mut known = HANDLERS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(HashMap::new);
    let access = declared.access;
    let (unit, help) = (cut(&declared.unit), cut(&declared.help));
    let (name, limits) = (declared.name.clone(), declared.limits.clone());
    let key = (name, declared.value, access.bits(), unit, help, limits);
    if let Some(handler) = known.get(&key) {
        return Some(handler);
    }
    if known.len() >= MOST {
        return None;
    }
    let handler: &'static Handler = Box::leak(Box::new(Handler {
        name: key.0.clone().leak(),
        value: value(declared.value),
        unit: key.3.clone().leak(),
        help: key.4.clone().leak(),
        read: access.read.then_some(|_, _, _| Err(DEFERRED.to_string())),
        limits: key.5.clone().leak(),
        callable: access.call,
        takes_parameter: access.parameter,
        write: access.write.then_some(|_, _, _| Err(DEFERRED.to_string())),
        private: false,
        deferred: true,
    }));
    known.insert(key, handler);
    Some(handler)
}

const DEFERRED: &str = "answered by a component";

fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST_HELP);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_string()
}

/// Type of what its limits are about: its values, or a command's argument, which is a text.
pub fn taken(declared: &DeclaredHandler) -> Value {
    match declared.access.call {
        true => Value::Text,
        false => value(declared.value),
    }
}

fn value(number: u8) -> Value {
    match number {
        1 => Value::Lines,
        2 => Value::Unsigned,
        3 => Value::Integer,
        4 => Value::Real,
        5 => Value::Bool,
        6 => Value::Button,
        7 => Value::Json,
        8 => Value::Bytes,
        _ => Value::Text,
    }
}

/// The reason as counters know it; `None` when there are too many different ones.
pub fn reason(text: &str) -> Option<&'static str> {
    let mut known = REASONS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_with(HashMap::new);
    if let Some(reason) = known.get(text) {
        return Some(reason);
    }
    if known.len() >= MOST {
        return None;
    }
    let reason: &'static str = text.to_string().leak();
    known.insert(text.to_string(), reason);
    Some(reason)
}
