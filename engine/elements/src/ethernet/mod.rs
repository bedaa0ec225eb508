//! Click's group "ethernet": link-level headers, ARP.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
