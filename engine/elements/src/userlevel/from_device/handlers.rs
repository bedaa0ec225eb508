//! FromDevice's handlers.

use super::FromDevice;
use crate::userlevel::device::Device;
use weft_core::{Handler, Value, reader, variable, writer};

pub(super) static HANDLERS: [Handler; 6] = [
    reader!(
        FromDevice,
        "count",
        Value::Unsigned,
        "packets",
        "Packets received",
        |f, _, _| Ok(f.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
    ),
    writer!(
        FromDevice,
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
    reader!(
        FromDevice,
        "kernel_drops",
        Value::Unsigned,
        "packets",
        "Packets the kernel dropped",
        |f, _, router| {
            f.ask_drops(router);
            Ok(f.drops.missed().to_string())
        }
    ),
    reader!(
        FromDevice,
        "encap",
        Value::Text,
        "",
        "What the first header of each packet is",
        |f, _, _| Ok(f.link_type().to_string())
    ),
    reader!(
        FromDevice,
        "method",
        Value::Text,
        "",
        "How the interface is received from",
        |f, _, _| Ok(f.device.as_ref().map_or_else(String::new, Device::describe))
    ),
    variable!(
        FromDevice,
        "active",
        Value::Bool,
        "",
        "Whether packets are received",
        |f, _, _| Ok(f.active.to_string()),
        |f, call, router| {
            f.active = call.value()?;
            if f.active {
                router.schedule();
            }
            Ok(())
        }
    ),
];
