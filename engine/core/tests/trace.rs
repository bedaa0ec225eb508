//! What a trace records of packets: where they come in, what each element does with them, how they end.

mod common;

use common::{router, run};
use serde_json::Value;
use weft_core::Router;

/// Starts a trace in `config`, runs it, and gives the trace.
fn traced(options: &str, config: &str) -> (Router, Value) {
    let mut router = router();
    router.load("config", config).unwrap();
    router.write_handler("trace", options).unwrap();
    while router.run_for(100) > 0 {}
    let told = read(&mut router, "");
    (router, told)
}

fn read(router: &mut Router, since: &str) -> Value {
    serde_json::from_str(&router.read_handler("trace", since).unwrap()).unwrap()
}

/// Each hop in a line: packet.branch, input, element, output or what became of it.
fn hops(told: &Value) -> Vec<String> {
    let line = |hop: &Value| {
        let number = |name: &str| {
            hop[name]
                .as_u64()
                .map_or("-".to_string(), |n| n.to_string())
        };
        let text = |name: &str| hop[name].as_str().unwrap_or("").to_string();
        let bytes = |when: &str| hop[when]["bytes"].as_str().unwrap_or("-").to_string();
        let end = match text("outcome").as_str() {
            "out" => format!("[{}]", number("output")),
            "dropped" => format!("[{}] dropped {}", number("output"), text("reason")),
            other => other.to_string(),
        };
        let (from, to) = (bytes("before"), bytes("after"));
        format!(
            "{}.{} [{}] {} {end} {from} {to}",
            number("packet"),
            number("branch"),
            number("input"),
            text("element"),
        )
    };
    told["hops"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn the_next_packet_is_followed_from_its_source_to_where_it_is_used_up() {
    let (router, told) = traced("", "in :: Source(ab) -> l :: Lower -> s :: Sink");
    assert_eq!(
        hops(&told),
        [
            "1.0 [-] in [0] - 61",
            "1.0 [0] l [0] 61 61",
            "1.0 [0] s consumed 61 -"
        ]
    );
    assert_eq!(told["hops"][1]["class"], "Lower");
    assert_eq!(
        (&told["state"], &told["ending"]),
        (&"ended".into(), &"complete".into())
    );
    assert_eq!(told["message"], "all packets were followed to their end");
    assert_eq!((&told["seen"], &told["chosen"]), (&1.into(), &1.into()));
    assert_eq!((router.pool.in_use(), router.pool.side_in_use()), (0, 0));
}

#[test]
fn of_every_so_many_packets_one_is_chosen_until_there_are_enough() {
    let (_, told) = traced("EVERY 3, COUNT 2", "in :: Source(abcdefgh) -> s :: Sink");
    assert_eq!(
        hops(&told),
        [
            "1.0 [-] in [0] - 61",
            "2.0 [-] in [0] - 64",
            "1.0 [0] s consumed 61 -",
            "2.0 [0] s consumed 64 -"
        ]
    );
    assert_eq!(told["seen"], 4);
}

#[test]
fn a_drop_has_its_element_and_reason() {
    let (_, told) = traced("COUNT 2", "in :: Source(aB) -> l :: Lower -> s :: Sink");
    assert_eq!(hops(&told)[3], "2.0 [0] l [-] dropped not-lower 42 -");
    let (_, told) = traced("COUNT 2", "in :: Source(12) -> d :: Digits; d[0] -> Sink");
    assert_eq!(hops(&told)[2], "1.0 [0] d [1] dropped unconnected 31 31");
}

#[test]
fn a_packet_is_followed_through_a_queue_and_what_pulls_from_it() {
    let (_, told) = traced(
        "",
        "in :: Source(a) -> q :: Store(9) -> l :: Lower -> m :: Mover -> s :: Sink",
    );
    assert_eq!(
        hops(&told),
        [
            "1.0 [-] in [0] - 61",
            "1.0 [0] q [0] 61 61",
            "1.0 [0] l [0] 61 61",
            "1.0 [0] m [0] 61 61",
            "1.0 [0] s consumed 61 -"
        ]
    );
}

#[test]
fn a_packet_in_a_queue_is_kept_there_and_changed_hops_are_told_again() {
    let (mut router, told) = traced(
        "",
        "in :: Source(a) -> q :: Store(9) -> m :: Mover(off) -> s :: Sink",
    );
    assert_eq!(hops(&told)[1], "1.0 [0] q kept 61 -");
    assert_eq!(told["state"], "running");
    let revision = told["revision"].to_string();
    assert!(hops(&read(&mut router, &revision)).is_empty());
    router
        .hot_swap(
            "config",
            "Source() -> q :: Store(9) -> m :: Mover -> s :: Sink",
        )
        .unwrap();
    while router.run_for(100) > 0 {}
    let told = read(&mut router, &revision);
    assert_eq!(
        hops(&told),
        [
            "1.0 [0] q [0] 61 61",
            "1.0 [0] m [0] 61 61",
            "1.0 [0] s consumed 61 -"
        ]
    );
    assert_eq!(told["hops"][0]["hop"], 1);
}

#[test]
fn packets_are_chosen_where_they_arrive_at_an_element_or_leave_a_source() {
    let config = "a :: Source(a) -> l :: Lower; b :: Source(b) -> l -> s :: Sink";
    let (_, told) = traced("AT l, COUNT 5", config);
    assert_eq!(hops(&told)[0], "1.0 [0] l [0] 61 61");
    assert_eq!(
        (&told["seen"], &told["state"]),
        (&2.into(), &"running".into())
    );
    let (_, told) = traced("AT b", config);
    assert_eq!(hops(&told)[0], "1.0 [-] b [0] - 62");
}

#[test]
fn a_trace_ends_with_the_element_it_waits_at() {
    let (mut router, _) = traced("AT l", "Idle :: Source() -> l :: Lower -> s :: Sink");
    router.hot_swap("config", "Source() -> s :: Sink").unwrap();
    router.run_for(1);
    let told = read(&mut router, "");
    assert_eq!(told["message"], "the new configuration has no element 'l'");
}

#[test]
fn one_trace_runs_at_a_time_and_ends_when_it_is_stopped() {
    let (mut router, _) = traced("ID mine", "Source() -> s :: Sink");
    assert_eq!(
        router
            .write_handler("trace", "ID other")
            .unwrap_err()
            .to_string(),
        "a trace is running already; it ends when its packets have gone their way, when nobody \
         reads it any more, or when 'trace_stop' is written"
    );
    assert_eq!(
        router
            .write_handler("trace_stop", "other")
            .unwrap_err()
            .to_string(),
        "the trace that runs is not 'other'"
    );
    router.write_handler("trace_stop", "mine").unwrap();
    assert_eq!(read(&mut router, "")["ending"], "stopped");
    router.write_handler("trace", "ID other").unwrap();
    assert_eq!(read(&mut router, "")["id"], "other");
}

#[test]
fn a_trace_that_nobody_reads_ends_and_lets_go_of_its_packets() {
    let (mut router, told) = traced(
        "LEASE 2s",
        "Source(a) -> q :: Store(9) -> Mover(off) -> s :: Sink",
    );
    assert_eq!(hops(&told).len(), 2);
    router.clock.advance_to(2_000_000_000);
    assert_eq!(read(&mut router, "")["state"], "running");
    router.clock.advance_to(4_000_000_001);
    let told = read(&mut router, "");
    assert_eq!(told["message"], "nobody read it any more");
    assert!(hops(&told).is_empty());
    // Its packet means nothing to the next.
    router.write_handler("trace", "").unwrap();
    router
        .hot_swap(
            "config",
            "Source() -> q :: Store(9) -> m :: Mover -> s :: Sink",
        )
        .unwrap();
    while router.run_for(100) > 0 {}
    assert!(hops(&read(&mut router, "")).is_empty());
}

#[test]
fn what_is_asked_for_wrongly_is_told_and_nothing_starts() {
    let mut router = run("Source() -> s :: Sink");
    let mut refused = |text: &str| router.write_handler("trace", text).unwrap_err().to_string();
    assert_eq!(refused("AT nowhere"), "AT: no element named 'nowhere'");
    assert_eq!(refused("COUNT 0"), "COUNT: out of range, bound 1");
    assert_eq!(
        refused("COUNT 1001, EVERY 0"),
        "EVERY: out of range, bound 1\nCOUNT: out of range, bound 1000"
    );
    assert_eq!(refused("FILTER udp"), "this engine knows no filters");
    assert_eq!(refused("COLOUR red"), "COLOUR: unknown argument");
    assert_eq!(
        router
            .read_handler("trace", "yesterday")
            .unwrap_err()
            .to_string(),
        "trace: 'yesterday' is no revision; a whole number is wanted"
    );
    assert_eq!(read(&mut router, ""), serde_json::json!({"state": "off"}));
}

#[test]
fn hops_of_a_packet_are_bounded() {
    let lowers = "-> Lower ".repeat(300);
    let (_, told) = traced("", &format!("Source(a) {lowers} -> s :: Sink"));
    assert_eq!(hops(&told).len(), 256);
    assert_eq!(told["cut"], serde_json::json!([1]));
    assert_eq!(told["ending"], "complete");
}

#[test]
fn bytes_of_a_hop_are_bounded_and_its_length_is_told() {
    let (_, told) = traced("BYTES_PER_HOP 0", "in :: Source(a) -> s :: Sink");
    let snapshot = &told["hops"][1]["before"];
    assert_eq!(
        (&snapshot["bytes"], &snapshot["length"]),
        (&"".into(), &1.into())
    );
}
