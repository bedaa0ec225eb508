//! # Switch([OUTPUT])
//!
//! Sends all packets to one output, which a handler can change.
//!
//! ## Ports
//! One push input, any number of push outputs.
//!
//! ## Arguments
//! - `OUTPUT` *integer* (0): the output; negative: packets are dropped ("switched-off").
//!
//! ## Handlers
//! - `switch` (rw): the output; one that does not exist counts as -1.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> s :: Switch(1);
//! s [0] -> Discard;
//! s [1] -> Discard;
//! ```
//!
//! ## See also
//! StaticSwitch, PaintSwitch, RoundRobinSwitch

use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Place, Router, Value, argument, variable,
};

/// Registers Switch.
pub static CLASS: Class = Class {
    ports: "1/-",
    processing: "h/h",
    live: true,
    arguments: &[argument("OUTPUT", Place::Optional, "integer", "0")],
    handlers: &[variable!(
        Switch,
        "switch",
        Value::Integer,
        "",
        "The output packets go to",
        |s, _, _| Ok(s.output.to_string()),
        |s, call, router| s.change(call, router)
    )],
    fuzz: &["", "0", "-1"],
    ..Class::agnostic("Switch", "standard", build)
};

pub(super) struct Switch {
    pub(super) output: i32,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let outputs = configure.outputs;
    let mut args = configure.args();
    let output: i32 = args.positional("OUTPUT", 0);
    args.check(|| match usize::try_from(output) {
        Ok(output) if output >= outputs => Err(format!("output must be < {outputs}")),
        _ => Ok(()),
    });
    args.complete()?;
    Ok(Box::new(Switch { output }))
}

impl Switch {
    fn change(&mut self, call: Call<'_>, router: &Router) -> Result<(), String> {
        let output: i32 = call.value_or("Switch output must be integer")?;
        let exists = usize::try_from(output).is_ok_and(|o| o < router.outputs());
        self.output = if exists { output } else { -1 };
        Ok(())
    }
}

impl Element for Switch {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        match usize::try_from(self.output) {
            Ok(0) => {}
            Ok(output) => {
                let all = std::mem::replace(batch, router.new_batch());
                router.emit_batch(output, all);
            }
            Err(_) => router.drop_all(batch, "switched-off"),
        }
    }

    fn configuration(&self) -> Option<String> {
        Some(self.output.to_string())
    }
}
