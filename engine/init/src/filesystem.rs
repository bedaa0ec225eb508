//! What the engine sees of the file system: the host's, read-only, without what is others' business.
//!
//! One small memory file system holds all that is made: the device folder, the empty folders that
//! hide the host's, and the private `/tmp`.

use crate::failure::{Attempt, Failure};
use crate::spec::Mount;
use crate::sys::mount::{self, NO_DEVICES, NO_EXECUTION, NO_SETUID, READ_ONLY};
use std::fmt::Display;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

mod shown;

pub use shown::Shown;

const STAGE: &str = "filesystem";
/// Where it is made; in the end its part `tmp` covers it.
const MADE: &str = "/tmp";
const PRIVATE_TMP: &str = "/tmp/tmp";
/// Folders of the host that are covered, each by the folder of the same name that is made.
const COVERED: [&str; 3] = ["/dev", "/run", "/sys"];

const DEVICES: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("net/tun", 10, 200),
];

/// Builds the view, in the mount namespace of process 1.
pub fn build(run_dir: &Path, shown: &mut Shown, mounts: &[Mount]) -> Result<(), Failure> {
    mount::make_all_private().attempt(STAGE, "make all mounts private")?;
    let run_copy = mount::detached_copy(run_dir).attempt(STAGE, mounting(run_dir))?;
    let data = run_dir.join("data");
    let data_copy = mount::detached_copy(&data).attempt(STAGE, mounting(&data))?;
    mount::restrict_copy(
        run_copy.as_fd(),
        READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXECUTION,
    )
    .attempt(STAGE, format!("make {} read-only", run_dir.display()))?;
    mount::restrict_copy(data_copy.as_fd(), NO_SETUID | NO_DEVICES | NO_EXECUTION)
        .attempt(STAGE, format!("restrict {}", data.display()))?;

    let copies = shown.copy(mounts)?;

    mount::restrict(Path::new("/"), READ_ONLY | NO_SETUID, true).attempt(
        STAGE,
        "make the file system read-only (it takes Linux 5.12)",
    )?;
    mount::new_file_system("tmpfs", Path::new(MADE), "size=16m,nr_inodes=4096,mode=755")
        .attempt(STAGE, mounting(Path::new(MADE)))?;
    make_contents().attempt(STAGE, "fill the private file system")?;
    cover_host(run_dir)?;

    let place = place_of(run_dir);
    make_folder(&place, 0o755).attempt(STAGE, format!("make {}", place.display()))?;
    mount::place(run_copy.as_fd(), &place).attempt(STAGE, mounting(&place))?;
    mount::place(data_copy.as_fd(), &place.join("data")).attempt(STAGE, mounting(&data))?;
    shown.place(copies, &place)?;
    mount::new_file_system("proc", Path::new("/proc"), "subset=pid,hidepid=invisible")
        .attempt(STAGE, mounting(Path::new("/proc")))?;
    seal(run_dir)
}

fn mounting(path: &Path) -> impl Display + use<> {
    format!("mount {}", path.display())
}

fn make_contents() -> io::Result<()> {
    for folder in ["dev", "dev/net", "run", "sys", "hidden", "tmp"] {
        make_folder(&Path::new(MADE).join(folder), 0o755)?;
    }
    fs::set_permissions(PRIVATE_TMP, fs::Permissions::from_mode(0o1777))?;
    let devices = Path::new(MADE).join("dev");
    for (name, major, minor) in DEVICES {
        let path = devices.join(name);
        make_device(name, &path, major, minor)?;
    }
    symlink("/proc/self/fd", devices.join("fd"))?;
    for (number, name) in ["stdin", "stdout", "stderr"].iter().enumerate() {
        symlink(format!("/proc/self/fd/{number}"), devices.join(name))?;
    }
    Ok(())
}

/// Makes a device file, or where that is not allowed (inside a container) shows the host's.
fn make_device(name: &str, path: &Path, major: u32, minor: u32) -> io::Result<()> {
    if mount::make_device(path, major, minor, 0o666).is_ok() {
        return fs::set_permissions(path, fs::Permissions::from_mode(0o666));
    }
    let host = Path::new("/dev").join(name);
    if !host.exists() {
        return Ok(());
    }
    fs::write(path, "")?;
    mount::bind(&host, path)
}

fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
}

fn cover_host(run_dir: &Path) -> Result<(), Failure> {
    for path in COVERED.iter().map(Path::new).filter(|path| path.is_dir()) {
        let made = Path::new(MADE).join(path.strip_prefix("/").unwrap_or(path));
        mount::bind(&made, path).attempt(STAGE, format!("cover {}", path.display()))?;
    }
    if let Some(neighbours) = uncovered_parent(run_dir) {
        mount::bind(&Path::new(MADE).join("hidden"), neighbours)
            .attempt(STAGE, format!("cover {}", neighbours.display()))?;
    }
    Ok(())
}

fn is_covered(path: &Path) -> bool {
    path.starts_with(MADE) || COVERED.iter().any(|covered| path.starts_with(covered))
}

/// The folder that holds the run folders, unless what covers the host hides it already.
fn uncovered_parent(run_dir: &Path) -> Option<&Path> {
    run_dir
        .parent()
        .filter(|parent| *parent != Path::new("/") && !is_covered(parent))
}

/// Where the run folder is put while `/tmp` shows what is being made.
fn place_of(run_dir: &Path) -> PathBuf {
    match run_dir.strip_prefix(MADE) {
        Ok(inside) => Path::new(PRIVATE_TMP).join(inside),
        Err(_) => run_dir.to_path_buf(),
    }
}

/// Takes away from process 1's own making what the engine does not need.
fn seal(run_dir: &Path) -> Result<(), Failure> {
    let covered = COVERED.iter().map(Path::new).filter(|path| path.is_dir());
    for path in covered.chain(uncovered_parent(run_dir)) {
        let devices = if path == Path::new("/dev") {
            0
        } else {
            NO_DEVICES
        };
        mount::restrict(path, READ_ONLY | NO_SETUID | NO_EXECUTION | devices, false)
            .attempt(STAGE, format!("make {} read-only", path.display()))?;
    }
    mount::restrict(
        Path::new("/proc"),
        READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXECUTION,
        false,
    )
    .attempt(STAGE, "make /proc read-only")?;
    mount::bind(Path::new(PRIVATE_TMP), Path::new(MADE)).attempt(STAGE, "cover /tmp")?;
    mount::restrict(
        Path::new(MADE),
        NO_SETUID | NO_DEVICES | NO_EXECUTION,
        false,
    )
    .attempt(STAGE, "restrict /tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_outside_the_covered_folders_are_hidden() {
        let parent = |path| uncovered_parent(Path::new(path));
        assert_eq!(
            parent("/var/lib/weft/one"),
            Some(Path::new("/var/lib/weft"))
        );
        assert_eq!(parent("/run/weft/one"), None);
        assert_eq!(parent("/tmp/weft/one"), None);
        assert_eq!(parent("/one"), None);
    }

    #[test]
    fn a_run_folder_in_tmp_is_placed_in_the_private_tmp() {
        assert_eq!(place_of(Path::new("/tmp/a/b")), Path::new("/tmp/tmp/a/b"));
        assert_eq!(place_of(Path::new("/run/weft/b")), Path::new("/run/weft/b"));
    }
}
