//! Click's group "userlevel": devices, taps and capture files.

mod device;
mod drops;
mod force_ip;
mod from_device;
mod from_dump;
mod kernel_tap;
mod spin;
mod time_window;
mod to_device;
mod to_dump;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &from_device::CLASS,
    &from_dump::CLASS,
    &kernel_tap::CLASS,
    &to_device::CLASS,
    &to_dump::CLASS,
];
