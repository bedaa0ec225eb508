//! Fields of the Ethernet header.

use super::{Field, field, half};
use crate::analysis::summary::{Draft, View};
use weft_lang::NoNames;
use weft_lang::value::{MacAddr, Value};

/// A link header of which only the type is known: IP.
const EMPTY_LINK: [u8; 14] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];

pub(super) const FIELDS: &[Field] = &[
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
];

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
