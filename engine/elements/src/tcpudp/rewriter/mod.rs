//! The machinery of rewriting elements: flows, their table and timeouts, patterns, packets.

pub(crate) mod flow;
pub(crate) mod flows;
pub(crate) mod input;
pub(crate) mod options;
pub(crate) mod packet;
pub(crate) mod pattern;
mod table;
pub(crate) mod timeouts;
pub(crate) mod view;

pub(crate) use table::Place;
