//! # NSHDecap([PROTOCOL, ...])
//!
//! Ends a service function path: takes the marked Network Service Header off packets, and what stands before it.
//!
//! Of IPv4 and IPv6 packets the network header is marked then, of Ethernet frames the link header.
//!
//! ## Ports
//! One push input. As many push outputs as PROTOCOLs, one without any. Packets leave by the output
//! of the first PROTOCOL that is theirs, others are dropped as `nsh-next-protocol`; without any
//! PROTOCOL all leave by output 0. Packets without a header are dropped as `no-nsh-header`.
//!
//! ## Arguments
//! - `PROTOCOL` *none, ipv4, ipv6, ethernet, nsh, mpls, oam, number or -*: what follows the header; `-` is anything.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14) -> d :: NSHDecap(ethernet, ipv4, -);
//! d [0] -> Discard; d [1] -> Discard; d [2] -> Discard;
//! ```
//!
//! ## See also
//! NSHEncap, CheckNSHHeader

use super::NO_NSH_HEADER;
use super::refusals::Refusals;
use crate::dispatch::dispatch;
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Pool, Router, Verdict, argument,
};
use weft_lang::Names;
use weft_wire::{ipv4, ipv6, nsh::next};

/// Registers NSHDecap.
pub static CLASS: Class = Class {
    ports: "1/-",
    processing: "h/h",
    flow: "x/x",
    arguments: &[argument(
        "PROTOCOL",
        Place::Rest,
        "none, ipv4, ipv6, ethernet, nsh, mpls, oam, number or -",
        "",
    )],
    fuzz: &["", "ethernet", "7, -"],
    ..Class::agnostic("NSHDecap", "nsh", build)
};

struct NSHDecap {
    protocols: Vec<Protocol>,
    chosen: Vec<u32>,
    refusals: Refusals,
}

/// What an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Protocol(Option<u8>);

impl Protocol {
    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let protocol = match text {
            "-" => return Ok(Protocol(None)),
            "none" => next::NONE,
            "ipv4" => next::IPV4,
            "ipv6" => next::IPV6,
            "ethernet" => next::ETHERNET,
            "nsh" => next::NSH,
            "mpls" => next::MPLS,
            "oam" => next::OAM,
            number => weft_lang::value::Value::parse(number, names).map_err(|_: String| {
                let allowed = "none, ipv4, ipv6, ethernet, nsh, mpls, oam, 0 to 255, -";
                format!("'{number}' is no next protocol; allowed: {allowed}")
            })?,
        };
        Ok(Protocol(Some(protocol)))
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let texts = args.rest();
    let mut protocols = Vec::new();
    for text in &texts {
        match Protocol::parse(text, args.names()) {
            Ok(protocol) => protocols.push(protocol),
            Err(problem) => args.error(problem),
        }
    }
    if texts.is_empty() {
        protocols.push(Protocol(None));
    }
    args.complete()?;
    if protocols.len() != configure.outputs {
        let needed = protocols.len();
        return Err(vec![format!(
            "{} outputs, but {needed} needed: one per PROTOCOL",
            configure.outputs
        )]);
    }
    Ok(Box::new(NSHDecap {
        protocols,
        chosen: Vec::new(),
        refusals: Refusals::default(),
    }))
}

impl NSHDecap {
    /// Takes the header off; gives what followed it.
    #[inline]
    fn take_off(packet: &mut Packet, pool: &Pool) -> Option<u8> {
        let header = packet.nsh_header(pool)?;
        let (length, protocol) = (header.header_len(), header.next_protocol());
        let before = packet.network()?.checked_sub(packet.offset())?;
        if !packet.pull(usize::from(before) + length) {
            return None;
        }
        packet.clear_mac();
        packet.clear_network();
        let bytes = pool.data(packet);
        match protocol {
            next::ETHERNET => packet.set_mac_here(),
            next::IPV4 => {
                if let Some(first) = bytes.first()
                    && bytes.len() >= ipv4::HEADER_LEN
                {
                    packet.set_network(0, usize::from(first & 0xf) * 4);
                }
            }
            next::IPV6 if bytes.len() >= ipv6::HEADER_LEN => {
                packet.set_network(0, ipv6::HEADER_LEN)
            }
            _ => {}
        }
        Some(protocol)
    }

    fn output(&self, protocol: u8) -> Option<usize> {
        let is_theirs = |p: &Protocol| p.0.is_none_or(|own| own == protocol);
        self.protocols.iter().position(is_theirs)
    }
}

impl Element for NSHDecap {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let mut chosen = std::mem::take(&mut self.chosen);
        chosen.clear();
        router.filter(batch, |packet, router| {
            let protocol = NSHDecap::take_off(packet, &router.pool);
            let verdict = match protocol.map(|protocol| self.output(protocol)) {
                Some(Some(output)) => {
                    chosen.push(output as u32);
                    Verdict::Keep
                }
                Some(None) => Verdict::Drop("nsh-next-protocol"),
                None => Verdict::Drop(NO_NSH_HEADER),
            };
            self.refusals.heed(verdict, router)
        });
        dispatch(batch, &chosen, "nsh-next-protocol", router);
        self.chosen = chosen;
    }
}
