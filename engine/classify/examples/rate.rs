//! Classification and lookup rates on one core, in millions of packets per second.
//!
//! `cargo run --release -p weft-classify --example rate [RULES]`

use std::hint::black_box;
use std::time::Instant;
use weft_classify::{BuiltinNames, PacketRef, Program, Route, RouteTable, Strategy, ip};

const BATCH: usize = 32;
const ROUNDS: usize = 5;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 32) as u32
    }

    fn range(&mut self, low: u32, high: u32) -> u32 {
        low + self.next() % (high - low)
    }
}

fn quad(address: u32) -> std::net::Ipv4Addr {
    address.into()
}

/// A firewall rule and a packet that matches it.
fn rule(random: &mut Random) -> (String, Vec<u8>) {
    const PORTS: [u16; 15] = [
        22, 23, 25, 53, 80, 110, 135, 139, 443, 445, 1433, 3306, 3389, 5060, 8080,
    ];
    let source = random.range(0x0b00_0000, 0xdf00_0000) & !0xff;
    let destination = random.range(0x0100_0000, 0xdf00_0000) & !0xffff;
    let port = PORTS[random.next() as usize % PORTS.len()];
    let (src, dst) = (
        format!("{}/24", quad(source)),
        format!("{}/16", quad(destination)),
    );
    let (text, protocol) = match random.next() % 4 {
        0 => (format!("src net {src}"), 6),
        1 => (format!("dst net {dst} && tcp dst port {port}"), 6),
        2 => (format!("src net {src} && udp dst port {port}"), 17),
        _ => (format!("src net {src} && dst net {dst} && tcp"), 6),
    };
    let source = source | random.next() & 0xff;
    let destination = destination | random.next() & 0xffff;
    (
        format!("drop {text}"),
        packet(source, destination, protocol, 1234, port),
    )
}

fn packet(source: u32, destination: u32, protocol: u8, sport: u16, dport: u16) -> Vec<u8> {
    let mut bytes = vec![0; 46];
    bytes[0] = 0x45;
    bytes[8] = 64;
    bytes[9] = protocol;
    bytes[12..16].copy_from_slice(&source.to_be_bytes());
    bytes[16..20].copy_from_slice(&destination.to_be_bytes());
    bytes[20..22].copy_from_slice(&sport.to_be_bytes());
    bytes[22..24].copy_from_slice(&dport.to_be_bytes());
    bytes
}

/// CPU time of this thread in nanoseconds, which other programs do not spoil.
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// Millions per CPU-second of `work`, which handles `count` items: the median of some rounds.
fn rate(count: usize, mut work: impl FnMut()) -> f64 {
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (start, cpu) = (Instant::now(), cpu_ns());
            let mut done = 0;
            while start.elapsed().as_millis() < 60 {
                work();
                done += count;
            }
            done as f64 * 1e3 / (cpu_ns() - cpu).max(1) as f64
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

fn classify_rate(program: &Program, packets: &[Vec<u8>]) -> f64 {
    let mut out = [0; BATCH];
    rate(packets.len(), || {
        for batch in packets.chunks(BATCH) {
            let get = |i: usize| PacketRef {
                transport: 20,
                ..PacketRef::ip(&batch[i])
            };
            program.classify_batch(batch.len(), get, &mut out);
            black_box(&out);
        }
    })
}

/// For one number of rules, if the command line names it; else for many.
fn rules(only: Option<usize>) {
    let mut random = Random(1);
    let one = vec![packet(0x0a00_0005, 0xc000_0205, 17, 1234, 5678); 1024];
    let flows: Vec<_> = (0..10_000)
        .map(|i| {
            let source = 0x0a00_0000 | random.next() >> 8;
            let destination = random.range(0x2000_0000, 0xdf00_0000);
            let sport = random.range(1024, 65536) as u16;
            let dport = random.range(1, 65535) as u16;
            packet(
                source,
                destination,
                if i & 1 == 0 { 6 } else { 17 },
                sport,
                dport,
            )
        })
        .collect();
    println!("rules    strategy compile_ms  one_flow 10000_flows half_hit");
    for count in [1, 4, 10, 100, 400, 1000, 10_000, 100_000] {
        if only.is_some_and(|only| only != count) {
            continue;
        }
        let made: Vec<_> = (1..count).map(|_| rule(&mut random)).collect();
        let mut texts: Vec<String> = made.iter().map(|(text, _)| text.clone()).collect();
        texts.push("allow all".into());
        let half: Vec<_> = (0..10_000)
            .map(|i| match made.get(random.next() as usize % count) {
                Some((_, hit)) if i & 1 == 0 => hit.clone(),
                _ => flows[i].clone(),
            })
            .collect();
        let rules = ip::parse_filter(&texts, 1, &BuiltinNames, &mut Vec::new());
        let rules = rules.expect("the rules are right");
        for strategy in [
            None,
            Some(Strategy::Linear),
            Some(Strategy::Masks),
            Some(Strategy::Tree),
        ] {
            if strategy.is_some() && count > 1000 {
                continue;
            }
            let start = Instant::now();
            let program = match strategy {
                None => Program::compile(&rules),
                Some(strategy) => Program::compile_with(&rules, strategy),
            };
            let compile_ms = start.elapsed().as_secs_f64() * 1e3;
            println!(
                "{count:6} {:>9}{} {compile_ms:9.2} {:9.1} {:11.1} {:8.1}",
                format!("{:?}", program.strategy()),
                if strategy.is_none() { '*' } else { ' ' },
                classify_rate(&program, &one),
                classify_rate(&program, &flows),
                classify_rate(&program, &half)
            );
        }
    }
}

fn routes() {
    println!("routes   build_ms update_us      MiB   lookups");
    for count in [4, 100, 1000, 10_000, 100_000] {
        let mut random = Random(2);
        const LENGTHS: [u8; 10] = [16, 19, 20, 21, 22, 22, 23, 24, 24, 24];
        let routes: Vec<Route> = (0..count)
            .map(|_| {
                let length = LENGTHS[random.next() as usize % LENGTHS.len()];
                Route::new(
                    random.range(0x0100_0000, 0xdf00_0000),
                    length,
                    0,
                    random.next() % 2,
                )
            })
            .chain([Route::new(0, 0, 0, 1)])
            .collect();
        let start = Instant::now();
        let (mut table, _) = RouteTable::build(routes.iter().copied());
        let build_ms = start.elapsed().as_secs_f64() * 1e3;
        let addresses: Vec<u32> = (0..65536)
            .map(|_| routes[random.next() as usize % count].address | random.next() & 0xff)
            .collect();
        let mut hops = [0; BATCH];
        let lookups = rate(addresses.len(), || {
            for batch in addresses.chunks(BATCH) {
                table.lookup_batch(batch, &mut hops);
                black_box(&hops);
            }
        });
        let start = Instant::now();
        for i in 0..1000 {
            table.set(Route::new(0x2000_0000 + i * 0x9241, 24, i % 7, 0));
        }
        let update_us = start.elapsed().as_secs_f64() * 1e3;
        let mib = table.forwarding_bytes() as f64 / 1_048_576.0;
        println!("{count:6} {build_ms:10.2} {update_us:9.2} {mib:8.2} {lookups:9.1}");
    }
}

fn main() {
    let only = std::env::args().nth(1).and_then(|count| count.parse().ok());
    rules(only);
    if only.is_none() {
        routes();
    }
}
