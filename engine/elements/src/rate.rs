//! Exponentially weighted averages of rates, as Counter reports them.

use weft_core::SECOND;

/// Length of one measuring interval, in nanoseconds.
const EPOCH: u64 = SECOND / 1000;
/// Weight of a new interval in the average.
const WEIGHT: f64 = 1.0 / 16.0;

/// The average rate of something counted, per second.
#[derive(Debug, Default)]
pub struct Rate {
    average: f64,
    counted: u64,
    epoch: Option<u64>,
}

impl Rate {
    /// Counts `amount` at steady time `now` (nanoseconds).
    #[inline]
    pub fn update(&mut self, amount: u64, now: u64) {
        let now = now / EPOCH;
        let epoch = *self.epoch.get_or_insert(now);
        if now > epoch {
            self.close(now, now - epoch);
        }
        self.counted += amount;
    }

    fn close(&mut self, now: u64, epochs: u64) {
        self.average += (self.counted as f64 - self.average) * WEIGHT;
        if epochs > 1 {
            self.average *= (1.0 - WEIGHT).powi((epochs - 1).min(10_000) as i32);
        }
        self.counted = 0;
        self.epoch = Some(now);
    }

    /// The rate at time `now`, per second.
    pub fn value(&mut self, now: u64) -> f64 {
        self.update(0, now);
        self.average * (SECOND / EPOCH) as f64
    }

    /// [`Rate::value`] times `factor`, as text.
    pub fn read_scaled(&mut self, now: u64, factor: f64) -> String {
        let value = self.value(now) * factor;
        format!("{}", (value * 1000.0).round() / 1000.0)
    }

    /// [`Rate::value`] as text.
    pub fn read(&mut self, now: u64) -> String {
        self.read_scaled(now, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_averages_to_its_rate_and_decays_when_it_ends() {
        let mut rate = Rate::default();
        for ms in 0..2_000u64 {
            rate.update(5, ms * 1_000_000);
        }
        assert!((rate.value(2 * SECOND) - 5000.0).abs() < 1.0);
        assert!(rate.value(3 * SECOND) < 1.0);
    }

    #[test]
    fn one_interval_counts_a_sixteenth() {
        let mut rate = Rate::default();
        rate.update(16, 0);
        assert_eq!(rate.read(EPOCH), "1000");
        assert_eq!(rate.read_scaled(2 * EPOCH, 8.0), "7500");
    }

    #[test]
    fn time_that_goes_back_changes_nothing() {
        let mut rate = Rate::default();
        rate.update(1, SECOND);
        rate.update(1, 0);
        assert_eq!(rate.value(0), 0.0);
    }
}
