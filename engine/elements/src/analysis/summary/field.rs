//! The fields a summary may have: names, how each is shown, and how each is read.

use super::draft::{Draft, parse_flags};
use super::options::{Wanted, ip_options, tcp_options};
use super::view::View;
use super::{TCP_FLAGS, VERSION};
use std::net::Ipv4Addr;
use weft_core::timestamp_text;
use weft_lang::NoNames;
use weft_lang::value::{MacAddr, Value, parse_seconds_ns, parse_unsigned};

/// Shows a field of a packet; `None` when the packet has none.
type Show = fn(&View<'_>) -> Option<String>;
/// Reads a field from its text; `None` when that is not understood.
type Set = fn(&mut Draft, &str) -> Option<()>;

/// A column of a summary.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Other names for it.
    synonyms: &'static [&'static str],
    /// How it is shown.
    pub show: Show,
    /// How it is read; `None`: ignored on input.
    pub set: Option<Set>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Field {
    /// The field called `name`. Spaces may stand for underscores.
    pub fn find(name: &str) -> Option<&'static Field> {
        let name = name.replace(' ', "_");
        let is_called = |f: &&Field| f.name == name || f.synonyms.contains(&name.as_str());
        FIELDS.iter().find(is_called)
    }
}

const fn field(
    name: &'static str,
    synonyms: &'static [&'static str],
    show: Show,
    set: Option<Set>,
) -> Field {
    Field {
        name,
        synonyms,
        show,
        set,
    }
}

fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(parse_unsigned(text).ok()?).ok()
}

fn byte(bytes: Option<&[u8]>, at: usize) -> Option<u8> {
    bytes?.get(at).copied()
}

fn half(bytes: Option<&[u8]>, at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes?.get(at..at + 2)?.try_into().ok()?))
}

fn word(bytes: Option<&[u8]>, at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes?.get(at..at + 4)?.try_into().ok()?))
}

fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|v| v.to_string())
}

fn address(view: &View<'_>, at: usize) -> Option<String> {
    text(word(view.ip, at).map(Ipv4Addr::from))
}

fn parse_address(text: &str) -> Option<u32> {
    text.parse::<Ipv4Addr>().ok().map(u32::from)
}

fn mac(view: &View<'_>, at: usize) -> Option<String> {
    let bytes: [u8; 6] = view.link?.get(at..at + 6)?.try_into().ok()?;
    Some(weft_wire::MacAddr(bytes).to_string())
}

fn set_mac(draft: &mut Draft, at: usize, text: &str) -> Option<()> {
    let mac = MacAddr::parse(text, &NoNames).ok()?;
    let link = draft.link.get_or_insert(EMPTY_LINK);
    link[at..at + 6].copy_from_slice(&mac.0);
    Some(())
}

/// A link header of which only the type is known: IP.
const EMPTY_LINK: [u8; 14] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];

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

const ECN: [&str; 4] = ["no", "ect1", "ect2", "ce"];

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

fn options_of_tcp(view: &View<'_>, wanted: Wanted) -> Option<String> {
    let tcp = view.transport(6)?;
    let length = usize::from(byte(Some(tcp), 12)? >> 4) * 4;
    Some(tcp_options(tcp.get(20..length.max(20))?, wanted))
}

fn flags(view: &View<'_>) -> Option<String> {
    let bits = half(view.transport(6), 12)? & 0x1ff;
    let bits = usize::from(bits);
    if bits == 0x18 {
        return Some("PA".into());
    }
    let letters = (0..TCP_FLAGS.len()).filter(|i| bits & 1 << i != 0);
    let text: String = letters.map(|i| char::from(TCP_FLAGS[i])).collect();
    Some(if text.is_empty() { ".".into() } else { text })
}

fn set_tcp<const N: usize>(draft: &mut Draft, at: usize, bytes: [u8; N]) -> Option<()> {
    draft.is_tcp = true;
    draft.tcp[at..at + N].copy_from_slice(&bytes);
    Some(())
}

fn set_flags(draft: &mut Draft, text: &str) -> Option<()> {
    let flags = parse_flags(text)?;
    let high = draft.tcp[12] & 0xf0 | (flags >> 8) as u8 & 0x0f;
    set_tcp(draft, 12, [high, flags as u8])
}

/// Whether ICMP messages of a type have an identifier and a sequence number.
fn has_sequence(kind: u8) -> bool {
    matches!(kind, 0 | 8 | 13..=16)
}

fn icmp_half(view: &View<'_>, at: usize) -> Option<String> {
    let icmp = view.transport(1)?;
    has_sequence(*icmp.first()?).then(|| text(half(Some(icmp), at)))?
}

fn next_mtu(view: &View<'_>) -> Option<String> {
    let icmp = view.transport(1)?;
    icmp.starts_with(&[3, 4])
        .then(|| text(half(Some(icmp), 6)))?
}

fn set_icmp(draft: &mut Draft, at: usize, bytes: &[u8]) -> Option<()> {
    draft
        .icmp
        .get_mut(at..at + bytes.len())?
        .copy_from_slice(bytes);
    Some(())
}

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

const SECOND: u64 = 1_000_000_000;

/// All fields.
pub const FIELDS: &[Field] = &[
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
    field("eth_src", &[], |v| mac(v, 6), Some(|d, t| set_mac(d, 6, t))),
    field("eth_dst", &[], |v| mac(v, 0), Some(|d, t| set_mac(d, 0, t))),
    field(
        "eth_type",
        &[],
        |v| half(v.link, 12).map(|t| format!("{t:04X}")),
        Some(|d, t| {
            let kind = u16::from_str_radix(t, 16).ok()?;
            d.link.get_or_insert(EMPTY_LINK)[12..].copy_from_slice(&kind.to_be_bytes());
            Some(())
        }),
    ),
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
    field(
        "sport",
        &[],
        |v| text(half(v.ports(), 0)),
        Some(|d, t| {
            d.source_port = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "dport",
        &[],
        |v| text(half(v.ports(), 2)),
        Some(|d, t| {
            d.destination_port = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "tcp_seq",
        &["tcp_seqno"],
        |v| text(word(v.transport(6), 4)),
        Some(|d, t| set_tcp(d, 4, number::<u32>(t)?.to_be_bytes())),
    ),
    field(
        "tcp_ack",
        &["tcp_ackno"],
        |v| text(word(v.transport(6), 8)),
        Some(|d, t| set_tcp(d, 8, number::<u32>(t)?.to_be_bytes())),
    ),
    field(
        "tcp_off",
        &[],
        |v| text(byte(v.transport(6), 12).map(|b| u32::from(b >> 4) * 4)),
        Some(|d, t| {
            let words = number::<u32>(t).filter(|&l| l <= 60)?.div_ceil(4) as u8;
            let low = d.tcp[12] & 0x0f;
            set_tcp(d, 12, [words << 4 | low])
        }),
    ),
    field("tcp_flags", &[], flags, Some(set_flags)),
    field(
        "tcp_window",
        &["tcp_win"],
        |v| text(half(v.transport(6), 14)),
        Some(|d, t| set_tcp(d, 14, number::<u16>(t)?.to_be_bytes())),
    ),
    field(
        "tcp_urp",
        &[],
        |v| text(half(v.transport(6), 18)),
        Some(|d, t| set_tcp(d, 18, number::<u16>(t)?.to_be_bytes())),
    ),
    field("tcp_opt", &[], |v| options_of_tcp(v, Wanted::All), None),
    field(
        "tcp_ntopt",
        &[],
        |v| options_of_tcp(v, Wanted::NoTimestamps),
        None,
    ),
    field("tcp_sack", &[], |v| options_of_tcp(v, Wanted::Sack), None),
    field(
        "udp_len",
        &["udp_length"],
        |v| text(half(v.transport(17), 4)),
        Some(|d, t| {
            d.udp_len = Some(number(t)?);
            Some(())
        }),
    ),
    field(
        "icmp_type",
        &["icmp_type_name"],
        |v| text(byte(v.transport(1), 0)),
        Some(|d, t| set_icmp(d, 0, &[number(t)?])),
    ),
    field(
        "icmp_code",
        &["icmp_code_name"],
        |v| text(byte(v.transport(1), 1)),
        Some(|d, t| set_icmp(d, 1, &[number(t)?])),
    ),
    field(
        "icmp_flowid",
        &[],
        |v| icmp_half(v, 4),
        Some(|d, t| set_icmp(d, 4, &number::<u16>(t)?.to_be_bytes())),
    ),
    field(
        "icmp_seq",
        &[],
        |v| icmp_half(v, 6),
        Some(|d, t| set_icmp(d, 6, &number::<u16>(t)?.to_be_bytes())),
    ),
    field(
        "icmp_nextmtu",
        &[],
        next_mtu,
        Some(|d, t| set_icmp(d, 6, &number::<u16>(t)?.to_be_bytes())),
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

/// The first line of a summary.
pub fn banner() -> String {
    format!("{} {}.{}", super::BANNER, VERSION.0, VERSION.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_field() {
        let mut names: Vec<&str> = Vec::new();
        for field in FIELDS {
            names.push(field.name);
            names.extend(field.synonyms);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(Field::find("tcp seq").unwrap().name, "tcp_seq");
        assert!(Field::find("nosuch").is_none());
    }
}
