//! What is told when a sandbox cannot be made.

use std::fmt::Display;

/// A step that failed, and the lines that say why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step: `spec`, `control`, `namespaces`, `filesystem`, `network`, `devices`, `engine`, `component`
    /// or `caller`.
    pub stage: &'static str,
    /// One line each: what, where, why.
    pub errors: Vec<String>,
}

impl Failure {
    /// A failure told in one line.
    pub fn new(stage: &'static str, error: impl Into<String>) -> Self {
        Self {
            stage,
            errors: vec![error.into()],
        }
    }
}

/// Names the stage and the attempt in which an error arose.
pub trait Attempt<T> {
    /// `attempt` completes the sentence "cannot ...".
    fn attempt(self, stage: &'static str, attempt: impl Display) -> Result<T, Failure>;
}

impl<T, E: Display> Attempt<T> for Result<T, E> {
    fn attempt(self, stage: &'static str, attempt: impl Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(stage, format!("cannot {attempt}: {error}")))
    }
}
