//! Rules as *terms*: conjunctions of value sets of packet fields ("dimensions").
//!
//! A field that is missing has a value of its own, one past its highest: so a test is a set that
//! leaves it out, and the negation of a test is the set's complement, which takes it in. What no
//! set can say, or what would take too many terms, is widened, and the term marked so that a
//! match is verified against the rule itself.

use crate::expr::{Expr, Leaf, Relation, Rule};
use crate::packet::Base;
use crate::program::fields::Source;
use crate::set::{Set, of_relation};
use std::collections::HashMap;

/// A rule may become this many terms; fewer where there are many rules.
const MAX_TERMS: usize = 64;
/// All rules together should not become more terms than this, or than four per rule.
const MAX_ALL_TERMS: usize = 300_000;
/// Parts of a rule that may be looked at while it is expanded.
const MAX_VISITS: usize = 20_000;
/// Intervals in a set of a 16- or 32-bit field.
const MAX_INTERVALS: usize = 64;
/// Dimensions of a program.
pub(crate) const MAX_DIMENSIONS: usize = 32;

/// A packet field of 1, 2 or 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Dimension {
    pub(crate) base: Base,
    pub(crate) offset: u32,
    pub(crate) bytes: u32,
}

impl Dimension {
    pub(crate) fn bits(&self) -> u32 {
        self.bytes * 8
    }

    /// The value that stands for a missing field, the highest of the domain.
    pub(crate) fn missing(&self) -> u64 {
        1 << self.bits()
    }
}

/// A conjunction: one set for some of the dimensions, in ascending order of dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) sets: Vec<(usize, Set)>,
    /// The rule it stands for.
    pub(crate) rule: u32,
    /// Whether a match of the sets is a match of the rule.
    pub(crate) exact: bool,
}

impl Term {
    pub(crate) fn matches(&self, values: &impl Source) -> bool {
        self.sets
            .iter()
            .all(|(dimension, set)| set.contains(values.value(*dimension)))
    }
}

/// All terms of a list of rules, in order of rule, and their dimensions.
pub(crate) struct Terms {
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) terms: Vec<Term>,
}

/// Some terms, any of which may hold; each a list of sets.
type Sum = Vec<Vec<(usize, Set)>>;

#[derive(Default)]
struct Expander {
    dimensions: Vec<Dimension>,
    numbers: HashMap<Dimension, usize>,
    exact: bool,
    visits: usize,
    /// Terms a rule may become.
    most: usize,
}

pub(crate) fn expand(rules: &[Rule]) -> Terms {
    let mut expander = Expander {
        most: (MAX_ALL_TERMS / rules.len().max(1)).clamp(4, MAX_TERMS),
        ..Expander::default()
    };
    let mut terms = Vec::with_capacity(rules.len());
    for (rule, Rule { expr, .. }) in rules.iter().enumerate() {
        (expander.exact, expander.visits) = (true, 0);
        let sum = expander.sum(expr, false);
        let exact = expander.exact;
        terms.extend(sum.into_iter().map(|sets| Term {
            sets,
            rule: rule as u32,
            exact,
        }));
    }
    Terms {
        dimensions: expander.dimensions,
        terms,
    }
}

/// The sum that is always true.
fn everything() -> Sum {
    vec![Vec::new()]
}

impl Expander {
    fn inexact(&mut self) -> Sum {
        self.exact = false;
        everything()
    }

    fn sum(&mut self, expr: &Expr, negated: bool) -> Sum {
        self.visits += 1;
        if self.visits > MAX_VISITS {
            return self.inexact();
        }
        match expr {
            Expr::Always(value) if *value == negated => Vec::new(),
            Expr::Always(_) => everything(),
            Expr::Leaf(leaf) => self.leaf(leaf, negated),
            Expr::Not(inner) => self.sum(inner, !negated),
            Expr::And(parts) if !negated => self.product_of(parts, negated),
            Expr::Or(parts) if negated => self.product_of(parts, negated),
            Expr::And(parts) | Expr::Or(parts) => self.union_of(parts, negated),
            Expr::Choose(parts) => {
                let [condition, yes, no] = &**parts;
                let chosen = self.both(condition, false, yes, negated);
                let other = self.both(condition, true, no, negated);
                self.union(chosen, other)
            }
        }
    }

    fn both(&mut self, a: &Expr, negate_a: bool, b: &Expr, negate_b: bool) -> Sum {
        let a = self.sum(a, negate_a);
        if a.is_empty() {
            return a;
        }
        let b = self.sum(b, negate_b);
        self.product(a, b)
    }

    fn product_of(&mut self, parts: &[Expr], negated: bool) -> Sum {
        let mut out = everything();
        for part in parts {
            let part = self.sum(part, negated);
            out = self.product(out, part);
            if out.is_empty() {
                break;
            }
        }
        out
    }

    fn union_of(&mut self, parts: &[Expr], negated: bool) -> Sum {
        let mut out = Vec::new();
        for part in parts {
            let part = self.sum(part, negated);
            out = self.union(out, part);
        }
        out
    }

    fn union(&mut self, mut a: Sum, b: Sum) -> Sum {
        if a.iter().any(Vec::is_empty) {
            return a;
        }
        for term in b {
            let joined = a
                .last()
                .and_then(|last| join(last, &term, &self.dimensions));
            match (joined, a.last_mut()) {
                (Some(joined), Some(last)) => *last = joined,
                _ => a.push(term),
            }
        }
        if a.len() > self.most {
            self.inexact()
        } else {
            a
        }
    }

    fn product(&mut self, a: Sum, b: Sum) -> Sum {
        if a.len() * b.len() > self.most {
            self.exact = false;
            return if self.share(&a) < self.share(&b) {
                a
            } else {
                b
            };
        }
        let mut out = Vec::with_capacity(a.len() * b.len());
        for x in &a {
            out.extend(b.iter().filter_map(|y| conjunction(x, y)));
        }
        out
    }

    /// About which share of all packets matches a sum, were their fields evenly spread.
    fn share(&self, sum: &Sum) -> f64 {
        let share = |(field, set): &(usize, Set)| {
            let values: u64 = set.0.iter().map(|(low, high)| high - low + 1).sum();
            values as f64 / self.dimensions[*field].missing() as f64
        };
        sum.iter()
            .map(|term| term.iter().map(share).product::<f64>())
            .sum()
    }

    fn number(&mut self, dimension: Dimension) -> Option<usize> {
        if let Some(number) = self.numbers.get(&dimension) {
            return Some(*number);
        }
        if self.dimensions.len() == MAX_DIMENSIONS {
            return None;
        }
        self.numbers.insert(dimension, self.dimensions.len());
        self.dimensions.push(dimension);
        Some(self.dimensions.len() - 1)
    }

    fn leaf(&mut self, leaf: &Leaf, negated: bool) -> Sum {
        if leaf.mask == 0 {
            return if leaf.passes(0) != negated {
                everything()
            } else {
                Vec::new()
            };
        }
        if leaf.value & !leaf.mask != 0
            && matches!(leaf.relation, Relation::Equal | Relation::Differ)
        {
            return self.inexact();
        }
        let first = leaf.mask.leading_zeros() / 8;
        let last = 3 - leaf.mask.trailing_zeros() / 8;
        let address = leaf.is_address();
        let bytes = last - first + 1;
        let fits = if address {
            self.set(leaf, negated, 0, 4)
        } else if bytes <= 2 {
            self.set(leaf, negated, first, bytes)
        } else {
            None
        };
        if let Some(sum) = fits {
            return sum;
        }
        match leaf.relation {
            Relation::Equal | Relation::Differ if bytes > 1 => {
                self.halves(leaf, negated, first, bytes)
            }
            _ => self.inexact(),
        }
    }

    /// The leaf as one set of the `bytes` bytes from byte `first` of its word.
    fn set(&mut self, leaf: &Leaf, negated: bool, first: u32, bytes: u32) -> Option<Sum> {
        let shift = 32 - 8 * (first + bytes);
        let most = if bytes == 1 { 256 } else { MAX_INTERVALS };
        let set = of_relation(
            leaf,
            bytes * 8,
            leaf.mask >> shift,
            leaf.value >> shift,
            most,
        )?;
        let dimension = Dimension {
            base: leaf.base,
            offset: leaf.offset + first,
            bytes,
        };
        let number = self.number(dimension)?;
        let set = if negated {
            set.complement(dimension.missing())
        } else {
            set
        };
        if set.is_empty() {
            return Some(Vec::new());
        }
        Some(vec![vec![(number, set)]])
    }

    /// An equality over several bytes as equalities over its halves; exact, since the second half
    /// is there only if the first is.
    fn halves(&mut self, leaf: &Leaf, negated: bool, first: u32, bytes: u32) -> Sum {
        let middle = if bytes > 2 { 2 } else { first + 1 };
        let high_mask = u32::MAX << (32 - 8 * middle);
        let part = |mask: u32, relation| Leaf {
            mask: leaf.mask & mask,
            value: leaf.value & mask,
            relation,
            ..*leaf
        };
        let equal = Expr::And(vec![
            Expr::Leaf(part(high_mask, Relation::Equal)),
            Expr::Leaf(part(!high_mask, Relation::Equal)),
        ]);
        if leaf.relation == Relation::Equal {
            return self.sum(&equal, negated);
        }
        // Differing also needs the last byte to be there: low half at most its mask.
        let there = Leaf {
            value: u32::MAX,
            ..part(!high_mask, Relation::AtMost)
        };
        let differ = Expr::And(vec![Expr::Leaf(there), equal.negate()]);
        self.sum(&differ, negated)
    }
}

/// The sets of a conjunction, or `None` where some set is empty.
fn conjunction(a: &[(usize, Set)], b: &[(usize, Set)]) -> Option<Vec<(usize, Set)>> {
    let (mut i, mut j, mut out) = (0, 0, Vec::with_capacity(a.len() + b.len()));
    while i < a.len() || j < b.len() {
        let x = a.get(i).map_or(usize::MAX, |s| s.0);
        let y = b.get(j).map_or(usize::MAX, |s| s.0);
        if x == y {
            let set = a[i].1.intersect(&b[j].1);
            if set.is_empty() {
                return None;
            }
            out.push((x, set));
        } else {
            out.push(if x < y { a[i].clone() } else { b[j].clone() });
        }
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    Some(out)
}

/// The union of two conjunctions that differ in one dimension only, as one conjunction.
fn join(
    a: &[(usize, Set)],
    b: &[(usize, Set)],
    dimensions: &[Dimension],
) -> Option<Vec<(usize, Set)>> {
    if a.len() != b.len() || a.iter().zip(b).any(|(x, y)| x.0 != y.0) {
        return None;
    }
    let mut differing = (0..a.len()).filter(|i| a[*i].1 != b[*i].1);
    let (Some(at), None) = (differing.next(), differing.next()) else {
        return None;
    };
    let limit = dimensions[a[at].0].missing();
    let neither = a[at]
        .1
        .complement(limit)
        .intersect(&b[at].1.complement(limit));
    let joined = neither.complement(limit);
    if joined.0.len() > 256 {
        return None;
    }
    let mut out = a.to_vec();
    out[at].1 = joined;
    Some(out)
}
