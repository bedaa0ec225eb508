//! Packets of any bytes through every element of the groups that read headers: no panic, no packet
//! lost.

use weft_core::{
    Batch, Built, Class, Clock, Configure, Console, Element, Environment, Pool, PoolSize, Random,
    Region, Registry, Router, Task,
};
use weft_elements::REGISTRY;

const PACKETS: usize = 2000;

static SOURCE: Class = Class {
    ports: "0/1",
    processing: "/h",
    ..Class::agnostic("AnyPackets", "test", build)
};

static SOURCES: &[&Class] = &[&SOURCE];

/// Emits packets that are partly random.
struct AnyPackets {
    left: usize,
    random: Random,
}

fn build(_: &mut Configure<'_>) -> Built {
    Ok(Box::new(AnyPackets {
        left: PACKETS,
        random: Random::seeded(7),
    }))
}

/// Beginnings that lead checks astray further in.
const BEGINNINGS: &[&[u8]] = &[
    &[],
    &[0x45],
    &[0x4f, 0, 0, 80],
    &[
        0x46, 0, 0, 40, 0, 0, 0x20, 0, 1, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 0x44, 8, 5,
    ],
    &[
        0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 0, 1, 0, 2,
    ],
    &[
        0x45, 0, 0, 30, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 3, 3,
    ],
    &[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
    ],
    &[
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2,
    ],
];

impl AnyPackets {
    fn packet(&mut self) -> Vec<u8> {
        let length = match self.random.below(8) {
            0 => self.random.below(24),
            1 => self.random.below(3000),
            _ => self.random.below(120),
        };
        let mut bytes: Vec<u8> = (0..length).map(|_| self.random.next_u64() as u8).collect();
        let start = BEGINNINGS[self.random.below(BEGINNINGS.len() as u64) as usize];
        let count = start.len().min(bytes.len());
        bytes[..count].copy_from_slice(&start[..count]);
        bytes
    }
}

impl Element for AnyPackets {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        router.schedule();
        Ok(())
    }

    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        for _ in 0..32.min(self.left) {
            let bytes = self.packet();
            let Some(mut packet) = router.pool.copy_in(&bytes) else {
                continue;
            };
            if self.random.below(4) != 0 {
                packet.set_network(self.random.below(40) as usize, 0);
            }
            packet.set_destination(0x0a00_0000 | self.random.below(9) as u32);
            let at = self.random.below(48) as usize;
            let value = self.random.next_u64() as u8;
            router.pool.set_annotation_byte(&mut packet, at, value);
            router.emit(0, packet);
            self.left -= 1;
        }
        match self.left {
            0 => {
                router.request_stop();
                Task::Sleep
            }
            _ => Task::Again,
        }
    }
}

/// The most ports a count like "1", "1-2" or "0-1" allows.
fn most(count: &str) -> usize {
    let last = count.rsplit('-').next().unwrap_or(count);
    last.parse().expect("a bounded number of ports")
}

/// The element that one of a class names in its fuzz configuration, if there is one.
fn companion(class: &Class) -> &'static str {
    match class.name {
        "ICMPRewriter" => "Idle -> rewriter :: IPRewriter(keep 0 0) -> Discard;",
        "HealthProber" => "targets :: WeightedIPMapper(10.0.0.2, 10.0.0.3:80);",
        _ => "",
    }
}

fn graph(class: &Class, config: &str) -> String {
    let (inputs, outputs) = class.ports.split_once('/').expect("ports");
    let mut text = format!(
        "AnyPackets -> t :: Tee; x :: {}({config}); t -> Discard;",
        class.name
    );
    text += companion(class);
    for input in 0..most(inputs) {
        text += &format!("t[{}] -> [{input}] x;", input + 1);
    }
    for output in 0..most(outputs) {
        text += &format!("x[{output}] -> Discard;");
    }
    text
}

/// Runs a graph around the element; its counts.
fn run(class: &Class, config: &str, traced: bool) -> String {
    let mut groups = REGISTRY.0.to_vec();
    groups.push(SOURCES);
    let environment = Environment::new(Registry(groups.leak()));
    let size = PoolSize {
        small: 512,
        large: 64,
    };
    let pool = Pool::new(size).expect("memory");
    let mut router = Router::new(environment, pool, Region::default(), Clock::simulated(0), 1);
    router.console = Console::Captured(String::new());
    let text = graph(class, config);
    router
        .load("config", &text)
        .unwrap_or_else(|e| panic!("{text}: {e}"));
    if traced {
        router
            .write_handler("trace", "COUNT 1000")
            .expect("options");
    }
    router.run();
    let stats = router.read_handler("stats", "").expect("counts");
    router.discard_graph();
    let (used, side) = (router.pool.in_use(), router.pool.side_in_use());
    assert_eq!((used, side), (0, 0), "packets lost: {text}");
    stats
}

#[test]
fn no_packet_harms_an_element_that_reads_headers() {
    let groups = ["ethernet", "ip", "icmp"];
    let read_headers = |c: &&Class| groups.contains(&c.group) && !c.ports.ends_with('-');
    let classes: Vec<&Class> = REGISTRY.iter().filter(read_headers).collect();
    assert!(classes.len() >= 24, "{classes:?}");
    for class in classes {
        for config in class.fuzz {
            let seen = run(class, config, true);
            assert_eq!(
                seen,
                run(class, config, false),
                "a trace changes what {} does",
                class.name
            );
        }
    }
}
