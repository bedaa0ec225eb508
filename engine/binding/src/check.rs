//! Checking a configuration without running it.

use crate::new_router;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use weft_core::{Clock, Console};

/// One thing that is wrong, or doubtful, with a configuration.
#[pyclass(frozen, get_all, eq, module = "weft._engine")]
#[derive(PartialEq)]
pub struct Diagnostic {
    /// "error" or "warning".
    severity: String,
    /// The file; none when it is about no particular place.
    file: Option<String>,
    /// The line, from 1; none when it is about the file as a whole.
    line: Option<u32>,
    /// What, as Click prints it; lines after the first are indented.
    message: String,
}

#[pymethods]
impl Diagnostic {
    fn __str__(&self) -> String {
        let place = match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            _ => String::new(),
        };
        let severity = match self.severity.as_str() {
            "warning" => "warning: ",
            _ => "",
        };
        format!("{place}{severity}{}", self.message)
    }

    fn __repr__(&self) -> String {
        format!("Diagnostic({:?})", self.__str__())
    }
}

/// Everything that is wrong or doubtful with a configuration; its elements are configured, but
/// nothing is opened and nothing runs.
#[pyfunction]
#[pyo3(signature = (config, file = "config", parameters = None))]
pub fn check(
    config: &str,
    file: &str,
    parameters: Option<BTreeMap<String, String>>,
) -> PyResult<Vec<Diagnostic>> {
    let mut router = new_router(parameters, Clock::simulated(0), 1)?;
    let outcome = router.configure(file, config).err();
    let mut lines: Vec<String> = match &router.console {
        Console::Captured(text) => text.lines().map(str::to_string).collect(),
        Console::Stderr => Vec::new(),
    };
    lines.extend(outcome.into_iter().flat_map(|error| error.lines));
    Ok(diagnostics(file, &lines))
}

/// Lines as Click prints them: each that is not indented begins a diagnostic.
fn diagnostics(file: &str, lines: &[String]) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = Vec::new();
    for line in lines.iter().flat_map(|l| l.lines()) {
        match all.last_mut() {
            Some(last) if line.starts_with(' ') => {
                last.message.push('\n');
                last.message.push_str(line);
                if line.trim_start().starts_with("warning: ") {
                    last.severity = "warning".to_string();
                }
            }
            _ if line == "Router could not be initialized!" => {}
            _ => all.push(diagnostic(file, line)),
        }
    }
    all
}

fn diagnostic(file: &str, line: &str) -> Diagnostic {
    let (file, number, rest) = landmark(file, line);
    let (severity, message) = match rest.strip_prefix("warning: ") {
        Some(message) => ("warning", message),
        None => ("error", rest),
    };
    Diagnostic {
        severity: severity.to_string(),
        file,
        line: number,
        message: message.to_string(),
    }
}

/// The place at the start of `line`, and what follows it. Files other than `file` are libraries.
fn landmark<'a>(file: &str, line: &'a str) -> (Option<String>, Option<u32>, &'a str) {
    if let Some(rest) = line.strip_prefix(file).and_then(|r| r.strip_prefix(": ")) {
        return (Some(file.to_string()), None, rest);
    }
    let mut from = 0;
    while let Some(end) = line[from..].find(": ") {
        let (place, rest) = (&line[..from + end], &line[from + end + 2..]);
        if let Some((file, number)) = place.rsplit_once(':')
            && let Ok(number) = number.parse()
        {
            return (Some(file.to_string()), Some(number), rest);
        }
        from += end + 2;
    }
    (None, None, line)
}
