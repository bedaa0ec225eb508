//! Places in configuration files and the messages reported about them.

use std::fmt;
use std::sync::Arc;

/// A place in a configuration: a file name and a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Landmark {
    /// Name of the file, as given to the parser or by a `# n "file"` directive.
    pub file: Arc<str>,
    /// Line counted from 1; 0 names the file as a whole.
    pub line: u32,
}

impl Landmark {
    /// A landmark for `line` of `file`.
    pub fn new(file: impl Into<Arc<str>>, line: u32) -> Self {
        Landmark {
            file: file.into(),
            line,
        }
    }
}

impl fmt::Display for Landmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot run.
    Error,
    /// The configuration runs, but probably not as its author meant.
    Warning,
}

/// One message about a configuration, printed the way Click prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Where; absent when the message is about no particular line.
    pub landmark: Option<Landmark>,
    /// What; lines after the first are printed as they are.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(landmark) = &self.landmark {
            write!(f, "{landmark}: ")?;
        }
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Diagnostics in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// No diagnostics.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds an error.
    pub fn error(&mut self, landmark: Option<Landmark>, message: impl Into<String>) {
        self.push(Diagnostic {
            severity: Severity::Error,
            landmark,
            message: message.into(),
        });
    }

    /// Adds a warning.
    pub fn warning(&mut self, landmark: Option<Landmark>, message: impl Into<String>) {
        self.push(Diagnostic {
            severity: Severity::Warning,
            landmark,
            message: message.into(),
        });
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Whether any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many diagnostics there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The diagnostics in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in self {
            writeln!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_print_as_click_prints_them() {
        let mut all = Diagnostics::new();
        all.warning(Some(Landmark::new("config", 2)), "odd");
        assert!(!all.has_errors());
        all.error(Some(Landmark::new("a.click", 0)), "bad\n  because");
        all.error(None, "worse");
        assert!(all.has_errors());
        assert_eq!(
            all.to_string(),
            "config:2: warning: odd\na.click: bad\n  because\nworse\n"
        );
    }
}
