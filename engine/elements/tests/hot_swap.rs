//! Graphs replaced under traffic: sequence numbers prove that no packet is lost or overtaken.

use weft_core::{
    Batch, Built, Cells, Class, Clock, Configure, Console, Element, Environment, Pool, PoolSize,
    Region, Registry, Router, Task,
};

/// What every queue of these graphs holds without dropping.
const MOST_WAITING: usize = 50;

/// Sends packets that are numbered, across swaps, as long as queue `q` has room for them.
struct Numbering(Option<Cells>);

impl Element for Numbering {
    fn push(&mut self, _: usize, _: &mut Batch, _: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.0 = Some(router.cells("next", 1));
        router.schedule();
        Ok(())
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let Some(next) = &self.0 else {
            return Task::Sleep;
        };
        let next = next.clone();
        let waiting = number(router, "q.length") as usize;
        for _ in 0..MOST_WAITING.saturating_sub(waiting).min(7) {
            let number = next.get(0).to_be_bytes();
            if let Some(packet) = router.pool.copy_in(&number) {
                next.add(0, 1);
                router.emit(0, packet);
            }
        }
        Task::Again
    }
}

/// Checks that numbers come in order, each once, across swaps.
struct Checking(Option<Cells>);

impl Element for Checking {
    fn push(&mut self, _: usize, batch: &mut Batch, router: &mut Router) {
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

fn router() -> Router {
    let mut groups: Vec<&'static [&'static Class]> = weft_elements::REGISTRY.0.to_vec();
    groups.push(CLASSES);
    let mut environment = Environment::new(Registry(groups.leak()));
    environment.allow_hotconfig = true;
    let size = PoolSize {
        small: 4096,
        large: 4,
    };
    let pool = Pool::new(size).expect("memory");
    let mut router = Router::new(environment, pool, Region::default(), Clock::simulated(0), 1);
    router.console = Console::Captured(String::new());
    router
}

/// Different ways from `n` to `k`, all through the queue `q`.
const GRAPHS: &[&str] = &[
    "n :: Numbering -> q :: Queue(100) -> u :: Unqueue(3) -> k :: Checking;",
    "n :: Numbering -> Null -> c :: Counter -> q :: Queue(50) -> u :: Unqueue(8) -> Null -> k :: Checking;",
    "n :: Numbering -> q :: Queue(200) -> v :: Unqueue(5) -> Counter -> k :: Checking; \
     Script(wait 1, stop);",
    "n :: Numbering -> { input -> c :: Counter -> output } -> q :: Queue(100) -> Unqueue -> \
     Classifier(0/00, -)[0, 1] => Null, Null -> k :: Checking;",
];

fn number(router: &mut Router, handler: &str) -> u64 {
    router
        .read_handler(handler, "")
        .expect("readable")
        .trim()
        .parse()
        .expect("a number")
}

#[test]
fn no_packet_is_lost_or_overtaken_when_graphs_change_under_traffic() {
    let mut router = router();
    router.load("config", GRAPHS[0]).expect("sound");
    let (mut received, mut held) = (0, 0);
    for round in 0..200 {
        let graph = GRAPHS[round % GRAPHS.len()];
        router
            .write_handler("hotconfig", graph)
            .unwrap_or_else(|e| panic!("{graph}: {e}"));
        router.run_for(10 + round % 23);
        assert_eq!(router.read_handler("config", ""), Ok(graph.to_string()));
        let sent = number_sent(&mut router);
        let waiting = number(&mut router, "q.length");
        assert!(sent - waiting >= received, "round {round}");
        received = sent - waiting;
        held += waiting;
    }
    assert!(held > 1000, "{held} packets waited while graphs changed");
    assert!(received > 1000, "{received} packets");
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0);
}

/// How many packets `n` has sent: what it counts on, across swaps.
fn number_sent(router: &mut Router) -> u64 {
    let counts = router.read_handler("n.ocounts", "").expect("readable");
    counts.trim().parse().expect("a number")
}

#[test]
fn a_refused_graph_changes_nothing_under_traffic() {
    let mut router = router();
    router.load("config", GRAPHS[0]).expect("sound");
    let wrong = [
        "n :: Nonsense;",
        "n :: Numbering -> q :: Queue(many) -> Unqueue -> k :: Checking;",
        "n :: Numbering -> Queue -> Unqueue -> k :: Checking; ControlSocket(UNIX, /no/such/place);",
    ];
    for text in wrong.iter().cycle().take(40) {
        assert!(router.write_handler("hotconfig", text).is_err(), "{text}");
        assert!(router.run_for(9) > 0);
        assert_eq!(router.read_handler("config", ""), Ok(GRAPHS[0].to_string()));
    }
    assert!(number_sent(&mut router) > 100);
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0);
}

#[test]
fn a_swap_changes_values_the_text_or_both_and_keeps_what_it_does_not_name() {
    let mut router = router();
    let text = "n :: Numbering -> q :: Queue($size) -> Unqueue($burst) -> k :: Checking;";
    router.load("config", "Idle -> Discard;").expect("sound");
    let values = |router: &mut Router| router.read_handler("values", "").expect("readable");
    let swap = |router: &mut Router, asked: serde_json::Value| {
        let outcome = router.write_handler("swap", &asked.to_string());
        router.run_for(20);
        outcome.map_err(|error| error.to_string())
    };
    let both = serde_json::json!({"config": text, "values": {"size": "3000", "burst": "2"}});
    swap(&mut router, both).expect("sound");
    assert_eq!(values(&mut router), r#"{"burst":"2","size":"3000"}"#);
    assert_eq!(number(&mut router, "q.capacity"), 3000);
    swap(&mut router, serde_json::json!({"values": {"size": "4000"}})).expect("sound");
    assert_eq!(number(&mut router, "q.capacity"), 4000);
    assert_eq!(values(&mut router), r#"{"burst":"2","size":"4000"}"#);
    let sent = number_sent(&mut router);
    for (wrong, told) in [
        (serde_json::json!({"values": {"size": "many"}}), "CAPACITY"),
        (
            serde_json::json!({"values": {"size": 4}}),
            "a JSON object with",
        ),
        (serde_json::json!({"text": ""}), "unknown key 'text'"),
        (serde_json::json!([]), "a JSON object with"),
    ] {
        let error = swap(&mut router, wrong.clone()).expect_err("refused");
        assert!(error.contains(told), "{wrong}: {error}");
        assert_eq!(number(&mut router, "q.capacity"), 4000);
        assert_eq!(values(&mut router), r#"{"burst":"2","size":"4000"}"#);
    }
    router.write_handler("hotconfig", text).expect("sound");
    router.run_for(20);
    assert_eq!(number(&mut router, "q.capacity"), 4000);
    assert!(number_sent(&mut router) > sent);
    router.discard_graph();
    assert_eq!(router.pool.in_use(), 0);
}
