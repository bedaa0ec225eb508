//! Which overload of a compound an instance means.

use crate::scope::{Body, Class, ClassId, Classes};

/// How many candidates are listed before it is enough.
const CANDIDATES_SHOWN: usize = 16;

/// The class that an instance means, and the values of its parameters.
pub(crate) struct Resolution {
    pub class: ClassId,
    pub values: Vec<String>,
}

/// No overload fits; `closest` takes the arguments at least.
pub(crate) struct NoMatch {
    pub message: String,
    pub closest: Option<Resolution>,
}

/// Values for the parameters of `body`, if `arguments` fit them.
fn assign(body: &Body, arguments: &[String]) -> Option<Vec<String>> {
    let formals = &body.formals;
    let mut values: Vec<Option<String>> = vec![None; formals.len()];
    let mut rest = Vec::new();
    let positionals = formals.iter().take_while(|f| f.keyword.is_empty()).count();
    let mut next = 0;
    for argument in arguments {
        let keyed = split_keyword(argument).and_then(|(keyword, value)| {
            let named = |f: &crate::scope::Formal| f.keyword == keyword && keyword != "__REST__";
            Some((formals.iter().position(named)?, value))
        });
        if let Some((formal, value)) = keyed {
            values[formal] = Some(value.to_string());
        } else if next < positionals {
            values[next] = Some(argument.clone());
            next += 1;
        } else {
            rest.push(argument.as_str());
        }
    }
    match formals.iter().rposition(|f| f.keyword == "__REST__") {
        Some(formal) => values[formal] = Some(rest.join(", ")),
        None if !rest.is_empty() => return None,
        None => {}
    }
    values.into_iter().collect()
}

fn split_keyword(argument: &str) -> Option<(&str, &str)> {
    let (keyword, value) = crate::confparse::split_first_word(argument);
    (!value.is_empty()).then_some((keyword, value))
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn shown(name: &str) -> &str {
    if name.is_empty() { "<anonymous>" } else { name }
}

/// `Name(<arg>, KEY)[1 input, 2 outputs]`.
fn signature(body: &Body) -> String {
    let (inputs, outputs) = body.ports();
    let formals: Vec<&str> = body
        .formals
        .iter()
        .map(|f| match f.keyword.as_str() {
            "" => "<arg>",
            "__REST__" => "...",
            keyword => keyword,
        })
        .collect();
    let formals = match formals.as_slice() {
        [] => String::new(),
        formals => format!("({})", formals.join(", ")),
    };
    let (inputs, outputs) = (counted(inputs, "input"), counted(outputs, "output"));
    format!("{}{formals}[{inputs}, {outputs}]", shown(&body.name))
}

/// Finds the overload of `class` for an instance with these ports and arguments.
pub(crate) fn resolve(
    classes: &Classes,
    class: ClassId,
    ports: (usize, usize),
    arguments: &[String],
) -> Result<Resolution, NoMatch> {
    let (mut candidates, mut closest) = (Vec::new(), None);
    let mut id = Some(class);
    while let Some(class) = id {
        let Class::Compound(body, next) = classes.get(class) else {
            let values = arguments.to_vec();
            return Ok(Resolution { class, values });
        };
        if let Some(values) = assign(body, arguments) {
            let found = Resolution { class, values };
            if body.ports() == ports {
                return Ok(found);
            }
            closest = Some(found);
        }
        candidates.push(body.as_ref());
        id = *next;
    }
    // A lone definition is meant in any case; ports that do not fit are reported one by one.
    match closest {
        Some(found) if candidates.len() == 1 => Ok(found),
        closest => Err(NoMatch {
            message: no_match(&candidates, ports, arguments.len()),
            closest,
        }),
    }
}

fn no_match(candidates: &[&Body], ports: (usize, usize), arguments: usize) -> String {
    let name = candidates.first().map_or("", |b| shown(&b.name));
    let arguments = match arguments {
        0 => String::new(),
        n => format!("{}, ", counted(n, "argument")),
    };
    let (inputs, outputs) = (counted(ports.0, "input"), counted(ports.1, "output"));
    let mut message = format!("no match for '{name}[{arguments}{inputs}, {outputs}]'");
    message.push_str("\ncandidates are:");
    for candidate in candidates.iter().take(CANDIDATES_SHOWN) {
        let line = format!("\n{}:   {}", candidate.landmark, signature(candidate));
        message.push_str(&line);
    }
    message
}
