//! What a Click component declares, and how its handlers are answered: they reach those of the body.

use super::{BODY, reasons, typed};
use crate::component::component_handlers::{Offer, RESERVED, offers};
use serde_json::{Value as Json, json};
use weft_component::{Access, DeclaredHandler, LONGEST_PAYLOAD, Message};
use weft_core::{Limits, Router, Value};

const TEXT: u8 = 0;
const JSON: u8 = 7;
/// Name, type, access bits and help of those that every component in Click has.
const HANDLERS: &[(&str, u8, u8, &str)] = &[
    (
        "get",
        TEXT,
        5,
        "Reads a handler: ELEMENT.HANDLER [PARAMETER]",
    ),
    ("set", TEXT, 2, "Writes a handler: ELEMENT.HANDLER VALUE"),
    ("schema", JSON, 1, "The handlers of its elements"),
    ("graph", TEXT, 1, "The graph, without its compounds"),
];

/// Everything that is declared before packets flow, READY included.
pub fn declarations(router: &mut Router) -> Vec<u8> {
    let handlers = HANDLERS.iter().map(|(name, value, access, help)| {
        Message::Handler(DeclaredHandler {
            value: *value,
            access: Access::of(*access),
            name: (*name).to_string(),
            unit: String::new(),
            help: (*help).to_string(),
            limits: String::new(),
        })
    });
    let own = offers(router)
        .into_iter()
        .map(|o| Message::Handler(o.declared));
    let reasons = reasons::ALL.iter().zip(1..);
    let reasons = reasons.map(|(text, number)| Message::Reason(number, (*text).to_string()));
    let all = handlers.chain(own).chain(reasons).chain([Message::Ready]);
    all.flat_map(|message| message.encode()).collect()
}

/// The answer to a call.
pub fn answer(id: u32, name: &str, write: bool, value: &[u8], router: &mut Router) -> Vec<u8> {
    let value = String::from_utf8_lossy(value);
    let outcome = match (name, write) {
        (name, _) if !RESERVED.contains(&name) => call(name, write, &value, router),
        ("get", false) => get(&value, router),
        ("set", true) => set(&value, router).map(|()| String::new()),
        ("schema", false) => Ok(schema(router)),
        ("graph", false) => router
            .read_handler("flatconfig", "")
            .map_err(|e| e.to_string()),
        _ => Err(format!("no handler '{name}'")),
    };
    let outcome = match outcome {
        Ok(text) if text.len() > LONGEST_PAYLOAD => Err(format!(
            "the value has {} bytes; at most {LONGEST_PAYLOAD} can be sent",
            text.len()
        )),
        outcome => outcome.map(String::into_bytes),
    };
    Message::Answer { id, outcome }.encode()
}

/// Calls a handler that a ComponentHandlers names.
fn call(name: &str, write: bool, value: &str, router: &mut Router) -> Result<String, String> {
    let mut all = offers(router).into_iter();
    let Some(Offer {
        declared,
        value: kind,
        element,
        handler,
        ..
    }) = all.find(|o| o.declared.name == name)
    else {
        return Err(format!("no handler '{name}'"));
    };
    let target = format!("{element}.{handler}");
    let limits = Limits::parse(&declared.limits, limited(&declared, kind))?;
    let outcome = if write {
        let value = typed::check(kind, value)?;
        limits.check(&value)?;
        router
            .write_handler(&target, &value)
            .map(|()| String::new())
    } else {
        if declared.access.call {
            limits.check(value)?;
        }
        router.read_handler(&target, value)
    };
    let answer = outcome.map_err(|error| plain(&error.to_string()))?;
    match write {
        true => Ok(answer),
        false => typed::check(kind, &answer),
    }
}

/// The handler that is meant, and what comes behind it.
fn target<'a>(text: &'a str, router: &Router) -> Result<(String, &'a str), String> {
    let text = text.trim_start();
    let (target, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let Some((element, _)) = target
        .split_once('.')
        .filter(|(e, h)| !e.is_empty() && !h.is_empty())
    else {
        return Err(format!("'{target}' is not ELEMENT.HANDLER"));
    };
    let full = format!("{BODY}/{target}");
    if router.find_element(&format!("{BODY}/{element}")).is_none() {
        return Err(format!("No element named '{element}'"));
    }
    match router.handler_access(&full) {
        Ok(access) if !access.private => Ok((full, rest)),
        _ => Err(format!("No handler named '{target}'")),
    }
}

fn get(text: &str, router: &mut Router) -> Result<String, String> {
    let (target, parameter) = target(text, router)?;
    let read = router.read_handler(&target, parameter.trim());
    read.map_err(|error| plain(&error.to_string()))
}

fn set(text: &str, router: &mut Router) -> Result<(), String> {
    let (target, value) = target(text, router)?;
    let written = router.write_handler(&target, value.trim_start());
    written.map_err(|error| plain(&error.to_string()))
}

/// What is said, with the names that the component's author knows.
fn plain(text: &str) -> String {
    text.replace(&format!("'{BODY}/"), "'")
}

/// What the limits of a handler are about: a command's argument is a text.
fn limited(declared: &DeclaredHandler, kind: Value) -> Value {
    match declared.access.call {
        true => Value::Text,
        false => kind,
    }
}

/// What the graph tells of the handlers of the body's elements, under the names that its author knows.
fn schema(router: &mut Router) -> String {
    let all = router.read_handler("schema", "").unwrap_or_default();
    let all: Json = serde_json::from_str(&all).unwrap_or_default();
    let inside = format!("{BODY}/");
    let elements = all["elements"].as_array().into_iter().flatten();
    let own = elements.filter_map(|element| {
        let name = element["name"].as_str()?.strip_prefix(&inside)?;
        let mut element = element.clone();
        element["name"] = json!(name);
        Some(element)
    });
    json!({ "elements": own.collect::<Vec<_>>() }).to_string()
}
