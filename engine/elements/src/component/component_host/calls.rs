//! What a Click component declares, and how its handlers are answered: they reach those of the body.

use super::{BODY, reasons, typed};
use crate::component::component_handlers::{Offer, RESERVED, offers};
use weft_component::{Access, DeclaredHandler, LONGEST_PAYLOAD, Message};
use weft_core::Router;

const TEXT: u8 = 0;
const LINES: u8 = 1;
const READ: Access = Access {
    read: true,
    write: false,
    parameter: false,
};
const ASK: Access = Access {
    read: true,
    write: false,
    parameter: true,
};
const WRITE: Access = Access {
    read: false,
    write: true,
    parameter: false,
};
const HANDLERS: &[(&str, u8, Access, &str)] = &[
    (
        "get",
        TEXT,
        ASK,
        "Reads a handler: ELEMENT.HANDLER [PARAMETER]",
    ),
    (
        "set",
        TEXT,
        WRITE,
        "Writes a handler: ELEMENT.HANDLER VALUE",
    ),
    (
        "list",
        LINES,
        READ,
        "All handlers, with r, w and + where they can be read, written, and read with a parameter",
    ),
    ("graph", TEXT, READ, "The graph, without its compounds"),
];

/// Everything that is declared before packets flow, READY included.
pub fn declarations(router: &mut Router) -> Vec<u8> {
    let handlers = HANDLERS.iter().map(|(name, value, access, help)| {
        Message::Handler(DeclaredHandler {
            value: *value,
            access: *access,
            name: (*name).to_string(),
            unit: String::new(),
            help: (*help).to_string(),
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
        ("list", false) => Ok(list(router)),
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
        value: kind,
        element,
        handler,
        ..
    }) = all.find(|o| o.declared.name == name)
    else {
        return Err(format!("no handler '{name}'"));
    };
    let target = format!("{element}.{handler}");
    let outcome = if write {
        let written = router.write_handler(&target, &typed::check(kind, value)?);
        written.map(|()| String::new())
    } else {
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

fn list(router: &Router) -> String {
    let inside = format!("{BODY}/");
    let mut lines = String::new();
    for id in 0..router.element_count() {
        let Some(name) = router.name(id).strip_prefix(&inside) else {
            continue;
        };
        for access in router
            .handlers_of(id)
            .iter()
            .filter(|a| !a.private && a.name != "*")
        {
            let kinds = [
                (access.readable, 'r'),
                (access.writable, 'w'),
                (access.takes_parameter, '+'),
            ];
            let flags: String = kinds
                .iter()
                .filter(|(on, _)| *on)
                .map(|(_, c)| *c)
                .collect();
            lines += &format!("{name}.{} {flags}\n", access.name);
        }
    }
    lines
}
