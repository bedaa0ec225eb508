//! Rules compiled for speed.
//!
//! Three strategies, chosen by the number of terms: testing one term after the other, an interval
//! search per field and the conjunction of bit masks, and decision trees over the fields. All
//! compute what [`crate::expr::evaluate`] computes.

mod linear;
mod masks;
pub(crate) mod search;
mod tree;

use crate::expr::Rule;
use crate::listing;
use crate::packet::{Base, PacketRef};
use crate::terms::{self, Dimension, MAX_DIMENSIONS, Term};
use linear::Linear;
use masks::Masks;
use tree::Forest;

/// What [`Program::classify_batch`] gives for a packet that is dropped.
pub const DROP: u32 = u32::MAX;

/// Up to so many terms are tested one by one.
const LINEAR_TERMS: usize = 4;
/// Up to so many terms are bits of masks.
const MASK_TERMS: usize = 512;

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

/// Compiled rules.
pub struct Program {
    rules: Box<[Rule]>,
    actions: Box<[u32]>,
    fields: Fields,
    verified: Verified,
    engine: Engine,
    is_link: bool,
}

/// The fields a program reads.
struct Fields(Box<[Dimension]>);

/// Field values of one packet.
type Values = [u64; MAX_DIMENSIONS];

impl Fields {
    #[inline]
    fn read(&self, packet: &PacketRef<'_>, values: &mut Values) {
        let transport = packet.transport_bytes();
        for (field, value) in self.0.iter().zip(values.iter_mut()) {
            let bytes = match field.base {
                Base::Link => packet.link,
                Base::Network => packet.network,
                Base::Transport => transport,
            };
            *value = read_field(field, bytes);
        }
    }
}

#[inline]
fn read_field(field: &Dimension, bytes: &[u8]) -> u64 {
    let bytes = bytes.get(field.offset as usize..).unwrap_or(&[]);
    match (field.bytes, bytes) {
        (1, [a, ..]) => u64::from(*a),
        (2, [a, b, ..]) => u64::from(u16::from_be_bytes([*a, *b])),
        (4, [a, b, c, d, ..]) => u64::from(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => field.missing(),
    }
}

/// Tells whether a term that matches by its sets really means its rule.
struct Verified {
    /// By term: the rule.
    rules: Box<[u32]>,
    /// By term: whether the rule must be tested itself; empty if none.
    inexact: Box<[bool]>,
}

impl Verified {
    fn new(terms: &[Term]) -> Verified {
        let any = terms.iter().any(|term| !term.exact);
        Verified {
            rules: terms.iter().map(|term| term.rule).collect(),
            inexact: terms
                .iter()
                .filter(|_| any)
                .map(|term| !term.exact)
                .collect(),
        }
    }
}

/// What a strategy asks about a term whose sets match.
struct Judge<'a, 'p> {
    program: &'a Program,
    packet: &'a PacketRef<'p>,
}

impl Judge<'_, '_> {
    #[inline]
    fn accepts(&self, term: usize) -> bool {
        let verified = &self.program.verified;
        match verified.inexact.get(term) {
            Some(true) => self.rule_matches(term),
            _ => true,
        }
    }

    #[cold]
    fn rule_matches(&self, term: usize) -> bool {
        let rule = self.program.verified.rules[term] as usize;
        self.program.rules[rule].expr.matches(self.packet)
    }
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
        Program {
            actions: rules
                .iter()
                .map(|rule| rule.action.unwrap_or(DROP))
                .collect(),
            rules: rules.into(),
            is_link: dimensions.iter().all(|d| d.base == Base::Link),
            fields: Fields(dimensions.into()),
            verified: Verified::new(&terms),
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
    #[inline]
    pub fn classify(&self, packet: PacketRef<'_>) -> Option<u32> {
        Some(self.action(&packet)).filter(|action| *action != DROP)
    }

    /// The outputs for `out.len()` packets, at most `n`; [`DROP`] drops.
    pub fn classify_batch<'a>(
        &self,
        n: usize,
        get: impl Fn(usize) -> PacketRef<'a>,
        out: &mut [u32],
    ) {
        for (i, out) in out.iter_mut().enumerate().take(n) {
            *out = self.action(&get(i));
        }
    }

    #[inline]
    fn action(&self, packet: &PacketRef<'_>) -> u32 {
        let mut values = [0; MAX_DIMENSIONS];
        self.fields.read(packet, &mut values);
        let judge = Judge {
            program: self,
            packet,
        };
        let term = match &self.engine {
            Engine::Linear(linear) => linear.find(&values, &judge),
            Engine::Masks(masks) => masks.find(&values, &judge),
            Engine::Tree(forest) => forest.find(&values, &judge),
        };
        match term {
            Some(term) => self.actions[self.verified.rules[term] as usize],
            None => DROP,
        }
    }

    /// The rules as a program of word tests, in the form of Click's `program` handler.
    pub fn describe(&self) -> String {
        listing::describe(&self.rules, self.is_link)
    }
}
