//! Fields of the IP header.

use super::{Field, byte, field, half, number, text, word};
use crate::analysis::summary::options::ip_options;
use crate::analysis::summary::{Draft, View};
use std::net::Ipv4Addr;

const ECN: [&str; 4] = ["no", "ect1", "ect2", "ce"];

pub(super) const FIELDS: &[Field] = &[
    field(
        "ip_src",
        &["src"],
        |v| address(v, 12),
        Some(|d, t| {
            d.source = Some(parse_address(t)?);
            Some(())
        }),
    ),
    field(
        "ip_dst",
        &["dst"],
        |v| address(v, 16),
        Some(|d, t| {
            d.destination = Some(parse_address(t)?);
            Some(())
        }),
    ),
    field(
        "ip_tos",
        &[],
        |v| text(byte(v.ip, 1)),
        Some(|d, t| {
            d.tos = number(t)?;
            Some(())
        }),
    ),
    field(
        "ip_dscp",
        &[],
        |v| text(byte(v.ip, 1).map(|b| b >> 2)),
        Some(|d, t| {
            d.tos = d.tos & 3 | number(t).filter(|&v: &u8| v < 64)? << 2;
            Some(())
        }),
    ),
    field("ip_ecn", &[], ecn, Some(set_ecn)),
    field(
        "ip_ttl",
        &[],
        |v| text(byte(v.ip, 8)),
        Some(|d, t| {
            d.ttl = Some(number(t)?);
            Some(())
        }),
    ),
    field("ip_frag", &[], fragment_mark, Some(set_fragment)),
    field("ip_fragoff", &[], fragment_offset, Some(set_fragment)),
    field(
        "ip_id",
        &[],
        |v| text(half(v.ip, 4)),
        Some(|d, t| {
            d.id = number(t)?;
            Some(())
        }),
    ),
    field(
        "ip_sum",
        &[],
        |v| text(half(v.ip, 10)),
        Some(|d, t| {
            d.ip_sum = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "ip_proto",
        &["ip_p", "proto"],
        protocol,
        Some(|d, t| {
            d.protocol = Some(parse_protocol(t)?);
            Some(())
        }),
    ),
    field(
        "ip_hl",
        &[],
        |v| v.ip.map(|_| v.header_len().to_string()),
        None,
    ),
    field(
        "ip_len",
        &["length", "len"],
        |v| text(Some(v.ip_len())),
        Some(|d, t| {
            d.ip_len = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "ip_capture_len",
        &[],
        |v| text(Some(v.ip.unwrap_or(v.data).len())),
        Some(|_, _| Some(())),
    ),
    field("ip_opt", &[], options_of_ip, None),
];

fn address(view: &View<'_>, at: usize) -> Option<String> {
    text(word(view.ip, at).map(Ipv4Addr::from))
}

fn parse_address(text: &str) -> Option<u32> {
    text.parse::<Ipv4Addr>().ok().map(u32::from)
}

fn fragment_mark(view: &View<'_>) -> Option<String> {
    let bits = half(view.ip, 6)?;
    let mark = match (bits & 0x1fff, bits & 0x2000 != 0) {
        (0, false) if bits & 0x4000 != 0 => "!",
        (0, false) => ".",
        (0, true) => "F",
        _ => "f",
    };
    Some(mark.into())
}

fn fragment_offset(view: &View<'_>) -> Option<String> {
    let bits = half(view.ip, 6)?;
    let mut text = ((bits & 0x1fff) << 3).to_string();
    if bits & 0x2000 != 0 {
        text.push('+');
    }
    if bits & 0x4000 != 0 {
        text.push('!');
    }
    Some(text)
}

fn set_fragment(draft: &mut Draft, text: &str) -> Option<()> {
    draft.fragment = match text {
        "." => 0,
        "!" => 0x4000,
        "F" => 0x2000,
        // Any offset but zero.
        "f" => 100,
        _ => {
            let digits = text.trim_end_matches(['+', '!']);
            let offset: u16 = number(digits)?;
            let offset = if draft.minor > 0 { offset >> 3 } else { offset };
            let more = if text.contains('+') { 0x2000 } else { 0 };
            let whole = if text.contains('!') { 0x4000 } else { 0 };
            offset & 0x1fff | more | whole
        }
    };
    Some(())
}

fn protocol(view: &View<'_>) -> Option<String> {
    Some(match byte(view.ip, 9)? {
        6 => "T".into(),
        17 => "U".into(),
        1 => "I".into(),
        other => other.to_string(),
    })
}

/// An IP protocol as summaries write it.
pub fn parse_protocol(text: &str) -> Option<u8> {
    match text {
        "T" => Some(6),
        "U" => Some(17),
        "I" => Some(1),
        _ => number(text),
    }
}

fn ecn(view: &View<'_>) -> Option<String> {
    Some(ECN[usize::from(byte(view.ip, 1)? & 3)].into())
}

fn set_ecn(draft: &mut Draft, text: &str) -> Option<()> {
    let value = match text {
        "ECT(1)" => 1,
        "ECT(0)" => 2,
        "CE" => 3,
        _ => match ECN.iter().position(|name| *name == text) {
            Some(value) => value as u8,
            None => number(text).filter(|&v: &u8| v < 4)?,
        },
    };
    draft.tos = draft.tos & !3 | value;
    Some(())
}

fn options_of_ip(view: &View<'_>) -> Option<String> {
    Some(ip_options(view.ip?.get(20..view.header_len())?))
}
