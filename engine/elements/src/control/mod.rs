//! Control: ControlSocket, Script, DriverManager.

mod control_socket;
mod driver_manager;
mod script;

use std::io;
use weft_core::Class;

/// The classes of this group.
pub static CLASSES: &[&Class] = &[
    &control_socket::CLASS,
    &script::CLASS,
    &driver_manager::CLASS,
];

/// What `error` says, without the number behind it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
