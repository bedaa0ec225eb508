//! # IPClassifier(PATTERN_1, ..., PATTERN_N)
//!
//! Sends each IP packet to the output of the first pattern it matches; drops packets that match
//! none (reason `no-match`).
//!
//! A pattern is an expression much like tcpdump's. Its tests are
//! - `[src|dst|src or dst|src and dst] [host|net] ADDRESS[/PREFIX]`, `... net ADDRESS mask MASK`;
//! - `[src|dst|...] [tcp|udp] port PORT`, also with `<`, `>`, `<=`, `>=`, `!=` before the number;
//! - `ip proto PROTOCOL`, or just `tcp`, `udp`, `icmp`;
//! - `tcp opt FLAG` (`syn`, `ack`, `fin`, `rst`, `psh`, `urg`), `tcp win N`, `icmp type TYPE`;
//! - `ip vers N`, `ip hl N`, `ip id N`, `ip tos N`, `ip dscp N`, `ip ttl N`, `ip len N`,
//!   `ip ect`, `ip ce`, `ip frag`, `ip unfrag`;
//! - `PROTOCOL[POS:LEN] VALUE` for bytes of a header, `true`, `false`;
//!
//! combined by `and` (`&&`), `or` (`||`), `not` (`!`), `? :` and parentheses. `-`, `any` and `all`
//! match every packet. Names of AddressInfo and PortInfo stand for addresses and ports.
//!
//! ## Ports
//! One push input; one push output per pattern. Packets need their IP header annotation; others are
//! dropped (reason `no-ip-header`).
//!
//! ## Arguments
//! - `PATTERN` *IP expression*, one per output.
//!
//! ## Handlers
//! - `pattern0`, `pattern1`, ... (rw): the pattern of that output.
//! - `program` (r): all patterns as tests of packet words; the IP header begins at 256, the
//!   transport header at 512.
//! - `config` (rw): writing it replaces all patterns at once, without losing a packet.
//!
//! The time per packet grows far slower than the number of patterns.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> c :: IPClassifier(tcp dst port 80 or 443, udp, -);
//! c[0] -> Discard; c[1] -> Discard; c[2] -> Discard;
//! ```
//!
//! ## See also
//! IPFilter, Classifier, CheckIPHeader, AddressInfo

use super::rules::{Language, PATTERN, PROGRAM, RULES, build};
use weft_core::{Class, Place, argument};

/// Registers IPClassifier.
pub static CLASS: Class = Class {
    name: "IPClassifier",
    arguments: &[argument("PATTERN", Place::Rest, "IP expression", "")],
    handlers: &[PATTERN, PROGRAM],
    fuzz: &[
        "-",
        "tcp port 80, icmp type echo, src 10.0.0.0/8 and not udp, -",
    ],
    build: |configure| build(Language::Expressions, configure),
    ..RULES
};
