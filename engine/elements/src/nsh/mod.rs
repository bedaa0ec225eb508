//! Group "nsh": service function chains with the Network Service Header (RFC 8300, RFC 7665).
//!
//! A packet's header is at its network header position, which [`check_nsh_header`] sets; what stands
//! before it is the encapsulation it came in.

mod boundary;
mod check_nsh_context;
mod check_nsh_header;
mod encapsulation;
pub(crate) mod flow;
mod flows;
mod forwarding_table;
pub(crate) mod frame;
mod header_arguments;
mod kept_or_marked;
mod keys;
mod nsh_classifier;
mod nsh_decap;
mod nsh_echo;
mod nsh_encap;
mod nsh_forwarder;
mod nsh_function;
mod nsh_ping;
mod nsh_proxy;
mod nsh_sign;
mod nsh_switch;
mod nsh_verify;
mod oam_packet;
pub(crate) mod refusals;
mod replays;
mod set_nsh;
pub(crate) mod tunnel;
mod vxlan_gpe_decap;
mod vxlan_gpe_encap;
mod vxlan_gpe_next;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &check_nsh_context::CLASS,
    &check_nsh_header::CLASS,
    &nsh_classifier::CLASS,
    &nsh_decap::CLASS,
    &nsh_echo::CLASS,
    &nsh_encap::CLASS,
    &nsh_forwarder::CLASS,
    &nsh_function::CLASS,
    &nsh_ping::CLASS,
    &nsh_proxy::CLASS,
    &nsh_sign::CLASS,
    &nsh_switch::CLASS,
    &nsh_verify::CLASS,
    &set_nsh::CLASS,
    &vxlan_gpe_decap::CLASS,
    &vxlan_gpe_encap::CLASS,
];

/// The reason for dropping packets without a header at their network header position.
const NO_NSH_HEADER: &str = "no-nsh-header";
/// What is told of them.
const NO_NSH_HEADER_TEXT: &str = "it has no header; CheckNSHHeader must come first";
