//! Click's group "ip": header checks, rewriting of fields, fragmentation.

pub mod classification;
pub mod routing;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
