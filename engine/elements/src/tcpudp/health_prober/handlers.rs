//! Handlers of HealthProber.

use super::HealthProber;
use super::health::Health;
use weft_core::{Call, Handler, Value, reader, variable};
use weft_lang::value::{Milliseconds, unparse_seconds};

pub(super) const HANDLERS: &[Handler] = &[
    reader!(
        HealthProber,
        "status",
        Value::Lines,
        "",
        "The targets: whether up, probes answered, probes failed",
        |p, _, router| {
            p.follow_mapper(router);
            Ok(p.targets.iter().map(line).collect())
        }
    ),
    variable!(
        HealthProber,
        "interval",
        Value::Text,
        "s",
        "Time between two probes of a target",
        |p, _, _| Ok(unparse_seconds(
            u64::from(p.interval_ms) * super::NANOSECONDS_PER_MS
        )),
        |p, call, router| {
            let Milliseconds(interval) = call.value_or("'interval' should be a time")?;
            if interval == 0 {
                return Err("'interval' must be at least 1ms".into());
            }
            p.interval_ms = interval;
            p.set_timer(interval, router);
            Ok(())
        }
    ),
    variable!(
        HealthProber,
        "rise",
        Value::Unsigned,
        "probes",
        "Answers in a row after which a target is up",
        |p, _, _| Ok(p.rise.to_string()),
        |p, call, _| {
            p.rise = at_least_one(&call)?;
            Ok(())
        }
    ),
    variable!(
        HealthProber,
        "fall",
        Value::Unsigned,
        "probes",
        "Failures in a row after which a target is down",
        |p, _, _| Ok(p.fall.to_string()),
        |p, call, _| {
            p.fall = at_least_one(&call)?;
            Ok(())
        }
    ),
    variable!(
        HealthProber,
        "active",
        Value::Bool,
        "",
        "Whether probes are sent",
        |p, _, _| Ok(p.active.to_string()),
        |p, call, router| {
            p.active = call.value()?;
            p.set_timer(0, router);
            Ok(())
        }
    ),
];

fn at_least_one(call: &Call<'_>) -> Result<u32, String> {
    match call.value()? {
        0 => Err(format!("'{}' must be at least 1", call.handler)),
        count => Ok(count),
    }
}

fn line(target: &Health) -> String {
    let mark = if target.is_up { "up" } else { "down" };
    format!(
        "{} {mark} {} {}\n",
        target.server, target.passed, target.failed
    )
}
