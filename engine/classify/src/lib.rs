//! Compiled packet classification and route tables. A pure library: no I/O, no clock.
//!
//! - [`ip`] reads the expression language of IPFilter and IPClassifier, [`pattern`] the patterns
//!   of Classifier; both give [`Rule`]s.
//! - [`Program`] compiles rules of either kind into a structure whose cost grows slower than
//!   their number.
//! - [`route`] holds longest-prefix-match tables.

pub mod diagnostic;
pub mod expr;
pub mod ip;
pub mod literal;
pub mod names;
pub mod packet;
pub mod pattern;
pub mod program;
pub mod reach;
pub mod route;

mod listing;
mod set;
mod terms;

pub use diagnostic::{Diagnostic, Severity};
pub use expr::{Expr, Rule};
pub use names::{BuiltinNames, NameKind, Names};
pub use packet::PacketRef;
pub use program::{DROP, Program, Strategy};
pub use reach::warn_unused_outputs;
pub use route::{NextHop, Route, RouteTable};
