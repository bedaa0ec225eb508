//! Click's tools: they read configurations without running them.

pub mod buildtool;
pub mod elements;
pub mod flatten;
mod input;
pub mod pretty;
mod spans;
