//! # ARPResponder(IP/MASK [IP/MASK...] ETH, ...)
//!
//! Answers ARP queries for addresses it knows: a host's own, or as proxy for networks.
//!
//! ## Ports
//! One agnostic input for ARP queries with their Ethernet header. Output 0: the answers. Output 1,
//! push, if there is one: all other packets, which are dropped otherwise.
//!
//! ## Arguments
//! Each argument is a list of addresses or prefixes, and the Ethernet address they have. A name that
//! stands for both (see AddressInfo) will do alone. The longest of prefixes that contain one another
//! counts; of equal ones the last, with a warning.
//!
//! ## Handlers
//! - `table` (r): the entries, a line each.
//! - `lookup` (r, with an IP address as parameter): its Ethernet address, if known.
//! - `add` (w): adds entries, in the form of an argument.
//! - `remove` (w): removes the entry of a prefix.
//!
//! ## Example
//! ```click
//! Idle -> ARPResponder(10.0.0.1 10.1.0.0/16 02:00:00:00:00:01) -> Discard;
//! ```
//!
//! ## See also
//! ARPQuerier, AddressInfo

use super::frame::{Cause, arp_frame, arp_of};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, REASON_NO_BUFFER, Router, Value,
    Verdict, argument, reader, writer,
};
use weft_lang::value::{IpPrefix, IpPrefixOrAddress, MacAddr, Value as _};
use weft_lang::{Names, split_words};
use weft_wire::arp;

/// Registers ARPResponder.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    live: true,
    arguments: &[argument("ENTRY", Place::Rest, "IP/MASK ETH", "")],
    handlers: &[
        reader!(
            ARPResponder,
            "table",
            Value::Lines,
            "",
            "The entries",
            |a, _, _| Ok(a.table.text())
        ),
        reader!(
            ARPResponder,
            "lookup",
            Value::Text,
            "",
            "The Ethernet address of an IP address",
            |a, call, router| {
                let address = call.value_in::<Ipv4Addr>(&router.names());
                let address = address.map_err(|_| "expected IP address")?;
                let found = a.table.lookup(address);
                Ok(found.map_or(String::new(), |m| m.to_string()))
            }
        )
        .with_parameter(),
        writer!(
            ARPResponder,
            "add",
            Value::Text,
            "",
            "Adds entries",
            |a, call, router| {
                for entry in parse_entries(call.text, &router.names())? {
                    a.table.insert(entry);
                }
                Ok(())
            }
        ),
        writer!(
            ARPResponder,
            "remove",
            Value::Text,
            "",
            "Removes the entry of a prefix",
            |a, call, router| {
                let prefix = call.value_in(&router.names());
                let IpPrefixOrAddress(prefix) = prefix.map_err(|_| "expected IP/MASK")?;
                a.table.remove(prefix)
            }
        ),
    ],
    fuzz: &["", "0/0 02:00:00:00:00:01"],
    ..Class::agnostic("ARPResponder", "ethernet", build)
};

#[derive(Clone, Copy)]
struct Entry {
    /// Bits outside the mask are zero.
    prefix: IpPrefix,
    mac: MacAddr,
}

/// Entries so ordered that the first that matches is the most specific.
#[derive(Default)]
struct Table(Vec<Entry>);

struct ARPResponder {
    table: Table,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rest = args.rest();
    let names = args.names();
    let mut table = Table::default();
    let mut repeated = Vec::new();
    for (index, argument) in rest.iter().enumerate() {
        match parse_entries(argument, names) {
            Ok(entries) => {
                let again = entries.into_iter().filter(|e| !table.insert(*e));
                repeated.extend(again.map(|e| e.prefix));
            }
            Err(problem) => args.error(format!("argument {index}: {problem}")),
        }
    }
    args.complete()?;
    for prefix in repeated {
        configure.warn(format!("multiple entries for {prefix}"));
    }
    Ok(Box::new(ARPResponder { table }))
}

/// Reads "IP/MASK [IP/MASK...] ETH". A word may be both.
fn parse_entries(text: &str, names: &dyn Names) -> Result<Vec<Entry>, String> {
    let (mut prefixes, mut mac) = (Vec::new(), None);
    let words = split_words(text);
    for word in &words {
        if let Ok(IpPrefixOrAddress(prefix)) = IpPrefixOrAddress::parse(word, names) {
            prefixes.push(prefix);
        } else if let Ok(address) = MacAddr::parse(word, names) {
            if mac.replace(address).is_some() {
                return Err("more than one ETH".to_string());
            }
        } else {
            return Err("expected IP/MASK ETH".to_string());
        }
    }
    let mac = mac.or_else(|| words.iter().find_map(|w| MacAddr::parse(w, names).ok()));
    if prefixes.is_empty() {
        return Err("missing IP/MASK".to_string());
    }
    let mac = mac.ok_or("missing ETH")?;
    let entry = |prefix: IpPrefix| Entry {
        prefix: masked(prefix),
        mac,
    };
    Ok(prefixes.into_iter().map(entry).collect())
}

fn masked(prefix: IpPrefix) -> IpPrefix {
    IpPrefix {
        addr: prefix.network(),
        mask: prefix.mask,
    }
}

impl Table {
    /// Adds an entry in front of those whose prefix contains its own. False when it replaces one.
    fn insert(&mut self, entry: Entry) -> bool {
        let same = |e: &&mut Entry| e.prefix == entry.prefix;
        if let Some(old) = self.0.iter_mut().find(same) {
            *old = entry;
            return false;
        }
        let wider = |e: &Entry| e.prefix.contains(entry.prefix.addr) && wider_mask(e, &entry);
        let at = self.0.iter().position(wider).unwrap_or(self.0.len());
        self.0.insert(at, entry);
        true
    }

    fn remove(&mut self, prefix: IpPrefix) -> Result<(), String> {
        let prefix = masked(prefix);
        let at = self.0.iter().position(|e| e.prefix == prefix);
        let at = at.ok_or_else(|| format!("{prefix} not found"))?;
        self.0.remove(at);
        Ok(())
    }

    fn lookup(&self, address: Ipv4Addr) -> Option<MacAddr> {
        let found = self.0.iter().find(|e| e.prefix.contains(address));
        found.map(|e| e.mac)
    }

    fn text(&self) -> String {
        let line = |e: &Entry| format!("{} {}\n", e.prefix, e.mac);
        self.0.iter().map(line).collect()
    }
}

fn wider_mask(a: &Entry, b: &Entry) -> bool {
    a.prefix.mask.to_bits() & b.prefix.mask.to_bits() == a.prefix.mask.to_bits()
}

impl ARPResponder {
    /// The answer to a query; an error is the reason why there is none.
    fn answer(&self, query: &Packet, pool: &mut Pool) -> Result<Packet, &'static str> {
        let arp = arp_of(pool.data(query)).ok_or("not-arp-query")?;
        if arp.operation != arp::REQUEST {
            return Err("not-arp-query");
        }
        let own = self.table.lookup(Ipv4Addr::from(arp.target_ip));
        let reply = arp::Repr {
            operation: arp::REPLY,
            sender_mac: weft_wire::MacAddr(own.ok_or("unknown-address")?.0),
            sender_ip: arp.target_ip,
            target_mac: arp.sender_mac,
            target_ip: arp.sender_ip,
        };
        let cause = Cause::of(query, pool);
        arp_frame(arp.sender_mac.0, &reply, &cause, pool).ok_or(REASON_NO_BUFFER)
    }
}

impl Element for ARPResponder {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match self.answer(packet, &mut router.pool) {
                Ok(reply) => {
                    let query = std::mem::replace(packet, reply);
                    router.pool.free(query);
                    Verdict::Keep
                }
                Err(REASON_NO_BUFFER) => Verdict::Drop(REASON_NO_BUFFER),
                Err(reason) => Verdict::Emit(1, reason),
            }
        });
    }
}
