//! Route tables.

mod direct_ip_lookup;
mod interface_ip_lookup;
mod interface_routes;
mod linear_ip_lookup;
mod radix_ip_lookup;
mod static_ip_lookup;
mod table;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &direct_ip_lookup::CLASS,
    &interface_ip_lookup::CLASS,
    &linear_ip_lookup::CLASS,
    &radix_ip_lookup::CLASS,
    &static_ip_lookup::CLASS,
];
