//! A component in Click, isolated: an engine and the component's process over a real socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);
const BINARY: &str = env!("CARGO_BIN_EXE_weft-engine");

/// A process of the test's; killed at its end.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// How it ended, and what it said on standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let pipe = self.0.stderr.take().expect("a pipe");
        BufReader::new(pipe)
            .read_to_string(&mut said)
            .expect("its words");
        (self.0.wait().expect("its end").code(), said)
    }

    fn terminate(&self) {
        let pid = self.0.id().to_string();
        let done = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(done.expect("kill runs").success());
    }
}

/// A folder of the test's with the sockets.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("component-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Place(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Starts an engine with `config` and a listener.
    fn engine(&self, config: &str) -> Process {
        let _ = std::fs::remove_file(self.path("control"));
        let listener = self.path("components");
        let config = format!(
            "ComponentListener({}); {config}; Script(print \"started\");",
            listener.display()
        );
        let child = Command::new(BINARY)
            .args(["click", "-e", &config, "-u"])
            .arg(self.path("control"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut engine = Process(child.expect("the engine starts"));
        let mut line = String::new();
        let pipe = engine.0.stdout.take().expect("a pipe");
        BufReader::new(pipe)
            .read_line(&mut line)
            .expect("it says so");
        assert_eq!(line, "started\n");
        engine
    }

    /// Starts a component with this body.
    fn component(&self, body: &str) -> Process {
        let graph = self.path("body.click");
        std::fs::write(&graph, body).expect("a file");
        component(&graph, &self.path("components"))
    }

    fn control(&self) -> Control {
        let stream = UnixStream::connect(self.path("control")).expect("it listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
        let mut control = Control(BufReader::new(stream));
        control.line();
        control
    }
}

fn component(graph: &Path, socket: &Path) -> Process {
    let child = Command::new(BINARY)
        .args(["component", "--graph"])
        .arg(graph)
        .env("WEFT_COMPONENT", socket)
        .env("WEFT_COMPONENT_NAME", "click")
        .stderr(Stdio::piped())
        .spawn();
    Process(child.expect("the component starts"))
}

/// A conversation with the engine.
struct Control(BufReader<UnixStream>);

impl Control {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer");
        line.trim_end().to_string()
    }

    /// What is answered to `command`: the value read, or the last line of the message.
    fn ask(&mut self, command: &str) -> String {
        writeln!(self.0.get_mut(), "{command}\r").expect("it hears");
        let mut line = self.line();
        while line.as_bytes().get(3) == Some(&b'-') {
            line = self.line();
        }
        if !command.starts_with("read") || !line.starts_with("200") {
            return line;
        }
        let length = self.line();
        let length = length.strip_prefix("DATA ").expect("a length");
        let mut data = vec![0; length.parse().expect("a number")];
        self.0.read_exact(&mut data).expect("the data");
        String::from_utf8(data).expect("text")
    }

    /// Asks until the answer is `expected`.
    fn expect(&mut self, command: &str, expected: &str) {
        let end = Instant::now() + LIMIT;
        loop {
            let answer = self.ask(command);
            if answer == expected {
                return;
            }
            assert!(
                Instant::now() < end,
                "{command}: {answer} instead of {expected}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Ten thousand packets whose bytes are `data`, sent when `s.active` is written.
fn source(name: &str, data: &str) -> String {
    format!("{name} :: InfiniteSource(DATA \\<{data}>, LIMIT 10000, ACTIVE false)")
}

#[test]
fn packets_go_through_the_body_and_come_back_by_the_port_it_chooses() {
    let place = Place::new("ports");
    let _engine = place.engine(&format!(
        "{}; {}; c :: Component(click);
         a -> [0]c; b -> [1]c;
         c[0] -> zero :: Classifier(0/02%ff 1/03) -> n0 :: Counter -> Discard;
         c[1] -> one :: Classifier(0/616263) -> n1 :: Counter -> Discard",
        source("a", "6162636465"),
        source("b", "010203")
    ));
    let body = "input[0] -> [1]output; input[1] -> Strip(1) -> [0]output";
    let component = place.component(body);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write a.active true");
    control.ask("write b.active true");
    control.expect("read n1.count", "10000");
    control.expect("read n0.count", "10000");
    assert_eq!(control.ask("read c.drops"), "");
    assert_eq!(control.ask("read c.in_flight"), "0");
    component.terminate();
    assert_eq!(component.end(), (Some(0), String::new()));
}

#[test]
fn packets_that_the_body_drops_are_returned_as_dropped() {
    let place = Place::new("drops");
    let _engine = place.engine(&format!(
        "{}; c :: Component(click); s -> c -> n :: Counter -> Discard",
        source("s", "61")
    ));
    // Half are dropped at once, the others out of a queue, which the body's clock empties.
    let body = "input -> w :: RoundRobinSwitch; w[0] -> Discard; w[1] -> q :: Queue(10000)
                -> RatedUnqueue(100000) -> Discard; Idle -> output";
    let _component = place.component(body);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read c.drops", "dropped 10000\n");
    assert_eq!(control.ask("read n.count"), "0");
    assert_eq!(control.ask("read c.in_flight"), "0");
}

#[test]
fn clones_and_new_packets_leave_in_spare_frames_however_many_there_are() {
    let place = Place::new("clones");
    let _engine = place.engine(&format!(
        "{}; c :: Component(click); s -> c -> n :: Counter -> Discard",
        source("s", "61")
    ));
    let body =
        "input -> t :: Tee(5) -> out :: Null -> output; t[1] -> out; t[2] -> out; t[3] -> out;
                t[4] -> out; i :: InfiniteSource(LIMIT 3000, ACTIVE false) -> out";
    let _component = place.component(body);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read n.count", "50000");
    control.ask("write c.set i.active true");
    control.expect("read n.count", "53000");
    assert_eq!(control.ask("read c.drops"), "");
    assert_eq!(
        control.ask("read c.get host.drops"),
        "590 No element named 'host'"
    );
}

#[test]
fn a_packet_that_grows_out_of_its_frame_moves_to_a_larger_one() {
    let place = Place::new("large");
    let _engine = place.engine(
        "s :: InfiniteSource(LENGTH 1900, LIMIT 10, ACTIVE false);
         l :: InfiniteSource(LENGTH 60000, LIMIT 10, ACTIVE false);
         c :: Component(click); s -> c; l -> c;
         c -> n :: Counter -> Discard",
    );
    let body = "input -> Unstrip(14) -> Unstrip(100) -> Unstrip(100) -> output";
    let _component = place.component(body);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read n.byte_count", "21140");
    control.expect("read c.drops", "replaced 10\n");
    control.ask("write l.active true");
    control.expect("read n.byte_count", "623280");
    assert_eq!(control.ask("read c.drops"), "replaced 10\n");
}

#[test]
fn marks_travel_both_ways_and_handlers_of_the_body_are_reached() {
    let place = Place::new("marks");
    let _engine = place.engine(&format!(
        "{}; c :: Component(click); s -> SetMark(0x11) -> c -> m :: CheckMark(0x22) -> n :: Counter -> Discard",
        source("s", "61")
    ));
    let body = "input -> CheckMark(0x11) -> m :: SetMark(0x22) -> k :: Counter -> output";
    let _component = place.component(body);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read n.count", "10000");
    assert_eq!(control.ask("read c.get k.count"), "10000");
    assert_eq!(
        control.ask("write c.set k.reset"),
        "200 Write handler 'c.set' OK"
    );
    assert_eq!(control.ask("read c.get k.count"), "0");
    assert_eq!(control.ask("read c.get m.mark"), "34");
    assert_eq!(
        control.ask("write c.set m.mark 7"),
        "200 Write handler 'c.set' OK"
    );
    assert_eq!(control.ask("read c.get m.mark"), "7");
    let list = control.ask("read c.list");
    assert!(list.lines().any(|l| l == "get\tr\ttext\t"), "{list}");
    let schema = control.ask("read c.schema");
    assert!(
        schema.contains("\"mark\"") && schema.contains("\"k\""),
        "{schema}"
    );
    assert!(
        control
            .ask("read c.graph")
            .contains("body/m :: SetMark(0x22)")
    );
    for (command, refusal) in [
        ("read c.get k", "590 'k' is not ELEMENT.HANDLER"),
        ("read c.get x.count", "590 No element named 'x'"),
        ("read c.get k.nope", "590 No handler named 'k.nope'"),
        ("read c.get k.reset", "590 Handler 'k.reset' write-only"),
        ("write c.set k.count 1", "520 Handler 'k.count' read-only"),
        ("write c.set m.mark x", "520 invalid number"),
    ] {
        assert_eq!(control.ask(command), refusal, "{command}");
    }
}

#[test]
fn it_attaches_again_when_the_engine_was_killed_and_leaves_at_a_goodbye() {
    let place = Place::new("again");
    let config = format!(
        "{}; c :: Component(click); s -> c -> n :: Counter -> Discard",
        source("s", "61")
    );
    let mut engine = place.engine(&config);
    let component = place.component("input -> k :: Counter -> output");
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read n.count", "10000");
    engine.0.kill().expect("it can be killed");
    engine.0.wait().expect("its end");
    std::fs::remove_file(place.path("components")).expect("it left its socket");
    let engine = place.engine(&config);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read n.count", "10000");
    assert_eq!(control.ask("read c.get k.count"), "20000");
    engine.terminate();
    assert_eq!(component.end(), (Some(0), String::new()));
}

#[test]
fn packets_of_an_engine_that_is_gone_go_nowhere_and_a_goodbye_does_not_wait_for_the_body() {
    let place = Place::new("stale");
    let config = "s :: InfiniteSource(LIMIT 100, ACTIVE false); c :: Component(click, LIMIT 60s);
                  s -> c -> n :: Counter -> Discard";
    let mut engine = place.engine(config);
    let body = "input -> q :: Queue(20000) -> u :: Unqueue(ACTIVE false) -> output";
    let component = place.component(body);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write s.active true");
    control.expect("read c.get q.length", "100");
    assert_eq!(control.ask("read c.in_flight"), "100");
    engine.0.kill().expect("it can be killed");
    engine.0.wait().expect("its end");
    std::fs::remove_file(place.path("components")).expect("it left its socket");
    let engine = place.engine(config);
    let mut control = place.control();
    control.expect("read c.state", "ready");
    control.ask("write c.set u.active true");
    control.expect("read c.get q.length", "0");
    control.ask("write s.active true");
    control.expect("read n.count", "100");
    assert_eq!(control.ask("read c.drops"), "");
    control.ask("write c.set u.active false");
    control.ask("write s.reset");
    control.ask("write s.active true");
    control.expect("read c.get q.length", "100");
    engine.terminate();
    assert_eq!(component.end(), (Some(0), String::new()));
}

#[test]
fn what_is_wrong_with_its_graph_is_told_with_file_and_line() {
    let place = Place::new("wrong");
    let _engine = place.engine("c :: Component(click); Idle -> c -> Discard");
    let component = place.component("input -> a :: Counter\n -> Nothing -> output");
    let file = place.path("body.click");
    let expected = format!("{}:2: undeclared element 'Nothing'\n", file.display());
    let (status, said) = component.end();
    assert_eq!(
        (status, said.lines().next().unwrap_or_default()),
        (Some(1), expected.trim_end())
    );
}

#[test]
fn what_is_wrong_with_its_start_is_told() {
    let alone = Command::new(BINARY)
        .args(["component", "--graph", "x"])
        .env_remove("WEFT_COMPONENT")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&alone.stderr).into_owned();
    let expected = "weft: not started as a component: WEFT_COMPONENT is not set\n";
    assert_eq!((alone.status.code(), said.as_str()), (Some(2), expected));
    let place = Place::new("start");
    let nowhere = component(&place.path("x"), &place.path("nowhere"));
    let path = place.path("nowhere");
    let expected = format!(
        "weft: cannot connect to {}: No such file or directory\n",
        path.display()
    );
    assert_eq!(nowhere.end(), (Some(1), expected));
    let _engine = place.engine("Idle -> c :: Component(click, UID 12345) -> Discard");
    let me = Command::new("id")
        .arg("-u")
        .output()
        .expect("id runs")
        .stdout;
    let me = String::from_utf8_lossy(&me).trim().to_string();
    let refused = place.component("input -> output").end();
    let expected = format!("weft: refused: component 'click' runs as user 12345, not as {me}\n");
    assert_eq!(refused, (Some(1), expected));
}

#[test]
fn what_comes_while_held_packets_go_out_finds_room_too() {
    let place = Place::new("catching-up");
    let _engine = place.engine(
        "RatedSource(RATE 20000, LIMIT 4000) -> c :: Component(click, FALLBACK hold, HOLD 4096)
             -> n :: Counter -> Discard",
    );
    let mut control = place.control();
    while control
        .ask("read c.waiting")
        .parse::<u32>()
        .expect("a number")
        < 700
    {}
    let _component = place.component("input -> output");
    control.expect("read n.count", "4000");
    assert_eq!(control.ask("read c.drops"), "");
}

#[test]
fn what_passes_by_a_component_has_the_room_behind_it() {
    let place = Place::new("passing-by");
    let _engine = place.engine(
        "InfiniteSource(LIMIT 5000) -> b :: Component(other, FALLBACK bypass)
             -> c :: Component(click, FALLBACK hold, HOLD 1000) -> n :: Counter -> Discard",
    );
    let mut control = place.control();
    control.expect("read c.state", "away");
    let _component = place.component("input -> output");
    control.expect("read n.count", "5000");
    assert_eq!(control.ask("read c.drops"), "");
}
