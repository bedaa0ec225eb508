//! # NSHPing([*keywords* REPLY, SOURCE, PORT, HANDLE, SEQUENCE])
//!
//! Sends echo requests of active OAM along service function paths (RFC 9516) and tells how they were
//! answered. `weft sfc ping` and `weft sfc trace` use it; [NSHEcho](NSHEcho.md) answers.
//!
//! A request is a packet of a header of MD type 2 with the O bit and next protocol 7. It asks for a reply along the
//! service function path REPLY (mode 4), which must lead back to this element, or, with SOURCE instead, by UDP over IPv4 to that
//! address and PORT (mode 2). A reply belongs to a request whose handle and sequence number it has;
//! both are hard to guess.
//!
//! ## Ports
//! Output 0, push: the requests, packets that begin with their header. Output 1, push, if there is one: all packets of
//! input 0 that are no echo replies, which are dropped otherwise, as `nsh-oam-other`.
//!
//! Input 0, push: replies, their header marked (CheckNSHHeader). Input 1, push, if there is one: replies by UDP, IP packets with
//! marked header (CheckIPHeader). Replies are dropped as `nsh-oam-length`, `nsh-oam-version`, `nsh-oam-type` or `nsh-oam-flag` where
//! they are not sound, and as `nsh-oam-unexpected` where no request waits for them.
//!
//! ## Arguments
//! - `REPLY` *SPI/SI*: the path replies take; index 255 where none is given.
//! - `SOURCE` *IP address*: the address to which replies come by UDP; without REPLY only.
//! - `PORT` *UDP port* (7784): the port to which they come.
//! - `HANDLE` *unsigned*: the mark of this sender; random where it is not given.
//! - `SEQUENCE` *unsigned*: number of the first request; random where it is not given.
//!
//! ## Handlers
//! - `ping REQUEST` (r): sends a request and answers, when it has been answered or has not been in time, in JSON:
//!   `outcome` (`reply` or `timeout`), `sequence`, and for replies `code` (the return code), `subcode`, `meaning` (of the code),
//!   `from` (Source ID of the reply, or null) and `rtt_ns` (time to the reply, in nanoseconds). REQUEST is
//!   `SPI[/SI] [TTL n] [TIMEOUT seconds] [REPLY SPI[/SI]]`; index 255, TTL 63 and a second where nothing else is said.
//! - `send` (w): the same, without waiting.
//! - `last` (r): how the last request ended that has ended.
//! - `sent`, `received` (r): requests sent, and replies that belonged to one.
//!
//! ## Example
//! ```click
//! ping :: NSHPing(REPLY 110) -> sff :: NSHForwarder(10/255 => 0, 110/254 => 1);
//! in :: Idle -> CheckNSHHeader(14, OAM forward) -> sff;
//! sff [0] -> out :: Discard;
//! sff [1] -> ping;
//! ```
//!
//! ## See also
//! NSHEcho, NSHForwarder, CheckNSHHeader

mod requests;

use super::boundary::Refusal;
use super::oam_packet::{Kind, Message, Path, in_datagram, kind_of, packet_of};
use super::refusals::Refusals;
use requests::{Asked, Outcome, Request, Requests};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, DeferredCall, Element, Handler, Packet, Place, Router, Task,
    Value, argument, downcast, reader, writer,
};
use weft_wire::nsh::oam::{Content, Echo, code, echo, push_reply_path, push_source, reply_mode};

/// Registers NSHPing.
pub static CLASS: Class = Class {
    ports: "0-2/1-2",
    processing: "h/h",
    flow: "x/y",
    arguments: &[
        argument("REPLY", Place::Keyword, "SPI/SI", ""),
        argument("SOURCE", Place::Keyword, "IP address", ""),
        argument("PORT", Place::Keyword, "UDP port", "7784"),
        argument("HANDLE", Place::Keyword, "unsigned", ""),
        argument("SEQUENCE", Place::Keyword, "unsigned", ""),
    ],
    handlers: &HANDLERS,
    fuzz: &["REPLY 110, HANDLE 1, SEQUENCE 1", "SOURCE 192.0.2.1"],
    ..Class::agnostic("NSHPing", "nsh", build)
};

static HANDLERS: [Handler; 5] = [
    Handler {
        deferred: true,
        ..reader!(
            NSHPing,
            "ping",
            Value::Json,
            "",
            "How a request was answered",
            |_, _, _| Err("it is answered later".to_string())
        )
        .with_parameter()
    },
    writer!(
        NSHPing,
        "send",
        Value::Text,
        "",
        "Sends a request",
        |p, call, router| p.ask(call.text, None, router)
    ),
    reader!(
        NSHPing,
        "last",
        Value::Json,
        "",
        "How the last request ended",
        |p, _, _| Ok(p.last.clone())
    ),
    reader!(
        NSHPing,
        "sent",
        Value::Unsigned,
        "packets",
        "Requests sent",
        |p, _, _| Ok(p.requests.sent().to_string())
    ),
    reader!(
        NSHPing,
        "received",
        Value::Unsigned,
        "packets",
        "Replies received",
        |p, _, _| Ok(p.requests.received().to_string())
    ),
];

/// The port to which replies by UDP come where none is given.
const DEFAULT_PORT: u16 = 7784;
/// Input for replies by UDP.
const DATAGRAMS: usize = 1;
/// Output for packets that are no replies.
const OTHERS: usize = 1;

struct NSHPing {
    reply: Option<Path>,
    source: Option<Ipv4Addr>,
    port: u16,
    handle: Option<u32>,
    first: Option<u32>,
    requests: Requests,
    /// Requests that leave when the task runs.
    outgoing: Vec<(u32, Packet)>,
    /// How the last request ended, in JSON.
    last: String,
    refusals: Refusals,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let reply = args.keyword_opt("REPLY");
    let source = args.keyword_opt("SOURCE");
    let port = args.keyword("PORT", DEFAULT_PORT);
    let handle = args.keyword_opt("HANDLE");
    let first = args.keyword_opt("SEQUENCE");
    if reply.is_some() && source.is_some() {
        args.error("REPLY and SOURCE are mutually exclusive");
    }
    args.complete()?;
    Ok(Box::new(NSHPing {
        reply,
        source,
        port,
        handle,
        first,
        requests: Requests::default(),
        outgoing: Vec::new(),
        last: String::new(),
        refusals: Refusals::default(),
    }))
}

impl NSHPing {
    /// Sends the request that `text` describes.
    fn ask(
        &mut self,
        text: &str,
        waiting: Option<weft_core::Ticket>,
        router: &mut Router,
    ) -> Result<(), String> {
        let asked = Asked::parse(text)?;
        let mut tlvs = Vec::new();
        let reply_mode = match (asked.reply.or(self.reply), self.source) {
            (Some(Path(spi, si)), _) => {
                push_reply_path(&mut tlvs, spi, si);
                reply_mode::PATH
            }
            (None, Some(source)) => {
                push_source(&mut tlvs, source.into(), self.port);
                reply_mode::UDP
            }
            (None, None) => {
                return Err("no path for the reply; give one as REPLY".to_string());
            }
        };
        let now = router.clock.refresh();
        let sequence = self.requests.add(Request {
            waiting,
            sent: now,
            until: now.saturating_add(asked.timeout),
        })?;
        let echo = Echo {
            kind: echo::REQUEST,
            reply_mode,
            code: code::NO_ERROR,
            subcode: 0,
            handle: self.requests.handle(),
            sequence,
            tlvs: &tlvs,
        };
        let Path(spi, si) = asked.path;
        let Some(packet) = packet_of(&echo, (spi, si), Some(asked.ttl), router) else {
            self.requests.take(sequence);
            return Err("no memory is left for a packet".to_string());
        };
        self.outgoing.push((sequence, packet));
        router.schedule();
        self.wait(router);
        Ok(())
    }

    /// Sets the timer for the request that ends next.
    fn wait(&self, router: &mut Router) {
        match self.requests.next_end() {
            Some(at) => router.set_timer(0, at),
            None => router.clear_timer(0),
        }
    }

    fn end(&mut self, request: &Request, outcome: &Outcome, router: &mut Router) {
        self.last = outcome.to_json();
        if let Some(ticket) = request.waiting {
            router.answer(ticket, Ok(self.last.clone().into_bytes()));
        }
    }

    /// Takes a packet in; gives it back where it is no echo reply.
    fn take(
        &mut self,
        packet: Packet,
        is_datagram: bool,
        router: &mut Router,
    ) -> Result<Option<Packet>, (Packet, Refusal)> {
        let found = match is_datagram {
            true => Ok(in_datagram(&packet, &router.pool, self.port)),
            false => kind_of(&packet, &router.pool).map(Kind::message),
        };
        let message = match found {
            Ok(Some(message)) => message,
            Ok(None) => return Ok(Some(packet)),
            Err(refusal) => return Err((packet, refusal)),
        };
        match self.receive(&message, router) {
            Ok(true) => {
                router.pool.free(packet);
                Ok(None)
            }
            Ok(false) => Ok(Some(packet)),
            Err(refusal) => Err((packet, refusal)),
        }
    }

    /// Takes a message; false where it is no echo reply.
    fn receive(&mut self, message: &Message, router: &mut Router) -> Result<bool, Refusal> {
        let reply = message.echo()?;
        if reply.kind != echo::REPLY {
            return Ok(false);
        }
        let is_own = reply.handle == self.requests.handle();
        let request = is_own.then(|| self.requests.answered(reply.sequence));
        let Some(request) = request.flatten() else {
            return Err(("nsh-oam-unexpected", "no request waits for this reply"));
        };
        let outcome = Outcome::Reply {
            sequence: reply.sequence,
            code: reply.code,
            subcode: reply.subcode,
            from: Content::of(reply.tlvs).source.map(|(address, _)| address),
            rtt_ns: router.clock.refresh().saturating_sub(request.sent),
        };
        self.end(&request, &outcome, router);
        self.wait(router);
        Ok(true)
    }
}

impl Element for NSHPing {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let random = router.random.next_u64();
        let handle = self.handle.unwrap_or((random >> 32) as u32);
        let first = self.first.unwrap_or(random as u32);
        self.requests = Requests::new(handle, first);
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<NSHPing>(old) {
            self.requests = std::mem::take(&mut old.requests);
            self.outgoing = std::mem::take(&mut old.outgoing);
            self.last = std::mem::take(&mut old.last);
            router.schedule();
            self.wait(router);
        }
    }

    fn call(&mut self, call: DeferredCall<'_>, router: &mut Router) -> Result<(), String> {
        let text = std::str::from_utf8(call.value).map_err(|_| "should be text".to_string())?;
        self.ask(text, Some(call.ticket), router)
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let now = router.clock.refresh();
        for (sequence, packet) in self.outgoing.drain(..) {
            self.requests.note_sent(sequence, now);
            router.emit(0, packet);
        }
        Task::Sleep
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        let now = router.clock.now();
        while let Some((sequence, request)) = self.requests.ended(now) {
            self.end(&request, &Outcome::Timeout { sequence }, router);
        }
        self.wait(router);
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.drain(..) {
            match self.take(packet, port == DATAGRAMS, router) {
                Ok(None) => {}
                Ok(Some(packet)) if port == 0 && router.is_connected(OTHERS) => {
                    router.emit(OTHERS, packet);
                }
                Ok(Some(packet)) => router.drop_packet(packet, "nsh-oam-other"),
                Err((packet, (reason, text))) => {
                    self.refusals.tell(reason, text, router);
                    router.drop_packet(packet, reason);
                }
            }
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        for (_, packet) in self.outgoing.drain(..) {
            router.pool.free(packet);
        }
        for request in self.requests.take_all() {
            if let Some(ticket) = request.waiting {
                router.answer(ticket, Err("the element has gone".to_string()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{captured, finish, load, read};

    const GRAPH: &str = "f :: Feed -> CheckNSHHeader(0, OAM forward) \
                         -> p :: NSHPing(REPLY 110, HANDLE 1, SEQUENCE 5) -> c :: Capture;";
    const REQUEST: &str =
        "2fc2020700000aff01000018000000000104000000000001000000050300000400006eff";
    const REPLY: &str = "2fc2020700006eff010000100000000002040500000000010000000";

    #[test]
    fn a_request_goes_on_in_the_graph_that_follows() {
        let mut router = load(GRAPH);
        router.write_handler("p.send", "10 TIMEOUT 100").unwrap();
        router.hot_swap("config", GRAPH).unwrap();
        router.run_for(100);
        assert_eq!(captured(&mut router, "c"), [REQUEST]);
        router.hot_swap("config", GRAPH).unwrap();
        router.run_for(100);
        let replies = format!("{REPLY}5\n{REPLY}5\n{REPLY}6");
        router.write_handler("f.packets", &replies).unwrap();
        router.run_for(100);
        let last = read(&mut router, "p.last");
        assert!(
            last.starts_with(r#"{"outcome": "reply", "sequence": 5, "code": 5"#),
            "{last}"
        );
        assert_eq!(read(&mut router, "p.received"), "1");
        assert_eq!(read(&mut router, "p.drops"), "nsh-oam-unexpected 2\n");
        finish(router);
    }

    #[test]
    fn a_request_that_has_not_left_ends_with_its_graph() {
        let mut router = load(GRAPH);
        router.write_handler("p.send", "10").unwrap();
        router.hot_swap("config", "Idle -> Discard;").unwrap();
        router.run_for(100);
        finish(router);
    }
}
