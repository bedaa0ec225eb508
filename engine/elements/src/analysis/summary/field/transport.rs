//! Fields of the headers behind IP's: ports, TCP, UDP.

use super::{Field, byte, field, half, number, text, word};
use crate::analysis::summary::draft::parse_flags;
use crate::analysis::summary::options::{Wanted, tcp_options};
use crate::analysis::summary::{Draft, TCP_FLAGS, View};

pub(super) const FIELDS: &[Field] = &[
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
];

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
