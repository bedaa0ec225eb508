//! The command line, as people and scripts see it.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const COUNTED: &str =
    "InfiniteSource(LIMIT 10, STOP true) -> c :: Counter -> d :: Counter -> Discard;";

fn engine(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weft-engine"));
    command.args(arguments).env_remove("CLICKPATH");
    command
}

fn run(arguments: &[&str]) -> Output {
    engine(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the engine runs")
}

/// Standard output, standard error and exit status of `click` with these arguments.
fn click(arguments: &[&str]) -> (String, String, Option<i32>) {
    let all: Vec<&str> = ["click"].iter().chain(arguments).copied().collect();
    told(&run(&all))
}

fn told(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code(),
    )
}

fn with_input(arguments: &[&str], input: &str) -> (String, String, Option<i32>) {
    let mut child = engine(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the engine starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_bytes())
        .expect("it reads");
    told(&child.wait_with_output().expect("it ends"))
}

/// A file of this name in a folder of this test.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the file is written");
    path
}

#[test]
fn more_threads_than_run_are_told() {
    let expression = "Idle -> Discard;";
    let (_, quiet, status) = click(&["-q", "-w", "-j", "4", "-e", expression]);
    assert_eq!((quiet.as_str(), status), ("", Some(0)));
    let (_, warned, status) = click(&["-q", "-j", "4", "-e", expression]);
    let warning = "warning: 4 threads asked for; all elements run in one\n";
    assert_eq!((warned.as_str(), status), (warning, Some(0)));
}

#[test]
fn one_handler_is_printed_bare_and_several_with_their_names() {
    let (out, err, status) = click(&["-e", COUNTED, "-h", "c.count"]);
    assert_eq!((out.as_str(), err.as_str(), status), ("10\n", "", Some(0)));
    let (out, ..) = click(&["-e", COUNTED, "-h", "c.count", "-h", "d.class"]);
    assert_eq!(out, "c.count:\n10\n\nd.class:\nCounter\n\n");
    let (out, ..) = click(&["-e", COUNTED, "-h", "[cd].count"]);
    assert_eq!(out, "c.count:\n10\n\nd.count:\n10\n\n");
    let (out, ..) = click(&["-e", COUNTED, "-h", "Counter.count"]);
    assert_eq!(out, "c.count:\n10\n\nd.count:\n10\n\n");
    let (out, ..) = click(&["-e", COUNTED, "-h", "driver"]);
    assert_eq!(out, "userlevel\n");
}

#[test]
fn handlers_that_cannot_be_read_are_told() {
    let (_, err, status) = click(&["-e", COUNTED, "-h", "c.foo"]);
    assert_eq!((err.as_str(), status), ("no 'c.foo' handler\n", Some(1)));
    let (_, err, status) = click(&["-e", COUNTED, "-h", "c.reset"]);
    assert_eq!(
        (err.as_str(), status),
        ("'c.reset' is a write handler\n", Some(1))
    );
    let (_, err, status) = click(&["-e", COUNTED, "-h", "x.count", "-h", "x*.count"]);
    let expected = "no element 'x'\nno element matching 'x*'\n";
    assert_eq!((err.as_str(), status), (expected, Some(1)));
}

#[test]
fn the_configuration_comes_from_a_file_an_expression_or_standard_input() {
    let path = file("counted.click", COUNTED);
    let path = path.to_str().expect("a plain name");
    for arguments in [vec![path, "-h", "c.count"], vec!["-f", path, "-hc.count"]] {
        assert_eq!(click(&arguments).0, "10\n");
    }
    assert_eq!(with_input(&["click", "-h", "c.count"], COUNTED).0, "10\n");
    assert_eq!(
        with_input(&["click", "-h", "c.count", "-"], COUNTED).0,
        "10\n"
    );
    let (_, err, status) = click(&["-f", "/no/such.click"]);
    assert_eq!(err, "/no/such.click: No such file or directory\n");
    assert_eq!(status, Some(1));
}

#[test]
fn errors_have_landmarks_and_indented_reasons() {
    let text = "\nx :: Counter(5);\nInfiniteSource -> x -> Discard;";
    let reason = "2: While configuring 'x :: Counter':\n  too many arguments\n\
                  Router could not be initialized!\n";
    let (_, err, status) = click(&["-e", text]);
    assert_eq!((err, status), (format!("config:{reason}"), Some(1)));
    let (_, err, status) = with_input(&["click"], text);
    assert_eq!((err, status), (format!("<stdin>:{reason}"), Some(1)));
    let path = file("wrong.click", text);
    let (_, err, _) = click(&[path.to_str().expect("a plain name")]);
    assert_eq!(err, format!("{}:{reason}", path.display()));
}

#[test]
fn parameters_replace_definitions() {
    let text = "define($n 3); InfiniteSource(LIMIT $n, STOP true) -> c :: Counter -> Discard;";
    assert_eq!(click(&["-e", text, "n=5", "-h", "c.count"]).0, "5\n");
    assert_eq!(click(&["-e", text, "-h", "c.count"]).0, "3\n");
    let (_, err, status) = click(&["-e", text, "n=5", "n=6"]);
    assert!(err.starts_with("parameter 'n' multiply defined\n"), "{err}");
    assert_eq!(status, Some(2));
}

#[test]
fn the_flat_configuration_is_written_without_running() {
    let text = "a :: { input -> Counter -> output }; InfiniteSource(STOP true) -> a -> Discard;";
    let flat = "InfiniteSource@2 :: InfiniteSource(STOP true);\nDiscard@3 :: Discard;\n\
                a/Counter@1 :: Counter;\n\nInfiniteSource@2 -> a/Counter@1\n    -> Discard@3;\n";
    let (out, err, status) = click(&["-qo-", "-e", text]);
    assert_eq!((out.as_str(), err.as_str(), status), (flat, "", Some(0)));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("flat.click");
    let name = path.to_str().expect("a plain name");
    assert_eq!(click(&["-q", "-o", name, "-e", text]).2, Some(0));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), flat);
    let (_, err, status) = click(&["-qo/no/such", "-e", text]);
    assert_eq!(err, "/no/such: No such file or directory\n");
    assert_eq!(status, Some(1));
}

#[test]
fn a_handler_gives_the_exit_status() {
    let status = |handler: &str| click(&["-e", COUNTED, "-x", handler]).2;
    assert_eq!(status("c.count"), Some(10));
    let (_, err, code) = click(&["-e", COUNTED, "-x", "c.class"]);
    assert_eq!(err, "exit handler value should be integer\n");
    assert_eq!(code, Some(255));
    let script = "s :: Script(TYPE PASSIVE, return false); Script(stop)";
    assert_eq!(click(&["-e", script, "-x", "s.run"]).2, Some(1));
}

#[test]
fn wrong_usage_is_told_with_what_is_allowed() {
    let cases = [
        (vec!["--bogus"], "unrecognized option '--bogus'\n"),
        (vec!["-Z"], "unrecognized option '-Z'\n"),
        (vec!["--no"], "option '--no' is ambiguous: "),
        (
            vec!["-e", "a", "-e", "b"],
            "router configuration specified twice\n",
        ),
        (
            vec!["-p", "http-ish"],
            "'--port' expects a TCP port number, not 'http-ish'\n",
        ),
        (
            vec!["-j", "many"],
            "'--threads' expects a number, not 'many'\n",
        ),
        (
            vec!["--simtime=soon"],
            "'--simtime' expects seconds, not 'soon'\n",
        ),
        (
            vec!["--device", "eth0=tap"],
            "'--device' expects NAME=pcap:IN[:OUT], not 'eth0=tap'\n",
        ),
        (vec!["-h"], "missing argument for option '-h'\n"),
    ];
    for (arguments, problem) in cases {
        let (out, err, status) = click(&arguments);
        assert!(err.starts_with(problem), "{arguments:?}: {err}");
        assert!(
            err.ends_with("Try 'click --help' for more information.\n"),
            "{err}"
        );
        assert_eq!((out.as_str(), status), ("", Some(2)));
    }
}

#[test]
fn long_options_may_be_cut_short() {
    let (out, _, status) = click(&["--expr", COUNTED, "--handler=c.count", "--warn"]);
    assert_eq!((out.as_str(), status), ("10\n", Some(0)));
}

#[test]
fn help_and_version_are_printed() {
    let (out, err, status) = click(&["--help"]);
    assert!(
        out.starts_with("Runs a Click router configuration"),
        "{out}"
    );
    assert_eq!((err.as_str(), status), ("", Some(0)));
    let version = format!("click (Weft) {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(click(&["-v"]).0, version);
}

#[test]
fn simulated_time_begins_where_it_is_told_to() {
    let text = "Script(wait 2.5, print $(now), stop)";
    assert_eq!(click(&["--simtime", "-e", text]).0, "1000000002.500000\n");
    assert_eq!(click(&["--simtime=100", "-e", text]).0, "102.500000\n");
}

#[test]
fn an_empty_configuration_ends_at_once() {
    let (_, err, status) = click(&["-e", ""]);
    assert_eq!(
        err,
        "warning: config: configuration has no elements, exiting\n"
    );
    assert_eq!(status, Some(0));
    assert_eq!(click(&["-w", "-e", ""]).1, "");
}

#[test]
fn the_time_taken_is_printed() {
    let (out, ..) = click(&["-t", "-e", COUNTED]);
    let words: Vec<&str> = out.split_whitespace().collect();
    assert!(words[0].ends_with('u') && words[1].ends_with('s'), "{out}");
    assert!(words[2].starts_with("0:0"), "{out}");
}

#[test]
fn an_interrupt_stops_a_graph_that_sleeps_or_spins() {
    for text in [
        "Script(print \"started\")",
        "InfiniteSource -> Discard; Script(print \"started\")",
    ] {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let mut child = engine(&["click", "-e", text, "-h", "driver"])
                .stdout(Stdio::piped())
                .spawn()
                .expect("the engine starts");
            let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
            assert_eq!(lines.next().expect("a line").expect("text"), "started");
            // SAFETY: the child is ours and was not waited for yet.
            assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
            assert_eq!(lines.next().expect("a line").expect("text"), "userlevel");
            assert!(child.wait().expect("it ends").success());
        }
    }
}

#[test]
fn a_driver_manager_comes_to_its_end_after_an_interrupt() {
    let text = "Script(print \"started\"); c :: Counter; Idle -> c -> Idle; \
                DriverManager(pause, print \"count $(c.count)\", wait 1h, pause, print \"end\")";
    let mut child = engine(&["click", "-e", text])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the engine starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "started");
    // SAFETY: the child is ours and was not waited for yet.
    assert_eq!(unsafe { libc::kill(child.id() as i32, libc::SIGTERM) }, 0);
    let rest: Vec<String> = lines.map(|l| l.expect("text")).collect();
    assert_eq!(rest, ["count 0", "end"]);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = engine(&["elements", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the engine starts");
    drop(child.stdout.take());
    let (_, err, status) = told(&child.wait_with_output().expect("it ends"));
    assert_eq!((err.as_str(), status), ("", Some(0)));
}

#[test]
fn unknown_subcommands_are_refused() {
    let (_, err, status) = told(&run(&["clack"]));
    assert!(
        err.starts_with("weft-engine: unknown subcommand \"clack\"; usage:"),
        "{err}"
    );
    assert_eq!(status, Some(2));
    assert_eq!(told(&run(&["--version"])).2, Some(0));
}

#[test]
fn flattening_lists_classes_names_and_declarations() {
    let text = "elementclass A { input -> Counter -> output } InfiniteSource -> A -> Foo(1);";
    let flatten = |flag: &str| told(&run(&["click-flatten", flag, "-e", text]));
    assert_eq!(flatten("-c").0, "Counter\nFoo\nInfiniteSource\n");
    assert_eq!(flatten("-n").0, "A@2/Counter@1\nFoo@3\nInfiniteSource@1\n");
    let declarations =
        "A@2/Counter@1 :: Counter\nFoo@3 :: Foo\nInfiniteSource@1 :: InfiniteSource\n";
    assert_eq!(flatten("-d").0, declarations);
    assert!(flatten("--config").0.contains("Foo@3 :: Foo(1);\n"));
    let (_, err, status) = told(&run(&["click-flatten", "-e", "x -> y"]));
    assert!(err.contains("undeclared element"), "{err}");
    assert_eq!(status, Some(1));
    assert_eq!(told(&run(&["click-flatten", "--bogus"])).2, Some(2));
}

#[test]
fn a_pretty_page_links_elements_and_escapes_text() {
    let text = "c :: Counter; /* <&> */ InfiniteSource(\"<b>\") -> c -> Discard;";
    let (page, err, status) = told(&run(&["click-pretty", "-e", text]));
    assert_eq!((err.as_str(), status), ("", Some(0)));
    for part in [
        "<span class=\"c-cmt\">/* &lt;&amp;&gt; */</span>",
        "<span class=\"c-cfg\">&quot;&lt;b&gt;&quot;</span>",
        "<a href=\"#e-c\">c</a> -&gt; Discard;",
        "<p id=\"e-c\"><b>c</b> :: Counter</p>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn the_buildtool_knows_elements_and_features() {
    let provides = |names: &[&str]| {
        let all: Vec<&str> = ["click-buildtool", "provides"]
            .iter()
            .chain(names)
            .copied()
            .collect();
        told(&run(&all))
    };
    assert_eq!(provides(&["Counter", "userlevel", "ip6"]).2, Some(0));
    assert_eq!(
        provides(&["Counter", "linuxmodule"]),
        (String::new(), String::new(), Some(1))
    );
    assert_eq!(told(&run(&["click-buildtool", "frobnicate"])).2, Some(2));
}
