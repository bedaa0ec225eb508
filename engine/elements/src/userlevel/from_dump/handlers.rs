//! FromDump's handlers.

use super::ending::End;
use super::{FromDump, SAMPLE_BITS};
use weft_core::{Call, Handler, Router, Value, reader, variable, writer};
use weft_io::pcap::Reader;
use weft_lang::value::{parse_seconds_ns, unparse_fixed};

pub(super) static HANDLERS: [Handler; 12] = [
    reader!(
        FromDump,
        "count",
        Value::Unsigned,
        "packets",
        "Packets emitted",
        |f, _, _| Ok(f.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
    ),
    writer!(
        FromDump,
        "reset_counts",
        Value::Button,
        "",
        "Sets count to zero",
        |f, _, _| {
            if let Some(cells) = &f.cells {
                cells.set(0, 0);
            }
            Ok(())
        }
    ),
    variable!(
        FromDump,
        "active",
        Value::Bool,
        "",
        "Whether packets are read",
        |f, _, _| Ok(f.active.to_string()),
        |f, call, router| {
            let active = call.value().map_err(|_| "type mismatch")?;
            f.set_active(active, router);
            Ok(())
        }
    ),
    reader!(
        FromDump,
        "encap",
        Value::Text,
        "",
        "What the first header of each packet is",
        |f, _, _| Ok(f.link_type.to_string())
    ),
    reader!(
        FromDump,
        "filename",
        Value::Text,
        "",
        "The file",
        |f, _, _| Ok(if f.path == "-" {
            "<stdin>".into()
        } else {
            f.path.clone()
        })
    ),
    reader!(
        FromDump,
        "filesize",
        Value::Text,
        "bytes",
        "Size of the file, or -",
        |f, _, _| {
            let size = f.reader.as_ref().and_then(Reader::size);
            Ok(size.map_or("-".into(), |s| s.to_string()))
        }
    ),
    variable!(
        FromDump,
        "filepos",
        Value::Unsigned,
        "bytes",
        "Position in the file",
        |f, _, _| Ok(f.reader.as_ref().map_or(0, Reader::position).to_string()),
        |f, call, router| f.seek(call, router)
    ),
    reader!(
        FromDump,
        "packet_filepos",
        Value::Unsigned,
        "bytes",
        "Position of the last packet emitted",
        |f, _, _| Ok(f.packet_position.to_string())
    ),
    reader!(
        FromDump,
        "sampling_prob",
        Value::Real,
        "",
        "Probability with which a packet is taken",
        |f, _, _| Ok(unparse_fixed(f.sample, SAMPLE_BITS))
    ),
    writer!(
        FromDump,
        "stop",
        Value::Button,
        "",
        "Ends, and asks the driver to stop",
        |f, _, router| {
            f.set_active(false, router);
            router.request_stop();
            Ok(())
        }
    ),
    writer!(
        FromDump,
        "extend_interval",
        Value::Text,
        "s",
        "Moves the end on",
        |f, call, router| {
            let by = parse_seconds_ns(call.text.trim())
                .map_err(|_| "'extend_interval' takes a time interval")?;
            f.window.extend(by);
            if f.end != End::None {
                f.set_active(true, router);
            }
            Ok(())
        }
    ),
    writer!(
        FromDump,
        "reset_timing",
        Value::Button,
        "",
        "Lets the next packet come at once",
        |f, _, _| {
            f.window.fix();
            f.origin = None;
            Ok(())
        }
    ),
];

impl FromDump {
    fn set_active(&mut self, active: bool, router: &mut Router) {
        self.active = active;
        if active {
            self.ended = false;
            self.wake(router);
        }
    }

    fn seek(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let position = call
            .value()
            .map_err(|_| "argument must be file offset".to_string())?;
        if let Some(reader) = &mut self.reader {
            reader.seek(position)?;
        }
        self.ended = false;
        self.wake(router);
        Ok(())
    }
}
