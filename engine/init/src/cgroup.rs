//! Limits of processor and memory, by control groups of version 1 or 2.
//!
//! A function has one group per hierarchy, directly under its root, and below it one for each
//! component that has limits. Version 2 wants processes in the lowest groups only: there the engine
//! has one too where there are components. Process 1 stays outside, so that it can remove them.

use crate::spec::{Component, Spec};
use crate::sys::{descriptor, process};
use hierarchy::{Amount, Version, find_hierarchy, wanted};
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod hierarchy;

/// The groups of one function, and how to tell about them.
pub struct Limits {
    name: String,
    has_components: bool,
    groups: Vec<Group>,
    told: String,
}

struct Group {
    whose: Whose,
    parent: OwnedFd,
    folder: OwnedFd,
    name: String,
    path: PathBuf,
}

#[derive(Clone, PartialEq, Eq)]
enum Whose {
    Function,
    Engine,
    Component(String),
}

impl Limits {
    /// Makes the groups a spec asks for. Where that cannot be, the reason is what is told.
    pub fn make(name: &str, spec: &Spec) -> Self {
        let mut limits = Self {
            name: name.into(),
            has_components: !spec.components.is_empty(),
            groups: Vec::new(),
            told: String::new(),
        };
        let wanted = wanted(spec.cpu, spec.memory_bytes);
        limits.told = if wanted.is_empty() {
            "none: the function asks for none".into()
        } else {
            limits.set_all(&Whose::Function, &wanted)
        };
        limits
    }

    /// Makes the groups of a component, where the host's file system is to be seen; tells which
    /// limits hold.
    pub fn add(&mut self, component: &Component) -> String {
        let wanted = wanted(component.cpu, component.memory_bytes);
        if wanted.is_empty() {
            return "none: the component asks for none".into();
        }
        self.has_components = true;
        self.set_all(&Whose::Component(component.key.clone()), &wanted)
    }

    fn set_all(&mut self, whose: &Whose, wanted: &[(&str, Amount)]) -> String {
        let mut set = || -> Result<Version, String> {
            let mounts = fs::read("/proc/self/mountinfo")
                .map_err(|error| format!("cannot read /proc/self/mountinfo: {error}"))?;
            // Names of other mounts may be any bytes.
            let mounts = String::from_utf8_lossy(&mounts);
            let mut used = Version::One;
            for (controller, amount) in wanted {
                used = self.set(&mounts, whose, controller, *amount)?;
            }
            Ok(used)
        };
        match set() {
            Ok(version) => {
                let names: Vec<_> = wanted.iter().map(|(controller, _)| *controller).collect();
                let number = if version == Version::One { 1 } else { 2 };
                format!("cgroup v{number}: {}", names.join(", "))
            }
            Err(reason) => {
                self.remove_those(|group| group.whose == *whose);
                format!("none: {reason}")
            }
        }
    }

    fn set(
        &mut self,
        mounts: &str,
        whose: &Whose,
        controller: &str,
        amount: Amount,
    ) -> Result<Version, String> {
        let (root, version) = find_hierarchy(mounts, controller).ok_or(format!(
            "no cgroup with controller '{controller}' is mounted"
        ))?;
        let name = self.name.clone();
        let mut path = self.group(Whose::Function, &root, &name, version)?;
        if version == Version::Two && self.has_components {
            self.group(Whose::Engine, &path, "engine", version)?;
        }
        if let Whose::Component(key) = whose {
            let name = format!("component.{key}");
            path = self.group(whose.clone(), &path, &name, version)?;
        }
        for (file, value) in amount.settings(version) {
            let file = path.join(file);
            fs::write(&file, &value)
                .map_err(|error| format!("cannot write {value} to {}: {error}", file.display()))?;
        }
        Ok(version)
    }

    fn group(
        &mut self,
        whose: Whose,
        parent: &Path,
        name: &str,
        version: Version,
    ) -> Result<PathBuf, String> {
        let path = parent.join(name);
        if self.groups.iter().any(|group| group.path == path) {
            return Ok(path);
        }
        if version == Version::Two {
            // Refused where it is on already and somebody else manages it; the limit itself tells.
            let _ = fs::write(parent.join("cgroup.subtree_control"), "+cpu +memory");
        }
        let failed = |error: io::Error| format!("cannot make {}: {error}", path.display());
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        self.groups.push(Group {
            whose,
            parent: descriptor::open_place(parent, libc::O_DIRECTORY).map_err(failed)?,
            folder: descriptor::open_place(&path, libc::O_DIRECTORY).map_err(failed)?,
            name: name.into(),
            path: path.clone(),
        });
        Ok(path)
    }

    /// Which limits hold: `cgroup v1: cpu, memory`, or `none:` and the reason.
    pub fn told(&self) -> &str {
        &self.told
    }

    /// Takes back the claim that limits hold.
    pub fn failed(&mut self, reason: &str) {
        self.told = format!("none: {reason}");
    }

    /// Where the function's groups are.
    pub fn paths(&self) -> Vec<String> {
        let own = self
            .groups
            .iter()
            .filter(|group| group.whose == Whose::Function);
        own.map(|group| group.path.display().to_string()).collect()
    }

    /// In each hierarchy the group of its own, else the function's.
    fn of<'a>(&'a self, whose: &'a Whose) -> impl Iterator<Item = &'a Group> {
        self.groups.iter().filter(move |group| {
            let has_own = |path: &Path| {
                let below = |other: &&Group| other.path.parent() == Some(path);
                self.groups
                    .iter()
                    .filter(below)
                    .any(|other| other.whose == *whose)
            };
            group.whose == *whose || (group.whose == Whose::Function && !has_own(&group.path))
        })
    }

    /// The groups that a component's process has to join, as folders.
    pub fn folders_of(&self, component: &Component) -> io::Result<Vec<OwnedFd>> {
        self.of(&Whose::Component(component.key.clone()))
            .map(|group| group.folder.try_clone())
            .collect()
    }

    /// Starts a process that puts the engine into its groups and ends; gives its number.
    ///
    /// Joining waits for an RCU grace period, 10 ms on a quiet machine, which neither the engine
    /// nor process 1 has to spend.
    pub fn start_joining(&self, pid: i32) -> io::Result<Option<i32>> {
        if self.groups.is_empty() {
            return Ok(None);
        }
        match process::fork()? {
            process::Fork::Parent(joiner) => Ok(Some(joiner)),
            process::Fork::Child => {
                let mut groups = self.of(&Whose::Engine);
                let joined = groups.try_for_each(|group| join(&group.folder, pid));
                process::exit_now(joined.map_or_else(|e| e.raw_os_error().unwrap_or(1), |()| 0))
            }
        }
    }

    /// Removes the groups of a component, which must be empty.
    pub fn remove_of(&mut self, key: &str) {
        self.remove_those(|group| matches!(&group.whose, Whose::Component(of) if of == key));
    }

    /// Removes the groups, which must be empty.
    pub fn remove(&mut self) {
        self.remove_those(|_| true);
    }

    /// The last made first: they may lie in others.
    fn remove_those(&mut self, condition: impl Fn(&Group) -> bool) {
        let (gone, kept) = self.groups.drain(..).partition(|group| condition(group));
        self.groups = kept;
        let gone: Vec<Group> = gone;
        gone.iter().rev().for_each(Group::remove);
    }
}

/// Puts a process into the group with this folder; 0 is the process that calls.
pub fn join(folder: &OwnedFd, pid: i32) -> io::Result<()> {
    let procs = Path::new("cgroup.procs");
    let mut file = descriptor::open_at(folder.as_fd(), procs, libc::O_WRONLY, 0)?;
    match file.write_all(format!("{pid}\n").as_bytes()) {
        // It has ended meanwhile.
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other,
    }
}

impl Group {
    fn remove(&self) {
        // A process just reaped may still be counted for a moment.
        for _ in 0..100 {
            match descriptor::remove_at(self.parent.as_fd(), &self.name, true) {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                _ => return,
            }
        }
    }
}
