//! Click's group "icmp".

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
