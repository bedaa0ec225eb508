//! Mounts of the current mount namespace.

use super::{c_path, c_string, check};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

/// May not be written through this mount.
pub const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
/// Set-user-ID bits count for nothing here.
pub const NO_SETUID: u64 = libc::MOUNT_ATTR_NOSUID;
/// Device files count for nothing here.
pub const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;
/// Nothing is executed from here.
pub const NO_EXECUTION: u64 = libc::MOUNT_ATTR_NOEXEC;

fn mount(from: &Path, to: &Path, kind: &str, flags: libc::c_ulong, data: &str) -> io::Result<()> {
    let (from, to) = (c_path(from)?, c_path(to)?);
    let (kind, data) = (c_string(kind.as_bytes())?, c_string(data.as_bytes())?);
    // SAFETY: all four are valid strings for the length of the call.
    check(unsafe {
        libc::mount(
            from.as_ptr(),
            to.as_ptr(),
            kind.as_ptr(),
            flags,
            data.as_ptr().cast(),
        )
    })?;
    Ok(())
}

/// From now on mounts here and in other namespaces do not follow each other.
pub fn make_all_private() -> io::Result<()> {
    mount(
        Path::new("none"),
        Path::new("/"),
        "",
        libc::MS_REC | libc::MS_PRIVATE,
        "",
    )
}

pub fn new_file_system(kind: &str, to: &Path, options: &str) -> io::Result<()> {
    mount(
        Path::new(kind),
        to,
        kind,
        libc::MS_NOSUID | libc::MS_NOEXEC,
        options,
    )
}

/// Mounts an empty file system in memory on a folder: for data, nothing of it can be executed.
pub fn new_room(folder: OwnedFd, options: &str) -> io::Result<()> {
    let to = format!("/proc/self/fd/{}", folder.as_raw_fd());
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    let kind = "tmpfs";
    mount(Path::new(kind), Path::new(&to), kind, flags, options)
}

/// Shows what is at `from`, mounts under it too, at `to` as well.
pub fn bind(from: &Path, to: &Path) -> io::Result<()> {
    mount(from, to, "", libc::MS_BIND | libc::MS_REC, "")
}

/// A mount of its own of the folder or file at `path`, not yet placed anywhere.
pub fn detached_copy(path: &Path) -> io::Result<OwnedFd> {
    let path = c_path(path)?;
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    // SAFETY: `path` is a valid string for the length of the call.
    let fd =
        check(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })?;
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Places a detached mount.
pub fn place(copy: BorrowedFd<'_>, to: &Path) -> io::Result<()> {
    let to = c_path(to)?;
    // SAFETY: both strings are valid for the length of the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            copy.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    })?;
    Ok(())
}

/// Sets attributes of the mount at `path`; with `recursive` of all under it too.
pub fn restrict(path: &Path, attributes: u64, recursive: bool) -> io::Result<()> {
    let flags = if recursive { libc::AT_RECURSIVE } else { 0 };
    set_attributes(libc::AT_FDCWD, path, flags, attributes)
}

/// Sets attributes of a detached mount.
pub fn restrict_copy(copy: BorrowedFd<'_>, attributes: u64) -> io::Result<()> {
    set_attributes(
        copy.as_raw_fd(),
        Path::new(""),
        libc::AT_EMPTY_PATH,
        attributes,
    )
}

fn set_attributes(at: i32, path: &Path, flags: i32, attributes: u64) -> io::Result<()> {
    let path = c_path(path)?;
    let change = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let size = size_of_val(&change);
    // SAFETY: the string and the structure are valid for the length of the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            at,
            path.as_ptr(),
            flags,
            &raw const change,
            size,
        )
    })?;
    Ok(())
}

/// Takes away what is mounted last at `path`, and all under it.
pub fn take_away(path: &Path) -> io::Result<()> {
    let path = c_path(path)?;
    // SAFETY: `path` is a valid string for the length of the call.
    check(unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH | libc::UMOUNT_NOFOLLOW) })?;
    Ok(())
}

/// Makes a character device file.
pub fn make_device(path: &Path, major: u32, minor: u32, mode: u32) -> io::Result<()> {
    let path = c_path(path)?;
    let device = libc::makedev(major, minor);
    // SAFETY: `path` is a valid string for the length of the call.
    check(unsafe { libc::mknod(path.as_ptr(), libc::S_IFCHR | mode, device) })?;
    Ok(())
}
