//! Traces in graphs of real elements: filters, copies, fragments, what a class does with packets at its end.

use serde_json::Value;
use weft_core::{Clock, Console, Pool, PoolSize, Region, Router};

/// UDP 10.0.0.1:1000 to 10.0.0.2:53 in Ethernet.
const FRAME: &str = "DATA \\<020000000002 020000000001 0800 4500001c00000000401100000a0000010a000002 \
                     03e8003500080000>, LIMIT 4, TIMESTAMP false";

fn traced(options: &str, config: &str) -> (Router, Value) {
    let size = PoolSize {
        small: 64,
        large: 2,
    };
    let pool = Pool::new(size).expect("memory");
    let environment = weft_elements::environment();
    let mut router = Router::new(environment, pool, Region::default(), Clock::simulated(0), 1);
    router.console = Console::Captured(String::new());
    router
        .load("config", config)
        .unwrap_or_else(|e| panic!("{e}"));
    router.write_handler("trace", options).unwrap();
    while router.run_for(100) > 0 {}
    let told = router.read_handler("trace", "").unwrap();
    (router, serde_json::from_str(&told).expect("JSON"))
}

/// Each hop in a line: packet.branch (the branch it split off from), element, what became of it there.
fn hops(told: &Value) -> Vec<String> {
    let line = |hop: &Value| {
        let from = match &hop["from_branch"] {
            Value::Null => String::new(),
            number => format!(" (of {number})"),
        };
        let end = match hop["outcome"].as_str().unwrap_or("") {
            "out" => format!("[{}]", hop["output"]),
            "dropped" => format!("dropped {}", hop["reason"].as_str().unwrap_or("")),
            other => other.to_string(),
        };
        let (packet, branch) = (&hop["packet"], &hop["branch"]);
        let name = hop["element"].as_str().unwrap_or("");
        format!("{packet}.{branch}{from} {name} {end}")
    };
    told["hops"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn only_packets_that_match_the_filter_are_chosen() {
    let config = format!("in :: InfiniteSource({FRAME}) -> c :: Counter -> d :: Discard");
    let (_, told) = traced("FILTER udp and dst port 53, COUNT 2, EVERY 2", &config);
    assert_eq!(
        hops(&told),
        [
            "1.0 in [0]",
            "1.0 c [0]",
            "1.0 d discarded",
            "2.0 in [0]",
            "2.0 c [0]",
            "2.0 d discarded"
        ]
    );
    assert_eq!((&told["seen"], &told["matched"]), (&3.into(), &3.into()));
    let (_, told) = traced("FILTER tcp", &config);
    assert!(hops(&told).is_empty());
    assert_eq!((&told["seen"], &told["matched"]), (&4.into(), &0.into()));
    let (_, told) = traced("BYTES 12/0800 36/0035, FILTER dst host 10.0.0.2", &config);
    assert_eq!(hops(&told).len(), 3);
}

#[test]
fn a_filter_knows_the_names_of_the_graph() {
    let config = format!("AddressInfo(server 10.0.0.2); InfiniteSource({FRAME}) -> Discard");
    let (_, told) = traced("FILTER dst host server", &config);
    assert_eq!(told["chosen"], 1);
}

#[test]
fn a_bad_filter_is_refused_in_the_words_of_the_classifier() {
    let (mut router, _) = traced("", "Idle -> Discard");
    router.write_handler("trace_stop", "").unwrap();
    let mut refused = |text: &str| router.write_handler("trace", text).unwrap_err().to_string();
    assert_eq!(
        refused("FILTER ip proto"),
        "pattern 0: 'proto': value missing"
    );
    assert_eq!(
        refused("BYTES 12/8"),
        "pattern 0: value has less than 2 hex digits"
    );
}

#[test]
fn copies_are_branches() {
    let config = format!(
        "in :: InfiniteSource({FRAME}) -> t :: Tee; t -> c :: Counter -> a :: Discard;
         t[1] -> s :: Strip(14) -> b :: Discard; t[2] -> q :: Queue -> Idle"
    );
    let (_, told) = traced("", &config);
    assert_eq!(
        hops(&told),
        [
            "1.0 in [0]",
            "1.0 t [0]",
            "1.1 (of 0) t [1]",
            "1.2 (of 0) t [2]",
            "1.0 c [0]",
            "1.0 a discarded",
            "1.1 s [0]",
            "1.1 b discarded",
            "1.2 q kept"
        ]
    );
    let strip = &told["hops"][6];
    let offset = |when: &str| strip[when]["offset"].as_u64().unwrap();
    assert_eq!(offset("after") - offset("before"), 14);
    assert_eq!(
        (&strip["before"]["length"], &strip["after"]["length"]),
        (&42.into(), &28.into())
    );
    assert!(
        strip["after"]["bytes"]
            .as_str()
            .unwrap()
            .starts_with("4500001c")
    );
}

#[test]
fn fragments_are_branches() {
    let config = format!(
        "in :: InfiniteSource({FRAME}, LENGTH 114) -> Strip(14) -> CheckIPHeader(CHECKSUM false) -> f :: IPFragmenter(60) -> d :: Discard"
    );
    let config = config.replace("4500001c", "45000064");
    let (_, told) = traced("AT f", &config);
    let lines = hops(&told);
    assert_eq!(
        lines,
        [
            "1.0 f [0]",
            "1.1 (of 0) f [0]",
            "1.0 d discarded",
            "1.1 d discarded"
        ]
    );
    assert_eq!(told["ending"], "complete");
}

#[test]
fn annotations_are_told_where_they_are_set() {
    let config = format!(
        "InfiniteSource({FRAME}) -> p :: Paint(7) -> Strip(14) -> c :: CheckIPHeader(CHECKSUM false)
         -> GetIPAddress(16) -> m :: SetMark(258) -> Discard"
    );
    let (_, told) = traced("", &config);
    let after = |index: usize| told["hops"][index]["after"].clone();
    assert_eq!(after(1)["paint"], 7);
    assert_eq!(
        (&after(3)["network"], &after(3)["transport"]),
        (&0.into(), &20.into())
    );
    assert_eq!(after(4)["destination"], "10.0.0.2");
    assert!(
        after(5)["annotations"]
            .as_str()
            .unwrap()
            .ends_with("02010000")
    );
}

#[test]
fn a_drop_of_a_whole_batch_is_told_of_each_packet() {
    let config = format!("InfiniteSource({FRAME}, BURST 4) -> s :: StaticSwitch(-1) -> Discard");
    let (router, told) = traced("COUNT 2", &config);
    let lines = hops(&told);
    assert_eq!(
        lines[2..],
        ["1.0 s dropped switched-off", "2.0 s dropped switched-off"]
    );
    assert_eq!((router.pool.in_use(), router.pool.side_in_use()), (1, 0));
}
