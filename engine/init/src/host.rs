//! The host's `/proc`, kept open: in the sandbox only a part of it is to be seen.

use crate::failure::{Attempt, Failure};
use crate::folder::read_text;
use crate::sys::{descriptor, process};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// The host's `/proc`.
pub struct HostProc(OwnedFd);

impl HostProc {
    /// Opens it, while it is in reach.
    pub fn open() -> Result<Self, Failure> {
        let place = descriptor::open_place(Path::new("/proc"), libc::O_DIRECTORY);
        place.attempt("namespaces", "open /proc").map(Self)
    }

    /// The number of a child of ours outside.
    pub fn outer_number(&self, pid: i32) -> io::Result<i32> {
        let stands_for_it = process::process_descriptor(pid)?;
        let facts = format!("self/fdinfo/{}", stands_for_it.as_raw_fd());
        let text = read_text(&self.0, &facts)?;
        let number = text.lines().find_map(|line| line.strip_prefix("Pid:"));
        number
            .and_then(|number| number.trim().parse().ok())
            .ok_or(io::ErrorKind::InvalidData.into())
    }

    /// Lets the user namespace of a child of ours have one user and one group, each its number 0.
    pub fn map_users(&self, pid: i32, uid: u32, gid: u32) -> io::Result<()> {
        let outside = self.outer_number(pid)?;
        let set = |file: &str, text: &str| self.set(&format!("{outside}/{file}"), text);
        set("setgroups", "deny")?;
        set("gid_map", &format!("0 {gid} 1"))?;
        set("uid_map", &format!("0 {uid} 1"))
    }

    /// Writes a setting of this process (`self/...`) or of its network namespace (`sys/net/...`).
    pub fn set(&self, name: &str, value: &str) -> io::Result<()> {
        let path = Path::new(name);
        let mut file = descriptor::open_at(self.0.as_fd(), path, libc::O_WRONLY, 0)?;
        file.write_all(value.as_bytes())
    }
}
