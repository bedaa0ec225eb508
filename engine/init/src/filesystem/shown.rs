//! What of the host is shown to components, beyond what the engine sees: their programs, and
//! folders and files asked for. All of it may be executed, and none of it written.

use super::{STAGE, make_folder, mounting};
use crate::failure::{Attempt, Failure};
use crate::spec::Mount;
use crate::sys::mount::{self, NO_DEVICES, NO_SETUID, READ_ONLY};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// In the run folder: what components are made of, and where more of the host is shown.
const PROGRAMS: &str = "components";
const MOUNTS: &str = "mnt";

/// What is shown already.
pub struct Shown {
    run_dir: PathBuf,
    targets: BTreeSet<PathBuf>,
}

/// Something on its way from the host's view to the sandbox's.
pub struct Copy {
    mount: OwnedFd,
    is_folder: bool,
    /// Relative to the run folder.
    target: PathBuf,
}

impl Shown {
    pub fn new(run_dir: &Path) -> Self {
        Self {
            run_dir: run_dir.into(),
            targets: BTreeSet::new(),
        }
    }

    /// Copies what is not shown yet, where the host's file system is to be seen.
    pub fn copy(&self, mounts: &[Mount]) -> Result<Vec<Copy>, Failure> {
        let programs = Mount {
            source: self.run_dir.join(PROGRAMS),
            target: self.run_dir.join(PROGRAMS),
        };
        let programs = programs.source.is_dir().then_some(&programs);
        let wanted = programs.into_iter().chain(mounts);
        let missing = wanted.filter(|mount| !self.targets.contains(&mount.target));
        missing.map(|mount| self.copy_one(mount)).collect()
    }

    fn copy_one(&self, wanted: &Mount) -> Result<Copy, Failure> {
        let Mount { source, target } = wanted;
        let copy = || -> io::Result<OwnedFd> {
            let copy = mount::detached_copy(source)?;
            mount::restrict_copy(copy.as_fd(), READ_ONLY | NO_SETUID | NO_DEVICES)?;
            Ok(copy)
        };
        let attempt = || format!("mount {} at {}", source.display(), target.display());
        Ok(Copy {
            mount: copy().attempt(STAGE, attempt())?,
            is_folder: source.is_dir(),
            target: target.strip_prefix(&self.run_dir).unwrap_or(target).into(),
        })
    }

    /// Shows the copies, in the run folder as it is at `place`.
    pub fn place(&mut self, copies: Vec<Copy>, place: &Path) -> Result<(), Failure> {
        for copy in copies {
            let target = self.run_dir.join(&copy.target);
            if copy.target.starts_with(MOUNTS) {
                self.make_room(place)?;
            }
            copy.place(place).attempt(STAGE, mounting(&target))?;
            self.targets.insert(target);
        }
        Ok(())
    }

    /// An empty file system of our own, for the targets to be made in.
    fn make_room(&mut self, place: &Path) -> Result<(), Failure> {
        let room = self.run_dir.join(MOUNTS);
        if self.targets.contains(&room) {
            return Ok(());
        }
        let options = "size=1m,nr_inodes=1024,mode=755";
        mount::new_file_system("tmpfs", &place.join(MOUNTS), options)
            .attempt(STAGE, mounting(&room))?;
        self.targets.insert(room);
        Ok(())
    }

    /// Takes the room away, so that the folder it lies on can be removed.
    pub fn clear(&self) {
        let room = self.run_dir.join(MOUNTS);
        if self.targets.contains(&room) {
            // Where that fails, an empty folder is left.
            let _ = mount::take_away(&room);
        }
    }
}

impl Copy {
    fn place(&self, place: &Path) -> io::Result<()> {
        let target = place.join(&self.target);
        if self.is_folder {
            make_folder(&target, 0o755)?;
        } else {
            make_folder(target.parent().unwrap_or(place), 0o755)?;
            fs::write(&target, "")?;
        }
        mount::place(self.mount.as_fd(), &target)
    }
}
