//! Click's group "ip": header checks, rewriting of fields, fragmentation.

pub mod classification;
pub mod routing;

mod check_ip_header;
mod check_ip_header2;
mod dec_ip_ttl;
pub(crate) mod fix_ip_src;
mod get_ip_address;
pub(crate) mod header;
mod ip_fragmenter;
pub(crate) mod ip_gw_options;
mod ip_mirror;
mod ip_print;
mod ip_reassembler;
mod mark_ip_header;
mod set_ip_address;
mod set_ip_checksum;
mod store_ip_address;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &check_ip_header::CLASS,
    &check_ip_header2::CLASS,
    &dec_ip_ttl::CLASS,
    &fix_ip_src::CLASS,
    &get_ip_address::CLASS,
    &ip_fragmenter::CLASS,
    &ip_gw_options::CLASS,
    &ip_mirror::CLASS,
    &ip_print::CLASS,
    &ip_reassembler::CLASS,
    &mark_ip_header::CLASS,
    &set_ip_address::CLASS,
    &set_ip_checksum::CLASS,
    &store_ip_address::CLASS,
];
