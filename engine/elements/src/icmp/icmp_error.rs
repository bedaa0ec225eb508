//! # ICMPError(SRC, TYPE [, CODE, BADADDRS, *keywords* MTU, PMTU, SET_FIX_ANNO])
//!
//! Answers IP packets with ICMP error messages that quote them.
//!
//! ## Ports
//! One agnostic input for the packets to be complained of, one agnostic output for the messages: IP
//! packets from SRC, their destination address annotation set. Connect it to the routing lookup.
//!
//! No message is sent about ICMP error messages, fragments but the first, packets to or from
//! broadcast, multicast or otherwise impossible addresses, and link-level broadcasts (RFC 1812,
//! 4.3.2.7). A source route is followed back.
//!
//! ## Arguments
//! - `SRC` *IP address*: source of the messages. They also get the FIX_IP_SRC annotation, so that
//!   FixIPSrc can set the address of the interface they leave by.
//! - `TYPE` *name or number*: `unreachable`, `sourcequench`, `redirect`, `timeexceeded` or
//!   `parameterproblem`.
//! - `CODE` *name or number* (0): such as `net`, `host`, `protocol`, `port`, `needfrag` (unreachable);
//!   `net`, `host` (redirect); `transit`, `reassembly` (timeexceeded); `erroratptr`, `missingopt`,
//!   `length` (parameterproblem).
//! - `BADADDRS` *list of IP addresses*: addresses not to answer, such as broadcast addresses.
//! - `MTU` *unsigned* (576): length of a message at most.
//! - `PMTU` *unsigned* (0): the length that `unreachable`, `needfrag` recommends.
//! - `SET_FIX_ANNO` *boolean* (true): whether the FIX_IP_SRC annotation is set.
//!
//! A redirect names the packet's destination address annotation as gateway; a parameter problem at a
//! pointer takes the pointer from the ICMP_PARAMPROB annotation.
//!
//! ## Handlers
//! - `src`, `mtu`, `pmtu` (rw): as the arguments.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> ttl :: DecIPTTL -> Discard;
//! ttl [1] -> ICMPError(10.0.0.1, timeexceeded) -> Discard;
//! ```
//!
//! ## See also
//! DecIPTTL, FixIPSrc, IPGWOptions

use super::message::{Message, is_error, refusal};
use super::names::{ERROR_AT_POINTER, NEED_FRAGMENT, code_number, type_number};
use crate::ip::fix_ip_src::FIX_IP_SRC;
use crate::ip::header::{NO_IP_HEADER, header_copy};
use crate::ip::ip_gw_options::ICMP_PARAMPROB;
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, PacketType, Place, REASON_NO_BUFFER,
    Router, Value, argument, variable,
};
use weft_lang::value::{IpAddresses, Value as _, Word};
use weft_lang::{Names, NoNames};
use weft_wire::icmp::kind;
use weft_wire::{icmp, ipv4};

/// Registers ICMPError.
pub static CLASS: Class = Class {
    live: true,
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("SRC", Place::Mandatory, "IP address", ""),
        argument("TYPE", Place::Mandatory, "ICMP type", ""),
        argument("CODE", Place::Optional, "ICMP code", "0"),
        argument("BADADDRS", Place::Optional, "list of IP addresses", ""),
        argument("MTU", Place::Keyword, "unsigned", "576"),
        argument("PMTU", Place::Keyword, "unsigned", "0"),
        argument("SET_FIX_ANNO", Place::Keyword, "boolean", "true"),
    ],
    handlers: &[
        variable!(
            ICMPError,
            "src",
            Value::Text,
            "",
            "Source of the messages",
            |e, _, _| Ok(e.source.to_string()),
            |e, call, router| {
                e.source = call.value_in(&router.names())?;
                Ok(())
            }
        ),
        variable!(
            ICMPError,
            "mtu",
            Value::Unsigned,
            "bytes",
            "Length of a message at most",
            |e, _, _| Ok(e.mtu.to_string()),
            |e, call, _| {
                e.mtu = call.value()?;
                Ok(())
            }
        ),
        variable!(
            ICMPError,
            "pmtu",
            Value::Unsigned,
            "bytes",
            "The length that needfrag recommends",
            |e, _, _| Ok(e.pmtu.to_string()),
            |e, call, _| {
                e.pmtu = call.value()?;
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "10.0.0.1, timeexceeded",
        "10.0.0.1, unreachable, needfrag, 10.0.0.255, PMTU 1000",
        "10.0.0.1, parameterproblem, MTU 60",
    ],
    ..Class::agnostic("ICMPError", "icmp", build)
};

const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

struct ICMPError {
    source: Ipv4Addr,
    kind: u8,
    code: u8,
    bad: Vec<u32>,
    mtu: u32,
    pmtu: u32,
    set_fix: bool,
    id: u16,
}

/// An ICMP type by name or number.
struct Kind(i32);

impl weft_lang::value::Value for Kind {
    const EXPECTED: &'static str = "ICMP type";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        match type_number(text) {
            Some(number) => Ok(Kind(number.into())),
            None => i32::parse(text, names)
                .map(Kind)
                .map_err(|_| "parse error".to_string()),
        }
    }

    fn placeholder() -> Self {
        Kind(kind::UNREACHABLE.into())
    }
}

/// Type and code, checked.
fn kind_and_code(kind: i32, code: &str) -> Result<(u8, u8), String> {
    let Ok(number) = u8::try_from(kind) else {
        return Err("ICMP type must be between 0 and 255".to_string());
    };
    if !is_error(number) {
        return Err(format!("ICMP type {kind} is not an error type"));
    }
    let code = code_number(number, code).or_else(|| u8::parse(code, &NoNames).ok());
    let code = code.ok_or("argument 2 takes ICMP code (integer between 0 and 255)")?;
    Ok((number, code))
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let source = args.mandatory("SRC");
    let Kind(kind) = args.mandatory("TYPE");
    let Word(code) = args.positional("CODE", Word("0".to_string()));
    let IpAddresses(bad) = args.positional("BADADDRS", IpAddresses::default());
    let mtu = args.keyword("MTU", 576);
    let pmtu = args.keyword("PMTU", 0);
    let set_fix = args.keyword("SET_FIX_ANNO", true);
    args.complete()?;
    let (kind, code) = kind_and_code(kind, &code).map_err(|e| vec![e])?;
    Ok(Box::new(ICMPError {
        source,
        kind,
        code,
        bad: bad.iter().map(|a| a.to_bits()).collect(),
        mtu,
        pmtu,
        set_fix,
        id: 1,
    }))
}

/// The source route option of a header, if it has a valid one: its position and bytes.
fn source_route(header: &[u8]) -> Option<(usize, &[u8])> {
    let mut at = ipv4::HEADER_LEN;
    loop {
        let (kind, length) = match (*header.get(at)?, header.get(at + 1)) {
            (0, _) => return None,
            (1, _) => {
                at += 1;
                continue;
            }
            (kind, length) => (kind, usize::from(*length?)),
        };
        if length < 2 {
            return None;
        }
        let option = header.get(at..at + length)?;
        if let LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE = kind
            && let Some(pointer @ 4..) = option.get(2).copied().map(usize::from)
            && pointer % 4 == 0
            && pointer <= length + 1
        {
            return Some((at, option));
        }
        at += length;
    }
}

/// The option that leads back along the part of a source route that was taken, padded.
fn reversed_route(route: &[u8]) -> Vec<u8> {
    let end = usize::from(route[2]) - 1;
    let mut back = vec![route[0], end as u8, 4];
    let taken = route[3..end].chunks_exact(4).rev();
    back.extend(taken.flatten());
    back.resize(back.len().next_multiple_of(4), 0);
    back
}

impl ICMPError {
    /// The source route option for the way back.
    ///
    /// # Errors
    /// Why there may be no message.
    fn route_back(&self, header: &[u8], pointer: u8) -> Result<Vec<u8>, &'static str> {
        let Some((at, route)) = source_route(header) else {
            return Ok(Vec::new());
        };
        if self.kind == kind::REDIRECT {
            return Err("source-routed");
        }
        let bad = (at..at + route.len()).contains(&usize::from(pointer));
        match self.points() && bad {
            true => Ok(Vec::new()),
            false => Ok(reversed_route(route)),
        }
    }

    fn points(&self) -> bool {
        (self.kind, self.code) == (kind::PARAMETER_PROBLEM, ERROR_AT_POINTER)
    }

    /// The four bytes behind type, code and checksum.
    fn particulars(&self, packet: &Packet, pointer: u8) -> u32 {
        match self.kind {
            _ if self.points() => u32::from(pointer) << 24,
            kind::REDIRECT => packet.destination(),
            kind::UNREACHABLE if self.code == NEED_FRAGMENT => self.pmtu & 0xffff,
            _ => 0,
        }
    }

    /// The message about a packet.
    ///
    /// # Errors
    /// Why there is none.
    fn message(&mut self, packet: &Packet, router: &mut Router) -> Result<Packet, &'static str> {
        let pool = &mut router.pool;
        let (ip, quoted) = header_copy(packet, pool).ok_or(NO_IP_HEADER)?;
        let is_to_one = !matches!(
            packet.packet_type(),
            PacketType::Broadcast | PacketType::Multicast
        );
        if let Some(reason) = refusal(&ip, ip.payload_in(quoted), is_to_one, &self.bad) {
            return Err(reason);
        }
        let pointer = pool.annotation_byte(packet, ICMP_PARAMPROB);
        let options = self.route_back(ip.header(), pointer)?;
        let destination = ip.source();
        let headers = ipv4::HEADER_LEN + options.len() + icmp::HEADER_LEN;
        let room = (self.mtu.min(u32::from(u16::MAX)) as usize).checked_sub(headers);
        let quoted = &quoted[..quoted.len().min(room.ok_or("mtu-too-small")?)];
        let bytes = Message {
            source: self.source.to_bits(),
            destination,
            id: self.id,
            options: &options,
            kind: self.kind,
            code: self.code,
            particulars: self.particulars(packet, pointer).to_be_bytes(),
            quoted,
        }
        .to_bytes();
        self.id = self.id.wrapping_add(1);
        let mut message = pool.copy_in(&bytes).ok_or(REASON_NO_BUFFER)?;
        message.set_network(0, ipv4::HEADER_LEN + options.len());
        message.set_destination(destination);
        message.set_timestamp(router.clock.timestamp());
        if self.set_fix {
            pool.set_annotation_byte(&mut message, FIX_IP_SRC, 1);
        }
        Ok(message)
    }
}

impl Element for ICMPError {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let empty = router.new_batch();
        let mut packets = std::mem::replace(batch, empty);
        for packet in packets.drain(..) {
            match self.message(&packet, router) {
                Ok(message) => {
                    router.pool.free(packet);
                    batch.push(message);
                }
                Err(reason) => router.drop_packet(packet, reason),
            }
        }
        router.recycle(packets);
    }
}
