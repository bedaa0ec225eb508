//! Click's group "analysis": packets as text, one line each.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
