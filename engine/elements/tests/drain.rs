//! A graph that is replaced while packets are outside: what comes meanwhile is held, within bounds and in order.

use std::cell::Cell;
use std::time::{Duration, Instant};
use weft_core::{
    Batch, Built, Cells, Class, Clock, Configure, Console, Element, Environment, Pool, PoolSize,
    Region, Registry, Router, Task,
};

/// What is held at most, and what a source emits at a time.
const MOST_HELD: u64 = 16_384;
const BURST: u64 = 64;
/// As long as packets outside are waited for, with some to spare.
const SURELY_WAITING: Duration = Duration::from_millis(300);

thread_local! {
    static OUTSIDE: Cell<bool> = const { Cell::new(false) };
    static AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// Sends packets that are numbered, across swaps, and waits for room where they are stored.
struct Numbering(Option<Cells>);

impl Element for Numbering {
    fn push(&mut self, _: usize, _: &mut Batch, _: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.0 = Some(router.cells("next", 1));
        router.schedule();
        Ok(())
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let Some(next) = self.0.clone() else {
            return Task::Sleep;
        };
        if (router.downstream_room() as u64) < BURST {
            return Task::Again;
        }
        for _ in 0..BURST {
            let number = next.get(0).to_be_bytes();
            if let Some(packet) = router.pool.copy_in(&number) {
                next.add(0, 1);
                router.emit(0, packet);
            }
        }
        Task::Again
    }
}

/// Checks that numbers come in order, each once, across swaps; says that packets are outside, or awaited there.
struct Checking(Option<Cells>);

impl Element for Checking {
    fn push(&mut self, _: usize, batch: &mut Batch, router: &mut Router) {
        assert!(!AWAITED.get(), "too early");
        let Some(next) = &self.0 else { return };
        for packet in batch.iter() {
            let data = router.pool.data(packet);
            let number = u64::from_be_bytes(data.try_into().expect("eight bytes"));
            assert_eq!(number, next.get(0), "lost or overtaken");
            next.add(0, 1);
        }
        router.pool.free_all(batch);
    }

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.0 = Some(router.cells("next", 1));
        Ok(())
    }

    fn is_drained(&self) -> bool {
        !OUTSIDE.get()
    }

    fn is_awaiting(&self) -> bool {
        AWAITED.get()
    }
}

fn numbering(_: &mut Configure<'_>) -> Built {
    Ok(Box::new(Numbering(None)))
}

fn checking(_: &mut Configure<'_>) -> Built {
    Ok(Box::new(Checking(None)))
}

static NUMBERING: Class = Class {
    ports: "0/1",
    processing: "h/h",
    ..Class::agnostic("Numbering", "test", numbering)
};
static CHECKING: Class = Class {
    ports: "1/0",
    observable: true,
    ..Class::agnostic("Checking", "test", checking)
};
static CLASSES: &[&Class] = &[&NUMBERING, &CHECKING];

const OLD: &str = "n :: Numbering -> k :: Checking;";
const NEW: &str = "n :: Numbering -> Null -> k :: Checking;";
/// With a queue that is filled by a burst and a part of one.
const QUEUED: &str = "n :: Numbering -> q :: Queue(100) -> Unqueue(BURST 10) -> k :: Checking;";

fn router() -> Router {
    let mut groups: Vec<&'static [&'static Class]> = weft_elements::REGISTRY.0.to_vec();
    groups.push(CLASSES);
    let mut environment = Environment::new(Registry(groups.leak()));
    environment.allow_hotconfig = true;
    let size = PoolSize {
        small: 32_768,
        large: 4,
    };
    let pool = Pool::new(size).expect("memory");
    let mut router = Router::new(environment, pool, Region::default(), Clock::simulated(0), 1);
    router.console = Console::Captured(String::new());
    router.load("config", OLD).expect("sound");
    router.run_for(10);
    router
}

fn count(router: &mut Router, handler: &str) -> u64 {
    let text = router.read_handler(handler, "").expect("readable");
    text.trim().parse().expect("a number")
}

fn config(router: &mut Router) -> String {
    router.read_handler("config", "").expect("readable")
}

#[test]
fn what_comes_while_packets_are_outside_is_held_within_bounds() {
    let mut router = router();
    OUTSIDE.set(true);
    let begun = Instant::now();
    router.write_handler("hotconfig", NEW).expect("sound");
    let (sent, came) = (
        count(&mut router, "n.ocounts"),
        count(&mut router, "k.icounts"),
    );
    for _ in 0..4 * MOST_HELD / BURST {
        router.run_for(1);
    }
    let waits = config(&mut router) == OLD && count(&mut router, "k.icounts") == came;
    assert!(waits || begun.elapsed() > SURELY_WAITING);
    let held = router.pool.in_use() as u64;
    assert!(held <= MOST_HELD + BURST, "{held} packets are held");
    OUTSIDE.set(false);
    router.run_for(1000);
    assert_eq!(config(&mut router), NEW);
    assert!(count(&mut router, "k.icounts") > sent + MOST_HELD);
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0);
}

#[test]
fn the_new_graph_gets_its_packets_when_it_is_ready() {
    let mut router = router();
    let begun = Instant::now();
    router.write_handler("hotconfig", NEW).expect("sound");
    AWAITED.set(true);
    router.run_for(10);
    assert_eq!(config(&mut router), NEW);
    let came = count(&mut router, "k.icounts");
    while begun.elapsed() < SURELY_WAITING / 10 {
        router.run_for(1);
    }
    assert_eq!(count(&mut router, "k.icounts"), came);
    AWAITED.set(false);
    router.run_for(100);
    assert!(count(&mut router, "k.icounts") > came);
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0);
}

#[test]
fn what_was_held_waits_for_room_in_a_queue() {
    let mut router = router();
    OUTSIDE.set(true);
    router.write_handler("hotconfig", QUEUED).expect("sound");
    let came = count(&mut router, "k.icounts");
    router.run_for(20);
    assert!(router.pool.in_use() as u64 >= 10 * BURST, "much is held");
    OUTSIDE.set(false);
    while count(&mut router, "k.icounts") < came + 100 * BURST {
        router.run_for(10);
    }
    assert_eq!(config(&mut router), QUEUED);
    assert_eq!(count(&mut router, "q.drops"), 0);
    assert_eq!(count(&mut router, "q.highwater_length"), 100);
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0);
}
