//! A table that never grows beyond its capacity: what has not been used for long makes room.

use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::Hash;
use weft_core::Random;

/// Entries looked at to find one that has not been used for long.
const SAMPLE: u64 = 8;

/// Values by key, with the time of their last use.
pub(super) struct BoundedTable<K, V> {
    places: HashMap<K, u32, RandomState>,
    entries: Vec<Entry<K, V>>,
    capacity: usize,
    random: Random,
}

struct Entry<K, V> {
    key: K,
    value: V,
    used: u64,
}

impl<K: Copy + Eq + Hash, V> BoundedTable<K, V> {
    /// An empty table for `capacity` entries, at least one.
    pub fn new(capacity: usize) -> Self {
        BoundedTable {
            places: HashMap::default(),
            entries: Vec::new(),
            capacity: capacity.max(1),
            random: Random::seeded(1),
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The most there may be.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Changes the capacity; what has no room any more goes to `gone`.
    pub fn set_capacity(&mut self, capacity: usize, mut gone: impl FnMut(K, V)) {
        self.capacity = capacity.max(1);
        while self.entries.len() > self.capacity {
            let (key, value) = self.evict();
            gone(key, value);
        }
    }

    /// The entries, with the time of their last use.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V, u64)> {
        self.entries.iter().map(|e| (&e.key, &e.value, e.used))
    }

    /// Changes every value.
    pub fn for_each(&mut self, change: impl FnMut(&mut V)) {
        self.entries
            .iter_mut()
            .map(|e| &mut e.value)
            .for_each(change);
    }

    /// The value of `key`, used at `now`. Where there is none, `make` makes one, and the second value
    /// is what had to go for it.
    #[inline]
    pub fn entry(
        &mut self,
        key: K,
        now: u64,
        make: impl FnOnce() -> V,
    ) -> (&mut V, Option<(K, V)>) {
        if let Some(&place) = self.places.get(&key) {
            let entry = &mut self.entries[place as usize];
            entry.used = now;
            return (&mut entry.value, None);
        }
        let evicted = (self.entries.len() >= self.capacity).then(|| self.evict());
        self.places.insert(key, self.entries.len() as u32);
        self.entries.push(Entry {
            key,
            value: make(),
            used: now,
        });
        let last = self.entries.len() - 1;
        (&mut self.entries[last].value, evicted)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.places.clear();
        self.entries.clear();
    }

    /// Removes the entry that was not used for longest among some.
    fn evict(&mut self) -> (K, V) {
        let count = self.entries.len() as u64;
        let start = self.random.below(count);
        let some = (0..SAMPLE.min(count)).map(|i| ((start + i) % count) as usize);
        let oldest = some.min_by_key(|&at| self.entries[at].used).unwrap_or(0);
        let gone = self.entries.swap_remove(oldest);
        self.places.remove(&gone.key);
        if let Some(moved) = self.entries.get(oldest) {
            self.places.insert(moved.key, oldest as u32);
        }
        (gone.key, gone.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let mut table = BoundedTable::new(3);
        for key in [1, 2, 3] {
            assert!(table.entry(key, key, || key * 10).1.is_none());
        }
        *table.entry(1, 9, || 0).0 += 1;
        assert_eq!(table.entry(4, 10, || 40).1, Some((2, 20)));
        let mut left: Vec<_> = table.iter().map(|(k, v, at)| (*k, *v, at)).collect();
        left.sort_unstable();
        assert_eq!(left, [(1, 11, 9), (3, 30, 3), (4, 40, 10)]);
    }

    #[test]
    fn it_stays_consistent_and_within_its_capacity() {
        let mut table = BoundedTable::new(50);
        let mut random = Random::seeded(3);
        for now in 0..5_000 {
            let key = random.below(200);
            assert_eq!(*table.entry(key, now, || key).0, key);
            assert!(table.len() <= table.capacity());
        }
        let mut gone = 0;
        table.set_capacity(0, |_, _| gone += 1);
        assert_eq!((gone, table.len()), (49, 1));
        table.clear();
        assert_eq!(table.len(), 0);
    }
}
