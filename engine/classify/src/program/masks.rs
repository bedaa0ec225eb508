//! A bit per term: each field's value selects a row of bits, the conjunction of the rows is the
//! set of terms that match, its lowest bit the first of them.

use super::search::Search;
use super::{Judge, Values};
use crate::terms::{Dimension, Term};

enum Index {
    /// A one-byte field: the row of every value, the missing one included.
    Table(Box<[u16; 257]>),
    /// A wider field; the row of the missing value is the last.
    Search(Search),
}

struct Field {
    index: Index,
    rows: Box<[u64]>,
    missing: u64,
    missing_row: usize,
}

pub(super) struct Masks {
    fields: Box<[Field]>,
    words: usize,
    terms: usize,
}

impl Masks {
    pub(super) fn new(terms: &[Term], dimensions: &[Dimension]) -> Masks {
        let words = terms.len().div_ceil(64).next_power_of_two();
        let fields = (0..dimensions.len()).map(|d| field(d, &dimensions[d], terms, words));
        Masks {
            fields: fields.collect(),
            words,
            terms: terms.len(),
        }
    }

    #[inline]
    pub(super) fn find(&self, values: &Values, judge: &Judge<'_, '_>) -> Option<usize> {
        match self.words {
            1 => self.find_in::<1>(values, judge),
            2 => self.find_in::<2>(values, judge),
            4 => self.find_in::<4>(values, judge),
            8 => self.find_in::<8>(values, judge),
            _ => self.find_in_pieces(values, judge),
        }
    }

    #[inline]
    fn find_in<const W: usize>(&self, values: &Values, judge: &Judge<'_, '_>) -> Option<usize> {
        let mut bits = [u64::MAX; W];
        for (field, value) in self.fields.iter().zip(values) {
            let row = field.row(*value);
            let Some(row) = field.rows.get(row * W..row * W + W) else {
                continue;
            };
            for (bits, row) in bits.iter_mut().zip(row) {
                *bits &= row;
            }
        }
        self.first(0, &bits, judge)
    }

    /// Any number of terms, 512 at a time.
    #[cold]
    fn find_in_pieces(&self, values: &Values, judge: &Judge<'_, '_>) -> Option<usize> {
        let rows: Vec<&[u64]> = self
            .fields
            .iter()
            .zip(values)
            .map(|(field, value)| &field.rows[field.row(*value) * self.words..][..self.words])
            .collect();
        (0..self.words / 8).find_map(|piece| {
            let mut bits = [u64::MAX; 8];
            for row in &rows {
                for (bits, row) in bits.iter_mut().zip(&row[piece * 8..]) {
                    *bits &= row;
                }
            }
            self.first(piece * 512, &bits, judge)
        })
    }

    #[inline]
    fn first(&self, base: usize, bits: &[u64], judge: &Judge<'_, '_>) -> Option<usize> {
        for (word, bits) in bits.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let term = base + word * 64 + bits.trailing_zeros() as usize;
                if term >= self.terms {
                    return None;
                }
                if judge.accepts(term) {
                    return Some(term);
                }
                bits &= bits - 1;
            }
        }
        None
    }
}

impl Field {
    #[inline]
    fn row(&self, value: u64) -> usize {
        match &self.index {
            Index::Table(table) => usize::from(table[(value as usize).min(256)]),
            Index::Search(search) if value < self.missing => search.find(value as u32),
            Index::Search(_) => self.missing_row,
        }
    }
}

fn field(number: usize, dimension: &Dimension, terms: &[Term], words: usize) -> Field {
    let missing = dimension.missing();
    let sets: Vec<_> = terms
        .iter()
        .map(|term| {
            term.sets
                .iter()
                .find(|(d, _)| *d == number)
                .map(|(_, set)| set)
        })
        .collect();
    let mut starts: Vec<u64> = sets
        .iter()
        .flatten()
        .flat_map(|set| set.0.iter().flat_map(|(low, high)| [*low, high + 1]))
        .filter(|start| (1..=missing).contains(start))
        .chain([missing])
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let mut rows = vec![0u64; (starts.len() + 1) * words];
    for (term, set) in sets.iter().enumerate() {
        let whole = [(0, missing)];
        for (low, high) in set.map_or(&whole[..], |set| &set.0) {
            let first = starts.partition_point(|start| start <= low);
            let last = starts.partition_point(|start| start <= high);
            for row in first..=last {
                rows[row * words + term / 64] |= 1 << (term % 64);
            }
        }
    }
    let index = if dimension.bytes == 1 {
        let row = |value: usize| starts.partition_point(|s| *s <= value as u64) as u16;
        Index::Table(Box::new(std::array::from_fn(row)))
    } else {
        // The last start is the missing value's, which is not searched for.
        let searched = &starts[..starts.len() - 1];
        Index::Search(Search::new(
            &searched.iter().map(|s| *s as u32).collect::<Vec<_>>(),
        ))
    };
    Field {
        index,
        rows: rows.into(),
        missing,
        missing_row: starts.len(),
    }
}
