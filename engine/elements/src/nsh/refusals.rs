//! Packets that are refused: each is counted under its reason, and told at a limited rate.

use super::{NO_NSH_HEADER, NO_NSH_HEADER_TEXT};
use weft_core::{Router, SECOND, Verdict};

/// Why a packet is refused: the reason, and what is told.
pub(crate) type Refusal = (&'static str, &'static str);

/// What is told of refused packets: the first of each reason, then at most one a second.
#[derive(Default)]
pub(crate) struct Refusals {
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

/// What is told of a packet that was dropped for `reason`, by elements that know no more of it.
fn text_of(reason: &str) -> &'static str {
    match reason {
        NO_NSH_HEADER => NO_NSH_HEADER_TEXT,
        "mtu" => "it is too long with its header",
        "nsh-context" => "its context is not what is asked for",
        "nsh-md-type" => "its MD type is not that of the metadata it is to get",
        "nsh-next-protocol" => "it is of no protocol that is asked for",
        "nsh-no-path" => "its path is none of those asked for",
        "nsh-no-rule" => "no rule is for it",
        "nsh-tlv" => "its context headers would be too many",
        _ => "no memory is left",
    }
}

impl Refusals {
    /// Tells the log what `verdict` drops; gives the verdict.
    #[inline]
    pub fn heed(&mut self, verdict: Verdict, router: &mut Router) -> Verdict {
        match verdict {
            Verdict::Keep => {}
            Verdict::Emit(port, _) if router.is_connected(port) => {}
            Verdict::Drop(reason) | Verdict::Emit(_, reason) => {
                self.tell(reason, text_of(reason), router);
            }
        }
        verdict
    }

    /// Refuses a packet, which goes to output 1; tells the log where nothing is there.
    #[cold]
    pub fn refuse(&mut self, (reason, text): Refusal, router: &mut Router) -> Verdict {
        if !router.is_connected(1) {
            self.tell(reason, text, router);
        }
        Verdict::Emit(1, reason)
    }

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
