//! Patterns: strings of bytes, all looked for at once.
//!
//! Of each pattern a window is chosen, some bytes of it that payloads seldom have, and its grams, four
//! bytes in a row or fewer, are noted. A window of `w` bytes has `w - g + 1` grams of `g` bytes, so a
//! payload is read only once in so many bytes: wherever the window lies in it, one read meets one of its
//! grams. A bitmap tells most of the other reads apart, those of common bytes first of all; what is left is
//! looked up and compared. This is the thought of Wu and Manber (A fast algorithm for multi-pattern
//! searching, 1994), with reads at fixed places, so that eight of them go together.
//!
//! Short windows mean many reads, so patterns are parted by their lengths into up to three tables, each
//! with a window and grams of its own. Few patterns are looked for by one gram each, in all of a payload, by
//! vector instructions that compare many bytes at a time. Which is best is estimated when they are made.
//!
//! A payload that is full of what is looked for would take long: behind some number of comparisons an
//! automaton (Aho and Corasick, 1975) goes on, whose time depends on the payload's length alone.

mod commonness;
mod filter;
mod grams;
mod needles;
mod plan;
mod table;
#[cfg(test)]
mod tests;

pub(super) use commonness::Commonness;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use table::Table;

/// Entries that are looked at for each byte of a payload, and beside these, until the automaton goes on.
const ENTRIES_EACH: usize = 4;
const SPARE_ENTRIES: usize = 256;

/// A string of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pattern {
    pub bytes: Vec<u8>,
    /// Whether ASCII letters are meant in both cases.
    pub nocase: bool,
}

impl Pattern {
    /// These bytes, in both cases or as they are.
    pub fn new(bytes: &[u8], nocase: bool) -> Pattern {
        let bytes = match nocase {
            true => bytes.to_ascii_lowercase(),
            false => bytes.to_vec(),
        };
        Pattern { bytes, nocase }
    }

    #[inline]
    fn is_at(&self, data: &[u8], start: usize) -> bool {
        let Some(found) = data.get(start..start + self.bytes.len()) else {
            return false;
        };
        match self.nocase {
            true => found.eq_ignore_ascii_case(&self.bytes),
            false => found == self.bytes,
        }
    }
}

/// The patterns that a payload has; kept from payload to payload, to be filled anew.
#[derive(Default)]
pub(super) struct Met {
    bits: Vec<u64>,
    /// Their numbers, each once, in no order.
    pub numbers: Vec<u32>,
}

impl Met {
    fn clear(&mut self, patterns: usize) {
        for number in self.numbers.drain(..) {
            self.bits[number as usize / 64] = 0;
        }
        if self.bits.len() * 64 < patterns {
            self.bits.resize(patterns.div_ceil(64), 0);
        }
    }

    #[inline]
    fn has(&self, number: u32) -> bool {
        self.bits[number as usize / 64] >> (number % 64) & 1 != 0
    }

    fn add(&mut self, number: u32) {
        self.bits[number as usize / 64] |= 1 << (number % 64);
        self.numbers.push(number);
    }
}

/// Patterns by number.
pub(super) struct Patterns {
    patterns: Vec<Pattern>,
    /// Those of one byte.
    single: Vec<u32>,
    tables: Vec<Table>,
    automaton: AhoCorasick,
}

impl Patterns {
    /// Arranges patterns, none of them empty; `commonness` says what payloads seldom have.
    ///
    /// # Errors
    /// When there are too many for an automaton.
    pub fn new(patterns: Vec<Pattern>, commonness: &Commonness) -> Result<Patterns, String> {
        let (single, longer): (Vec<_>, Vec<_>) = (0..)
            .zip(&patterns)
            .partition(|(_, pattern)| pattern.bytes.len() == 1);
        let choices = plan::choose(longer.iter().map(|(_, pattern)| *pattern), commonness);
        let tables = choices.iter().enumerate().map(|(index, choice)| {
            let next = choices.get(index + 1);
            let lengths = choice.shortest..next.map_or(usize::MAX, |next| next.shortest);
            let members = longer.iter().copied();
            let members = members.filter(|(_, pattern)| lengths.contains(&pattern.bytes.len()));
            Table::new(*choice, members, commonness)
        });
        let tables = tables.collect();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns.iter().map(|pattern| &pattern.bytes))
            .map_err(|error| error.to_string())?;
        Ok(Patterns {
            single: single.into_iter().map(|(number, _)| number).collect(),
            patterns,
            tables,
            automaton,
        })
    }

    /// Bytes of memory for what they are looked for with.
    pub fn memory(&self) -> usize {
        let tables: usize = self.tables.iter().map(Table::memory).sum();
        tables + self.automaton.memory_usage()
    }

    /// Finds those that `data` has.
    #[inline]
    pub fn find(&self, data: &[u8], met: &mut Met) {
        met.clear(self.patterns.len());
        if !self.single.is_empty() {
            self.find_single(data, met);
        }
        let mut left = most_entries(data);
        for table in &self.tables {
            let mut compare = |number, start| self.compare(number, data, start, met);
            if !table.visit(data, &mut left, &mut compare) {
                return self.find_steadily(data, met);
            }
        }
    }

    /// Finds those of one byte.
    fn find_single(&self, data: &[u8], met: &mut Met) {
        let mut has = [false; 256];
        for byte in data {
            has[usize::from(*byte)] = true;
        }
        for &number in &self.single {
            let Pattern { bytes, nocase } = &self.patterns[number as usize];
            let byte = bytes[0];
            let is_there = has[usize::from(byte)];
            if is_there || *nocase && has[usize::from(byte.to_ascii_uppercase())] {
                met.add(number);
            }
        }
    }

    /// Notes a pattern where it begins at `start`.
    #[inline]
    fn compare(&self, number: u32, data: &[u8], start: usize, met: &mut Met) {
        if !met.has(number) && self.patterns[number as usize].is_at(data, start) {
            met.add(number);
        }
    }

    /// Finds them in a time that depends on the length of `data` alone.
    #[cold]
    fn find_steadily(&self, data: &[u8], met: &mut Met) {
        for found in self.automaton.find_overlapping_iter(data) {
            self.compare(found.pattern().as_u32(), data, found.start(), met);
        }
    }
}

fn most_entries(data: &[u8]) -> usize {
    data.len() * ENTRIES_EACH + SPARE_ENTRIES
}
