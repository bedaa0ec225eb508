//! FromIPSummaryDump's handlers.

use super::{FromIPSummaryDump, SAMPLE_BITS};
use weft_core::{Handler, Value, reader, variable, writer};
use weft_io::Lines;
use weft_lang::value::unparse_fixed;

pub(super) static HANDLERS: [Handler; 7] = [
    variable!(
        FromIPSummaryDump,
        "active",
        Value::Bool,
        "",
        "Whether packets are made",
        |f, _, _| Ok(f.active.to_string()),
        |f, call, router| {
            f.active = call.value().map_err(|_| "type mismatch")?;
            f.ended &= !f.active;
            f.wake(router);
            Ok(())
        }
    ),
    reader!(
        FromIPSummaryDump,
        "encap",
        Value::Text,
        "",
        "What the first header of each packet is",
        |_, _, _| Ok("IP".to_string())
    ),
    reader!(
        FromIPSummaryDump,
        "filename",
        Value::Text,
        "",
        "The file",
        |f, _, _| Ok(f
            .lines
            .as_ref()
            .map_or_else(|| f.path.clone(), |l| l.name().into()))
    ),
    reader!(
        FromIPSummaryDump,
        "filesize",
        Value::Text,
        "bytes",
        "Size of the file, or -",
        |f, _, _| {
            let size = f.lines.as_ref().and_then(Lines::size);
            Ok(size.map_or("-".into(), |s| s.to_string()))
        }
    ),
    reader!(
        FromIPSummaryDump,
        "filepos",
        Value::Unsigned,
        "bytes",
        "Position in the file",
        |f, _, _| Ok(f.lines.as_ref().map_or(0, Lines::position).to_string())
    ),
    reader!(
        FromIPSummaryDump,
        "sampling_prob",
        Value::Real,
        "",
        "Probability with which a packet is taken",
        |f, _, _| Ok(unparse_fixed(f.sample, SAMPLE_BITS))
    ),
    writer!(
        FromIPSummaryDump,
        "stop",
        Value::Button,
        "",
        "Ends, and asks the driver to stop",
        |f, _, router| {
            f.active = false;
            router.request_stop();
            Ok(())
        }
    ),
];
