//! Components come to a running function, and go.

use crate::support::{Folder, Sandbox, answer, can_make_sandboxes, cgroups, eventually, stand_in};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;

const STAY: &str = "exec sleep 1000";

/// A function with one component, `old`, that has attached.
fn running() -> Sandbox {
    Folder::new()
        .graph("component old ready")
        .shell("old", STAY, json!({"ready": "attach"}))
        .run()
}

fn shell(script: &str) -> Value {
    json!(["/bin/sh", "-c", script])
}

fn states(status: &Value) -> Vec<(String, String)> {
    let all = status["components"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    all.map(|component| (text(&component["key"]), text(&component["state"])))
        .collect()
}

fn state(key: &str, state: &str) -> (String, String) {
    (key.into(), state.into())
}

#[test]
fn a_new_component_is_started_and_the_others_are_left_alone() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = running();
    let folder = &mut sandbox.starting.folder;
    folder.add_component("new", shell(STAY), json!({"ready": "attach"}));
    folder.write();
    let old = sandbox.component("old");
    let client = sandbox.orders();
    (&client).write_all(b"{\"op\":\"reload\"}\n").unwrap();
    sandbox.component_in("new", "starting");
    assert_eq!(sandbox.order("status")["state"], "active");
    let second = json!({"ok": false, "error": "another change is under way; wait for its answer"});
    assert_eq!(sandbox.order("reload"), second);
    sandbox.ask("say component new waiting");
    let status = answer(&client);
    assert_eq!(status["ok"], true);
    assert_eq!(
        states(&status),
        [state("old", "ready"), state("new", "waiting")]
    );
    let after = sandbox.component("old");
    assert_eq!(
        (&after["pid"], &after["restarts"]),
        (&old["pid"], &json!(0))
    );
    assert_eq!(sandbox.order("reload")["ok"], true);
    sandbox.shutdown();
}

#[test]
fn what_a_new_component_needs_is_made_for_it() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = Folder::new().run();
    // Hidden inside: only the host's view has it.
    let source = std::env::temp_dir().join(format!("weft-sdk-{}", std::process::id()));
    fs::create_dir_all(&source).unwrap();
    fs::copy(stand_in(), source.join("program")).unwrap();
    let target = sandbox.path().join("mnt/sdk");
    let program = json!([target.join("program"), "component", "folder", "write note"]);
    let folder = &mut sandbox.starting.folder;
    folder.add_to("mounts", json!({"source": source, "target": target}));
    folder.add_component("new", program, json!({"memory_bytes": 67_108_864}));
    let own = folder.path.join("components/new/stand_in");
    folder.add_component("other", json!([own, "component", "folder"]), json!({}));
    folder.write();
    let status = sandbox.order("reload");
    assert_eq!(
        states(&status),
        [state("new", "ready"), state("other", "ready")]
    );
    let run = sandbox.path().display().to_string();
    sandbox.logged(&format!("new: {run}/home/new"));
    sandbox.logged("new: done");
    sandbox.logged(&format!("other: {run}/home/other"));
    let limits = status["components"][0]["limits"].as_str().unwrap();
    let groups = cgroups(sandbox.path());
    if !limits.starts_with("none: ") {
        assert!(groups[0].join("component.new").exists(), "{groups:?}");
    }
    // Once more: what is shown stays.
    let folder = &mut sandbox.starting.folder;
    folder.facts["sandbox"]["components"]
        .as_array_mut()
        .unwrap()
        .remove(0);
    folder.write();
    assert_eq!(sandbox.order("reload")["ok"], true);
    assert_eq!(states(&sandbox.order("settle")), [state("other", "ready")]);
    assert!(
        groups
            .iter()
            .all(|group| !group.join("component.new").exists())
    );
    sandbox.shutdown();
    fs::remove_dir_all(source).unwrap();
}

#[test]
fn parameters_that_were_added_or_changed_are_the_next_engines() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = running();
    let folder = &mut sandbox.starting.folder;
    folder.facts["sandbox"]["parameters"] = json!({"uid_new": "5", "ADDR": "10.0.0.2"});
    folder.write();
    assert_eq!(sandbox.order("reload")["ok"], true);
    let parameters = || {
        let arguments = sandbox.ask("arguments");
        let mut words = arguments.lines().map(String::from).collect::<Vec<_>>();
        // Addresses of interfaces have colons too.
        words.retain(|word| word.contains('=') && !word.contains(':'));
        words
    };
    assert_eq!(parameters(), ["ADDR=10.0.0.1"]);
    sandbox.kill_engine();
    eventually("restarted", || (sandbox.ask("starts") == "2").then_some(()));
    assert_eq!(parameters(), ["ADDR=10.0.0.2", "uid_new=5"]);
    sandbox.shutdown();
}

#[test]
fn new_components_that_do_not_start_are_ended_again() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = running();
    let folder = &mut sandbox.starting.folder;
    folder.add_component("good", shell(STAY), json!({}));
    folder.add_component("bad", shell("echo why; exit 4"), json!({"ready": "attach"}));
    folder.write();
    let error = "component 'bad' ended with status 4 before it was ready\nbad: why";
    assert_eq!(
        sandbox.order("reload"),
        json!({"ok": false, "error": error})
    );
    let status = sandbox.order("status");
    assert_eq!(status["state"], "active");
    assert_eq!(states(&status), [state("old", "ready")]);
    sandbox.shutdown();
}

#[test]
fn what_cannot_change_is_refused() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = running();
    let folder = &mut sandbox.starting.folder;
    folder.facts["sandbox"]["interfaces"] = json!(["in"]);
    let interfaces = json!([{"name": "eth0", "device": "p"}]);
    folder.add_component("prog", shell(STAY), json!({"interfaces": interfaces}));
    folder.write();
    let error = "function.json: sandbox.interfaces has changed; it cannot while the function runs\n\
        component 'prog': one with interfaces cannot come to a running function";
    assert_eq!(
        sandbox.order("reload"),
        json!({"ok": false, "error": error})
    );
    fs::write(sandbox.path().join("function.json"), "{").unwrap();
    for op in ["reload", "settle"] {
        let error = sandbox.order(op)["error"].as_str().unwrap().to_string();
        assert!(error.starts_with("function.json: not JSON: "), "{error}");
    }
    sandbox.starting.folder.write();
    assert_eq!(sandbox.order("stop")["state"], "inactive");
    let error = "the function does not run; start it first";
    assert_eq!(
        sandbox.order("reload"),
        json!({"ok": false, "error": error})
    );
    sandbox.shutdown();
}

#[test]
fn a_component_that_is_not_listed_any_more_leaves() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "trap '' TERM; sleep 1000 & wait";
    let mut sandbox = Folder::new()
        .graph("component old ready")
        .shell("old", script, json!({"ready": "attach"}))
        .shell("program", STAY, json!({}))
        .shell("stays", STAY, json!({}))
        .run();
    let folder = &mut sandbox.starting.folder;
    let list = folder.facts["sandbox"]["components"]
        .as_array_mut()
        .unwrap();
    list.drain(..2);
    folder.write();
    assert_eq!(states(&sandbox.order("settle")), [state("stays", "ready")]);
    assert_eq!(sandbox.starting.log(), "");
    // Nothing starts it again.
    assert_eq!(states(&sandbox.order("restart")), [state("stays", "ready")]);
    sandbox.shutdown();
}

#[test]
fn one_that_leaves_in_peace_is_started_again_only_if_it_is_listed() {
    if !can_make_sandboxes() {
        return;
    }
    let script = "trap 'exit 0' USR1; sleep 1000 & wait";
    let mut sandbox = Folder::new()
        .shell("old", script, json!({}))
        .shell("new", script, json!({}))
        .run();
    let folder = &mut sandbox.starting.folder;
    let list = folder.facts["sandbox"]["components"]
        .as_array_mut()
        .unwrap();
    list.remove(0);
    folder.write();
    for key in ["old", "new"] {
        let pid = sandbox.component(key)["pid"].as_i64().unwrap();
        // The trap is set when its child is there.
        let children = format!("/proc/{pid}/task/{pid}/children");
        eventually("the trap", || {
            (!fs::read_to_string(&children).ok()?.is_empty()).then_some(())
        });
        // SAFETY: takes numbers only.
        unsafe { libc::kill(pid as i32, libc::SIGUSR1) };
    }
    let told = sandbox.component_in("old", "ended");
    assert_eq!(
        (&told["pid"], &told["last_end"]),
        (&Value::Null, &json!("ended with status 0"))
    );
    eventually("restarted", || {
        let told = sandbox.component("new");
        (told["state"] == "ready" && told["restarts"] == 1).then_some(())
    });
    let log = sandbox.starting.log();
    assert_eq!(
        log,
        "init: component 'new' ended with status 0, restarting in 50 ms (1)\n"
    );
    assert_eq!(states(&sandbox.order("settle")), [state("new", "ready")]);
    // Listed again, it comes again.
    let folder = &mut sandbox.starting.folder;
    folder.add_component("old", shell(STAY), json!({"uid": 1_234_700}));
    folder.write();
    let expected = [state("new", "ready"), state("old", "ready")];
    assert_eq!(states(&sandbox.order("reload")), expected);
    sandbox.shutdown();
}

#[test]
fn a_stop_cuts_a_change_short() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = running();
    let folder = &mut sandbox.starting.folder;
    folder.add_component("new", shell(STAY), json!({"ready": "attach"}));
    folder.write();
    let client = sandbox.orders();
    (&client).write_all(b"{\"op\":\"reload\"}\n").unwrap();
    sandbox.component_in("new", "starting");
    assert_eq!(sandbox.order("stop")["state"], "inactive");
    let error = "a later order was carried out instead";
    assert_eq!(answer(&client), json!({"ok": false, "error": error}));
    assert_eq!(states(&sandbox.order("start")), [state("old", "ready")]);
    sandbox.shutdown();
}

#[test]
fn a_settle_calls_a_reload_off() {
    if !can_make_sandboxes() {
        return;
    }
    let mut sandbox = running();
    let before = sandbox.starting.folder.facts.clone();
    let folder = &mut sandbox.starting.folder;
    folder.add_component("new", shell(STAY), json!({"ready": "attach"}));
    folder.write();
    let client = sandbox.orders();
    (&client).write_all(b"{\"op\":\"reload\"}\n").unwrap();
    sandbox.component_in("new", "starting");
    let folder = &mut sandbox.starting.folder;
    folder.facts = before;
    folder.write();
    let settled = sandbox.order("settle");
    assert_eq!(states(&settled), [state("old", "ready")]);
    let refusal = json!({"ok": false, "error": "a later order was carried out instead"});
    assert_eq!(answer(&client), refusal);
    sandbox.shutdown();
}
