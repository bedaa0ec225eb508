//! Limits of processor and memory, by control groups of version 1 or 2.
//!
//! A function has one group per hierarchy, directly under its root. Only the engine goes in:
//! process 1 stays outside, so that it can remove the group.

use crate::spec::Spec;
use crate::sys::{descriptor, process};
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Short enough that a spell of throttling stays short too.
const PERIOD_US: u64 = 20_000;
/// The kernel accepts no quota below.
const LEAST_QUOTA_US: u64 = 1_000;

/// The groups of one function, and how to tell about them.
pub struct Limits {
    groups: Vec<Group>,
    told: String,
}

struct Group {
    root: OwnedFd,
    folder: OwnedFd,
    name: String,
    path: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    One,
    Two,
}

impl Limits {
    /// Makes the groups a spec asks for. Where that cannot be, the reason is what is told.
    pub fn make(name: &str, spec: &Spec) -> Self {
        let mut limits = Self {
            groups: Vec::new(),
            told: String::new(),
        };
        let wanted = wanted(spec);
        if wanted.is_empty() {
            limits.told = "none: the function asks for none".into();
            return limits;
        }
        limits.told = match limits.set_all(name, &wanted) {
            Ok(version) => {
                let names: Vec<_> = wanted.iter().map(|(controller, _)| *controller).collect();
                format!(
                    "cgroup v{}: {}",
                    if version == Version::One { 1 } else { 2 },
                    names.join(", ")
                )
            }
            Err(reason) => {
                limits.remove();
                format!("none: {reason}")
            }
        };
        limits
    }

    fn set_all(&mut self, name: &str, wanted: &[(&str, Amount)]) -> Result<Version, String> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")
            .map_err(|error| format!("cannot read /proc/self/mountinfo: {error}"))?;
        let mut used = Version::One;
        for (controller, amount) in wanted {
            let (root, version) = find_hierarchy(&mounts, controller).ok_or(format!(
                "no cgroup with controller '{controller}' is mounted"
            ))?;
            let path = self.group(&root, name, version)?;
            for (file, value) in amount.settings(version) {
                let file = path.join(file);
                fs::write(&file, &value).map_err(|error| {
                    format!("cannot write {value} to {}: {error}", file.display())
                })?;
            }
            used = version;
        }
        Ok(used)
    }

    fn group(&mut self, root: &Path, name: &str, version: Version) -> Result<PathBuf, String> {
        let path = root.join(name);
        if self.groups.iter().any(|group| group.path == path) {
            return Ok(path);
        }
        if version == Version::Two {
            // Refused where it is on already and somebody else manages it; the limit itself tells.
            let _ = fs::write(root.join("cgroup.subtree_control"), "+cpu +memory");
        }
        let failed = |error: io::Error| format!("cannot make {}: {error}", path.display());
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        self.groups.push(Group {
            root: descriptor::open_place(root, libc::O_DIRECTORY).map_err(failed)?,
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

    /// Where the groups are.
    pub fn paths(&self) -> Vec<String> {
        self.groups
            .iter()
            .map(|group| group.path.display().to_string())
            .collect()
    }

    /// Starts a process that puts `pid` into the groups and ends; gives its number.
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
                let joined = self.groups.iter().try_for_each(|group| group.join(pid));
                process::exit_now(joined.map_or_else(|e| e.raw_os_error().unwrap_or(1), |()| 0))
            }
        }
    }

    /// Removes the groups, which must be empty.
    pub fn remove(&mut self) {
        for group in self.groups.drain(..) {
            group.remove();
        }
    }
}

impl Group {
    fn join(&self, pid: i32) -> io::Result<()> {
        let procs = Path::new("cgroup.procs");
        let mut file = descriptor::open_at(self.folder.as_fd(), procs, libc::O_WRONLY, 0)?;
        match file.write_all(format!("{pid}\n").as_bytes()) {
            // It has ended meanwhile.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            other => other,
        }
    }

    fn remove(&self) {
        // A process just reaped may still be counted for a moment.
        for _ in 0..100 {
            match descriptor::remove_at(self.root.as_fd(), &self.name, true) {
                Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                _ => return,
            }
        }
    }
}

enum Amount {
    Processors(f64),
    Bytes(u64),
}

fn wanted(spec: &Spec) -> Vec<(&'static str, Amount)> {
    let memory = spec
        .memory_bytes
        .map(|bytes| ("memory", Amount::Bytes(bytes)));
    let cpu = spec
        .cpu
        .map(|processors| ("cpu", Amount::Processors(processors)));
    cpu.into_iter().chain(memory).collect()
}

impl Amount {
    fn settings(&self, version: Version) -> Vec<(&'static str, String)> {
        match (self, version) {
            (Self::Processors(cpu), Version::One) => vec![
                ("cpu.cfs_period_us", PERIOD_US.to_string()),
                ("cpu.cfs_quota_us", quota_us(*cpu).to_string()),
            ],
            (Self::Processors(cpu), Version::Two) => {
                vec![("cpu.max", format!("{} {PERIOD_US}", quota_us(*cpu)))]
            }
            (Self::Bytes(bytes), Version::One) => {
                vec![("memory.limit_in_bytes", bytes.to_string())]
            }
            (Self::Bytes(bytes), Version::Two) => vec![("memory.max", bytes.to_string())],
        }
    }
}

fn quota_us(cpu: f64) -> u64 {
    ((cpu * PERIOD_US as f64) as u64).max(LEAST_QUOTA_US)
}

/// The mount that limits what `controller` names, among the lines of `mountinfo`.
fn find_hierarchy(mounts: &str, controller: &str) -> Option<(PathBuf, Version)> {
    let parsed = || mounts.lines().filter_map(parse_mount);
    let one = parsed().find(|(_, kind, options)| {
        *kind == "cgroup" && options.split(',').any(|option| option == controller)
    });
    if let Some((at, ..)) = one {
        return Some((at.into(), Version::One));
    }
    let (at, ..) = parsed().find(|(at, kind, _)| {
        let offered = || fs::read_to_string(Path::new(at).join("cgroup.controllers"));
        *kind == "cgroup2"
            && offered().is_ok_and(|all| all.split_whitespace().any(|c| c == controller))
    })?;
    Some((at.into(), Version::Two))
}

/// Mount point, file system and its options, of one line.
fn parse_mount(line: &str) -> Option<(&str, &str, &str)> {
    let (here, there) = line.split_once(" - ")?;
    let mut there = there.split(' ');
    Some((here.split(' ').nth(4)?, there.next()?, there.nth(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
30 29 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
31 29 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 29 0:28 / /nowhere/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn version_one_hierarchies_are_found_by_controller() {
        let cpu = find_hierarchy(HYBRID, "cpu").unwrap();
        assert_eq!(cpu, (PathBuf::from("/sys/fs/cgroup/cpu"), Version::One));
        let memory = find_hierarchy(HYBRID, "memory").unwrap();
        assert_eq!(
            memory,
            (PathBuf::from("/sys/fs/cgroup/memory"), Version::One)
        );
    }

    #[test]
    fn a_controller_that_is_not_mounted_is_not_found() {
        assert_eq!(find_hierarchy(HYBRID, "pids"), None);
    }

    #[test]
    fn amounts_become_settings_of_each_version() {
        let half = Amount::Processors(0.5);
        assert_eq!(
            half.settings(Version::Two),
            [("cpu.max", "10000 20000".to_string())]
        );
        assert_eq!(
            half.settings(Version::One)[1],
            ("cpu.cfs_quota_us", "10000".to_string())
        );
        assert_eq!(quota_us(0.001), LEAST_QUOTA_US);
        let memory = Amount::Bytes(1 << 20);
        assert_eq!(
            memory.settings(Version::Two),
            [("memory.max", "1048576".to_string())]
        );
    }
}
