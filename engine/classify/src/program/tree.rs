//! Decision trees over the fields, for many terms.
//!
//! Terms are first grouped by which fields they leave (nearly) open, since terms that differ in
//! that would be copied into many leaves; each group has a tree. A node splits one field at one
//! value; a leaf lists the terms that are still possible, in order. Lookups take the lowest term
//! over the trees, which are visited in order of their lowest term.

use super::fields::Source;
use super::masks::Masks;
use crate::terms::{Dimension, Term};
use std::collections::BTreeMap;

/// A leaf with so few terms is not split.
const LEAF_TERMS: usize = 8;
/// Groups smaller than this share one tree.
const SMALL_GROUP: usize = 48;
/// A tree may list so many terms in its leaves per term it holds.
const COPIES: usize = 8;
const MAX_DEPTH: usize = 60;
/// Terms looked at to choose a split.
const SAMPLE: usize = 512;
/// A leaf with so many terms gets masks, with so many rows per field.
const BIG_LEAF: usize = 128;
const BIG_LEAF_ROWS: usize = 256;
/// Marks a leaf in [`Node::field`].
const LEAF: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Node {
    field: u32,
    /// First child (the second follows it), or first entry of a leaf.
    next: u32,
    /// Values below go to the first child; or the number of entries of a leaf.
    split: u64,
}

/// An interval a field's value must be in.
#[derive(Clone, Copy)]
struct Check {
    low: u64,
    high: u64,
    field: u32,
}

struct Tree {
    first_term: u32,
    nodes: Vec<Node>,
    entries: Vec<u32>,
    /// The masks of big leaves, by their first entry.
    masks: BTreeMap<u32, Masks>,
}

pub(super) struct Forest {
    trees: Vec<Tree>,
    checks: Vec<Check>,
    /// By term: where its checks begin; one more at the end.
    check_starts: Vec<u32>,
    /// Terms one of whose sets has holes.
    holes: BTreeMap<u32, Term>,
}

impl Forest {
    pub(super) fn new(terms: &[Term], dimensions: &[Dimension]) -> Forest {
        let mut forest = Forest {
            trees: Vec::new(),
            checks: Vec::new(),
            check_starts: vec![0],
            holes: BTreeMap::new(),
        };
        for (number, term) in terms.iter().enumerate() {
            forest.add_checks(number, term);
        }
        forest.trees = groups(terms, dimensions)
            .into_iter()
            .map(|group| Builder::build(group, terms, dimensions))
            .collect();
        forest.trees.sort_by_key(|tree| tree.first_term);
        forest
    }

    fn add_checks(&mut self, number: usize, term: &Term) {
        self.checks.extend(term.sets.iter().map(|(field, set)| {
            let (low, high) = set.hull();
            Check {
                low,
                high,
                field: *field as u32,
            }
        }));
        self.check_starts.push(self.checks.len() as u32);
        if term.sets.iter().any(|(_, set)| set.0.len() > 1) {
            self.holes.insert(number as u32, term.clone());
        }
    }

    /// The first term that matches and that `accepts` takes.
    #[inline]
    pub(super) fn find(
        &self,
        values: &impl Source,
        accepts: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut best = u32::MAX;
        for tree in &self.trees {
            if tree.first_term >= best {
                break;
            }
            let takes =
                |term: u32| term < best && self.matches(term, values) && accepts(term as usize);
            if let Some(term) = tree.find(values, takes) {
                best = term;
            }
        }
        (best != u32::MAX).then_some(best as usize)
    }

    #[inline]
    fn matches(&self, term: u32, values: &impl Source) -> bool {
        let at = term as usize;
        let checks = self.check_starts[at] as usize..self.check_starts[at + 1] as usize;
        self.checks[checks].iter().all(|c| {
            let value = values.value(c.field as usize);
            c.low <= value && value <= c.high
        }) && (self.holes.is_empty()
            || self
                .holes
                .get(&term)
                .is_none_or(|term| term.matches(values)))
    }
}

impl Tree {
    #[inline]
    fn find(&self, values: &impl Source, takes: impl Fn(u32) -> bool) -> Option<u32> {
        let mut node = self.nodes[0];
        while node.field != LEAF {
            let right = values.value(node.field as usize) >= node.split;
            node = self.nodes[node.next as usize + usize::from(right)];
        }
        let first = node.next as usize;
        let terms = &self.entries[first..first + node.split as usize];
        if terms.len() >= BIG_LEAF {
            let masks = self.masks.get(&node.next)?;
            let found = masks.find(values, |at| takes(terms[at]));
            return found.map(|at| terms[at]);
        }
        terms.iter().copied().find(|term| takes(*term))
    }
}

/// The terms by the set of fields they leave open: anything, or more than half of the domain.
fn groups(terms: &[Term], dimensions: &[Dimension]) -> Vec<Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, term) in terms.iter().enumerate() {
        let closed = term.sets.iter().fold(0, |closed, (field, set)| {
            let (low, high) = set.hull();
            let narrow = high - low < dimensions[*field].missing() / 2;
            closed | u32::from(narrow) << field
        });
        groups.entry(closed).or_default().push(number as u32);
    }
    let (small, mut large): (Vec<_>, Vec<_>) = groups
        .into_values()
        .partition(|group| group.len() < SMALL_GROUP);
    let mut rest: Vec<u32> = small.into_iter().flatten().collect();
    rest.sort_unstable();
    if !rest.is_empty() {
        large.push(rest);
    }
    large
}

struct Builder<'a> {
    terms: &'a [Term],
    dimensions: &'a [Dimension],
    tree: Tree,
    /// Entries that may still be written.
    budget: usize,
    /// The region of the node being built.
    region: Vec<(u64, u64)>,
}

struct Split {
    field: usize,
    at: u64,
}

impl<'a> Builder<'a> {
    fn build(group: Vec<u32>, terms: &'a [Term], dimensions: &'a [Dimension]) -> Tree {
        let leaf = Node {
            field: LEAF,
            next: 0,
            split: 0,
        };
        let first_term = group.first().copied().unwrap_or(u32::MAX);
        let mut builder = Builder {
            terms,
            dimensions,
            tree: Tree {
                first_term,
                nodes: vec![leaf],
                entries: Vec::new(),
                masks: BTreeMap::new(),
            },
            budget: group.len() * COPIES,
            region: dimensions.iter().map(|d| (0, d.missing())).collect(),
        };
        builder.node(0, group, 0);
        builder.tree
    }

    /// Builds the node at `at` for `list`; the depth is bounded, so recursion is safe.
    fn node(&mut self, at: usize, mut list: Vec<u32>, depth: usize) {
        self.cut_behind_full_cover(&mut list);
        let split = if list.len() <= LEAF_TERMS || depth == MAX_DEPTH {
            None
        } else {
            self.choose(&list)
        };
        let Some(Split { field, at: value }) = split else {
            return self.leaf(at, list);
        };
        let (low, high) = self.region[field];
        let side = |from: u64, to: u64| -> Vec<u32> {
            let touches = |term: &u32| self.interval(*term, field, from, to).is_some();
            list.iter().copied().filter(touches).collect()
        };
        let (left, right) = (side(low, value - 1), side(value, high));
        let copies = left.len() + right.len() - list.len();
        if copies > self.budget || left.len().max(right.len()) == list.len() && depth > 40 {
            return self.leaf(at, list);
        }
        self.budget -= copies;
        drop(list);
        let next = self.tree.nodes.len();
        let leaf = Node {
            field: LEAF,
            next: 0,
            split: 0,
        };
        self.tree.nodes.extend([leaf, leaf]);
        self.tree.nodes[at] = Node {
            field: field as u32,
            next: next as u32,
            split: value,
        };
        self.region[field] = (low, value - 1);
        self.node(next, left, depth + 1);
        self.region[field] = (value, high);
        self.node(next + 1, right, depth + 1);
        self.region[field] = (low, high);
    }

    fn leaf(&mut self, at: usize, list: Vec<u32>) {
        let next = self.tree.entries.len() as u32;
        self.tree.nodes[at] = Node {
            field: LEAF,
            next,
            split: list.len() as u64,
        };
        if list.len() >= BIG_LEAF {
            let terms: Vec<&Term> = list
                .iter()
                .map(|term| &self.terms[*term as usize])
                .collect();
            let masks = Masks::coarse(&terms, self.dimensions, BIG_LEAF_ROWS);
            self.tree.masks.insert(next, masks);
        }
        self.tree.entries.extend(list);
    }

    /// The hull of the part of a term's set of `field` that lies in `from..=to`.
    fn interval(&self, term: u32, field: usize, from: u64, to: u64) -> Option<(u64, u64)> {
        let term = &self.terms[term as usize];
        let Some((_, set)) = term.sets.iter().find(|(f, _)| *f == field) else {
            return Some((from, to));
        };
        let first = set.0.partition_point(|(_, high)| *high < from);
        let last = set.0.partition_point(|(low, _)| *low <= to);
        if first >= last {
            return None;
        }
        Some((set.0[first].0.max(from), set.0[last - 1].1.min(to)))
    }

    /// Drops what stands behind a term that takes the whole region.
    fn cut_behind_full_cover(&self, list: &mut Vec<u32>) {
        let covering = list.iter().position(|number| {
            let term = &self.terms[*number as usize];
            term.exact
                && term.sets.iter().all(|(field, set)| {
                    let (low, high) = self.region[*field];
                    set.0.iter().any(|(from, to)| *from <= low && high <= *to)
                })
        });
        if let Some(at) = covering {
            list.truncate(at + 1);
        }
    }

    /// The split that leaves the larger side smallest.
    fn choose(&self, list: &[u32]) -> Option<Split> {
        let step = list.len().div_ceil(SAMPLE);
        let sample: Vec<u32> = list.iter().copied().step_by(step).collect();
        let mut best: Option<(usize, Split)> = None;
        for field in 0..self.region.len() {
            let Some((cost, at)) = self.median_split(&sample, field) else {
                continue;
            };
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, Split { field, at }));
            }
        }
        let (cost, split) = best?;
        // A side that keeps nearly everything is no progress.
        (cost < sample.len() * 15 / 8).then_some(split)
    }

    /// The middle one of the boundaries of a field, and what splitting there costs.
    fn median_split(&self, sample: &[u32], field: usize) -> Option<(usize, u64)> {
        let (low, high) = self.region[field];
        let intervals: Vec<(u64, u64)> = sample
            .iter()
            .filter_map(|term| self.interval(*term, field, low, high))
            .collect();
        let mut cuts: Vec<u64> = intervals
            .iter()
            .flat_map(|(from, to)| [*from, to + 1])
            .filter(|cut| low < *cut && *cut <= high)
            .collect();
        if cuts.is_empty() {
            return None;
        }
        let middle = cuts.len() / 2;
        let at = *cuts.select_nth_unstable(middle).1;
        let left = intervals.iter().filter(|(from, _)| *from < at).count();
        let right = intervals.iter().filter(|(_, to)| *to >= at).count();
        Some((left.max(right) * 2 + (left + right - intervals.len()), at))
    }
}
