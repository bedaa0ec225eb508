//! # StoreIPAddress([ADDR,] OFFSET)
//!
//! Writes an IP address into packets.
//!
//! ## Ports
//! One agnostic input. Output 0: the packets. Output 1, push, if there is one: packets OFFSET is out
//! of range for, which are dropped otherwise.
//!
//! ## Arguments
//! - `ADDR` *IP address*: the address. Without it the destination address annotation is written,
//!   and packets whose annotation is zero stay as they are.
//! - `OFFSET` *integer*, `src` or `dst`: where in the packet it is written. With `src` and `dst`
//!   that is in the marked IP header, whose checksum is updated, and that of TCP and UDP with it.
//!   A plain offset leaves checksums alone.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> StoreIPAddress(10.0.0.1, src) -> Discard;
//! ```
//!
//! ## See also
//! SetIPChecksum, GetIPAddress, SetIPAddress

use super::header::{NO_IP_HEADER, header_mut};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, REASON_NO_BUFFER, Router,
    Verdict, argument,
};
use weft_lang::value::{Value as _, Word};
use weft_wire::checksum::update32;
use weft_wire::{ipv4, protocol, tcp, udp};

/// Registers StoreIPAddress.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    arguments: &[
        argument("ADDR", Place::Optional, "IP address", ""),
        argument("OFFSET", Place::Mandatory, "integer, src or dst", ""),
    ],
    fuzz: &["16", "src", "10.0.0.1, dst", "10.0.0.1, 12"],
    ..Class::agnostic("StoreIPAddress", "ip", build)
};

/// Where an address is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Offset(usize),
    Source,
    Destination,
}

struct StoreIPAddress {
    address: Option<Ipv4Addr>,
    target: Target,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let address = (args.remaining() > 1).then(|| args.mandatory("ADDR"));
    let offset: Word = args.mandatory("OFFSET");
    let target = target(&offset.0);
    args.check(|| target.map(drop));
    args.complete()?;
    let target = target.map_err(|e| vec![e.to_string()])?;
    Ok(Box::new(StoreIPAddress { address, target }))
}

fn target(word: &str) -> Result<Target, &'static str> {
    match word.to_ascii_lowercase().as_str() {
        "src" => Ok(Target::Source),
        "dst" => Ok(Target::Destination),
        number => match i32::parse(number, &weft_lang::NoNames).map(usize::try_from) {
            Ok(Ok(offset)) => Ok(Target::Offset(offset)),
            _ => Err("type mismatch: OFFSET requires integer"),
        },
    }
}

/// Writes `address` into the packet's bytes.
fn store(packet: &mut Packet, pool: &mut Pool, at: usize, address: u32) -> Verdict {
    if at.saturating_add(4) > packet.len() {
        return Verdict::Emit(1, "too-short");
    }
    let Some(data) = pool.data_mut(packet) else {
        return Verdict::Drop(REASON_NO_BUFFER);
    };
    data[at..at + 4].copy_from_slice(&address.to_be_bytes());
    Verdict::Keep
}

/// Writes `address` into the IP header, checksums updated.
fn store_in_header(packet: &mut Packet, pool: &mut Pool, source: bool, address: u32) -> Verdict {
    let mut ip = match header_mut(packet, pool) {
        Ok(ip) => ip,
        Err(NO_IP_HEADER) => return Verdict::Emit(1, NO_IP_HEADER),
        Err(reason) => return Verdict::Drop(reason),
    };
    let old = if source {
        ip.source()
    } else {
        ip.destination()
    };
    match source {
        true => ip.set_source(address),
        false => ip.set_destination(address),
    }
    ip.set_checksum(update32(ip.checksum(), old, address));
    update_transport(&mut ip, old, address);
    Verdict::Keep
}

/// Updates the checksum of TCP or UDP for a pseudo header in which `old` became `new`.
pub(super) fn update_transport(ip: &mut ipv4::Packet<&mut [u8]>, old: u32, new: u32) {
    if ip.flags_offset() & ipv4::OFFSET_MASK != 0 {
        return;
    }
    let protocol = ip.protocol();
    let payload = ip.payload_mut();
    if protocol == protocol::ip::TCP {
        if let Ok(mut segment) = tcp::Segment::new_checked(payload) {
            segment.set_checksum(update32(segment.checksum(), old, new));
        }
    } else if protocol == protocol::ip::UDP
        && let Ok(mut datagram) = udp::Datagram::new_checked(payload)
        && datagram.checksum() != 0
    {
        // Zero would mean that there is no checksum.
        let sum = update32(datagram.checksum(), old, new);
        datagram.set_checksum(if sum == 0 { 0xffff } else { sum });
    }
}

impl Element for StoreIPAddress {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            let address = match self.address {
                Some(address) => address.to_bits(),
                None if packet.destination() == 0 => return Verdict::Keep,
                None => packet.destination(),
            };
            match self.target {
                Target::Offset(at) => store(packet, &mut router.pool, at, address),
                target => {
                    let source = target == Target::Source;
                    store_in_header(packet, &mut router.pool, source, address)
                }
            }
        });
    }
}
