//! # ICMPPingRewriter(INPUTSPEC_1, ..., INPUTSPEC_N [, KEYWORDS])
//!
//! Network address translation of pings: rewrites addresses and identifiers of ICMP echo requests and
//! replies, with checksums kept right.
//!
//! A request of a known flow is rewritten as that flow is, and leaves by the flow's output; so are
//! the replies, back to what they were, by the output for replies. The first request of an unknown flow is handled as
//! the INPUTSPEC of its input says, as in IPRewriter; in patterns, the identifier is the source port.
//!
//! ## Ports
//! An input per INPUTSPEC, push; any number of push outputs. Packets need their IP header
//! annotation. Dropped are packets without it (`no-ip-header`), those that are no echo requests or replies
//! (`not-echo`), fragments but the first (`fragment`) and truncated ones (`too-short`), unless they come to a
//! `pass` input; so are those of unknown flows (`no-mapping`), which unasked replies are everywhere else, and
//! those for whom no identifier or no room was left (`mapping-failed`).
//!
//! ## Arguments
//! - `INPUTSPEC`, one per input.
//! - `TIMEOUT` *time* (5 minutes): a flow without packets ends after so long.
//! - `GUARANTEE` *time* (5 seconds): after its last packet a flow is not removed for so long, even to make room.
//! - `REAP_INTERVAL` *time* (15 minutes): expired flows are searched for so often; one that is met
//!   before is expired all the same.
//! - `MAPPING_CAPACITY` *integer* (2147483647), also `CAPACITY`: flows there may be; or the name of
//!   another ICMPPingRewriter, to have the same.
//! - `DST_ANNO` *boolean* (true): the destination annotation is set to the new destination.
//! - `REPLY_ANNO` *annotation*: this byte of the packet that began the flow is set in replies.
//!
//! ## Handlers
//! - `table`, `mappings` (r): the mappings, two lines a flow: `(SADDR, DADDR, IDENTIFIER) => ...`, behind it as in
//!   IPRewriter.
//! - `lookup SADDR DADDR IDENTIFIER` (r): what requests with these become.
//! - `table_size`, `nmappings`, `size`, `mapping_failures` (r), `capacity` (rw), `patterns` (r), `pattern0`, ...
//!   (rw), `config` (rw), `clear` (w): as in IPRewriter.
//!
//! Flows survive a hot swap, not a restart of the engine.
//!
//! ## Example
//! ```click
//! rw :: ICMPPingRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
//! Idle -> CheckIPHeader -> rw;
//! Idle -> CheckIPHeader -> [1]rw;
//! rw[0] -> Discard; rw[1] -> Discard;
//! ```
//!
//! ## See also
//! IPRewriter, ICMPRewriter, ICMPPingResponder

use crate::tcpudp::ip_rewriter::{Kind, PING_NAME, build_of, handlers};
use crate::tcpudp::rewriter::options::PING_ARGUMENTS;
use weft_core::{Class, IpHeader};

/// Registers ICMPPingRewriter.
pub static CLASS: Class = Class {
    ports: "1-/1-",
    processing: "h/h",
    live: true,
    ip_header: IpHeader::Needs,
    arguments: PING_ARGUMENTS,
    handlers: handlers::OF_PINGS,
    fuzz: &[
        "pattern 192.0.2.1 1024-65535# - - 0 0",
        "keep 0 0, MAPPING_CAPACITY 3, TIMEOUT 1",
        "pass 0",
        "drop",
    ],
    ..Class::agnostic(PING_NAME, "icmp", |configure| {
        build_of(Kind::Pings, configure)
    })
};
