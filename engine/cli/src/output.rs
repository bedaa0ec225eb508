//! What this program says: standard output that nobody may be reading, and the system's errors.

use std::io::{self, Write};

/// Prints `text`. A reader that has gone away is no reason to fail.
pub fn print(text: &str) {
    let mut output = io::stdout().lock();
    let _ = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}

/// Tells `text` on standard error, in a line of its own unless it is empty.
pub fn complain(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// What `error` says, without the number behind it.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
