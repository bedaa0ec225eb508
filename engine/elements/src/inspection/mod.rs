//! Group "inspection": elements that look at who talks to whom, and at what is said. They take
//! Ethernet frames, with or without VLAN tags, that carry IPv4 or IPv6, and change none.

mod bounded_table;
mod content_rules;
mod flow_key;
mod flow_monitor;
mod headers;
mod rate_limiter;
mod taps;
mod time_text;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &content_rules::CLASS,
    &flow_monitor::CLASS,
    &rate_limiter::CLASS,
];
