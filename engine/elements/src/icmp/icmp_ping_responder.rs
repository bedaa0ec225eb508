//! # ICMPPingResponder()
//!
//! Turns ICMP echo requests into replies.
//!
//! ## Ports
//! One agnostic input. Output 0: the replies; their destination address annotation, timestamp and
//! paint are set anew. Output 1, push, if there is one: all other packets, which are dropped
//! otherwise.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> IPClassifier(dst host 10.0.0.1 icmp echo) -> ICMPPingResponder -> Discard;
//! ```
//!
//! ## See also
//! ICMPPingSource, ICMPError

use crate::ip::header::{NO_IP_HEADER, header, header_mut};
use weft_core::{Batch, Built, Class, Configure, Element, IpHeader, Packet, Pool, Router, Verdict};
use weft_wire::checksum::update16;
use weft_wire::{icmp, ipv4, protocol};

/// Registers ICMPPingResponder.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Needs,
    ..Class::agnostic("ICMPPingResponder", "icmp", build)
};

/// Time to live of replies.
const TTL: u8 = 255;

struct ICMPPingResponder;

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(ICMPPingResponder))
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
fn respond(packet: &mut Packet, pool: &mut Pool, now: u64) -> Verdict {
    match header(packet, pool) {
        Some(ip) if is_echo(&ip) => {}
        Some(_) => return Verdict::Emit(1, "not-echo"),
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
            respond(packet, &mut router.pool, now)
        });
    }
}
