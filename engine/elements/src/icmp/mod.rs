//! Click's group "icmp": pings and error messages.

mod icmp_error;
mod icmp_ping_responder;
mod icmp_ping_source;
pub(crate) mod names;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &icmp_error::CLASS,
    &icmp_ping_responder::CLASS,
    &icmp_ping_source::CLASS,
];
