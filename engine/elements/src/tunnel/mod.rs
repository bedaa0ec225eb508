//! Group "tunnel": frames of one network carried through another.

pub(crate) mod vxlan;
mod vxlan_decap;
mod vxlan_encap;

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[&vxlan_decap::CLASS, &vxlan_encap::CLASS];
