//! Fuzz targets: functions that get arbitrary bytes and must neither panic, nor hang, nor lose a
//! packet. They are plain functions, for any driver; `weft-fuzz` is a bounded one, and the tests of
//! this crate run every target for a moment.

#[cfg(target_arch = "x86_64")]
mod accesses;
mod component;
mod configurations;
mod element;
mod entropy;
mod forwarding;
mod harness;
mod headers;
mod language;
mod nsh_frames;
mod nsh_messages;
mod nsh_oracle;
mod packets;
mod race;
mod runner;
mod shape;
mod texts;
mod watchdog;
mod wire;

pub use component::component;
pub use configurations::configuration;
pub use element::{Case, cases, element};
pub use forwarding::{Forwarded, forwarding};
pub use language::language;
pub use race::race;
#[cfg(target_arch = "x86_64")]
pub use race::view_race;
pub use runner::Runner;
pub use watchdog::{Watchdog, working_folder};
pub use wire::wire;
