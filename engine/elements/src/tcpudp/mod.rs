//! Click's group "tcpudp": address and port rewriting, checksums.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
