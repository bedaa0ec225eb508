//! Components: parts of the graph that run in processes of their own, and what they attach to.

// Beside component_listener.rs there is the element called Component.
#[allow(clippy::module_inception)]
mod component;
mod component_listener;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[&component::CLASS, &component_listener::CLASS];
