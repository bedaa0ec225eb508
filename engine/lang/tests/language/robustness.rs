//! Any bytes at all: an answer in bounded time, never a panic, and nothing half right.
//!
//! The inputs are mutations of sound ones, made by a generator with a fixed seed, so a failure can be repeated.

use weft_lang::value::{
    AnyText, Bandwidth, Count, ElementName, Filename, Fixed, HandlerName, IpAddresses, IpPrefix,
    Ipv6Prefix, Keyword, MacAddr, Seconds, TcpPort, Value, Word,
};
use weft_lang::{Args, NoNames, ParseOptions, Source, parse, unparse};

/// A small xorshift generator.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }
}

const CONFIGURATIONS: [&[u8]; 7] = [
    b"Idle -> c :: Counter(5, BURST 3) -> [1] q :: Queue [2] -> Discard;",
    b"elementclass C { $a, KEY $b, __REST__ $r | input -> Queue($a) -> output || ... } C(1);",
    b"define($x 'a', $y ${x-5}); a, b :: Message(\"$x \\<00 /*x*/ 11>\", // c\n $y);",
    b"c :: Classifier(12/0800, -); c[0-2] => ( -> Queue -> ), { -> Null -> }, [1] Discard",
    b"require(package p, library l); # 5 \"file\"\n elementclass A B; A -> A",
    b"elementclass P { input -> output; input[1] -> Idle -> [1] output } P -> P -> P",
    b"!<arch>\nconfig/         0           0     0     644     5         `\nIdle;\n",
];

const PIECES: [&[u8]; 32] = [
    b"->",
    b"=>",
    b"::",
    b"||",
    b"...",
    b"{",
    b"}",
    b"(",
    b")",
    b"[",
    b"]",
    b"[1,]",
    b"[]",
    b",",
    b";",
    b"|",
    b"$a",
    b"${",
    b"'",
    b"\"",
    b"\\<",
    b"\\",
    b"/*",
    b"//",
    b"\n#",
    b"input",
    b"output",
    b"elementclass X ",
    b"define(",
    b"X",
    b"\0\xff",
    b"99999999999999999999",
];

fn mutate(random: &mut Random, seeds: &[&[u8]]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(8)).min(bytes.len());
        match random.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, random.pick(&PIECES).to_vec())),
            2 => drop(bytes.splice(at..end, [random.below(256) as u8])),
            _ => {
                let other = random.pick(seeds);
                let from = random.below(other.len());
                bytes.extend(&other[from..]);
            }
        }
    }
    bytes
}

#[test]
fn mutated_configurations_are_parsed_or_refused() {
    let known = |class: &str| {
        let proper = class.starts_with(|c: char| c.is_ascii_uppercase()) && class.len() > 1;
        proper && !class.contains(['@', '/']) && class != "Nope"
    };
    let mut options = ParseOptions::new(&known);
    options.provides = &|name| name == "p";
    options.library = Some(&|_, _| None);
    let mut random = Random(0x5eed_0001);
    for round in 0..20_000 {
        let text = mutate(&mut random, &CONFIGURATIONS);
        let (graph, diagnostics) = parse(&Source::new("config", text.clone()), &options);
        assert_eq!(graph.is_none(), diagnostics.has_errors(), "round {round}");
        // A variable's value may open a quote or comment, as in Click; then the flat text means something else.
        if let Some(graph) = graph.filter(|_| !text.contains(&b'$')) {
            let written = unparse(&graph);
            let again = parse(&Source::new("config", written.clone()), &options);
            let shown = String::from_utf8_lossy(&text).into_owned();
            assert_eq!(again.1.to_string(), "", "round {round}: {shown}\n{written}");
            let again = again.0.expect("no error, so a graph");
            let counts = |g: &weft_lang::FlatGraph| (g.elements.len(), g.connections.len());
            assert_eq!(counts(&again), counts(&graph), "round {round}: {shown}");
        }
    }
}

const ARGUMENTS: [&[u8]; 9] = [
    b"64, BURST 2, STOP true",
    b"\"data \\<0800>\", LIMIT -1, 1.5e3, 0x1F",
    b"18.26.4.9/24, 0:1:2:3:4:5, fe80::1/64",
    b"1.5ms, 10Mbps, 99 hr, 1e400",
    b"a/b.count, ~/x//y, http, 'quoted, comma'",
    b"1.2.3.4 5.6.7.8, gw:eth, KEY  value",
    b"00000000000000000000000000000001e-99999999, 1__2, .",
    b"/* c */ a // d\n, , b,",
    b"KEY, KEY KEY, _KEY ., 1e5e5",
];

fn read_everything(config: &str) {
    let mut args = Args::new(config, &NoNames);
    args.mandatory::<u32>("LENGTH");
    args.positional_opt::<i64>("BURST");
    args.keyword_opt::<bool>("STOP");
    args.all::<String>("KEY");
    args.deprecated::<u8>("LIMIT");
    let rest = args.rest();
    assert_eq!(args.remaining(), 0);
    for text in &rest {
        read_as_all(text);
    }
    let _ = args.complete();
}

fn read_as_all(text: &str) {
    fn read<T: Value>(text: &str) -> bool {
        T::parse(text, &NoNames).is_ok_and(|_| true)
    }
    let readers = [
        read::<u16>,
        read::<i8>,
        read::<f64>,
        read::<Fixed<16>>,
        read::<Seconds>,
        read::<Count>,
        read::<Bandwidth>,
        read::<std::net::Ipv4Addr>,
        read::<std::net::Ipv6Addr>,
        read::<IpPrefix>,
        read::<Ipv6Prefix>,
        read::<IpAddresses>,
        read::<MacAddr>,
        read::<TcpPort>,
        read::<Word>,
        read::<Keyword>,
        read::<Filename>,
        read::<ElementName>,
        read::<HandlerName>,
        read::<Vec<u8>>,
    ];
    for reader in readers {
        reader(text);
    }
    assert!(read::<AnyText>(text));
}

#[test]
fn mutated_arguments_are_read_or_refused() {
    let mut random = Random(0x5eed_0002);
    for _ in 0..20_000 {
        let bytes = mutate(&mut random, &ARGUMENTS);
        read_everything(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn long_chains_of_compounds_are_followed() {
    let count = 20_000;
    let names: Vec<String> = (0..count).map(|n| format!("p{n}")).collect();
    let text = format!(
        "elementclass P {{ input -> output }} {} :: P; Idle -> {} -> Discard;",
        names.join(", "),
        names.join(" -> ")
    );
    let known = |class: &str| matches!(class, "Idle" | "Discard");
    let (graph, diagnostics) = parse(&Source::new("", text), &ParseOptions::new(&known));
    assert_eq!(diagnostics.to_string(), "");
    assert_eq!(
        unparse(&graph.unwrap()).lines().last(),
        Some("Idle@20001 -> Discard@20002;")
    );
}

#[test]
fn large_flat_configurations_take_no_longer_than_linear() {
    let mut text = String::new();
    for n in 0..50_000 {
        text += &format!("q{n} :: Queue({n}); Idle -> q{n} -> d;\n");
    }
    let text = format!("d :: Discard; {text}");
    let known = |class: &str| matches!(class, "Idle" | "Queue" | "Discard");
    let started = std::time::Instant::now();
    let (graph, _) = parse(&Source::new("", text), &ParseOptions::new(&known));
    let graph = graph.unwrap();
    assert_eq!(unparse(&graph).lines().count(), 100_001 + 1 + 100_000);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn many_ports_named_in_few_bytes_are_refused() {
    let known = |class: &str| class == "Idle";
    let text = "a :: Idle; ".to_string() + &"a[0-65535] -> a;".repeat(1000);
    let (graph, diagnostics) = parse(&Source::new("", text), &ParseOptions::new(&known));
    assert!(graph.is_none());
    let expected = "config:1: too many ports (limit 4000000)\n";
    assert_eq!(diagnostics.to_string(), expected);
}

#[test]
fn errors_are_told_up_to_a_limit() {
    let known = |class: &str| class == "Idle";
    for text in [
        "]".repeat(2000),
        format!("elementclass C {{ input -> Idle }} {}", "C;".repeat(2000)),
        format!("elementclass C {{ $a | Idle }} {}", "C;".repeat(2000)),
    ] {
        let (graph, diagnostics) = parse(&Source::new("", text), &ParseOptions::new(&known));
        assert!(graph.is_none());
        let last = diagnostics.iter().last().unwrap();
        assert_eq!(last.to_string(), "config:1: too many errors, giving up");
        assert!(diagnostics.len() < 1010, "{}", diagnostics.len());
    }
}
