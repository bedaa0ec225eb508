//! # PacketTooBig(ADDRESS, [ADDRESS6, *keywords* MTU, TAGS, RATE, BURST])
//!
//! Answers Ethernet frames that were too big to be encapsulated, so that their senders send smaller packets: with ICMP
//! "fragmentation needed" (RFC 1191) or ICMPv6 "packet too big" (RFC 4443, section 3.2).
//!
//! ## Ports
//! One agnostic input, for frames as they came, VLAN tags or not: from the output for packets too big of NSHClassifier or
//! NSHEncap. One agnostic output: the answers, which are to leave by the interface the frames came from; they go to the station that
//! a frame came from, from the one it was for, with its VLAN tags.
//!
//! All other frames are dropped as `mtu`: IPv4 that may be fragmented (IPFragmenter can do that, before it is too big), what is
//! not longer than MTU or not wholly there, anything but IP; ICMP errors, fragments but the first, and what is not from one station and
//! host to one station and host (RFC 1812, 4.3.2.7; RFC 4443, section 2.4); and what comes faster than RATE.
//!
//! ## Arguments
//! - `ADDRESS` *IP address*: source of the answers to IPv4 packets.
//! - `ADDRESS6` *IPv6 address*: source of the answers to IPv6 packets; without it there are none.
//! - `MTU` *unsigned*: the longest IP packet that can be encapsulated, which senders are told; at least 68 (RFC 791), with
//!   ADDRESS6 1280 (RFC 8200). It is the MTU of the link the packets leave by less all that is put before them: with a frame of
//!   1500 bytes in a Network Service Header of 24 it is 1500 - 24 - 14 = 1462, and in VXLAN-GPE over IPv4 36 less.
//! - `TAGS` *boolean* (false): whether a frame is encapsulated with its VLAN tags, each of which takes 4 bytes from MTU.
//! - `RATE` *unsigned* (100): answers a second.
//! - `BURST` *unsigned* (50): answers at once.
//!
//! ## Handlers
//! - `answers` (r): frames answered.
//! - `limited` (r): frames not answered as there had been too many answers.
//! - `mtu` (rw): as the argument.
//!
//! ## Example
//! ```click
//! in :: Idle -> c :: NSHClassifier(- => SPI 10, MTU 1500) -> Discard;
//! c [1] -> Discard;
//! c [2] -> PacketTooBig(192.0.2.1, 2001:db8::1, MTU 1462, TAGS true) -> back :: Discard;
//! ```
//!
//! ## See also
//! NSHClassifier, NSHEncap, ICMPError, IPFragmenter

use super::message::{self, refusal};
use super::message6::{self, PACKET_TOO_BIG, may_answer};
use super::names::NEED_FRAGMENT;
use crate::nsh::frame::Frame;
use crate::standard::token_bucket::TokenBucket;
use std::net::{Ipv4Addr, Ipv6Addr};
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Packet, Place, Router, Value, argument, reader,
    variable,
};
use weft_wire::ipv4::HeaderCopy;
use weft_wire::protocol::ether;
use weft_wire::{MacAddr, ethernet, icmp, ipv4, ipv6};

/// Registers PacketTooBig.
pub static CLASS: Class = Class {
    arguments: &[
        argument("ADDRESS", Place::Mandatory, "IP address", ""),
        argument("ADDRESS6", Place::Optional, "IPv6 address", ""),
        argument("MTU", Place::Keyword, "unsigned", ""),
        argument("TAGS", Place::Keyword, "boolean", "false"),
        argument("RATE", Place::Keyword, "unsigned", "100"),
        argument("BURST", Place::Keyword, "unsigned", "50"),
    ],
    handlers: &[
        reader!(
            PacketTooBig,
            "answers",
            Value::Unsigned,
            "packets",
            "Frames answered",
            |p, _, _| Ok(p.count(ANSWERS).to_string())
        ),
        reader!(
            PacketTooBig,
            "limited",
            Value::Unsigned,
            "packets",
            "Frames not answered as there had been too many answers",
            |p, _, _| Ok(p.count(LIMITED).to_string())
        ),
        variable!(
            PacketTooBig,
            "mtu",
            Value::Unsigned,
            "bytes",
            "The longest IP packet that can be encapsulated",
            |p, _, _| Ok(p.mtu.to_string()),
            |p, call, _| {
                p.mtu = checked_mtu(call.value()?, p.source6.is_some())?;
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "10.0.0.9, 2001:db8::9, MTU 1280, RATE 1000000, BURST 1000000",
        "10.0.0.9, MTU 68, TAGS true",
    ],
    ..Class::agnostic("PacketTooBig", "icmp", build)
};

const ANSWERS: usize = 0;
const LIMITED: usize = 1;

/// The most bytes of an answer over IPv4 (RFC 1812, 4.3.2.3).
const MOST: usize = 576;
/// The bytes that every link must be able to carry: of IPv4 (RFC 791) and of IPv6 (RFC 8200, section 5).
const LEAST: usize = 68;
const LEAST6: usize = 1280;

struct PacketTooBig {
    source: Ipv4Addr,
    source6: Option<Ipv6Addr>,
    mtu: usize,
    has_tags: bool,
    bucket: TokenBucket,
    id: u16,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let source = args.mandatory("ADDRESS");
    let source6: Option<Ipv6Addr> = args.positional_opt("ADDRESS6");
    let mtu: u32 = args.mandatory_keyword("MTU");
    let has_tags = args.keyword("TAGS", false);
    let rate: u32 = args.keyword("RATE", 100);
    let burst: u32 = args.keyword("BURST", 50);
    args.check(|| checked_mtu(mtu, source6.is_some()).map(|_| ()));
    args.complete()?;
    Ok(Box::new(PacketTooBig {
        source,
        source6,
        mtu: mtu as usize,
        has_tags,
        bucket: TokenBucket::full(rate.into(), burst.into()),
        id: 1,
        cells: None,
    }))
}

/// An MTU that links can have.
fn checked_mtu(mtu: u32, has_ipv6: bool) -> Result<usize, String> {
    let least = if has_ipv6 { LEAST6 } else { LEAST };
    match mtu as usize {
        mtu if (least..=usize::from(u16::MAX)).contains(&mtu) => Ok(mtu),
        _ if has_ipv6 => Err(format!("MTU should be {LEAST6} to 65535, as there is IPv6")),
        _ => Err(format!("MTU should be {LEAST} to 65535")),
    }
}

impl PacketTooBig {
    fn count(&self, cell: usize) -> u64 {
        self.cells.as_ref().map_or(0, |cells| cells.get(cell))
    }

    fn add(&self, cell: usize) {
        if let Some(cells) = &self.cells {
            cells.add(cell, 1);
        }
    }

    /// The answer to a frame, and where its IP header begins; none where there is to be none.
    fn answer(&mut self, frame: &[u8], now: u64) -> Option<(Vec<u8>, usize)> {
        let Frame {
            ether_type,
            payload,
        } = Frame::of(frame)?;
        let (link, packet) = frame.split_at_checked(payload)?;
        let mut answer = returned(link)?;
        let mtu = self.mtu_behind(link);
        let message = match ether_type {
            ether::IPV4 => self.message(packet, mtu)?,
            ether::IPV6 => self.message6(packet, mtu)?,
            _ => return None,
        };
        if self.bucket.refill(now) == 0 {
            self.add(LIMITED);
            return None;
        }
        self.bucket.remove(1);
        self.add(ANSWERS);
        self.id = self.id.wrapping_add(1);
        answer.extend_from_slice(&message);
        Some((answer, payload))
    }

    /// The longest IP packet that can be encapsulated behind a link header.
    fn mtu_behind(&self, link: &[u8]) -> usize {
        match self.has_tags {
            true => self.mtu.saturating_sub(link.len() - ethernet::HEADER_LEN),
            false => self.mtu,
        }
    }

    /// The message about an IPv4 packet longer than `mtu`.
    fn message(&self, packet: &[u8], mtu: usize) -> Option<Vec<u8>> {
        let ip = HeaderCopy::of(packet).ok()?;
        let packet = packet.get(..usize::from(ip.total_len()))?;
        let is_answered = packet.len() > mtu
            && ip.dont_fragment()
            && ip.checksum_ok()
            && refusal(&ip, ip.payload_in(packet), true, &[]).is_none();
        if !is_answered {
            return None;
        }
        let room = MOST - ipv4::HEADER_LEN - icmp::HEADER_LEN;
        let message = message::Message {
            source: self.source.to_bits(),
            destination: ip.source(),
            id: self.id,
            options: &[],
            kind: icmp::kind::UNREACHABLE,
            code: NEED_FRAGMENT,
            particulars: (mtu as u32).to_be_bytes(),
            quoted: &packet[..packet.len().min(room)],
        };
        Some(message.to_bytes())
    }

    /// The message about an IPv6 packet longer than `mtu`.
    fn message6(&self, packet: &[u8], mtu: usize) -> Option<Vec<u8>> {
        let source = self.source6?.octets();
        let header: &[u8; ipv6::HEADER_LEN] = packet.first_chunk()?;
        let header = ipv6::Repr::parse(&ipv6::Packet::new_checked(*header).ok()?);
        let packet = packet.get(..ipv6::HEADER_LEN + usize::from(header.payload_len))?;
        if packet.len() <= mtu || !may_answer(&header, &packet[ipv6::HEADER_LEN..]) {
            return None;
        }
        let message = message6::Message {
            source,
            destination: header.source,
            kind: PACKET_TOO_BIG,
            code: 0,
            particulars: (mtu as u32).to_be_bytes(),
            about: packet,
        };
        Some(message.to_bytes())
    }
}

/// A link header for the way back: its addresses change places. None where one of them is of a group.
fn returned(link: &[u8]) -> Option<Vec<u8>> {
    let (destination, source) = (MacAddr::read(link, 0)?, MacAddr::read(link, 6)?);
    if destination.is_group() || source.is_group() {
        return None;
    }
    let mut link = link.to_vec();
    link[..6].copy_from_slice(&source.0);
    link[6..12].copy_from_slice(&destination.0);
    Some(link)
}

impl Element for PacketTooBig {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("answers", 2));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let empty = router.new_batch();
        let mut frames = std::mem::replace(batch, empty);
        for frame in frames.drain(..) {
            let answer = self.answer(router.pool.data(&frame), router.clock.now());
            match answer.and_then(|answer| made(answer, router)) {
                Some(answer) => {
                    router.pool.free(frame);
                    batch.push(answer);
                }
                None => router.drop_packet(frame, "mtu"),
            }
        }
        router.recycle(frames);
    }
}

/// The packet of an answer, its headers marked.
fn made((answer, at): (Vec<u8>, usize), router: &mut Router) -> Option<Packet> {
    let mut packet = router.pool.copy_in(&answer)?;
    packet.set_mac_here();
    packet.set_network(at, header_len(&answer[at..]));
    packet.set_timestamp(router.clock.timestamp());
    Some(packet)
}

/// Bytes of the IP header of an answer, which has neither options nor extensions.
fn header_len(packet: &[u8]) -> usize {
    match packet.first().map(|first| first >> 4) {
        Some(6) => ipv6::HEADER_LEN,
        _ => ipv4::HEADER_LEN,
    }
}
