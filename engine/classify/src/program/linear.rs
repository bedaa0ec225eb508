//! One term after the other: the fastest for few.

use super::{Judge, Values};
use crate::terms::Term;

/// An interval a field's value must be in.
#[derive(Clone, Copy)]
struct Check {
    field: u32,
    low: u64,
    high: u64,
}

pub(super) struct Linear {
    terms: Box<[(Box<[Check]>, Option<Box<Term>>)]>,
}

impl Linear {
    pub(super) fn new(terms: &[Term]) -> Linear {
        Linear {
            terms: terms.iter().map(compile).collect(),
        }
    }

    #[inline]
    pub(super) fn find(&self, values: &Values, judge: &Judge<'_, '_>) -> Option<usize> {
        self.terms
            .iter()
            .enumerate()
            .position(|(number, (checks, sets))| {
                checks
                    .iter()
                    .all(|c| (c.low..=c.high).contains(&values[c.field as usize]))
                    && sets.as_ref().is_none_or(|term| term.matches(values))
                    && judge.accepts(number)
            })
    }
}

/// The hulls of a term's sets, and the term itself where a set has holes.
fn compile(term: &Term) -> (Box<[Check]>, Option<Box<Term>>) {
    let checks = term.sets.iter().map(|(field, set)| {
        let (low, high) = set.hull();
        Check {
            field: *field as u32,
            low,
            high,
        }
    });
    let holes = term.sets.iter().any(|(_, set)| set.0.len() > 1);
    (checks.collect(), holes.then(|| Box::new(term.clone())))
}
