//! # SetMark(VALUE)
//!
//! Sets the mark of packets: a number of 32 bits that components see and set, and that travels with
//! the packet from one to the next. A packet that nobody marked has mark 0.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `VALUE` *integer*: the mark.
//!
//! ## Handlers
//! - `mark` (rw): the mark.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> SetMark(0x10) -> Discard;
//! ```
//!
//! ## See also
//! CheckMark, Component

use super::MARK;
use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Router, Value, argument, variable,
};

/// Registers SetMark.
pub static CLASS: Class = Class {
    arguments: &[argument("VALUE", Place::Mandatory, "integer", "")],
    handlers: &[variable!(
        SetMark,
        "mark",
        Value::Unsigned,
        "",
        "The mark packets get",
        |s, _, _| Ok(s.mark.to_string()),
        |s, call, _| {
            s.mark = call.value()?;
            Ok(())
        }
    )
    .within("0..4294967295")],
    fuzz: &["0", "1", "0xffffffff"],
    ..Class::agnostic("SetMark", "component", build)
};

struct SetMark {
    mark: u32,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let mark = args.mandatory("VALUE");
    args.complete()?;
    Ok(Box::new(SetMark { mark }))
}

impl Element for SetMark {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let bytes = self.mark.to_le_bytes();
        for packet in batch.iter_mut() {
            router.pool.set_annotation(packet, MARK, &bytes);
        }
    }
}
