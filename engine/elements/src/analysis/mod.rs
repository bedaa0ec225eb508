//! Click's group "analysis": packets as text, one line each.

mod from_ip_summary_dump;
mod summary;
mod to_ip_summary_dump;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[&from_ip_summary_dump::CLASS, &to_ip_summary_dump::CLASS];
