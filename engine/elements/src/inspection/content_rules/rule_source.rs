//! Where rules come from: a file, and variables that are given beside it.

use super::parse::{Parsed, parse};
use super::rule_set::RuleSet;
use super::sets::Variables;
use std::path::Path;

/// Bytes of a file of rules, at most.
const LONGEST: usize = 16 << 20;
/// Problems that are told, at most.
const MOST_TOLD: usize = 100;

/// A file of rules.
pub(super) struct RuleSource {
    file: String,
    variables: Variables,
    skips: bool,
    text: String,
    skipped: Vec<String>,
}

impl RuleSource {
    /// Rules in `file`, with `variables` as `NAME VALUE`; rules that are not understood are skipped if so told.
    ///
    /// # Errors
    /// The variables that have no value.
    pub fn new(file: String, variables: &[String], skips: bool) -> Result<Self, Vec<String>> {
        let mut known = Variables::new();
        let mut problems = Vec::new();
        for variable in variables {
            match variable.trim().split_once(char::is_whitespace) {
                Some((name, value)) => {
                    known.insert(name.to_string(), value.trim().to_string());
                }
                None => problems.push(format!("VAR: '{variable}' has no value; write NAME VALUE")),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(RuleSource {
            file,
            variables: known,
            skips,
            text: String::new(),
            skipped: Vec::new(),
        })
    }

    /// The rules as they were read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The rules that were not understood.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Reads the file.
    ///
    /// # Errors
    /// Why it cannot be read, or every problem with the rules.
    pub fn load(&mut self) -> Result<RuleSet, Vec<String>> {
        let bytes = std::fs::read(&self.file).map_err(|e| vec![format!("{}: {e}", self.file)])?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.take(&text)
    }

    /// Takes `text` for the rules, and writes it to the file.
    ///
    /// # Errors
    /// Every problem with the rules; nothing has changed then. Or why the file cannot be written.
    pub fn replace(&mut self, text: &str) -> Result<RuleSet, Vec<String>> {
        let (before, skipped) = (self.text.clone(), self.skipped.clone());
        let set = self.take(text)?;
        if let Err(error) = self.save() {
            (self.text, self.skipped) = (before, skipped);
            return Err(vec![format!("{}: {error}", self.file)]);
        }
        Ok(set)
    }

    fn save(&self) -> std::io::Result<()> {
        let new = format!("{}.new", self.file);
        std::fs::write(&new, &self.text)?;
        let renamed = std::fs::rename(&new, Path::new(&self.file));
        if renamed.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        renamed
    }

    fn take(&mut self, text: &str) -> Result<RuleSet, Vec<String>> {
        if text.len() > LONGEST {
            let length = text.len();
            return Err(vec![format!(
                "{}: {length} bytes; {LONGEST} are allowed",
                self.file
            )]);
        }
        let mut parsed: Parsed = parse(&self.file, text, &self.variables);
        let problems = std::mem::take(&mut parsed.problems);
        if !problems.is_empty() && !self.skips {
            return Err(some_of(problems));
        }
        let set = RuleSet::new(parsed).map_err(|error| vec![error])?;
        self.text = text.to_string();
        self.skipped = problems;
        Ok(set)
    }
}

/// The first problems, and how many more there are.
fn some_of(mut problems: Vec<String>) -> Vec<String> {
    let more = problems.len().saturating_sub(MOST_TOLD);
    problems.truncate(MOST_TOLD);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    problems
}
