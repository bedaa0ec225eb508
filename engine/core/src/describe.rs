//! Classes as data: what `weft-engine elements --json` prints, for manuals and completion.

use crate::element::{Argument, Class, Place, Registry};
use crate::handler::Handler;
use serde_json::{Value, json};

impl Registry {
    /// Every class with its ports, arguments and handlers, by name.
    pub fn describe(&self) -> Value {
        let mut classes: Vec<&Class> = self.iter().collect();
        classes.sort_by_key(|c| c.name);
        classes.into_iter().map(describe_class).collect()
    }
}

fn describe_class(class: &Class) -> Value {
    json!({
        "name": class.name,
        "group": class.group,
        "ports": class.ports,
        "processing": class.processing,
        "flow": class.flow,
        "live": class.live,
        "arguments": class.arguments.iter().map(describe_argument).collect::<Vec<_>>(),
        "handlers": class.handlers.iter().map(describe_handler).collect::<Vec<_>>(),
        "fuzz": class.fuzz,
    })
}

fn describe_argument(argument: &Argument) -> Value {
    json!({
        "name": argument.name,
        "place": match argument.place {
            Place::Mandatory => "mandatory",
            Place::Optional => "optional",
            Place::Keyword => "keyword",
            Place::Rest => "rest",
        },
        "type": argument.value,
        "default": argument.default,
    })
}

/// A handler as data.
pub(crate) fn describe_handler(handler: &Handler) -> Value {
    json!({
        "name": handler.name,
        "type": handler.value.name(),
        "unit": handler.unit,
        "help": handler.help,
        "limits": handler.limits,
        "readable": handler.read.is_some() && !handler.callable,
        "writable": handler.write.is_some(),
        "callable": handler.callable,
        "parameter": handler.takes_parameter,
    })
}
