//! Group "nsh": service function chains with the Network Service Header (RFC 8300, RFC 7665).
//!
//! A packet's header is at its network header position, which [`check_nsh_header`] sets; what stands
//! before it is the encapsulation it came in.

mod boundary;
mod check_nsh_header;
mod flows;
mod nsh_function;
mod nsh_proxy;
mod refusals;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &check_nsh_header::CLASS,
    &nsh_function::CLASS,
    &nsh_proxy::CLASS,
];

/// The reason for dropping packets without a header at their network header position.
const NO_NSH_HEADER: &str = "no-nsh-header";
/// What is told of them.
const NO_NSH_HEADER_TEXT: &str = "it has no header; CheckNSHHeader must come first";
