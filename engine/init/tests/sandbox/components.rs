//! Component processes start with the function, are restarted when they end, and end with it.

use crate::support::{Folder, Sandbox, answer, can_make_sandboxes, eventually, make_pair};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;

const STAY: &str = "exec sleep 1000";

fn kill(pid: &Value) {
    // SAFETY: takes numbers only.
    let done = unsafe { libc::kill(pid.as_i64().unwrap() as i32, libc::SIGKILL) };
    assert_eq!(done, 0);
}

#[test]
fn a_component_runs_with_the_function_and_ends_with_it() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().shell("filter", STAY, json!({})).run();
    let told = sandbox.component("filter");
    for (key, value) in [
        ("name", json!("filter")),
        ("state", json!("ready")),
        ("restarts", json!(0)),
        ("last_end", Value::Null),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
    assert!(told["memory_bytes"].as_u64().unwrap() > 4096);
    assert!(told["cpu_s"].as_f64().unwrap() > 0.0);
    let pid = told["pid"].as_i64().unwrap() as i32;
    eventually("its program", || {
        (sandbox.fact_of(pid, "comm") == "sleep\n").then_some(())
    });
    let text = fs::read_to_string(sandbox.path().join("state.json")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        state["components"],
        json!([{"key": "filter", "name": "filter", "pid": pid, "state": "ready", "restarts": 0,
            "last_end": null, "limits": "none: the component asks for none"}])
    );
    sandbox.shutdown();
    assert!(!fs::exists(format!("/proc/{pid}")).unwrap());
}

#[test]
fn what_it_prints_is_logged_under_its_name() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "echo one; echo two >&2; printf three; exec sleep 1000";
    let sandbox = Folder::new()
        .shell("filter.2", script, json!({"name": "filter"}))
        .run();
    assert_eq!(sandbox.logged("filter: two"), "filter: one\nfilter: two\n");
    assert_eq!(sandbox.order("stop")["state"], "inactive");
    assert_eq!(
        sandbox.starting.log(),
        "filter: one\nfilter: two\nfilter: three\n"
    );
    sandbox.shutdown();
}

#[test]
fn a_flood_is_bounded_and_counted() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "yes 0123456789abcdef | head -n 400000; echo done; exec sleep 1000";
    let sandbox = Folder::new().shell("loud", script, json!({})).run();
    let left_out = eventually("told what was left out", || {
        let log = sandbox.starting.log();
        let count = |line: &str| {
            let number = line
                .strip_prefix("loud: ")?
                .strip_suffix(" lines left out: more than 64 KiB a second")?;
            number.parse::<usize>().ok()
        };
        let left_out: usize = log.lines().filter_map(count).sum();
        let printed = log
            .lines()
            .filter(|line| !line.contains("left out"))
            .count();
        (left_out + printed == 400_001).then_some(left_out)
    });
    assert!(left_out > 300_000, "{left_out}");
    assert_eq!(sandbox.component("loud")["state"], "ready");
    sandbox.shutdown();
}

#[test]
fn one_that_is_killed_is_started_again() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().shell("filter", STAY, json!({})).run();
    let before = sandbox.component("filter")["pid"].clone();
    kill(&before);
    let after = eventually("restarted", || {
        let told = sandbox.component("filter");
        (told["state"] == "ready" && told["restarts"] == 1).then_some(told)
    });
    assert_ne!(after["pid"], before);
    assert_eq!(after["last_end"], "killed by signal 9");
    assert_eq!(sandbox.order("status")["engine_pid"], sandbox.engine_pid);
    assert_eq!(
        sandbox.starting.log(),
        "init: component 'filter' killed by signal 9, restarted (1)\n"
    );
    sandbox.shutdown();
}

#[test]
fn one_that_keeps_ending_is_tried_ever_more_rarely() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().shell("filter", "exit 5", json!({})).run();
    let told = eventually("several restarts", || {
        Some(sandbox.component("filter")).filter(|told| told["restarts"].as_u64() >= Some(5))
    });
    assert_eq!(told["last_end"], "ended with status 5");
    let log = sandbox.starting.log();
    for line in [
        "component 'filter' ended with status 5, restarted (1)",
        "component 'filter' ended with status 5, restarting in 10 ms (2)",
        "component 'filter' ended with status 5, restarting in 20 ms (3)",
        "component 'filter' ended with status 5, restarting in 40 ms (4)",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    assert_eq!(sandbox.order("status")["state"], "active");
    sandbox.shutdown();
}

#[test]
fn what_it_leaves_behind_is_ended_before_it_starts_again() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "setsid sleep 1234 & echo started; wait";
    let sandbox = Folder::new().shell("filter", script, json!({})).run();
    sandbox.logged("filter: started");
    let sleepers = || {
        let children = fs::read_dir("/proc").unwrap().flatten();
        let line = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("cmdline")).ok();
        let lines = children.filter_map(line);
        lines.filter(|line| line == "sleep\x001234\0").count()
    };
    eventually("its child", || (sleepers() == 1).then_some(()));
    kill(&sandbox.component("filter")["pid"]);
    eventually("restarted", || {
        let starts = sandbox.starting.log().matches("filter: started").count();
        (starts == 2 && sleepers() == 1).then_some(())
    });
    sandbox.shutdown();
}

#[test]
fn the_start_waits_until_the_engine_says_that_all_are_attached() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new()
        .graph("ready\ncomponent a ready\ncomponent b waiting\ncomponent b ready\n")
        .shell("a", STAY, json!({"ready": "attach"}))
        .shell("b", STAY, json!({"ready": "attach"}))
        .run();
    for key in ["a", "b"] {
        assert_eq!(sandbox.component(key)["state"], "ready");
    }
    let arguments = sandbox.ask("arguments");
    let at = arguments.lines().position(|word| word == "--components-fd");
    let number = arguments.lines().nth(at.unwrap() + 1).unwrap();
    let socket = sandbox.ask(&format!("descriptor {number}"));
    assert!(socket.starts_with("socket:["), "{socket}");
    sandbox.shutdown();
}

#[test]
fn one_that_ends_before_it_is_ready_fails_the_start() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "for i in $(seq 30); do echo line $i; done; exit 3";
    let mut starting = Folder::new()
        .shell("filter", script, json!({"ready": "attach"}))
        .shell("other", STAY, json!({}))
        .init();
    make_pair(starting.sandbox_pid());
    starting.start();
    let (stage, errors) = starting.failure();
    assert_eq!(stage, "component");
    let mut expected = vec!["component 'filter' ended with status 3 before it was ready".into()];
    expected.extend((11..=30).map(|number| format!("filter: line {number}")));
    assert_eq!(errors, expected);
}

#[test]
fn one_that_does_not_get_ready_in_time_fails_the_start() {
    if !can_make_sandboxes() {
        return;
    }
    let facts = json!({"ready": "attach", "start_ms": 50});
    for (graph, error) in [
        ("ready", "component 'filter' not ready after 50 ms"),
        (
            "component filter waiting",
            "component 'filter' not ready after 50 ms: no element of the graph asks for it",
        ),
    ] {
        let folder = Folder::new().graph(graph);
        let mut starting = folder.shell("filter", STAY, facts.clone()).init();
        make_pair(starting.sandbox_pid());
        starting.start();
        assert_eq!(starting.failure(), ("component".into(), vec![error.into()]));
    }
}

#[test]
fn a_program_that_is_not_there_fails_the_start() {
    if !can_make_sandboxes() {
        return;
    }
    let failure = |program: Value, facts: Value| {
        let mut starting = Folder::new().component("filter", program, facts).init();
        make_pair(starting.sandbox_pid());
        starting.start();
        starting.failure().1
    };
    assert_eq!(
        failure(json!(["/nowhere/x"]), json!({})),
        ["component 'filter': cannot execute /nowhere/x: No such file or directory (os error 2)"]
    );
    assert_eq!(
        failure(json!(["/bin/true"]), json!({"directory": "/nowhere"})),
        ["component 'filter': cannot enter /nowhere: No such file or directory (os error 2)"]
    );
}

#[test]
fn one_that_the_engine_gives_up_on_is_killed_and_started_again() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = attached();
    let before = sandbox.component("filter")["pid"].clone();
    sandbox.ask("say component filter gone hung for 1 s");
    sandbox.ask("say component filter kill hung for 1 s");
    eventually("restarted", || {
        let told = sandbox.component("filter");
        (told["restarts"] == 1 && told["pid"].is_number()).then_some(())
    });
    let told = sandbox.component_in("filter", "restarting");
    assert_ne!(told["pid"], before);
    sandbox.ask("say component filter ready");
    sandbox.component_in("filter", "ready");
    assert_eq!(
        sandbox.starting.log(),
        "init: component 'filter' killed: hung for 1 s, restarted (1)\n"
    );
    sandbox.shutdown();
}

fn attached() -> Sandbox {
    Folder::new()
        .graph("component filter ready")
        .shell("filter", STAY, json!({"ready": "attach"}))
        .run()
}

#[test]
fn nonsense_of_the_engine_is_told_once() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = attached();
    sandbox.ask("say nonsense");
    sandbox.ask("say component filter what");
    sandbox.ask("say component other kill it");
    sandbox.ask("say component filter waiting");
    sandbox.component_in("filter", "waiting");
    assert_eq!(
        sandbox.starting.log(),
        "init: the engine said \"nonsense\", which means nothing here\n"
    );
    sandbox.shutdown();
}

#[test]
fn components_survive_the_engine() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = attached();
    let before = sandbox.component("filter")["pid"].clone();
    sandbox.kill_engine();
    eventually("restarted", || (sandbox.ask("starts") == "2").then_some(()));
    let told = sandbox.component_in("filter", "ready");
    assert_eq!((&told["pid"], &told["restarts"]), (&before, &json!(0)));
    sandbox.shutdown();
}

#[test]
fn stop_start_and_restart_are_for_components_too() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().shell("filter", STAY, json!({})).run();
    let first = sandbox.component("filter")["pid"].clone();
    let stopped = sandbox.order("stop");
    assert_eq!(stopped["state"], "inactive");
    let told = &stopped["components"][0];
    assert_eq!(
        (&told["state"], &told["pid"]),
        (&json!("ended"), &Value::Null)
    );
    assert_eq!(told["last_end"], "killed by signal 15");
    let started = sandbox.order("start");
    assert_eq!(started["components"][0]["state"], "ready");
    let second = &started["components"][0]["pid"];
    let restarted = sandbox.order("restart");
    let third = &restarted["components"][0]["pid"];
    assert!(first != *second && second != third && first != *third);
    assert_eq!(restarted["components"][0]["restarts"], 0);
    sandbox.shutdown();
}

#[test]
fn one_that_will_not_leave_is_made_to() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "trap '' TERM; sleep 1000 & wait";
    let sandbox = Folder::new()
        .graph("component filter ready")
        .shell("filter", script, json!({"ready": "attach"}))
        .run();
    // It knows that it is to leave, does not, is asked, does not, and is made to.
    let stopped = sandbox.order("stop");
    assert_eq!(stopped["components"][0]["last_end"], "killed by signal 9");
    sandbox.shutdown();
}

#[test]
fn a_start_that_fails_later_is_answered_with_the_reason() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().shell("filter", STAY, json!({})).run();
    let folder = sandbox.path().join("home/filter");
    fs::rename(&folder, sandbox.path().join("home/moved")).unwrap();
    let missing = folder.display();
    let error = format!(
        "component 'filter': cannot enter {missing}: No such file or directory (os error 2)"
    );
    assert_eq!(
        sandbox.order("restart"),
        json!({"ok": false, "error": error})
    );
    let status = sandbox.order("status");
    assert_eq!(
        (&status["state"], &status["errors"]),
        (&json!("failed"), &json!([error]))
    );
    assert_eq!(status["components"][0]["state"], "failed");
    fs::rename(sandbox.path().join("home/moved"), &folder).unwrap();
    assert_eq!(sandbox.order("start")["state"], "active");
    sandbox.shutdown();
}

#[test]
fn one_that_leaves_with_the_engine_is_not_started_again() {
    if !can_make_sandboxes() {
        return;
    }
    // The engine takes its time; meanwhile the component leaves, as it was told to.
    let script = "trap 'exit 0' USR1; sleep 1000 & wait";
    let sandbox = Folder::new()
        .graph("stubborn\ncomponent filter ready")
        .shell("filter", script, json!({"ready": "attach"}))
        .run();
    let pid = sandbox.component("filter")["pid"].as_i64().unwrap();
    let client = sandbox.orders();
    (&client).write_all(b"{\"op\":\"stop\"}\n").unwrap();
    eventually("ending", || {
        (sandbox.order("status")["state"] == "inactive").then_some(())
    });
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid as i32, libc::SIGUSR1) };
    let stopped = answer(&client);
    assert_eq!(stopped["components"][0]["restarts"], 0);
    assert_eq!(stopped["components"][0]["state"], "ended");
    assert_eq!(sandbox.starting.log(), "");
    sandbox.shutdown();
}
