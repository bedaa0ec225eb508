//! # HostEtherFilter(ETHER [, DROP_OWN, DROP_OTHER, *keyword* OFFSET])
//!
//! Lets frames pass that the network card with address ETHER would, and sets their packet type.
//!
//! ## Ports
//! One agnostic input. Output 0: frames to ETHER, broadcasts and multicasts. Output 1, push, if there
//! is one: the others, which are dropped otherwise.
//!
//! ## Arguments
//! - `ETHER` *Ethernet address*: the card's address.
//! - `DROP_OWN` *boolean* (false): refuses frames from ETHER.
//! - `DROP_OTHER` *boolean* (true): refuses frames to other hosts.
//! - `OFFSET` *unsigned* (0): where in the packet the Ethernet header begins. Packets that end before
//!   it are dropped.
//!
//! ## Handlers
//! - `ether` (rw): the address.
//!
//! ## Example
//! ```click
//! Idle -> HostEtherFilter(02:00:00:00:00:01) -> Discard;
//! ```
//!
//! ## See also
//! DropBroadcasts

use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, PacketType, Place, Pool, Router, Value,
    Verdict, argument, variable,
};
use weft_lang::value::MacAddr;

/// Registers HostEtherFilter.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    live: true,
    arguments: &[
        argument("ETHER", Place::Mandatory, "Ethernet address", ""),
        argument("DROP_OWN", Place::Optional, "boolean", "false"),
        argument("DROP_OTHER", Place::Optional, "boolean", "true"),
        argument("OFFSET", Place::Keyword, "unsigned", "0"),
    ],
    handlers: &[variable!(
        HostEtherFilter,
        "ether",
        Value::Text,
        "",
        "The card's address",
        |f, _, _| Ok(f.address.to_string()),
        |f, call, router| {
            f.address = call.value_in(&router.names())?;
            Ok(())
        }
    )],
    fuzz: &[
        "02:00:00:00:00:01",
        "02:00:00:00:00:01, true, false, OFFSET 3",
    ],
    ..Class::agnostic("HostEtherFilter", "ethernet", build)
};

struct HostEtherFilter {
    address: MacAddr,
    drop_own: bool,
    drop_other: bool,
    offset: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let address = args.mandatory("ETHER");
    let drop_own = args.positional("DROP_OWN", false);
    let drop_other = args.positional("DROP_OTHER", true);
    let offset = args.keyword("OFFSET", 0u32);
    args.complete()?;
    Ok(Box::new(HostEtherFilter {
        address,
        drop_own,
        drop_other,
        offset: offset as usize,
    }))
}

impl HostEtherFilter {
    #[inline]
    fn judge(&self, packet: &mut Packet, pool: &Pool) -> Verdict {
        let bytes = pool.data(packet).get(self.offset..).unwrap_or_default();
        let Some(addresses) = bytes.first_chunk::<12>() else {
            return Verdict::Drop("too-short");
        };
        let (destination, source) = addresses.split_at(6);
        if self.drop_own && source == self.address.0 {
            return Verdict::Emit(1, "own");
        }
        let kind = if destination == self.address.0 {
            PacketType::Host
        } else if destination == [0xff; 6] {
            PacketType::Broadcast
        } else if destination[0] & 1 != 0 {
            PacketType::Multicast
        } else {
            PacketType::OtherHost
        };
        packet.set_packet_type(kind);
        match kind {
            PacketType::OtherHost if self.drop_other => Verdict::Emit(1, "other-host"),
            _ => Verdict::Keep,
        }
    }
}

impl Element for HostEtherFilter {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| self.judge(packet, &router.pool));
    }
}
