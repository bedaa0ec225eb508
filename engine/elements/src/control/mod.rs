//! Control: ControlSocket, Script, DriverManager.

use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[];
