//! # CheckIPHeader([OFFSET, *keywords* OFFSET, INTERFACES, BADSRC, GOODDST, CHECKSUM, VERBOSE, DETAILS])
//!
//! Lets packets with a sound IP header pass and marks where it is.
//!
//! Checks that the packet is long enough, that version, header length, total length and checksum
//! are right, and that the source address is not a bad one. A packet longer than its total length
//! (padding of the link) is cut to it. The destination address annotation is set.
//!
//! ## Ports
//! One agnostic input. Output 0: sound packets. Output 1, push, if there is one: the others, which
//! are dropped otherwise.
//!
//! ## Arguments
//! - `OFFSET` *unsigned* (0): where in the packet the IP header begins.
//! - `INTERFACES` *list of prefixes*: the router's addresses. The broadcast addresses of their
//!   networks, 0.0.0.0 and 255.255.255.255 become bad sources, the addresses good destinations.
//! - `BADSRC` *list of IP addresses*: sources that are refused.
//! - `GOODDST` *list of IP addresses*: destinations for which bad sources are let pass.
//! - `CHECKSUM` *boolean* (true): whether the checksum is looked at.
//! - `VERBOSE` *boolean* (false): every bad packet is told, not just the first.
//! - `DETAILS` *boolean* (false): provides `drop_details`.
//!
//! Click's old form `CheckIPHeader(BADSRC, OFFSET)` is read too; it makes 0.0.0.0 and
//! 255.255.255.255 bad sources besides those given.
//!
//! ## Handlers
//! - `drops` (r): bad packets so far.
//! - `drop_details` (r): bad packets by reason; with DETAILS only.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap) -> Strip(14) -> CheckIPHeader(INTERFACES 10.0.0.1/24) -> Discard;
//! ```
//!
//! ## See also
//! CheckIPHeader2, MarkIPHeader

use crate::header_check::{Fault, Faults};
use weft_core::{
    Argument, Batch, Built, Class, Configure, Element, Handler, IpHeader, Packet, Place, Pool,
    Router, Value, Verdict, argument, reader,
};
use weft_lang::value::{IpAddresses, IpPrefixOrAddress, Value as _};
use weft_lang::{Args, Names, split_words};
use weft_wire::{checksum, ipv4};

/// Registers CheckIPHeader.
pub static CLASS: Class = class("CheckIPHeader", &ARGUMENTS, build);

pub(super) const fn class(
    name: &'static str,
    arguments: &'static [Argument],
    build: fn(&mut Configure<'_>) -> Built,
) -> Class {
    Class {
        ports: "1/1-2",
        processing: "a/ah",
        ip_header: IpHeader::Sets,
        arguments,
        handlers: &HANDLERS,
        fuzz: &[
            "",
            "14, VERBOSE true, DETAILS true",
            "OFFSET 1, CHECKSUM false, INTERFACES 10.0.0.1/24",
        ],
        ..Class::agnostic(name, "ip", build)
    }
}

pub(super) const fn arguments(checksum: &'static str) -> [Argument; 7] {
    [
        argument("OFFSET", Place::Optional, "unsigned", "0"),
        argument("INTERFACES", Place::Keyword, "list of prefixes", ""),
        argument("BADSRC", Place::Keyword, "list of IP addresses", ""),
        argument("GOODDST", Place::Keyword, "list of IP addresses", ""),
        argument("CHECKSUM", Place::Keyword, "boolean", checksum),
        argument("VERBOSE", Place::Keyword, "boolean", "false"),
        argument("DETAILS", Place::Keyword, "boolean", "false"),
    ]
}

static ARGUMENTS: [Argument; 7] = arguments("true");

static HANDLERS: [Handler; 1] = [reader!(
    CheckIPHeader,
    "drops",
    Value::Unsigned,
    "packets",
    "Bad packets",
    |c, _, _| Ok(c.faults.total().to_string())
)];

static DROP_DETAILS: Handler = reader!(
    CheckIPHeader,
    "drop_details",
    Value::Lines,
    "packets",
    "Bad packets by reason",
    |c, _, _| Ok(c.faults.details())
);

const TINY: usize = 0;
const VERSION: usize = 1;
const HEADER_LENGTH: usize = 2;
const LENGTH: usize = 3;
const CHECKSUM: usize = 4;
const SOURCE: usize = 5;

static FAULTS: [Fault; 6] = [
    Fault {
        text: "tiny packet",
        reason: "too-short",
    },
    Fault {
        text: "bad IP version",
        reason: "bad-version",
    },
    Fault {
        text: "bad IP header length",
        reason: "bad-header-length",
    },
    Fault {
        text: "bad IP length",
        reason: "bad-length",
    },
    Fault {
        text: "bad IP checksum",
        reason: "bad-checksum",
    },
    Fault {
        text: "bad source address",
        reason: "bad-source",
    },
];

struct CheckIPHeader {
    rules: Rules,
    details: bool,
    faults: Faults,
    prefix: String,
}

/// What a header is checked for.
#[derive(Default)]
struct Rules {
    offset: usize,
    checksum: bool,
    bad_sources: Vec<u32>,
    good_destinations: Vec<u32>,
}

/// The argument INTERFACES.
struct Interfaces(Vec<IpPrefixOrAddress>);

impl weft_lang::value::Value for Interfaces {
    const EXPECTED: &'static str = "list of prefixes";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let words = split_words(text);
        let prefixes = words.iter().map(|w| IpPrefixOrAddress::parse(w, names));
        prefixes.collect::<Result<_, _>>().map(Interfaces)
    }

    fn placeholder() -> Self {
        Interfaces(Vec::new())
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    build_with(configure, true)
}

/// Makes an element that looks at the checksum or not, unless its configuration says which.
pub(super) fn build_with(configure: &mut Configure<'_>, checksum: bool) -> Built {
    let mut args = configure.args();
    let mut rules = Rules::default();
    if let Some(interfaces) = args.keyword_opt("INTERFACES") {
        rules.add_interfaces(&interfaces);
    }
    let bad: IpAddresses = args.keyword("BADSRC", IpAddresses::default());
    rules.bad_sources.extend(bad.0.iter().map(|a| a.to_bits()));
    let good: IpAddresses = args.keyword("GOODDST", IpAddresses::default());
    rules
        .good_destinations
        .extend(good.0.iter().map(|a| a.to_bits()));
    let offset = args.keyword("OFFSET", 0u32);
    let verbose = args.keyword("VERBOSE", false);
    let details = args.keyword("DETAILS", false);
    rules.checksum = args.keyword("CHECKSUM", checksum);
    rules.offset = offset as usize;
    let rest = args.rest();
    let names = args.names();
    args.complete()?;
    rules.read_rest(rest, names)?;
    Ok(Box::new(CheckIPHeader {
        rules,
        details,
        faults: Faults::new(&FAULTS, verbose),
        prefix: format!("{}: IP ", configure.name),
    }))
}

impl Rules {
    fn add_interfaces(&mut self, interfaces: &Interfaces) {
        for IpPrefixOrAddress(prefix) in &interfaces.0 {
            let (address, mask) = (prefix.addr.to_bits(), prefix.mask.to_bits());
            self.bad_sources.push(address | !mask);
            self.good_destinations.push(address);
        }
        self.add_limited_broadcasts();
    }

    fn add_limited_broadcasts(&mut self) {
        self.bad_sources.extend([0, u32::MAX]);
    }

    /// Reads what is left besides keywords: the offset, or Click's old form.
    fn read_rest(&mut self, rest: Vec<String>, names: &dyn Names) -> Result<(), Vec<String>> {
        if let [only] = &rest[..]
            && let Ok(offset) = u32::parse(only, names)
        {
            self.offset = offset as usize;
            return Ok(());
        }
        let mut args = Args::from_list(rest, names);
        if let Some(IpAddresses(bad)) = args.positional_opt("BADSRC") {
            self.bad_sources.extend(bad.iter().map(|a| a.to_bits()));
            self.add_limited_broadcasts();
        }
        self.offset = args.positional("OFFSET", self.offset as u32) as usize;
        args.complete()
    }

    /// Checks a packet's header; marks it and cuts the packet to its length when it is sound.
    ///
    /// # Errors
    /// The index of the fault.
    #[inline]
    fn check(&self, packet: &mut Packet, pool: &Pool) -> Result<(), usize> {
        let bytes = pool.data(packet).get(self.offset..).unwrap_or_default();
        if bytes.len() < ipv4::HEADER_LEN {
            return Err(TINY);
        }
        if bytes[0] >> 4 != 4 {
            return Err(VERSION);
        }
        let header = usize::from(bytes[0] & 0xf) * 4;
        if header < ipv4::HEADER_LEN {
            return Err(HEADER_LENGTH);
        }
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        if length > bytes.len() || length < header {
            return Err(LENGTH);
        }
        if self.checksum && checksum::checksum(&bytes[..header]) != 0 {
            return Err(CHECKSUM);
        }
        let address = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| bytes[at + i]));
        let destination = address(16);
        if self.is_bad(address(12), destination) {
            return Err(SOURCE);
        }
        let padding = bytes.len() - length;
        packet.set_network(self.offset, header);
        packet.set_destination(destination);
        let _ = packet.take(padding);
        Ok(())
    }

    #[inline]
    fn is_bad(&self, source: u32, destination: u32) -> bool {
        !self.bad_sources.is_empty()
            && self.bad_sources.contains(&source)
            && !self.good_destinations.contains(&destination)
    }
}

impl Element for CheckIPHeader {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.faults.open(router);
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match self.rules.check(packet, &router.pool) {
                Ok(()) => Verdict::Keep,
                Err(fault) => self.faults.count(fault, &self.prefix, router),
            }
        });
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        match self.details {
            true => vec![("drop_details".to_string(), &DROP_DETAILS)],
            false => Vec::new(),
        }
    }
}
