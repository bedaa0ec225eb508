//! Which protected packets came before: those of a time window, as many as there is memory for.

use lru::LruCache;
use std::num::NonZeroUsize;
use weft_wire::nsh::integrity::{MAC_LEN, timestamp_of};

/// Why a packet is not fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its timestamp is outside the window.
    Stale,
    /// It came before.
    Replay,
}

/// The window, and the codes of packets that came within it.
pub(super) struct Replays {
    /// How far a timestamp may lie from now, in units of timestamps; 0: any distance.
    window: u64,
    /// Codes of accepted packets; a code stands for all that it covers, the timestamp too.
    seen: Option<LruCache<[u8; MAC_LEN], u64>>,
    /// Codes that had to be forgotten while their packets would still have been accepted.
    forgotten: u64,
}

impl Replays {
    /// A window of `window_ns` nanoseconds to either side, and memory for `capacity` packets.
    pub fn new(window_ns: u64, capacity: Option<NonZeroUsize>) -> Self {
        Replays {
            window: timestamp_of(window_ns),
            seen: capacity.map(|capacity| {
                // Made unbounded it takes memory as packets come, not all at once.
                let mut seen = LruCache::unbounded();
                seen.resize(capacity);
                seen
            }),
            forgotten: 0,
        }
    }

    /// Notes a packet whose code is right; `now` and `timestamp` are timestamps.
    ///
    /// # Errors
    /// Why it is not to be accepted.
    pub fn note(&mut self, code: &[u8; MAC_LEN], timestamp: u64, now: u64) -> Result<(), Fault> {
        if !self.is_current(timestamp, now) {
            return Err(Fault::Stale);
        }
        let Some(seen) = &mut self.seen else {
            return Ok(());
        };
        if seen.contains(code) {
            return Err(Fault::Replay);
        }
        if let Some((_, old)) = seen.push(*code, timestamp)
            && self.is_current(old, now)
        {
            self.forgotten += 1;
        }
        Ok(())
    }

    fn is_current(&self, timestamp: u64, now: u64) -> bool {
        // Distances wrap as timestamps do.
        self.window == 0 || (now.wrapping_sub(timestamp) as i64).unsigned_abs() <= self.window
    }

    /// Codes known.
    pub fn len(&self) -> usize {
        self.seen.as_ref().map_or(0, LruCache::len)
    }

    /// Codes forgotten too early.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes over what `old` knows, as far as there is room.
    pub fn take_over(&mut self, old: &mut Replays) {
        let (Some(seen), Some(old)) = (&mut self.seen, &mut old.seen) else {
            return;
        };
        while let Some((code, timestamp)) = old.pop_lru() {
            seen.put(code, timestamp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn code(number: u8) -> [u8; MAC_LEN] {
        [number; MAC_LEN]
    }

    fn at(seconds: u64) -> u64 {
        timestamp_of(seconds * SECOND)
    }

    #[test]
    fn the_window_has_two_sides() {
        let mut replays = Replays::new(2 * SECOND, NonZeroUsize::new(8));
        assert_eq!(replays.note(&code(1), at(98), at(100)), Ok(()));
        assert_eq!(replays.note(&code(2), at(102), at(100)), Ok(()));
        assert_eq!(
            replays.note(&code(3), at(98) - 1, at(100)),
            Err(Fault::Stale)
        );
        assert_eq!(
            replays.note(&code(4), at(102) + 1, at(100)),
            Err(Fault::Stale)
        );
        assert_eq!(replays.len(), 2);
    }

    #[test]
    fn a_window_reaches_over_the_wrap_of_timestamps() {
        let mut replays = Replays::new(2 * SECOND, None);
        let last = at((1 << 32) - 1);
        assert_eq!(replays.note(&code(1), last, at(1 << 32)), Ok(()));
        assert_eq!(replays.note(&code(1), at(1 << 32), last), Ok(()));
        assert_eq!(replays.note(&code(1), at(5), last), Err(Fault::Stale));
    }

    #[test]
    fn what_came_before_comes_no_more() {
        let mut replays = Replays::new(2 * SECOND, NonZeroUsize::new(2));
        assert_eq!(replays.note(&code(1), at(100), at(100)), Ok(()));
        assert_eq!(replays.note(&code(1), at(100), at(101)), Err(Fault::Replay));
        assert_eq!(replays.note(&code(2), at(100), at(100)), Ok(()));
        assert_eq!(replays.note(&code(3), at(104), at(104)), Ok(()));
        assert_eq!((replays.len(), replays.forgotten()), (2, 0));
        assert_eq!(replays.note(&code(4), at(104), at(104)), Ok(()));
        assert_eq!(replays.note(&code(5), at(104), at(104)), Ok(()));
        assert_eq!((replays.len(), replays.forgotten()), (2, 1));
    }

    #[test]
    fn without_a_window_or_memory_all_is_fresh() {
        let mut replays = Replays::new(0, None);
        for _ in 0..2 {
            assert_eq!(replays.note(&code(1), at(1), at(100)), Ok(()));
        }
        assert_eq!((replays.len(), replays.forgotten()), (0, 0));
    }

    #[test]
    fn a_successor_knows_what_was_known() {
        let mut old = Replays::new(2 * SECOND, NonZeroUsize::new(8));
        old.note(&code(1), at(100), at(100)).unwrap();
        let mut new = Replays::new(2 * SECOND, NonZeroUsize::new(8));
        new.take_over(&mut old);
        assert_eq!(new.note(&code(1), at(100), at(100)), Err(Fault::Replay));
    }
}
