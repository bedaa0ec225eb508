//! What is told about a function: to whoever asks, and in `state.json`.

use crate::components::component;
use crate::function::Function;
use crate::network::Interface;
use crate::sys::process;
use serde::Serialize;
use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    components: Vec<Component>,
}

/// What is told about a component.
#[derive(Serialize, Clone, PartialEq)]
struct Component {
    key: String,
    name: String,
    /// Its process, by its number outside.
    pid: Option<i32>,
    state: &'static str,
    restarts: u32,
    /// How its last process ended.
    last_end: Option<String>,
    limits: String,
    #[serde(flatten)]
    usage: Option<Usage>,
}

/// What changes all the time, so not part of the state.
#[derive(Serialize, Clone, PartialEq)]
struct Usage {
    /// Private memory; what it shares with the engine counts as the engine's.
    memory_bytes: u64,
    /// Processor time of all its processes.
    cpu_s: f64,
    /// Of the memory, where it is limited.
    memory_limit_bytes: Option<u64>,
}

/// The state and what changes all the time.
#[derive(Serialize)]
pub struct Status {
    ok: bool,
    #[serde(flatten)]
    state: State,
    uptime_s: f64,
    /// Private and shared memory of process 1 and the engine, private memory of components; no
    /// file's.
    memory_bytes: u64,
    /// Processor time of process 1, all its engines and all components.
    cpu_s: f64,
    /// Processors it may use, where that is limited.
    cpu_limit: Option<f64>,
    /// Memory it may use, where that is limited.
    memory_limit_bytes: Option<u64>,
}

impl State {
    pub fn of(function: &mut Function, pid: i32, start: &Start) -> Self {
        let components = function.components.iter().map(Component::of).collect();
        let failure = function.failure();
        Self {
            state: function.state(),
            pid,
            engine_pid: function.active().and_then(|(_, outside)| outside),
            restarts: function.engine.restarts(),
            started: (start.unix_s * 1000.0).round() / 1000.0,
            interfaces: function.engine.interfaces().to_vec(),
            errors: failure.map_or_else(Vec::new, |failure| failure.errors.clone()),
            limits: function.engine.limits().told().into(),
            cgroups: function.engine.limits().paths(),
            components,
        }
    }
}

impl Component {
    fn of(component: &component::Component) -> Self {
        Self {
            key: component.spec.key.clone(),
            name: component.spec.name.clone(),
            pid: component.pids().and_then(|(_, outside)| outside),
            state: component.state(),
            restarts: component.restarts(),
            last_end: component.last_end().map(String::from),
            limits: component.limits.clone(),
            usage: None,
        }
    }
}

impl Usage {
    fn of(component: &component::Component) -> Self {
        let pid = component.pids().map(|(inside, _)| inside);
        let living = pid.map_or(Duration::ZERO, process::processor_time);
        Self {
            memory_bytes: pid.map_or(0, |pid| memory_bytes(pid, &PRIVATE)),
            cpu_s: (component.spent() + living).as_secs_f64(),
            memory_limit_bytes: limit(component.spec.memory_bytes, &component.limits),
        }
    }
}

impl Status {
    pub fn of(function: &mut Function, pid: i32, start: &Start) -> Self {
        let engine = function.engine.active().map(|(inside, _)| inside);
        let ours = [Some(std::process::id() as i32), engine];
        let ours = || ours.iter().flatten();
        let all = function.components.iter().filter_map(|c| c.pids());
        let living = ours().copied().chain(all.map(|(inside, _)| inside));
        let time: Duration = living.map(process::processor_time).sum();
        let usages: Vec<_> = function.components.iter().map(Usage::of).collect();
        let theirs: u64 = usages.iter().map(|usage| usage.memory_bytes).sum();
        let mut state = State::of(function, pid, start);
        state.interfaces = function.engine.observe();
        let spec = function.engine.spec();
        let (cpu, memory) = (spec.cpu, spec.memory_bytes);
        for (component, usage) in state.components.iter_mut().zip(usages) {
            component.usage = Some(usage);
        }
        Self {
            ok: true,
            uptime_s: start.instant.elapsed().as_secs_f64(),
            memory_bytes: ours().map(|pid| memory_bytes(*pid, &OWN)).sum::<u64>() + theirs,
            cpu_s: (time + process::processor_time_of_ended()).as_secs_f64(),
            cpu_limit: limit(cpu, &state.limits),
            memory_limit_bytes: limit(memory, &state.limits),
            state,
        }
    }
}

/// What was asked for, if it holds: see [`crate::cgroup::Limits`].
fn limit<T>(wanted: Option<T>, told: &str) -> Option<T> {
    wanted.filter(|_| told.starts_with("cgroup"))
}

/// Lines of a process's status.
const PRIVATE: [&str; 1] = ["RssAnon:"];
const OWN: [&str; 2] = ["RssAnon:", "RssShmem:"];

fn memory_bytes(pid: i32, kinds: &[&str]) -> u64 {
    fs::read_to_string(format!("/proc/{pid}/status")).map_or(0, |text| memory(&text, kinds))
}

fn memory(status: &str, kinds: &[&str]) -> u64 {
    let kib = |line: &str| {
        let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
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
        assert_eq!(memory(status, &OWN), 120 * 1024);
        assert_eq!(memory(status, &PRIVATE), 112 * 1024);
    }
}
