//! Finds the interval a value lies in: a static tree with 16 keys per node, whose comparisons
//! compile to vector instructions.

/// Keys of one node, biased so that signed comparison orders them as unsigned.
#[repr(align(64))]
#[derive(Clone)]
struct Node([i32; 16]);

const BIAS: u32 = 1 << 31;

fn bias(key: u32) -> i32 {
    (key ^ BIAS) as i32
}

impl Node {
    #[inline(always)]
    fn count(&self, key: i32) -> usize {
        let mut count = 0;
        for node_key in &self.0 {
            count += i32::from(*node_key <= key);
        }
        count as usize
    }
}

/// The intervals between ascending starts; the first, below all starts, is interval 0.
pub(crate) struct Search {
    nodes: Box<[Node]>,
    /// Where each level begins and how many nodes it has, from the root down.
    levels: Box<[(usize, usize)]>,
    intervals: usize,
}

impl Search {
    pub(crate) fn new(starts: &[u32]) -> Search {
        let mut all = vec![level(starts)];
        let mut keys = starts.to_vec();
        while keys.len() > 16 {
            keys = keys.iter().skip(16).step_by(16).copied().collect();
            all.push(level(&keys));
        }
        let (mut nodes, mut levels) = (Vec::new(), Vec::new());
        for level in all.iter().rev() {
            levels.push((nodes.len(), level.len()));
            nodes.extend_from_slice(level);
        }
        Search {
            nodes: nodes.into(),
            levels: levels.into(),
            intervals: starts.len(),
        }
    }

    /// The number of starts not above `value`.
    #[inline]
    pub(crate) fn find(&self, value: u32) -> usize {
        self.find_in(&self.levels, value)
    }

    #[inline(always)]
    fn find_in(&self, levels: &[(usize, usize)], value: u32) -> usize {
        let key = bias(value);
        let mut at = 0;
        for (start, count) in levels {
            // Only the highest value counts padding and would go beyond.
            let node = at.min(count - 1);
            at = node * 16 + self.nodes[start + node].count(key);
        }
        at.min(self.intervals)
    }

    #[inline(always)]
    /// [`Search::find`] for many values.
    pub(super) fn find_all(&self, values: &[u32], found: &mut [u32]) {
        match &*self.levels {
            [a] => self.find_all_in(&[*a], values, found),
            [a, b] => self.find_all_in(&[*a, *b], values, found),
            [a, b, c] => self.find_all_in(&[*a, *b, *c], values, found),
            levels => self.find_all_in(levels, values, found),
        }
    }

    #[inline(always)]
    fn find_all_in(&self, levels: &[(usize, usize)], values: &[u32], found: &mut [u32]) {
        // A loop, since a closure would not be compiled for the caller's instructions.
        for (value, found) in values.iter().zip(found) {
            *found = self.find_in(levels, *value) as u32;
        }
    }
}

/// At least one node; the last is padded with the highest key, which [`Search::find`] discounts.
fn level(keys: &[u32]) -> Vec<Node> {
    let count = keys.len() / 16 + 1;
    let mut nodes = vec![Node([i32::MAX; 16]); count];
    for (i, key) in keys.iter().enumerate() {
        nodes[i / 16].0[i % 16] = bias(*key);
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_agrees_with_counting() {
        for size in [
            0usize, 1, 15, 16, 17, 31, 32, 33, 255, 256, 271, 272, 273, 4000, 5000,
        ] {
            let step = 0x000f_fff1u32;
            let mut starts: Vec<u32> = (0..size as u32).map(|i| 1 + i.wrapping_mul(step)).collect();
            starts.sort_unstable();
            starts.dedup();
            let search = Search::new(&starts);
            let probes = starts
                .iter()
                .flat_map(|s| [s.wrapping_sub(1), *s, s.wrapping_add(1)]);
            for value in probes.chain([0, 1, BIAS, u32::MAX]) {
                let expected = starts.iter().filter(|start| **start <= value).count();
                assert_eq!(search.find(value), expected, "{size} {value}");
                let mut found = [0];
                search.find_all(&[value], &mut found);
                assert_eq!(found, [expected as u32], "{size} {value}");
            }
        }
    }

    #[test]
    fn the_highest_value_may_be_a_start() {
        let search = Search::new(&[7, u32::MAX]);
        assert_eq!(
            [search.find(6), search.find(7), search.find(u32::MAX)],
            [0, 1, 2]
        );
    }
}
