//! # DecIPTTL([*keywords* ACTIVE, MULTICAST])
//!
//! Decrements the time to live of IP packets and updates their checksum; packets whose time to live
//! is 0 or 1 have expired.
//!
//! ## Ports
//! One agnostic input. Output 0: packets that live on. Output 1, push, if there is one: expired
//! packets, unchanged; they are dropped otherwise. Ordinarily an ICMPError follows there.
//!
//! ## Arguments
//! - `ACTIVE` *boolean* (true): when false, packets pass unchanged.
//! - `MULTICAST` *boolean* (true): when false, packets to multicast addresses pass unchanged.
//!
//! ## Handlers
//! - `drops` (r): expired packets so far.
//! - `active` (rw): as the argument.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> ttl :: DecIPTTL -> Discard;
//! ttl [1] -> ICMPError(10.0.0.1, timeexceeded) -> Discard;
//! ```
//!
//! ## See also
//! ICMPError, CheckIPHeader

use super::header::{NO_IP_HEADER, header, is_multicast};
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, IpHeader, Packet, Place, Pool,
    REASON_NO_BUFFER, Router, Value, Verdict, argument, reader, variable,
};

/// Registers DecIPTTL.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("MULTICAST", Place::Keyword, "boolean", "true"),
    ],
    handlers: &[
        reader!(
            DecIPTTL,
            "drops",
            Value::Unsigned,
            "packets",
            "Expired packets",
            |d, _, _| Ok(d.drops().to_string())
        ),
        variable!(
            DecIPTTL,
            "active",
            Value::Bool,
            "",
            "Whether it decrements",
            |d, _, _| Ok(d.active.to_string()),
            |d, call, _| {
                d.active = call.value()?;
                Ok(())
            }
        ),
    ],
    fuzz: &["", "MULTICAST false"],
    ..Class::agnostic("DecIPTTL", "ip", build)
};

struct DecIPTTL {
    active: bool,
    multicast: bool,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let active = args.keyword("ACTIVE", true);
    let multicast = args.keyword("MULTICAST", true);
    args.complete()?;
    Ok(Box::new(DecIPTTL {
        active,
        multicast,
        cells: None,
    }))
}

impl DecIPTTL {
    fn drops(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
    }

    #[inline]
    fn decrement(&self, packet: &mut Packet, pool: &mut Pool) -> Verdict {
        let Some(ip) = header(packet, pool) else {
            return Verdict::Drop(NO_IP_HEADER);
        };
        if !self.multicast && is_multicast(ip.destination()) {
            return Verdict::Keep;
        }
        // What to write is known before a shared frame is copied: reading the copy would stall.
        if let Some(decremented) = ip.decremented_ttl() {
            return match write_ttl(packet, pool, decremented) {
                Some(()) => Verdict::Keep,
                None => Verdict::Drop(REASON_NO_BUFFER),
            };
        }
        if let Some(cells) = &self.cells {
            cells.add(0, 1);
        }
        Verdict::Emit(1, "ttl-expired")
    }
}

/// Writes bytes 8 to 11 of the packet's IPv4 header.
#[inline]
fn write_ttl(packet: &mut Packet, pool: &mut Pool, bytes: [u8; 4]) -> Option<()> {
    let ip = pool.from_position_mut(packet, packet.network()?)?;
    ip.get_mut(8..12)?.copy_from_slice(&bytes);
    Some(())
}

impl Element for DecIPTTL {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("drops", 1));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if self.active {
            router.filter(batch, |packet, router| {
                self.decrement(packet, &mut router.pool)
            });
        }
    }
}
