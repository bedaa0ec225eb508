//! # NSHFunction([*keyword* MTU])
//!
//! The edge of an SFC-aware function (RFC 7665, section 4.1): takes Network Service Headers off packets,
//! shows them to the function's components and elements, and puts them back as those left them.
//!
//! Service path identifier, service index, context, and the context headers of MD type 2 can be read
//! and written while the packet is in the function: by components in any language, and by elements.
//! The service index of a packet that leaves is one less, unless the function changed identifier or
//! index (re-classification): then they stay as it set them. A packet that a component emits has
//! the header of the parent it names.
//!
//! Frames are as for [NSHProxy](NSHProxy.md). A packet without payload (next protocol 0, RFC 8393) comes as a packet of no
//! bytes; OAM packets and those of next protocols that are not supported go past the function.
//!
//! ## Ports
//! As for NSHProxy.
//!
//! ## Arguments
//! - `MTU` *unsigned* (0): the most bytes behind the link header of a packet for the network; 0: any number.
//!
//! ## Example
//! ```click
//! in :: Idle -> CheckNSHHeader(14) -> edge :: NSHFunction;
//! edge [0] -> monitor :: Null -> [1] edge [1] -> out :: Discard;
//! ```
//!
//! ## See also
//! NSHProxy, CheckNSHHeader

use super::boundary::{BOUNDARY, build};
use weft_core::{Built, Class, Configure};

/// Registers NSHFunction.
pub static CLASS: Class = Class {
    name: "NSHFunction",
    fuzz: &["", "MTU 100"],
    build: configure,
    ..BOUNDARY
};

fn configure(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let mtu: u32 = args.keyword("MTU", 0);
    args.complete()?;
    build(configure, true, mtu, None)
}
