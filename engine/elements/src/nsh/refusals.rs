//! Packets that are refused: each is counted under its reason, and told at a limited rate.

use weft_core::{Router, SECOND};

/// What is told of refused packets: the first of each reason, then at most one a second.
#[derive(Default)]
pub(super) struct Refusals {
    told: Vec<Told>,
}

/// What was told of one reason.
struct Told {
    reason: &'static str,
    /// When the next may be told, in nanoseconds of steady time.
    next: u64,
    /// How many were not told since the last that was.
    untold: u64,
}

impl Refusals {
    /// Tells the log that a packet was refused for `reason`, which is `text` in words.
    #[cold]
    pub fn tell(&mut self, reason: &'static str, text: &str, router: &mut Router) {
        let now = router.clock.now();
        let at = self.told.iter().position(|t| t.reason == reason);
        let at = at.unwrap_or_else(|| {
            self.told.push(Told {
                reason,
                next: 0,
                untold: 0,
            });
            self.told.len() - 1
        });
        let told = &mut self.told[at];
        if now < told.next {
            told.untold += 1;
            return;
        }
        let more = match told.untold {
            0 => String::new(),
            n => format!(" ({n} more since the last such line)"),
        };
        (told.next, told.untold) = (now + SECOND, 0);
        let name = router.own_name();
        let line = format!("{name}: packet dropped as {reason}: {text}{more}");
        router.console.line(&line);
    }
}
