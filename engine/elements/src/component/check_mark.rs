//! # CheckMark(VALUE)
//!
//! Lets packets pass whose mark is `VALUE`. With a mask, as in `0x10/0xf0`, only the bits set in the
//! mask are compared.
//!
//! ## Ports
//! One agnostic input; packets with that mark leave by output 0, others by output 1 where that is
//! connected, else they are dropped ("wrong-mark").
//!
//! ## Arguments
//! - `VALUE` *integer, or integer/mask*: the mark.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> SetMark(0x12) -> check :: CheckMark(0x10/0xf0) -> Discard;
//! check[1] -> Discard;
//! ```
//!
//! ## See also
//! SetMark, Component

use super::MARK;
use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, Verdict, argument};
use weft_lang::value::{Value, Word};

/// Registers CheckMark.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    arguments: &[argument(
        "VALUE",
        Place::Mandatory,
        "integer, or integer/mask",
        "",
    )],
    fuzz: &["0", "1/1", "0x10/0xf0"],
    ..Class::agnostic("CheckMark", "component", build)
};

struct CheckMark {
    value: u32,
    mask: u32,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let text: Word = args.mandatory("VALUE");
    args.complete()?;
    let (value, mask) = text.0.split_once('/').unwrap_or((&text.0, "0xffffffff"));
    let number = |text: &str| u32::parse(text, configure.names());
    match (number(value), number(mask)) {
        (Ok(value), Ok(mask)) => Ok(Box::new(CheckMark {
            value: value & mask,
            mask,
        })),
        _ => Err(vec![format!(
            "VALUE: '{}' is neither a mark of 32 bits nor MARK/MASK",
            text.0
        )]),
    }
}

impl Element for CheckMark {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            let mark = u32::from_le_bytes(router.pool.annotation(packet, MARK));
            match mark & self.mask == self.value {
                true => Verdict::Keep,
                false => Verdict::Emit(1, "wrong-mark"),
            }
        });
    }
}
