//! Conditions on the payload: contents, patterns, and where they have to lie.

use memchr::{memchr_iter, memchr2_iter};
use regex::bytes::Regex;

/// Attempts for one rule on one packet, at most: contents that depend on each other may be met in many ways.
const MOST_ATTEMPTS: u32 = 3000;
/// What tells a small letter from a large one.
const CASE: u8 = 0x20;

/// Bytes that have to be there, or must not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub bytes: Vec<u8>,
    pub nocase: bool,
    pub negated: bool,
    /// Where it may begin at the earliest, and in how many bytes from there it has to lie.
    pub offset: Option<u32>,
    pub depth: Option<u32>,
    /// The same, counted from the end of what was matched before.
    pub distance: Option<i32>,
    pub within: Option<u32>,
    /// Whether it has to end the payload.
    pub at_end: bool,
    /// Whether rules are to be chosen by it.
    pub fast: bool,
}

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub regex: Regex,
    pub negated: bool,
    pub relative: bool,
}

/// One condition.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Content(Content),
    Pattern(Pattern),
    /// `isdataat`.
    DataAt {
        at: u32,
        relative: bool,
        negated: bool,
    },
}

impl Content {
    fn is_relative(&self) -> bool {
        self.distance.is_some() || self.within.is_some()
    }

    /// Where it may begin, and where it must have ended.
    fn window(&self, last: usize, length: usize) -> (usize, usize) {
        let (start, within) = if self.is_relative() {
            let distance = self.distance.unwrap_or(0) as isize;
            (last.saturating_add_signed(distance), self.within)
        } else {
            (self.offset.unwrap_or(0) as usize, self.depth)
        };
        let end = within.map_or(length, |bytes| start.saturating_add(bytes as usize));
        (start, end.min(length))
    }

    /// Where it begins next, from `from` on, before `end`.
    fn find(&self, data: &[u8], from: usize, end: usize) -> Option<usize> {
        let count = self.bytes.len();
        let last = end.checked_sub(count)?;
        let from = if self.at_end {
            from.max(data.len().checked_sub(count)?)
        } else {
            from
        };
        let starts = data.get(from..=last)?;
        let first = *self.bytes.first()?;
        let is_there = |at: &usize| self.is_at(data, from + at);
        let found = match self.nocase && first.is_ascii_alphabetic() {
            true => memchr2_iter(first, first ^ CASE, starts).find(is_there),
            false => memchr_iter(first, starts).find(is_there),
        };
        found.map(|at| from + at)
    }

    #[inline]
    fn is_at(&self, data: &[u8], at: usize) -> bool {
        let Some(found) = data.get(at..at + self.bytes.len()) else {
            return false;
        };
        match self.nocase {
            true => found.eq_ignore_ascii_case(&self.bytes),
            false => found == self.bytes,
        }
    }
}

impl Step {
    fn is_relative(&self) -> bool {
        match self {
            Step::Content(content) => content.is_relative(),
            Step::Pattern(pattern) => pattern.relative,
            Step::DataAt { relative, .. } => *relative,
        }
    }

    /// Whether it holds for a payload that is seen in two parts as well.
    pub fn is_floating(&self) -> bool {
        match self {
            Step::Content(c) => c.offset.is_none() && c.depth.is_none() && !c.at_end && !c.negated,
            Step::Pattern(p) => !p.negated,
            Step::DataAt { .. } => false,
        }
    }
}

/// How a search for a rule's steps ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Found,
    NotFound,
    /// It took too many attempts.
    GivenUp,
}

/// Looks for `steps` in `data`. Something of them has to end behind byte `beyond`, unless that is 0.
pub(super) fn search(steps: &[Step], data: &[u8], beyond: usize) -> Outcome {
    let mut search = Search {
        data,
        beyond,
        attempts: 0,
    };
    match search.run(steps, 0, 0) {
        true => Outcome::Found,
        false if search.attempts > MOST_ATTEMPTS => Outcome::GivenUp,
        false => Outcome::NotFound,
    }
}

struct Search<'a> {
    data: &'a [u8],
    beyond: usize,
    attempts: u32,
}

impl Search<'_> {
    /// Whether `steps` are met behind what ended at `last`; `furthest` is the furthest end so far.
    fn run(&mut self, steps: &[Step], last: usize, furthest: usize) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return self.beyond == 0 || furthest > self.beyond;
        };
        match step {
            Step::Content(content) if content.negated => {
                let (start, end) = content.window(last, self.data.len());
                content.find(self.data, start, end).is_none() && self.run(rest, last, furthest)
            }
            Step::Content(content) => self.run_content(content, rest, last, furthest),
            Step::Pattern(pattern) => self.run_pattern(pattern, rest, last, furthest),
            Step::DataAt {
                at,
                relative,
                negated,
            } => {
                let at = *at as usize;
                let is_there = match relative {
                    true => last.saturating_add(at) <= self.data.len(),
                    false => at < self.data.len(),
                };
                is_there != *negated && self.run(rest, last, furthest)
            }
        }
    }

    /// Whether another place for a step could change what follows.
    fn matters(&self, rest: &[Step]) -> bool {
        self.beyond > 0 || rest.iter().any(Step::is_relative)
    }

    fn is_tired(&mut self) -> bool {
        self.attempts += 1;
        self.attempts > MOST_ATTEMPTS
    }

    fn run_content(
        &mut self,
        content: &Content,
        rest: &[Step],
        last: usize,
        furthest: usize,
    ) -> bool {
        let (mut from, end) = content.window(last, self.data.len());
        while let Some(at) = content.find(self.data, from, end) {
            if self.is_tired() {
                return false;
            }
            let ended = at + content.bytes.len();
            if self.run(rest, ended, furthest.max(ended)) {
                return true;
            }
            if !self.matters(rest) {
                return false;
            }
            from = at + 1;
        }
        false
    }

    fn run_pattern(
        &mut self,
        pattern: &Pattern,
        rest: &[Step],
        last: usize,
        furthest: usize,
    ) -> bool {
        let start = if pattern.relative { last } else { 0 };
        let Some(data) = self.data.get(start..) else {
            return pattern.negated && self.run(rest, last, furthest);
        };
        if pattern.negated {
            return !pattern.regex.is_match(data) && self.run(rest, last, furthest);
        }
        for found in pattern.regex.find_iter(data) {
            if self.is_tired() {
                return false;
            }
            let ended = start + found.end();
            if self.run(rest, ended, furthest.max(ended)) {
                return true;
            }
            if !self.matters(rest) {
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(bytes: &str) -> Content {
        Content {
            bytes: bytes.into(),
            ..Content::default()
        }
    }

    fn found(steps: &[Content], data: &str) -> bool {
        let steps: Vec<Step> = steps.iter().cloned().map(Step::Content).collect();
        search(&steps, data.as_bytes(), 0) == Outcome::Found
    }

    #[test]
    fn a_content_lies_where_it_has_to() {
        let inside = |offset, depth| Content {
            offset: Some(offset),
            depth,
            ..content("cd")
        };
        assert!(found(&[inside(2, Some(2))], "abcdef"));
        assert!(!found(&[inside(3, None)], "abcdef"));
        assert!(!found(&[inside(0, Some(3))], "abcdef"));
        assert!(found(
            &[Content {
                at_end: true,
                ..content("ab")
            }],
            "abcab"
        ));
        assert!(!found(
            &[Content {
                at_end: true,
                ..content("ab")
            }],
            "ababc"
        ));
        assert!(found(
            &[Content {
                nocase: true,
                ..content("AbC")
            }],
            "xaBcx"
        ));
        assert!(!found(&[content("abc")], "xaBcx"));
        assert!(found(
            &[Content {
                negated: true,
                ..content("z")
            }],
            "abc"
        ));
        assert!(!found(
            &[Content {
                negated: true,
                ..inside(0, None)
            }],
            "abcd"
        ));
        assert!(!found(&[content("abc")], "ab"));
    }

    #[test]
    fn contents_depend_on_the_one_before() {
        let after = |distance, within| Content {
            distance: Some(distance),
            within,
            ..content("b")
        };
        assert!(found(&[content("a"), after(1, Some(1))], "axb"));
        assert!(!found(&[content("a"), after(2, None)], "axb"));
        assert!(found(
            &[
                content("b"),
                Content {
                    distance: Some(-2),
                    ..content("a")
                }
            ],
            "ab"
        ));
        // The first a does not do, the second does.
        assert!(found(&[content("a"), after(0, Some(1))], "axxab"));
        assert!(!found(&[content("a"), after(0, Some(1))], "axxaxb"));
    }

    #[test]
    fn too_many_ways_are_given_up() {
        let a = Content {
            distance: Some(0),
            ..content("a")
        };
        let never = Content {
            distance: Some(0),
            ..content("z")
        };
        let steps: Vec<Step> = [content("a"), a.clone(), a, never]
            .map(Step::Content)
            .into();
        assert_eq!(search(&steps, &[b'a'; 200], 0), Outcome::GivenUp);
    }

    #[test]
    fn something_has_to_end_beyond() {
        let steps = [Step::Content(content("ab"))];
        assert_eq!(search(&steps, b"abxx", 2), Outcome::NotFound);
        assert_eq!(search(&steps, b"xaby", 2), Outcome::Found);
        assert_eq!(search(&steps, b"abab", 2), Outcome::Found);
    }
}
