//! # PortForwardIPMapper(RULE, ..., *keywords* OUTPUT, REPLY)
//!
//! Leads new flows of the rewriters that name it to the hosts its rules say, by protocol and destination
//! port: port forwarding. A flow that no rule is about begins not; its packets are dropped by the
//! rewriter as `no-mapping`.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `RULE` *`PROTOCOL PORT[-PORT] ADDRESS [PORT]`*, any number: PROTOCOL is `tcp` or `udp`. Packets to the
//!   first port, or to one of the range, go to ADDRESS, to the same port or to the last one given, which stands
//!   for the first of a range. No two rules may be about the same port. `none` stands for no rule.
//! - `OUTPUT` *unsigned* (0), `REPLY` *unsigned* (1): the rewriter's outputs for packets of these flows, and for
//!   replies.
//!
//! ## Handlers
//! - `rules` (r): the rules, a line each, with the number of flows they began behind.
//! - `add` (w): adds a rule, in the form of an argument.
//! - `remove` (w, `PROTOCOL PORT`): removes the rule that is about this port. Flows there are go on.
//!
//! ## Example
//! ```click
//! forwards :: PortForwardIPMapper(tcp 8080 10.0.0.2 80, udp 5000-5009 10.0.0.3, OUTPUT 1, REPLY 0);
//! rw :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, forwards);
//! Idle -> CheckIPHeader -> rw;
//! Idle -> CheckIPHeader -> [1]rw;
//! rw[0] -> Discard; rw[1] -> Discard;
//! ```
//!
//! ## See also
//! IPRewriter, WeightedIPMapper

use super::mapper::Mapped;
use super::rewriter::flow::FlowId;
use super::rewriter::timeouts::{TCP, UDP};
use std::fmt;
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Router, Value, argument, downcast, reader,
    writer,
};
use weft_lang::value::Value as _;
use weft_lang::{Names, split_words};

/// Registers PortForwardIPMapper.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[
        argument("RULE", Place::Rest, "protocol, port, address, port", ""),
        argument("OUTPUT", Place::Keyword, "unsigned", "0"),
        argument("REPLY", Place::Keyword, "unsigned", "1"),
    ],
    handlers: &[
        reader!(
            PortForwardIpMapper,
            "rules",
            Value::Lines,
            "",
            "The rules, with the flows they began",
            |m, _, _| Ok(m
                .rules
                .iter()
                .map(|r| format!("{r} [{}]\n", r.flows))
                .collect())
        ),
        writer!(
            PortForwardIpMapper,
            "add",
            Value::Text,
            "",
            "Adds a rule: PROTOCOL PORT[-PORT] ADDRESS [PORT]",
            |m, call, router| {
                let rule = Rule::parse(call.text.trim(), &router.names())?;
                m.add(rule)
            }
        ),
        writer!(
            PortForwardIpMapper,
            "remove",
            Value::Text,
            "",
            "Removes the rule about a port: PROTOCOL PORT",
            |m, call, _| m.remove(call.text.trim())
        ),
    ],
    fuzz: &["tcp 80 10.0.0.2, udp 1-65535 10.0.0.3 1", ""],
    ..Class::agnostic("PortForwardIPMapper", "tcpudp", build)
};

/// What becomes of new flows to some ports.
#[derive(Clone)]
struct Rule {
    protocol: u8,
    first: u16,
    last: u16,
    address: u32,
    port: u16,
    flows: u64,
}

fn protocol(text: &str) -> Result<u8, String> {
    match text {
        "tcp" => Ok(TCP),
        "udp" => Ok(UDP),
        _ => Err(format!("bad protocol '{text}'; allowed: tcp, udp")),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let number = weft_classify::literal::integer(text).and_then(|n| u16::try_from(n).ok());
    number
        .filter(|n| *n != 0)
        .ok_or_else(|| format!("bad port '{text}'; allowed: 1 to 65535"))
}

impl Rule {
    fn parse(text: &str, names: &dyn Names) -> Result<Rule, String> {
        let words = split_words(text);
        let [protocol_name, ports, host, rest @ ..] = words.as_slice() else {
            return Err(format!(
                "'{text}' is no rule; a rule is PROTOCOL PORT[-PORT] ADDRESS [PORT]"
            ));
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let (first, last) = (port(first)?, port(last)?);
        let address = Ipv4Addr::parse(host, names).map_err(|_| format!("bad address '{host}'"))?;
        let to = match rest {
            [] => first,
            [to] => port(to)?,
            [_, more, ..] => return Err(format!("'{more}' is more than a rule has")),
        };
        if last < first || usize::from(to) + usize::from(last - first) > usize::from(u16::MAX) {
            return Err(format!("bad port range '{ports}'"));
        }
        Ok(Rule {
            protocol: protocol(protocol_name)?,
            first,
            last,
            address: address.into(),
            port: to,
            flows: 0,
        })
    }

    fn is_about(&self, protocol: u8, port: u16) -> bool {
        self.protocol == protocol && (self.first..=self.last).contains(&port)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = if self.protocol == TCP { "tcp" } else { "udp" };
        write!(f, "{protocol} {}", self.first)?;
        if self.last != self.first {
            write!(f, "-{}", self.last)?;
        }
        write!(f, " {} {}", Ipv4Addr::from(self.address), self.port)
    }
}

pub(super) struct PortForwardIpMapper {
    rules: Vec<Rule>,
    outputs: [u16; 2],
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let outputs = [args.keyword("OUTPUT", 0), args.keyword("REPLY", 1)];
    let texts = args.rest();
    let mut mapper = PortForwardIpMapper {
        rules: Vec::new(),
        outputs,
    };
    for (number, text) in texts
        .iter()
        .enumerate()
        .filter(|(_, t)| !t.is_empty() && *t != "none")
    {
        let added = Rule::parse(text, configure.names()).and_then(|rule| mapper.add(rule));
        if let Err(problem) = added {
            args.error(format!("rule {number}: {problem}"));
        }
    }
    args.complete()?;
    Ok(Box::new(mapper))
}

impl PortForwardIpMapper {
    /// The rewriter's outputs that its flows use.
    pub(super) fn outputs(&self) -> [u16; 2] {
        self.outputs
    }

    /// What packets of a new flow become.
    pub(super) fn map(&mut self, id: FlowId, protocol: u8) -> Mapped {
        let port = id.destination_port();
        let rule = self.rules.iter_mut().find(|r| r.is_about(protocol, port));
        let Some(rule) = rule else {
            return Mapped::Unwanted;
        };
        rule.flows += 1;
        let to = rule.port + (port - rule.first);
        let rewritten = id.with_destination(rule.address).with_destination_port(to);
        Mapped::To(rewritten, self.outputs)
    }

    fn add(&mut self, rule: Rule) -> Result<(), String> {
        let meets = |other: &&Rule| {
            other.protocol == rule.protocol && other.first <= rule.last && rule.first <= other.last
        };
        match self.rules.iter().find(meets) {
            Some(other) => Err(format!("'{rule}' is about a port that '{other}' is about")),
            None => {
                self.rules.push(rule);
                Ok(())
            }
        }
    }

    fn remove(&mut self, text: &str) -> Result<(), String> {
        let words = split_words(text);
        let [name, number] = words.as_slice() else {
            return Err("needs PROTOCOL PORT".into());
        };
        let (protocol, port) = (protocol(name)?, port(number)?);
        let before = self.rules.len();
        self.rules.retain(|rule| !rule.is_about(protocol, port));
        match self.rules.len() < before {
            true => Ok(()),
            false => Err(format!("no rule is about {name} port {port}")),
        }
    }
}

impl Element for PortForwardIpMapper {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        // It has no ports.
        router.drop_all(batch, "unconnected");
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        let Ok(old) = downcast::<PortForwardIpMapper>(old) else {
            return;
        };
        for rule in &mut self.rules {
            let same = |other: &&Rule| other.to_string() == rule.to_string();
            rule.flows = old.rules.iter().find(same).map_or(0, |other| other.flows);
        }
    }
}
