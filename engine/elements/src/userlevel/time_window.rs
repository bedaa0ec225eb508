//! Which part of a capture is wanted: START, START_AFTER, END, END_AFTER and INTERVAL.

/// A time that begins or ends the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nanoseconds since 1970.
    At(u64),
    /// Nanoseconds after the capture's first packet.
    AfterFirst(u64),
    /// Nanoseconds after the part's beginning.
    AfterStart(u64),
}

/// Where a packet lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Too early.
    Before,
    /// In the part.
    Inside,
    /// At or after the part's end.
    After,
}

/// The part of a capture between two times.
#[derive(Clone, Debug, Default)]
pub struct TimeWindow {
    start: Option<Mark>,
    end: Option<Mark>,
    resolved: bool,
    not_before: u64,
    not_after: u64,
    ends: bool,
}

impl TimeWindow {
    /// The part from `start` to `end`.
    pub fn new(start: Option<Mark>, end: Option<Mark>) -> Self {
        TimeWindow {
            start,
            end,
            ..TimeWindow::default()
        }
    }

    /// Whether it ends before the capture does.
    pub fn has_end(&self) -> bool {
        self.end.is_some()
    }

    /// Where a packet of time `timestamp` lies.
    #[inline]
    pub fn place(&mut self, timestamp: u64) -> Place {
        if !self.resolved {
            self.resolve(timestamp);
        }
        if timestamp < self.not_before {
            return Place::Before;
        }
        self.not_before = 0;
        if self.ends && timestamp >= self.not_after {
            return Place::After;
        }
        Place::Inside
    }

    #[cold]
    fn resolve(&mut self, first: u64) {
        self.resolved = true;
        let start = match self.start {
            Some(Mark::At(at)) => at,
            Some(Mark::AfterFirst(after) | Mark::AfterStart(after)) => first.saturating_add(after),
            None => first,
        };
        self.not_before = if self.start.is_some() { start } else { 0 };
        self.ends = self.end.is_some();
        self.not_after = match self.end {
            Some(Mark::At(at)) => at,
            Some(Mark::AfterFirst(after)) => first.saturating_add(after),
            Some(Mark::AfterStart(after)) => start.saturating_add(after),
            None => 0,
        };
    }

    /// Goes on behind the end, once it was reached.
    pub fn ignore_end(&mut self) {
        self.ends = false;
    }

    /// Moves the end, if there is one, `by` nanoseconds on.
    pub fn extend(&mut self, by: u64) {
        if let (false, Some(Mark::At(t) | Mark::AfterFirst(t) | Mark::AfterStart(t))) =
            (self.resolved, &mut self.end)
        {
            *t = t.saturating_add(by);
        }
        self.not_after = self.not_after.saturating_add(by);
        self.ends = self.end.is_some();
    }

    /// Takes the times as they stand as absolute ones.
    pub fn fix(&mut self) {
        if self.resolved {
            self.start = self.start.map(|_| Mark::At(self.not_before));
            self.end = self.end.map(|_| Mark::At(self.not_after));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(mut window: TimeWindow) -> Vec<Place> {
        (10..15).map(|t| window.place(t)).collect()
    }

    #[test]
    fn marks_are_absolute_or_count_from_the_first_packet_or_the_start() {
        use Place::{After, Before, Inside};
        let window = |start, end| places(TimeWindow::new(start, end));
        assert_eq!(window(None, None), [Inside; 5]);
        assert_eq!(
            window(Some(Mark::At(12)), Some(Mark::At(14))),
            [Before, Before, Inside, Inside, After]
        );
        assert_eq!(
            window(Some(Mark::AfterFirst(1)), Some(Mark::AfterFirst(3))),
            [Before, Inside, Inside, After, After]
        );
        assert_eq!(
            window(Some(Mark::AfterFirst(1)), Some(Mark::AfterStart(1))),
            [Before, Inside, After, After, After]
        );
        assert_eq!(
            window(None, Some(Mark::AfterStart(2))),
            [Inside, Inside, After, After, After]
        );
    }

    #[test]
    fn an_end_that_was_reached_can_be_moved_on() {
        let mut window = TimeWindow::new(None, Some(Mark::At(10)));
        assert_eq!(window.place(10), Place::After);
        window.ignore_end();
        assert_eq!(window.place(11), Place::Inside);
        window.extend(5);
        assert_eq!(window.place(14), Place::Inside);
        assert_eq!(window.place(15), Place::After);
    }
}
