//! Fields of ICMP messages.

use super::{Field, byte, field, half, number, text};
use crate::analysis::summary::{Draft, View};

pub(super) const FIELDS: &[Field] = &[
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
];

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
