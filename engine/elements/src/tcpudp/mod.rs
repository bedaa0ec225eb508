//! Click's group "tcpudp": address and port rewriting, checksums.

mod health_prober;
pub(crate) mod ip_rewriter;
mod mapper;
mod port_forward_ip_mapper;
pub(crate) mod rewriter;
mod round_robin_ip_mapper;
pub(crate) mod weighted_ip_mapper;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &health_prober::CLASS,
    &ip_rewriter::CLASS,
    &port_forward_ip_mapper::CLASS,
    &round_robin_ip_mapper::CLASS,
    &weighted_ip_mapper::CLASS,
];
