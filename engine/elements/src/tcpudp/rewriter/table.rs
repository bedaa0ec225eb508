//! The table of flows: found by the identifier of either direction.
//!
//! An open-addressing hash of 4-byte buckets beside the flows themselves, so that a lookup touches
//! one line of each. A bucket's lower bits, as many as it takes to count buckets, hold the flow's
//! number and direction, plus 1; those above hold the same bits of the hash. 0 is free.

use super::flow::{Direction, Flow, FlowId};

/// Flows a table can hold, whatever its capacity.
pub(crate) const MAX_FLOWS: usize = 1 << 26;
const FEWEST_BUCKETS: usize = 64;

/// Where a flow was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Number of the flow.
    pub flow: u32,
    /// The direction that has the identifier looked for.
    pub direction: Direction,
}

/// All flows.
pub(crate) struct Table {
    buckets: Vec<u32>,
    flows: Vec<Flow>,
    free: Vec<u32>,
    seeds: [u64; 3],
    removals: u64,
}

impl Table {
    /// An empty table; `seed` keeps outsiders from choosing identifiers that collide.
    pub(crate) fn new(seed: u64) -> Self {
        let odd = |salt: u64| {
            (seed ^ salt)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29)
                | 1
        };
        Table {
            buckets: vec![0; FEWEST_BUCKETS],
            flows: Vec::new(),
            free: Vec::new(),
            seeds: [
                odd(0x2d35_8dcc_aa6c_78a5),
                odd(0x8bb8_4b93_962e_acc9),
                odd(0x4b33_a62e_d433_d4a3),
            ],
            removals: 0,
        }
    }

    /// Number of flows.
    pub(crate) fn len(&self) -> usize {
        self.flows.len() - self.free.len()
    }

    /// Changes whenever a flow was removed.
    pub(crate) fn removals(&self) -> u64 {
        self.removals
    }

    /// The flows, with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Flow)> {
        (0..).zip(&self.flows).filter(|(_, f)| f.protocol != 0)
    }

    /// Flow number `flow`, which may be a free record.
    #[inline]
    pub(crate) fn flow(&self, flow: u32) -> &Flow {
        &self.flows[flow as usize]
    }

    #[inline]
    pub(crate) fn flow_mut(&mut self, flow: u32) -> &mut Flow {
        &mut self.flows[flow as usize]
    }

    /// The hash of an identifier.
    #[inline]
    pub(crate) fn hash(&self, id: FlowId, protocol: u8) -> u32 {
        let [a, b, c] = self.seeds;
        let ports = u64::from(id.ports) | u64::from(protocol) << 32;
        let mixed = multiply(id.addresses ^ a, ports ^ b);
        multiply(mixed ^ c, b) as u32
    }

    /// Reads the memory that finding identifiers with these hashes will need. Loads that wait for
    /// nothing else overlap, which those of one search after the other do not.
    pub(crate) fn touch(&self, hashes: impl Iterator<Item = u32>, candidates: &mut Vec<u32>) {
        let mask = self.mask();
        candidates.clear();
        candidates.extend(hashes.map(|hash| self.buckets[(hash & mask) as usize]));
        let flows = candidates.iter().filter(|bucket| **bucket != 0);
        let read = flows.map(|bucket| self.flow(place_of(bucket & mask).flow).protocol);
        std::hint::black_box(read.fold(0, |all, one| all | one));
    }

    /// Where the flow with this identifier, whose hash is `hash`, is.
    #[inline]
    pub(crate) fn find(&self, id: FlowId, protocol: u8, hash: u32) -> Option<Place> {
        let mask = self.mask();
        let mut at = hash & mask;
        // At most half of the buckets are taken: the search meets a free one.
        loop {
            let bucket = self.buckets[at as usize];
            if bucket == 0 {
                return None;
            }
            if (bucket ^ hash) & !mask == 0 {
                let place = place_of(bucket & mask);
                let flow = &self.flows[place.flow as usize];
                if flow.ids[place.direction as usize] == id && flow.protocol == protocol {
                    return Some(place);
                }
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn mask(&self) -> u32 {
        (self.buckets.len() - 1) as u32
    }

    /// Where the flow with this identifier is.
    pub(crate) fn lookup(&self, id: FlowId, protocol: u8) -> Option<Place> {
        self.find(id, protocol, self.hash(id, protocol))
    }

    /// Adds a flow neither of whose identifiers is in the table. `None` when the table is full.
    pub(crate) fn insert(&mut self, flow: Flow) -> Option<u32> {
        if self.len() >= MAX_FLOWS {
            return None;
        }
        if (self.len() + 1) * 4 > self.buckets.len() {
            self.resize(self.buckets.len() * 2);
        }
        let number = match self.free.pop() {
            Some(number) => {
                self.flows[number as usize] = flow;
                number
            }
            None => {
                self.flows.push(flow);
                (self.flows.len() - 1) as u32
            }
        };
        self.link(number);
        Some(number)
    }

    /// Removes flow number `number`, and gives it back.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Flow> {
        let flow = self.flows.get(number as usize)?.clone();
        if flow.protocol == 0 {
            return None;
        }
        for direction in [Direction::Forward, Direction::Reply] {
            self.unlink(Place {
                flow: number,
                direction,
            });
        }
        self.flows[number as usize].protocol = 0;
        self.free.push(number);
        self.removals += 1;
        Some(flow)
    }

    /// Enters both directions; a flow that is its own reply has one entry.
    fn link(&mut self, number: u32) {
        let ids = self.flows[number as usize].ids;
        self.enter(number, Direction::Forward);
        if ids[1] != ids[0] {
            self.enter(number, Direction::Reply);
        }
    }

    fn enter(&mut self, flow: u32, direction: Direction) {
        let place = Place { flow, direction };
        let (hash, mask) = (self.hash_of(place), self.mask());
        let mut at = hash & mask;
        while self.buckets[at as usize] != 0 {
            at = (at + 1) & mask;
        }
        self.buckets[at as usize] = hash & !mask | entry_of(place);
    }

    /// The hash of the identifier found at `place`.
    fn hash_of(&self, place: Place) -> u32 {
        let flow = &self.flows[place.flow as usize];
        self.hash(flow.ids[place.direction as usize], flow.protocol)
    }

    fn unlink(&mut self, place: Place) {
        let (hash, mask) = (self.hash_of(place), self.mask());
        let bucket = hash & !mask | entry_of(place);
        let mut at = hash & mask;
        while self.buckets[at as usize] != bucket {
            if self.buckets[at as usize] == 0 {
                return;
            }
            at = (at + 1) & mask;
        }
        self.close_gap(at);
    }

    /// Moves entries behind a freed bucket up, so that no search ends too early.
    fn close_gap(&mut self, mut gap: u32) {
        let mask = self.mask();
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let bucket = self.buckets[at as usize];
            if bucket == 0 {
                break;
            }
            let home = self.hash_of(place_of(bucket & mask)) & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.buckets[gap as usize] = bucket;
                gap = at;
            }
        }
        self.buckets[gap as usize] = 0;
    }

    fn resize(&mut self, buckets: usize) {
        self.buckets = vec![0; buckets];
        for number in 0..self.flows.len() as u32 {
            if self.flows[number as usize].protocol != 0 {
                self.link(number);
            }
        }
    }
}

/// The two halves of a 128-bit product, combined.
#[inline]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// There are at most a quarter as many flows as buckets: this fits below the hash.
fn entry_of(place: Place) -> u32 {
    place.flow * 2 + place.direction as u32 + 1
}

#[inline]
fn place_of(entry: u32) -> Place {
    let entry = entry - 1;
    Place {
        flow: entry / 2,
        direction: match entry & 1 {
            0 => Direction::Forward,
            _ => Direction::Reply,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use weft_core::Random;

    fn random_flow(random: &mut Random) -> Flow {
        let mut id = || {
            FlowId::new(
                random.below(8) as u32,
                random.below(64) as u16,
                random.below(8) as u32,
                random.below(64) as u16,
            )
        };
        let (original, rewritten) = (id(), id());
        let protocol = if random.below(2) == 0 { 6 } else { 17 };
        Flow::new(protocol, original, rewritten, [0, 1], 0)
    }

    #[test]
    fn flows_are_found_by_both_identifiers_as_in_a_model() {
        let mut random = Random::seeded(7);
        let mut table = Table::new(3);
        let mut model: HashMap<(FlowId, u8), (u32, FlowId)> = HashMap::new();
        for _ in 0..20_000 {
            let flow = random_flow(&mut random);
            let ids = flow.ids;
            let protocol = flow.protocol;
            let taken = ids.map(|id| model.get(&(id, protocol)).map(|known| known.0));
            match taken.into_iter().flatten().next() {
                Some(number) => {
                    let gone = table.remove(number).unwrap();
                    for id in gone.ids {
                        model.remove(&(id, gone.protocol));
                    }
                }
                None => {
                    let number = table.insert(flow).unwrap();
                    model.insert((ids[0], protocol), (number, ids[1]));
                    model.insert((ids[1], protocol), (number, ids[0]));
                }
            }
            let probe = random_flow(&mut random);
            let found = table.lookup(probe.ids[0], probe.protocol);
            let expected = model.get(&(probe.ids[0], probe.protocol));
            assert_eq!(found.map(|p| p.flow), expected.map(|e| e.0));
            if let (Some(place), Some((_, other))) = (found, expected) {
                let ids = table.flow(place.flow).ids;
                assert_eq!(ids[place.direction.other() as usize], *other);
            }
        }
        let numbers: Vec<u32> = table.iter().map(|(number, _)| number).collect();
        assert_eq!(numbers.len(), table.len());
        for number in numbers {
            assert!(table.remove(number).is_some());
        }
        assert_eq!((table.len(), table.remove(0).is_none()), (0, true));
        assert!(table.buckets.iter().all(|b| *b == 0));
    }
}
