//! # Paint(COLOR [, ANNO])
//!
//! Sets an annotation byte of packets, their paint, to a color.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `COLOR` *integer*: the color, 0 to 255.
//! - `ANNO` *packet annotation* (PAINT): the one-byte annotation that is set.
//!
//! ## Handlers
//! - `color` (rw): the color.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Paint(3) -> Discard;
//! ```
//!
//! ## See also
//! PaintSwitch

use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Router, Value, argument, variable,
};
use weft_lang::value::Annotation;

/// Offset of the paint annotation.
const PAINT: u8 = 16;

/// Registers Paint.
pub static CLASS: Class = Class {
    arguments: &[
        argument("COLOR", Place::Mandatory, "integer", ""),
        argument("ANNO", Place::Optional, "packet annotation", "PAINT"),
    ],
    handlers: &[variable!(
        Paint,
        "color",
        Value::Unsigned,
        "",
        "The color packets get",
        |p, _, _| Ok(p.color.to_string()),
        |p, call, _| {
            p.color = call.value_or("expected uint8_t")?;
            Ok(())
        }
    )
    .within("0..255")],
    fuzz: &["1", "255", "1, 17", "0, 47"],
    ..Class::agnostic("Paint", "standard", build)
};

struct Paint {
    color: u8,
    annotation: u8,
}

/// Reads ANNO, an annotation of one byte.
pub(super) fn one_byte_annotation(args: &mut weft_lang::Args<'_>) -> u8 {
    let default = Annotation {
        offset: PAINT,
        size: 1,
    };
    match args.positional("ANNO", default).sized(1) {
        Some(annotation) => annotation.offset,
        None => {
            args.argument_error("ANNO", "bad annotation size, expected 1 byte");
            PAINT
        }
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let color = args.mandatory("COLOR");
    let annotation = one_byte_annotation(&mut args);
    args.complete()?;
    Ok(Box::new(Paint { color, annotation }))
}

impl Element for Paint {
    #[inline]
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if self.annotation == PAINT {
            batch.iter_mut().for_each(|p| p.set_paint(self.color));
            return;
        }
        for packet in batch.iter_mut() {
            let offset = self.annotation as usize;
            router.pool.set_annotation_byte(packet, offset, self.color);
        }
    }
}
