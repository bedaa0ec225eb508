//! The grams of some patterns: which of the patterns have each, and where.

use super::commonness::Commonness;
use super::filter::Filter;
use super::grams::Shape;
use super::plan::window_in;

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
    filter: Filter,
    /// By the first bits of a gram's place in the filter: where entries of such grams begin.
    starts: Vec<u32>,
    shift: u32,
    entries: Vec<Entry>,
}

impl Table {
    /// A table of these patterns, by their numbers; each has the length of the window at least.
    pub fn new<'a>(
        shape: Shape,
        patterns: impl Iterator<Item = (u32, &'a [u8])>,
        commonness: &Commonness,
    ) -> Table {
        let mut entries = Vec::new();
        let other = Shape::of_gram(shape.window.min(Shape::LONGEST_GRAM));
        for (pattern, bytes) in patterns {
            let start = window_in(bytes, shape, commonness);
            let grams = shape.grams(&bytes[start..start + shape.window]);
            entries.extend((start..).zip(grams).map(|(before, gram)| {
                let other_at = beside(before, shape.gram, other.gram, bytes.len());
                Entry {
                    gram,
                    other: other.read(&bytes[other_at..]),
                    other_at: other_at as u16,
                    before: before as u16,
                    pattern,
                }
            }));
        }
        let filter = Filter::new(shape, entries.iter().map(|entry| entry.gram));
        let buckets = entries.len().next_power_of_two().min(filter.len());
        let shift = filter.len().ilog2() - buckets.ilog2();
        let bucket = |entry: &Entry| filter.place(entry.gram) >> shift;
        entries.sort_by_key(bucket);
        let starts =
            (0..=buckets).map(|number| entries.partition_point(|e| bucket(e) < number) as u32);
        Table {
            shape,
            other,
            starts: starts.collect(),
            shift,
            entries,
            filter,
        }
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        self.filter.len() / 8 + self.starts.len() * 4 + self.entries.len() * size_of::<Entry>()
    }

    /// Calls `visit` with each place where the gram of a pattern shows that it may begin, and with its
    /// number, until it gives false, or `left` entries were looked at; whether neither was so.
    #[inline]
    pub fn visit(&self, data: &[u8], left: &mut usize, mut visit: impl FnMut(u32, usize)) -> bool {
        self.filter.visit(data, |at| {
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
        })
    }
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
