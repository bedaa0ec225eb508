//! From the request to a running function, and every way in which that fails.

use crate::support::{
    Folder, can_make_sandboxes, cgroups, eventually, ip, make_pair, next_event, stand_in,
    start_init,
};
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::process::Command;

#[test]
fn a_function_boots_and_the_outer_process_goes() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = Folder::new().run();
    assert!(sandbox.starting.outer.wait().unwrap().success());
    assert_eq!(sandbox.fact_of(sandbox.pid, "comm"), "weft-init\n");
    let line = sandbox
        .fact_of(sandbox.engine_pid, "cmdline")
        .replace('\0', " ");
    let graph = sandbox.path().join("graph.click");
    assert!(
        line.starts_with(&format!("weft-engine engine --graph {} ", graph.display())),
        "{line}"
    );
    assert!(line.ends_with(" ADDR=10.0.0.1 "), "{line}");
    sandbox.shutdown();
}

#[test]
fn another_executable_can_be_the_engine() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().engine(&stand_in()).run();
    let home = sandbox.path().join("data").display().to_string();
    assert_eq!(
        sandbox.ask("environment"),
        format!("HOME={home}\nPATH=/usr/bin:/bin\n")
    );
    let line = sandbox.fact_of(sandbox.engine_pid, "cmdline");
    assert!(line.starts_with("weft-engine\0engine\0--graph\0"), "{line}");
    sandbox.shutdown();
}

#[test]
fn interfaces_can_be_joined_before_process_one_is_there() {
    if !can_make_sandboxes() {
        return;
    }
    let name = format!("weft-test-{}", std::process::id());
    ip(&["netns", "add", &name]);
    ip(&[
        "-n", &name, "link", "add", "in", "type", "veth", "peer", "name", "out",
    ]);
    let place = format!("/run/netns/{name}");
    let namespace = fs::File::open(&place).unwrap();
    let identity = namespace.metadata().unwrap().ino();
    ip(&["netns", "delete", &name]);
    let mut starting = Folder::new().network(namespace).init();
    let pid = starting.sandbox_pid();
    let own = fs::metadata(format!("/proc/{pid}/ns/net")).unwrap().ino();
    assert_eq!(own, identity);
    starting.start();
    assert_eq!(starting.event()["event"], "running");
}

#[test]
fn what_is_no_network_namespace_is_refused() {
    if !can_make_sandboxes() {
        return;
    }
    let file = fs::File::open("/dev/null").unwrap();
    let mut starting = Folder::new().network(file).init();
    let event = starting.event();
    assert_eq!(event["stage"], "namespaces");
    let error = event["errors"][0].as_str().unwrap();
    let wanted = "cannot enter the network namespace given: Invalid argument (os error 22)";
    assert_eq!(error, wanted);
}

#[test]
fn process_one_has_left_the_terminal_session() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let status = sandbox.fact_of(sandbox.pid, "status");
    assert!(
        status.contains(&format!("NSsid:\t{}\t1\n", sandbox.pid)),
        "{status}"
    );
    let log = sandbox.path().join("log");
    let stream = |number| fs::read_link(format!("/proc/{}/fd/{number}", sandbox.pid)).unwrap();
    assert_eq!(stream(0).to_str(), Some("/dev/null"));
    assert_eq!((stream(1), stream(2)), (log.clone(), log));
    sandbox.shutdown();
}

#[test]
fn the_network_stack_has_no_address_and_no_voice() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    assert_eq!(sandbox.fact_of(sandbox.pid, "net/if_inet6"), "");
    let routes = sandbox.fact_of(sandbox.pid, "net/route");
    assert!(
        routes.lines().all(|line| line.starts_with("Iface")),
        "{routes}"
    );
    let pid = sandbox.pid.to_string();
    let run = |arguments: &[&str]| {
        let mut command = Command::new("nsenter");
        let output = command
            .args(["-t", &pid, "-n"])
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&["ip", "-o", "address"]), "");
    for name in ["in", "out"] {
        let line = run(&["ip", "-o", "link", "show", name]);
        for flag in ["NOARP", "PROMISC", "UP", "LOWER_UP"] {
            assert!(line.contains(flag), "{flag} in {line}");
        }
        assert_eq!(
            run(&[
                "cat",
                &format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
            ]),
            "1\n"
        );
    }
    assert_eq!(
        run(&["cat", "/proc/sys/net/ipv4/conf/all/arp_ignore"]),
        "8\n"
    );
    assert!(!run(&["ip", "-o", "link", "show", "lo"]).contains("UP"));
    sandbox.shutdown();
}

#[test]
fn the_start_waits_for_the_link() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new().fact("interfaces", json!(["in"])).init();
    let pid = starting.sandbox_pid();
    let peer = format!("wt{pid}");
    ip(&[
        "link",
        "add",
        "in",
        "mtu",
        "1600",
        "netns",
        &pid.to_string(),
        "type",
        "veth",
        "peer",
        "name",
        &peer,
    ]);
    starting.start();
    let log = starting.folder.path.join("log");
    // Nothing but the far end coming up can make it go on before its patience ends.
    ip(&["link", "set", &peer, "up"]);
    assert_eq!(starting.event()["event"], "running");
    assert_eq!(fs::read_to_string(log).unwrap(), "");
    let state = fs::read_to_string(starting.folder.path.join("state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(
        state["interfaces"],
        json!([{"name": "in", "mtu": 1600, "link": true}])
    );
}

#[test]
fn without_a_link_it_starts_all_the_same_and_says_so() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new().fact("interfaces", json!(["in"])).init();
    let pid = starting.sandbox_pid();
    ip(&[
        "link",
        "add",
        "in",
        "netns",
        &pid.to_string(),
        "type",
        "veth",
        "peer",
        "name",
        &format!("wt{pid}"),
    ]);
    starting.start();
    assert_eq!(starting.event()["event"], "running");
    assert_eq!(
        starting.log(),
        "init: interface 'in': no link after 1 s; is its other end up?\n"
    );
}

#[test]
fn a_missing_interface_is_named_with_those_present() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new()
        .fact("interfaces", json!(["in", "left", "right"]))
        .init();
    make_pair(starting.sandbox_pid());
    starting.start();
    let (stage, errors) = starting.failure();
    assert_eq!(stage, "devices");
    assert_eq!(
        errors,
        [
            "interface 'left' is not in the sandbox; there: in, out",
            "interface 'right' is not in the sandbox; there: in, out"
        ]
    );
}

#[test]
fn wrong_facts_are_refused_before_anything_is_made() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new()
        .fact("uid", json!(0))
        .fact("cpu", json!("much"))
        .init();
    let (stage, errors) = starting.failure();
    assert_eq!(stage, "spec");
    assert_eq!(
        errors,
        [
            "function.json: sandbox.cpu: a number above 0 and at most 4096, or null wanted, not \"much\"",
            "function.json: sandbox.uid: a number from 1 to 4294967294 wanted, not 0"
        ]
    );
    assert_eq!(starting.outer.wait().unwrap().code(), Some(1));
}

#[test]
fn a_missing_graph_is_named() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new();
    let graph = folder.path.join("graph.click");
    fs::remove_file(&graph).unwrap();
    let (stage, errors) = folder.init().failure();
    assert_eq!(stage, "spec");
    let expected = format!(
        "cannot read the graph {}: No such file or directory (os error 2)",
        graph.display()
    );
    assert_eq!(errors, [expected]);
}

#[test]
fn the_engines_errors_are_handed_on() {
    if !can_make_sandboxes() {
        return;
    }
    let limits = json!(67_108_864);
    let mut starting = Folder::new()
        .graph("errors")
        .fact("memory_bytes", limits)
        .init();
    make_pair(starting.sandbox_pid());
    starting.start();
    let (stage, errors) = starting.failure();
    assert_eq!(stage, "engine");
    assert_eq!(
        errors,
        ["graph.click:1: first error", "graph.click:2: second error"]
    );
}

#[test]
fn an_engine_that_dies_before_it_is_ready_fails_the_start() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new().graph("die").init();
    make_pair(starting.sandbox_pid());
    starting.start();
    let (stage, errors) = starting.failure();
    assert_eq!(
        (stage.as_str(), errors),
        (
            "engine",
            vec!["engine ended with status 3 before it was ready".into()]
        )
    );
}

#[test]
fn a_caller_that_goes_cancels_the_start() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new().fact("memory_bytes", json!(67_108_864)).init();
    starting.sandbox_pid();
    starting
        .report
        .get_mut()
        .shutdown(std::net::Shutdown::Both)
        .unwrap();
    starting.assert_nothing_left();
}

#[test]
fn a_caller_that_talks_nonsense_is_refused() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new().init();
    starting.sandbox_pid();
    starting.report.get_mut().write_all(b"go\n").unwrap();
    let (stage, errors) = starting.failure();
    assert_eq!(stage, "caller");
    assert_eq!(
        errors,
        ["\"go\" on the report socket; allowed: {\"op\":\"start\"}, {\"op\":\"rest\"}"]
    );
}

#[test]
fn a_caller_may_go_once_the_function_runs() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = Folder::new().run();
    let report = sandbox.starting.report.get_mut();
    report.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = String::new();
    // Process 1 closes its end when it has noticed.
    report.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert_eq!(sandbox.order("status")["state"], "active");
    sandbox.shutdown();
}

#[test]
fn a_second_start_in_the_same_folder_is_refused_and_harms_nothing() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let (mut outer, mut report) = start_init(sandbox.path(), &[], &[]);
    let socket = sandbox.path().join("init.sock");
    let text = "answers: the function runs already; shut it down first";
    assert_eq!(
        next_event(&mut report),
        json!({"event": "failed", "stage": "control", "errors": [format!("{} {text}", socket.display())]})
    );
    assert_eq!(outer.wait().unwrap().code(), Some(1));
    assert_eq!(sandbox.order("status")["state"], "active");
    sandbox.shutdown();
}

#[test]
fn limits_hold_in_a_group_of_its_own_or_the_reason_is_told() {
    if !can_make_sandboxes() {
        return;
    }
    let folder = Folder::new()
        .fact("cpu", json!(0.5))
        .fact("memory_bytes", json!(67_108_864));
    let sandbox = folder.run();
    let told = sandbox.order("status")["limits"]
        .as_str()
        .unwrap()
        .to_string();
    if told.starts_with("none: ") {
        assert!(cgroups(sandbox.path()).is_empty());
    } else {
        let groups = cgroups(sandbox.path());
        assert!(!groups.is_empty(), "{told}");
        for group in groups {
            let engine = sandbox.engine_pid.to_string();
            let procs = || fs::read_to_string(group.join("cgroup.procs")).unwrap();
            eventually("the engine is in its group", || {
                (procs().trim() == engine).then_some(())
            });
            for (file, value) in [
                ("cpu.cfs_quota_us", "10000"),
                ("memory.limit_in_bytes", "67108864"),
                ("cpu.max", "10000 20000"),
                ("memory.max", "67108864"),
            ] {
                if let Ok(found) = fs::read_to_string(group.join(file)) {
                    assert_eq!(found.trim(), value, "{file}");
                }
            }
        }
    }
    sandbox.shutdown();
}

#[test]
fn a_shutdown_before_the_function_runs_is_reported() {
    if !can_make_sandboxes() {
        return;
    }
    let mut starting = Folder::new().init();
    let pid = starting.sandbox_pid();
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid, libc::SIGTERM) };
    let (stage, errors) = starting.failure();
    assert_eq!(
        (stage.as_str(), errors[0].as_str()),
        ("caller", "shut down before the function ran")
    );
}

#[test]
fn wrong_arguments_are_told_with_status_2() {
    let run = |arguments: &[&str]| {
        let output = Command::new(stand_in())
            .arg("init")
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(
        run(&["--run-dir", "/nowhere"]).starts_with("weft-init: --report-fd is missing; usage: ")
    );
    assert_eq!(
        run(&["--run-dir", "/nowhere", "--report-fd", "99"]),
        "weft-init: --report-fd 99: Bad file descriptor (os error 9)\n"
    );
}
