//! Errors and warnings found while reading rules; where they stand is the caller's to say.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The rules are still usable.
    Warning,
    /// The rules are refused.
    Error,
}

/// One message, in Click's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The message, without place and without `warning:`.
    pub text: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.severity {
            Severity::Warning => write!(f, "warning: {}", self.text),
            Severity::Error => f.write_str(&self.text),
        }
    }
}

/// Collects diagnostics under a prefix such as `pattern 3: `.
pub(crate) struct Sink<'a> {
    pub(crate) out: &'a mut Vec<Diagnostic>,
    pub(crate) prefix: String,
}

impl Sink<'_> {
    pub(crate) fn error(&mut self, text: impl AsRef<str>) {
        self.push(Severity::Error, text.as_ref());
    }

    pub(crate) fn warning(&mut self, text: impl AsRef<str>) {
        self.push(Severity::Warning, text.as_ref());
    }

    fn push(&mut self, severity: Severity, text: &str) {
        let text = format!("{}{text}", self.prefix);
        self.out.push(Diagnostic { severity, text });
    }
}

/// Whether any of `diagnostics` refuses the rules.
pub(crate) fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}
