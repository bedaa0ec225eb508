//! The hierarchies of control groups, of version 1 or 2, and how limits are written to them.

use std::fs;
use std::path::{Path, PathBuf};

/// Short enough that a spell of throttling stays short too.
const PERIOD_US: u64 = 20_000;
/// The kernel accepts no quota below.
const LEAST_QUOTA_US: u64 = 1_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Version {
    One,
    Two,
}

/// What is wanted of each controller.
pub(super) fn wanted(cpu: Option<f64>, memory: Option<u64>) -> Vec<(&'static str, Amount)> {
    let cpu = cpu.map(|processors| ("cpu", Amount::Processors(processors)));
    let memory = memory.map(|bytes| ("memory", Amount::Bytes(bytes)));
    cpu.into_iter().chain(memory).collect()
}

/// How much of what a controller shares out.
#[derive(Clone, Copy)]
pub(super) enum Amount {
    Processors(f64),
    Bytes(u64),
}

impl Amount {
    /// Files of a group and what to write to them.
    pub fn settings(&self, version: Version) -> Vec<(&'static str, String)> {
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
pub(super) fn find_hierarchy(mounts: &str, controller: &str) -> Option<(PathBuf, Version)> {
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
