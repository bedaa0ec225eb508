//! # NSHEcho(ADDRESS, [*keyword* RATE])
//!
//! Answers echo requests of active OAM for service function chains (RFC 9516): those that have come to
//! the end of their path, and those whose TTL has expired here. [NSHPing](NSHPing.md) sends them.
//!
//! A reply has return code 5 (end of the path) or 4 (TTL exceeded), the address of this node as Source
//! ID, and handle and sequence number of the request. A request whose TLVs are malformed is answered with code 1, one
//! with TLVs that are not understood with code 2 and these TLVs, one that tells no path for the reply with code 6 if it can be.
//! A reply goes where the request asks:
//! - mode 4: along the service function path that the request's Reply Service Function Path TLV tells, with a
//!   header of its own; [NSHForwarder](NSHForwarder.md)s on the way need entries for that path;
//! - mode 2: by UDP over IPv4 to address and port of the request's Source ID TLV;
//! - mode 1: nowhere.
//!
//! ## Ports
//! Input 0, push: packets at the end of their path. Input 1, push, if there is one: packets whose TTL has
//! expired, from the output of NSHForwarder that EXPIRED names. Headers must be marked (CheckNSHHeader).
//!
//! Output 0, push: replies along a path: packets that begin with their header, for an NSHForwarder. Output 1, push, if
//! there is one: all packets of input 0 that are no echo requests; dropped otherwise, as `nsh-oam-other`. Output 2, push, if
//! there is one: replies by UDP: IP packets, their destination address annotation set.
//!
//! Packets of input 1 that are no echo requests are dropped as `nsh-ttl`. Requests are dropped as `nsh-oam-length`,
//! `nsh-oam-version` or `nsh-oam-type` where the message is not sound, `nsh-oam-flag` where the O bit is not set,
//! `nsh-oam-no-reply` where no reply is wanted, `nsh-oam-reply-mode` where none of the wanted kind can be sent,
//! `nsh-oam-no-reply-path` where no path is told, and `nsh-oam-rate` where there are too many.
//!
//! ## Arguments
//! - `ADDRESS` *IPv4 or IPv6 address*: what this node is called in replies; replies by UDP come from it.
//! - `RATE` *unsigned* (1000): replies sent at most in a second; 0: any number.
//!
//! ## Handlers
//! - `replies` (r): replies sent.
//!
//! ## Example
//! ```click
//! in :: Idle -> CheckNSHHeader(14, OAM forward)
//!   -> sff :: NSHForwarder(10/255 => 0, EXPIRED 1);
//! sff [0] -> echo :: NSHEcho(192.0.2.1) -> Discard;
//! sff [1] -> [1] echo [1] -> NSHDecap -> Discard;
//! ```
//!
//! ## See also
//! NSHPing, NSHForwarder, CheckNSHHeader

use super::boundary::Refusal;
use super::oam_packet::{Address, Kind, datagram_of, kind_of, packet_of};
use super::refusals::Refusals;
use crate::standard::token_bucket::TokenBucket;
use std::net::IpAddr;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Packet, Place, REASON_NO_BUFFER, Router, Value,
    argument, reader,
};
use weft_wire::nsh::oam::{Content, Echo, code, echo, push_errored, push_source, reply_mode};

/// Registers NSHEcho.
pub static CLASS: Class = Class {
    ports: "1-2/1-3",
    processing: "h/h",
    arguments: &[
        argument("ADDRESS", Place::Mandatory, "IPv4 or IPv6 address", ""),
        argument("RATE", Place::Keyword, "unsigned", "1000"),
    ],
    handlers: &[reader!(
        NSHEcho,
        "replies",
        Value::Unsigned,
        "packets",
        "Replies sent",
        |e, _, _| Ok(e.cells.as_ref().map_or(0, |cells| cells.get(0)).to_string())
    )],
    fuzz: &["192.0.2.1", "192.0.2.1, RATE 0", "2001:db8::1"],
    ..Class::agnostic("NSHEcho", "nsh", build)
};

/// Input for packets whose TTL has expired.
const EXPIRED: usize = 1;
/// Output for packets that are no requests.
const OTHERS: usize = 1;
/// Output for replies by UDP.
const DATAGRAMS: usize = 2;

const NO_BUFFER: Refusal = (REASON_NO_BUFFER, "no memory is left");

struct NSHEcho {
    address: IpAddr,
    /// Replies that may be sent; none: any number.
    bucket: Option<TokenBucket>,
    refusals: Refusals,
    cells: Option<Cells>,
}

/// What becomes of a packet.
enum Fate {
    /// It is answered by this packet, from this output.
    Answered(usize, Packet),
    /// It is none for this element.
    Other,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let Address(address) = args.mandatory("ADDRESS");
    let rate: u32 = args.keyword("RATE", 1000);
    args.complete()?;
    let rate = Some(u64::from(rate)).filter(|&rate| rate != 0);
    Ok(Box::new(NSHEcho {
        address,
        bucket: rate.map(|rate| TokenBucket::full(rate, rate)),
        refusals: Refusals::default(),
        cells: None,
    }))
}

impl NSHEcho {
    fn handle(
        &mut self,
        packet: &Packet,
        is_expired: bool,
        router: &mut Router,
    ) -> Result<Fate, Refusal> {
        let other = match is_expired {
            true => Err(("nsh-ttl", "its TTL has expired")),
            false => Ok(Fate::Other),
        };
        let Kind::Active(message) = kind_of(packet, &router.pool)? else {
            return other;
        };
        let request = message.echo()?;
        if request.kind != echo::REQUEST {
            return other;
        }
        if request.reply_mode == reply_mode::NONE {
            return Err(("nsh-oam-no-reply", "it wants no reply"));
        }
        let place = match is_expired {
            true => code::TTL_EXCEEDED,
            false => code::END_OF_PATH,
        };
        self.take_token(router)?;
        let (port, reply) = self.answer(&request, place, router)?;
        Ok(Fate::Answered(port, reply))
    }

    fn take_token(&mut self, router: &Router) -> Result<(), Refusal> {
        let Some(bucket) = &mut self.bucket else {
            return Ok(());
        };
        if bucket.refill(router.clock.now()) == 0 {
            return Err(("nsh-oam-rate", "there are more requests than RATE allows"));
        }
        bucket.remove(1);
        Ok(())
    }

    /// The reply to a request that came to its end here, and its output.
    fn answer(
        &self,
        request: &Echo<'_>,
        place: u8,
        router: &mut Router,
    ) -> Result<(usize, Packet), Refusal> {
        let content = Content::of(request.tlvs);
        let mut tlvs = Vec::new();
        push_source(&mut tlvs, self.address, 0);
        let is_known = matches!(request.reply_mode, reply_mode::PATH | reply_mode::UDP);
        let code = if !content.is_sound {
            code::MALFORMED
        } else if !content.unknown.is_empty() {
            push_errored(&mut tlvs, &content.unknown);
            code::UNKNOWN_TLV
        } else if request.reply_mode == reply_mode::PATH && content.reply_path.is_none() {
            code::NO_REPLY_PATH
        } else {
            place
        };
        let reply = Echo {
            kind: echo::REPLY,
            code,
            subcode: 0,
            tlvs: &tlvs,
            ..*request
        };
        if request.reply_mode == reply_mode::PATH
            && let Some(path) = content.reply_path
        {
            let packet = packet_of(&reply, path, None, router).ok_or(NO_BUFFER)?;
            return Ok((0, packet));
        }
        if is_known
            && router.is_connected(DATAGRAMS)
            && let (IpAddr::V4(own), Some((IpAddr::V4(to), port))) = (self.address, content.source)
        {
            let packet = datagram_of(&reply, own, (to, port), router).ok_or(NO_BUFFER)?;
            return Ok((DATAGRAMS, packet));
        }
        match request.reply_mode {
            reply_mode::PATH => Err((
                "nsh-oam-no-reply-path",
                "it tells no path along which it could be answered",
            )),
            _ => Err((
                "nsh-oam-reply-mode",
                "it asks for a reply of a kind that cannot be sent here",
            )),
        }
    }
}

impl Element for NSHEcho {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("replies", 1));
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.drain(..) {
            match self.handle(&packet, port == EXPIRED, router) {
                Ok(Fate::Answered(output, reply)) => {
                    if let Some(cells) = &self.cells {
                        cells.add(0, 1);
                    }
                    router.pool.free(packet);
                    router.emit(output, reply);
                }
                Ok(Fate::Other) if router.is_connected(OTHERS) => router.emit(OTHERS, packet),
                Ok(Fate::Other) => router.drop_packet(packet, "nsh-oam-other"),
                Err((reason, text)) => {
                    self.refusals.tell(reason, text, router);
                    router.drop_packet(packet, reason);
                }
            }
        }
    }
}
