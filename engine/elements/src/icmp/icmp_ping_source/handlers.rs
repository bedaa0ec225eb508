//! ICMPPingSource's handlers.

use super::ICMPPingSource;
use super::receiver::{Receiver, with_unit};
use weft_core::{Call, Handler, Router, Value, reader, variable, writer};
use weft_lang::value::Milliseconds;

pub(super) static HANDLERS: [Handler; 7] = [
    variable!(
        ICMPPingSource,
        "active",
        Value::Bool,
        "",
        "Whether pings are sent",
        |s, _, _| Ok(s.active.to_string()),
        |s, call, router| set_active(s, call, router)
    ),
    variable!(
        ICMPPingSource,
        "src",
        Value::Text,
        "",
        "The pings' source",
        |s, _, _| Ok(s.source.to_string()),
        |s, call, router| {
            let address = call.value_in(&router.names());
            s.source = address.map_err(|_| "syntax error")?;
            Ok(())
        }
    ),
    variable!(
        ICMPPingSource,
        "dst",
        Value::Text,
        "",
        "The pings' destination",
        |s, _, _| Ok(s.destination.to_string()),
        |s, call, router| {
            let address = call.value_in(&router.names());
            s.destination = address.map_err(|_| "syntax error")?;
            Ok(())
        }
    ),
    reader!(
        ICMPPingSource,
        "count",
        Value::Unsigned,
        "packets",
        "Pings sent",
        |s, _, _| Ok(s.count.to_string())
    ),
    writer!(
        ICMPPingSource,
        "limit",
        Value::Integer,
        "packets",
        "Pings sent at most",
        |s, call, router| {
            s.limit = call.value_or("'limit' should be integer")?;
            s.start(router);
            Ok(())
        }
    ),
    writer!(
        ICMPPingSource,
        "interval",
        Value::Text,
        "s",
        "Time between two pings",
        |s, call, _| {
            let Milliseconds(interval) = call.value_or("'interval' should be an interval")?;
            s.interval_ms = interval;
            Ok(())
        }
    ),
    writer!(
        ICMPPingSource,
        "reset_counts",
        Value::Button,
        "",
        "Begins to count anew",
        |s, _, router| {
            s.count = 0;
            s.receiver = s.receiver.take().map(|_| Receiver::new());
            s.start(router);
            Ok(())
        }
    ),
];

/// Handlers of sources that take replies.
pub(super) static OF_RECEIVERS: [Handler; 4] = [
    reader!(
        ICMPPingSource,
        "summary",
        Value::Lines,
        "",
        "Pings sent and received, loss, round-trip times",
        |s, _, _| Ok(s
            .receiver
            .as_ref()
            .map_or(String::new(), |r| r.summary(s.count)))
    ),
    reader!(
        ICMPPingSource,
        "rtt_min",
        Value::Text,
        "s",
        "Shortest round-trip time",
        |s, _, _| Ok(time(s, Receiver::min))
    ),
    reader!(
        ICMPPingSource,
        "rtt_avg",
        Value::Text,
        "s",
        "Average round-trip time",
        |s, _, _| Ok(time(s, Receiver::average))
    ),
    reader!(
        ICMPPingSource,
        "rtt_max",
        Value::Text,
        "s",
        "Longest round-trip time",
        |s, _, _| Ok(time(s, Receiver::max))
    ),
];

fn time(source: &ICMPPingSource, which: fn(&Receiver) -> u64) -> String {
    with_unit(source.receiver.as_ref().map_or(0, which))
}

fn set_active(
    source: &mut ICMPPingSource,
    call: Call<'_>,
    router: &mut Router,
) -> Result<(), String> {
    source.active = call.value_or("type mismatch")?;
    if !source.active {
        router.clear_timer(0);
    } else if router.output_is_push(0) && router.timer(0).is_none() {
        router.set_timer(0, router.clock.now());
    }
    Ok(())
}
