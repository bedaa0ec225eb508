//! Which Ethernet address an IP address has, how sure that is, and the packets that wait for it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use weft_core::{Packet, Router, timestamp_text};
use weft_lang::value::MacAddr;

/// Milliseconds between two queries for an address.
const QUERY_INTERVAL: i64 = 100;
/// The same, when many queries were in vain.
const SLOW_QUERY_INTERVAL: i64 = 2000;
/// As many queries in vain are many.
const MANY_QUERIES: u8 = 10;
/// How long before it came to be an entry's last query is taken to have been, in milliseconds.
const BEFORE: i64 = 1000;

const NANOSECONDS_PER_MS: u64 = 1_000_000;

/// The limits of a table. Zero means that there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Packets that wait.
    pub packets: usize,
    /// Entries.
    pub entries: usize,
    /// Packets that wait for one address.
    pub packets_per_entry: usize,
    /// When there are too many packets, one in this many is dropped.
    pub slim_factor: usize,
    /// Milliseconds an entry is good for.
    pub timeout: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            packets: 2048,
            entries: 0,
            packets_per_entry: 0,
            slim_factor: 2,
            timeout: 300_000,
        }
    }
}

#[derive(Debug)]
struct Entry {
    mac: MacAddr,
    known: bool,
    queries: u8,
    /// When the address was last heard of, in milliseconds.
    live_at: i64,
    queried_at: i64,
    /// Makes entries of equal age differ, the older first.
    sequence: u64,
    waiting: VecDeque<Packet>,
}

impl Entry {
    fn is_expired(&self, now: i64, timeout: i64) -> bool {
        timeout != 0 && self.live_at + timeout < now
    }

    fn is_known(&self, now: i64, timeout: i64) -> bool {
        self.known && !self.is_expired(now, timeout)
    }

    fn may_query(&self, now: i64) -> bool {
        let interval = match self.queries {
            MANY_QUERIES.. => SLOW_QUERY_INTERVAL,
            _ => QUERY_INTERVAL,
        };
        now >= self.queried_at + interval
    }

    fn mark_query(&mut self, now: i64) {
        self.queried_at = now;
        self.queries = self.queries.saturating_add(1);
    }
}

/// An address that is known.
pub(super) struct Found {
    pub mac: MacAddr,
    /// Whether to ask again, lest the entry expire.
    pub poll: bool,
}

/// What became of a packet for an unknown address.
pub(super) enum Stored {
    /// It waits; a query is due or not.
    Waiting { query: bool },
    /// Too many wait for that address; the packet comes back.
    Full(Packet),
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub limits: Limits,
    entries: HashMap<u32, Entry>,
    /// Addresses by age: when they were last heard of, and their entries' sequence numbers.
    by_age: BTreeMap<(i64, u64), u32>,
    sequence: u64,
    waiting: usize,
    drops: u64,
}

fn now(router: &Router) -> i64 {
    (router.clock.now() / NANOSECONDS_PER_MS) as i64
}

impl Table {
    pub fn new(limits: Limits) -> Self {
        Table {
            limits,
            ..Table::default()
        }
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Packets that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Packets dropped while they waited.
    pub fn drops(&self) -> u64 {
        self.drops
    }

    /// Finds an address that is known and need not be asked for again.
    #[inline]
    pub fn peek(&self, ip: u32, poll_timeout: i64, router: &Router) -> Option<MacAddr> {
        let entry = self.entries.get(&ip)?;
        let now = now(router);
        let old = poll_timeout != 0 && now >= entry.live_at + poll_timeout;
        let known = !old && entry.is_known(now, self.limits.timeout);
        known.then_some(entry.mac)
    }

    /// Finds an address. With a `poll_timeout` (milliseconds, 0 for none) tells when to ask again.
    #[inline]
    pub fn lookup(&mut self, ip: u32, poll_timeout: i64, router: &Router) -> Option<Found> {
        let entry = self.entries.get_mut(&ip)?;
        let now = now(router);
        if !entry.is_known(now, self.limits.timeout) {
            return None;
        }
        let old = poll_timeout != 0 && now >= entry.live_at + poll_timeout;
        let poll = old && entry.may_query(now);
        if poll {
            entry.mark_query(now);
        }
        Some(Found {
            mac: entry.mac,
            poll,
        })
    }

    /// Enters an address; the broadcast address makes the entry unknown.
    pub fn insert(&mut self, ip: u32, mac: MacAddr, router: &mut Router) {
        self.ensure(ip, router);
        let now = now(router);
        self.move_in_age(ip, now, true);
        if let Some(entry) = self.entries.get_mut(&ip) {
            entry.known = mac.0 != [0xff; 6];
            entry.mac = mac;
            entry.queries = 0;
            entry.queried_at = now - BEFORE;
        }
    }

    /// Gives the packets that wait for an address, in order.
    pub fn take_waiting(&mut self, ip: u32) -> VecDeque<Packet> {
        let entry = self.entries.get_mut(&ip);
        let packets = entry.map(|e| std::mem::take(&mut e.waiting));
        let packets = packets.unwrap_or_default();
        self.waiting -= packets.len();
        packets
    }

    /// Keeps a packet until its address, which is unknown, gets known.
    pub fn store(&mut self, ip: u32, packet: Packet, router: &mut Router) -> Stored {
        self.ensure(ip, router);
        let now = now(router);
        self.keep_from_expiring(ip, now);
        let full = self.limits.packets_per_entry;
        let length = self.entries.get(&ip).map_or(0, |e| e.waiting.len());
        if full != 0 && length >= full {
            self.drops += 1;
            return Stored::Full(packet);
        }
        if self.limits.packets != 0 && self.waiting >= self.limits.packets {
            self.slim(1, router);
        }
        let Some(entry) = self.entries.get_mut(&ip) else {
            return Stored::Full(packet);
        };
        entry.waiting.push_back(packet);
        self.waiting += 1;
        let query = entry.may_query(now);
        if query {
            entry.mark_query(now);
        }
        Stored::Waiting { query }
    }

    /// Makes an entry for an address that has none.
    fn ensure(&mut self, ip: u32, router: &mut Router) {
        if self.entries.contains_key(&ip) {
            return;
        }
        if self.limits.entries != 0 && self.entries.len() >= self.limits.entries {
            self.drop_old_entries(1, router);
        }
        let now = now(router);
        self.sequence += 1;
        self.by_age.insert((now, self.sequence), ip);
        let entry = Entry {
            mac: MacAddr([0xff; 6]),
            known: false,
            queries: 0,
            live_at: now,
            queried_at: now - BEFORE,
            sequence: self.sequence,
            waiting: VecDeque::new(),
        };
        self.entries.insert(ip, entry);
    }

    /// An address that packets are still sent to does not expire before the others.
    fn keep_from_expiring(&mut self, ip: u32, now: i64) {
        let timeout = self.limits.timeout;
        let old = self.entries.get(&ip).map_or(now, |e| e.live_at);
        if timeout != 0 && old < now - timeout {
            self.move_in_age(ip, now - timeout, false);
        }
    }

    /// Sets when an address was last heard of; as the youngest of its age or not.
    fn move_in_age(&mut self, ip: u32, live_at: i64, youngest: bool) {
        let Some(entry) = self.entries.get_mut(&ip) else {
            return;
        };
        self.by_age.remove(&(entry.live_at, entry.sequence));
        entry.live_at = live_at;
        if youngest {
            self.sequence += 1;
            entry.sequence = self.sequence;
        }
        self.by_age.insert((live_at, entry.sequence), ip);
    }

    /// Drops entries that have expired.
    pub fn expire(&mut self, router: &mut Router) {
        self.drop_old_entries(0, router);
    }

    /// Drops expired entries, and the oldest until there is room for `more`.
    fn drop_old_entries(&mut self, more: usize, router: &mut Router) {
        let now = now(router);
        let (most, timeout) = (self.limits.entries, self.limits.timeout);
        while let Some((&age, &ip)) = self.by_age.first_key_value() {
            let expired = self
                .entries
                .get(&ip)
                .is_none_or(|e| e.is_expired(now, timeout));
            let many = most != 0 && self.entries.len() + more > most;
            if !expired && !many {
                return;
            }
            self.by_age.remove(&age);
            if let Some(entry) = self.entries.remove(&ip) {
                self.drop_packets(entry.waiting, "expired", router);
            }
        }
    }

    /// Drops waiting packets of the oldest entries to make room for `more`.
    fn slim(&mut self, more: usize, router: &mut Router) {
        self.drop_old_entries(0, router);
        let most = self.limits.packets;
        if self.waiting + more <= most {
            return;
        }
        let target = (most - most / self.limits.slim_factor.max(1)).max(1);
        let mut excess = (self.waiting + more).saturating_sub(target);
        let mut dropped = VecDeque::new();
        for ip in self.by_age.values() {
            if excess == 0 {
                break;
            }
            if let Some(entry) = self.entries.get_mut(ip) {
                let count = excess.min(entry.waiting.len());
                dropped.extend(entry.waiting.drain(..count));
                excess -= count;
            }
        }
        self.drop_packets(dropped, "queue-full", router);
    }

    fn drop_packets(
        &mut self,
        packets: VecDeque<Packet>,
        reason: &'static str,
        router: &mut Router,
    ) {
        self.waiting -= packets.len();
        self.drops += packets.len() as u64;
        for packet in packets {
            router.drop_packet(packet, reason);
        }
    }

    /// Drops everything.
    pub fn clear(&mut self, router: &mut Router) {
        self.by_age.clear();
        let entries = std::mem::take(&mut self.entries);
        for entry in entries.into_values() {
            self.drop_packets(entry.waiting, "removed", router);
        }
    }

    /// Takes over the contents of another table, whose limits were perhaps others.
    pub fn take_over(&mut self, old: &mut Table) {
        let limits = self.limits;
        *self = std::mem::take(old);
        self.limits = limits;
    }

    /// A line for each entry, oldest first: IP address, whether it is known, Ethernet address, and
    /// seconds since it was last heard of.
    pub fn text(&self, router: &Router) -> String {
        let now = now(router);
        let line = |ip: &u32| {
            let entry = self.entries.get(ip)?;
            let known = u8::from(entry.is_known(now, self.limits.timeout));
            let age = (now - entry.live_at).max(0) as u64 * NANOSECONDS_PER_MS;
            let ip = std::net::Ipv4Addr::from(*ip);
            Some(format!(
                "{ip} {known} {} {}\n",
                entry.mac,
                timestamp_text(age)
            ))
        };
        self.by_age.values().filter_map(line).collect()
    }
}
