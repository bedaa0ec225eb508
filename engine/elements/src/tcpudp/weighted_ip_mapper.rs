//! # WeightedIPMapper(TARGET, ..., *keywords* SOURCE, AFFINITY, OUTPUT, REPLY)
//!
//! Gives each new flow of the rewriters that name it one of its targets, with a probability in proportion to the
//! targets' weights: a load balancer.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `TARGET` *`ADDRESS[:PORT] [WEIGHT]`*, any number: where flows may go. Without a port that of the packet stays.
//!   The weight, 0 to 65535, is 1 unless given; a target of weight 0 gets no new flows.
//! - `SOURCE` *`SADDR SPORT`* (`- -`): what the source becomes, as in the patterns of IPRewriter. With an address
//!   of its own here the targets answer to whoever runs this, instead of to the client.
//! - `AFFINITY` *`flow` or `source`* (`flow`): whether each flow is given a target by itself, or all flows of one
//!   source address the same target as long as it is there; when one comes or goes, only its share moves.
//! - `OUTPUT` *unsigned* (0), `REPLY` *unsigned* (1): the rewriter's outputs for packets to the targets, and for
//!   replies.
//!
//! A target that is marked as down gets no new flows; flows that have begun go on. HealthProber marks targets.
//!
//! ## Handlers
//! - `targets` (r): the targets, a line each: `ADDRESS[:PORT] WEIGHT up|down FLOWS`, with the number of flows they
//!   were given.
//! - `add` (w, `ADDRESS[:PORT] [WEIGHT]`): adds a target, or changes the weight of one.
//! - `remove` (w, `ADDRESS[:PORT]`): removes a target. Flows that have begun go on.
//! - `up`, `down` (w, `ADDRESS[:PORT]`): marks a target.
//!
//! Marks and numbers of flows survive a hot swap; what was added does not, as the new configuration says all.
//!
//! ## Example
//! ```click
//! balance :: WeightedIPMapper(10.0.0.2 3, 10.0.0.3:8080);
//! rw :: IPRewriter(balance, drop);
//! Idle -> CheckIPHeader -> rw -> Discard;
//! Idle -> CheckIPHeader -> [1]rw;
//! rw[1] -> Discard;
//! ```
//!
//! ## See also
//! IPRewriter, HealthProber, RoundRobinIPMapper

mod handlers;
mod target;

use super::rewriter::flow::FlowId;
use super::rewriter::pattern::{Pattern, Taken};
pub(crate) use target::Server;
use target::Target;
use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Random, Router, argument, downcast,
};
use weft_lang::split_words;
use weft_lang::value::{AnyText, Keyword};

/// Registers WeightedIPMapper.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[
        argument("TARGET", Place::Rest, "address, port and weight", ""),
        argument("SOURCE", Place::Keyword, "address and port", "- -"),
        argument("AFFINITY", Place::Keyword, "flow or source", "flow"),
        argument("OUTPUT", Place::Keyword, "unsigned", "0"),
        argument("REPLY", Place::Keyword, "unsigned", "1"),
    ],
    handlers: handlers::HANDLERS,
    fuzz: &[
        "10.0.0.2 3, 10.0.0.3:80",
        "10.0.0.2, 10.0.0.3, SOURCE 10.0.0.1 1024-2047, AFFINITY source, REPLY 0",
    ],
    ..Class::agnostic("WeightedIPMapper", "tcpudp", build)
};

pub(crate) struct WeightedIpMapper {
    targets: Vec<Target>,
    source: Pattern,
    by_source: bool,
    outputs: [u16; 2],
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let source: AnyText = args.keyword("SOURCE", AnyText("- -".into()));
    let affinity: Keyword = args.keyword("AFFINITY", Keyword("flow".into()));
    let outputs = [args.keyword("OUTPUT", 0), args.keyword("REPLY", 1)];
    let mut targets: Vec<Target> = Vec::new();
    for (number, text) in args
        .rest()
        .iter()
        .enumerate()
        .filter(|(_, t)| !t.is_empty())
    {
        match Target::parse(text, configure.names()) {
            Ok(target) if targets.iter().any(|t| t.server == target.server) => {
                args.error(format!(
                    "target {number}: '{}' is there twice",
                    target.server
                ));
            }
            Ok(target) => targets.push(target),
            Err(problem) => args.error(format!("target {number}: {problem}")),
        }
    }
    if !matches!(affinity.0.as_str(), "flow" | "source") {
        args.argument_error("AFFINITY", "expected 'flow' or 'source'");
    }
    let pattern = source_pattern(&source.0, configure);
    if let Err(problem) = &pattern {
        args.argument_error("SOURCE", problem);
    }
    args.complete()?;
    Ok(Box::new(WeightedIpMapper {
        targets,
        source: pattern.map_err(|problem| vec![problem])?,
        by_source: affinity.0 == "source",
        outputs,
    }))
}

fn source_pattern(text: &str, configure: &Configure<'_>) -> Result<Pattern, String> {
    let words = split_words(text);
    match words.as_slice() {
        [address, port] => {
            let words = [address.clone(), port.clone(), "-".into(), "-".into()];
            Pattern::parse(&words, configure.names())
        }
        _ => Err("expected 'SADDR SPORT'".into()),
    }
}

impl WeightedIpMapper {
    /// The rewriter's outputs that its flows use.
    pub(crate) fn outputs(&self) -> [u16; 2] {
        self.outputs
    }

    /// The targets there are.
    pub(crate) fn servers(&self) -> impl Iterator<Item = Server> {
        self.targets.iter().map(|target| target.server)
    }

    /// Marks a target as up or down.
    pub(crate) fn mark(&mut self, server: Server, is_up: bool) {
        let target = self.targets.iter_mut().find(|t| t.server == server);
        if let Some(target) = target {
            target.is_up = is_up;
        }
    }

    /// What packets of a new flow become, and the outputs of both directions.
    pub(crate) fn map(
        &mut self,
        id: FlowId,
        protocol: u8,
        flows: &dyn Taken,
        random: &mut Random,
    ) -> Option<(FlowId, [u16; 2])> {
        let chosen = match self.by_source {
            true => target::choose_by_source(&self.targets, id.source()),
            false => target::choose(&self.targets, random),
        }?;
        let target = &mut self.targets[chosen];
        let mut wanted = id.with_destination(target.server.address);
        if target.server.port != 0 {
            wanted = wanted.with_destination_port(target.server.port);
        }
        let rewritten = self.source.rewrite(wanted, protocol, flows, random)?;
        target.flows += 1;
        Some((rewritten, self.outputs))
    }
}

impl Element for WeightedIpMapper {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        // It has no ports.
        router.drop_all(batch, "unconnected");
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        let Ok(old) = downcast::<WeightedIpMapper>(old) else {
            return;
        };
        for target in &mut self.targets {
            if let Some(before) = old.targets.iter().find(|t| t.server == target.server) {
                (target.is_up, target.flows) = (before.is_up, before.flows);
            }
        }
        self.source.follow(&old.source);
    }
}
