//! What is told about a function: to whoever asks, and in `state.json`.

use crate::network::Interface;
use crate::supervise::Supervisor;
use crate::sys::process;
use serde::Serialize;
use std::fs;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// When the function started, by both clocks.
pub struct Start {
    instant: Instant,
    unix_s: f64,
}

impl Start {
    pub fn now() -> Self {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            instant: Instant::now(),
            unix_s: unix.as_secs_f64(),
        }
    }
}

/// What changes only with the state.
#[derive(Serialize, Clone, PartialEq)]
pub struct State {
    state: &'static str,
    /// Process 1, by its number outside.
    pid: i32,
    /// The engine, by its number outside.
    engine_pid: Option<i32>,
    restarts: u32,
    /// Unix time, seconds.
    started: f64,
    interfaces: Vec<Interface>,
    limits: String,
    cgroups: Vec<String>,
    errors: Vec<String>,
}

/// The state and what changes all the time.
#[derive(Serialize)]
pub struct Status {
    ok: bool,
    #[serde(flatten)]
    state: State,
    uptime_s: f64,
    /// Private and shared memory of process 1 and the engine; no file's.
    memory_bytes: u64,
    /// Processor time of process 1 and all its engines.
    cpu_s: f64,
}

impl State {
    pub fn of(supervisor: &mut Supervisor, pid: i32, start: &Start) -> Self {
        Self {
            state: supervisor.state(),
            pid,
            engine_pid: supervisor.active().and_then(|(_, outside)| outside),
            restarts: supervisor.restarts(),
            started: (start.unix_s * 1000.0).round() / 1000.0,
            interfaces: supervisor.interfaces().to_vec(),
            limits: supervisor.limits().told().into(),
            cgroups: supervisor.limits().paths(),
            errors: supervisor
                .failure()
                .map_or_else(Vec::new, |failure| failure.errors.clone()),
        }
    }
}

impl Status {
    pub fn of(supervisor: &mut Supervisor, pid: i32, start: &Start) -> Self {
        let engine = supervisor.active().map(|(inside, _)| inside);
        let living = [Some(std::process::id() as i32), engine];
        let living = || living.iter().flatten();
        let time = living().map(|pid| process::processor_time(*pid));
        Self {
            ok: true,
            state: State::of(supervisor, pid, start),
            uptime_s: start.instant.elapsed().as_secs_f64(),
            memory_bytes: living().map(|pid| memory_bytes(*pid)).sum(),
            cpu_s: (time.sum::<std::time::Duration>() + process::processor_time_of_ended())
                .as_secs_f64(),
        }
    }
}

fn memory_bytes(pid: i32) -> u64 {
    fs::read_to_string(format!("/proc/{pid}/status")).map_or(0, |text| own_memory(&text))
}

fn own_memory(status: &str) -> u64 {
    let kib = |line: &str| {
        let rest = line
            .strip_prefix("RssAnon:")
            .or(line.strip_prefix("RssShmem:"))?;
        rest.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    status.lines().filter_map(kib).sum::<u64>() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_counts_private_and_shared_pages_but_no_files() {
        let status = "VmRSS:\t 900 kB\nRssAnon:\t   112 kB\nRssFile:\t 700 kB\nRssShmem:\t 8 kB\n";
        assert_eq!(own_memory(status), 120 * 1024);
    }
}
