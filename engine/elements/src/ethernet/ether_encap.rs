//! # EtherEncap(ETHERTYPE, SRC, DST)
//!
//! Puts an Ethernet header in front of packets.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `ETHERTYPE` *integer*: the type, such as 0x0800 for IP.
//! - `SRC` *Ethernet address*: the source.
//! - `DST` *Ethernet address*: the destination.
//!
//! ## Handlers
//! - `src`, `dst`, `ethertype` (rw): as the arguments; `etht` is an older name of `ethertype`.
//!
//! ## Example
//! ```click
//! Idle -> EtherEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2) -> Discard;
//! ```
//!
//! ## See also
//! ARPQuerier

use super::frame;
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, Packet, Place, Pool, REASON_NO_BUFFER,
    Router, Value, Verdict, argument, variable,
};
use weft_lang::value::MacAddr;

/// Registers EtherEncap.
pub static CLASS: Class = Class {
    live: true,
    arguments: &[
        argument("ETHERTYPE", Place::Mandatory, "integer", ""),
        argument("SRC", Place::Mandatory, "Ethernet address", ""),
        argument("DST", Place::Mandatory, "Ethernet address", ""),
    ],
    handlers: &[
        address("src", "The source address", 6),
        address("dst", "The destination address", 0),
        ether_type("ethertype"),
        ether_type("etht"),
    ],
    fuzz: &["0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2"],
    ..Class::agnostic("EtherEncap", "ethernet", build)
};

const fn address(name: &'static str, help: &'static str, at: usize) -> Handler {
    match at {
        0 => variable!(
            EtherEncap,
            name,
            Value::Text,
            "",
            help,
            |e, _, _| Ok(e.address(0)),
            |e, call, router| { e.set_address(0, call.value_in(&router.names())?) }
        ),
        _ => variable!(
            EtherEncap,
            name,
            Value::Text,
            "",
            help,
            |e, _, _| Ok(e.address(6)),
            |e, call, router| { e.set_address(6, call.value_in(&router.names())?) }
        ),
    }
}

const fn ether_type(name: &'static str) -> Handler {
    variable!(
        EtherEncap,
        name,
        Value::Unsigned,
        "",
        "The Ethernet type",
        |e, _, _| { Ok(e.ether_type().to_string()) },
        |e, call, _| {
            e.header[12..].copy_from_slice(&call.value::<u16>()?.to_be_bytes());
            e.changed = true;
            Ok(())
        }
    )
}

struct EtherEncap {
    header: [u8; frame::HEADER],
    changed: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let ether_type: u16 = args.mandatory("ETHERTYPE");
    let source: MacAddr = args.mandatory("SRC");
    let destination: MacAddr = args.mandatory("DST");
    args.complete()?;
    let header = frame::header(destination.0, source.0, ether_type);
    Ok(Box::new(EtherEncap {
        header,
        changed: false,
    }))
}

impl EtherEncap {
    fn address(&self, at: usize) -> String {
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&self.header[at..at + 6]);
        MacAddr(bytes).to_string()
    }

    fn set_address(&mut self, at: usize, address: MacAddr) -> Result<(), String> {
        self.header[at..at + 6].copy_from_slice(&address.0);
        self.changed = true;
        Ok(())
    }

    fn ether_type(&self) -> u16 {
        u16::from_be_bytes([self.header[12], self.header[13]])
    }

    #[inline]
    fn encapsulate(&self, packet: &mut Packet, pool: &mut Pool) -> Verdict {
        match pool.push_link_header(packet) {
            Some(header) => {
                *header = self.header;
                Verdict::Keep
            }
            None => Verdict::Drop(REASON_NO_BUFFER),
        }
    }
}

impl Element for EtherEncap {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            self.encapsulate(packet, &mut router.pool)
        });
    }

    fn configuration(&self) -> Option<String> {
        let (source, destination) = (self.address(6), self.address(0));
        self.changed
            .then(|| format!("0x{:04X}, {source}, {destination}", self.ether_type()))
    }
}
