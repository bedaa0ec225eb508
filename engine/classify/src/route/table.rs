//! The table: its routes, and the forwarding structure kept in step with them.

use super::NO_ROUTE;
use super::boundaries::{Flat, Intervals, Rooted};
use crate::literal::mask_of;
use std::collections::{BTreeMap, HashMap};

/// A table with more routes gets a root.
const FLAT_ROUTES: usize = 128;
/// A change of a shorter prefix rebuilds the forwarding structure.
const LONG: u8 = 9;

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Network address; bits beyond the length are zero.
    pub address: u32,
    /// Prefix length, 0 to 32.
    pub length: u8,
    /// Gateway; 0 for none.
    pub gateway: u32,
    /// Output.
    pub output: u32,
}

impl Route {
    /// A route, its address cut to `length` bits; a length beyond 32 counts as 32.
    pub fn new(address: u32, length: u8, gateway: u32, output: u32) -> Route {
        let length = length.min(32);
        let address = address & mask_of(u32::from(length));
        Route {
            address,
            length,
            gateway,
            output,
        }
    }

    /// Whether the route's network has `address`.
    pub fn contains(&self, address: u32) -> bool {
        (address ^ self.address) & mask_of(u32::from(self.length)) == 0
    }

    fn key(&self) -> (u32, u8) {
        (self.address, self.length)
    }

    fn last_address(&self) -> u32 {
        self.address | !mask_of(u32::from(self.length))
    }

    fn hop(&self) -> NextHop {
        NextHop {
            gateway: self.gateway,
            output: self.output,
        }
    }
}

/// Where packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NextHop {
    /// Gateway; 0 for none.
    pub gateway: u32,
    /// Output.
    pub output: u32,
}

/// Why a route was not added: there is one for the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict(pub Route);

enum Forwarding {
    Flat(Flat),
    Rooted(Rooted),
}

/// A longest-prefix-match table.
pub struct RouteTable {
    /// Routes in the order `dump` shows; removed ones leave a gap that is filled again.
    slots: Vec<Option<Route>>,
    gaps: Vec<u32>,
    /// Slot and next hop number, by network.
    networks: BTreeMap<(u32, u8), (u32, u32)>,
    hops: Vec<NextHop>,
    hop_numbers: HashMap<NextHop, u32>,
    forwarding: Forwarding,
}

impl Default for RouteTable {
    fn default() -> RouteTable {
        RouteTable::new()
    }
}

impl RouteTable {
    /// An empty table.
    pub fn new() -> RouteTable {
        RouteTable::build([]).0
    }

    /// A table of many routes at once. Of several routes to one network the first counts; the
    /// number of those left out is given too.
    pub fn build(routes: impl IntoIterator<Item = Route>) -> (RouteTable, usize) {
        let slots: Vec<Option<Route>> = routes.into_iter().map(Some).collect();
        let mut order: Vec<((u32, u8), u32)> = slots
            .iter()
            .flatten()
            .zip(0..)
            .map(|(route, slot)| (route.key(), slot))
            .collect();
        order.sort_unstable();
        let given = order.len();
        order.dedup_by_key(|(key, _)| *key);
        let mut table = RouteTable {
            slots: Vec::new(),
            gaps: Vec::new(),
            networks: BTreeMap::new(),
            hops: Vec::new(),
            hop_numbers: HashMap::new(),
            forwarding: Forwarding::Flat(Flat::new(&vec![(0, NO_ROUTE)])),
        };
        let mut kept = order.clone();
        kept.sort_unstable_by_key(|(_, slot)| *slot);
        table.slots = kept.iter().map(|(_, slot)| slots[*slot as usize]).collect();
        let new_slot: HashMap<(u32, u8), u32> = kept
            .iter()
            .zip(0..)
            .map(|((key, _), slot)| (*key, slot))
            .collect();
        let networks: Vec<_> = order
            .iter()
            .filter_map(|(key, slot)| {
                let hop = table.hop_number(slots[*slot as usize]?.hop());
                Some((*key, (*new_slot.get(key)?, hop)))
            })
            .collect();
        table.networks = networks.into_iter().collect();
        table.rebuild();
        (table, given - kept.len())
    }

    /// Number of routes.
    pub fn len(&self) -> usize {
        self.networks.len()
    }

    /// Whether there are no routes.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// The routes, in the order of their addition.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.slots.iter().flatten()
    }

    /// The route to exactly this network.
    pub fn get(&self, address: u32, length: u8) -> Option<&Route> {
        let (slot, _) = self.networks.get(&(address, length))?;
        self.slots[*slot as usize].as_ref()
    }

    /// The number of the next hop for an address, or [`NO_ROUTE`].
    #[inline]
    pub fn lookup_number(&self, address: u32) -> u32 {
        match &self.forwarding {
            Forwarding::Flat(flat) => flat.lookup(address),
            Forwarding::Rooted(rooted) => rooted.lookup(address),
        }
    }

    /// The next hop for an address.
    #[inline]
    pub fn lookup(&self, address: u32) -> Option<NextHop> {
        self.hop(self.lookup_number(address))
    }

    /// The numbers of the next hops for `addresses`; see [`RouteTable::hop`]. Looks up as many as
    /// the shorter slice has.
    pub fn lookup_batch(&self, addresses: &[u32], hops: &mut [u32]) {
        match &self.forwarding {
            Forwarding::Flat(flat) => flat.lookup_batch(addresses, hops),
            Forwarding::Rooted(rooted) => rooted.lookup_batch(addresses, hops),
        }
    }

    /// The next hop with a number that a lookup gave since the last change of the table.
    #[inline]
    pub fn hop(&self, number: u32) -> Option<NextHop> {
        self.hops.get(number as usize).copied()
    }

    /// The route that decides about an address; slower than [`RouteTable::lookup`].
    pub fn lookup_route(&self, address: u32) -> Option<&Route> {
        (0..=32)
            .rev()
            .find_map(|length| self.get(address & mask_of(length), length as u8))
    }

    /// Adds a route, unless there is one to the same network.
    pub fn add(&mut self, route: Route) -> Result<(), Conflict> {
        match self.get(route.address, route.length) {
            Some(existing) => Err(Conflict(*existing)),
            None => {
                self.insert(route);
                Ok(())
            }
        }
    }

    /// Adds a route or replaces the one to the same network, which is given back.
    pub fn set(&mut self, route: Route) -> Option<Route> {
        let old = self.get(route.address, route.length).copied();
        self.insert(route);
        old
    }

    /// Removes the route to a network if it has this next hop; `None` means any.
    pub fn remove(&mut self, address: u32, length: u8, hop: Option<NextHop>) -> Option<Route> {
        let route = *self.get(address, length)?;
        if hop.is_some_and(|hop| hop != route.hop()) {
            return None;
        }
        let (slot, _) = self.networks.remove(&route.key())?;
        self.slots[slot as usize] = None;
        self.gaps.push(slot);
        self.changed(&route);
        Some(route)
    }

    /// Removes all routes.
    pub fn clear(&mut self) {
        *self = RouteTable::new();
    }

    /// Bytes of the forwarding structure.
    pub fn forwarding_bytes(&self) -> usize {
        match &self.forwarding {
            Forwarding::Flat(_) => self.len() * 2 * 8,
            Forwarding::Rooted(rooted) => rooted.bytes(),
        }
    }

    fn hop_number(&mut self, hop: NextHop) -> u32 {
        let next = self.hops.len() as u32;
        let number = *self.hop_numbers.entry(hop).or_insert(next);
        if number == next {
            self.hops.push(hop);
        }
        number
    }

    fn insert(&mut self, route: Route) {
        self.drop_unused_hops();
        let hop = self.hop_number(route.hop());
        let slot = match self.networks.get(&route.key()) {
            Some((slot, _)) => *slot,
            None => self.gaps.pop().unwrap_or_else(|| {
                self.slots.push(None);
                (self.slots.len() - 1) as u32
            }),
        };
        self.slots[slot as usize] = Some(route);
        self.networks.insert(route.key(), (slot, hop));
        self.changed(&route);
    }

    /// Numbers all hops anew when most are out of use.
    fn drop_unused_hops(&mut self) {
        if self.hops.len() < 2 * self.len() + 1024 {
            return;
        }
        self.hops.clear();
        self.hop_numbers.clear();
        let mut networks = std::mem::take(&mut self.networks);
        for (slot, hop) in networks.values_mut() {
            if let Some(route) = self.slots[*slot as usize] {
                *hop = self.hop_number(route.hop());
            }
        }
        self.networks = networks;
        self.rebuild();
    }

    /// Brings the forwarding structure up to date after a change of `route`.
    fn changed(&mut self, route: &Route) {
        // Going back to flat waits, so that a table at the limit does not swing.
        let stays_rooted = self.len() >= FLAT_ROUTES / 2 && route.length >= LONG;
        match &mut self.forwarding {
            Forwarding::Rooted(rooted) if stays_rooted => {
                for slot in route.address >> 16..=route.last_address() >> 16 {
                    let intervals = slot_intervals(&self.networks, slot << 16);
                    rooted.set(slot as u16, &lower_halves(&intervals));
                }
            }
            _ => self.rebuild(),
        }
    }

    fn rebuild(&mut self) {
        let entries = self.networks.iter().map(|(key, (_, hop))| (*key, *hop));
        let intervals = sweep(entries, 0, 32, NO_ROUTE);
        self.forwarding = if self.len() <= FLAT_ROUTES {
            Forwarding::Flat(Flat::new(&intervals))
        } else {
            Forwarding::Rooted(rooted(&intervals))
        };
    }
}

type Networks = BTreeMap<(u32, u8), (u32, u32)>;

/// The intervals of the 65536 addresses from `first` on.
fn slot_intervals(networks: &Networks, first: u32) -> Intervals<u32> {
    let covering = (0..=16u8).rev().find_map(|length| {
        let key = (first & mask_of(u32::from(length)), length);
        networks.get(&key).map(|(_, hop)| *hop)
    });
    let inside = networks
        .range((first, 17)..=(first | 0xffff, 32))
        .map(|(key, (_, hop))| (*key, *hop));
    sweep(inside, first, 16, covering.unwrap_or(NO_ROUTE))
}

fn lower_halves(intervals: &[(u32, u32)]) -> Intervals<u16> {
    intervals
        .iter()
        .map(|(start, hop)| (*start as u16, *hop))
        .collect()
}

/// The rooted structure of all intervals, cut at every 65536 addresses.
fn rooted(intervals: &[(u32, u32)]) -> Rooted {
    let mut rooted = Rooted::new();
    let (mut next, mut hop) = (0, NO_ROUTE);
    for slot in 0..=u16::MAX {
        let first = u32::from(slot) << 16;
        let begin = next;
        while next < intervals.len() && intervals[next].0 >> 16 == u32::from(slot) {
            next += 1;
        }
        let mut inside = lower_halves(&intervals[begin..next]);
        if intervals
            .get(begin)
            .is_none_or(|(start, _)| *start != first)
        {
            inside.insert(0, (0, hop));
        }
        hop = inside.last().map_or(hop, |(_, hop)| *hop);
        rooted.set(slot, &inside);
    }
    rooted
}

/// The intervals of `entries`, which come by address and length and lie in the `bits` lower bits
/// from `first` on; `base` holds where none does.
fn sweep(
    entries: impl Iterator<Item = ((u32, u8), u32)>,
    first: u32,
    bits: u32,
    base: u32,
) -> Intervals<u32> {
    let mut out: Intervals<u32> = vec![(first, base)];
    // Open networks, innermost last: where each ends and what holds in it.
    let last = first | (u64::from(u32::MAX) >> (32 - bits)) as u32;
    let mut open: Vec<(u32, u32)> = vec![(last, base)];
    for ((address, length), hop) in entries {
        close(&mut out, &mut open, address);
        start(&mut out, address, hop);
        open.push((address | !mask_of(u32::from(length)), hop));
    }
    close(&mut out, &mut open, last);
    out
}

/// Ends the networks that end before `address`.
fn close(out: &mut Intervals<u32>, open: &mut Vec<(u32, u32)>, address: u32) {
    while let [.., (_, outer), (end, _)] = open[..] {
        if end >= address {
            break;
        }
        open.pop();
        start(out, end + 1, outer);
    }
}

/// From `address` on, `hop` holds.
fn start(out: &mut Intervals<u32>, address: u32, hop: u32) {
    if out.last().is_some_and(|last| last.0 == address) {
        out.pop();
    }
    if out.last().is_none_or(|last| last.1 != hop) {
        out.push((address, hop));
    }
}
