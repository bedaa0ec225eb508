//! # IPFragmenter(MTU [, HONOR_DF, VERBOSE, *keywords* HEADROOM, LINK])
//!
//! Cuts IP packets longer than MTU into fragments.
//!
//! ## Ports
//! One push input. Output 0: packets that are short enough, and fragments, in order. Output 1, if
//! there is one: packets too long that must not be fragmented or cannot be; they are dropped
//! otherwise. Ordinarily an ICMPError (`unreachable`, `needfrag`) follows there.
//!
//! Fragments have all annotations of their packet. Bytes in front of the IP header stay with the
//! first fragment only, so it is best to strip a link header before, or to have it repeated by LINK.
//!
//! ## Arguments
//! - `MTU` *unsigned*: the most bytes an IP packet may have; at least 8.
//! - `HONOR_DF` *boolean* (true): when false, packets are fragmented even if their header forbids it.
//! - `VERBOSE` *boolean* (false): each packet that may not be fragmented is told, not just five.
//! - `HEADROOM` *unsigned*: bytes kept free in front of fragments.
//! - `LINK` *boolean* (false): every fragment gets the bytes in front of the packet's IP header. (Click's element
//!   has no such argument.)
//!
//! ## Handlers
//! - `fragments` (r): fragments made.
//! - `drops` (r): packets that could not be fragmented.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> fr :: IPFragmenter(1024) -> Queue(20) -> Discard;
//! fr [1] -> ICMPError(10.0.0.1, unreachable, needfrag) -> Discard;
//! ```
//!
//! ## See also
//! ICMPError, CheckIPHeader

use super::header::{NO_IP_HEADER, header, header_copy, write_header};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, HEADROOM, IpHeader, MAX_FRAME, Packet, Place,
    REASON_NO_BUFFER, Router, Value, argument, reader,
};
use weft_wire::ipv4;

/// Registers IPFragmenter.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "h/h",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("MTU", Place::Mandatory, "unsigned", ""),
        argument("HONOR_DF", Place::Optional, "boolean", "true"),
        argument("VERBOSE", Place::Optional, "boolean", "false"),
        argument("HEADROOM", Place::Keyword, "unsigned", ""),
        argument("LINK", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[
        reader!(
            IPFragmenter,
            "drops",
            Value::Unsigned,
            "packets",
            "Packets that could not be fragmented",
            |f, _, _| Ok(f.get(DROPS).to_string())
        ),
        reader!(
            IPFragmenter,
            "fragments",
            Value::Unsigned,
            "packets",
            "Fragments made",
            |f, _, _| Ok(f.get(FRAGMENTS).to_string())
        ),
    ],
    fuzz: &["576", "28, HONOR_DF false", "8, false, true"],
    ..Class::agnostic("IPFragmenter", "ip", build)
};

const DROPS: usize = 0;
const FRAGMENTS: usize = 1;

/// Packets that may not be fragmented are told that often.
const TOLD: u64 = 5;

/// An option with this bit is copied into all fragments.
const COPIED: u8 = 0x80;

struct IPFragmenter {
    mtu: usize,
    honor_df: bool,
    verbose: bool,
    headroom: usize,
    /// Whether what lies in front of the IP header is repeated.
    link: bool,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let mtu: u32 = args.mandatory("MTU");
    let honor_df = args.positional("HONOR_DF", true);
    let verbose = args.positional("VERBOSE", false);
    let headroom: u32 = args.keyword("HEADROOM", HEADROOM as u32);
    let link = args.keyword("LINK", false);
    args.check(|| match mtu {
        0..8 => Err("MTU must be at least 8"),
        _ => Ok(()),
    });
    args.complete()?;
    Ok(Box::new(IPFragmenter {
        mtu: mtu as usize,
        honor_df,
        verbose,
        headroom: headroom as usize,
        link,
        cells: None,
    }))
}

/// The header of all fragments but the first: that of the packet, with only those of its options
/// that are to be copied.
fn later_header(header: &[u8]) -> Vec<u8> {
    let (fixed, mut options) = header.split_at(ipv4::HEADER_LEN);
    let mut later = fixed.to_vec();
    while let [kind, rest @ ..] = options {
        let length = match (*kind, rest.first()) {
            (0, _) | (_, None) => break,
            (1, _) => 1,
            (_, Some(&length)) => usize::from(length),
        };
        // A lone NOP separates options and is not copied.
        if *kind != 1 && length < 2 || length > options.len() {
            break;
        }
        if kind & COPIED != 0 {
            later.extend_from_slice(&options[..length]);
        }
        options = &options[length..];
    }
    later.resize(later.len().next_multiple_of(4), 0);
    later[0] = 0x40 | (later.len() / 4) as u8;
    later
}

/// What all fragments of a packet share.
struct Cut {
    /// Header of the packet, read once.
    ip: ipv4::Packet<ipv4::HeaderCopy>,
    /// Header of the first fragment.
    header: usize,
    /// Bytes after the header in the whole packet.
    data: usize,
    /// Bytes after the header in the first fragment.
    first: usize,
    /// Flags and fragment offset of the packet.
    flags_offset: u16,
    /// Header of the other fragments.
    later: Vec<u8>,
}

enum Plan {
    Whole,
    Refuse,
    Drop(&'static str),
    Cut(Cut),
}

impl IPFragmenter {
    fn get(&self, cell: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(cell))
    }

    fn count(&self, cell: usize) {
        if let Some(cells) = &self.cells {
            cells.add(cell, 1);
        }
    }

    fn plan(&self, packet: &Packet, router: &Router) -> Plan {
        let Some((ip, bytes)) = header_copy(packet, &router.pool) else {
            return Plan::Drop(NO_IP_HEADER);
        };
        let (length, header) = (usize::from(ip.total_len()), ip.header_len());
        let there = header + ip.payload_in(bytes).len();
        if there <= self.mtu {
            return Plan::Whole;
        }
        if there != length {
            return Plan::Drop("bad-length");
        }
        let first = self.mtu.saturating_sub(header) & !7;
        let flags_offset = ip.flags_offset();
        if first < 8 || self.honor_df && ip.dont_fragment() {
            return Plan::Refuse;
        }
        let data = length - header;
        let last = usize::from(flags_offset & ipv4::OFFSET_MASK) + data / 8;
        if last > usize::from(ipv4::OFFSET_MASK) {
            return Plan::Drop("bad-length");
        }
        Plan::Cut(Cut {
            header,
            data,
            first,
            flags_offset: flags_offset & !ipv4::DONT_FRAGMENT,
            later: later_header(ip.header()),
            ip,
        })
    }

    /// Bytes in front of the IP header that fragments get.
    fn link_of(&self, packet: &Packet) -> usize {
        let network = packet.network().filter(|_| self.link);
        usize::from(network.map_or(0, |at| at.saturating_sub(packet.offset())))
    }

    fn refuse(&self, packet: Packet, router: &mut Router) {
        if self.verbose || self.get(DROPS) < TOLD {
            let ends = header(&packet, &router.pool).map(|ip| (ip.source(), ip.destination()));
            let (source, destination) = ends.unwrap_or_default();
            let line = format!(
                "IPFragmenter({}) DF {} {} len={}",
                self.mtu,
                Ipv4Addr::from(source),
                Ipv4Addr::from(destination),
                packet.len()
            );
            router.console.line(&line);
        }
        self.count(DROPS);
        router.emit_or_drop(1, packet, "must-fragment");
    }

    fn fragment(&self, mut packet: Packet, mut cut: Cut, router: &mut Router) {
        // With DF, the packet's identification need not be unique.
        let random = router.random.below(1 << 16) as u16;
        if cut.ip.dont_fragment() {
            cut.ip.set_id(random);
        }
        cut.later[4..6].copy_from_slice(&cut.ip.id().to_be_bytes());
        cut.ip.set_total_len((cut.header + cut.first) as u16);
        cut.ip
            .set_flags_offset(cut.flags_offset | ipv4::MORE_FRAGMENTS);
        cut.ip.fill_checksum();
        if let Err(reason) = write_header(&mut packet, &mut router.pool, &cut.ip) {
            return router.drop_packet(packet, reason);
        }
        let mut first = router.pool.duplicate(&packet);
        let network = usize::from(packet.network().unwrap_or(packet.offset()));
        let end = network + cut.header + cut.first;
        let excess = (usize::from(packet.offset()) + packet.len()).saturating_sub(end);
        let _ = first.take(excess);
        router.emit(0, first);
        self.count(FRAGMENTS);
        self.emit_later(&packet, &cut, router);
        router.pool.free(packet);
    }

    /// Emits the second and all further fragments of `packet`.
    fn emit_later(&self, packet: &Packet, cut: &Cut, router: &mut Router) {
        let most = (self.mtu - cut.later.len()) & !7;
        let mut at = cut.first;
        while at < cut.data {
            let length = most.min(cut.data - at);
            match self.later_fragment(packet, cut, at, length, router) {
                Some(fragment) => {
                    router.emit(0, fragment);
                    self.count(FRAGMENTS);
                }
                None => router.count_reason(REASON_NO_BUFFER, 1),
            }
            at += length;
        }
    }

    /// The fragment with `length` bytes of data from byte `at` on.
    fn later_fragment(
        &self,
        packet: &Packet,
        cut: &Cut,
        at: usize,
        length: usize,
        router: &mut Router,
    ) -> Option<Packet> {
        let from = packet.network()?;
        let data = cut.header + at..cut.header + at + length;
        let data = router.pool.from_position(packet, from).get(data)?.to_vec();
        let offset = cut.flags_offset + (at / 8) as u16;
        let is_last = at + length == cut.data;
        let more = if is_last { 0 } else { ipv4::MORE_FRAGMENTS };
        let mut ip = ipv4::HeaderCopy::of(&cut.later).ok()?;
        ip.set_total_len((cut.later.len() + length) as u16);
        ip.set_flags_offset(offset | more);
        ip.fill_checksum();
        let link = router.pool.data(packet).get(..self.link_of(packet));
        let parts = [link.unwrap_or_default(), ip.header(), &data].concat();
        let link = parts.len() - ip.header().len() - data.len();
        let mut fragment = make(&parts, self.headroom, router)?;
        fragment.set_network(link, ip.header().len());
        router.pool.copy_annotations(packet, &mut fragment);
        Some(fragment)
    }
}

/// A new packet of these bytes.
fn make(bytes: &[u8], headroom: usize, router: &mut Router) -> Option<Packet> {
    let headroom = headroom.min(MAX_FRAME.saturating_sub(bytes.len()));
    let mut packet = router.pool.alloc(bytes.len(), headroom)?;
    router.pool.data_mut(&mut packet)?.copy_from_slice(bytes);
    Some(packet)
}

impl Element for IPFragmenter {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("fragments", 2));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let fits =
            |p: &Packet| p.len() <= self.mtu + self.link_of(p) && header(p, &router.pool).is_some();
        if batch.iter().all(fits) {
            return;
        }
        let empty = router.new_batch();
        let mut packets = std::mem::replace(batch, empty);
        for packet in packets.drain(..) {
            match self.plan(&packet, router) {
                Plan::Whole => router.emit(0, packet),
                Plan::Refuse => self.refuse(packet, router),
                Plan::Drop(reason) => router.drop_packet(packet, reason),
                Plan::Cut(cut) => self.fragment(packet, cut, router),
            }
        }
        router.recycle(packets);
    }
}
