//! Click's group "tcpudp": address and port rewriting, checksums.

mod ip_rewriter;
mod rewriter;
mod round_robin_ip_mapper;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[&ip_rewriter::CLASS, &round_robin_ip_mapper::CLASS];
