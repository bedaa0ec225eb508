//! What happened to the graph lately: the global handler `events`.

use std::collections::VecDeque;

/// How many events are kept.
const KEPT: usize = 100;

/// The last events, oldest first.
#[derive(Default)]
pub(super) struct Events(VecDeque<(u64, String)>);

impl Events {
    /// Notes that `what` happened at `at` (nanoseconds since 1970).
    pub(super) fn note(&mut self, at: u64, what: impl Into<String>) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((at, what.into()));
    }

    /// One line an event: seconds since 1970, and what happened.
    pub(super) fn text(&self) -> String {
        let line = |(at, what): &(u64, String)| {
            let (seconds, micros) = (at / 1_000_000_000, at / 1000 % 1_000_000);
            format!("{seconds}.{micros:06} {what}\n")
        };
        self.0.iter().map(line).collect()
    }
}
