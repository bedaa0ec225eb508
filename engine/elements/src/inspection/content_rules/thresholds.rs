//! How often rules with a threshold are told.

use super::rule::{Often, Threshold};
use crate::inspection::bounded_table::BoundedTable;
use crate::inspection::headers::{Address, Headers};
use weft_core::SECOND;

/// Rules and addresses that are counted at a time.
const CAPACITY: usize = 16_384;

#[derive(Clone, Copy)]
struct Window {
    since: u64,
    count: u32,
}

/// The counts of rules and addresses.
pub(super) struct Thresholds(BoundedTable<((u32, u32), Address), Window>);

impl Thresholds {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Thresholds(BoundedTable::new(CAPACITY))
    }

    /// Counts a match of the rule `key`; whether it is to be told.
    pub fn count(
        &mut self,
        key: (u32, u32),
        threshold: Threshold,
        headers: &Headers,
        now: u64,
    ) -> bool {
        let address = match threshold.by_destination {
            true => headers.destination,
            false => headers.source,
        };
        let fresh = Window {
            since: now,
            count: 0,
        };
        let (window, _) = self.0.entry((key, address), now, || fresh);
        if now.saturating_sub(window.since) >= u64::from(threshold.seconds) * SECOND {
            *window = fresh;
        }
        window.count = window.count.saturating_add(1);
        match threshold.often {
            Often::Limit => window.count <= threshold.count,
            Often::Threshold => window.count.is_multiple_of(threshold.count),
            Often::Both => window.count == threshold.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(often: Often) -> Vec<u64> {
        let mut thresholds = Thresholds::new();
        let threshold = Threshold {
            often,
            by_destination: false,
            count: 2,
            seconds: 10,
        };
        let mut is_told =
            |at: u64| thresholds.count((1, 1), threshold, &Headers::default(), at * SECOND);
        (0..16).filter(|at| is_told(*at)).collect()
    }

    #[test]
    fn a_rule_is_told_as_often_as_it_says() {
        assert_eq!(told(Often::Limit), [0, 1, 10, 11]);
        assert_eq!(told(Often::Threshold), [1, 3, 5, 7, 9, 11, 13, 15]);
        assert_eq!(told(Often::Both), [1, 11]);
    }
}
