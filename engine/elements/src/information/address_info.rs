//! # AddressInfo(NAME ADDRESS..., ...)
//!
//! Gives addresses names, for use in other elements' arguments.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `NAME ADDRESS...` *name and addresses*: any number of IPv4 and IPv6 addresses, prefixes of both,
//!   and Ethernet addresses; a prefix with bits set behind it is an address as well.
//!
//! An argument that needs an address of one kind takes the name for it: `NAME`, or `NAME:ip`,
//! `NAME:ipnet`, `NAME:ip6`, `NAME:ip6net`, `NAME:eth` to be clear; `NAME:bcast` is the broadcast
//! address and `NAME:gw` the first address of the prefix. Names of this host's interfaces stand for
//! their addresses, too; those of a sandbox's interfaces for their Ethernet addresses. A name given
//! inside a compound element is known there only.
//!
//! ## Example
//! ```click
//! AddressInfo(server 10.0.0.1/8 00:01:02:03:04:05);
//! Idle -> IPFilter(allow dst host server, deny all) -> Discard;
//! ```
//!
//! ## See also
//! PortInfo, ScheduleInfo

use super::Information;
use std::net::{Ipv4Addr, Ipv6Addr};
use weft_core::{Built, Class, Configure, PHASE_INFO, Place, argument};
use weft_lang::value::{IpPrefix, Ipv6Prefix, MacAddr, Value};
use weft_lang::{NameKind, Names, split_args, split_words};

/// Registers AddressInfo.
pub static CLASS: Class = Class {
    ports: "0/0",
    phase: PHASE_INFO,
    arguments: &[argument(
        "NAME ADDRESS...",
        Place::Rest,
        "name and addresses",
        "",
    )],
    fuzz: &["", "a 1.2.3.4/8 0:1:2:3:4:5, b ::1/64"],
    ..Class::agnostic("AddressInfo", "information", build)
};

type Meaning = (NameKind, Vec<u8>);

fn build(configure: &mut Configure<'_>) -> Built {
    let mut errors = Vec::new();
    for entry in split_args(configure.config) {
        let words = split_words(&entry);
        let Some((name, addresses)) = words.split_first() else {
            continue;
        };
        if addresses.is_empty() {
            errors.push("expected 'NAME [ADDRS]'".to_string());
        }
        let mut seen: Vec<NameKind> = Vec::new();
        for address in addresses {
            let meanings = meanings(address, configure.names());
            if meanings.is_empty() {
                errors.push(format!("'{address}' is not a recognizable address"));
            }
            // Of a word with several meanings, those already given elsewhere do not count.
            let only = meanings.len() == 1;
            for (kind, value) in meanings {
                if only || !seen.contains(&kind) {
                    configure.define_name(kind, name, value);
                }
                seen.push(kind);
            }
        }
    }
    match errors.is_empty() {
        true => Ok(Box::new(Information)),
        false => Err(errors),
    }
}

/// All that `word` can mean.
fn meanings(word: &str, names: &dyn Names) -> Vec<Meaning> {
    let mut found = Vec::new();
    if let Ok(MacAddr(bytes)) = MacAddr::parse(word, names) {
        found.push((NameKind::Ether, bytes.to_vec()));
    }
    if let Ok(address) = Ipv4Addr::parse(word, names) {
        found.push((NameKind::Ip4, address.octets().to_vec()));
    } else if let Ok(prefix) = IpPrefix::parse(word, names) {
        let bytes = [prefix.addr.octets(), prefix.mask.octets()].concat();
        found.push((NameKind::Ip4Prefix, bytes));
        if prefix.addr != prefix.network() {
            found.push((NameKind::Ip4, prefix.addr.octets().to_vec()));
        }
    }
    if let Ok(address) = Ipv6Addr::parse(word, names) {
        found.push((NameKind::Ip6, address.octets().to_vec()));
    } else if let Ok(prefix) = Ipv6Prefix::parse(word, names) {
        let mut bytes = prefix.addr.octets().to_vec();
        bytes.push(prefix.length as u8);
        found.push((NameKind::Ip6Prefix, bytes));
        let host_bits = u128::MAX.checked_shr(prefix.length).unwrap_or(0);
        if u128::from(prefix.addr) & host_bits != 0 {
            found.push((NameKind::Ip6, prefix.addr.octets().to_vec()));
        }
    }
    found
}
