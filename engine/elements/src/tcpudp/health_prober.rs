//! # HealthProber(MAPPER, SRC, *keywords* PROBE, PORT, INTERVAL, RISE, FALL, PORTS, ACTIVE)
//!
//! Asks the targets of a WeightedIPMapper at intervals whether they answer, and marks them as up or down.
//!
//! ## Ports
//! Output 0, push: the probes, IP packets from SRC, their destination address annotation set. Input 0, push: IP
//! packets to SRC, of which the answers to probes are taken. Output 1, push, if there is one: all other packets, which
//! are dropped otherwise (`not-an-answer`).
//!
//! ## Arguments
//! - `MAPPER` *element*: the WeightedIPMapper.
//! - `SRC` *IP address*: source of the probes.
//! - `PROBE` *`tcp`, `ping` or `none`* (`tcp`): with `tcp` a connection is opened, as far as the target's SYN and ACK, and
//!   reset; a target that refuses it has failed at once. With `ping` an echo request is sent. With `none` nothing is.
//! - `PORT` *unsigned* (80): where connections are opened at targets that have no port of their own.
//! - `INTERVAL` *time* (2 seconds): between two probes of a target. One that has not been answered when the next is due
//!   has failed.
//! - `RISE` *unsigned* (2): a target that is down is up after so many answers in a row.
//! - `FALL` *unsigned* (3): a target that is up is down after so many failures in a row.
//! - `PORTS` *`FIRST-LAST`* (61000-65535): source ports of the connections, and identifiers of the echo requests.
//! - `ACTIVE` *boolean* (true): when false, nothing is sent, and targets stay as they are.
//!
//! Targets are up until they have failed. What changes is told in the log.
//!
//! ## Handlers
//! - `status` (r): the targets, a line each: `ADDRESS[:PORT] up|down PASSED FAILED`, with the number of probes that were
//!   answered, and that failed.
//! - `interval`, `rise`, `fall`, `active` (rw): as the arguments.
//!
//! What is known of the targets survives a hot swap.
//!
//! ## Example
//! ```click
//! balance :: WeightedIPMapper(10.0.0.2 3, 10.0.0.3);
//! Idle -> CheckIPHeader -> prober :: HealthProber(balance, 10.0.0.1, PROBE ping) -> Discard;
//! ```
//!
//! ## See also
//! WeightedIPMapper, IPRewriter

mod handlers;
mod health;
mod probe;

use super::weighted_ip_mapper::{Server, WeightedIpMapper};
use crate::ip::header::header_copy;
use health::{Change, Health};
use probe::{Answer, Probe};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, ElementId, IpHeader, Packet, Place, Router, argument,
    downcast,
};
use weft_lang::value::{ElementName, Keyword, Milliseconds, Word};

/// Registers HealthProber.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "h/h",
    flow: "x/y",
    ip_header: IpHeader::Sets,
    arguments: &[
        argument("MAPPER", Place::Mandatory, "element name", ""),
        argument("SRC", Place::Mandatory, "IP address", ""),
        argument("PROBE", Place::Keyword, "tcp, ping or none", "tcp"),
        argument("PORT", Place::Keyword, "unsigned", "80"),
        argument("INTERVAL", Place::Keyword, "time", "2"),
        argument("RISE", Place::Keyword, "unsigned", "2"),
        argument("FALL", Place::Keyword, "unsigned", "3"),
        argument("PORTS", Place::Keyword, "range of ports", "61000-65535"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
    ],
    handlers: handlers::HANDLERS,
    fuzz: &[
        "targets, 10.0.0.9, INTERVAL 1ms",
        "targets, 10.0.0.9, PROBE ping, INTERVAL 1ms, RISE 1, FALL 1",
    ],
    ..Class::agnostic("HealthProber", "tcpudp", build)
};

const NANOSECONDS_PER_MS: u64 = 1_000_000;

/// How targets are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Tcp,
    Ping,
    Nothing,
}

struct HealthProber {
    mapper: ElementId,
    source: u32,
    method: Method,
    /// Where connections are opened at targets without a port.
    port: u16,
    interval_ms: u32,
    rise: u32,
    fall: u32,
    /// Source ports: the first, the last, the next.
    ports: [u16; 3],
    active: bool,
    targets: Vec<Health>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let ElementName(mapper) = args.mandatory("MAPPER");
    let source: Ipv4Addr = args.mandatory("SRC");
    let Keyword(method) = args.keyword("PROBE", Keyword("tcp".into()));
    let port: u16 = args.keyword("PORT", 80);
    let Milliseconds(interval_ms) = args.keyword("INTERVAL", Milliseconds(2000));
    let (rise, fall): (u32, u32) = (args.keyword("RISE", 2), args.keyword("FALL", 3));
    let Word(ports) = args.keyword("PORTS", Word("61000-65535".into()));
    let active = args.keyword("ACTIVE", true);
    let found = configure.element(&mapper);
    let found = found.filter(|id| configure.class_of(*id).name == "WeightedIPMapper");
    if found.is_none() && !args.has_errors() {
        args.argument_error("MAPPER", &format!("no WeightedIPMapper named '{mapper}'"));
    }
    let method = match method.as_str() {
        "tcp" => Some(Method::Tcp),
        "ping" => Some(Method::Ping),
        "none" => Some(Method::Nothing),
        _ => None,
    };
    if method.is_none() {
        args.argument_error("PROBE", "expected 'tcp', 'ping' or 'none'");
    }
    let ports = port_range(&ports);
    if ports.is_none() {
        args.argument_error("PORTS", "expected FIRST-LAST, within 1 to 65535");
    }
    let counts = [
        ("PORT", port.into()),
        ("INTERVAL", interval_ms),
        ("RISE", rise),
        ("FALL", fall),
    ];
    for (name, _) in counts.iter().filter(|(_, count)| *count == 0) {
        args.argument_error(name, "must be at least 1");
    }
    args.complete()?;
    let (Some(mapper), Some(method), Some([first, last])) = (found, method, ports) else {
        return Err(Vec::new());
    };
    Ok(Box::new(HealthProber {
        mapper,
        source: source.into(),
        method,
        port,
        interval_ms,
        rise,
        fall,
        ports: [first, last, first],
        active,
        targets: Vec::new(),
    }))
}

fn port_range(text: &str) -> Option<[u16; 2]> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first > 0 && first <= last).then_some([first, last])
}

impl HealthProber {
    /// Whether there is anything to ask.
    fn is_asking(&self) -> bool {
        self.active && self.method != Method::Nothing
    }

    fn set_timer(&self, after_ms: u32, router: &mut Router) {
        if self.is_asking() {
            let at = router.clock.now() + u64::from(after_ms) * NANOSECONDS_PER_MS;
            router.set_timer(0, at);
        } else {
            router.clear_timer(0);
        }
    }

    /// Has as many targets as the mapper has.
    fn follow_mapper(&mut self, router: &mut Router) {
        let servers = |mapper: &mut WeightedIpMapper, _: &mut Router| mapper.servers().collect();
        let servers: Vec<Server> = router
            .with_element(self.mapper, servers)
            .unwrap_or_default();
        self.targets.retain(|t| servers.contains(&t.server));
        for server in servers {
            if !self.targets.iter().any(|t| t.server == server) {
                self.targets.push(Health::new(server));
            }
        }
    }

    /// Takes an outcome into account, and marks the target when it changes.
    fn note(&mut self, index: usize, passed: bool, router: &mut Router) {
        let target = &mut self.targets[index];
        target.awaited = None;
        let Some(change) = target.note(passed, self.rise, self.fall) else {
            return;
        };
        let (server, is_up) = (target.server, change == Change::Up);
        let what = match change {
            Change::Up => format!("up: it has answered {} times", self.rise),
            Change::Down => format!("down: it has failed {} times", self.fall),
        };
        let line = format!("{}: target {server} is {what}", router.declaration());
        router.console.line(&line);
        router.with_element(self.mapper, |mapper: &mut WeightedIpMapper, _| {
            mapper.mark(server, is_up);
        });
    }

    fn next_port(&mut self) -> u16 {
        let [first, last, next] = self.ports;
        self.ports[2] = if next >= last { first } else { next + 1 };
        next
    }

    fn ask(&mut self, index: usize, router: &mut Router) {
        if self.targets[index].awaited.is_some() {
            self.note(index, false, router);
        }
        let server = self.targets[index].server;
        let probe = Probe {
            target: server.address,
            own: self.next_port(),
            port: match (self.method, server.port) {
                (Method::Ping, _) => 0,
                (_, 0) => self.port,
                (_, port) => port,
            },
            number: router.random.next_u64() as u32,
        };
        let bytes = match self.method {
            Method::Ping => probe.echo(self.source),
            _ => probe.opening(self.source),
        };
        self.targets[index].awaited = Some(probe);
        send(&bytes, probe.target, router);
    }

    /// Takes an answer; whether the packet was one.
    fn take(&mut self, packet: &Packet, router: &mut Router) -> bool {
        let Some((ip, bytes)) = header_copy(packet, &router.pool) else {
            return false;
        };
        if ip.destination() != self.source || ip.is_fragment() {
            return false;
        }
        let (protocol, from) = (ip.protocol(), ip.source());
        let payload = ip.payload_in(bytes);
        let found = self.targets.iter().enumerate().find_map(|(index, target)| {
            let probe = target.awaited.filter(|probe| probe.target == from)?;
            Some((index, probe, probe.answer(protocol, payload)?))
        });
        let Some((index, probe, answer)) = found else {
            return false;
        };
        if let Answer::Opened = answer {
            send(&probe.reset(self.source), probe.target, router);
        }
        self.note(index, !matches!(answer, Answer::Refused), router);
        true
    }
}

fn send(bytes: &[u8], destination: u32, router: &mut Router) {
    let Some(mut packet) = router.pool.copy_in(bytes) else {
        return router.count_reason(weft_core::REASON_NO_BUFFER, 1);
    };
    packet.set_network(0, weft_wire::ipv4::HEADER_LEN);
    packet.set_destination(destination);
    packet.set_timestamp(router.clock.timestamp());
    router.emit(0, packet);
}

impl Element for HealthProber {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.set_timer(0, router);
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let mut packets = std::mem::take(batch);
        for packet in packets.drain(..) {
            match self.take(&packet, router) {
                true => router.pool.free(packet),
                false => router.emit_or_drop(1, packet, "not-an-answer"),
            }
        }
        router.recycle(packets);
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        self.follow_mapper(router);
        for index in 0..self.targets.len() {
            self.ask(index, router);
        }
        self.set_timer(self.interval_ms, router);
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Ok(old) = downcast::<HealthProber>(old) {
            self.targets = std::mem::take(&mut old.targets);
            for target in &mut self.targets {
                target.awaited = None;
            }
        }
    }
}
