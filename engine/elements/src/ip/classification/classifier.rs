//! # Classifier(PATTERN_1, ..., PATTERN_N)
//!
//! Sends each packet to the output of the first pattern that its bytes match; drops packets that
//! match none (reason `no-match`).
//!
//! A pattern is any number of clauses `OFFSET/VALUE` or `OFFSET/VALUE%MASK`, all of which must
//! hold. OFFSET counts bytes from the packet's start, in decimal; VALUE and MASK are bytes in
//! hexadecimal, where `?` stands for any digit. `!` before a clause negates it. The pattern `-`
//! matches every packet. A packet too short for a clause does not match it.
//!
//! ## Ports
//! One push input; one push output per pattern.
//!
//! ## Arguments
//! - `PATTERN` *byte pattern*, one per output.
//!
//! ## Handlers
//! - `pattern0`, `pattern1`, ... (rw): the pattern of that output.
//! - `program` (r): all patterns as tests of packet words.
//! - `config` (rw): writing it replaces all patterns at once, without losing a packet.
//!
//! The time per packet grows far slower than the number of patterns.
//!
//! ## Example
//! ```click
//! Idle -> c :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
//! c[0] -> Discard; c[1] -> Discard; c[2] -> Discard; c[3] -> Discard;
//! ```
//!
//! ## See also
//! IPClassifier, IPFilter

use super::rules::{Language, PATTERN, PROGRAM, RULES, build};
use weft_core::{Class, IpHeader, Place, argument};

/// Registers Classifier.
pub static CLASS: Class = Class {
    name: "Classifier",
    group: "standard",
    ip_header: IpHeader::Keeps,
    arguments: &[argument("PATTERN", Place::Rest, "byte pattern", "")],
    handlers: &[PATTERN, PROGRAM],
    fuzz: &["12/0800", "12/0806 20/0001, !12/0800, 30/??0?%0f0f, -"],
    build: |configure| build(Language::Patterns, configure),
    ..RULES
};
