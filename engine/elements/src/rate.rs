//! Exponentially weighted averages of rates, as Counter and AverageCounter report them.

use weft_core::SECOND;

/// Length of one measuring interval, in nanoseconds.
const INTERVAL: u64 = SECOND / 4;
/// Weight of a new interval in the average.
const WEIGHT: f64 = 1.0 / 4.0;

/// The average rate of something counted, per second.
#[derive(Debug, Default)]
pub struct Rate {
    average: f64,
    counted: u64,
    began: Option<u64>,
}

impl Rate {
    /// Counts `amount` at steady time `now` (nanoseconds).
    #[inline]
    pub fn update(&mut self, amount: u64, now: u64) {
        let began = *self.began.get_or_insert(now);
        if now - began >= INTERVAL {
            self.close_intervals(now);
        }
        self.counted += amount;
    }

    fn close_intervals(&mut self, now: u64) {
        let Some(began) = self.began else { return };
        let intervals = now.saturating_sub(began) / INTERVAL;
        if intervals == 0 {
            return;
        }
        let per_second = self.counted as f64 * SECOND as f64 / INTERVAL as f64;
        self.average += (per_second - self.average) * WEIGHT;
        self.average *= (1.0 - WEIGHT).powi((intervals - 1).min(10_000) as i32);
        self.counted = 0;
        self.began = Some(began + intervals * INTERVAL);
    }

    /// The rate at time `now`, per second.
    pub fn value(&mut self, now: u64) -> f64 {
        self.close_intervals(now);
        self.average
    }

    /// [`Rate::value`] times `factor`, as text.
    pub fn read_scaled(&mut self, now: u64, factor: f64) -> String {
        let value = self.value(now) * factor;
        format!("{}", (value * 100.0).round() / 100.0)
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
        for ms in 0..20_000u64 {
            rate.update(5, ms * 1_000_000);
        }
        assert!((rate.value(20 * SECOND) - 5000.0).abs() < 50.0);
        assert!(rate.value(40 * SECOND) < 1.0);
    }
}
