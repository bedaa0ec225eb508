//! Components: parts of the graph that run in processes of their own, what they attach to, and the
//! marks that packets carry between them.

mod check_mark;
// Beside component_listener.rs there is the element called Component.
#[allow(clippy::module_inception)]
mod component;
mod component_handlers;
mod component_host;
mod component_listener;
mod header_record;
mod set_mark;

pub use component_host::{BODY, INHERITED, REASONS};

use weft_core::Class;

/// Where in the annotation area the mark lies: four bytes, little endian.
const MARK: usize = 44;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &check_mark::CLASS,
    &component::CLASS,
    &component_handlers::CLASS,
    &component_host::CLASS,
    &component_listener::CLASS,
    &set_mark::CLASS,
];
