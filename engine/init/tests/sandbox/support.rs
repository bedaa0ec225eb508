//! A sandbox under test, with the stand-in as its engine.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub const UID: u32 = 1_234_567;
pub const GID: u32 = 1_234_568;
/// Of the first component; the next has the next one.
pub const COMPONENT_UID: u32 = 1_234_600;

/// Whether a sandbox can be made here; says why not.
pub fn can_make_sandboxes() -> bool {
    // SAFETY: takes nothing.
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        eprintln!("skipped: making a sandbox takes root");
    }
    root
}

/// Asks again until the answer is there; a wait without end is a failure.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(Duration::from_secs(10), what, ask)
}

fn within<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A run folder, before anything runs in it.
pub struct Folder {
    runs: PathBuf,
    pub path: PathBuf,
    pub facts: Value,
    /// Further arguments of `init`.
    options: Vec<String>,
    /// What is open for it by the number it has here.
    passed: Vec<File>,
}

impl Folder {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let runs = PathBuf::from(format!("/run/weft-test-{process}-{number}"));
        let path = runs.join(format!(
            "{process:08x}-{number:03x}0-4000-8000-000000000000"
        ));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("graph.click"), "ready").unwrap();
        let facts = json!({"sandbox": {
            "interfaces": ["in", "out"], "parameters": {"ADDR": "10.0.0.1"}, "cpu": null,
            "memory_bytes": null, "uid": UID, "gid": GID, "hostname": "weft-under-test",
            "restart": {"initial_ms": 0, "limit_ms": 100}}});
        let (options, passed) = (Vec::new(), Vec::new());
        Self {
            runs,
            path,
            facts,
            options,
            passed,
        }
    }

    /// Runs an executable as the engine, instead of a fork of `init`.
    pub fn engine(mut self, executable: &Path) -> Self {
        let executable = executable.to_str().unwrap();
        self.options
            .extend(["--engine", executable].map(String::from));
        self
    }

    /// Gives `init` a network namespace.
    pub fn network(mut self, namespace: File) -> Self {
        let number = namespace.as_raw_fd().to_string();
        self.options.extend(["--network-fd".into(), number]);
        self.passed.push(namespace);
        self
    }

    pub fn graph(self, text: &str) -> Self {
        fs::write(self.path.join("graph.click"), text).unwrap();
        self
    }

    pub fn fact(mut self, key: &str, value: Value) -> Self {
        self.facts["sandbox"][key] = value;
        self
    }

    /// A component that is ready when it has started; `change` says what else it is.
    pub fn component(mut self, key: &str, program: Value, change: Value) -> Self {
        self.add_component(key, program, change);
        self
    }

    /// The same, in a folder in which something may run.
    pub fn add_component(&mut self, key: &str, program: Value, change: Value) {
        let number = self.facts["sandbox"]["components"]
            .as_array()
            .map_or(0, Vec::len) as u32;
        let folder = self.path.join("components").join(key);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(stand_in(), folder.join("stand_in")).unwrap();
        let uid = COMPONENT_UID + number;
        let mut facts = json!({"key": key, "name": key, "program": program, "uid": uid,
            "gid": uid, "ready": "start"});
        let change = change.as_object().unwrap().clone();
        facts.as_object_mut().unwrap().extend(change);
        self.add_to("components", facts);
    }

    /// A component that runs a script in a shell.
    pub fn shell(self, key: &str, script: &str, change: Value) -> Self {
        self.component(key, json!(["/bin/sh", "-c", script]), change)
    }

    /// A component that answers these questions in the log, each after its name.
    pub fn asked(self, key: &str, questions: &[&str], change: Value) -> Self {
        let program = self.path.join("components").join(key).join("stand_in");
        let mut words = vec![program.to_str().unwrap(), "component"];
        words.extend(questions);
        let program = json!(words);
        self.component(key, program, change)
    }

    /// Adds to a list of facts.
    pub fn add(mut self, key: &str, value: Value) -> Self {
        self.add_to(key, value);
        self
    }

    pub fn add_to(&mut self, key: &str, value: Value) {
        let list = &mut self.facts["sandbox"][key];
        if list.is_null() {
            *list = json!([]);
        }
        list.as_array_mut().unwrap().push(value);
    }

    /// Writes `function.json`.
    pub fn write(&self) {
        fs::write(self.path.join("function.json"), self.facts.to_string()).unwrap();
    }

    /// Starts `init` in it.
    pub fn init(self) -> Starting {
        self.write();
        let passed: Vec<_> = self.passed.iter().map(AsRawFd::as_raw_fd).collect();
        let (outer, report) = start_init(&self.path, &self.options, &passed);
        Starting {
            folder: self,
            outer,
            report,
        }
    }

    /// Starts `init`, makes the interfaces as a pair, and has it go on.
    pub fn run(self) -> Sandbox {
        let mut starting = self.init();
        let pid = starting.sandbox_pid();
        make_pair(pid);
        starting.start();
        let event = starting.event();
        assert_eq!(event["event"], "running", "{event}");
        Sandbox {
            engine_pid: event["engine_pid"].as_i64().unwrap() as i32,
            pid,
            starting,
        }
    }

    /// A sandbox whose function waits for an order to start.
    pub fn rest(self) -> Sandbox {
        let mut starting = self.init();
        let pid = starting.sandbox_pid();
        make_pair(pid);
        let socket = starting.report.get_mut();
        socket.write_all(b"{\"op\":\"rest\"}\n").unwrap();
        assert_eq!(starting.event(), json!({"event": "resting"}));
        Sandbox {
            engine_pid: 0,
            pid,
            starting,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.runs);
    }
}

/// Starts `init` in a folder; gives the outer process and our end of the report socket.
pub fn start_init(
    path: &Path,
    options: &[String],
    passed: &[RawFd],
) -> (Child, BufReader<UnixStream>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let fd = theirs.as_raw_fd();
    let mut command = Command::new(stand_in());
    command
        .args(["init", "--run-dir"])
        .arg(path)
        .args(["--report-fd", &fd.to_string()])
        .args(options);
    let kept: Vec<RawFd> = passed.iter().copied().chain([fd]).collect();
    // SAFETY: between fork and exec only fcntl, which takes numbers.
    unsafe {
        command.pre_exec(move || {
            let mut kept = kept.iter();
            match kept.any(|fd| libc::fcntl(*fd, libc::F_SETFD, 0) == -1) {
                true => Err(std::io::Error::last_os_error()),
                false => Ok(()),
            }
        })
    };
    let outer = command.stdin(Stdio::null()).spawn().unwrap();
    ours.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    (outer, BufReader::new(ours))
}

/// The next event on a report socket.
pub fn next_event(report: &mut BufReader<UnixStream>) -> Value {
    let mut line = String::new();
    report.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("event {line:?}: {error}"))
}

/// Cargo builds examples next to the tests.
pub fn stand_in() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples/stand_in");
    assert!(
        path.exists(),
        "{} is missing: build it with `cargo build --examples`",
        path.display()
    );
    path
}

/// Both interfaces of a sandbox, joined to each other.
pub fn make_pair(pid: i32) {
    let pid = pid.to_string();
    ip(&[
        "link", "add", "in", "netns", &pid, "type", "veth", "peer", "name", "out", "netns", &pid,
    ]);
}

pub fn ip(arguments: &[&str]) {
    let output = Command::new("ip")
        .args(arguments)
        .output()
        .expect("iproute2 is installed");
    assert!(output.status.success(), "ip {arguments:?}: {output:?}");
}

/// What is gone from the run folder with the function.
const LEFT_BY_NONE: [&str; 6] = [
    "init.sock",
    "control.sock",
    "components.sock",
    "state.json",
    ".state.json.new",
    "mnt",
];

/// A sandbox on its way.
pub struct Starting {
    pub folder: Folder,
    pub outer: Child,
    pub report: BufReader<UnixStream>,
}

impl Starting {
    /// The next event on the report socket.
    pub fn event(&mut self) -> Value {
        next_event(&mut self.report)
    }

    pub fn sandbox_pid(&mut self) -> i32 {
        let event = self.event();
        assert_eq!(event["event"], "sandbox", "{event}");
        event["pid"].as_i64().unwrap() as i32
    }

    pub fn start(&mut self) {
        self.report
            .get_mut()
            .write_all(b"{\"op\":\"start\"}\n")
            .unwrap();
    }

    /// The failure that is to come next, as (stage, errors), after which nothing is left.
    pub fn failure(&mut self) -> (String, Vec<String>) {
        let event = self.event();
        assert_eq!(event["event"], "failed", "{event}");
        self.assert_nothing_left();
        let errors = event["errors"].as_array().unwrap().iter();
        let errors = errors
            .map(|line| line.as_str().unwrap().to_string())
            .collect();
        (event["stage"].as_str().unwrap().into(), errors)
    }

    pub fn assert_nothing_left(&mut self) {
        for name in LEFT_BY_NONE {
            eventually(name, || {
                (!self.folder.path.join(name).exists()).then_some(())
            });
        }
        eventually("cgroups removed", || {
            cgroups(&self.folder.path).is_empty().then_some(())
        });
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        assert!(!mounts.contains(self.folder.path.to_str().unwrap()));
        let me = self.folder.path.to_str().unwrap().to_string();
        eventually("processes ended", || {
            processes_naming(&me).is_empty().then_some(())
        });
    }

    /// The log without the times of its lines.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.path.join("log")).unwrap();
        let untimed = |line: &str| line.split_once(' ').map(|(_, told)| format!("{told}\n"));
        text.lines().filter_map(untimed).collect()
    }
}

/// Control groups of a function, of any hierarchy.
pub fn cgroups(run_dir: &Path) -> Vec<PathBuf> {
    let name: String = run_dir
        .file_name()
        .unwrap()
        .to_string_lossy()
        .chars()
        .take(12)
        .collect();
    let hierarchies = fs::read_dir("/sys/fs/cgroup")
        .into_iter()
        .flatten()
        .flatten();
    let roots = hierarchies
        .map(|entry| entry.path())
        .chain(["/sys/fs/cgroup".into()]);
    roots
        .map(|root| root.join(format!("weft-{name}")))
        .filter(|path| path.exists())
        .collect()
}

fn processes_naming(text: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let command = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("cmdline")).ok();
    entries
        .filter_map(command)
        .filter(|line| line.contains(text))
        .collect()
}

/// A function that runs.
pub struct Sandbox {
    pub pid: i32,
    pub engine_pid: i32,
    pub starting: Starting,
}

impl Sandbox {
    pub fn path(&self) -> &Path {
        &self.starting.folder.path
    }

    pub fn orders(&self) -> UnixStream {
        let client = UnixStream::connect(self.path().join("init.sock")).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        client
    }

    pub fn order(&self, op: &str) -> Value {
        let client = self.orders();
        (&client)
            .write_all(format!("{{\"op\":\"{op}\"}}\n").as_bytes())
            .unwrap();
        answer(&client)
    }

    /// What the engine answers; asks the next engine if this one dies over it.
    pub fn ask(&self, question: &str) -> String {
        eventually(question, || self.ask_once(question))
    }

    pub fn ask_once(&self, question: &str) -> Option<String> {
        let mut client = UnixStream::connect(self.path().join("control.sock")).ok()?;
        client.write_all(format!("{question}\n").as_bytes()).ok()?;
        let mut text = String::new();
        client.read_to_string(&mut text).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// What status tells of a component.
    pub fn component(&self, key: &str) -> Value {
        let status = self.order("status");
        let mut all = status["components"].as_array().unwrap().iter();
        let found = all.find(|component| component["key"] == key);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{key} in {status}"))
    }

    /// Waits until a component is in a state; gives what status tells of it.
    pub fn component_in(&self, key: &str, state: &str) -> Value {
        eventually(&format!("{key} {state}"), || {
            Some(self.component(key)).filter(|component| component["state"] == state)
        })
    }

    /// Waits until the log has a line; gives the log.
    pub fn logged(&self, line: &str) -> String {
        self.logged_within(line, Duration::from_secs(10))
    }

    /// The same, of a program that is slow to start.
    pub fn logged_within(&self, line: &str, patience: Duration) -> String {
        within(patience, line, || {
            let log = self.starting.log();
            log.lines().any(|one| one == line).then_some(log)
        })
    }

    pub fn kill_engine(&self) {
        let pid = self.order("status")["engine_pid"].as_i64().unwrap() as i32;
        // SAFETY: takes numbers only.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
    }

    /// A file of process 1's, by the host's `/proc`.
    pub fn fact_of(&self, pid: i32, name: &str) -> String {
        fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap()
    }

    pub fn shutdown(mut self) {
        assert_eq!(self.order("shutdown"), json!({"ok": true}));
        self.starting.assert_nothing_left();
    }
}

impl Drop for Starting {
    /// A test that failed, or did not shut down, leaves process 1 running.
    fn drop(&mut self) {
        let _ = self.outer.wait();
        let state = self.folder.path.join("state.json");
        let text = fs::read_to_string(&state).unwrap_or_default();
        let facts: Value = serde_json::from_str(&text).unwrap_or_default();
        let Some(pid) = facts["pid"].as_i64() else {
            return;
        };
        // SAFETY: takes numbers only.
        let is_there = unsafe { libc::kill(pid as i32, libc::SIGTERM) } == 0;
        let end = Instant::now() + Duration::from_secs(5);
        while is_there && state.exists() && !is_dead(pid) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn is_dead(pid: i64) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.is_empty() || status.contains("State:\tZ")
}

pub fn answer(client: &UnixStream) -> Value {
    let mut line = String::new();
    BufReader::new(client).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("answer {line:?}: {error}"))
}
