//! # StaticSwitch(OUTPUT)
//!
//! Sends all packets to one output.
//!
//! ## Ports
//! One push input, any number of push outputs.
//!
//! ## Arguments
//! - `OUTPUT` *integer*: the output; packets are dropped ("switched-off") when it is negative or
//!   does not exist.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> s :: StaticSwitch(1);
//! s [0] -> Discard;
//! s [1] -> Discard;
//! ```
//!
//! ## See also
//! Switch

use super::switch::Switch;
use weft_core::{Built, Class, Configure, Place, argument};

/// Registers StaticSwitch.
pub static CLASS: Class = Class {
    ports: "1/-",
    processing: "h/h",
    arguments: &[argument("OUTPUT", Place::Mandatory, "integer", "")],
    fuzz: &["0", "-1", "7"],
    ..Class::agnostic("StaticSwitch", "standard", build)
};

fn build(configure: &mut Configure<'_>) -> Built {
    let outputs = configure.outputs;
    let mut args = configure.args();
    let output: i32 = args.mandatory("OUTPUT");
    args.complete()?;
    let exists = usize::try_from(output).is_ok_and(|o| o < outputs);
    Ok(Box::new(Switch {
        output: if exists { output } else { -1 },
    }))
}
