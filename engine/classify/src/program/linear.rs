//! One term after the other: the fastest for few.

use super::fields::Source;
use crate::terms::Term;

/// An interval a field's value must be in.
#[derive(Clone, Copy)]
struct Check {
    field: u32,
    low: u64,
    high: u64,
}

/// The hulls of a term's sets, and the term itself where a set has holes.
type Compiled = (Box<[Check]>, Option<Box<Term>>);

pub(super) struct Linear {
    terms: Box<[Compiled]>,
}

impl Linear {
    pub(super) fn new(terms: &[Term]) -> Linear {
        Linear {
            terms: terms.iter().map(compile).collect(),
        }
    }

    /// The first term that matches and that `accepts` takes.
    #[inline]
    pub(super) fn find(
        &self,
        values: &impl Source,
        accepts: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let fits = |c: &Check| (c.low..=c.high).contains(&values.value(c.field as usize));
        self.terms
            .iter()
            .enumerate()
            .position(|(number, (checks, sets))| {
                checks.iter().all(fits)
                    && sets.as_ref().is_none_or(|term| term.matches(values))
                    && accepts(number)
            })
    }
}

fn compile(term: &Term) -> Compiled {
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
