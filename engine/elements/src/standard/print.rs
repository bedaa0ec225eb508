//! # Print([LABEL, MAXLENGTH, *keywords* CONTENTS, TIMESTAMP, PRINTANNO, HEADROOM, CPU, ACTIVE])
//!
//! Prints packets, a line each, to standard error: label, length, bytes.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `LABEL` *string*: what lines begin with.
//! - `MAXLENGTH` *integer* (24): bytes printed at most; negative: all.
//! - `CONTENTS` *keyword* (HEX): how bytes are printed: `HEX`, `ASCII`, or `NONE`, not at all; a
//!   boolean stands for HEX or NONE.
//! - `TIMESTAMP` *boolean* (false): prints timestamps.
//! - `PRINTANNO` *boolean* (false): prints the annotation area.
//! - `HEADROOM` *boolean* (false): prints the room before and behind the packet.
//! - `CPU` *boolean* (false): prints the number of the thread.
//! - `ACTIVE` *boolean* (true): when false, nothing is printed.
//!
//! ## Handlers
//! - `active` (rw): as the argument.
//!
//! ## Example
//! ```click
//! InfiniteSource(LIMIT 1, STOP true) -> Print(ok, CONTENTS ASCII) -> Discard;
//! ```
//!
//! ## See also
//! IPPrint, ARPPrint

use std::fmt::Write;
use weft_core::{
    ANNOTATION_BYTES, Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router, Value,
    argument, timestamp_text, variable,
};
use weft_lang::value::{Word, parse_bool};

/// Registers Print.
pub static CLASS: Class = Class {
    observable: true,
    arguments: &[
        argument("LABEL", Place::Optional, "string", ""),
        argument("MAXLENGTH", Place::Optional, "integer", "24"),
        argument("CONTENTS", Place::Keyword, "keyword", "HEX"),
        argument("TIMESTAMP", Place::Keyword, "boolean", "false"),
        argument("PRINTANNO", Place::Keyword, "boolean", "false"),
        argument("HEADROOM", Place::Keyword, "boolean", "false"),
        argument("CPU", Place::Keyword, "boolean", "false"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
    ],
    handlers: &[variable!(
        Print,
        "active",
        Value::Bool,
        "",
        "Whether packets are printed",
        |p, _, _| Ok(p.active.to_string()),
        |p, call, _| {
            p.active = call.value_or("expected boolean")?;
            Ok(())
        }
    )],
    fuzz: &[
        "",
        "x, -1, TIMESTAMP true, HEADROOM true",
        "CONTENTS ASCII, PRINTANNO true, MAXLENGTH 2000",
        "CONTENTS NONE, CPU true",
    ],
    ..Class::agnostic("Print", "standard", build)
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Contents {
    None,
    Hex,
    Ascii,
}

struct Print {
    label: String,
    max_length: i32,
    contents: Contents,
    timestamp: bool,
    annotations: bool,
    headroom: bool,
    cpu: bool,
    active: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let label = args.positional("LABEL", String::new());
    let mut max_length = args.positional("MAXLENGTH", 24);
    for older in ["LENGTH", "NBYTES"] {
        max_length = args.deprecated(older).unwrap_or(max_length);
    }
    let contents = args.keyword("CONTENTS", Word("HEX".to_string())).0;
    let mut print = Print {
        label,
        max_length,
        contents: Contents::Hex,
        timestamp: args.keyword("TIMESTAMP", false),
        annotations: args.keyword("PRINTANNO", false),
        headroom: args.keyword("HEADROOM", false),
        cpu: args.keyword("CPU", false),
        active: args.keyword("ACTIVE", true),
    };
    args.check(|| {
        print.contents = parse_contents(&contents)?;
        Ok::<(), String>(())
    });
    let warnings = args.warnings().to_vec();
    args.complete()?;
    warnings.iter().for_each(|w| configure.warn(w));
    Ok(Box::new(print))
}

fn parse_contents(text: &str) -> Result<Contents, String> {
    if let Ok(hex) = parse_bool(text) {
        return Ok(if hex { Contents::Hex } else { Contents::None });
    }
    let text = text.to_ascii_uppercase();
    match text.as_str() {
        "NONE" => Ok(Contents::None),
        "HEX" => Ok(Contents::Hex),
        "ASCII" => Ok(Contents::Ascii),
        _ => Err(format!(
            "bad contents value '{text}'; should be 'NONE', 'HEX', or 'ASCII'"
        )),
    }
}

impl Print {
    fn line(&self, packet: &Packet, pool: &Pool) -> String {
        let mut line = self.label.clone();
        let mut separator = if line.is_empty() { "" } else { ": " };
        if self.cpu {
            line += "(0)";
            separator = ": ";
        }
        if self.timestamp {
            line += separator;
            line += &timestamp_text(packet.timestamp());
            separator = ": ";
        }
        // Writing to a String cannot fail.
        let _ = write!(line, "{separator}{:4}", packet.len());
        if self.headroom {
            let (head, tail) = (pool.headroom(packet), pool.tailroom(packet));
            let _ = write!(line, " (h{head} t{tail})");
        }
        if self.annotations {
            line += " | ";
            push_hex(&mut line, &pool.annotation::<ANNOTATION_BYTES>(packet, 0));
        }
        self.push_contents(&mut line, pool.data(packet));
        line
    }

    fn push_contents(&self, line: &mut String, data: &[u8]) {
        let count = usize::try_from(self.max_length).unwrap_or(usize::MAX);
        let shown = &data[..count.min(data.len())];
        if shown.is_empty() || self.contents == Contents::None {
            return;
        }
        *line += " | ";
        if self.contents == Contents::Ascii {
            for part in shown.chunks(8) {
                line.push(' ');
                line.extend(part.iter().map(|&byte| match byte {
                    b' '..=b'~' => byte as char,
                    _ => '.',
                }));
            }
            return;
        }
        for (index, part) in shown.chunks(4).enumerate() {
            if index > 0 {
                line.push(' ');
            }
            push_hex(line, part);
        }
    }
}

fn push_hex(line: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(line, "{byte:02x}");
    }
}

impl Element for Print {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if !self.active {
            return;
        }
        for packet in batch.iter() {
            let line = self.line(packet, &router.pool);
            router.console.line(&line);
        }
    }
}
