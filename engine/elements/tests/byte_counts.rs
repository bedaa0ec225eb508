//! Bytes through ports: counted exactly, but only while somebody reads `stats` for them.

use serde_json::{Value, json};
use weft_core::{Clock, Console, Environment, Pool, PoolSize, Region, Router};

const SECOND: u64 = 1_000_000_000;

/// A source that sends as many packets of 100 bytes as its handler `limit` allows, and what shortens them.
const GRAPH: &str = "s :: InfiniteSource(LENGTH 100, LIMIT 0, STOP false) -> cut :: Strip(14) -> q :: Queue(3) \
     -> u :: Unqueue -> short :: Truncate(20) -> to :: StaticSwitch(1); \
     to[0] -> never :: Discard; to[1] -> used :: Discard;";

fn router(graph: &str) -> Router {
    let mut environment = Environment::new(weft_elements::REGISTRY);
    environment.allow_hotconfig = true;
    let size = PoolSize {
        small: 256,
        large: 4,
    };
    let pool = Pool::new(size).expect("memory");
    let mut router = Router::new(environment, pool, Region::default(), Clock::simulated(0), 1);
    router.console = Console::Captured(String::new());
    router
        .load("config", graph)
        .unwrap_or_else(|e| panic!("{e}"));
    router
}

fn stats(router: &mut Router, parameter: &str) -> Value {
    let text = router.read_handler("stats", parameter).expect("counts");
    serde_json::from_str(&text).expect("JSON")
}

/// Has `s` send `packets`, and runs until nothing is left to do.
fn send(router: &mut Router, packets: u32) {
    router.write_handler("s.reset", "").expect("written");
    let limit = packets.to_string();
    router.write_handler("s.limit", &limit).expect("written");
    router.write_handler("s.active", "true").expect("written");
    while router.run_for(100) > 0 {}
}

/// Bytes by port that `stats` tells of an element: inputs, then outputs.
fn bytes(told: &Value, name: &str) -> (Value, Value) {
    let all = told["elements"].as_array().expect("elements");
    let element = all.iter().find(|e| e["name"] == name);
    let element = element.unwrap_or_else(|| panic!("no {name}"));
    (
        element["input_bytes"].clone(),
        element["output_bytes"].clone(),
    )
}

#[test]
fn nothing_is_counted_or_told_while_nobody_asks() {
    let mut router = router(GRAPH);
    send(&mut router, 2);
    let told = stats(&mut router, "");
    assert_eq!(told["elements"][0]["outputs"], json!([2]));
    assert_eq!(bytes(&told, "s"), (Value::Null, Value::Null));
    assert_eq!(told["bytes_since_ns"], Value::Null);
}

#[test]
fn bytes_are_those_that_arrive_and_leave_at_each_port() {
    let mut router = router(GRAPH);
    send(&mut router, 2);
    router.clock.advance_to(7 * SECOND);
    let begun = stats(&mut router, "BYTES 5");
    assert_eq!(begun["bytes_since_ns"], json!(7 * SECOND));
    assert_eq!(bytes(&begun, "s"), (json!([]), json!([0])));
    send(&mut router, 3);
    let told = stats(&mut router, "");
    assert_eq!(told["bytes_since_ns"], json!(7 * SECOND));
    assert_eq!(bytes(&told, "s"), (json!([]), json!([300])));
    assert_eq!(bytes(&told, "cut"), (json!([300]), json!([258])));
    assert_eq!(bytes(&told, "q"), (json!([258]), json!([258])));
    assert_eq!(bytes(&told, "u"), (json!([258]), json!([258])));
    assert_eq!(bytes(&told, "short"), (json!([258]), json!([60])));
    assert_eq!(bytes(&told, "to"), (json!([60]), json!([0, 60])));
    assert_eq!(bytes(&told, "never"), (json!([0]), json!([])));
    assert_eq!(bytes(&told, "used"), (json!([60]), json!([])));
}

#[test]
fn what_is_dropped_has_arrived_but_does_not_leave() {
    let mut router = router(
        "s :: InfiniteSource(LENGTH 100, LIMIT 0, STOP false) -> none :: StaticSwitch(-1); \
         none[0] -> Discard; none[1] -> Discard;",
    );
    stats(&mut router, "BYTES 5");
    send(&mut router, 4);
    let told = stats(&mut router, "");
    assert_eq!(bytes(&told, "none"), (json!([400]), json!([0, 0])));
}

#[test]
fn counting_ends_with_its_time_and_begins_anew() {
    let mut router = router(GRAPH);
    stats(&mut router, "BYTES 5");
    router.clock.advance_to(4 * SECOND);
    send(&mut router, 1);
    // A shorter time takes nothing from whoever asked for a longer one.
    stats(&mut router, "BYTES 1");
    router.clock.advance_to(5 * SECOND - 1);
    assert_eq!(bytes(&stats(&mut router, ""), "s").1, json!([100]));
    router.clock.advance_to(5 * SECOND);
    send(&mut router, 1);
    let told = stats(&mut router, "");
    assert_eq!(bytes(&told, "s"), (Value::Null, Value::Null));
    assert_eq!(told["bytes_since_ns"], Value::Null);
    router.clock.advance_to(9 * SECOND);
    let again = stats(&mut router, "BYTES 5");
    assert_eq!(again["bytes_since_ns"], json!(9 * SECOND));
    assert_eq!(bytes(&again, "s").1, json!([0]));
}

#[test]
fn who_reads_again_in_time_has_counting_go_on() {
    let mut router = router(GRAPH);
    for second in 0..20 {
        router.clock.advance_to(second * SECOND);
        let told = stats(&mut router, "BYTES 2");
        assert_eq!(told["bytes_since_ns"], json!(0));
        assert_eq!(bytes(&told, "s").1, json!([100 * second]));
        send(&mut router, 1);
    }
}

#[test]
fn a_swap_carries_the_counts_of_elements_that_stay() {
    let mut router = router(GRAPH);
    stats(&mut router, "BYTES 5");
    send(&mut router, 3);
    let next = "s :: InfiniteSource(LENGTH 50, LIMIT 0, STOP false) -> cut :: Strip(10) -> added :: Counter \
         -> to :: StaticSwitch(0) -> used :: Discard;";
    router.write_handler("hotconfig", next).expect("sound");
    router.run_for(1);
    let told = stats(&mut router, "");
    assert_eq!(told["bytes_since_ns"], json!(0));
    assert_eq!(bytes(&told, "cut"), (json!([300]), json!([258])));
    assert_eq!(bytes(&told, "added"), (json!([0]), json!([0])));
    // It has another number of ports, so it is another.
    assert_eq!(bytes(&told, "to"), (json!([0]), json!([0])));
    assert_eq!(bytes(&told, "used"), (json!([60]), json!([])));
    send(&mut router, 2);
    let told = stats(&mut router, "");
    assert_eq!(bytes(&told, "cut"), (json!([400]), json!([338])));
    assert_eq!(bytes(&told, "used"), (json!([140]), json!([])));
    router.clock.advance_to(5 * SECOND);
    send(&mut router, 1);
    assert_eq!(stats(&mut router, "")["bytes_since_ns"], Value::Null);
}

#[test]
fn a_trace_that_runs_meanwhile_changes_no_count() {
    let mut router = router(GRAPH);
    stats(&mut router, "BYTES 5");
    router.write_handler("trace", "COUNT 2").expect("started");
    send(&mut router, 3);
    let told = stats(&mut router, "");
    assert_eq!(bytes(&told, "s"), (json!([]), json!([300])));
    assert_eq!(bytes(&told, "u"), (json!([258]), json!([258])));
    assert_eq!(bytes(&told, "used"), (json!([60]), json!([])));
    let trace = router.read_handler("trace", "").expect("a trace");
    assert!(trace.contains("all packets were followed"), "{trace}");
}

#[test]
fn a_wrong_parameter_is_refused_and_counts_nothing() {
    let mut router = router(GRAPH);
    let refused = [
        ("BYTES 0", "BYTES: allowed: 1 s to 86400 s"),
        ("BYTES 2d", "BYTES: allowed: 1 s to 86400 s"),
        ("BYTES long", "BYTES: parse error"),
        ("5", "too many arguments"),
        ("BYTE 5", "BYTE: unknown argument"),
    ];
    for (parameter, message) in refused {
        let outcome = router.read_handler("stats", parameter);
        assert_eq!(outcome.map_err(|e| e.to_string()), Err(message.to_string()));
        assert_eq!(stats(&mut router, "")["bytes_since_ns"], Value::Null);
    }
}
