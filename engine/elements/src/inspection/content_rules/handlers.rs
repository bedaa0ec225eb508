//! The handlers of ContentRules.

use super::{ContentRules, Count};
use crate::inspection::rate_limiter::how_many;
use serde_json::json;
use weft_core::{Call, Handler, Value, reader, variable, writer};

const DEFAULT_ALERTS: usize = 10;
const MOST_ALERTS: usize = 1000;

/// A handler that reads a count.
macro_rules! count {
    ($name:literal, $count:ident, $unit:literal, $help:literal) => {
        reader!(
            ContentRules,
            $name,
            Value::Unsigned,
            $unit,
            $help,
            |rules, _, _| Ok(rules.count(Count::$count).to_string())
        )
    };
}

/// All of them.
pub(super) const HANDLERS: &[Handler] = &[
    reader!(
        ContentRules,
        "alerts",
        Value::Json,
        "",
        "The newest alerts, 10 unless told",
        |rules, call, _| {
            let count = how_many(call, DEFAULT_ALERTS, MOST_ALERTS)?;
            Ok(rules.record.newest(count).to_string())
        }
    )
    .with_parameter(),
    reader!(
        ContentRules,
        "alerts_after",
        Value::Json,
        "",
        "Alerts after a number, and the number to go on from",
        |rules, call, _| alerts_after(rules, call)
    )
    .with_parameter(),
    variable!(
        ContentRules,
        "rules",
        Value::Lines,
        "",
        "The rules; writing replaces all of them, or none",
        |rules, _, _| Ok(rules.source.text().to_string()),
        |rules, call, _| {
            let set = rules.source.replace(call.text);
            rules.replace(set.map_err(|problems| problems.join("\n"))?);
            Ok(())
        }
    ),
    writer!(
        ContentRules,
        "reload",
        Value::Button,
        "",
        "Reads the file of rules again",
        |rules, _, _| {
            let set = rules.source.load();
            rules.replace(set.map_err(|problems| problems.join("\n"))?);
            Ok(())
        }
    ),
    reader!(
        ContentRules,
        "rule_counts",
        Value::Json,
        "",
        "Packets and alerts of each rule that matched",
        |rules, _, _| Ok(rule_counts(rules))
    ),
    reader!(
        ContentRules,
        "loaded",
        Value::Unsigned,
        "rules",
        "Rules that are looked for",
        |rules, _, _| Ok(rules.set.rules.len().to_string())
    ),
    reader!(
        ContentRules,
        "skipped",
        Value::Lines,
        "",
        "Rules that were not understood, and why",
        |rules, _, _| Ok(rules.source.skipped().join("\n"))
    ),
    count!("packets", Packets, "packets", "Packets looked at"),
    count!("matches", Matches, "rules", "Rules that packets matched"),
    count!("raised", Raised, "alerts", "Alerts raised"),
    count!(
        "suppressed",
        Suppressed,
        "alerts",
        "Alerts left out because of a threshold"
    ),
    count!("dropped", Dropped, "packets", "Packets dropped"),
    count!(
        "given_up",
        GivenUp,
        "rules",
        "Rules that took too many attempts on a packet"
    ),
    count!(
        "unwritten",
        Unwritten,
        "",
        "Times the file could not be written"
    ),
    reader!(
        ContentRules,
        "flows",
        Value::Unsigned,
        "flows",
        "Flows remembered",
        |rules, _, _| Ok(rules.streams.len().to_string())
    ),
    reader!(
        ContentRules,
        "forgotten",
        Value::Unsigned,
        "flows",
        "Flows that made room for others",
        |rules, _, _| Ok(rules.streams.forgotten.to_string())
    ),
    variable!(
        ContentRules,
        "drop",
        Value::Bool,
        "",
        "Whether rules 'drop' drop packets",
        |rules, _, _| Ok(rules.drops.to_string()),
        |rules, call, router| {
            rules.drops = call.value_or("expected boolean")?;
            router.set_argument(usize::MAX, "DROP", &rules.drops.to_string());
            Ok(())
        }
    ),
    writer!(
        ContentRules,
        "reset_counts",
        Value::Button,
        "",
        "Sets the counts to zero, but for raised",
        |rules, _, _| {
            reset_counts(rules);
            Ok(())
        }
    ),
];

/// Reads `NUMBER [COUNT]`.
fn alerts_after(rules: &ContentRules, call: Call<'_>) -> Result<String, String> {
    let (number, count) = call
        .text
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((call.text.trim(), ""));
    let number = match number {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| format!("'{text}' is no number of an alert"))?,
    };
    let count = how_many(
        Call {
            text: count,
            ..call
        },
        MOST_ALERTS,
        MOST_ALERTS,
    )?;
    Ok(rules.record.after(number, count).to_string())
}

fn rule_counts(rules: &ContentRules) -> String {
    let counted = rules.set.rules.iter().filter_map(|rule| {
        let count = rules.counts.get(&rule.key())?;
        Some(json!({
            "gid": rule.gid,
            "sid": rule.sid,
            "rev": rule.rev,
            "msg": rule.msg,
            "packets": count.packets,
            "alerts": count.alerts,
        }))
    });
    json!(counted.collect::<Vec<_>>()).to_string()
}

fn reset_counts(rules: &mut ContentRules) {
    rules.counts.clear();
    rules.streams.forgotten = 0;
    if let Some(cells) = &rules.cells {
        for count in [
            Count::Packets,
            Count::Matches,
            Count::Suppressed,
            Count::Dropped,
            Count::GivenUp,
            Count::Unwritten,
        ] {
            cells.set(count as usize, 0);
        }
    }
}
