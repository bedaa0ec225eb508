//! Time: real, or virtual for `--simtime`, where it jumps to the next timer when nothing else can run.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// The source of time for one engine. All times are in nanoseconds.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clocks.
    Real {
        /// When the engine started.
        start: Instant,
        /// Steady time at the last [`Clock::refresh`].
        now: u64,
    },
    /// Simulated time, since 1970.
    Virtual {
        /// The current time.
        now: u64,
    },
}

impl Clock {
    /// The machine's clocks.
    pub fn real() -> Self {
        Clock::Real {
            start: Instant::now(),
            now: 0,
        }
    }

    /// Virtual time that begins at `start` nanoseconds since 1970.
    pub fn simulated(start: u64) -> Self {
        Clock::Virtual { now: start }
    }

    /// Whether time is virtual.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Clock::Virtual { .. })
    }

    /// Steady time as of the last refresh: what timers and rates go by.
    #[inline]
    pub fn now(&self) -> u64 {
        match self {
            Clock::Real { now, .. } | Clock::Virtual { now } => *now,
        }
    }

    /// Reads the machine's steady clock.
    #[inline]
    pub fn refresh(&mut self) -> u64 {
        if let Clock::Real { start, now } = self {
            *now = start.elapsed().as_nanos() as u64;
        }
        self.now()
    }

    /// Wall-clock time since 1970: what packet timestamps hold.
    #[inline]
    pub fn timestamp(&self) -> u64 {
        match self {
            Clock::Real { .. } => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |d| d.as_nanos() as u64),
            Clock::Virtual { now } => *now,
        }
    }

    /// Lets virtual time jump to `at`; real time is left alone.
    pub fn advance_to(&mut self, at: u64) {
        if let Clock::Virtual { now } = self {
            *now = at.max(*now);
        }
    }
}

/// A time as Click prints timestamps: seconds with six decimals, or nine where six do not do.
pub fn timestamp_text(ns: u64) -> String {
    let (seconds, rest) = (ns / SECOND, ns % SECOND);
    if rest % 1000 == 0 {
        format!("{seconds}.{:06}", rest / 1000)
    } else {
        format!("{seconds}.{rest:09}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_six_decimals_unless_they_need_nine() {
        assert_eq!(timestamp_text(0), "0.000000");
        assert_eq!(timestamp_text(1_500_000_000), "1.500000");
        assert_eq!(timestamp_text(1_500_000_001), "1.500000001");
    }
}
