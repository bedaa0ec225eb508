//! # GetIPAddress(OFFSET [, ANNO, *keyword* IP])
//!
//! Sets the destination address annotation from the packet's bytes.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! ## Arguments
//! - `OFFSET` *integer*: where in the packet the address is; 16 for the destination of an IP packet.
//!   Packets that end before it are dropped.
//! - `ANNO` *annotation* (DST_IP): the annotation that is set instead.
//! - `IP` *word*: instead of OFFSET: `src` or `dst`, the address in the marked IP header. Packets
//!   without one are dropped.
//!
//! ## Example
//! ```click
//! Idle -> GetIPAddress(16) -> StaticIPLookup(10.0.0.0/8 0, 0/0 0) -> Discard;
//! ```
//!
//! ## See also
//! SetIPAddress, StoreIPAddress, ARPQuerier

use super::header::{NO_IP_HEADER, header};
use weft_core::{
    ANNOTATION_BYTES, Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router,
    Verdict, argument,
};
use weft_lang::Args;
use weft_lang::value::{Annotation, Word};

/// Registers GetIPAddress.
pub static CLASS: Class = Class {
    arguments: &[
        argument("OFFSET", Place::Optional, "integer", ""),
        argument("ANNO", Place::Optional, "annotation", "DST_IP"),
        argument("IP", Place::Keyword, "word", ""),
    ],
    fuzz: &["16", "IP src", "IP dst, ANNO 20"],
    ..Class::agnostic("GetIPAddress", "ip", build)
};

/// Where an address is.
#[derive(Clone, Copy)]
enum Origin {
    Offset(usize),
    Source,
    Destination,
}

struct GetIPAddress {
    origin: Origin,
    annotation: usize,
}

/// Reads ANNO, an annotation of four bytes; the destination address if there is none.
pub(super) fn address_annotation(args: &mut Args<'_>) -> usize {
    let Some(Annotation { offset, size }) = args.positional_opt("ANNO") else {
        return 0;
    };
    let fits = offset as usize + 4 <= ANNOTATION_BYTES && (size == 0 || size == 4);
    if !fits {
        args.argument_error("ANNO", "expected annotation of 4 bytes");
    }
    offset as usize
}

fn origin(offset: i32, word: &str) -> Result<Origin, &'static str> {
    match (usize::try_from(offset), word) {
        (Ok(offset), "") => Ok(Origin::Offset(offset)),
        (Ok(_), _) | (Err(_), "") => Err("set one of OFFSET, IP"),
        (Err(_), "src") => Ok(Origin::Source),
        (Err(_), "dst") => Ok(Origin::Destination),
        _ => Err("bad IP"),
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let offset: i32 = args.positional("OFFSET", -1);
    let annotation = address_annotation(&mut args);
    let word: Word = args.keyword("IP", Word::default());
    args.complete()?;
    let origin = origin(offset, &word.0).map_err(|e| vec![e.to_string()])?;
    Ok(Box::new(GetIPAddress { origin, annotation }))
}

impl Origin {
    #[inline]
    fn read(self, packet: &Packet, pool: &Pool) -> Result<u32, &'static str> {
        match self {
            Origin::Offset(at) => {
                let bytes = pool
                    .data(packet)
                    .get(at..)
                    .and_then(|b| b.first_chunk::<4>());
                bytes.map(|b| u32::from_be_bytes(*b)).ok_or("too-short")
            }
            Origin::Source => header(packet, pool).map(|h| h.source()).ok_or(NO_IP_HEADER),
            Origin::Destination => {
                let header = header(packet, pool);
                header.map(|h| h.destination()).ok_or(NO_IP_HEADER)
            }
        }
    }
}

impl Element for GetIPAddress {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match self.origin.read(packet, &router.pool) {
                Ok(address) if self.annotation == 0 => packet.set_destination(address),
                Ok(address) => {
                    let bytes = address.to_be_bytes();
                    router.pool.set_annotation(packet, self.annotation, &bytes);
                }
                Err(reason) => return Verdict::Drop(reason),
            }
            Verdict::Keep
        });
    }
}
