//! Click's group "userlevel": devices, taps and capture files.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
