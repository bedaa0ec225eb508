//! How fast a component answers, and how long it is worth to stay awake for it.

/// How long to look for returned packets before sleeping, in nanoseconds.
const SPIN: u64 = 20_000;
/// The longest answer that is waited for awake, in nanoseconds.
const MOST_AWAITED: u64 = 300_000;
/// Each answer counts by a share of this many.
const MEMORY: i64 = 8;

/// The times that answers have taken of late, in nanoseconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Answers {
    mean: i64,
}

impl Answers {
    /// One more has come.
    pub(super) fn note(&mut self, taken: u64) {
        // One that was long in coming says no more than that answers do not come soon.
        let taken = taken.min(2 * MOST_AWAITED) as i64;
        self.mean += (taken - self.mean) / MEMORY;
    }

    /// How long to look on. Sleeping, and being woken up, takes some 50 us: what comes soon after the
    /// component's usual time is waited for awake; what takes long anyway is not.
    pub(super) fn patience(&self) -> u64 {
        match self.mean as u64 {
            mean if mean <= MOST_AWAITED => mean + mean / 4 + SPIN,
            _ => SPIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answers: impl IntoIterator<Item = u64>) -> u64 {
        let mut kept = Answers::default();
        answers.into_iter().for_each(|taken| kept.note(taken));
        kept.patience()
    }

    #[test]
    fn a_component_is_waited_for_as_long_as_it_usually_takes_and_some_more() {
        assert_eq!(after([]), SPIN);
        let patience = after([200_000; 64]);
        assert!((240_000..=270_000).contains(&patience), "{patience}");
    }

    #[test]
    fn nobody_stays_awake_for_a_slow_one() {
        assert_eq!(after([5_000_000; 64]), SPIN);
        assert_eq!(after([301_000; 200]), SPIN);
    }

    #[test]
    fn one_that_has_become_fast_is_waited_for_again() {
        let slow = [5_000_000; 64].into_iter();
        let patience = after(slow.chain([50_000; 64]));
        assert!((65_000..=90_000).contains(&patience), "{patience}");
    }
}
