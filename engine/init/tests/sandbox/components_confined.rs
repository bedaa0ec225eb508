//! What a component can do and see.

use crate::support::{
    COMPONENT_UID, Folder, GID, Sandbox, can_make_sandboxes, cgroups, eventually, stand_in,
};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

pub fn line<'a>(status: &'a str, key: &str) -> &'a str {
    let found = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("{key} in {status}")).trim()
}

pub fn pid(sandbox: &Sandbox, key: &str) -> i32 {
    sandbox.component(key)["pid"].as_i64().unwrap() as i32
}

/// What a component answers, as its lines in the log.
fn answers(folder: Folder, questions: &[&str]) -> Vec<String> {
    let sandbox = folder.asked("a", questions, json!({})).run();
    let log = eventually("all answers", || {
        let log = sandbox.starting.log();
        (log.lines().count() >= questions.len()).then_some(log)
    });
    sandbox.shutdown();
    let answer = |line: &str| line.strip_prefix("a: ").unwrap().to_string();
    log.lines().map(answer).collect()
}

#[test]
fn it_has_its_own_user_and_no_capability() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().asked("a", &[], json!({})).run();
    let pid = pid(&sandbox, "a");
    let status = sandbox.fact_of(pid, "status");
    let uid = COMPONENT_UID.to_string();
    assert_eq!(line(&status, "Uid"), [uid.as_str(); 4].join("\t"));
    assert_eq!(line(&status, "Gid"), [uid.as_str(); 4].join("\t"));
    assert_eq!(line(&status, "Groups"), GID.to_string());
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(line(&status, set), "0000000000000000", "{set}");
    }
    assert_eq!(line(&status, "NoNewPrivs"), "1");
    assert_eq!(line(&status, "Seccomp_filters"), "3");
    assert_eq!(line(&status, "SigBlk"), "0000000000000000");
    let limits = sandbox.fact_of(pid, "limits");
    for limit in [
        "Max core file size        0                    0 ",
        "Max open files            4096                 4096 ",
        "Max processes             1024                 1024 ",
    ] {
        assert!(limits.contains(limit), "{limits}");
    }
    assert_eq!(sandbox.fact_of(pid, "oom_score_adj"), "500\n");
    let mut open: Vec<_> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    sandbox.shutdown();
}

#[test]
fn its_environment_says_what_it_needs_to_know() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new();
    let run = folder.path.display().to_string();
    let facts = json!({"environment": {"HOME": "/srv", "K": "v w"}, "directory": "/usr"});
    let sandbox = folder
        .asked("a.2", &["environment", "folder", "host"], facts)
        .run();
    let log = sandbox.logged("a.2: weft-under-test");
    assert_eq!(
        log,
        format!(
            "a.2: HOME=/srv\na.2: K=v w\na.2: PATH=/usr/local/bin:/usr/bin:/bin\n\
             a.2: TMPDIR={run}/home/a.2\na.2: WEFT_COMPONENT={run}/components.sock\n\
             a.2: WEFT_COMPONENT_NAME=a.2\na.2: /usr\na.2: weft-under-test\n"
        )
    );
    sandbox.shutdown();
}

#[test]
fn it_writes_to_its_own_folder_only() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new().asked("b", &[], json!({}));
    let run = folder.path.display().to_string();
    let data = folder.path.join("home");
    let denied = "error: Permission denied (os error 13)";
    let read_only = "error: Read-only file system (os error 30)";
    let questions = [
        ("write note".into(), "done"),
        ("folder".into(), &*format!("{run}/home/a")),
        (format!("write {run}/home/note"), read_only),
        (format!("write {run}/home/b/note"), denied),
        (format!("list {run}/home/b"), denied),
        (format!("write {run}/note"), read_only),
        (format!("write {run}/components/a/note"), read_only),
        ("write /var/tmp/note".into(), read_only),
        (
            "read /proc/1/cmdline".into(),
            "error: No such file or directory (os error 2)",
        ),
    ];
    fs::write(folder.path.join("note"), "").unwrap();
    let asked: Vec<_> = questions
        .iter()
        .map(|(question, _)| question.as_str())
        .collect();
    let found = answers(folder, &asked);
    for ((question, expected), answer) in questions.iter().zip(found) {
        assert_eq!(answer, *expected, "{question}");
    }
    assert!(!data.exists());
}

#[test]
fn it_may_open_its_output_by_name() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "echo one > /dev/stdout; echo two > /dev/stderr; exec sleep 1000";
    let sandbox = Folder::new().shell("a", script, json!({})).run();
    assert_eq!(sandbox.logged("a: two"), "a: one\na: two\n");
    sandbox.shutdown();
}

#[test]
fn its_network_namespace_is_empty_and_shared_with_others_like_it() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new()
        .asked("a", &[], json!({}))
        .asked("b", &[], json!({}))
        .run();
    let network = |pid| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    let (a, b) = (pid(&sandbox, "a"), pid(&sandbox, "b"));
    assert_eq!(network(a), network(b));
    assert_ne!(network(a), network(sandbox.engine_pid));
    assert_ne!(network(a), network(std::process::id() as i32));
    let devices = sandbox.fact_of(a, "net/dev");
    let names: Vec<_> = devices.lines().skip(2).collect();
    assert_eq!(names.len(), 1, "{devices}");
    assert!(names[0].trim().starts_with("lo:"), "{devices}");
    assert_eq!(sandbox.fact_of(a, "net/if_inet6"), "");
    sandbox.shutdown();
}

#[test]
fn dangerous_calls_are_refused_and_the_component_lives() {
    if !can_make_sandboxes() {
        return;
    }
    let refused = [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_setns,
        libc::SYS_unshare,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_init_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_clock_settime,
        libc::SYS_open_by_handle_at,
        libc::SYS_personality,
    ];
    let mut questions: Vec<_> = refused.iter().map(|call| format!("call {call}")).collect();
    for domain in [libc::AF_PACKET, libc::AF_VSOCK, libc::AF_ALG] {
        questions.push(format!("socket {domain}"));
    }
    let new_user = libc::CLONE_NEWUSER | libc::SIGCHLD;
    questions.push(format!("call {} {new_user}", libc::SYS_clone));
    let count = questions.len();
    questions.push("call 460".into());
    questions.push(format!("call {}", libc::SYS_clone3));
    for allowed in [
        "thread",
        "fork",
        "executable-memory",
        "socket 1",
        "socket 2",
        "socket 16",
    ] {
        questions.push(allowed.into());
    }
    let asked: Vec<_> = questions.iter().map(String::as_str).collect();
    let found = answers(Folder::new(), &asked);
    for (question, answer) in questions.iter().zip(&found[..count]) {
        assert_eq!(
            answer, "error: Operation not permitted (os error 1)",
            "{question}"
        );
    }
    for answer in &found[count..count + 2] {
        assert_eq!(answer, "error: Function not implemented (os error 38)");
    }
    assert_eq!(found[count + 2..], ["done"; 6]);
}

const PYTHON: &str = "
import ctypes, mmap, os, select, socket, subprocess, tempfile, threading
results = []
thread = threading.Thread(target=lambda: results.append(ctypes.CDLL(None).getpid()))
thread.start(); thread.join()
assert results == [os.getpid()]
assert subprocess.run(['/bin/echo', 'hi'], capture_output=True).stdout == b'hi\\n'
mmap.mmap(-1, 4096)[:2] = b'hi'
with tempfile.TemporaryFile() as file: file.write(b'x')
one, two = socket.socketpair(); one.send(b'x'); select.epoll().register(two)
os.close(os.memfd_create('m')); os.eventfd(1)
print('works', flush=True)
";

const NODE: &str = "
const { Worker } = require('worker_threads');
const { execFileSync } = require('child_process');
const fs = require('fs'), os = require('os'), net = require('net');
fs.writeFileSync(os.tmpdir() + '/note', String(os.networkInterfaces()));
if (String(execFileSync('/bin/echo', ['hi'])) !== 'hi\\n') throw new Error('no echo');
let f = 0; for (let i = 0; i < 1e6; i++) f += i;
const worker = new Worker('require(\"worker_threads\").parentPort.postMessage(7)', { eval: true });
worker.on('message', (n) => {
  const server = net.createServer().listen(os.tmpdir() + '/s', () => {
    net.connect(os.tmpdir() + '/s', () => { console.log('works'); setInterval(() => {}, 1e6); });
  });
});
";

const JAVA: &str = "
import java.nio.file.*;
import java.util.stream.*;
public class Works {
  public static void main(String[] words) throws Exception {
    long sum = LongStream.range(0, 100000).parallel().map(i -> i % 7).sum();
    Path path = Files.createTempFile(\"a\", \"b\");
    try (var map = java.nio.channels.FileChannel.open(path, StandardOpenOption.READ,
        StandardOpenOption.WRITE)) {
      map.map(java.nio.channels.FileChannel.MapMode.READ_WRITE, 0, 4096).putLong(0, sum);
    }
    var child = new ProcessBuilder(\"/bin/echo\", \"hi\").start();
    if (child.inputReader().readLine().equals(\"hi\")) System.out.println(\"works\");
    Thread.sleep(1000000);
  }
}
";

#[test]
fn programs_in_many_languages_run() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new();
    let works = folder.path.join("components/java/Works.java");
    let java = json!(["/usr/bin/java", "-Xmx64m", "-XX:+UseSerialGC", works]);
    let folder = folder
        .component(
            "python",
            json!(["/usr/bin/python3", "-c", PYTHON]),
            json!({}),
        )
        .component("node", json!(["/usr/bin/node", "-e", NODE]), json!({}))
        .component("java", java, json!({}));
    fs::write(works, JAVA).unwrap();
    let sandbox = folder.run();
    for key in ["python", "node", "java"] {
        sandbox.logged_within(&format!("{key}: works"), Duration::from_secs(60));
    }
    sandbox.shutdown();
}

#[test]
fn it_can_neither_signal_nor_watch_others() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "for pid in 1 2 3 4 5 6; do [ $pid != $$ ] && kill -9 $pid && echo hit $pid; done; \
        cat /proc/1/maps /proc/2/maps; kill -9 -1; echo done; exec sleep 1000";
    let sandbox = Folder::new()
        .asked("b", &[], json!({}))
        .shell("a", script, json!({}))
        .run();
    let log = sandbox.logged("a: done");
    assert!(!log.contains("hit"), "{log}");
    assert_eq!(sandbox.component("b")["restarts"], 0);
    assert_eq!(sandbox.order("status")["restarts"], 0);
    sandbox.shutdown();
}

#[test]
fn limits_hold_in_groups_of_their_own_below_the_functions() {
    if !can_make_sandboxes() {
        return;
    }
    let half = json!({"cpu": 0.5, "memory_bytes": 33_554_432});
    let sandbox = Folder::new()
        .fact("memory_bytes", json!(268_435_456))
        .asked("a", &[], half)
        .asked("b", &[], json!({}))
        .run();
    assert_eq!(
        sandbox.component("b")["limits"],
        "none: the component asks for none"
    );
    let told = sandbox.component("a")["limits"]
        .as_str()
        .unwrap()
        .to_string();
    if told.starts_with("none: ") {
        eprintln!("skipped: {told}");
        return sandbox.shutdown();
    }
    assert!(told.ends_with(": cpu, memory"), "{told}");
    let groups = cgroups(sandbox.path());
    let settings = |file: &str| {
        let read = |group: &PathBuf| fs::read_to_string(group.join("component.a").join(file));
        groups.iter().find_map(|group| read(group).ok())
    };
    let told = |names: [&str; 2]| names.iter().find_map(|name| settings(name)).unwrap();
    let cpu = told(["cpu.cfs_quota_us", "cpu.max"]);
    assert_eq!(cpu.split(' ').next().unwrap().trim(), "10000");
    assert_eq!(told(["memory.limit_in_bytes", "memory.max"]), "33554432\n");
    let members = |group: &PathBuf| {
        let procs = fs::read_to_string(group.join("component.a/cgroup.procs")).unwrap();
        procs.trim().parse::<i32>().unwrap()
    };
    for group in &groups {
        assert_eq!(members(group), pid(&sandbox, "a"));
    }
    let of_b = sandbox.fact_of(pid(&sandbox, "b"), "cgroup");
    assert!(
        of_b.contains(groups[0].file_name().unwrap().to_str().unwrap()),
        "{of_b}"
    );
    sandbox.shutdown();
}

#[test]
fn one_over_its_memory_limit_is_ended_and_restarted() {
    if !can_make_sandboxes() {
        return;
    }
    let limit = json!({"memory_bytes": 16_777_216});
    let script = "[ -e full ] && exec sleep 1000; touch full; x=x; while :; do x=$x$x; done";
    let sandbox = Folder::new().shell("a", script, limit).run();
    let told = sandbox.component("a")["limits"]
        .as_str()
        .unwrap()
        .to_string();
    if !told.starts_with("none: ") {
        let told = eventually("restarted", || {
            let told = sandbox.component("a");
            (told["state"] == "ready" && told["restarts"] == 1).then_some(told)
        });
        assert_eq!(told["last_end"], "killed by signal 9");
        assert_eq!(sandbox.order("status")["restarts"], 0);
    }
    sandbox.shutdown();
}

#[test]
fn its_programs_and_what_is_shown_can_be_executed_but_not_written() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new();
    let run = folder.path.clone();
    let source = run.parent().unwrap().join("sdk");
    fs::create_dir_all(&source).unwrap();
    fs::write(source.join("note"), "hello").unwrap();
    fs::copy(stand_in(), source.join("program")).unwrap();
    let mount = |source: &PathBuf, target: &str| json!({"source": source, "target": run.join("mnt").join(target)});
    let program = run.join("mnt/lib/sdk/program");
    let note = run.join("mnt/file");
    let words = json!([
        program,
        "component",
        format!("read {}", note.display()),
        format!("write {}", note.display()),
        format!("write {}/x", run.join("mnt").display())
    ]);
    let sandbox = folder
        .add("mounts", mount(&source, "lib/sdk"))
        .add("mounts", mount(&source.join("note"), "file"))
        .component("a", words, json!({}))
        .run();
    let log = sandbox.logged("a: error: Permission denied (os error 13)");
    assert_eq!(
        log,
        "a: hello\na: error: Read-only file system (os error 30)\n\
         a: error: Permission denied (os error 13)\n"
    );
    sandbox.shutdown();
}

#[test]
fn a_source_that_is_not_there_is_named() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new();
    let target = folder.path.join("mnt/x");
    let mut starting = folder
        .add(
            "mounts",
            json!({"source": "/nowhere/sdk", "target": target}),
        )
        .init();
    let error = format!(
        "cannot mount /nowhere/sdk at {}: No such file or directory (os error 2)",
        target.display()
    );
    assert_eq!(starting.failure(), ("filesystem".into(), vec![error]));
}
