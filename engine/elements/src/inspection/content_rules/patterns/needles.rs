//! Few grams, all looked for in all of a payload, many bytes at a time.

use super::Pattern;
use aho_corasick::Span;
use aho_corasick::packed::{Config, MatchKind, Searcher};

/// Some grams of one length, each in the cases that it is meant in.
pub(super) struct Needles(Searcher);

impl Needles {
    /// The grams of `length` bytes that begin at these places of patterns; none where they are too many, or
    /// the machine has no instructions for it.
    pub fn new<'a>(
        length: usize,
        places: impl Iterator<Item = (&'a Pattern, usize)>,
    ) -> Option<Needles> {
        let mut needles: Vec<Vec<u8>> = places
            .flat_map(|(pattern, start)| cases(pattern, start, length))
            .collect();
        needles.sort_unstable();
        needles.dedup();
        // Of one length, no two of them begin at one place.
        let mut config = Config::new();
        let mut builder = config.match_kind(MatchKind::LeftmostFirst).builder();
        builder.extend(needles).build().map(Needles)
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        self.0.memory_usage()
    }

    /// Calls `visit` with each place that begins with one of the grams, in order, until it gives false;
    /// whether it did not.
    #[inline]
    pub fn visit(&self, data: &[u8], mut visit: impl FnMut(usize) -> bool) -> bool {
        let mut rest = Span::from(0..data.len());
        while let Some(found) = self.0.find_in(data, rest) {
            if !visit(found.start()) {
                return false;
            }
            rest.start = found.start() + 1;
        }
        true
    }
}

/// In how many cases the `length` bytes at `start` of a pattern are meant.
pub(super) fn count_cases(pattern: &Pattern, start: usize, length: usize) -> usize {
    let gram = &pattern.bytes[start..start + length];
    match pattern.nocase {
        true => 1 << gram.iter().filter(|b| b.is_ascii_alphabetic()).count(),
        false => 1,
    }
}

/// The `length` bytes at `start` of a pattern, in all cases that they are meant in.
fn cases(pattern: &Pattern, start: usize, length: usize) -> Vec<Vec<u8>> {
    let mut found = vec![pattern.bytes[start..start + length].to_vec()];
    for at in (0..length).filter(|_| pattern.nocase) {
        for number in 0..found.len() {
            let byte = found[number][at];
            if byte.is_ascii_alphabetic() {
                let mut other = found[number].clone();
                other[at] = byte.to_ascii_uppercase();
                found.push(other);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gram_is_meant_in_both_cases_of_each_letter() {
        let pattern = Pattern::new(b"<a-B>", true);
        let expected: [&[u8]; 4] = [b"a-b", b"A-b", b"a-B", b"A-B"];
        assert_eq!(cases(&pattern, 1, 3), expected);
        assert_eq!(count_cases(&pattern, 1, 3), 4);
        let exact = Pattern::new(b"<a-B>", false);
        assert_eq!(cases(&exact, 2, 2), [b"-B"]);
        assert_eq!(count_cases(&exact, 2, 2), 1);
    }
}
