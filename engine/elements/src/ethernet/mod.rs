//! Click's group "ethernet": link-level headers, ARP.

pub(crate) mod arp_print;
mod arp_querier;
mod arp_responder;
mod check_arp_header;
mod drop_broadcasts;
mod ether_encap;
mod ether_mirror;
mod frame;
mod host_ether_filter;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &arp_print::CLASS,
    &arp_querier::CLASS,
    &arp_responder::CLASS,
    &check_arp_header::CLASS,
    &drop_broadcasts::CLASS,
    &ether_encap::CLASS,
    &ether_mirror::CLASS,
    &host_ether_filter::CLASS,
];
