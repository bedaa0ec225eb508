//! What the system says of a failure, in its own words.

use std::io;

/// The error's text as C programs print it: without Rust's "(os error N)".
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) if error.raw_os_error().is_some() => text[..at].to_string(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_read_as_elsewhere() {
        let missing = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(reason(&missing), "No such file or directory");
        assert_eq!(reason(&io::Error::other("odd")), "odd");
    }
}
