//! Rules compiled for speed.
//!
//! Three strategies, chosen by the number of terms: testing one term after the other, an interval
//! search per field and the conjunction of bit masks, and decision trees over the fields. All
//! compute what [`crate::expr::evaluate`] computes.

pub(crate) mod fields;
mod linear;
mod masks;
pub(crate) mod search;
mod tree;
pub(crate) mod vector;

use crate::expr::Rule;
use crate::listing;
use crate::packet::PacketRef;
use crate::terms;
use fields::{BATCH, Columns, Fields, Place};
use linear::Linear;
use masks::Masks;
use std::cell::Cell;
use tree::Forest;

/// What [`Program::classify_batch`] gives for a packet that is dropped.
pub const DROP: u32 = u32::MAX;

/// Up to so many terms are tested one by one.
const LINEAR_TERMS: usize = 4;
/// Up to so many terms are bits of masks.
const MASK_TERMS: usize = 2048;

/// How a program finds the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// One term after the other.
    Linear,
    /// Interval search per field, conjunction of bit masks.
    Masks,
    /// Decision trees.
    Tree,
}

enum Engine {
    Linear(Linear),
    Masks(Masks),
    Tree(Forest),
}

thread_local! {
    /// Columns of the last batch: clearing them anew would cost as much as a few packets.
    static SCRATCH: Cell<Option<Box<Columns>>> = const { Cell::new(None) };
}

/// Compiled rules.
pub struct Program {
    rules: Box<[Rule]>,
    /// By term: the rule.
    term_rules: Box<[u32]>,
    /// By term: the action.
    actions: Box<[u32]>,
    /// By term: whether a match must be verified by the rule itself; empty if none.
    inexact: Box<[bool]>,
    fields: Fields,
    engine: Engine,
}

impl Program {
    /// Compiles `rules` with the strategy that suits their number.
    pub fn compile(rules: &[Rule]) -> Program {
        Program::build(rules, None)
    }

    /// Compiles `rules` with a given strategy, whatever their number.
    pub fn compile_with(rules: &[Rule], strategy: Strategy) -> Program {
        Program::build(rules, Some(strategy))
    }

    fn build(rules: &[Rule], strategy: Option<Strategy>) -> Program {
        let terms::Terms { dimensions, terms } = terms::expand(rules);
        let strategy = strategy.unwrap_or(match terms.len() {
            n if n <= LINEAR_TERMS => Strategy::Linear,
            n if n <= MASK_TERMS => Strategy::Masks,
            _ => Strategy::Tree,
        });
        let engine = match strategy {
            Strategy::Linear => Engine::Linear(Linear::new(&terms)),
            Strategy::Masks => Engine::Masks(Masks::new(&terms, &dimensions)),
            Strategy::Tree => Engine::Tree(Forest::new(&terms, &dimensions)),
        };
        let any_inexact = terms.iter().any(|term| !term.exact);
        let action = |rule: u32| rules[rule as usize].action.unwrap_or(DROP);
        Program {
            rules: rules.into(),
            term_rules: terms.iter().map(|term| term.rule).collect(),
            actions: terms.iter().map(|term| action(term.rule)).collect(),
            inexact: terms
                .iter()
                .filter(|_| any_inexact)
                .map(|term| !term.exact)
                .collect(),
            fields: Fields::new(dimensions),
            engine,
        }
    }

    /// The strategy in use.
    pub fn strategy(&self) -> Strategy {
        match self.engine {
            Engine::Linear(_) => Strategy::Linear,
            Engine::Masks(_) => Strategy::Masks,
            Engine::Tree(_) => Strategy::Tree,
        }
    }

    /// The output for a packet; `None` drops it.
    pub fn classify(&self, packet: PacketRef<'_>) -> Option<u32> {
        Some(self.action(&packet)).filter(|action| *action != DROP)
    }

    fn action(&self, packet: &PacketRef<'_>) -> u32 {
        let row = self.fields.read(packet);
        let accepts = |term: usize| self.accepts(term, packet);
        let term = match &self.engine {
            Engine::Linear(linear) => linear.find(&row, accepts),
            Engine::Masks(masks) => masks.find(&row, accepts),
            Engine::Tree(forest) => forest.find(&row, accepts),
        };
        term.map_or(DROP, |term| self.actions[term])
    }

    /// Whether a term whose sets match a packet means that its rule does.
    #[inline]
    fn accepts(&self, term: usize, packet: &PacketRef<'_>) -> bool {
        self.inexact.is_empty() || !self.inexact[term] || self.rule_matches(term, packet)
    }

    #[cold]
    fn rule_matches(&self, term: usize, packet: &PacketRef<'_>) -> bool {
        self.rules[self.term_rules[term] as usize]
            .expr
            .matches(packet)
    }

    /// The outputs of `n` packets, or as many as `out` has room for; [`DROP`] drops.
    #[inline]
    pub fn classify_batch<'a>(
        &self,
        n: usize,
        get: impl Fn(usize) -> PacketRef<'a>,
        out: &mut [u32],
    ) {
        let n = n.min(out.len());
        let mut columns = SCRATCH.take().unwrap_or_else(|| Box::new(Columns::new()));
        let mut packets = [PacketRef::ip(&[]); BATCH];
        for (chunk, out) in out[..n].chunks_mut(BATCH).enumerate() {
            for (i, packet) in packets[..out.len()].iter_mut().enumerate() {
                *packet = get(chunk * BATCH + i);
            }
            self.classify_chunk(&packets[..out.len()], &mut columns, out);
        }
        SCRATCH.set(Some(columns));
    }

    fn classify_chunk(&self, packets: &[PacketRef<'_>], columns: &mut Columns, out: &mut [u32]) {
        let mut missing = self.fields.read_batch(packets, columns);
        let accepts = |packet: usize, term: usize| self.accepts(term, &packets[packet]);
        let number = |term: Option<usize>| term.map_or(u32::MAX, |term| term as u32);
        match &self.engine {
            Engine::Linear(linear) => {
                for (packet, out) in out.iter_mut().enumerate() {
                    let place = Place { columns, packet };
                    *out = number(linear.find(&place, |term| accepts(packet, term)));
                }
            }
            Engine::Masks(masks) => vector::find_batch(masks, columns, accepts, out),
            Engine::Tree(forest) => {
                for (packet, out) in out.iter_mut().enumerate() {
                    let place = Place { columns, packet };
                    *out = number(forest.find(&place, |term| accepts(packet, term)));
                }
            }
        }
        for out in out.iter_mut() {
            *out = self.actions.get(*out as usize).copied().unwrap_or(DROP);
        }
        while missing != 0 {
            let packet = missing.trailing_zeros() as usize;
            out[packet] = self.action(&packets[packet]);
            missing &= missing - 1;
        }
    }

    /// The rules as a program of word tests, in the form of Click's `program` handler.
    pub fn describe(&self) -> String {
        listing::describe(&self.rules)
    }
}
