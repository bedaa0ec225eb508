//! # ICMPPingSource(SRC, DST, *keywords* INTERVAL, IDENTIFIER, DATA, LIMIT, ACTIVE, VERBOSE, STOP, MIRROR)
//!
//! Sends ICMP echo requests, at intervals or whenever it is asked for one.
//!
//! ## Ports
//! One agnostic output for the pings: IP packets, their destination address annotation set. A pulled
//! output gives a ping at each pull. If there is an input (push), replies to the pings are taken
//! there and reported, as ping(1) does.
//!
//! ## Arguments
//! - `SRC`, `DST` *IP address*: source and destination.
//! - `INTERVAL` *time* (1): time between two pings.
//! - `IDENTIFIER` *integer* (0): the identifier in the pings, in the host's byte order.
//! - `DATA` *string*: what else they hold.
//! - `LIMIT` *integer* (-1): pings sent at most; negative: no limit.
//! - `ACTIVE` *boolean* (true): when false, none are sent.
//! - `VERBOSE` *boolean* (true): whether replies, and at the end a summary, are told.
//! - `STOP` *boolean* (false): asks the driver to stop, an interval after the last ping of LIMIT.
//! - `MIRROR` *boolean* (false): sends the next ping as soon as a reply comes, in the same packet.
//!
//! ## Handlers
//! - `active`, `src`, `dst` (rw), `limit`, `interval` (w): as the arguments.
//! - `count` (r): pings sent.
//! - `reset_counts` (w): begins to count anew.
//! - `summary` (r): pings sent and received, loss, and round-trip times.
//! - `rtt_min`, `rtt_avg`, `rtt_max` (r): round-trip times. These four with an input only.
//!
//! ## Example
//! ```click
//! ICMPPingSource(10.0.0.1, 10.0.0.2, LIMIT 3, STOP true) -> IPPrint -> Discard;
//! ```
//!
//! ## See also
//! ICMPPingResponder

mod handlers;
mod receiver;

use crate::ip::header::header;
use receiver::{Receiver, milliseconds};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, IpHeader, Packet, Place, Router, argument,
};
use weft_lang::value::Milliseconds;
use weft_wire::{checksum, icmp, ipv4, protocol};

/// Registers ICMPPingSource.
pub static CLASS: Class = Class {
    ports: "0-1/1",
    processing: "h/a",
    ip_header: IpHeader::Sets,
    arguments: &[
        argument("SRC", Place::Mandatory, "IP address", ""),
        argument("DST", Place::Mandatory, "IP address", ""),
        argument("INTERVAL", Place::Keyword, "time", "1"),
        argument("IDENTIFIER", Place::Keyword, "integer", "0"),
        argument("DATA", Place::Keyword, "string", ""),
        argument("LIMIT", Place::Keyword, "integer", "-1"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("VERBOSE", Place::Keyword, "boolean", "true"),
        argument("STOP", Place::Keyword, "boolean", "false"),
        argument("MIRROR", Place::Keyword, "boolean", "false"),
    ],
    handlers: &handlers::HANDLERS,
    fuzz: &[
        "10.0.0.1, 10.0.0.2",
        "10.0.0.1, 10.0.0.2, DATA x, MIRROR true",
    ],
    ..Class::agnostic("ICMPPingSource", "icmp", build)
};

/// Time to live of pings.
const TTL: u8 = 200;
/// Bytes before the data.
const HEADERS: usize = ipv4::HEADER_LEN + icmp::HEADER_LEN;

const NANOSECONDS_PER_MS: u64 = 1_000_000;

struct ICMPPingSource {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    interval_ms: u32,
    has_interval: bool,
    identifier: u16,
    data: Vec<u8>,
    limit: i32,
    active: bool,
    verbose: bool,
    stop: bool,
    mirror: bool,
    count: i64,
    receiver: Option<Receiver>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let source = args.mandatory("SRC");
    let destination = args.mandatory("DST");
    let interval: Option<Milliseconds> = args.keyword_opt("INTERVAL");
    let source = ICMPPingSource {
        source,
        destination,
        interval_ms: interval.map_or(1000, |i| i.0),
        has_interval: interval.is_some(),
        identifier: args.keyword("IDENTIFIER", 0),
        data: args.keyword("DATA", Vec::new()),
        limit: args.keyword("LIMIT", -1),
        active: args.keyword("ACTIVE", true),
        verbose: args.keyword("VERBOSE", true),
        stop: args.keyword("STOP", false),
        mirror: args.keyword("MIRROR", false),
        count: 0,
        receiver: (configure.inputs > 0).then(Receiver::new),
    };
    args.complete()?;
    if source.interval_ms == 0 {
        configure.warn("INTERVAL so small that it is zero");
    }
    Ok(Box::new(source))
}

impl ICMPPingSource {
    fn may_send(&self) -> bool {
        self.limit < 0 || self.count < i64::from(self.limit)
    }

    /// Sets the timer for the next ping, if pings are pushed, are wanted, and none is due.
    fn start(&self, router: &mut Router) {
        if self.may_send() && self.active && router.output_is_push(0) && router.timer(0).is_none() {
            self.set_timer(router);
        }
    }

    fn set_timer(&self, router: &mut Router) {
        let interval = u64::from(self.interval_ms) * NANOSECONDS_PER_MS;
        router.set_timer(0, router.clock.now() + interval);
    }

    fn make(&mut self, router: &mut Router) -> Option<Packet> {
        let headers = [0; HEADERS];
        let bytes = [&headers[..], &self.data].concat();
        let packet = router.pool.copy_in(&bytes)?;
        self.fill(packet, router)
    }

    /// Makes a packet the next ping; what lies behind the headers stays.
    fn fill(&mut self, mut packet: Packet, router: &mut Router) -> Option<Packet> {
        let number = (self.count % 0xffff) as u16 + 1;
        let length = packet.len().saturating_sub(ipv4::HEADER_LEN);
        let repr = ipv4::Repr {
            tos: 0,
            id: number,
            flags_offset: 0,
            ttl: TTL,
            protocol: protocol::ip::ICMP,
            source: self.source.to_bits(),
            destination: self.destination.to_bits(),
            payload_len: length.min(usize::from(u16::MAX) - ipv4::HEADER_LEN) as u16,
        };
        let bytes = router.pool.data_mut(&mut packet);
        let filled = bytes.and_then(|bytes| {
            repr.emit(bytes).ok()?;
            fill_echo(&mut bytes[ipv4::HEADER_LEN..], self.identifier, number)
        });
        if filled.is_none() {
            router.drop_packet(packet, "too-short");
            return None;
        }
        let now = router.clock.timestamp();
        packet.set_destination(repr.destination);
        packet.set_network(0, ipv4::HEADER_LEN);
        packet.set_timestamp(now);
        if let Some(receiver) = &mut self.receiver {
            receiver.note_sent(number, now);
        }
        self.count += 1;
        Some(packet)
    }

    /// Takes a packet on the input; gives it back when it is a reply to a ping.
    fn take(&mut self, packet: Packet, router: &mut Router) -> Option<Packet> {
        let Some(reply) = self.reply(&packet, router) else {
            router.drop_packet(packet, "not-echo-reply");
            return None;
        };
        let receiver = self.receiver.as_mut()?;
        let time = receiver.note_reply(reply.sequence, packet.timestamp());
        if let Some(time) = time.filter(|_| self.verbose) {
            let line = format!(
                "{}: {} bytes from {}: icmp_seq={} ttl={} time={} ms",
                router.declaration(),
                reply.length,
                reply.source,
                reply.sequence,
                reply.ttl,
                milliseconds(time.into())
            );
            router.console.line(&line);
        }
        Some(packet)
    }

    fn reply(&self, packet: &Packet, router: &Router) -> Option<Reply> {
        let ip = header(packet, &router.pool)?;
        let message = icmp::Message::new_checked(ip.payload()).ok()?;
        let own = message.identifier().to_be_bytes() == self.identifier.to_ne_bytes();
        let fits = ip.protocol() == protocol::ip::ICMP && message.kind() == icmp::kind::ECHO_REPLY;
        (own && fits).then(|| Reply {
            sequence: message.sequence(),
            length: message.payload().len(),
            source: ip.source().into(),
            ttl: ip.ttl(),
        })
    }

    /// Turns a reply into the next ping.
    fn mirror(&mut self, mut packet: Packet, router: &mut Router) {
        let network = packet.network().unwrap_or(packet.offset());
        let link = network.saturating_sub(packet.offset());
        // The header lies inside the packet, or was stripped: then there is nothing to remove.
        let _ = packet.pull(link.into());
        if let Some(ping) = self.fill(packet, router) {
            router.emit(0, ping);
        }
    }
}

/// An echo reply.
struct Reply {
    sequence: u16,
    length: usize,
    source: Ipv4Addr,
    ttl: u8,
}

/// Writes the header of an echo request and its checksum. Click leaves the identifier in the host's
/// byte order.
fn fill_echo(message: &mut [u8], identifier: u16, sequence: u16) -> Option<()> {
    let header = message.first_chunk_mut::<{ icmp::HEADER_LEN }>()?;
    header.fill(0);
    header[0] = icmp::kind::ECHO;
    header[4..6].copy_from_slice(&identifier.to_ne_bytes());
    header[6..].copy_from_slice(&sequence.to_be_bytes());
    let sum = checksum::checksum(message);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    Some(())
}

impl Element for ICMPPingSource {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let pushes = router.output_is_push(0);
        if !pushes && self.mirror {
            return Err("MIRROR invalid on pull element".to_string());
        }
        if !pushes && self.has_interval {
            let line = "warning: element is pull, INTERVAL parameter will be ignored";
            let line = format!("{}: {line}", router.declaration());
            router.console.line(&line);
        }
        self.start(router);
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in std::mem::take(batch) {
            match self.take(packet, router) {
                Some(reply) if self.mirror => self.mirror(reply, router),
                Some(reply) => router.pool.free(reply),
                None => {}
            }
        }
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        if !self.may_send() {
            if self.stop {
                router.request_stop();
            }
            return;
        }
        if let Some(ping) = self.make(router) {
            router.emit(0, ping);
        }
        self.set_timer(router);
    }

    fn pull(&mut self, _port: usize, _max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        if self.may_send() {
            batch.extend(self.make(router));
        } else if std::mem::take(&mut self.stop) {
            router.request_stop();
        }
        batch
    }

    fn cleanup(&mut self, router: &mut Router) {
        let Some(receiver) = self.receiver.as_ref().filter(|_| self.verbose) else {
            return;
        };
        let prefix = router.declaration();
        for line in receiver.summary(self.count).lines() {
            router.console.line(&format!("{prefix}: {line}"));
        }
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        let known = handlers::OF_RECEIVERS.iter();
        let known = known.filter(|_| self.receiver.is_some());
        known.map(|h| (h.name.to_string(), h)).collect()
    }
}

#[cfg(test)]
mod tests;
