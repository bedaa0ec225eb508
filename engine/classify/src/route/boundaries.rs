//! The forwarding structure of a table: for every address the number of its next hop.
//!
//! A root indexed by the upper 16 bits of the address holds a number, or leads to the sorted
//! boundaries of the lower 16 bits: trees of one-cache-line nodes of ten boundaries. A small
//! table has no root; its boundaries are searched whole.

use super::NO_ROUTE;
use crate::program::search::Search;
use crate::program::vector;

/// Marks an entry that is the number of a node; others are numbers of next hops.
const CHILD: u32 = 1 << 31;
const KEYS: usize = 10;
const BIAS: u16 = 1 << 15;

/// Ascending starts of intervals and what holds from each on; the first start is 0.
pub(super) type Intervals<K> = Vec<(K, u32)>;

#[repr(align(64))]
#[derive(Clone, Copy)]
struct Node {
    /// Starts of all entries but the first, biased for signed comparison.
    keys: [i16; KEYS],
    /// One more than keys; those beyond the last used repeat it.
    entries: [u32; KEYS + 1],
}

impl Node {
    #[inline]
    fn entry(&self, low: i16) -> u32 {
        let mut count = 0;
        for key in &self.keys {
            count += i16::from(*key <= low);
        }
        self.entries[(count as usize).min(KEYS)]
    }
}

/// For few routes: all boundaries in one search tree.
pub(super) struct Flat {
    search: Search,
    hops: Box<[u32]>,
}

impl Flat {
    pub(super) fn new(intervals: &Intervals<u32>) -> Flat {
        let starts: Vec<u32> = intervals.iter().skip(1).map(|(start, _)| *start).collect();
        Flat {
            search: Search::new(&starts),
            hops: intervals.iter().map(|(_, hop)| *hop).collect(),
        }
    }

    #[inline]
    pub(super) fn lookup(&self, address: u32) -> u32 {
        self.hops[self.search.find(address)]
    }

    pub(super) fn lookup_batch(&self, addresses: &[u32], hops: &mut [u32]) {
        vector::find_all(&self.search, addresses, hops);
        for hop in hops.iter_mut().take(addresses.len()) {
            *hop = self.hops[*hop as usize];
        }
    }
}

/// For many routes: a root and nodes.
pub(super) struct Rooted {
    root: Box<[u32]>,
    nodes: Vec<Node>,
    free: Vec<u32>,
}

impl Rooted {
    pub(super) fn new() -> Rooted {
        Rooted {
            root: vec![NO_ROUTE; 1 << 16].into(),
            nodes: Vec::new(),
            free: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn lookup(&self, address: u32) -> u32 {
        self.descend(self.root[(address >> 16) as usize], address)
    }

    #[inline]
    fn descend(&self, mut entry: u32, address: u32) -> u32 {
        let low = (address as u16 ^ BIAS) as i16;
        while entry & CHILD != 0 {
            entry = self.nodes[(entry & !CHILD) as usize].entry(low);
        }
        entry
    }

    /// Looks up several addresses: roots first, so that the memory accesses overlap.
    #[inline]
    pub(super) fn lookup_batch(&self, addresses: &[u32], hops: &mut [u32]) {
        for (addresses, hops) in addresses.chunks(32).zip(hops.chunks_mut(32)) {
            for (address, hop) in addresses.iter().zip(hops.iter_mut()) {
                *hop = self.root[(*address >> 16) as usize];
            }
            for (address, hop) in addresses.iter().zip(hops.iter_mut()) {
                *hop = self.descend(*hop, *address);
            }
        }
    }

    /// Sets what holds for the addresses whose upper half is `slot`.
    pub(super) fn set(&mut self, slot: u16, intervals: &Intervals<u16>) {
        let old = self.root[usize::from(slot)];
        self.release(old);
        self.root[usize::from(slot)] = self.tree(intervals);
    }

    fn release(&mut self, entry: u32) {
        let mut pending = vec![entry];
        while let Some(entry) = pending.pop() {
            if entry & CHILD != 0 {
                let number = entry & !CHILD;
                let mut entries = self.nodes[number as usize].entries.to_vec();
                // Repeated entries are one child.
                entries.dedup();
                pending.extend(entries);
                self.free.push(number);
            }
        }
    }

    fn tree(&mut self, intervals: &Intervals<u16>) -> u32 {
        let mut level = intervals.clone();
        while level.len() > 1 {
            level = level
                .chunks(KEYS + 1)
                .map(|chunk| (chunk[0].0, self.node(chunk)))
                .collect();
        }
        level.first().map_or(NO_ROUTE, |(_, entry)| *entry)
    }

    fn node(&mut self, chunk: &[(u16, u32)]) -> u32 {
        if let [(_, entry)] = chunk {
            return *entry;
        }
        let last = chunk.len() - 1;
        let node = Node {
            keys: std::array::from_fn(|i| {
                chunk
                    .get(i + 1)
                    .map_or(i16::MAX, |(start, _)| (start ^ BIAS) as i16)
            }),
            entries: std::array::from_fn(|i| chunk[i.min(last)].1),
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.nodes[number as usize] = node;
                number
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        };
        number | CHILD
    }

    pub(super) fn bytes(&self) -> usize {
        self.root.len() * 4 + self.nodes.capacity() * size_of::<Node>()
    }
}
