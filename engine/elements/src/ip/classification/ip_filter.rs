//! # IPFilter(ACTION_1 PATTERN_1, ..., ACTION_N PATTERN_N)
//!
//! Filters IP packets: the first pattern that a packet matches decides what becomes of it. Packets
//! that match none are dropped, like denied ones (reason `denied`).
//!
//! ACTION is `allow` (the same as `0`), `deny` or `drop`, or the number of an output. PATTERN is an
//! expression as IPClassifier takes.
//!
//! ## Ports
//! One push input, any number of push outputs. Packets need their IP header annotation; others are
//! dropped (reason `no-ip-header`).
//!
//! ## Arguments
//! - `RULE` *action and IP expression*, any number.
//!
//! ## Handlers
//! - `program` (r): all rules as tests of packet words; the IP header begins at 256, the transport
//!   header at 512.
//! - `config` (rw): writing it replaces all rules at once, without losing a packet.
//!
//! The time per packet grows far slower than the number of rules.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> IPFilter(allow tcp dst port 80 or 443, deny all) -> Discard;
//! ```
//!
//! ## See also
//! IPClassifier, Classifier, CheckIPHeader, AddressInfo

use super::rules::{Language, RULES, build};
use weft_core::{Class, Place, argument};

/// Registers IPFilter.
pub static CLASS: Class = Class {
    name: "IPFilter",
    arguments: &[argument(
        "RULE",
        Place::Rest,
        "action and IP expression",
        "",
    )],
    fuzz: &[
        "allow all",
        "deny ip frag, 0 tcp opt syn and dst port 22, drop src net 10.0.0.0/8, allow ip[9] 17",
    ],
    build: |configure| build(Language::Actions, configure),
    ..RULES
};
