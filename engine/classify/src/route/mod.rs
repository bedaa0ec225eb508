//! Longest-prefix-match tables, as the IP route elements need them.

mod boundaries;
mod command;
mod table;

#[cfg(test)]
mod tests;

pub use command::Command;
pub use table::{Conflict, NextHop, Route, RouteTable};

/// What [`RouteTable::lookup_batch`] gives where no route matches.
pub const NO_ROUTE: u32 = 0x7fff_ffff;
