//! ControlSocket conversations, byte for byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);
const GREETING: &str = "Click::ControlSocket/1.3\r\n";

/// A running engine with a control socket; killed at the end of the test.
struct Engine {
    child: Child,
    socket: PathBuf,
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Engine {
    /// Starts `config`, which prints a line once it runs.
    fn start(name: &str, config: &str, more: &[&str]) -> Self {
        let socket = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.sock"));
        let _ = std::fs::remove_file(&socket);
        let config = format!("{config}; Script(print \"started\");");
        let mut child = Command::new(env!("CARGO_BIN_EXE_weft-engine"))
            .args(["click", "-e", &config, "-u"])
            .arg(&socket)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the engine starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("it says so");
        assert_eq!(line, "started\n");
        Engine { child, socket }
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).expect("it listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
        stream
    }

    /// Everything answered to `said`, up to the end of the connection.
    fn conversation(&self, said: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(said).expect("it hears");
        let mut heard = String::new();
        stream.read_to_string(&mut heard).expect("it hangs up");
        heard
    }
}

/// The first value in `heard`.
fn value(heard: &str) -> String {
    let (_, data) = heard.split_once("DATA ").expect("data");
    let (length, rest) = data.split_once("\r\n").expect("a length");
    rest[..length.parse().expect("a number")].to_string()
}

/// Reads exactly as many bytes as `expected` has, which must be those.
fn expect(stream: &mut impl Read, expected: &str) {
    let mut heard = vec![0; expected.len()];
    stream.read_exact(&mut heard).expect("an answer");
    assert_eq!(String::from_utf8_lossy(&heard), expected);
}

const COUNTED: &str = "InfiniteSource(LIMIT 10) -> c :: Counter -> Discard; s :: Script(TYPE PASSIVE, \
     return $args)";

#[test]
fn answers_are_clicks() {
    let engine = Engine::start("answers", COUNTED, &[]);
    let cases = [
        (
            "READ c.count",
            "200 Read handler 'c.count' OK\r\nDATA 2\r\n10",
        ),
        (
            "get 2.count",
            "200 Read handler '2.count' OK\r\nDATA 2\r\n10",
        ),
        ("read x.count", "510 No element named 'x'\r\n"),
        ("read c.nope", "511 No handler named 'c.nope'\r\n"),
        ("read nope", "511 No handler named 'nope'\r\n"),
        ("read c.reset", "530 Handler 'c.reset' write-only\r\n"),
        (
            "read c.count 5",
            "590-Read handler 'c.count' error:\r\n\
             590 read handler 'c.count' does not take parameters\r\n",
        ),
        (
            "read s.run  a  b ",
            "200 Read handler 's.run' OK\r\nDATA 4\r\na  b",
        ),
        (
            "read .driver",
            "200 Read handler '.driver' OK\r\nDATA 9\r\nuserlevel",
        ),
        (
            "read 0.driver",
            "200 Read handler '0.driver' OK\r\nDATA 9\r\nuserlevel",
        ),
        ("write c.count 3", "530 Handler 'c.count' read-only\r\n"),
        ("WRITE c.reset", "200 Write handler 'c.reset' OK\r\n"),
        (
            "write s.step x",
            "520-Write handler 's.step' error:\r\n520 syntax error\r\n",
        ),
        ("checkread c.count", "200 Read handler 'c.count' OK\r\n"),
        (
            "checkwrite c.count",
            "511 Handler 'c.count' not writable\r\n",
        ),
        (
            "checkread c.reset",
            "511 Handler 'c.reset' not readable\r\n",
        ),
        ("checkwrite c.reset", "200 Write handler 'c.reset' OK\r\n"),
        ("checkread c.nope", "511 No handler named 'c.nope'\r\n"),
        (
            "checkwrite hotconfig",
            "511 No handler named 'hotconfig'\r\n",
        ),
        ("bogus", "501 Command 'BOGUS' unimplemented\r\n"),
        ("read", "500 Wrong number of arguments\r\n"),
        ("checkread a b", "500 Wrong number of arguments\r\n"),
        ("readdata c.count x", "500 Syntax error in 'READDATA'\r\n"),
        ("llrpc c#zz", "500 Syntax error in LLRPC name 'c#zz'\r\n"),
        ("llrpc x#1", "510 No element named 'x'\r\n"),
        ("llrpc c#1", "501 Cannot call LLRPC 'c#1' remotely\r\n"),
        ("read s.cat /etc/passwd", "511 No handler named 's.cat'\r\n"),
        ("", ""),
        ("quit", "200 Goodbye!\r\n"),
    ];
    let said: String = cases
        .iter()
        .map(|(said, _)| format!("{said}\r\n"))
        .collect();
    let answers: String = cases.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(
        engine.conversation(said.as_bytes()),
        format!("{GREETING}{answers}")
    );
}

#[test]
fn warnings_of_a_value_that_is_taken_are_told() {
    let config = "Idle -> a :: ARPResponder -> Discard";
    let engine = Engine::start("warnings", config, &[]);
    let said = b"write a.config 1.0.0.2 1:1:1:1:1:1, 1.0.0.2 1:1:1:1:1:2\n\
                 write a.config 1.0.0.2 1:1:1:1:1:1\nquit\n";
    let expected = format!(
        "{GREETING}220-Write handler 'a.config' OK with warnings:\r\n\
         220 warning: multiple entries for 1.0.0.2/32\r\n\
         200 Write handler 'a.config' OK\r\n200 Goodbye!\r\n"
    );
    assert_eq!(engine.conversation(said), expected);
}

#[test]
fn help_lists_the_commands() {
    let engine = Engine::start("help", COUNTED, &[]);
    let heard = engine.conversation(b"help\nquit\n");
    let lines: Vec<&str> = heard.split("\r\n").collect();
    assert_eq!(lines[1], "200-Commands supported:");
    assert_eq!(
        lines[2],
        "200-READ handler [arg...]   call read handler, return DATA"
    );
    assert_eq!(lines[11], "200 QUIT                    close connection");
}

#[test]
fn data_is_taken_as_it_is() {
    let engine = Engine::start("data", COUNTED, &[]);
    let said = b"READDATA s.run 9\r\na\r\nb\0 c\n!readuntil s.run END\nline 1\n\nEND \n\
                 READUNTIL s.run\rx\r\rWRITEDATA c.reset 0\nREADDATA s.run 2\n\xff\xfeQUIT\n";
    let ok = "200 Read handler 's.run' OK\r\n";
    let expected = format!(
        "{GREETING}{ok}DATA 9\r\na\r\nb\0 c\n!{ok}DATA 8\r\nline 1\n\n{ok}DATA 2\r\nx\r\
         200 Write handler 'c.reset' OK\r\n590-Read handler 's.run' error:\r\n\
         590 the value is not UTF-8 text\r\n200 Goodbye!\r\n"
    );
    assert_eq!(engine.conversation(said), expected);
}

#[test]
fn commands_come_in_pieces() {
    let engine = Engine::start("pieces", COUNTED, &[]);
    let mut stream = engine.connect();
    expect(&mut stream, GREETING);
    let mut other = engine.connect();
    for piece in ["READ", "DATA s.run 5", "\r", "\nab", "cd"] {
        stream.write_all(piece.as_bytes()).expect("it hears");
        // Somebody else is served meanwhile.
        other.write_all(b"read c.class\n").expect("it hears");
    }
    expect(&mut other, GREETING);
    for _ in 0..5 {
        expect(
            &mut other,
            "200 Read handler 'c.class' OK\r\nDATA 7\r\nCounter",
        );
    }
    stream.write_all(b"e").expect("it hears");
    expect(
        &mut stream,
        "200 Read handler 's.run' OK\r\nDATA 5\r\nabcde",
    );
}

#[test]
fn half_a_command_at_the_end_is_told() {
    let engine = Engine::start("half", COUNTED, &[]);
    let heard = |said: &[u8]| {
        let mut stream = engine.connect();
        stream.write_all(said).expect("it hears");
        stream.shutdown(std::net::Shutdown::Write).expect("no more");
        let mut heard = String::new();
        stream.read_to_string(&mut heard).expect("it hangs up");
        heard
    };
    assert_eq!(
        heard(b"READDATA s.run 5\nabc"),
        format!("{GREETING}500 Not enough data\r\n501 Command 'ABC' unimplemented\r\n")
    );
    let class = "200 Read handler 'c.class' OK\r\nDATA 7\r\nCounter";
    assert_eq!(heard(b"read c.class"), format!("{GREETING}{class}"));
}

#[test]
fn a_client_that_does_not_listen_holds_nobody_up() {
    let engine = Engine::start("deaf", COUNTED, &[]);
    let mut deaf = engine.connect();
    deaf.set_write_timeout(Some(Duration::from_millis(200)))
        .expect("a time limit");
    // More answers than any buffer between takes; the engine then stops reading.
    let question = "read s.run ".to_string() + &"x".repeat(4000) + "\n";
    while deaf.write_all(question.as_bytes()).is_ok() {}
    let mut other = engine.connect();
    other.write_all(b"read c.class\n").expect("it hears");
    expect(&mut other, GREETING);
    expect(
        &mut other,
        "200 Read handler 'c.class' OK\r\nDATA 7\r\nCounter",
    );
}

#[test]
fn endless_lines_and_data_are_refused() {
    let engine = Engine::start("endless", COUNTED, &[]);
    let line = vec![b'x'; (1 << 20) + 70_000];
    let mut stream = engine.connect();
    // The engine hangs up before all of it is sent.
    let _ = stream.write_all(&line);
    expect(&mut stream, &format!("{GREETING}500 Line too long\r\n"));
    let heard = engine.conversation(b"WRITEDATA c.reset 99999999999\n");
    assert_eq!(
        heard,
        format!("{GREETING}521 Data too large for write handler 'c.reset'\r\n")
    );
}

#[test]
fn tcp_sockets_take_the_next_free_port_and_may_be_read_only() {
    let busy = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = busy.local_addr().expect("an address").port().min(65_000);
    let config =
        format!("{COUNTED}; t :: ControlSocket(TCP, {port}+, LOCALHOST true, READONLY true)");
    let engine = Engine::start("tcp", &config, &[]);
    let heard = engine.conversation(b"read t.port\nquit\n");
    let opened: u16 = value(&heard).parse().expect("a port");
    assert!(
        opened > port && opened <= port + 11,
        "{opened} after {port}"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", opened)).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
    stream
        .write_all(b"write c.reset\ncheckwrite c.reset\nwrite c.count 1\nread c.class\nquit\n")
        .expect("it hears");
    let mut heard = String::new();
    stream.read_to_string(&mut heard).expect("it hangs up");
    let denied = "530 Permission denied for 'c.reset'\r\n";
    let expected = format!(
        "{GREETING}{denied}{denied}530 Handler 'c.count' read-only\r\n\
         200 Read handler 'c.class' OK\r\nDATA 7\r\nCounter200 Goodbye!\r\n"
    );
    assert_eq!(heard, expected);
}

#[test]
fn a_proxy_answers_for_all() {
    let config = "p :: Script(TYPE PROXY, return \"$0 $args\"); \
                  ControlSocket(UNIX, \"$name\", PROXY p)";
    let socket = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("proxied.sock");
    let _ = std::fs::remove_file(&socket);
    let config = config.replace("$name", &socket.to_string_lossy());
    let _engine = Engine::start("proxy", &config, &[]);
    let mut stream = UnixStream::connect(&socket).expect("it listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a time limit");
    stream
        .write_all(b"read far.away 1 2\nread p.class\n")
        .expect("it hears");
    let expected = "200 Read handler 'far.away' OK\r\nDATA 14\r\n\"far.away 1 2\"\
                    200 Read handler 'p.class' OK\r\nDATA 10\r\n\"p.class \"";
    expect(&mut stream, &format!("{GREETING}{expected}"));
}

#[test]
fn a_new_configuration_keeps_connections_and_what_was_said_after_it() {
    let engine = Engine::start(
        "hotswap",
        "InfiniteSource(LIMIT 10) -> c :: Counter -> Discard",
        &["-R"],
    );
    let mut stream = engine.connect();
    let new = "InfiniteSource(LIMIT 5) -> c :: Counter -> d :: Counter -> Discard;";
    let said = format!(
        "WRITEDATA hotconfig {}\r\n{new}read list\r\nread config\r\n",
        new.len()
    );
    stream.write_all(said.as_bytes()).expect("it hears");
    let list = "5\nInfiniteSource@1\nc\nd\nDiscard@4\nclick_driver@@ControlSocket\n";
    let expected = format!(
        "{GREETING}200 Write handler 'hotconfig' OK\r\n\
         200 Read handler 'list' OK\r\nDATA {}\r\n{list}\
         200 Read handler 'config' OK\r\nDATA {}\r\n{new}",
        list.len(),
        new.len()
    );
    expect(&mut stream, &expected);
    stream
        .write_all(b"write hotconfig x :: Counter(1);\r\nread list\r\n")
        .expect("it hears");
    let expected = format!(
        "520-Write handler 'hotconfig' error:\r\n\
         520-config:1: 'x :: Counter' input 0 unused\r\n\
         520-config:1: 'x :: Counter' output 0 unused\r\n\
         520 Router could not be initialized!\r\n\
         200 Read handler 'list' OK\r\nDATA {}\r\n{list}",
        list.len()
    );
    expect(&mut stream, &expected);
    let events = value(&engine.conversation(b"read events\nquit\n"));
    let what: Vec<&str> = events
        .lines()
        .filter_map(|l| Some(l.split_once(' ')?.1))
        .collect();
    assert_eq!(
        what,
        ["started", "new configuration", "new configuration refused"]
    );
}

#[test]
fn transactions_change_all_or_nothing() {
    let config = "u :: Script(TYPE PASSIVE, return $args); \
                  q :: InfiniteSource(LIMIT 0) -> r :: Queue -> v :: Unqueue -> Discard";
    let engine = Engine::start("transaction", config, &[]);
    let text = "v.burst 7\nv.limit many\n";
    let said = format!(
        "WRITEDATA transaction {}\n{text}read v.burst\nWRITEDATA transaction 10\nv.burst 7\nread v.burst\nquit\n",
        text.len()
    );
    let heard = engine.conversation(said.as_bytes());
    let first = heard.split("200 Read").next().expect("an error");
    assert!(first.contains("520 v.limit: "), "{heard}");
    assert!(first.contains("nothing was changed"), "{heard}");
    assert!(
        heard.contains("DATA 1\r\n1200 Write handler 'transaction' OK"),
        "{heard}"
    );
    assert!(heard.ends_with("DATA 1\r\n7200 Goodbye!\r\n"), "{heard}");
}
