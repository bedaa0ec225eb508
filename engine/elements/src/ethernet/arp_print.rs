//! # ARPPrint([LABEL, *keywords* TIMESTAMP, ETHER, ACTIVE, OUTFILE])
//!
//! Prints ARP packets, a line each, much as tcpdump does.
//!
//! ## Ports
//! One agnostic input, one agnostic output. Packets whose network header is not marked (see
//! CheckARPHeader) pass without a line.
//!
//! ## Arguments
//! - `LABEL` *string*: printed in front of each line.
//! - `TIMESTAMP` *boolean* (true): whether packets' timestamps are printed.
//! - `ETHER` *boolean* (false): whether the addresses in the Ethernet header are printed.
//! - `ACTIVE` *boolean* (true): when false, nothing is printed.
//! - `OUTFILE` *file name*: where lines are written instead of to standard error.
//!
//! ## Handlers
//! - `active` (rw): as the argument.
//!
//! ## Example
//! ```click
//! Idle -> CheckARPHeader(14) -> ARPPrint(arp) -> Discard;
//! ```
//!
//! ## See also
//! CheckARPHeader, IPPrint

use crate::printout::Printout;
use std::fmt::Write;
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router, Value, argument,
    timestamp_text, variable,
};
use weft_lang::value::{Filename, MacAddr};
use weft_wire::{arp, protocol};

/// Registers ARPPrint.
pub static CLASS: Class = Class {
    observable: true,
    arguments: &[
        argument("LABEL", Place::Optional, "string", ""),
        argument("TIMESTAMP", Place::Keyword, "boolean", "true"),
        argument("ETHER", Place::Keyword, "boolean", "false"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("OUTFILE", Place::Keyword, "file name", ""),
    ],
    handlers: &[variable!(
        ARPPrint,
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
    fuzz: &["", "label, ETHER true"],
    ..Class::agnostic("ARPPrint", "ethernet", build)
};

/// Ethernet type of trailer encapsulation.
const TRAILER: u16 = 0x1000;

struct ARPPrint {
    label: String,
    timestamp: bool,
    ether: bool,
    active: bool,
    out: Printout,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let label = args.positional("LABEL", String::new());
    let timestamp = args.keyword("TIMESTAMP", true);
    let ether = args.keyword("ETHER", false);
    let active = args.keyword("ACTIVE", true);
    let file: Filename = args.keyword("OUTFILE", Filename::default());
    args.complete()?;
    Ok(Box::new(ARPPrint {
        label,
        timestamp,
        ether,
        active,
        out: Printout::new(file.0, ""),
    }))
}

/// "SOURCE > DESTINATION: " of the Ethernet header in front of the network header.
pub(crate) fn ether_addresses(packet: &Packet, pool: &Pool) -> Option<String> {
    let mac = packet.mac().unwrap_or(packet.offset());
    let bytes = pool.from_position(packet, mac);
    let addresses = bytes.get(..14)?.first_chunk::<12>()?;
    if packet.network()? < mac + 14 {
        return None;
    }
    let address = |at: usize| MacAddr(std::array::from_fn(|i| addresses[at + i]));
    Some(format!("{} > {}: ", address(6), address(0)))
}

/// The line for an ARP packet; `None` for one of unknown protocol.
fn describe(bytes: &[u8]) -> Option<String> {
    if bytes.len() < arp::PACKET_LEN {
        return Some(format!("truncated-arp ({})", bytes.len()));
    }
    let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    let mac = |at: usize| MacAddr(std::array::from_fn(|i| bytes[at + i]));
    let ip = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    let (hardware, network, operation) = (word(0), word(2), word(6));
    if !matches!(network, protocol::ether::IPV4 | TRAILER) || bytes[5] != 4 || bytes[4] == 0 {
        return None;
    }
    let mut line = String::new();
    if network == TRAILER {
        line.push_str("trailer-");
    }
    let (sender, sender_ip, target, target_ip) = (mac(8), ip(14), mac(18), ip(24));
    let known = usize::from(bytes[4]).min(6);
    let _ = match operation {
        1 if target.0[..known] == [0; 6][..known] => {
            write!(line, "arp who-has {target_ip} tell {sender_ip}")
        }
        1 => write!(line, "arp who-has {target_ip} ({target}) tell {sender_ip}"),
        2 => write!(line, "arp reply {sender_ip} is-at {sender}"),
        3 => write!(line, "rarp who-is {target} tell {sender}"),
        4 => write!(line, "rarp reply {target} at {target_ip}"),
        8 => write!(line, "invarp who-is {target} tell {sender}"),
        9 => write!(line, "invarp reply {target} at {target_ip}"),
        other => write!(line, "arp-#{other}"),
    };
    if hardware != arp::HARDWARE_ETHERNET {
        let _ = write!(line, "hardware #{hardware}");
    }
    Some(line)
}

impl ARPPrint {
    fn line(&self, packet: &Packet, pool: &Pool) -> Option<String> {
        let text = describe(pool.from_position(packet, packet.network()?))?;
        let mut line = String::new();
        if !self.label.is_empty() {
            let _ = write!(line, "{}: ", self.label);
        }
        if self.timestamp {
            let _ = write!(line, "{}: ", timestamp_text(packet.timestamp()));
        }
        if self.ether {
            line.push_str(&ether_addresses(packet, pool).unwrap_or_default());
        }
        Some(line + &text)
    }
}

impl Element for ARPPrint {
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
