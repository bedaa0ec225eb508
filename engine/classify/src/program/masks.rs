//! A bit per term: each field's value selects a row of bits, the conjunction of the rows is the
//! set of terms that match, its lowest bit the first of them.

use super::fields::{BATCH, Columns, Source};
use super::search::Search;
use crate::set::Set;
use crate::terms::{Dimension, MAX_DIMENSIONS, Term};

/// Finds the row for a value. The rows of the missing values are included; that of a four-byte
/// field is the last.
enum Index {
    /// One byte: the row of every value.
    Table(Box<[u16; 257]>),
    /// Two bytes: by the upper byte a page, in it the row by the lower byte.
    Pages(Pages),
    /// Four bytes.
    Search(Search),
}

struct Pages {
    page: Box<[u16; 257]>,
    rows: Box<[[u16; 256]]>,
}

struct Field {
    index: Index,
    rows: Box<[u64]>,
    missing_row: usize,
}

pub(super) struct Masks {
    fields: Box<[Field]>,
    words: usize,
    terms: usize,
}

impl Masks {
    pub(super) fn new(terms: &[Term], dimensions: &[Dimension]) -> Masks {
        Masks::build(&terms.iter().collect::<Vec<_>>(), dimensions, usize::MAX)
    }

    /// Masks of at most `most_rows` rows per field, more or less: terms may be found that do not
    /// match, but none that matches is left out.
    pub(super) fn coarse(terms: &[&Term], dimensions: &[Dimension], most_rows: usize) -> Masks {
        Masks::build(terms, dimensions, most_rows)
    }

    fn build(terms: &[&Term], dimensions: &[Dimension], most_rows: usize) -> Masks {
        let words = terms.len().div_ceil(64).next_power_of_two();
        let field = |d| Field::new(d, &dimensions[d], terms, words, most_rows);
        Masks {
            fields: (0..dimensions.len()).map(field).collect(),
            words,
            terms: terms.len(),
        }
    }

    /// The first term that matches and that `accepts` takes.
    pub(super) fn find(
        &self,
        values: &impl Source,
        accepts: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut rows: [&[u64]; MAX_DIMENSIONS] = [&[]; MAX_DIMENSIONS];
        for (number, (field, row)) in self.fields.iter().zip(&mut rows).enumerate() {
            let start = field.row(values.value(number)) * self.words;
            *row = &field.rows[start..start + self.words];
        }
        let rows = &rows[..self.fields.len()];
        let width = self.words.min(8);
        (0..self.words).step_by(width).find_map(|start| {
            let mut bits = [u64::MAX; 8];
            for row in rows {
                for (bits, row) in bits.iter_mut().zip(&row[start..start + width]) {
                    *bits &= row;
                }
            }
            let words = bits[..width]
                .iter()
                .enumerate()
                .filter(|(_, bits)| **bits != 0);
            words
                .into_iter()
                .find_map(|(word, bits)| self.first(start + word, *bits, &accepts))
        })
    }

    #[inline(always)]
    /// The same for a batch; `found` gets the number of a term, or `u32::MAX`.
    pub(super) fn find_batch(
        &self,
        columns: &Columns,
        accepts: impl Fn(usize, usize) -> bool,
        found: &mut [u32],
    ) {
        match self.words {
            1 => self.find_pieces::<1>(columns, accepts, found),
            2 => self.find_pieces::<2>(columns, accepts, found),
            4 => self.find_pieces::<4>(columns, accepts, found),
            _ => self.find_pieces::<8>(columns, accepts, found),
        }
    }

    #[inline(always)]
    /// `W` words of the masks at a time.
    fn find_pieces<const W: usize>(
        &self,
        columns: &Columns,
        accepts: impl Fn(usize, usize) -> bool,
        found: &mut [u32],
    ) {
        found.fill(u32::MAX);
        for piece in (0..self.words).step_by(W) {
            let mut masks = [[u64::MAX; W]; BATCH];
            for (number, field) in self.fields.iter().enumerate() {
                let values = &columns.field(number)[..found.len()];
                field.narrow(values, self.words, piece, &mut masks[..found.len()]);
            }
            for (packet, (mask, found)) in masks.iter().zip(found.iter_mut()).enumerate() {
                for (word, bits) in mask.iter().enumerate() {
                    if *bits != 0 && *found == u32::MAX {
                        let first = self.first(piece + word, *bits, |term| accepts(packet, term));
                        *found = first.map_or(u32::MAX, |term| term as u32);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn first(&self, word: usize, mut bits: u64, accepts: impl Fn(usize) -> bool) -> Option<usize> {
        while bits != 0 {
            let term = word * 64 + bits.trailing_zeros() as usize;
            // Bits beyond the last term are set where there is no field.
            if term >= self.terms {
                return None;
            }
            if accepts(term) {
                return Some(term);
            }
            bits &= bits - 1;
        }
        None
    }
}

impl Field {
    fn new(
        number: usize,
        dimension: &Dimension,
        terms: &[&Term],
        words: usize,
        most_rows: usize,
    ) -> Field {
        let missing = dimension.missing();
        let sets: Vec<Option<&Set>> = terms
            .iter()
            .map(|term| {
                term.sets
                    .iter()
                    .find(|(d, _)| *d == number)
                    .map(|(_, set)| set)
            })
            .collect();
        let starts = starts(&sets, missing, most_rows);
        let mut rows = vec![0u64; (starts.len() + 1) * words];
        let whole = [(0, missing)];
        for (term, set) in sets.iter().enumerate() {
            for (low, high) in set.map_or(&whole[..], |set| &set.0) {
                let first = starts.partition_point(|start| start <= low);
                let last = starts.partition_point(|start| start <= high);
                for row in first..=last {
                    rows[row * words + term / 64] |= 1 << (term % 64);
                }
            }
        }
        Field {
            index: Index::new(dimension, &starts, most_rows == usize::MAX),
            rows: rows.into(),
            missing_row: starts.len(),
        }
    }

    fn row(&self, value: u64) -> usize {
        match &self.index {
            Index::Table(table) => usize::from(table[value.min(256) as usize]),
            Index::Pages(pages) => pages.row(value.min(1 << 16) as u32),
            Index::Search(search) => match u32::try_from(value) {
                Ok(value) => search.find(value),
                Err(_) => self.missing_row,
            },
        }
    }

    /// Clears in `masks` what the values of this field rule out.
    #[inline(always)]
    fn narrow<const W: usize>(
        &self,
        values: &[u32],
        words: usize,
        piece: usize,
        masks: &mut [[u64; W]],
    ) {
        let mut rows = [0; BATCH];
        match &self.index {
            Index::Table(table) => {
                for (row, value) in rows.iter_mut().zip(values) {
                    *row = u32::from(table[(*value).min(256) as usize]);
                }
            }
            Index::Pages(pages) => {
                for (row, value) in rows.iter_mut().zip(values) {
                    *row = pages.row(*value) as u32;
                }
            }
            Index::Search(search) => search.find_all(values, &mut rows),
        }
        for (mask, row) in masks.iter_mut().zip(rows) {
            let start = row as usize * words + piece;
            let rest = self.rows.get(start..).unwrap_or(&[]);
            if let Some(row) = rest.first_chunk::<W>() {
                *mask = std::array::from_fn(|word| mask[word] & row[word]);
            }
        }
    }
}

/// Where rows begin; the first row begins at 0 and is not among them, the last is that of the
/// missing value.
fn starts(sets: &[Option<&Set>], missing: u64, most: usize) -> Vec<u64> {
    let mut starts: Vec<u64> = sets
        .iter()
        .flatten()
        .flat_map(|set| set.0.iter().flat_map(|(low, high)| [*low, high + 1]))
        .filter(|start| (1..=missing).contains(start))
        .chain([missing])
        .collect();
    starts.sort_unstable();
    starts.dedup();
    if starts.len() > most {
        starts.pop();
        starts = starts
            .iter()
            .copied()
            .step_by(starts.len() / most + 1)
            .collect();
        starts.push(missing);
    }
    starts
}

impl Index {
    fn new(dimension: &Dimension, starts: &[u64], fast: bool) -> Index {
        let row = |value: u64| starts.partition_point(|start| *start <= value);
        match dimension.bytes {
            1 => Index::Table(Box::new(std::array::from_fn(|value| {
                row(value as u64) as u16
            }))),
            2 if fast && starts.len() < usize::from(u16::MAX) => {
                Index::Pages(Pages::new(|value| row(value) as u16))
            }
            _ => {
                let keys: Vec<u32> = starts
                    .iter()
                    .filter_map(|s| u32::try_from(*s).ok())
                    .collect();
                Index::Search(Search::new(&keys))
            }
        }
    }
}

impl Pages {
    fn new(row: impl Fn(u64) -> u16) -> Pages {
        let mut rows: Vec<[u16; 256]> = Vec::new();
        let page = std::array::from_fn(|upper| {
            let page = std::array::from_fn(|lower| row((upper << 8 | lower) as u64));
            let known = rows.iter().position(|known| *known == page);
            known.unwrap_or_else(|| {
                rows.push(page);
                rows.len() - 1
            }) as u16
        });
        Pages {
            page: Box::new(page),
            rows: rows.into(),
        }
    }

    #[inline(always)]
    fn row(&self, value: u32) -> usize {
        let page = self.page[((value >> 8) as usize).min(256)];
        usize::from(self.rows[usize::from(page)][(value & 0xff) as usize])
    }
}
