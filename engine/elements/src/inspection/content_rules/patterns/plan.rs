//! How patterns are looked for: which of them together, by windows of how many bytes and grams of how
//! many, and where in each the window lies.

use super::commonness::Commonness;
use super::grams::Shape;

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

/// A window, its costs, and its place in a pattern.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    visits: f32,
}

/// The shapes of the tables for these patterns of two bytes and more, the shortest window first. A pattern belongs to the last
/// table of which it has the window's length.
pub(super) fn choose<'a>(
    patterns: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    commonness: &Commonness,
) -> Vec<Shape> {
    let lengths = patterns.clone().map(<[u8]>::len);
    let Some(shortest) = lengths.min().map(class_of) else {
        return Vec::new();
    };
    let visits = Visits::of(patterns, commonness);
    cheapest(&visits, shortest, MOST_TABLES).1
}

/// Where in `pattern` the window of least commonness begins.
pub(super) fn window_in(pattern: &[u8], shape: Shape, commonness: &Commonness) -> usize {
    least_common(pattern, shape, commonness).start
}

fn least_common(pattern: &[u8], shape: Shape, commonness: &Commonness) -> Place {
    let looked_through = &pattern[..pattern.len().min(LOOKED_THROUGH)];
    let costs: Vec<f32> = shape
        .grams(looked_through)
        .map(|gram| commonness.of_gram(shape, gram))
        .collect();
    let windows = costs.windows(shape.step()).map(|grams| grams.iter().sum());
    let places = windows
        .enumerate()
        .map(|(start, visits)| Place { start, visits });
    let first = Place {
        start: 0,
        visits: f32::INFINITY,
    };
    places.fold(first, |best, place| match place.visits < best.visits {
        true => place,
        false => best,
    })
}

/// The longest window of a pattern of `length` bytes.
fn class_of(length: usize) -> usize {
    WINDOWS.partition_point(|window| *window <= length) - 1
}

/// By window, length of grams, and class of patterns: how many places a read finds that have a gram of
/// these patterns.
struct Visits(Vec<[[f32; WINDOWS.len()]; Shape::LONGEST_GRAM]>);

impl Visits {
    fn of<'a>(
        patterns: impl ExactSizeIterator<Item = &'a [u8]>,
        commonness: &Commonness,
    ) -> Visits {
        let apart = patterns.len().div_ceil(ESTIMATED).max(1);
        let mut visits = vec![[[0.0; WINDOWS.len()]; Shape::LONGEST_GRAM]; WINDOWS.len()];
        for pattern in patterns.step_by(apart) {
            let class = class_of(pattern.len());
            for (window, by_gram) in visits.iter_mut().enumerate().take(class + 1) {
                for shape in shapes(window) {
                    let place = least_common(pattern, shape, commonness);
                    by_gram[shape.gram - 1][class] += place.visits * apart as f32;
                }
            }
        }
        Visits(visits)
    }

    /// The best shape for patterns of classes `from..to` by the window of `from`, and its cost for a byte.
    fn best(&self, from: usize, to: usize) -> (f32, Shape) {
        let costs = shapes(from).map(|shape| {
            let visits: f32 = self.0[from][shape.gram - 1][from..to].iter().sum();
            (TABLE + (1.0 + VISIT * visits) / shape.step() as f32, shape)
        });
        costs.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
    }
}

fn shapes(window: usize) -> impl Iterator<Item = Shape> {
    let window = WINDOWS[window];
    (1..=window.min(Shape::LONGEST_GRAM)).map(move |gram| Shape { window, gram })
}

/// The cheapest tables, `most` at most, for the patterns of class `from` and those behind it.
fn cheapest(visits: &Visits, from: usize, most: usize) -> (f32, Vec<Shape>) {
    let (cost, shape) = visits.best(from, WINDOWS.len());
    let mut best = (cost, vec![shape]);
    for to in from + 1..WINDOWS.len() {
        if most < 2 {
            break;
        }
        let (cost, shape) = visits.best(from, to);
        let (others, mut shapes) = cheapest(visits, to, most - 1);
        if cost + others < best.0 {
            shapes.insert(0, shape);
            best = (cost + others, shapes);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(patterns: &[&str]) -> Vec<(usize, usize)> {
        let patterns = patterns.iter().map(|pattern| pattern.as_bytes());
        let shapes = choose(patterns.clone(), &Commonness::of(patterns));
        shapes.iter().map(|s| (s.window, s.gram)).collect()
    }

    #[test]
    fn long_patterns_are_read_in_large_steps() {
        assert_eq!(chosen(&[]), []);
        assert_eq!(chosen(&["${jndi:ldap", "/etc/passwd"]), [(10, 3)]);
        assert_eq!(chosen(&["ab"])[0].0, 2);
    }

    #[test]
    fn a_short_pattern_leaves_long_ones_together() {
        let mixed = |i: u128| format!("{:020x}", (i + 1) * 0x9e37_79b9_7f4a_7c15_f39c);
        let long: Vec<String> = (0..200).map(mixed).collect();
        let mut all: Vec<&str> = long.iter().map(String::as_str).collect();
        all.push("qz");
        let shapes = chosen(&all);
        assert_eq!(shapes.len(), 2, "{shapes:?}");
        assert_eq!((shapes[0].0, shapes[1].0), (2, 20));
    }

    #[test]
    fn the_window_lies_where_payloads_differ() {
        let shape = Shape { window: 6, gram: 4 };
        let commonness = Commonness::of(std::iter::empty());
        let window_in = |pattern: &[u8]| window_in(pattern, shape, &commonness);
        assert_eq!(window_in(b"User-Agent: xqzwvk\r\n"), 12);
        assert_eq!(window_in(b"\0\0\0\0\0\0"), 0);
    }
}
