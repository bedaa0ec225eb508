//! # IPPrint([LABEL, *keywords* CONTENTS, PAYLOAD, MAXLENGTH, ETHER, ID, TIMESTAMP, PAINT, TOS, TTL, SWAP, LENGTH, AGGREGATE, ACTIVE, OUTFILE, CHANNEL])
//!
//! Prints IP packets, a line each, much as tcpdump does.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Packets whose IP header is not marked (see CheckIPHeader)
//! pass without a line.
//!
//! ## Arguments
//! - `LABEL` *string*: printed in front of each line.
//! - `CONTENTS` *word* (NONE): prints the packet's bytes: `NONE`, `HEX` or `ASCII`; true is HEX.
//! - `PAYLOAD` *word* (false): the same for the bytes behind the TCP, UDP or IP header. At most one
//!   of CONTENTS and PAYLOAD.
//! - `MAXLENGTH` *integer* (1500): bytes printed at most; negative: all. `NBYTES` is its older name.
//! - `ETHER` *boolean* (false): prints the addresses in the Ethernet header.
//! - `ID`, `TTL`, `TOS`, `LENGTH` *boolean* (false): print these fields of the IP header.
//! - `TIMESTAMP` *boolean* (true): prints the packet's timestamp.
//! - `PAINT`, `AGGREGATE` *boolean* (false): print these annotations.
//! - `SWAP` *boolean* (true): takes identifier and sequence number of ICMP echoes to be in network
//!   byte order.
//! - `ACTIVE` *boolean* (true): when false, nothing is printed.
//! - `OUTFILE` *file name*: where lines are written instead of to standard error.
//! - `CHANNEL` *word*: `default` or the name of a channel for sockets to hear.
//!
//! ## Handlers
//! - `active` (rw): as the argument.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader(14) -> IPPrint(in, TTL true) -> Discard;
//! ```
//!
//! ## See also
//! ARPPrint, CheckIPHeader

mod describe;

use super::header::header;
use crate::ethernet::arp_print::ether_addresses;
use crate::printout::Printout;
use describe::{Contents, Described};
use std::fmt::Write;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router, Value, argument,
    timestamp_text, variable,
};
use weft_lang::Args;
use weft_lang::value::{Filename, Word, parse_bool};
use weft_wire::{ipv4, protocol, udp};

/// Registers IPPrint.
pub static CLASS: Class = Class {
    observable: true,
    arguments: &[
        argument("LABEL", Place::Optional, "string", ""),
        argument("CONTENTS", Place::Keyword, "NONE, HEX or ASCII", "NONE"),
        argument("PAYLOAD", Place::Keyword, "NO, HEX or ASCII", "NO"),
        argument("MAXLENGTH", Place::Keyword, "integer", "1500"),
        argument("NBYTES", Place::Keyword, "integer", "1500"),
        argument("ETHER", Place::Keyword, "boolean", "false"),
        argument("ID", Place::Keyword, "boolean", "false"),
        argument("TIMESTAMP", Place::Keyword, "boolean", "true"),
        argument("PAINT", Place::Keyword, "boolean", "false"),
        argument("TOS", Place::Keyword, "boolean", "false"),
        argument("TTL", Place::Keyword, "boolean", "false"),
        argument("SWAP", Place::Keyword, "boolean", "true"),
        argument("LENGTH", Place::Keyword, "boolean", "false"),
        argument("AGGREGATE", Place::Keyword, "boolean", "false"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("OUTFILE", Place::Keyword, "file name", ""),
        argument("CHANNEL", Place::Keyword, "word", "default"),
    ],
    handlers: &[variable!(
        IPPrint,
        "active",
        Value::Bool,
        "",
        "Whether it prints",
        |p, _, _| Ok(p.active.to_string()),
        |p, call, _| {
            p.active = call.value()?;
            Ok(())
        }
    )],
    fuzz: &[
        "",
        "label, CONTENTS hex, ID true, TTL true, TOS true, LENGTH true, ETHER true",
        "PAYLOAD ascii, PAINT true, AGGREGATE true, SWAP false",
    ],
    ..Class::agnostic("IPPrint", "ip", build)
};

/// Offset of the AGGREGATE annotation, four bytes in the host's order.
const AGGREGATE: usize = 20;

struct IPPrint {
    label: String,
    contents: Contents,
    payload: Contents,
    bytes: i32,
    show: Show,
    active: bool,
    out: Printout,
}

/// What else is printed.
struct Show {
    ether: bool,
    id: bool,
    timestamp: bool,
    paint: bool,
    tos: bool,
    ttl: bool,
    length: bool,
    aggregate: bool,
    swap: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let label = args.positional("LABEL", String::new());
    let contents: Option<Word> = args.keyword_opt("CONTENTS");
    let payload: Option<Word> = args.keyword_opt("PAYLOAD");
    let bytes = args.keyword("MAXLENGTH", 1500);
    let bytes = args.keyword("NBYTES", bytes);
    let show = Show {
        ether: args.keyword("ETHER", false),
        id: args.keyword("ID", false),
        timestamp: args.keyword("TIMESTAMP", true),
        paint: args.keyword("PAINT", false),
        tos: args.keyword("TOS", false),
        ttl: args.keyword("TTL", false),
        length: args.keyword("LENGTH", false),
        aggregate: args.keyword("AGGREGATE", false),
        swap: args.keyword("SWAP", true),
    };
    let active = args.keyword("ACTIVE", true);
    let file: Filename = args.keyword("OUTFILE", Filename::default());
    let channel: Word = args.keyword("CHANNEL", Word::default());
    let contents = read_contents(contents, &mut args);
    let payload = read_payload(payload, &mut args);
    if contents != Contents::None && payload != Contents::None {
        args.check(|| Err("specify at most one of PAYLOAD and CONTENTS"));
    }
    args.complete()?;
    Ok(Box::new(IPPrint {
        label,
        contents,
        payload,
        bytes,
        show,
        active,
        out: Printout::new(file.0, &channel.0),
    }))
}

fn read_contents(word: Option<Word>, args: &mut Args<'_>) -> Contents {
    let Some(Word(word)) = word else {
        return Contents::None;
    };
    match (parse_bool(&word), word.to_uppercase().as_str()) {
        (Ok(true), _) | (_, "HEX") => Contents::Hex,
        (Ok(false), _) | (_, "NONE") => Contents::None,
        (_, "ASCII") => Contents::Ascii,
        (_, bad) => {
            let error = format!("bad contents value '{bad}'; should be 'NONE', 'HEX', or 'ASCII'");
            args.check(|| Err(error));
            Contents::None
        }
    }
}

fn read_payload(word: Option<Word>, args: &mut Args<'_>) -> Contents {
    let word = word.map_or_else(|| "NO".to_string(), |w| w.0.to_uppercase());
    match word.as_str() {
        "NO" | "FALSE" => Contents::None,
        "YES" | "TRUE" | "HEX" => Contents::Hex,
        "ASCII" => Contents::Ascii,
        bad => {
            let error = format!("bad payload value '{bad}'; should be 'false', 'hex', or 'ascii'");
            args.check(|| Err(error));
            Contents::None
        }
    }
}

/// What follows the headers of an IP packet.
fn payload<'a>(ip: &ipv4::Packet<&[u8]>, bytes: &'a [u8]) -> &'a [u8] {
    let transport = bytes.get(ip.header_len()..).unwrap_or_default();
    let is_first = ip.flags_offset() & ipv4::OFFSET_MASK == 0;
    let skip = match ip.protocol() {
        protocol::ip::TCP if is_first => usize::from(transport.get(12).unwrap_or(&0) >> 4) * 4,
        protocol::ip::UDP if is_first => udp::HEADER_LEN,
        _ => 0,
    };
    transport.get(skip..).unwrap_or_default()
}

impl IPPrint {
    fn line(&self, packet: &Packet, pool: &Pool) -> Option<String> {
        let bytes = pool.from_position(packet, packet.network()?);
        let mut out = self.annotations(packet, pool);
        let Some(ip) = header(packet, pool) else {
            return Some(out + "truncated-ip");
        };
        self.fields(&ip, &mut out);
        let described = Described {
            ip,
            length: packet.len(),
            swap: self.show.swap,
        };
        out += &described.text();
        self.contents.show(self.cut(pool.data(packet)), &mut out);
        self.payload.show(self.cut(payload(&ip, bytes)), &mut out);
        Some(out)
    }

    fn cut<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let most = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        &bytes[..most.min(bytes.len())]
    }

    fn annotations(&self, packet: &Packet, pool: &Pool) -> String {
        let mut out = String::new();
        let show = &self.show;
        if !self.label.is_empty() {
            let _ = write!(out, "{}: ", self.label);
        }
        if show.timestamp {
            let _ = write!(out, "{}: ", timestamp_text(packet.timestamp()));
        }
        if show.aggregate {
            let aggregate = u32::from_ne_bytes(pool.annotation(packet, AGGREGATE));
            let _ = write!(out, "#{aggregate}");
        }
        if show.paint {
            let name = if show.aggregate { "." } else { "paint " };
            let _ = write!(out, "{name}{}", packet.paint());
        }
        if show.aggregate || show.paint {
            out.push_str(": ");
        }
        if show.ether && packet.mac().is_some() {
            out.push_str(&ether_addresses(packet, pool).unwrap_or_default());
        }
        out
    }

    fn fields(&self, ip: &ipv4::Packet<&[u8]>, out: &mut String) {
        let fields = [
            (self.show.id, "id", ip.id()),
            (self.show.ttl, "ttl", ip.ttl().into()),
            (self.show.tos, "tos", ip.tos().into()),
            (self.show.length, "length", ip.total_len()),
        ];
        for (_, name, value) in fields.iter().filter(|(shown, ..)| *shown) {
            let _ = write!(out, "{name} {value} ");
        }
    }
}

impl Element for IPPrint {
    fn initialize(&mut self, _router: &mut Router) -> Result<(), String> {
        self.out.open()
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if !self.active {
            return;
        }
        for packet in batch.iter() {
            if let Some(line) = self.line(packet, &router.pool) {
                self.out.line(&line, router);
            }
        }
    }
}
