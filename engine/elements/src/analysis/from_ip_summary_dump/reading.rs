//! How FromIPSummaryDump opens its file, and what it makes of each line.

use super::FromIPSummaryDump;
use crate::analysis::summary::Draft;
use weft_core::Router;
use weft_io::Lines;
use weft_lang::split_words;

/// Lines looked at per scheduling.
const LOOKED_AT: usize = 1024;

impl FromIPSummaryDump {
    pub(super) fn open(&mut self, router: &mut Router) -> Result<(), String> {
        if let Some(data) = &self.data {
            self.lines = Some(Lines::of(data));
            return Ok(());
        }
        if self.allow_nonexistent && !std::path::Path::new(&self.path).exists() {
            return Ok(());
        }
        let mut lines = Lines::open(&self.path)?;
        let first = lines.next_line()?.map(<[u8]>::to_vec);
        self.lines = Some(lines);
        let Some(first) = first else {
            if self.allow_nonexistent {
                return Ok(());
            }
            return Err(format!("{}: empty file", self.path));
        };
        let line = String::from_utf8_lossy(&first).into_owned();
        if line.starts_with('!') {
            for problem in self.directive(&line) {
                self.tell(&format!("warning: {problem}"), router);
            }
        } else if self.fields.is_empty() {
            let problem = "warning: missing banner line; is this an IP summary dump?";
            self.tell(problem, router);
        } else if let Some(draft) = self.parse(&line).filter(|_| !line.starts_with('#')) {
            self.make(&draft, router);
        }
        Ok(())
    }

    fn tell(&self, problem: &str, router: &mut Router) {
        let landmark = self
            .lines
            .as_ref()
            .map_or_else(String::new, Lines::landmark);
        router.console.line(&format!("{landmark}: {problem}"));
    }

    /// The draft a line gives; `None` when it gives nothing that is understood.
    fn parse(&self, line: &str) -> Option<Draft> {
        let mut draft = Draft::new(&self.defaults);
        let mut understood = 0;
        for (word, field) in split_words(line).iter().zip(&self.fields) {
            let set = field.and_then(|f| f.set).filter(|_| word != "-");
            if set.is_some_and(|set| set(&mut draft, word).is_some()) {
                understood += 1;
            }
        }
        (understood > 0).then_some(draft)
    }

    /// Reads lines until packets are ready. False at the end.
    pub(super) fn read(&mut self, router: &mut Router) -> bool {
        for _ in 0..LOOKED_AT {
            let Some(lines) = &mut self.lines else {
                return false;
            };
            let line = match lines.next_line() {
                Ok(Some(line)) => String::from_utf8_lossy(line).into_owned(),
                Ok(None) => return false,
                Err(problem) => {
                    router.console.line(&problem);
                    return false;
                }
            };
            if line.starts_with('!') {
                for problem in self.directive(&line) {
                    let word = if problem.contains("content type") {
                        "warning: "
                    } else {
                        ""
                    };
                    self.tell(&format!("{word}{problem}"), router);
                }
            } else if !line.trim().is_empty() && !line.starts_with('#') {
                match self.parse(&line) {
                    Some(draft) => self.make(&draft, router),
                    None => self.complain(router),
                }
            }
            if !self.ready.is_empty() {
                return true;
            }
        }
        true
    }

    fn complain(&mut self, router: &mut Router) {
        if std::mem::replace(&mut self.complained, true) {
            return;
        }
        let problem = if self.fields.is_empty() {
            "no '!data' provided"
        } else {
            "packet parse error"
        };
        self.tell(problem, router);
    }
}
