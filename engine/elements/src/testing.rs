//! What the unit tests of elements share: graphs run in virtual time, and a sink that remembers
//! what it gets.

use crate::REGISTRY;
use weft_core::{
    Batch, Built, Class, Clock, Configure, Console, Element, Environment, Pool, PoolSize, Region,
    Registry, Router, Task, Value, reader, writer,
};

/// Keeps the bytes of all packets, for [`captured`].
static CAPTURE: Class = Class {
    ports: "1/0",
    handlers: &[reader!(
        Capture,
        "packets",
        Value::Lines,
        "",
        "Bytes of the packets",
        |c, _, _| Ok(c.0.join("\n"))
    )],
    ..Class::agnostic("Capture", "test", build)
};

/// Emits the packets that are written to it in hexadecimal, a line each, as batches.
static FEED: Class = Class {
    ports: "0/1",
    processing: "h/h",
    handlers: &[writer!(
        Feed,
        "packets",
        Value::Lines,
        "",
        "Packets to emit",
        |f, call, router| {
            f.0.extend(call.text.lines().map(bytes));
            router.schedule();
            Ok(())
        }
    )],
    ..Class::agnostic("Feed", "test", |_| Ok(Box::new(Feed(Vec::new()))))
};

static CLASSES: &[&Class] = &[&CAPTURE, &FEED];

struct Feed(Vec<Vec<u8>>);

impl Element for Feed {
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        for frames in self.0.chunks(32) {
            let mut batch = router.new_batch();
            batch.extend(frames.iter().filter_map(|f| router.pool.copy_in(f)));
            router.emit_batch(0, batch);
        }
        self.0.clear();
        Task::Sleep
    }
}

struct Capture(Vec<String>);

fn build(_: &mut Configure<'_>) -> Built {
    Ok(Box::new(Capture(Vec::new())))
}

impl Element for Capture {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        for packet in batch.iter() {
            self.0.push(hex(router.pool.data(packet)));
        }
        router.pool.free_all(batch);
    }
}

/// The bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes that hexadecimal digits say.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|c| Some(c.to_digit(16)? as u8))
        .collect();
    digits
        .chunks(2)
        .map(|d| d[0] << 4 | d[d.len() - 1])
        .collect()
}

/// A router with the graph `text` loaded, at virtual time 0.
///
/// # Panics
/// With the configuration's errors.
pub(crate) fn load(text: &str) -> Router {
    match try_load(text) {
        Ok(router) => router,
        Err(errors) => panic!("{errors}"),
    }
}

/// As [`load`], the configuration's errors returned.
pub(crate) fn try_load(text: &str) -> Result<Router, String> {
    let mut groups: Vec<&'static [&'static Class]> = REGISTRY.0.to_vec();
    groups.push(CLASSES);
    let environment = Environment::new(Registry(groups.leak()));
    let size = PoolSize {
        small: 4096,
        large: 8,
    };
    let pool = Pool::new(size).expect("memory");
    let clock = Clock::simulated(0);
    let mut router = Router::new(environment, pool, Region::default(), clock, 1);
    router.console = Console::Captured(String::new());
    router.load("config", text).map_err(|e| e.to_string())?;
    Ok(router)
}

/// Loads `text` and runs it until it stops.
pub(crate) fn run(text: &str) -> Router {
    let mut router = load(text);
    router.run();
    router
}

/// What a handler reads.
pub(crate) fn read(router: &mut Router, handler: &str) -> String {
    router.read_handler(handler, "").expect(handler)
}

/// The packets that `name :: Capture` got, in hexadecimal.
pub(crate) fn captured(router: &mut Router, name: &str) -> Vec<String> {
    let text = read(router, &format!("{name}.packets"));
    text.lines().map(str::to_string).collect()
}

/// What was written to the console.
pub(crate) fn console(router: &Router) -> &str {
    match &router.console {
        Console::Captured(text) => text,
        Console::Stderr => "",
    }
}

/// Ends the graph; no packet may be left.
pub(crate) fn finish(mut router: Router) {
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0, "packets were kept");
    assert_eq!(router.pool.side_in_use(), 0, "side records were kept");
}
