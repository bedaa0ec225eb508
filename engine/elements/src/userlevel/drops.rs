//! Frames that an interface lost before its element saw them, counted as dropped by the element.

use weft_core::Router;
use weft_io::{Driver, DriverStatistics};

/// How often the kernel is asked, at most, in nanoseconds.
const EVERY: u64 = 100_000_000;

/// What was counted so far.
#[derive(Default)]
pub struct Drops {
    missed: u64,
    broken: u64,
    asked_at: u64,
}

impl Drops {
    /// Frames the kernel dropped.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Asks the kernel.
    pub fn ask(&mut self, driver: &mut dyn Driver, router: &mut Router) {
        self.note(driver.statistics(), router);
        self.asked_at = router.clock.now();
    }

    /// Asks when it is time. What the driver came to know by itself is counted at once, as it would
    /// be lost with the process.
    pub fn look(&mut self, driver: &mut dyn Driver, router: &mut Router) {
        if router.clock.now().saturating_sub(self.asked_at) > EVERY {
            self.ask(driver, router);
        } else {
            self.note(driver.counted(), router);
        }
    }

    /// When to ask again for a burst whose last packet came at `last`; never, if that was asked for.
    pub fn due(&self, last: u64) -> Option<u64> {
        (last >= self.asked_at).then_some(self.asked_at + EVERY + 1)
    }

    /// Counts go on from those of the element before.
    pub fn take_over(&mut self, old: &Drops) {
        (self.missed, self.broken) = (old.missed, old.broken);
    }

    fn note(&mut self, counts: DriverStatistics, router: &mut Router) {
        let news = [
            ("kernel-drops", counts.missed, &mut self.missed),
            ("unfinished-frame", counts.broken, &mut self.broken),
        ];
        for (reason, count, known) in news {
            if count > *known {
                router.count_reason(reason, (count - *known) as usize);
                *known = count;
            }
        }
    }
}
