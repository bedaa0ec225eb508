//! # FixIPSrc(IPADDR)
//!
//! Sets the source address of IP packets whose FIX_IP_SRC annotation asks for it, and clears the
//! annotation.
//!
//! ICMPError sets the annotation, since such packets are to bear the address of the interface they
//! leave by.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `IPADDR` *IP address*: the address of the interface.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> ICMPError(10.0.0.1, unreachable) -> FixIPSrc(10.0.1.1) -> Discard;
//! ```
//!
//! ## See also
//! ICMPError

use super::header::{NO_IP_HEADER, header_mut};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router, Verdict, argument,
};

/// Offset of the FIX_IP_SRC annotation, one byte.
pub(crate) const FIX_IP_SRC: usize = 18;

/// Registers FixIPSrc.
pub static CLASS: Class = Class {
    arguments: &[argument("IPADDR", Place::Mandatory, "IP address", "")],
    fuzz: &["10.0.0.1"],
    ..Class::agnostic("FixIPSrc", "ip", build)
};

struct FixIPSrc {
    address: u32,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let address: Ipv4Addr = args.mandatory("IPADDR");
    args.complete()?;
    Ok(Box::new(FixIPSrc {
        address: address.to_bits(),
    }))
}

impl FixIPSrc {
    fn fix(&self, packet: &mut Packet, pool: &mut Pool) -> Verdict {
        match header_mut(packet, pool) {
            Ok(mut ip) => {
                ip.set_source(self.address);
                ip.fill_checksum();
            }
            Err(NO_IP_HEADER) => return Verdict::Keep,
            Err(reason) => return Verdict::Drop(reason),
        }
        pool.set_annotation_byte(packet, FIX_IP_SRC, 0);
        Verdict::Keep
    }
}

impl Element for FixIPSrc {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match router.pool.annotation_byte(packet, FIX_IP_SRC) {
                0 => Verdict::Keep,
                _ => self.fix(packet, &mut router.pool),
            }
        });
    }
}
