//! How loaded a receiver is: when a ring pays off, or waiting for bursts, and when it does no longer.

/// Frames per second from which on the ring is used.
const HIGH: u64 = 100_000;
/// Frames per second under which it is given up.
const LOW: u64 = 20_000;
/// Frames per call from which on more must be waiting than the receiver keeps up with; frames then
/// wait anyway, and a ring costs no time.
const BACKLOG: u64 = 32;
/// For how long the rate must be high, in nanoseconds.
const HIGH_FOR: u64 = 30_000_000;
/// For how long it must be low: a ring holds single packets back, so not long.
const LOW_FOR: u64 = 100_000_000;
/// Length of one measurement.
const WINDOW: u64 = 10_000_000;
const SECOND: u64 = 1_000_000_000;

/// A judgement of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    High,
    Between,
    Low,
}

/// Measures the rate of frames.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    began: u64,
    frames: u64,
    calls: u64,
    high_since: Option<u64>,
    low_since: Option<u64>,
}

impl Meter {
    /// Counts `frames` at time `now` (nanoseconds) and judges.
    pub(crate) fn count(&mut self, frames: usize, now: u64) -> Load {
        self.frames += frames as u64;
        self.calls += u64::from(frames > 0);
        let length = now.saturating_sub(self.began);
        if length >= WINDOW {
            let rate = self.frames.saturating_mul(SECOND) / length;
            let began = self.began;
            let since = |is_so: bool, since: Option<u64>| is_so.then(|| since.unwrap_or(began));
            let is_behind = rate >= LOW && self.frames >= self.calls * BACKLOG;
            self.high_since = since(rate >= HIGH || is_behind, self.high_since);
            self.low_since = since(rate < LOW, self.low_since);
            (self.began, self.frames, self.calls) = (now, 0, 0);
        }
        let lasted =
            |since: Option<u64>, long: u64| since.is_some_and(|s| now - s.min(now) >= long);
        if lasted(self.high_since, HIGH_FOR) {
            Load::High
        } else if lasted(self.low_since, LOW_FOR) {
            Load::Low
        } else {
            Load::Between
        }
    }

    /// Begins anew at `now`.
    pub(crate) fn restart(&mut self, now: u64) {
        *self = Meter {
            began: now,
            ..Meter::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judgement after `ms` milliseconds at `rate` frames a second.
    fn after(meter: &mut Meter, start_ms: u64, ms: u64, rate: u64) -> Load {
        let mut load = Load::Between;
        for t in start_ms..start_ms + ms {
            for _ in 0..rate / 1000 {
                load = meter.count(1, (t + 1) * 1_000_000);
            }
        }
        load
    }

    #[test]
    fn only_a_lasting_load_counts() {
        let mut meter = Meter::default();
        assert_eq!(after(&mut meter, 0, 20, 200_000), Load::Between);
        assert_eq!(after(&mut meter, 20, 30, 200_000), Load::High);
        assert_eq!(after(&mut meter, 50, 500, 50_000), Load::Between);
        assert_eq!(after(&mut meter, 550, 80, 1000), Load::Between);
        assert_eq!(after(&mut meter, 630, 40, 1000), Load::Low);
        assert_eq!(after(&mut meter, 670, 10, 500_000), Load::Between);
    }

    #[test]
    fn a_backlog_counts_at_lower_rates() {
        let mut one_by_one = Meter::default();
        let mut behind = Meter::default();
        let mut loads = (Load::Between, Load::Between);
        for ms in 1..=60 {
            for _ in 0..50 {
                loads.0 = one_by_one.count(1, ms * 1_000_000);
            }
            loads.1 = behind.count(50, ms * 1_000_000);
        }
        assert_eq!(loads, (Load::Between, Load::High));
    }
}
