//! # RadixIPLookup(ADDR1/MASK1 [GW1] OUT1, ADDR2/MASK2 [GW2] OUT2, ...)
//!
//! A routing table for many routes, which can be changed while it runs.
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
//! - `add`, `set` (w): adds a route `ADDR/MASK [GW] OUT`; `set` replaces one to the same network,
//!   `add` refuses to.
//! - `remove` (w): removes the route `ADDR/MASK [[GW] OUT]`.
//! - `ctrl` (w): any number of lines `add ROUTE`, `set ROUTE`, `remove ROUTE`; all or none.
//!
//! Routes take effect for the next packet; adding one to a large table takes microseconds.
//!
//! ## Example
//! ```click
//! Idle -> GetIPAddress(16) -> rt :: RadixIPLookup(10.0.0.0/8 0, 0.0.0.0/0 192.0.2.1 1);
//! rt[0] -> Discard; rt[1] -> Discard;
//! ```
//!
//! ## See also
//! StaticIPLookup, LinearIPLookup, DirectIPLookup, GetIPAddress

use super::table::{LOOKUP, build};
use weft_core::Class;

/// Registers RadixIPLookup.
pub static CLASS: Class = Class {
    name: "RadixIPLookup",
    build: |configure| build(Some("IPRouteTable"), configure),
    ..LOOKUP
};
