//! How patterns are looked for: which of them together, by windows of how many bytes and grams of how
//! many, or by needles, and where in each the window lies.

use super::Pattern;
use super::commonness::Commonness;
use super::grams::Shape;
use super::needles::count_cases;

/// Windows there are: patterns of so many bytes and more can be looked for by them.
const WINDOWS: [usize; 11] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20];
/// Tables that a payload is looked at with, at most.
const MOST_TABLES: usize = 3;
/// Patterns that costs are estimated by, about: of more, some stand for the others.
const ESTIMATED: usize = 2048;
/// Bytes of a pattern, from its beginning, in which its window lies.
const LOOKED_THROUGH: usize = 64;

/// What it costs to look at a place that has a gram of a pattern, where a read costs 1.
const VISIT: f32 = 16.0;
/// What a table costs by itself, for each byte of a payload of some hundred.
const TABLE: f32 = 0.05;
/// What needles cost for each byte of a payload, and more for each of them.
const NEEDLES: f32 = 0.15;
const NEEDLE: f32 = 0.004;
/// Needles there may be, by their length: of more, too many seem to be there that are not.
const MOST_NEEDLES: [f32; Shape::LONGEST_GRAM] = [0.0, 12.0, 32.0, 64.0];

/// How the patterns of a table are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Bytes of a pattern, at least.
    pub shortest: usize,
    pub shape: Shape,
    /// Whether by needles.
    pub by_needles: bool,
}

/// The tables for these patterns of two bytes and more, those of the shortest first. A pattern belongs to the
/// last table for which it is long enough.
pub(super) fn choose<'a>(
    patterns: impl ExactSizeIterator<Item = &'a Pattern> + Clone,
    commonness: &Commonness,
) -> Vec<Choice> {
    let lengths = patterns.clone().map(|pattern| pattern.bytes.len());
    let Some(shortest) = lengths.min().map(class_of) else {
        return Vec::new();
    };
    let estimates = Estimates::of(patterns, shortest, commonness);
    cheapest(&estimates, shortest, MOST_TABLES).1
}

/// Where in `pattern` the window of least commonness begins.
pub(super) fn window_in(pattern: &Pattern, shape: Shape, commonness: &Commonness) -> usize {
    least_common(pattern, shape, commonness).0
}

/// Where that window begins, and the part of places of a payload that have one of its grams.
fn least_common(pattern: &Pattern, shape: Shape, commonness: &Commonness) -> (usize, f32) {
    let bytes = &pattern.bytes[..pattern.bytes.len().min(LOOKED_THROUGH)];
    let costs: Vec<f32> = shape
        .grams(bytes)
        .map(|gram| commonness.of_gram(shape, gram))
        .collect();
    let windows = costs.windows(shape.step()).map(|grams| grams.iter().sum());
    let least = windows
        .enumerate()
        .min_by(|a, b| f32::total_cmp(&a.1, &b.1));
    least.unwrap_or_default()
}

/// The longest window of a pattern of `length` bytes.
fn class_of(length: usize) -> usize {
    WINDOWS.partition_point(|window| *window <= length) - 1
}

/// By length of grams.
type ByGram<T> = [T; Shape::LONGEST_GRAM];
/// By the longest window of patterns.
type ByClass = [f32; WINDOWS.len()];

/// What patterns of each class cost.
struct Estimates {
    /// By window: how many of the places read have one of their grams.
    visits: Vec<ByGram<ByClass>>,
    /// As needles: how many of all places have one of them, and how many there are.
    visits_of_needles: ByGram<ByClass>,
    needles: ByGram<ByClass>,
}

impl Estimates {
    /// Of patterns of class `shortest` and those behind it.
    fn of<'a>(
        patterns: impl ExactSizeIterator<Item = &'a Pattern>,
        shortest: usize,
        commonness: &Commonness,
    ) -> Estimates {
        let none = [[0.0; WINDOWS.len()]; Shape::LONGEST_GRAM];
        let mut estimates = Estimates {
            visits: vec![none; WINDOWS.len()],
            visits_of_needles: none,
            needles: none,
        };
        let apart = patterns.len().div_ceil(ESTIMATED).max(1);
        for pattern in patterns.step_by(apart) {
            estimates.add(pattern, apart as f32, shortest, commonness);
        }
        estimates
    }

    /// Adds a pattern that stands for so many.
    fn add(&mut self, pattern: &Pattern, count: f32, shortest: usize, commonness: &Commonness) {
        let class = class_of(pattern.bytes.len());
        for window in shortest..=class {
            for shape in shapes(window) {
                let (_, visits) = least_common(pattern, shape, commonness);
                self.visits[window][shape.gram - 1][class] += visits * count;
            }
        }
        for length in 2..=pattern.bytes.len().min(Shape::LONGEST_GRAM) {
            let (start, visits) = least_common(pattern, Shape::of_gram(length), commonness);
            let needles = count_cases(pattern, start, length);
            self.visits_of_needles[length - 1][class] += visits * count;
            self.needles[length - 1][class] += needles as f32 * count;
        }
    }

    /// The best choice for patterns of classes `from..to`, and its cost for a byte.
    fn best(&self, from: usize, to: usize) -> (f32, Choice) {
        let sum = |classes: &ByClass| classes[from..to].iter().sum::<f32>();
        let shortest = WINDOWS[from];
        let costs = shapes(from).map(|shape| {
            let visits = sum(&self.visits[from][shape.gram - 1]);
            let cost = TABLE + (1.0 + VISIT * visits) / shape.step() as f32;
            let choice = Choice {
                shortest,
                shape,
                by_needles: false,
            };
            (cost, choice)
        });
        let length = shortest.min(Shape::LONGEST_GRAM);
        let needles = sum(&self.needles[length - 1]);
        let is_few = needles <= MOST_NEEDLES[length - 1];
        let by_needles = is_few.then(|| {
            let visits = sum(&self.visits_of_needles[length - 1]);
            let cost = TABLE + NEEDLES + NEEDLE * needles + VISIT * visits;
            let choice = Choice {
                shortest,
                shape: Shape::of_gram(length),
                by_needles: true,
            };
            (cost, choice)
        });
        let all = costs.chain(by_needles);
        all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
    }
}

fn shapes(window: usize) -> impl Iterator<Item = Shape> {
    let window = WINDOWS[window];
    (1..=window.min(Shape::LONGEST_GRAM)).map(move |gram| Shape { window, gram })
}

/// The cheapest tables, `most` at most, for the patterns of class `from` and those behind it.
fn cheapest(estimates: &Estimates, from: usize, most: usize) -> (f32, Vec<Choice>) {
    let (cost, choice) = estimates.best(from, WINDOWS.len());
    let mut best = (cost, vec![choice]);
    for to in from + 1..WINDOWS.len() {
        if most < 2 {
            break;
        }
        let (cost, choice) = estimates.best(from, to);
        let (others, mut choices) = cheapest(estimates, to, most - 1);
        if cost + others < best.0 {
            choices.insert(0, choice);
            best = (cost + others, choices);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows, grams, and whether they are needles.
    fn chosen(patterns: &[&str]) -> Vec<(usize, usize, bool)> {
        let texts = patterns.iter().map(|text| text.as_bytes());
        let patterns: Vec<_> = texts
            .clone()
            .map(|text| Pattern::new(text, false))
            .collect();
        let choices = choose(patterns.iter(), &Commonness::of(texts));
        let parts = |choice: &Choice| (choice.shortest, choice.shape.gram, choice.by_needles);
        choices.iter().map(parts).collect()
    }

    /// Twenty bytes that have nothing in common with those of another number.
    fn mixed(number: u128) -> String {
        format!("{:020x}", (number + 1) * 0x9e37_79b9_7f4a_7c15_f39c)
    }

    #[test]
    fn long_patterns_are_read_in_large_steps() {
        assert_eq!(chosen(&[]), []);
        let long: Vec<String> = (0..200).map(mixed).collect();
        let long: Vec<&str> = long.iter().map(|text| &text[..12]).collect();
        assert_eq!(chosen(&long), [(12, 4, false)]);
    }

    #[test]
    fn few_short_patterns_are_needles_beside_long_ones() {
        assert_eq!(chosen(&["/../", "<script"]), [(4, 4, true)]);
        let long: Vec<String> = (0..200).map(mixed).collect();
        let mut all: Vec<&str> = long.iter().map(String::as_str).collect();
        all.push("qz");
        assert_eq!(chosen(&all), [(2, 2, true), (20, 4, false)]);
    }

    #[test]
    fn the_window_lies_where_payloads_differ() {
        let shape = Shape { window: 6, gram: 4 };
        let commonness = Commonness::of(std::iter::empty());
        let window_in = |text: &[u8]| window_in(&Pattern::new(text, false), shape, &commonness);
        assert_eq!(window_in(b"User-Agent: xqzwvk\r\n"), 12);
        assert_eq!(window_in(b"\0\0\0\0\0\0"), 0);
    }
}
