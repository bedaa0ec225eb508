//! # StaticIPLookup(ADDR1/MASK1 [GW1] OUT1, ADDR2/MASK2 [GW2] OUT2, ...)
//!
//! A routing table given in the configuration.
//!
//! Looks up each packet's destination address annotation; the route with the longest prefix
//! decides. Where the route has a gateway, the annotation is set to its address. Packets without a
//! route are dropped (reason `no-route`), the first five with a message.
//!
//! ## Ports
//! One push input, any number of push outputs.
//!
//! ## Arguments
//! - `ROUTE` *`ADDR/MASK [GW] OUT`*, any number. A plain address is a host route; `-` stands for no
//!   gateway. Of several routes to one network the first counts, with a warning.
//!
//! ## Handlers
//! - `table` (r): all routes, a line each.
//! - `lookup ADDR` (r): output and gateway for an address, or -1.
//!
//! Routes cannot be changed while it runs; LinearIPLookup and RadixIPLookup let them be.
//!
//! ## Example
//! ```click
//! Idle -> GetIPAddress(16) -> rt :: StaticIPLookup(10.0.0.0/8 0, 0.0.0.0/0 192.0.2.1 1);
//! rt[0] -> Discard; rt[1] -> Discard;
//! ```
//!
//! ## See also
//! LinearIPLookup, RadixIPLookup, DirectIPLookup, GetIPAddress

use super::table::{LOOK_UP, LOOKUP, TABLE, build};
use weft_core::Class;

/// Registers StaticIPLookup.
pub static CLASS: Class = Class {
    name: "StaticIPLookup",
    handlers: &[TABLE, LOOK_UP],
    build: |configure| build(Some("LinearIPLookup"), configure),
    ..LOOKUP
};
