//! How long to wait before an engine that died is started again.

use std::time::Duration;

/// An engine that lived shorter than this died quickly.
const QUICK: Duration = Duration::from_secs(1);
const FIRST_STEP: Duration = Duration::from_millis(10);

/// Pauses that double from death to quick death.
#[derive(Debug)]
pub struct Backoff {
    initial: Duration,
    limit: Duration,
    quick_deaths: u32,
}

impl Backoff {
    /// The first pause, and the longest.
    pub fn new(initial: Duration, limit: Duration) -> Self {
        Self {
            initial,
            limit,
            quick_deaths: 0,
        }
    }

    /// The pause after the death of an engine that lived so long.
    pub fn after(&mut self, lived: Duration) -> Duration {
        if lived >= QUICK {
            self.quick_deaths = 0;
        }
        let pause = match self.quick_deaths {
            0 => self.initial,
            deaths => self
                .initial
                .max(FIRST_STEP)
                .saturating_mul(1 << (deaths - 1).min(20)),
        };
        self.quick_deaths = self.quick_deaths.saturating_add(1);
        pause.min(self.limit)
    }

    /// Forgets the deaths: somebody asked for a start.
    pub fn reset(&mut self) {
        self.quick_deaths = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn quick_deaths_double_the_pause_up_to_the_limit() {
        let mut backoff = Backoff::new(Duration::ZERO, 50 * MS);
        let pauses: Vec<_> = (0..6).map(|_| backoff.after(MS)).collect();
        assert_eq!(
            pauses,
            [Duration::ZERO, 10 * MS, 20 * MS, 40 * MS, 50 * MS, 50 * MS]
        );
    }

    #[test]
    fn a_long_life_starts_over() {
        let mut backoff = Backoff::new(3 * MS, 1000 * MS);
        assert_eq!((backoff.after(MS), backoff.after(MS)), (3 * MS, 10 * MS));
        assert_eq!(backoff.after(Duration::from_secs(2)), 3 * MS);
        assert_eq!(backoff.after(MS), 10 * MS);
    }

    #[test]
    fn the_pause_never_overflows() {
        let mut backoff = Backoff::new(MS, Duration::from_secs(1));
        assert_eq!(
            (0..100).map(|_| backoff.after(MS)).last(),
            Some(Duration::from_secs(1))
        );
    }
}
