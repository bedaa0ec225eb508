//! The folders that components may write to: each a file system of its own in memory, so that none
//! can fill the server's.

use crate::failure::{Attempt, Failure};
use crate::spec::Component;
use crate::sys::{descriptor, mount};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// What one holds at most.
const LIMITS: &str = "size=16m,nr_inodes=4096";

/// Those that have been made.
pub struct Rooms {
    folder: PathBuf,
    made: BTreeSet<String>,
}

impl Rooms {
    pub fn new(run_dir: &Path) -> Self {
        Self {
            folder: run_dir.join("home"),
            made: BTreeSet::new(),
        }
    }

    /// Makes that of a component, in the mount namespace of process 1.
    pub fn prepare(&mut self, component: &Component) -> Result<(), Failure> {
        if self.made.contains(&component.key) {
            return Ok(());
        }
        let path = self.folder.join(&component.key);
        make(&path, component).attempt("component", format!("mount {}", path.display()))?;
        self.made.insert(component.key.clone());
        Ok(())
    }

    /// Takes one away, with what is in it.
    pub fn remove(&mut self, key: &str) {
        if self.made.remove(key) {
            // Where that fails it stays until the function ends, within its limits.
            let _ = mount::take_away(&self.folder.join(key));
        }
    }
}

fn make(path: &Path, component: &Component) -> io::Result<()> {
    let place = descriptor::open_place(path, libc::O_DIRECTORY | libc::O_NOFOLLOW)?;
    let (uid, gid) = (component.uid, component.gid);
    mount::new_room(place, &format!("{LIMITS},mode=700,uid={uid},gid={gid}"))
}
