//! # RoundRobinIPMapper(PATTERN_1, ..., PATTERN_N)
//!
//! Gives each new flow of the rewriters that name it the next of its patterns, in turn: a load
//! balancer. A pattern that has no free variant for the flow is passed over.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `PATTERN` *`SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT`*, any number: as in IPRewriter, without the
//!   word `pattern`.
//!
//! ## Example
//! ```click
//! balance :: RoundRobinIPMapper(- - 10.0.0.2 - 0 1, - - 10.0.0.3 - 0 1);
//! rw :: IPRewriter(balance, drop);
//! Idle -> CheckIPHeader -> rw -> Discard;
//! Idle -> CheckIPHeader -> [1]rw;
//! rw[1] -> Discard;
//! ```
//!
//! ## See also
//! IPRewriter, WeightedIPMapper

use super::rewriter::flow::FlowId;
use super::rewriter::input::parse_pattern;
use super::rewriter::pattern::{Pattern, Taken};
use weft_core::{
    Batch, Built, Class, Configure, Element, Place, Random, Router, argument, downcast,
};

/// Registers RoundRobinIPMapper.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[argument(
        "PATTERN",
        Place::Rest,
        "pattern and two outputs",
        "",
    )],
    fuzz: &["- - 10.0.0.2 - 0 0, - - 10.0.0.3 - 0 0"],
    ..Class::agnostic("RoundRobinIPMapper", "ip", build)
};

pub(super) struct RoundRobinIpMapper {
    patterns: Vec<(Pattern, [u16; 2])>,
    next: usize,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let texts = args.rest();
    args.complete()?;
    if texts.is_empty() {
        return Err(vec!["no patterns given".into()]);
    }
    let (mut patterns, mut errors) = (Vec::new(), Vec::new());
    for text in &texts {
        // Which outputs there are is the rewriter's to say.
        match parse_pattern(text, usize::MAX, configure.names()) {
            Ok(pattern) => patterns.push(pattern),
            Err(problem) => errors.push(problem),
        }
    }
    if texts.len() == 1 {
        configure.warn("only one pattern given");
    }
    match errors.is_empty() {
        true => Ok(Box::new(RoundRobinIpMapper { patterns, next: 0 })),
        false => Err(errors),
    }
}

impl RoundRobinIpMapper {
    /// The patterns whose outputs a rewriter with `outputs` outputs does not have.
    pub(super) fn out_of_range(&self, outputs: usize) -> Vec<usize> {
        let beyond = |to: &[u16; 2]| to.iter().any(|o| usize::from(*o) >= outputs);
        (0..self.patterns.len())
            .filter(|i| beyond(&self.patterns[*i].1))
            .collect()
    }

    /// What packets of a new flow become, and the outputs of both directions.
    pub(super) fn map(
        &mut self,
        id: FlowId,
        protocol: u8,
        flows: &dyn Taken,
        random: &mut Random,
    ) -> Option<(FlowId, [u16; 2])> {
        for _ in 0..self.patterns.len() {
            let (pattern, outputs) = &mut self.patterns[self.next];
            self.next += 1;
            let outputs = *outputs;
            let rewritten = pattern.rewrite(id, protocol, flows, random);
            if self.next == self.patterns.len() {
                self.next = 0;
            }
            if let Some(rewritten) = rewritten {
                return Some((rewritten, outputs));
            }
        }
        None
    }
}

impl Element for RoundRobinIpMapper {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        // It has no ports.
        router.drop_all(batch, "unconnected");
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Ok(old) = downcast::<RoundRobinIpMapper>(old) {
            self.next = old.next % self.patterns.len();
            for ((new, _), (old, _)) in self.patterns.iter_mut().zip(&old.patterns) {
                new.follow(old);
            }
        }
    }
}
