//! Sets of field values as sorted, disjoint, inclusive intervals.

use crate::expr::{Leaf, Relation};

/// A set over `0..=limit` of some field; see [`crate::terms::Dimension`] for the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) Vec<(u64, u64)>);

impl Set {
    pub(crate) fn contains(&self, value: u64) -> bool {
        let after = self.0.partition_point(|(low, _)| *low <= value);
        after > 0 && value <= self.0[after - 1].1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest interval that holds the set; the set is not empty.
    pub(crate) fn hull(&self) -> (u64, u64) {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) => (first.0, last.1),
            _ => (1, 0),
        }
    }

    pub(crate) fn intersect(&self, other: &Set) -> Set {
        let (mut i, mut j, mut out) = (0, 0, Vec::new());
        while i < self.0.len() && j < other.0.len() {
            let (a, b) = (self.0[i], other.0[j]);
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                out.push((low, high));
            }
            if a.1 < b.1 { i += 1 } else { j += 1 }
        }
        Set(out)
    }

    /// Whether every value of `other` is in the set. Both may have adjacent intervals.
    pub(crate) fn covers(&self, other: &Set) -> bool {
        other.0.iter().all(|(low, high)| {
            let after = self.0.partition_point(|(from, _)| from <= low);
            after > 0 && *high <= self.0[after - 1].1
        })
    }

    /// What is in `0..=limit` but not in the set.
    pub(crate) fn complement(&self, limit: u64) -> Set {
        let (mut next, mut out) = (0, Vec::new());
        for (low, high) in &self.0 {
            if next < *low {
                out.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= limit {
            out.push((next, limit));
        }
        Set(out)
    }
}

/// The values of `bits` bits that pass `leaf`'s relation under `mask`, where that takes at most
/// `most` intervals. `mask` and `value` are those of the leaf, shifted down to the field.
pub(crate) fn of_relation(
    leaf: &Leaf,
    bits: u32,
    mask: u32,
    value: u32,
    most: usize,
) -> Option<Set> {
    let top = (1u64 << bits) - 1;
    let test = Leaf {
        mask,
        value,
        ..*leaf
    };
    if u64::from(mask) == top {
        return Some(full_mask(test.relation, u64::from(value), top));
    }
    // Below the lowest masked bit nothing changes; above, test block by block.
    let low = mask.trailing_zeros();
    let zeros = (bits - low) - mask.count_ones();
    let contiguous = (mask >> low).leading_zeros() == 32 - mask.count_ones();
    if contiguous && zeros == 0 {
        let (from, to) = (value >> low, (top >> low) as u32);
        let exact = u64::from(from) << low == u64::from(value);
        return Some(prefix_mask(test.relation, from, to, low, exact));
    }
    let equality = matches!(leaf.relation, Relation::Equal | Relation::Differ);
    if bits - low > 16 || equality && zeros < 32 && 1usize << zeros > most {
        return None;
    }
    let mut out: Vec<(u64, u64)> = Vec::new();
    for block in 0..(1u64 << (bits - low)) {
        let first = block << low;
        if !test.passes(first as u32 & mask) {
            continue;
        }
        let last = first + (1 << low) - 1;
        let full = out.len() == most;
        match out.last_mut() {
            Some(previous) if previous.1 + 1 == first => previous.1 = last,
            _ if full => return None,
            _ => out.push((first, last)),
        }
    }
    Some(Set(out))
}

fn full_mask(relation: Relation, value: u64, top: u64) -> Set {
    let equal = if value <= top {
        vec![(value, value)]
    } else {
        Vec::new()
    };
    match relation {
        Relation::Equal => Set(equal),
        Relation::Differ => Set(equal).complement(top),
        Relation::Above if value < top => Set(vec![(value + 1, top)]),
        Relation::Above => Set(Vec::new()),
        Relation::AtMost => Set(vec![(0, value.min(top))]),
    }
}

/// The set for a mask of all but the `low` lowest bits, in terms of the bits above.
fn prefix_mask(relation: Relation, value: u32, top: u32, low: u32, exact: bool) -> Set {
    let set = match (relation, exact) {
        (Relation::Equal, false) => Set(Vec::new()),
        (Relation::Differ, false) => Set(vec![(0, u64::from(top))]),
        _ => full_mask(relation, u64::from(value), u64::from(top)),
    };
    let scaled = set
        .0
        .into_iter()
        .map(|(a, b)| (a << low, ((b + 1) << low) - 1));
    Set(scaled.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Base;

    fn leaf(relation: Relation) -> Leaf {
        Leaf {
            relation,
            ..Leaf::equal(Base::Network, 0, 0, 0)
        }
    }

    #[test]
    fn sets_of_relations_hold_exactly_what_passes() {
        let relations = [
            Relation::Equal,
            Relation::Differ,
            Relation::Above,
            Relation::AtMost,
        ];
        for relation in relations {
            for mask in [0xffu32, 0xf0, 0x0f, 0xa0, 0x81, 0x10, 0x3c] {
                for value in [0u32, 1, 0x10, 0x7f, 0x80, 0xa0, 0xfe, 0xff] {
                    let leaf = Leaf {
                        mask,
                        value,
                        ..leaf(relation)
                    };
                    let set = of_relation(&leaf, 8, mask, value, 256).unwrap();
                    for v in 0..=255u32 {
                        let expected = leaf.passes(v & mask);
                        assert_eq!(set.contains(u64::from(v)), expected, "{leaf:?} {v}");
                    }
                }
            }
        }
    }

    #[test]
    fn complement_and_intersection_partition_the_domain() {
        let set = Set(vec![(0, 3), (7, 7), (9, 255)]);
        let rest = set.complement(256);
        assert_eq!(rest, Set(vec![(4, 6), (8, 8), (256, 256)]));
        assert!(set.intersect(&rest).is_empty());
        assert_eq!(rest.complement(256), set);
        assert!(set.covers(&Set(vec![(1, 2), (200, 210)])) && !set.covers(&rest));
    }
}
