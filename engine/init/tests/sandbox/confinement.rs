//! What the engine can do and see.

use crate::support::{Folder, GID, Sandbox, UID, can_make_sandboxes, cgroups, eventually};

fn line<'a>(status: &'a str, key: &str) -> &'a str {
    let found = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("{key} in {status}")).trim()
}

#[test]
fn the_engine_has_its_own_user_and_no_capability() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let status = sandbox.fact_of(sandbox.engine_pid, "status");
    assert_eq!(
        line(&status, "Uid"),
        [UID.to_string().as_str(); 4].join("\t")
    );
    assert_eq!(
        line(&status, "Gid"),
        [GID.to_string().as_str(); 4].join("\t")
    );
    assert_eq!(line(&status, "Groups"), "");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(line(&status, set), "0000000000000000", "{set}");
    }
    assert_eq!(line(&status, "NoNewPrivs"), "1");
    assert_eq!(
        (line(&status, "Seccomp"), line(&status, "Seccomp_filters")),
        ("2", "3")
    );
    assert_eq!(line(&status, "SigBlk"), "0000000000000000");
    assert_eq!(line(&status, "NSpid").split('\t').count(), 2);
    let limits = sandbox.fact_of(sandbox.engine_pid, "limits");
    assert!(
        limits.contains("Max core file size        0                    0 "),
        "{limits}"
    );
    assert!(
        limits.contains("Max open files            4096                 4096 "),
        "{limits}"
    );
    sandbox.shutdown();
}

#[test]
fn the_environment_is_bare() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let home = sandbox.path().join("data").display().to_string();
    assert_eq!(
        sandbox.ask("environment"),
        format!("HOME={home}\nPATH=/usr/bin:/bin\n")
    );
    let callers = sandbox.ask("read /proc/self/environ");
    assert!(
        !callers.is_empty() && callers.bytes().all(|byte| byte == 0),
        "{callers:?}"
    );
    assert_eq!(sandbox.ask("folder"), home);
    assert_eq!(sandbox.ask("host"), "weft-under-test");
    sandbox.shutdown();
}

#[test]
fn only_what_is_meant_to_be_is_open() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let arguments = sandbox.ask("arguments");
    let arguments: Vec<_> = arguments.lines().collect();
    let devices: Vec<_> = arguments
        .windows(2)
        .filter(|pair| pair[0] == "--device")
        .map(|pair| pair[1])
        .collect();
    assert_eq!(devices.len(), 2);
    for (device, name) in devices.iter().zip(["in", "out"]) {
        let parts: Vec<_> = device.split(':').collect();
        assert_eq!(parts[0], name);
        for number in &parts[1..] {
            assert!(
                sandbox
                    .ask(&format!("descriptor {number}"))
                    .starts_with("socket:[")
            );
        }
    }
    let open = sandbox.ask("list /proc/self/fd");
    // Three streams, control, components, frames, state, four sockets, the pipe to process 1, the
    // client, the listing itself.
    assert_eq!(open.split(' ').count(), 14, "{open}");
    sandbox.shutdown();
}

#[test]
fn only_the_data_folder_and_the_private_tmp_can_be_written() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let write = |path: &str| sandbox.ask(&format!("write {path}"));
    let run = sandbox.path().display().to_string();
    assert_eq!(write("note"), "done");
    assert_eq!(
        std::fs::read_to_string(sandbox.path().join("data/note")).unwrap(),
        "written"
    );
    assert_eq!(write("/tmp/note"), "done");
    assert!(!std::fs::exists("/tmp/note").unwrap());
    for path in [
        &format!("{run}/note"),
        "/note",
        "/dev/note",
        "/run/note",
        "/usr/note",
        "/proc/self/comm",
    ] {
        assert_eq!(
            write(path),
            "error: Read-only file system (os error 30)",
            "{path}"
        );
    }
    // The host lets anybody write here.
    assert_eq!(
        write("/var/tmp/weft-note"),
        "error: Read-only file system (os error 30)"
    );
    assert_eq!(write("/dev/null"), "done");
    sandbox.shutdown();
}

#[test]
fn others_business_is_hidden() {
    if !can_make_sandboxes() {
        return;
    }
    let other = Folder::new().run();
    let sandbox = Folder::new().run();
    let runs = sandbox.path().parent().unwrap();
    assert_eq!(
        sandbox.ask("list /run"),
        runs.file_name().unwrap().to_str().unwrap()
    );
    assert_eq!(
        sandbox.ask("list /dev"),
        "fd full net null random stderr stdin stdout urandom zero"
    );
    assert_eq!(sandbox.ask("list /sys"), "nothing");
    assert_eq!(sandbox.ask("list /tmp"), "nothing");
    let neighbour = other.path().display();
    assert!(
        sandbox
            .ask(&format!("read {neighbour}/function.json"))
            .starts_with("error: No such file")
    );
    let processes = sandbox.ask("list /proc");
    let numbers = processes
        .split(' ')
        .filter(|name| name.parse::<u32>().is_ok());
    // Its own.
    assert_eq!(numbers.count(), 1, "{processes}");
    assert!(
        sandbox
            .ask("read /proc/1/cmdline")
            .starts_with("error: No such file")
    );
    other.shutdown();
    sandbox.shutdown();
}

#[test]
fn refused_calls_fail_and_the_engine_lives() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    let not_permitted = "error: Operation not permitted (os error 1)";
    for (question, answer) in [
        (format!("socket {}", libc::AF_PACKET), not_permitted),
        (format!("socket {}", libc::AF_NETLINK), not_permitted),
        (format!("socket {}", libc::AF_UNIX), "done"),
        (format!("socket {}", libc::AF_INET), "done"),
        ("executable-memory".into(), not_permitted),
        ("fork".into(), not_permitted),
        ("thread".into(), "done"),
        ("shrink".into(), not_permitted),
    ] {
        assert_eq!(sandbox.ask(&question), answer, "{question}");
    }
    assert_eq!(sandbox.ask("sizes"), "67108864 4194304");
    assert_eq!(sandbox.order("status")["restarts"], 0);
    sandbox.shutdown();
}

fn assert_killed_by(sandbox: &Sandbox, question: &str) {
    assert_eq!(sandbox.ask_once(question), None);
    eventually("restarted", || {
        (sandbox.order("status")["restarts"] == 1).then_some(())
    });
    let log = sandbox.starting.log();
    assert!(
        log.contains("engine killed by signal 31, restarted (1)"),
        "{log}"
    );
}

#[test]
fn executing_another_program_ends_the_engine() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().run();
    assert_killed_by(&sandbox, "replace");
    sandbox.shutdown();
}

#[test]
fn an_engine_over_its_memory_limit_is_ended_and_restarted() {
    if !can_make_sandboxes() {
        return;
    }
    let sandbox = Folder::new().fact("memory_bytes", (16 << 20).into()).run();
    if !sandbox.order("status")["limits"]
        .as_str()
        .unwrap()
        .starts_with("none: ")
    {
        let group = &cgroups(sandbox.path())[0];
        let procs = || std::fs::read_to_string(group.join("cgroup.procs")).unwrap();
        eventually("the engine is in its group", || {
            (!procs().is_empty()).then_some(())
        });
        assert_eq!(sandbox.ask_once("take 1048576").as_deref(), Some("1048576"));
        assert_eq!(sandbox.ask_once("take 67108864"), None);
        eventually("restarted", || {
            (sandbox.order("status")["restarts"] == 1).then_some(())
        });
    }
    sandbox.shutdown();
}
