//! An even pace: what shapers limit their rate with. Unlike a token bucket it lets through at once
//! what was due earlier in the running second, and forgets what is older.

use weft_core::SECOND;

/// Lets amounts pass at `rate` per second, evenly spaced.
#[derive(Clone, Debug)]
pub struct GapRate {
    rate: u64,
    /// Start of the second that `passed` counts from.
    second: Option<u64>,
    passed: u64,
}

impl GapRate {
    /// A pace of `rate` per second.
    pub fn new(rate: u64) -> Self {
        GapRate {
            rate,
            second: None,
            passed: 0,
        }
    }

    /// Amount per second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// Begins anew: something may pass at once.
    pub fn reset(&mut self) {
        (self.second, self.passed) = (None, 0);
    }

    fn due(&self, now: u64, second: u64) -> u64 {
        (u128::from(now.saturating_sub(second)) * u128::from(self.rate) / u128::from(SECOND)) as u64
    }

    /// How much may pass at steady time `now`.
    pub fn allowance(&mut self, now: u64) -> u64 {
        let second = *self.second.get_or_insert(now);
        let seconds = now.saturating_sub(second) / SECOND;
        if seconds > 0 {
            self.passed = match seconds {
                1 => self.passed.saturating_sub(self.rate),
                _ => 0,
            };
            self.second = Some(second + seconds * SECOND);
        }
        let due = self.due(now, self.second.unwrap_or(now));
        due.saturating_add(1).saturating_sub(self.passed)
    }

    /// Counts what has passed.
    pub fn pass(&mut self, amount: u64) {
        self.passed = self.passed.saturating_add(amount);
    }

    /// When something may pass again; `None` when never.
    pub fn next(&self) -> Option<u64> {
        let wait = u128::from(self.passed) * u128::from(SECOND);
        let wait = wait.checked_add(u128::from(self.rate).checked_sub(1)?)?;
        let wait = u64::try_from(wait / u128::from(self.rate)).ok()?;
        self.second.unwrap_or(0).checked_add(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_pass_evenly_spaced() {
        let mut gap = GapRate::new(4);
        assert_eq!(gap.allowance(1000), 1);
        gap.pass(1);
        assert_eq!(gap.allowance(1000), 0);
        assert_eq!(gap.next(), Some(1000 + SECOND / 4));
        assert_eq!(gap.allowance(1000 + SECOND / 4 - 1), 0);
        assert_eq!(gap.allowance(1000 + SECOND / 4), 1);
    }

    #[test]
    fn what_was_due_in_the_last_second_is_made_up_for() {
        let mut gap = GapRate::new(4);
        assert_eq!(gap.allowance(0), 1);
        assert_eq!(gap.allowance(SECOND / 2), 3);
        assert_eq!(gap.allowance(100 * SECOND), 1);
    }

    #[test]
    fn more_than_was_due_is_paid_back_in_the_next_second() {
        let mut gap = GapRate::new(10);
        assert_eq!(gap.allowance(0), 1);
        gap.pass(15);
        assert_eq!(gap.next(), Some(SECOND + SECOND / 2));
        assert_eq!(gap.allowance(SECOND), 0);
        assert_eq!(gap.next(), Some(SECOND + SECOND / 2));
    }

    #[test]
    fn a_rate_of_zero_lets_one_pass() {
        let mut gap = GapRate::new(0);
        assert_eq!(gap.allowance(5), 1);
        gap.pass(1);
        assert_eq!((gap.allowance(SECOND / 2), gap.next()), (0, None));
    }
}
