//! # ICMPPingResponder([ADDRESSES, ...])
//!
//! Turns ICMP echo requests into replies.
//!
//! ## Ports
//! One agnostic input. Output 0: the replies; their destination address annotation, timestamp and
//! paint are set anew. Output 1, push, if there is one: all other packets, which are dropped
//! otherwise, and fragments of requests, which cannot be answered: IPReassembler makes them whole.
//!
//! ## Arguments
//! - `ADDRESSES` *list of IP addresses and prefixes*, any number, separated by spaces: only requests to
//!   these are answered; without any, all are. (Click's element takes no arguments.)
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> IPClassifier(dst host 10.0.0.1 icmp echo) -> ICMPPingResponder -> Discard;
//! ```
//!
//! ## See also
//! ARPResponder, ICMPPingSource, ICMPError, IPReassembler

use crate::ip::header::{NO_IP_HEADER, header, header_mut};
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Pool, Router, Verdict,
    argument,
};
use weft_lang::split_words;
use weft_lang::value::{IpPrefix, IpPrefixOrAddress, Value};
use weft_wire::checksum::update16;
use weft_wire::{icmp, ipv4, protocol};

/// Registers ICMPPingResponder.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    live: true,
    ip_header: IpHeader::Needs,
    arguments: &[argument(
        "ADDRESSES",
        Place::Rest,
        "list of IP addresses and prefixes",
        "",
    )],
    fuzz: &["", "10.0.0.0/8 192.0.2.1"],
    ..Class::agnostic("ICMPPingResponder", "icmp", build)
};

/// Time to live of replies.
const TTL: u8 = 255;

struct ICMPPingResponder {
    /// Whose requests are answered: all, where there are none.
    prefixes: Vec<IpPrefix>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let mut prefixes = Vec::new();
    for text in args.rest() {
        for word in split_words(&text) {
            match IpPrefixOrAddress::parse(&word, configure.names()) {
                Ok(prefix) => prefixes.push(prefix.0),
                Err(_) => args.argument_error("ADDRESSES", &format!("bad address '{word}'")),
            }
        }
    }
    args.complete()?;
    Ok(Box::new(ICMPPingResponder { prefixes }))
}

impl ICMPPingResponder {
    #[inline]
    fn answers_for(&self, address: u32) -> bool {
        let among = |prefix: &IpPrefix| prefix.contains(address.into());
        self.prefixes.is_empty() || self.prefixes.iter().any(among)
    }
}

fn is_echo(ip: &ipv4::Packet<&[u8]>) -> bool {
    let echo = icmp::Message::new_checked(ip.payload()).is_ok_and(|m| m.kind() == icmp::kind::ECHO);
    echo && ip.protocol() == protocol::ip::ICMP
}

/// Turns an echo request into a reply; checksums are updated by what changes.
fn reverse(ip: &mut ipv4::Packet<&mut [u8]>) {
    let (source, destination) = (ip.source(), ip.destination());
    ip.set_source(destination);
    ip.set_destination(source);
    let (flags, ttl) = (ip.flags_offset(), ip.ttl());
    let sum = update16(ip.checksum(), flags, 0);
    let with_protocol = |ttl: u8| u16::from_be_bytes([ttl, protocol::ip::ICMP]);
    ip.set_checksum(update16(sum, with_protocol(ttl), with_protocol(TTL)));
    ip.set_flags_offset(0);
    ip.set_ttl(TTL);
    let Ok(mut message) = icmp::Message::new_checked(ip.payload_mut()) else {
        return;
    };
    let old = u16::from_be_bytes([message.kind(), message.code()]);
    let sum = update16(message.checksum(), old, 0);
    message.set_kind(icmp::kind::ECHO_REPLY);
    message.set_code(0);
    message.set_checksum(sum);
    // Zero is right unless all else is zero too.
    if sum == 0 {
        message.fill_checksum();
    }
}

/// Answers an echo request; what is no such request leaves by output 1.
fn respond(
    responder: &ICMPPingResponder,
    packet: &mut Packet,
    pool: &mut Pool,
    now: u64,
) -> Verdict {
    match header(packet, pool) {
        Some(ip) if !is_echo(&ip) => return Verdict::Emit(1, "not-echo"),
        Some(ip) if ip.is_fragment() => return Verdict::Emit(1, "fragment"),
        Some(ip) if !responder.answers_for(ip.destination()) => {
            return Verdict::Emit(1, "not-own-address");
        }
        Some(_) => {}
        None => return Verdict::Emit(1, NO_IP_HEADER),
    }
    let destination = match header_mut(packet, pool) {
        Ok(mut ip) => {
            reverse(&mut ip);
            ip.destination()
        }
        Err(reason) => return Verdict::Drop(reason),
    };
    packet.set_destination(destination);
    packet.set_timestamp(now);
    packet.set_paint(0);
    Verdict::Keep
}

impl Element for ICMPPingResponder {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.timestamp();
        router.filter(batch, |packet, router| {
            respond(self, packet, &mut router.pool, now)
        });
    }
}
