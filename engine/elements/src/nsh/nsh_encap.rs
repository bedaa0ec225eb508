//! # NSHEncap(SPI, [SI, *keywords* TTL, MD, CONTEXT, TLV, NEXT, OAM, MTU])
//!
//! Puts a Network Service Header before packets (RFC 8300): the same for all, save for what it says
//! follows.
//!
//! Version and unassigned bits are 0. The header is marked; an Ethernet header (EtherEncap with type 0x894f) or
//! VXLANGPEEncap ordinarily follows.
//!
//! ## Ports
//! One agnostic input. Output 0: packets with their header. Output 1, push, if there is one: packets that would
//! be longer than MTU, unchanged; they are dropped as `mtu` otherwise. Packets that are not what NEXT
//! says are dropped as `nsh-next-protocol`.
//!
//! ## Arguments
//! - `SPI` *unsigned*: service path identifier, at most 16777215.
//! - `SI` *unsigned* (255): service index.
//! - `TTL` *unsigned* (63): forwarders that may handle the packet; 0 stands for 64.
//! - `MD` *1 or 2* (1; 2 with TLV): MD type.
//! - `CONTEXT` *hexadecimal* (zeros): the context of MD type 1, 16 bytes.
//! - `TLV` *CLASS:TYPE:VALUE*: a context header of MD type 2, its value in hexadecimal; may be given more than once.
//! - `NEXT` *none, ip, ethernet, nsh or mpls* (ethernet): what packets are: `ip` is IPv4 or IPv6, as each
//!   packet says. `none`: the packets' bytes are left out (RFC 8393).
//! - `OAM` *boolean* (false): the O bit.
//! - `MTU` *unsigned* (0): the most bytes of a packet with its header; 0: any number.
//!
//! ## Handlers
//! - `header` (r): the header in hexadecimal, as it is before Ethernet frames.
//!
//! ## Example
//! ```click
//! Idle -> NSHEncap(10, CONTEXT 000102030405060708090a0b0c0d0e0f)
//!     -> EtherEncap(0x894f, 2:0:0:0:0:1, 2:0:0:0:0:2) -> Discard;
//! ```
//!
//! ## See also
//! NSHDecap, NSHClassifier, SetNSH

use super::encapsulation::Encapsulation;
use super::header_arguments::HeaderArguments;
use super::refusals::Refusals;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router, Value, Verdict, argument,
    reader,
};
use weft_lang::Names;
use weft_wire::nsh::next;

/// Registers NSHEncap.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    arguments: &[
        argument("SPI", Place::Mandatory, "unsigned", ""),
        argument("SI", Place::Optional, "unsigned", "255"),
        argument("TTL", Place::Keyword, "unsigned", "63"),
        argument("MD", Place::Keyword, "1 or 2", "1"),
        argument("CONTEXT", Place::Keyword, "hexadecimal", ""),
        argument("TLV", Place::Keyword, "CLASS:TYPE:VALUE", ""),
        argument(
            "NEXT",
            Place::Keyword,
            "none, ip, ethernet, nsh or mpls",
            "ethernet",
        ),
        argument("OAM", Place::Keyword, "boolean", "false"),
        argument("MTU", Place::Keyword, "unsigned", "0"),
    ],
    handlers: &[reader!(
        NSHEncap,
        "header",
        Value::Text,
        "",
        "The header in hexadecimal",
        |e, _, _| Ok(e.header.clone())
    )],
    fuzz: &[
        "1",
        "2, 3, TTL 0, TLV 1:2:0304, NEXT ip, MTU 100",
        "3, NEXT none, OAM true",
    ],
    ..Class::agnostic("NSHEncap", "nsh", build)
};

struct NSHEncap {
    encapsulation: Encapsulation,
    header: String,
    next: Next,
    mtu: usize,
    refusals: Refusals,
}

/// What packets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Of this protocol.
    Protocol(u8),
    /// IPv4 or IPv6.
    Ip,
}

impl weft_lang::value::Value for Next {
    const EXPECTED: &'static str = "none, ip, ethernet, nsh or mpls";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        match text {
            "none" => Ok(Next::Protocol(next::NONE)),
            "ip" => Ok(Next::Ip),
            "ethernet" => Ok(Next::Protocol(next::ETHERNET)),
            "nsh" => Ok(Next::Protocol(next::NSH)),
            "mpls" => Ok(Next::Protocol(next::MPLS)),
            _ => Err(format!("should be {}", Self::EXPECTED)),
        }
    }

    fn placeholder() -> Self {
        Next::Ip
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let header = HeaderArguments::read_new(&mut args);
    let next = args.keyword("NEXT", Next::Protocol(next::ETHERNET));
    let mtu: u32 = args.keyword("MTU", 0);
    args.complete()?;
    let repr = header.repr();
    let header = repr.to_bytes().into_iter().map(|b| format!("{b:02x}"));
    Ok(Box::new(NSHEncap {
        encapsulation: Encapsulation::new(&repr),
        header: header.collect(),
        next,
        mtu: mtu as usize,
        refusals: Refusals::default(),
    }))
}

impl NSHEncap {
    #[inline]
    fn encapsulate(&self, packet: &mut Packet, pool: &mut Pool) -> Verdict {
        let protocol = match self.next {
            Next::Protocol(next::NONE) => {
                let _ = packet.take(packet.len());
                next::NONE
            }
            Next::Protocol(protocol) => protocol,
            Next::Ip => match pool.data(packet).first().map(|first| first >> 4) {
                Some(4) => next::IPV4,
                Some(6) => next::IPV6,
                _ => return Verdict::Drop("nsh-next-protocol"),
            },
        };
        if self.mtu != 0 && packet.len() + self.encapsulation.len() > self.mtu {
            return Verdict::Emit(1, "mtu");
        }
        match self.encapsulation.put(packet, pool, protocol) {
            Ok(()) => Verdict::Keep,
            Err(reason) => Verdict::Drop(reason),
        }
    }
}

impl Element for NSHEncap {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            let verdict = self.encapsulate(packet, &mut router.pool);
            self.refusals.heed(verdict, router)
        });
    }
}
