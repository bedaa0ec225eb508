//! # CheckIPHeader2([OFFSET, *keywords* OFFSET, INTERFACES, BADSRC, GOODDST, CHECKSUM, VERBOSE, DETAILS])
//!
//! Lets packets with a sound IP header pass and marks where it is; as CheckIPHeader, but leaves the
//! checksum unchecked unless told otherwise.
//!
//! ## Ports
//! One agnostic input. Output 0: sound packets. Output 1, push, if there is one: the others, which
//! are dropped otherwise.
//!
//! ## Arguments
//! `OFFSET`, `INTERFACES`, `BADSRC`, `GOODDST`, `CHECKSUM`, `VERBOSE` and `DETAILS` as CheckIPHeader's,
//! but `CHECKSUM` is false by default.
//!
//! ## Handlers
//! - `drops` (r): bad packets so far.
//! - `drop_details` (r): bad packets by reason; with DETAILS only.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap) -> CheckIPHeader2(14) -> Discard;
//! ```
//!
//! ## See also
//! CheckIPHeader, MarkIPHeader

use super::check_ip_header::{arguments, build_with, class};
use weft_core::{Argument, Built, Class, Configure};

/// Registers CheckIPHeader2.
pub static CLASS: Class = class("CheckIPHeader2", &ARGUMENTS, build);

static ARGUMENTS: [Argument; 7] = arguments("false");

fn build(configure: &mut Configure<'_>) -> Built {
    build_with(configure, false)
}
