//! Stands in for `weft-engine` in the tests: `init` is the real one, `engine` answers questions
//! about where it finds itself, one per connection to its control socket, and `component` those among
//! its arguments.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixListener;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("init") => std::process::exit(weft_init::main(arguments, own_engine)),
        Some("engine") => engine(&arguments.collect::<Vec<_>>()),
        Some("component") => component(arguments),
        other => panic!("init, engine or component is wanted, not {other:?}"),
    }
}

fn own_engine(arguments: Vec<OsString>) -> i32 {
    let arguments = arguments
        .into_iter()
        .map(|text| text.into_string().unwrap());
    engine(&arguments.collect::<Vec<_>>());
    0
}

fn engine(arguments: &[String]) {
    let options: HashMap<_, _> = arguments
        .chunks(2)
        .filter(|pair| pair[0].starts_with("--"))
        .map(|p| (&p[0][2..], &p[1]))
        .collect();
    let file = |name: &str| {
        // SAFETY: init passes these descriptors to us, each once.
        unsafe { File::from_raw_fd(options[name].parse().unwrap()) }
    };
    let mut ready = file("ready-fd");
    let behaviour = fs::read_to_string(options["graph"]).unwrap();
    if behaviour.contains("errors") || fs::exists("errors").unwrap() {
        ready
            .write_all(b"graph.click:1: first error\ngraph.click:2: second error\n")
            .unwrap();
        std::process::exit(1);
    }
    if behaviour.contains("die") || fs::exists("die").unwrap() {
        std::process::exit(3);
    }
    if behaviour.contains("stubborn") {
        // SAFETY: ignores a signal.
        unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    }
    weft_init::lockdown::apply().unwrap();
    let (frames, state) = (file("frames-fd"), file("state-fd"));
    count_start(&state);
    let control = UnixListener::from(std::os::fd::OwnedFd::from(file("control-fd")));
    ready.write_all(b"ready\n").unwrap();
    for line in behaviour
        .lines()
        .filter(|line| line.starts_with("component"))
    {
        ready.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    for client in control.incoming().flatten() {
        let mut question = String::new();
        BufReader::new(&client).read_line(&mut question).unwrap();
        let question = question.trim_end();
        let answer = match question.strip_prefix("say ") {
            Some(text) => told(
                ready
                    .write_all(format!("{text}\n").as_bytes())
                    .map(|()| "said"),
            ),
            None => answer(question, arguments, Some((&frames, &state))),
        };
        let _ = (&client).write_all(answer.as_bytes());
    }
}

/// Prints the answers, then stays.
fn component(questions: impl Iterator<Item = String>) -> ! {
    for question in questions {
        println!("{}", answer(&question, &[], None).trim_end());
    }
    loop {
        std::thread::park();
    }
}

fn count_start(state: &File) {
    use std::os::unix::fs::FileExt;
    let mut count = [0];
    state.read_exact_at(&mut count, 0).unwrap();
    state.write_all_at(&[count[0] + 1], 0).unwrap();
}

fn answer(question: &str, arguments: &[String], memory: Option<(&File, &File)>) -> String {
    let (word, rest) = question.split_once(' ').unwrap_or((question, ""));
    match word {
        "read" => told(fs::read_to_string(rest)),
        "write" => told(fs::write(rest, "written").map(|()| "done")),
        "list" => told(fs::read_dir(rest).map(|entries| {
            let mut names: Vec<_> = entries
                .flatten()
                .map(|e| e.file_name().into_string().unwrap())
                .collect();
            names.sort();
            if names.is_empty() {
                "nothing".into()
            } else {
                names.join(" ")
            }
        })),
        "folder" => told(std::env::current_dir().map(|path| path.display().to_string())),
        "arguments" => arguments.join("\n"),
        "environment" => std::env::vars()
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect(),
        "starts" | "sizes" | "shrink" => {
            let (frames, state) = memory.expect("only an engine has memory");
            about_memory(word, frames, state)
        }
        "call" => told(call(rest)),
        "socket" => told(socket(rest.parse().unwrap())),
        "executable-memory" => told(executable_memory()),
        "thread" => std::thread::spawn(|| "done".to_string()).join().unwrap(),
        "take" => std::hint::black_box(vec![1u8; rest.parse().unwrap()])
            .len()
            .to_string(),
        "fork" => told(fork()),
        "replace" => {
            use std::os::unix::process::CommandExt;
            std::process::Command::new("/bin/true").exec().to_string()
        }
        "finish" => std::process::exit(0),
        "host" => host_name(),
        "descriptor" => {
            told(fs::read_link(format!("/proc/self/fd/{rest}")).map(|p| p.display().to_string()))
        }
        _ => format!("unknown question '{question}'"),
    }
}

fn about_memory(word: &str, frames: &File, state: &File) -> String {
    use std::os::unix::fs::FileExt;
    match word {
        "starts" => {
            let mut count = [0];
            state.read_exact_at(&mut count, 0).unwrap();
            count[0].to_string()
        }
        "sizes" => format!(
            "{} {}",
            frames.metadata().unwrap().len(),
            state.metadata().unwrap().len()
        ),
        _ => told(frames.set_len(4096).map(|()| "done")),
    }
}

/// A system call, by its number and up to five numbers.
fn call(words: &str) -> std::io::Result<&'static str> {
    let numbers: Vec<i64> = words.split(' ').map(|word| word.parse().unwrap()).collect();
    let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
    // SAFETY: called with numbers that are refused before anything is done.
    checked(unsafe {
        libc::syscall(
            number(0),
            number(1),
            number(2),
            number(3),
            number(4),
            number(5),
        )
    })
}

fn told<T: ToString>(result: std::io::Result<T>) -> String {
    result.map_or_else(|error| format!("error: {error}"), |value| value.to_string())
}

fn checked(result: i64) -> std::io::Result<&'static str> {
    if result == -1 {
        Err(std::io::Error::last_os_error())
    } else {
        Ok("done")
    }
}

fn socket(domain: i32) -> std::io::Result<&'static str> {
    // SAFETY: takes numbers only.
    checked(i64::from(unsafe {
        libc::socket(domain, libc::SOCK_DGRAM, 0)
    }))
}

fn fork() -> std::io::Result<&'static str> {
    // SAFETY: asks for a copy of this process; a copy would end at once.
    let result = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    if result == 0 {
        std::process::exit(0);
    }
    checked(result)
}

fn executable_memory() -> std::io::Result<&'static str> {
    let (protection, flags) = (
        libc::PROT_READ | libc::PROT_EXEC,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: asks for memory of its own.
    let result = unsafe { libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0) };
    checked(result as i64)
}

fn host_name() -> String {
    // SAFETY: all zeroes is a valid utsname, which outlives the call.
    let facts = unsafe {
        let mut facts: libc::utsname = std::mem::zeroed();
        libc::uname(&mut facts);
        facts
    };
    facts
        .nodename
        .iter()
        .take_while(|c| **c != 0)
        .map(|c| *c as u8 as char)
        .collect()
}
