//! # ARPQuerier(IP, ETH, *keywords* CAPACITY, ENTRY_CAPACITY, ENTRY_PACKET_CAPACITY, CAPACITY_SLIM_FACTOR, TIMEOUT, BROADCAST, TABLE, POLL_TIMEOUT, BROADCAST_POLL)
//!
//! Puts an Ethernet header in front of IP packets, its destination found by the Address Resolution
//! Protocol (RFC 826).
//!
//! ## Ports
//! Input 0, push: IP packets whose destination address annotation is set. Input 1, push: ARP replies
//! with their Ethernet header. Output 0: IP packets with an Ethernet header. Output 1, if there is
//! one, else output 0: ARP queries.
//!
//! A packet for an unknown address waits while a query goes out (at most ten a second for an
//! address; one in two seconds when ten were in vain). Broadcasts go to all hosts of the link,
//! multicasts to the group's Ethernet address (RFC 1112). Packets for 0.0.0.0 are dropped.
//!
//! ## Arguments
//! - `IP` *IP address or prefix*: this host's address.
//! - `ETH` *Ethernet address*: this host's Ethernet address; left out when IP is a name for both.
//! - `CAPACITY` *unsigned* (2048): packets that may wait; 0: any number.
//! - `ENTRY_CAPACITY` *unsigned* (0): addresses remembered; 0: any number.
//! - `ENTRY_PACKET_CAPACITY` *unsigned* (0): packets that may wait for one address; 0: any number.
//! - `CAPACITY_SLIM_FACTOR` *unsigned* (2): when too many packets wait, one in so many is dropped,
//!   oldest first.
//! - `TIMEOUT` *time* (300): how long an address is good for; 0: for ever.
//! - `BROADCAST` *IP address*: the broadcast address of the link; by default that of IP's prefix.
//! - `TABLE` *element*: another ARPQuerier, whose table is used; CAPACITY to TIMEOUT then count
//!   there.
//! - `POLL_TIMEOUT` *time* (60): age at which a known address is asked for again; 0: never.
//! - `BROADCAST_POLL` *boolean* (false): asks all hosts for it, not just the one that had it.
//!
//! ## Handlers
//! - `table` (r): a line for each address: IP address, 1 if known else 0, Ethernet address, seconds
//!   since it was last heard of.
//! - `stats` (r): packets dropped and queries sent.
//! - `count` (r): addresses. `length` (r): packets that wait.
//! - `queries`, `responses`, `drops` (r): queries sent, replies received, packets dropped without
//!   having waited.
//! - `ipaddr`, `broadcast` (rw): this host's address, the broadcast address.
//! - `insert` (w): enters "IP ETH". `delete` (w): makes an address unknown. `clear` (w): drops all
//!   entries and counts.
//!
//! The table and the packets in it survive a hot swap when IP and ETH stay the same.
//!
//! ## Example
//! ```click
//! arp :: ARPQuerier(10.0.0.1/24, 02:00:00:00:00:01) -> Discard;
//! Idle -> GetIPAddress(16) -> [0] arp;
//! Idle -> [1] arp;
//! ```
//!
//! ## See also
//! ARPResponder, EtherEncap, GetIPAddress

mod handlers;
mod table;

use super::frame::{self, Cause, arp_frame, arp_of};
use crate::ip::header::is_multicast;
use std::net::Ipv4Addr;
use table::{Limits, Stored, Table};
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, ElementId, Packet, Place, REASON_NO_BUFFER,
    Router, SECOND, argument, downcast,
};
use weft_lang::value::{AnyText, IpPrefix, IpPrefixOrAddress, MacAddr, Milliseconds};
use weft_lang::{Args, Names, unquote_text};
use weft_wire::{arp, protocol};

/// Registers ARPQuerier.
pub static CLASS: Class = Class {
    ports: "2/1-2",
    processing: "h/h",
    flow: "xy/x",
    live: true,
    arguments: &[
        argument("IP", Place::Mandatory, "IP address or prefix", ""),
        argument("ETH", Place::Mandatory, "Ethernet address", ""),
        argument("CAPACITY", Place::Keyword, "unsigned", "2048"),
        argument("ENTRY_CAPACITY", Place::Keyword, "unsigned", "0"),
        argument("ENTRY_PACKET_CAPACITY", Place::Keyword, "unsigned", "0"),
        argument("CAPACITY_SLIM_FACTOR", Place::Keyword, "unsigned", "2"),
        argument("TIMEOUT", Place::Keyword, "time", "300"),
        argument("BROADCAST", Place::Keyword, "IP address", ""),
        argument("TABLE", Place::Keyword, "element", ""),
        argument("POLL_TIMEOUT", Place::Keyword, "time", "60"),
        argument("BROADCAST_POLL", Place::Keyword, "boolean", "false"),
    ],
    handlers: &handlers::HANDLERS,
    fuzz: &[
        "10.0.0.1/24, 02:00:00:00:00:01",
        "10.0.0.1, 02:00:00:00:00:01, CAPACITY 3, ENTRY_CAPACITY 2, TIMEOUT 1, POLL_TIMEOUT 0.01",
    ],
    ..Class::agnostic("ARPQuerier", "ethernet", build)
};

const QUERIES: usize = 0;
const DROPS: usize = 1;
const RESPONSES: usize = 2;

const BROADCAST: MacAddr = MacAddr([0xff; 6]);

/// The table an element uses.
enum Source {
    Own(Table),
    /// That of another ARPQuerier.
    Of(ElementId),
}

struct ARPQuerier {
    ip: Ipv4Addr,
    mac: MacAddr,
    broadcast: Ipv4Addr,
    table: Source,
    poll_timeout: i64,
    broadcast_poll: bool,
    told_of_zero: bool,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let limits = read_limits(&mut args);
    let broadcast: Option<Ipv4Addr> = args.keyword_opt("BROADCAST");
    let table = read_table(&mut args, configure);
    let Milliseconds(poll) = args.keyword("POLL_TIMEOUT", Milliseconds(60_000));
    let broadcast_poll = args.keyword("BROADCAST_POLL", false);
    let (rest, names) = (args.rest(), args.names());
    args.complete()?;
    let (prefix, mac) = read_addresses(rest, names)?;
    Ok(Box::new(ARPQuerier {
        ip: prefix.addr,
        mac,
        broadcast: broadcast.unwrap_or_else(|| broadcast_of(prefix)),
        table: table.map_or_else(|| Source::Own(Table::new(limits)), Source::Of),
        poll_timeout: poll.into(),
        broadcast_poll,
        told_of_zero: false,
        cells: None,
    }))
}

fn read_limits(args: &mut Args<'_>) -> Limits {
    let default = Limits::default();
    let mut number = |name: &str, default: usize| args.keyword(name, default as u32) as usize;
    let mut limits = Limits {
        packets: number("CAPACITY", default.packets),
        entries: number("ENTRY_CAPACITY", default.entries),
        packets_per_entry: number("ENTRY_PACKET_CAPACITY", default.packets_per_entry),
        slim_factor: number("CAPACITY_SLIM_FACTOR", default.slim_factor),
        timeout: default.timeout,
    };
    if limits.slim_factor == 0 {
        args.error("CAPACITY_SLIM_FACTOR cannot be zero");
    }
    if let Some(Milliseconds(timeout)) = args.keyword_opt("TIMEOUT") {
        limits.timeout = timeout.into();
    }
    limits
}

fn read_table(args: &mut Args<'_>, configure: &Configure<'_>) -> Option<ElementId> {
    let AnyText(name) = args.keyword_opt("TABLE")?;
    let Some(id) = configure.element(&unquote_text(&name)) else {
        args.argument_error("TABLE", "does not name an element");
        return None;
    };
    if configure.class_of(id).name != CLASS.name || id == configure.id {
        args.argument_error("TABLE", "type mismatch, expected ARPTable");
        return None;
    }
    Some(id)
}

/// Reads IP and ETH. One argument may be a name for both.
fn read_addresses(
    mut rest: Vec<String>,
    names: &dyn Names,
) -> Result<(IpPrefix, MacAddr), Vec<String>> {
    if let [only] = &rest[..] {
        rest.push(only.clone());
    }
    let mut args = Args::from_list(rest, names);
    let IpPrefixOrAddress(prefix) = args.mandatory("IP");
    let mac = args.mandatory("ETH");
    args.complete().map(|()| (prefix, mac))
}

/// The broadcast address of the link, where a prefix tells it.
fn broadcast_of(prefix: IpPrefix) -> Ipv4Addr {
    let broadcast = Ipv4Addr::from(prefix.addr.to_bits() | !prefix.mask.to_bits());
    match broadcast == prefix.addr {
        true => Ipv4Addr::BROADCAST,
        false => broadcast,
    }
}

/// The Ethernet address of a multicast group (RFC 1112).
fn group_address(ip: u32) -> MacAddr {
    let [_, b, c, d] = ip.to_be_bytes();
    MacAddr([0x01, 0x00, 0x5e, b & 0x7f, c, d])
}

impl ARPQuerier {
    /// Calls `with` on the table; `None` when its owner is busy.
    fn with_table<R>(
        &mut self,
        router: &mut Router,
        with: impl FnOnce(&mut Table, &mut Router) -> R,
    ) -> Option<R> {
        let owner = match &mut self.table {
            Source::Own(table) => return Some(with(table, router)),
            Source::Of(owner) => *owner,
        };
        router
            .with_element(owner, |owner: &mut ARPQuerier, router| {
                match &mut owner.table {
                    Source::Own(table) => Some(with(table, router)),
                    Source::Of(_) => None,
                }
            })
            .flatten()
    }

    fn get(&self, cell: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(cell))
    }

    fn count(&self, cell: usize) {
        if let Some(cells) = &self.cells {
            cells.add(cell, 1);
        }
    }

    fn drop_packet(&self, packet: Packet, reason: &'static str, router: &mut Router) {
        self.count(DROPS);
        router.drop_packet(packet, reason);
    }

    /// Puts headers in front of packets for known addresses, until one needs more than that. Gives
    /// how many have got one.
    fn encapsulate_known(&self, batch: &mut Batch, router: &mut Router) -> usize {
        let Source::Own(table) = &self.table else {
            return 0;
        };
        let mut last = None;
        for (index, packet) in batch.iter_mut().enumerate() {
            let ip = packet.destination();
            let known = match last {
                Some((same, mac)) if same == ip => Some(mac),
                _ => table.peek(ip, self.poll_timeout, router),
            };
            let Some(mac) = known.filter(|_| !self.ip.is_unspecified()) else {
                return index;
            };
            let Some(header) = router.pool.push_link_header(packet) else {
                return index;
            };
            *header = frame::header(mac.0, self.mac.0, protocol::ether::IPV4);
            last = Some((ip, mac));
        }
        batch.len()
    }

    /// Takes an IP packet: sends it on or keeps it until its address is known.
    fn take_ip(&mut self, mut packet: Packet, router: &mut Router) {
        if self.ip.is_unspecified() {
            return self.drop_packet(packet, "not-configured", router);
        }
        match router
            .pool
            .push_link_header::<{ frame::HEADER }>(&mut packet)
        {
            None => return self.drop_packet(packet, REASON_NO_BUFFER, router),
            Some(header) => header[12..].copy_from_slice(&protocol::ether::IPV4.to_be_bytes()),
        }
        self.resolve(packet, router);
    }

    /// Sends on a packet that has room for its Ethernet header, or keeps it.
    fn resolve(&mut self, packet: Packet, router: &mut Router) {
        let ip = packet.destination();
        let poll_timeout = self.poll_timeout;
        let found = self.with_table(router, |table, router| {
            table.lookup(ip, poll_timeout, router)
        });
        match found.flatten() {
            Some(found) => {
                if found.poll {
                    let all = self.broadcast_poll;
                    let to = if all { BROADCAST } else { found.mac };
                    let cause = Cause::of(&packet, &router.pool);
                    self.query(ip, to, &cause, router);
                }
                self.send(packet, found.mac, router);
            }
            None if ip == u32::MAX || ip == self.broadcast.to_bits() => {
                self.send(packet, BROADCAST, router);
            }
            None if is_multicast(ip) => self.send(packet, group_address(ip), router),
            None if ip == 0 => self.refuse_zero(packet, router),
            None => self.keep(packet, ip, router),
        }
    }

    fn send(&mut self, mut packet: Packet, to: MacAddr, router: &mut Router) {
        let bytes = router.pool.data_mut(&mut packet);
        let Some(addresses) = bytes.and_then(|b| b.first_chunk_mut::<12>()) else {
            return self.drop_packet(packet, REASON_NO_BUFFER, router);
        };
        addresses[..6].copy_from_slice(&to.0);
        addresses[6..].copy_from_slice(&self.mac.0);
        router.emit(0, packet);
    }

    fn refuse_zero(&mut self, packet: Packet, router: &mut Router) {
        if !self.told_of_zero {
            self.told_of_zero = true;
            let line = format!(
                "{}: would query for 0.0.0.0; missing dest IP addr annotation?",
                router.declaration()
            );
            router.console.line(&line);
        }
        self.drop_packet(packet, "no-destination", router);
    }

    /// Keeps a packet until its address is known, and asks for it.
    fn keep(&mut self, packet: Packet, ip: u32, router: &mut Router) {
        let cause = Cause::of(&packet, &router.pool);
        let mut packet = Some(packet);
        let stored = self.with_table(router, |table, router| {
            let packet = packet.take()?;
            Some(table.store(ip, packet, router))
        });
        match stored.flatten() {
            Some(Stored::Waiting { query: true }) => self.query(ip, BROADCAST, &cause, router),
            Some(Stored::Waiting { query: false }) => {}
            Some(Stored::Full(packet)) => router.drop_packet(packet, "queue-full"),
            None => {
                if let Some(packet) = packet {
                    self.drop_packet(packet, "busy", router);
                }
            }
        }
    }

    /// Sends a query for `ip`.
    fn query(&mut self, ip: u32, to: MacAddr, cause: &Cause, router: &mut Router) {
        let meaning = arp::Repr {
            operation: arp::REQUEST,
            sender_mac: weft_wire::MacAddr(self.mac.0),
            sender_ip: self.ip.to_bits(),
            target_mac: weft_wire::MacAddr::ZERO,
            target_ip: ip,
        };
        let Some(mut query) = arp_frame(to.0, &meaning, cause, &mut router.pool) else {
            return router.count_reason(REASON_NO_BUFFER, 1);
        };
        query.set_timestamp(cause.timestamp);
        self.count(QUERIES);
        let port = router.outputs().saturating_sub(1);
        router.emit(port, query);
    }

    /// Takes an ARP reply: remembers the address and sends the packets that wait for it.
    fn take_reply(&mut self, packet: Packet, router: &mut Router) {
        let data = router.pool.data(&packet);
        if data.len() < frame::ARP_FRAME {
            return router.drop_packet(packet, "too-short");
        }
        self.count(RESPONSES);
        let reply = arp_of(data).filter(|a| a.operation == arp::REPLY && !a.sender_mac.is_group());
        let Some(reply) = reply else {
            return router.drop_packet(packet, "not-arp-reply");
        };
        router.pool.free(packet);
        let mac = MacAddr(reply.sender_mac.0);
        let waiting = self.with_table(router, |table, router| {
            table.insert(reply.sender_ip, mac, router);
            table.take_waiting(reply.sender_ip)
        });
        for packet in waiting.into_iter().flatten() {
            self.resolve(packet, router);
        }
    }

    /// Sets the timer that expires old entries, `more` seconds after the table's timeout.
    fn set_timer(&self, more: u64, router: &mut Router) {
        if let Source::Own(table) = &self.table
            && table.limits.timeout != 0
        {
            let seconds = table.limits.timeout as u64 / 1000 + more;
            router.set_timer(0, router.clock.now() + seconds * SECOND);
        }
    }
}

impl Element for ARPQuerier {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("counts", 3));
        self.set_timer(0, router);
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let known = match port {
            0 => self.encapsulate_known(batch, router),
            _ => 0,
        };
        if known == batch.len() {
            return;
        }
        let mut packets = router.new_batch();
        packets.extend(batch.drain(known..));
        let ready = std::mem::replace(batch, router.new_batch());
        router.emit_batch(0, ready);
        for packet in packets.drain(..) {
            match port {
                0 => self.take_ip(packet, router),
                _ => self.take_reply(packet, router),
            }
        }
        router.recycle(packets);
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        if let Source::Own(table) = &mut self.table {
            table.expire(router);
        }
        self.set_timer(1, router);
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        let Ok(old) = downcast::<ARPQuerier>(old) else {
            return;
        };
        if (self.ip, self.mac) != (old.ip, old.mac) {
            return;
        }
        if let (Source::Own(table), Source::Own(old)) = (&mut self.table, &mut old.table) {
            table.take_over(old);
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Source::Own(table) = &mut self.table {
            table.clear(router);
        }
    }
}

#[cfg(test)]
mod tests;
