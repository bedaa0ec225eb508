//! Information elements: names for addresses and ports, tickets, threads.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
