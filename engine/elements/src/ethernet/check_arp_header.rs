//! # CheckARPHeader([OFFSET, *keywords* OFFSET, VERBOSE, DETAILS])
//!
//! Lets sound ARP packets pass and marks where they are (the network header).
//!
//! Checks that the packet holds the addresses its lengths announce, and that lengths agree with the
//! kinds of addresses: 6 bytes for Ethernet, 4 for IP, 16 for IPv6.
//!
//! ## Ports
//! One agnostic input. Output 0: sound packets. Output 1, push, if there is one: the others, which
//! are dropped otherwise.
//!
//! ## Arguments
//! - `OFFSET` *unsigned* (0): where in the packet the ARP header begins.
//! - `VERBOSE` *boolean* (false): every bad packet is told, not just the first.
//! - `DETAILS` *boolean* (false): provides `drop_details`.
//!
//! ## Handlers
//! - `drops` (r): bad packets so far.
//! - `drop_details` (r): bad packets by reason; with DETAILS only.
//!
//! ## Example
//! ```click
//! Idle -> CheckARPHeader(14) -> ARPPrint -> Discard;
//! ```
//!
//! ## See also
//! ARPPrint, ARPResponder

use crate::header_check::{Fault, Faults};
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, Packet, Place, Pool, Router, Value, Verdict,
    argument, reader,
};
use weft_wire::{arp, protocol};

/// Registers CheckARPHeader.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    arguments: &[
        argument("OFFSET", Place::Optional, "unsigned", "0"),
        argument("VERBOSE", Place::Keyword, "boolean", "false"),
        argument("DETAILS", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[reader!(
        CheckARPHeader,
        "drops",
        Value::Unsigned,
        "packets",
        "Bad packets",
        |c, _, _| Ok(c.faults.total().to_string())
    )],
    fuzz: &["", "14, VERBOSE true, DETAILS true"],
    ..Class::agnostic("CheckARPHeader", "ethernet", build)
};

static DROP_DETAILS: Handler = reader!(
    CheckARPHeader,
    "drop_details",
    Value::Lines,
    "packets",
    "Bad packets by reason",
    |c, _, _| Ok(c.faults.details())
);

/// Bytes before the addresses.
const FIXED: usize = 8;

const TINY: usize = 0;
const LENGTH: usize = 1;
const HARDWARE: usize = 2;
const PROTOCOL: usize = 3;

static FAULTS: [Fault; 4] = [
    Fault {
        text: "tiny packet",
        reason: "too-short",
    },
    Fault {
        text: "too small for addresses",
        reason: "bad-length",
    },
    Fault {
        text: "bad hardware type/length",
        reason: "bad-hardware",
    },
    Fault {
        text: "bad protocol type/length",
        reason: "bad-protocol",
    },
];

struct CheckARPHeader {
    offset: usize,
    details: bool,
    faults: Faults,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let offset = args.positional("OFFSET", 0u32);
    let verbose = args.keyword("VERBOSE", false);
    let details = args.keyword("DETAILS", false);
    args.complete()?;
    Ok(Box::new(CheckARPHeader {
        offset: offset as usize,
        details,
        faults: Faults::new(&FAULTS, verbose),
    }))
}

impl CheckARPHeader {
    /// Checks a packet and marks the ARP header of a sound one.
    ///
    /// # Errors
    /// The index of the fault.
    fn check(&self, packet: &mut Packet, pool: &Pool) -> Result<(), usize> {
        let bytes = pool.data(packet).get(self.offset..).unwrap_or_default();
        let fixed = bytes.first_chunk::<FIXED>().ok_or(TINY)?;
        let hardware = u16::from_be_bytes([fixed[0], fixed[1]]);
        let network = u16::from_be_bytes([fixed[2], fixed[3]]);
        let (hardware_length, network_length) = (fixed[4], fixed[5]);
        let length = FIXED + 2 * (usize::from(hardware_length) + usize::from(network_length));
        if bytes.len() < length {
            return Err(LENGTH);
        }
        if hardware == arp::HARDWARE_ETHERNET && hardware_length != 6 {
            return Err(HARDWARE);
        }
        let wrong = match network {
            protocol::ether::IPV4 => network_length != 4,
            protocol::ether::IPV6 => network_length != 16,
            _ => false,
        };
        if wrong {
            return Err(PROTOCOL);
        }
        packet.set_network(self.offset, length);
        Ok(())
    }
}

impl Element for CheckARPHeader {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.faults.open(router);
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match self.check(packet, &router.pool) {
                Ok(()) => Verdict::Keep,
                Err(fault) => self.faults.count(fault, "ARP ", router),
            }
        });
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        match self.details {
            true => vec![("drop_details".to_string(), &DROP_DETAILS)],
            false => Vec::new(),
        }
    }
}
