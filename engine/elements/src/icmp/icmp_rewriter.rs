//! # ICMPRewriter(MAPS, *keyword* DST_ANNO)
//!
//! Rewrites ICMP errors that are about packets of flows that rewriters know, so that they reach who sent those
//! packets, and quote them as they were sent.
//!
//! An error is rewritten as packets of the flow are that go its way: its destination becomes the one that has sent
//! the packet it is about; its source becomes what the flow's packets have as source, where that differs from
//! what they came with. What it quotes is rewritten back; all checksums are kept right.
//!
//! ## Ports
//! One push input, for IP packets that are marked. Output 0: errors that were rewritten. Output 1, push, if there is
//! one: all others, as they came; without it they are dropped: ICMP messages that are no errors and other packets
//! (`not-icmp-error`), errors that quote too little, or neither TCP, UDP nor pings (`too-short`), and those about no
//! known flow (`no-mapping`).
//!
//! ## Arguments
//! - `MAPS` *elements*: a list of IPRewriters and ICMPPingRewriters, which are asked in order.
//! - `DST_ANNO` *boolean* (true): the destination annotation is set to the new destination.
//!
//! The errors are: destination unreachable, source quench, redirect, time exceeded, parameter problem.
//!
//! ## Example
//! ```click
//! rw :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 0, drop);
//! Idle -> CheckIPHeader -> rw -> Discard;
//! Idle -> CheckIPHeader -> [1]rw;
//! Idle -> CheckIPHeader -> ICMPRewriter(rw) -> Discard;
//! ```
//!
//! ## See also
//! IPRewriter, ICMPPingRewriter

mod quoted;

use super::message::is_error;
use crate::ip::header::{NO_IP_HEADER, header_copy};
use crate::tcpudp::ip_rewriter::{self, IpRewriter};
use crate::tcpudp::rewriter::flow::FlowId;
use quoted::Quoted;
use weft_core::{
    Batch, Built, Class, Configure, Element, ElementId, IpHeader, Packet, Place, REASON_NO_BUFFER,
    Router, Verdict, argument,
};
use weft_lang::split_words;
use weft_lang::value::AnyText;
use weft_wire::checksum::update32;
use weft_wire::{icmp, ipv4, protocol};

/// Registers ICMPRewriter.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "h/h",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("MAPS", Place::Mandatory, "elements", ""),
        argument("DST_ANNO", Place::Keyword, "boolean", "true"),
    ],
    fuzz: &["rewriter"],
    ..Class::agnostic("ICMPRewriter", "icmp", build)
};

struct ICMPRewriter {
    maps: Vec<ElementId>,
    destination_annotation: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let AnyText(names) = args.mandatory("MAPS");
    let destination_annotation = args.keyword("DST_ANNO", true);
    let mut maps = Vec::new();
    for name in split_words(&names) {
        match configure.element(&name) {
            Some(id) if ip_rewriter::is_rewriter(configure.class_of(id).name) => maps.push(id),
            Some(_) => args.argument_error(
                "MAPS",
                &format!("'{name}' is no IPRewriter or ICMPPingRewriter"),
            ),
            None => args.argument_error("MAPS", &format!("no element named '{name}'")),
        }
    }
    args.complete()?;
    Ok(Box::new(ICMPRewriter {
        maps,
        destination_annotation,
    }))
}

/// What an error becomes: the addresses of packets that go its way, as they come and as they leave.
struct Change {
    arriving: FlowId,
    leaving: FlowId,
}

impl ICMPRewriter {
    /// What becomes of an error about `quoted`.
    fn change(&self, quoted: &Quoted, router: &mut Router) -> Option<Change> {
        let now = router.clock.now();
        let arriving = quoted.id.reverse();
        self.maps.iter().find_map(|map| {
            let known =
                |rw: &mut IpRewriter, _: &mut Router| rw.known(arriving, quoted.protocol, now);
            let leaving = router.with_element(*map, known).flatten()?;
            Some(Change { arriving, leaving })
        })
    }

    fn translate(&self, packet: &mut Packet, router: &mut Router) -> Result<(), Verdict> {
        let (ip, bytes) = header_copy(packet, &router.pool).ok_or(Verdict::Drop(NO_IP_HEADER))?;
        let other = |reason| Verdict::Emit(1, reason);
        let is_whole = ip.flags_offset() & ipv4::OFFSET_MASK == 0;
        if ip.protocol() != protocol::ip::ICMP || !is_whole {
            return Err(other("not-icmp-error"));
        }
        let message = ip.payload_in(bytes);
        if !message.first().is_some_and(|kind| is_error(*kind)) {
            return Err(other("not-icmp-error"));
        }
        let start = ip.header_len() + icmp::HEADER_LEN;
        let quoted = message.get(icmp::HEADER_LEN..).and_then(Quoted::read);
        let quoted = quoted.ok_or(other("too-short"))?;
        let change = self.change(&quoted, router).ok_or(other("no-mapping"))?;
        let new = quoted.rewritten(change.leaving.reverse());
        self.write(packet, &change, start, (&quoted, &new), router)
            .map_err(Verdict::Drop)
    }

    /// Writes what is new: into the error's own header, its checksum, and what it quotes, which begins at `start`.
    fn write(
        &self,
        packet: &mut Packet,
        change: &Change,
        start: usize,
        (old, new): (&Quoted, &Quoted),
        router: &mut Router,
    ) -> Result<(), &'static str> {
        let at = packet.network().ok_or(NO_IP_HEADER)?;
        let bytes = router
            .pool
            .from_position_mut(packet, at)
            .ok_or(REASON_NO_BUFFER)?;
        let (header, rest) = bytes.split_at_mut_checked(start).ok_or("too-short")?;
        let place = rest.get_mut(..new.bytes().len()).ok_or("too-short")?;
        place.copy_from_slice(new.bytes());
        let at = start - icmp::HEADER_LEN + 2;
        let sum = u16::from_be_bytes([header[at], header[at + 1]]);
        header[at..at + 2].copy_from_slice(&old.checksum_as(new, sum).to_be_bytes());
        let mut ip = ipv4::Packet::new_checked(&mut header[..]).map_err(|_| NO_IP_HEADER)?;
        let (source, destination) = (ip.source(), change.leaving.destination());
        let source = match change.leaving.source() == change.arriving.source() {
            true => source,
            false => change.leaving.source(),
        };
        let sum = update32(ip.checksum(), ip.source(), source);
        let sum = update32(sum, ip.destination(), destination);
        ip.set_source(source);
        ip.set_destination(destination);
        ip.set_checksum(sum);
        if self.destination_annotation {
            packet.set_destination(destination);
        }
        Ok(())
    }
}

impl Element for ICMPRewriter {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            self.translate(packet, router)
                .err()
                .unwrap_or(Verdict::Keep)
        });
    }
}
