//! Click's group "icmp": pings and error messages.

mod icmp_error;
mod icmp_ping_responder;
mod icmp_ping_rewriter;
mod icmp_ping_source;
mod icmp_rewriter;
mod message;
mod message6;
pub(crate) mod names;
mod packet_too_big;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &icmp_error::CLASS,
    &icmp_ping_responder::CLASS,
    &icmp_ping_rewriter::CLASS,
    &icmp_ping_source::CLASS,
    &icmp_rewriter::CLASS,
    &packet_too_big::CLASS,
];
