//! What elements that check headers have in common: packets that fail are counted by reason, and
//! the first of them, or each, is told.

use weft_core::{Cells, Router, Verdict};

/// One way for a header to be wrong.
pub(crate) struct Fault {
    /// What is told of it, in Click's words.
    pub text: &'static str,
    /// The reason packets are dropped under.
    pub reason: &'static str,
}

/// The count of packets that failed a check.
pub(crate) struct Faults {
    kinds: &'static [Fault],
    verbose: bool,
    cells: Option<Cells>,
}

impl Faults {
    /// A count of `kinds`, each told when `verbose`, else the first only.
    pub fn new(kinds: &'static [Fault], verbose: bool) -> Self {
        Faults {
            kinds,
            verbose,
            cells: None,
        }
    }

    /// Begins to count for the running element; counts of an earlier graph or engine go on.
    pub fn open(&mut self, router: &mut Router) {
        self.cells = Some(router.cells("faults", self.kinds.len() + 1));
    }

    /// Packets that failed.
    pub fn total(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
    }

    /// The text of a `drop_details` handler: a line for each way to fail.
    pub fn details(&self) -> String {
        let count = |i| self.cells.as_ref().map_or(0, |c| c.get(i + 1));
        let lines = self.kinds.iter().enumerate();
        lines
            .map(|(i, kind)| format!("{}\t{}\n", count(i), kind.text))
            .collect()
    }

    /// Counts and tells a packet that failed in way `kind`; gives what to do with it.
    #[cold]
    pub fn count(&self, kind: usize, before: &str, router: &mut Router) -> Verdict {
        let fault = &self.kinds[kind];
        if self.verbose || self.total() == 0 {
            let line = format!("{before}header check failed: {}", fault.text);
            router.console.line(&line);
        }
        if let Some(cells) = &self.cells {
            cells.add(0, 1);
            cells.add(kind + 1, 1);
        }
        Verdict::Emit(1, fault.reason)
    }
}
