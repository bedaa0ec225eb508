//! What went wrong with an interface, in words.

use std::io;

/// The system's text without Rust's "(os error N)".
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) if error.raw_os_error().is_some() => text[..at].to_string(),
        _ => text,
    }
}

/// A failure of `what` on `device`, and what to do about it where that is known.
pub(crate) fn named(device: &str, what: &str, error: &io::Error) -> String {
    let reason = reason(error);
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => format!(
            "{device}: {what}: {reason}; AF_XDP needs root, or CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF"
        ),
        Some(libc::EAFNOSUPPORT) => {
            format!("{device}: {what}: this kernel has no AF_XDP; use METHOD AF_PACKET")
        }
        Some(libc::ENOBUFS | libc::ENOMEM) => format!(
            "{device}: {what}: {reason}; CAP_IPC_LOCK, or a higher limit of locked memory (ulimit -l), \
             is needed"
        ),
        _ => format!("{device}: {what}: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_privilege_is_told_with_what_is_needed() {
        let error = io::Error::from_raw_os_error(libc::EPERM);
        assert_eq!(
            named("eth0", "socket", &error),
            "eth0: socket: Operation not permitted; \
             AF_XDP needs root, or CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF"
        );
        let error = io::Error::from_raw_os_error(libc::ENETDOWN);
        assert_eq!(named("eth0", "bind", &error), "eth0: bind: Network is down");
    }
}
