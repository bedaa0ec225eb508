//! Fields of a packet as a whole: times, counts, annotations, lengths, payload.

use super::{Field, field, number, text};
use crate::analysis::summary::{Draft, View};
use weft_core::timestamp_text;
use weft_lang::value::parse_seconds_ns;

const SECOND: u64 = 1_000_000_000;

pub(super) const FIELDS: &[Field] = &[
    field(
        "timestamp",
        &["ntimestamp", "utimestamp", "ts"],
        |v| Some(timestamp_text(v.packet.timestamp())),
        Some(|d, t| {
            d.timestamp = parse_seconds_ns(t).ok()?;
            Some(())
        }),
    ),
    field(
        "ts_sec",
        &["sec"],
        |v| text(Some(v.packet.timestamp() / SECOND)),
        Some(|d, t| {
            d.timestamp = number::<u32>(t).map(u64::from)? * SECOND + d.timestamp % SECOND;
            Some(())
        }),
    ),
    field(
        "ts_usec",
        &["usec"],
        |v| text(Some(v.packet.timestamp() % SECOND / 1000)),
        Some(|d, t| {
            let usec: u64 = number(t).filter(|&u: &u64| u < 1_000_000)?;
            d.timestamp = d.timestamp / SECOND * SECOND + usec * 1000;
            Some(())
        }),
    ),
    field(
        "ts_usec1",
        &["usec1"],
        |v| text(Some(v.packet.timestamp() / 1000)),
        Some(|d, t| {
            d.timestamp = number::<u64>(t)?.checked_mul(1000)?;
            Some(())
        }),
    ),
    field(
        "first_timestamp",
        &["first_ntimestamp", "first_utimestamp", "first_ts"],
        |v| Some(timestamp_text(v.first_timestamp())),
        Some(|d, t| {
            d.first_timestamp = parse_seconds_ns(t).ok()?;
            Some(())
        }),
    ),
    field(
        "count",
        &["pkt_count", "packet_count"],
        |v| text(Some(v.count())),
        Some(|d, t| {
            d.count = number(t)?;
            Some(())
        }),
    ),
    field(
        "link",
        &["paint"],
        |v| text(Some(v.packet.paint())),
        Some(set_paint),
    ),
    field("direction", &[], direction, Some(set_paint)),
    field(
        "aggregate",
        &["agg"],
        |v| text(Some(v.aggregate())),
        Some(|d, t| {
            d.aggregate = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "wire_len",
        &["wire_length"],
        |v| text(Some(v.data.len() + v.extra_length())),
        Some(|d, t| {
            d.wire_len = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "payload_len",
        &["payload_length"],
        |v| text(Some(v.payload_len())),
        Some(|d, t| {
            d.payload_len = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "payload",
        &[],
        |v| Some(weft_lang::quote_bytes(v.payload())),
        Some(|d, t| {
            d.payload = weft_lang::unquote(t);
            Some(())
        }),
    ),
];

fn direction(view: &View<'_>) -> Option<String> {
    Some(match view.packet.paint() {
        0 => ">".into(),
        1 => "<".into(),
        other => other.to_string(),
    })
}

fn set_paint(draft: &mut Draft, text: &str) -> Option<()> {
    draft.paint = Some(match text {
        ">" => 0,
        "<" => 1,
        _ => number(text)?,
    });
    Some(())
}
