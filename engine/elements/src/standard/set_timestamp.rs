//! # SetTimestamp([TIMESTAMP, *keyword* FIRST])
//!
//! Sets packets' timestamps.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `TIMESTAMP` *time in sec*: the timestamp; the current time if not given.
//! - `FIRST` *boolean* (false): sets the "first timestamp" annotation instead.
//! - `DELTA` *boolean* (false): no longer there; refused when true.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> SetTimestamp(0.5) -> Print(TIMESTAMP true) -> Discard;
//! ```
//!
//! ## See also
//! DelayShaper, Print

use weft_core::{Batch, Built, Class, Configure, Element, Place, Router, argument};
use weft_lang::value::Seconds;

/// Offset of the "first timestamp" annotation, eight bytes.
const FIRST_TIMESTAMP: usize = 32;

/// Registers SetTimestamp.
pub static CLASS: Class = Class {
    arguments: &[
        argument("TIMESTAMP", Place::Optional, "time in sec", ""),
        argument("FIRST", Place::Keyword, "boolean", "false"),
        argument("DELTA", Place::Keyword, "boolean", "false"),
    ],
    fuzz: &["", "1.5", "FIRST true"],
    ..Class::agnostic("SetTimestamp", "standard", build)
};

struct SetTimestamp {
    timestamp: Option<u64>,
    first: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let timestamp: Option<Seconds> = args.positional_opt("TIMESTAMP");
    let first = args.keyword("FIRST", false);
    let delta = args.keyword("DELTA", false);
    args.check(|| match delta {
        true => Err("SetTimestamp(DELTA) is deprecated, use SetTimestampDelta(TYPE FIRST)"),
        false => Ok(()),
    });
    args.complete()?;
    Ok(Box::new(SetTimestamp {
        timestamp: timestamp.map(|t| t.0),
        first,
    }))
}

impl Element for SetTimestamp {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let time = self.timestamp.unwrap_or_else(|| router.clock.timestamp());
        for packet in batch.iter_mut() {
            if self.first {
                let bytes = time.to_be_bytes();
                router.pool.set_annotation(packet, FIRST_TIMESTAMP, &bytes);
            } else {
                packet.set_timestamp(time);
            }
        }
    }
}
