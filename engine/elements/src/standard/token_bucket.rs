//! A token bucket: what rated elements limit their rate with.

use weft_core::SECOND;

/// Tokens that come at a rate and are kept up to a capacity.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    rate: u64,
    capacity: u64,
    /// Tokens times nanoseconds; below zero while it is overdrawn.
    level: i128,
    at: Option<u64>,
}

impl TokenBucket {
    /// A full bucket that gets `rate` tokens per second.
    pub fn full(rate: u64, capacity: u64) -> Self {
        let mut bucket = TokenBucket {
            rate,
            capacity,
            level: 0,
            at: None,
        };
        bucket.set(capacity);
        bucket
    }

    /// Tokens per second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// Changes rate and capacity; the tokens that fit stay.
    pub fn adjust(&mut self, rate: u64, capacity: u64) {
        (self.rate, self.capacity) = (rate, capacity);
        self.level = self.level.min(scaled(capacity));
    }

    /// Sets the number of tokens.
    pub fn set(&mut self, tokens: u64) {
        self.level = scaled(tokens.min(self.capacity));
    }

    /// Adds the tokens that came until steady time `now`, and tells how many there are.
    pub fn refill(&mut self, now: u64) -> u64 {
        let elapsed = now.saturating_sub(self.at.unwrap_or(now));
        self.at = Some(now);
        let more = i128::try_from(u128::from(elapsed) * u128::from(self.rate));
        let more = more.unwrap_or(i128::MAX);
        self.level = self.level.saturating_add(more).min(scaled(self.capacity));
        (self.level.max(0) / i128::from(SECOND)) as u64
    }

    /// Takes `tokens`.
    pub fn remove(&mut self, tokens: u64) {
        self.level = self
            .level
            .min(self.level.saturating_sub(scaled(tokens)).max(0));
    }

    /// Takes `tokens`, whether or not there are so many: what is missing has to come first.
    pub fn overdraw(&mut self, tokens: u64) {
        self.level = self.level.saturating_sub(scaled(tokens));
    }

    /// When there will be a token; `None` when never.
    pub fn next_token(&self) -> Option<u64> {
        let at = self.at.unwrap_or(0);
        if self.rate == 0 || self.capacity == 0 {
            return None;
        }
        let missing = scaled(1).saturating_sub(self.level).max(0) as u128;
        let wait = missing.div_ceil(u128::from(self.rate));
        Some(at.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX)))
    }
}

fn scaled(tokens: u64) -> i128 {
    i128::from(tokens) * i128::from(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_at_the_rate_and_no_more_than_fit() {
        let mut bucket = TokenBucket::full(2, 3);
        assert_eq!(bucket.refill(100), 3);
        bucket.remove(3);
        assert_eq!(bucket.next_token(), Some(100 + SECOND / 2));
        assert_eq!(bucket.refill(100 + SECOND / 2 - 1), 0);
        assert_eq!(bucket.refill(100 + SECOND / 2), 1);
        assert_eq!(bucket.refill(100 + 90 * SECOND), 3);
        bucket.adjust(2, 1);
        assert_eq!(bucket.refill(100 + 90 * SECOND), 1);
    }

    #[test]
    fn what_is_overdrawn_comes_first() {
        let mut bucket = TokenBucket::full(2, 3);
        bucket.refill(0);
        bucket.overdraw(5);
        assert_eq!(bucket.next_token(), Some(3 * SECOND / 2));
        assert_eq!(bucket.refill(SECOND), 0);
        bucket.remove(1);
        assert_eq!(bucket.refill(3 * SECOND / 2), 1);
        bucket.overdraw(u64::MAX);
        bucket.overdraw(u64::MAX);
        assert_eq!(bucket.refill(u64::MAX), 0);
    }

    #[test]
    fn without_a_rate_no_token_ever_comes() {
        let mut bucket = TokenBucket::full(0, 1);
        assert_eq!(bucket.refill(0), 1);
        bucket.remove(1);
        assert_eq!((bucket.refill(SECOND), bucket.next_token()), (0, None));
    }

    #[test]
    fn the_largest_rates_do_not_overflow() {
        let mut bucket = TokenBucket::full(u64::MAX, u64::MAX);
        bucket.remove(u64::MAX);
        assert_eq!(bucket.refill(1), 0);
        assert!(bucket.refill(u64::MAX) > 1);
    }
}
