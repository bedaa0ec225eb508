//! What a component that has interfaces can do with them, and with nothing else.

use crate::components_confined::{line, pid};
use crate::support::{COMPONENT_UID, Folder, GID, Sandbox, can_make_sandboxes, eventually};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::Path;

/// Binding low ports, configuring networks, raw sockets.
const CAPABILITIES: &str = "0000000000003400";

fn eth0(settings: Value) -> Value {
    let mut interface = json!({"name": "eth0", "device": "prog"});
    let settings = settings.as_object().unwrap().clone();
    interface.as_object_mut().unwrap().extend(settings);
    json!({"interfaces": [interface]})
}

fn namespace(pid: i32, kind: &str) -> std::path::PathBuf {
    fs::read_link(format!("/proc/{pid}/ns/{kind}")).unwrap()
}

/// What a script of a program prints before its last line, `end`.
fn printed(script: &str, settings: Value) -> Vec<String> {
    let script = format!("exec 2>&1; {script}; echo end; exec sleep 1000");
    let sandbox = Folder::new().shell("a", &script, eth0(settings)).run();
    let log = sandbox.logged("a: end");
    sandbox.shutdown();
    let line = |line: &str| line.strip_prefix("a: ").unwrap().trim_end().to_string();
    let mut lines: Vec<_> = log.lines().map(line).collect();
    lines.pop();
    lines
}

#[test]
fn it_is_user_0_of_its_own_with_capabilities_over_its_network_only() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new()
        .asked("b", &[], json!({}))
        .asked("a", &[], eth0(json!({})))
        .run();
    let (a, b) = (pid(&sandbox, "a"), pid(&sandbox, "b"));
    let status = sandbox.fact_of(a, "status");
    let uid = (COMPONENT_UID + 1).to_string();
    assert_eq!(line(&status, "Uid"), [uid.as_str(); 4].join("\t"));
    assert_eq!(line(&status, "Gid"), [uid.as_str(); 4].join("\t"));
    assert_eq!(line(&status, "Groups"), GID.to_string());
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        assert_eq!(line(&status, set), CAPABILITIES, "{set}");
    }
    for set in ["CapInh", "CapAmb"] {
        assert_eq!(line(&status, set), "0000000000000000", "{set}");
    }
    assert_eq!(line(&status, "NoNewPrivs"), "1");
    assert_eq!(line(&status, "Seccomp_filters"), "3");
    for map in ["uid_map", "gid_map"] {
        let text = sandbox.fact_of(a, map);
        let words: Vec<_> = text.split_whitespace().collect();
        assert_eq!(words, ["0", uid.as_str(), "1"], "{map}");
    }
    assert_eq!(sandbox.fact_of(a, "setgroups"), "deny\n");
    for kind in ["user", "net"] {
        assert_ne!(namespace(a, kind), namespace(sandbox.pid, kind), "{kind}");
    }
    assert_eq!(namespace(b, "user"), namespace(sandbox.pid, "user"));
    let status = sandbox.fact_of(b, "status");
    assert_eq!(line(&status, "CapEff"), "0000000000000000");
    sandbox.shutdown();
}

#[test]
fn an_interface_of_its_own_leads_to_a_device_of_the_engine() {
    if !can_make_sandboxes() {
        return;
    }
    let interface = json!({"interfaces": [{"name": "eth0", "device": "prog"}]});
    let sandbox = Folder::new()
        .asked("a", &[], interface)
        .asked("b", &[], json!({}))
        .run();
    let (a, b) = (pid(&sandbox, "a"), pid(&sandbox, "b"));
    let names = |pid| {
        let text = sandbox.fact_of(pid, "net/dev");
        let name = |line: &str| line.split(':').next().unwrap().trim().to_string();
        let mut names: Vec<_> = text.lines().skip(2).map(name).collect();
        names.sort();
        names
    };
    assert_eq!(names(a), ["eth0", "lo"]);
    assert_eq!(names(b), ["lo"]);
    assert_eq!(names(sandbox.engine_pid), ["in", "lo", "out", "prog"]);
    assert_eq!(sandbox.fact_of(a, "net/if_inet6"), "");
    assert_eq!(sandbox.fact_of(sandbox.engine_pid, "net/if_inet6"), "");
    let arguments = sandbox.ask("arguments");
    // Addresses of interfaces are told as `ADDRESS=NAME`.
    let devices = arguments
        .lines()
        .filter(|word| word.contains(':') && !word.contains('='));
    let devices: Vec<_> = devices
        .map(|word| word.split(':').next().unwrap())
        .collect();
    assert_eq!(devices, ["in", "out", "prog"]);
    let status = sandbox.order("status");
    assert_eq!(status["interfaces"].as_array().unwrap().len(), 2);
    carries_a_frame(sandbox.pid, a);
    // What runs again finds its interface again.
    // SAFETY: takes numbers only.
    unsafe { libc::kill(a, libc::SIGKILL) };
    let again = eventually("restarted", || {
        let told = sandbox.component("a");
        (told["state"] == "ready" && told["restarts"] == 1).then_some(pid(&sandbox, "a"))
    });
    assert_eq!(names(again), ["eth0", "lo"]);
    carries_a_frame(sandbox.pid, again);
    sandbox.shutdown();
}

#[test]
fn its_addresses_and_routes_are_there_before_it_starts() {
    if !can_make_sandboxes() {
        return;
    }
    let settings = json!({"addresses": ["10.0.0.1/24", "fd00::1/64"],
        "gateways": ["10.0.0.254", "fd00::fe"], "mtu": 1400});
    let script = "id -u; ip -brief -4 address; ip -brief -6 address show to fd00::/16; \
        cat /sys/class/net/eth0/mtu 2>/dev/null || ip -o link show eth0 | sed 's/.*mtu //;s/ .*//'; \
        ip -4 route show default; ip -6 route show default | cut -d' ' -f1-5";
    let lines = printed(script, settings);
    let words: Vec<Vec<_>> = lines
        .iter()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(words[0], ["0"]);
    assert_eq!(words[1], ["lo", "UNKNOWN", "127.0.0.1/8"]);
    let name = words[2][0].split('@').next().unwrap();
    assert_eq!((name, words[2][2]), ("eth0", "10.0.0.1/24"));
    assert_eq!(words[3][2], "fd00::1/64");
    for line in &words[2..4] {
        // Until the kernel has looked at the link, it does not know.
        assert!(["UP", "UNKNOWN"].contains(&line[1]), "{line:?}");
        assert_eq!(line.len(), 3, "{line:?}");
    }
    assert_eq!(words[4], ["1400"]);
    assert_eq!(
        words[5][..5],
        ["default", "via", "10.0.0.254", "dev", "eth0"]
    );
    assert_eq!(words[6], ["default", "via", "fd00::fe", "dev", "eth0"]);
    assert_eq!(lines.len(), 7, "{lines:?}");
}

#[test]
fn it_may_configure_its_network_but_reaches_nothing_else() {
    if !can_make_sandboxes() {
        return;
    }
    let denied = "error: Operation not permitted (os error 1)";
    let new_user = format!(
        "call {} {}",
        libc::SYS_clone,
        libc::CLONE_NEWUSER | libc::SIGCHLD
    );
    let questions = [
        (format!("socket {}", libc::AF_PACKET), "done"),
        (format!("socket {}", libc::AF_VSOCK), denied),
        (format!("call {}", libc::SYS_mount), denied),
        (format!("call {}", libc::SYS_unshare), denied),
        (format!("call {}", libc::SYS_setns), denied),
        (format!("call {} 0", libc::SYS_bpf), denied),
        (
            format!("call {} 1", libc::SYS_setuid),
            "error: Invalid argument (os error 22)",
        ),
        (format!("call {}", libc::SYS_setgroups), denied),
        (new_user, denied),
        (
            "read /etc/shadow".into(),
            "error: Permission denied (os error 13)",
        ),
        (
            "write /etc/weft-was-here".into(),
            "error: Read-only file system (os error 30)",
        ),
        (
            "list /proc/1".into(),
            "error: No such file or directory (os error 2)",
        ),
    ];
    let asked: Vec<_> = questions
        .iter()
        .map(|(question, _)| question.as_str())
        .collect();
    let sandbox = Folder::new().asked("a", &asked, eth0(json!({}))).run();
    let log = eventually("all answers", || {
        let log = sandbox.starting.log();
        (log.lines().count() >= questions.len()).then_some(log)
    });
    for ((question, expected), answer) in questions.iter().zip(log.lines()) {
        assert_eq!(answer, format!("a: {expected}"), "{question}");
    }
    sandbox.shutdown();
}

#[test]
fn it_can_signal_nobody_and_give_its_interface_to_nobody() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "for pid in 1 2 3 4 5 6; do [ $pid != $$ ] && kill -9 $pid && echo hit $pid; done; \
        ip link set eth0 netns 1 && echo given; ip link add v0 type veth peer name v1 netns 1 && \
        echo given; ip -o link show in; kill -9 -1; echo done; exec sleep 1000";
    let sandbox = Folder::new()
        .asked("b", &[], json!({}))
        .shell("a", script, eth0(json!({})))
        .run();
    let log = sandbox.logged("a: done");
    assert!(!log.contains("hit") && !log.contains("given"), "{log}");
    assert!(log.contains("a: Device \"in\" does not exist.\n"), "{log}");
    assert_eq!(sandbox.component("b")["restarts"], 0);
    assert_eq!(sandbox.order("status")["restarts"], 0);
    sandbox.shutdown();
}

#[test]
fn without_its_interface_only_it_is_cut_off() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "ip link delete eth0 && echo deleted; exec sleep 1000";
    let sandbox = Folder::new().shell("a", script, eth0(json!({}))).run();
    sandbox.logged("a: deleted");
    assert_eq!(sandbox.component("a")["state"], "ready");
    assert_eq!(sandbox.order("status")["restarts"], 0);
    assert_eq!(
        sandbox.ask("folder"),
        format!("{}/data", sandbox.path().display())
    );
    sandbox.shutdown();
}

#[test]
fn the_folder_of_any_component_is_bounded_and_gone_with_it() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "head -c 20000000 /dev/zero > full; wc -c < full; exec sleep 1000";
    let sandbox = Folder::new().shell("a", script, json!({})).run();
    let log = sandbox.logged("a: 16777216");
    assert!(log.contains("No space left on device\n"), "{log}");
    assert_eq!(seen_outside(&sandbox), Vec::<String>::new());
    sandbox.shutdown();
}

fn seen_outside(sandbox: &Sandbox) -> Vec<String> {
    let folder: &Path = &sandbox.path().join("home/a");
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// Sends a frame on one side of the pair, and finds it, byte by byte, on the other.
fn carries_a_frame(function: i32, component: i32) {
    let from = packet_socket(component, "eth0");
    let to = packet_socket(function, "prog");
    let frame: Vec<u8> = [[0xff; 6], [2, 0, 0, 0, 0, 1]].concat();
    let frame: Vec<u8> = frame.into_iter().chain([0x88, 0xb5]).chain(0..50).collect();
    (&from).write_all(&frame).unwrap();
    let mut found = [0; 2048];
    let count = (&to).read(&mut found).unwrap();
    assert_eq!(found[..count], frame);
}

/// A packet socket for one protocol, in the network namespace of a process. The thread that opens
/// it ends in that namespace.
fn packet_socket(pid: i32, name: &str) -> fs::File {
    let network = fs::File::open(format!("/proc/{pid}/ns/net")).unwrap();
    let name = std::ffi::CString::new(name).unwrap();
    let protocol = 0x88b5_u16.to_be();
    let open = move || {
        // SAFETY: numbers, a valid string, and an address that outlives the calls.
        unsafe {
            assert_eq!(libc::setns(network.as_raw_fd(), libc::CLONE_NEWNET), 0);
            let socket = libc::socket(libc::AF_PACKET, libc::SOCK_RAW, i32::from(protocol));
            assert!(socket >= 0);
            let mut address: libc::sockaddr_ll = std::mem::zeroed();
            address.sll_family = libc::AF_PACKET as u16;
            address.sll_protocol = protocol;
            address.sll_ifindex = libc::if_nametoindex(name.as_ptr()) as i32;
            let (at, size) = (&raw const address, size_of_val(&address) as u32);
            assert_eq!(libc::bind(socket, at.cast(), size), 0);
            fs::File::from_raw_fd(socket)
        }
    };
    std::thread::spawn(open).join().unwrap()
}
