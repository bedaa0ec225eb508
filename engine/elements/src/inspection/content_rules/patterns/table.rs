//! The grams of some patterns: which of the patterns have each, and where.

use super::Pattern;
use super::commonness::{Commonness, SAMPLE};
use super::filter::Filter;
use super::grams::Shape;
use super::needles::Needles;
use super::plan::{Choice, window_in};

/// A gram of a pattern.
struct Entry {
    gram: u32,
    /// Another one, to be compared first, and bytes of the pattern before it.
    other: u32,
    other_at: u16,
    /// Bytes of the pattern before the gram.
    before: u16,
    pattern: u32,
}

/// Patterns whose windows are read alike.
pub(super) struct Table {
    shape: Shape,
    /// The shape of the other grams.
    other: Shape,
    /// What finds the grams, where they are few.
    needles: Option<Needles>,
    /// What finds them otherwise.
    filter: Filter,
    /// By the first bits of a gram's place in the filter: where entries of such grams begin.
    starts: Vec<u32>,
    shift: u32,
    entries: Vec<Entry>,
}

impl Table {
    /// A table of these patterns, by their numbers; each is as long as the choice says at least.
    pub fn new<'a>(
        choice: Choice,
        patterns: impl Iterator<Item = (u32, &'a Pattern)>,
        commonness: &Commonness,
    ) -> Table {
        let shape = choice.shape;
        let other = Shape::of_gram(choice.shortest.min(Shape::LONGEST_GRAM));
        let places: Vec<_> = patterns
            .map(|(number, pattern)| (number, pattern, window_in(pattern, shape, commonness)))
            .collect();
        let windows = places.iter().map(|(_, pattern, start)| (*pattern, *start));
        let needles = choice
            .by_needles
            .then(|| Needles::new(shape.gram, windows))
            .flatten();
        let mut entries = Vec::new();
        for (number, pattern, start) in places {
            entries.extend(entries_of(number, pattern, start, [shape, other]));
        }
        let sample = match needles {
            Some(_) => &[],
            None => SAMPLE,
        };
        let filter = Filter::new(shape, entries.iter().map(|entry| entry.gram), sample);
        let buckets = entries.len().next_power_of_two().min(filter.len());
        let shift = filter.len().ilog2() - buckets.ilog2();
        let bucket = |entry: &Entry| filter.place(entry.gram) >> shift;
        entries.sort_by_key(bucket);
        let starts =
            (0..=buckets).map(|number| entries.partition_point(|e| bucket(e) < number) as u32);
        Table {
            shape,
            other,
            needles,
            starts: starts.collect(),
            shift,
            entries,
            filter,
        }
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        let needles = self.needles.as_ref().map_or(0, Needles::memory);
        needles
            + self.filter.len() / 8
            + self.starts.len() * 4
            + self.entries.len() * size_of::<Entry>()
    }

    /// Calls `visit` with each place where the gram of a pattern shows that it may begin, and with its
    /// number, until it gives false, or `left` entries were looked at; whether neither was so.
    #[inline]
    pub fn visit(&self, data: &[u8], left: &mut usize, mut visit: impl FnMut(u32, usize)) -> bool {
        let look = |at: usize| {
            let gram = self.shape.read(&data[at..]);
            let bucket = self.filter.place(gram) >> self.shift;
            let [first, end] = [self.starts[bucket], self.starts[bucket + 1]];
            for entry in &self.entries[first as usize..end as usize] {
                if *left == 0 {
                    return false;
                }
                *left -= 1;
                if entry.gram == gram
                    && let Some(start) = at.checked_sub(entry.before.into())
                    && let Some(rest) = data.get(start + usize::from(entry.other_at)..)
                    && rest.len() >= self.other.gram
                    && self.other.read(rest) == entry.other
                {
                    visit(entry.pattern, start);
                }
            }
            true
        };
        match &self.needles {
            Some(needles) => needles.visit(data, look),
            None => self.filter.visit(data, look),
        }
    }
}

/// The grams of the window of a pattern, with others beside them.
fn entries_of(
    number: u32,
    pattern: &Pattern,
    start: usize,
    [shape, other]: [Shape; 2],
) -> impl Iterator<Item = Entry> {
    let bytes = &pattern.bytes;
    let grams = shape.grams(&bytes[start..start + shape.window]);
    (start..).zip(grams).map(move |(before, gram)| {
        let other_at = beside(before, shape.gram, other.gram, bytes.len());
        Entry {
            gram,
            other: other.read(&bytes[other_at..]),
            other_at: other_at as u16,
            before: before as u16,
            pattern: number,
        }
    })
}

/// Where in a pattern of `length` bytes `count` of them lie beside the `gram` bytes behind `before`, as far
/// as there are so many.
fn beside(before: usize, gram: usize, count: usize, length: usize) -> usize {
    let behind = before + gram;
    match behind + count <= length {
        true => behind,
        false if before >= count => before - count,
        false if before > length - behind => 0,
        false => length - count,
    }
}
