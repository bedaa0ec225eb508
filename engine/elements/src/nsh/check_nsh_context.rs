//! # CheckNSHContext(PATTERN, ...)
//!
//! Lets packets pass whose Network Service Header has a context (MD type 1) of this pattern: the header
//! kept beside them in a function whose components see it ([NSHFunction](NSHFunction.md)), else the one
//! marked in their bytes.
//!
//! ## Ports
//! One agnostic input; packets whose context is so leave by output 0, others by output 1 where that is
//! connected, else they are dropped as `nsh-context`. Packets without a header, and those of
//! another MD type, have no context: they are others.
//!
//! ## Arguments
//! - `PATTERN` *OFFSET/VALUE, or OFFSET/VALUE%MASK*: bytes of the context from OFFSET on, 0 to 15, in
//!   hexadecimal; with a mask only the bits set in it are compared. All PATTERNs must hold.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14) -> unmarked :: CheckNSHContext(0/00, 4/80%80) -> Discard;
//! unmarked[1] -> Discard;
//! ```
//!
//! ## See also
//! SetNSH, NSHSwitch, CheckMark

use super::kept_or_marked::context;
use super::refusals::Refusals;
use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, Verdict, argument};

/// Registers CheckNSHContext.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    arguments: &[argument(
        "PATTERN",
        Place::Rest,
        "OFFSET/VALUE, or OFFSET/VALUE%MASK",
        "",
    )],
    fuzz: &["0/00", "0/01, 12/ff00ff00%0f0f0f0f"],
    ..Class::agnostic("CheckNSHContext", "nsh", build)
};

const CONTEXT_BITS: usize = 128;

/// Context, value and mask as numbers of 128 bits: all patterns are one comparison.
struct CheckNSHContext {
    value: u128,
    mask: u128,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let texts = args.rest();
    let (mut value, mut mask) = (0, 0);
    if texts.is_empty() {
        args.error("need at least one PATTERN");
    }
    for text in &texts {
        match parse(text) {
            Some((its_value, its_mask)) if (value ^ its_value) & mask & its_mask == 0 => {
                value |= its_value;
                mask |= its_mask;
            }
            Some(_) => args.error(format!("'{text}' contradicts the patterns before it")),
            None => args.error(format!(
                "'{text}' is no pattern of a context; allowed: OFFSET/VALUE, OFFSET/VALUE%MASK \
                 within 16 bytes, as in 0/01 or 4/80%f0"
            )),
        }
    }
    args.complete()?;
    Ok(Box::new(CheckNSHContext {
        value,
        mask,
        refusals: Refusals::default(),
    }))
}

/// Value and mask of a pattern, where they stand in the context.
fn parse(text: &str) -> Option<(u128, u128)> {
    let (offset, bytes) = text.split_once('/')?;
    let (value, mask) = match bytes.split_once('%') {
        Some((value, mask)) => (value, mask.to_string()),
        None => (bytes, "f".repeat(bytes.len())),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let offset: usize = offset.parse().ok().filter(|offset| *offset < 16)?;
    let (begin, length) = (offset * 8, value.len() * 4);
    let is_whole = !value.is_empty() && value.len().is_multiple_of(2) && mask.len() == value.len();
    if !is_whole || begin + length > CONTEXT_BITS || !is_digits(value) || !is_digits(&mask) {
        return None;
    }
    let place = |text: &str| {
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(number << (CONTEXT_BITS - begin - length))
    };
    let mask = place(&mask)?;
    Some((place(value)? & mask, mask))
}

impl Element for CheckNSHContext {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            let context = context(packet, &router.pool).map(u128::from_be_bytes);
            let verdict = match context.is_some_and(|bits| bits & self.mask == self.value) {
                true => Verdict::Keep,
                false => Verdict::Emit(1, "nsh-context"),
            };
            self.refusals.heed(verdict, router)
        });
    }
}
