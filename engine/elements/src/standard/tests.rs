//! What golden files do not show: elements that wait are asleep, handlers change running elements,
//! and state goes over to the next graph.

use crate::testing::{console, finish, load, read};
use weft_core::{Router, SECOND};

/// Task runs until nothing is left to do now; timers that are due may follow one another.
fn runs_until_asleep(router: &mut Router) -> usize {
    let mut runs = 0;
    for _ in 0..100 {
        match router.run_for(1000) {
            0 => return runs,
            more => runs += more,
        }
    }
    panic!("a task does not sleep");
}

/// Lets `seconds` pass, in steps of a millisecond.
fn pass(router: &mut Router, seconds: f64) {
    let end = router.clock.now() + (seconds * SECOND as f64) as u64;
    while router.clock.now() < end {
        let next = (router.clock.now() + SECOND / 1000).min(end);
        router.clock.advance_to(next);
        router.run_for(100_000);
    }
}

fn write(router: &mut Router, handler: &str, value: &str) {
    router.write_handler(handler, value).expect(handler);
}

fn count(router: &mut Router, handler: &str) -> u64 {
    read(router, handler).parse().expect(handler)
}

#[test]
fn waiting_elements_are_asleep() {
    for waiting in [
        "InfiniteSource -> Queue(10) -> Shaper(5) -> Unqueue -> Discard;",
        "InfiniteSource(LIMIT 20) -> Queue(10) -> s :: Shaper(5) -> Discard; s [1] -> Discard;",
        "InfiniteSource -> Queue(10) -> BandwidthShaper(100Bps) -> Discard;",
        "InfiniteSource -> Queue(10) -> DelayShaper(1) -> Discard;",
        "InfiniteSource -> Queue(10) -> RatedUnqueue(5) -> Discard;",
        "InfiniteSource -> Queue(10) -> Unqueue(ACTIVE false) -> Discard;",
        "InfiniteSource -> Queue(10) -> Unqueue(LIMIT 3) -> Discard;",
        "InfiniteSource -> Queue(10) -> Discard(ACTIVE false);",
        "RatedSource(RATE 5) -> Discard;",
        "RatedSource(RATE 5) -> PullNull -> Discard;",
        "RatedSource(RATE 0) -> Discard;",
        "TimedSource(1) -> Queue -> Unqueue -> Discard;",
        "InfiniteSource(LIMIT 5) -> Discard;",
        "Idle -> Queue -> Unqueue -> Discard;",
        "Idle -> RoundRobinSched -> Discard;",
    ] {
        let mut router = load(waiting);
        let runs = runs_until_asleep(&mut router);
        assert!(runs < 1000, "{waiting}: {runs} runs");
        router.clock.advance_to(2 * SECOND);
        runs_until_asleep(&mut router);
        finish(router);
    }
}

#[test]
fn rates_can_be_changed() {
    let mut router = load(
        "InfiniteSource -> Queue(10) -> s :: Shaper(10) -> Unqueue -> c :: Counter -> Discard;
         InfiniteSource -> Queue(10) -> u :: RatedUnqueue(10) -> d :: Counter -> Discard;
         r :: RatedSource(RATE 10) -> e :: Counter -> Discard;",
    );
    pass(&mut router, 2.0);
    for (rate, counter) in [("s.rate", "c"), ("u.rate", "d"), ("r.rate", "e")] {
        let slow = count(&mut router, &format!("{counter}.count"));
        assert!((20..=21).contains(&slow), "{rate}: {slow}");
        write(&mut router, rate, "100");
        write(&mut router, &format!("{counter}.reset"), "");
        assert_eq!(read(&mut router, rate), "100");
    }
    pass(&mut router, 2.0);
    for counter in ["c", "d", "e"] {
        let fast = count(&mut router, &format!("{counter}.count"));
        assert!((198..=202).contains(&fast), "{counter}: {fast}");
    }
    assert!(router.write_handler("u.rate", "x").is_err());
    assert_eq!(read(&mut router, "u.rate"), "100");
    finish(router);
}

#[test]
fn elements_stop_and_go_on_by_handler() {
    let mut router = load(
        "i :: InfiniteSource(ACTIVE false) -> c :: Counter -> Discard;
         InfiniteSource -> Queue(10) -> u :: Unqueue(ACTIVE false) -> d :: Counter -> Discard;
         InfiniteSource -> Queue(10) -> p :: Discard(ACTIVE false);
         t :: TimedSource(1, ACTIVE false) -> e :: Counter -> Discard;
         r :: RatedSource(RATE 10, ACTIVE false) -> f :: Counter -> Discard;",
    );
    router.run_for(1000);
    let counts = ["c.count", "d.count", "p.count", "e.count", "f.count"];
    for handler in counts {
        assert_eq!(count(&mut router, handler), 0, "{handler}");
    }
    for element in ["i", "u", "p", "t", "r"] {
        write(&mut router, &format!("{element}.active"), "true");
    }
    router.run_for(1000);
    for handler in counts {
        assert!(count(&mut router, handler) > 0, "{handler}");
    }
    finish(router);
}

#[test]
fn queues_change_their_capacity_and_drop_the_newest() {
    let mut router =
        load("InfiniteSource -> q :: Queue(10) -> u :: Unqueue(ACTIVE false) -> Discard;");
    router.run_for(1000);
    write(&mut router, "q.capacity", "4");
    assert_eq!(read(&mut router, "q.length"), "4");
    assert_eq!(read(&mut router, "q.config"), "4");
    write(&mut router, "q.capacity", "20");
    router.run_for(1000);
    assert_eq!(read(&mut router, "q.length"), "20");
    write(&mut router, "q.reset", "");
    router.run_for(0);
    assert_eq!(read(&mut router, "q.length"), "0");
    assert!(router.write_handler("q.capacity", "4294967295").is_err());
    finish(router);
}

#[test]
fn queued_and_held_packets_survive_a_hot_swap() {
    let text =
        "i :: InfiniteSource(LIMIT 5) -> q :: Queue(10) -> d :: DelayShaper(1) -> u :: Unqueue
        -> c :: Counter -> Discard;";
    let mut router = load(text);
    runs_until_asleep(&mut router);
    assert_eq!(read(&mut router, "q.length"), "4");
    router
        .hot_swap("config", &text.replace("LIMIT 5", "LIMIT 0"))
        .expect("a good configuration");
    // Unstamped packets wait one after the other.
    pass(&mut router, 5.0);
    assert_eq!(read(&mut router, "c.count"), "5");
    finish(router);
}

#[test]
fn turns_and_rates_go_over_to_the_next_graph() {
    let text =
        "i :: InfiniteSource(LIMIT 3) -> s :: RoundRobinSwitch; s [0] -> a :: Counter -> Discard;
        s [1] -> b :: Counter -> Discard;";
    let mut router = load(text);
    runs_until_asleep(&mut router);
    router
        .hot_swap("config", text)
        .expect("a good configuration");
    runs_until_asleep(&mut router);
    // The second three begin where the first three ended.
    assert_eq!(read(&mut router, "a.count"), "3");
    assert_eq!(read(&mut router, "b.count"), "3");
    finish(router);
}

#[test]
fn a_switch_is_changed_by_its_configuration_too() {
    let mut router = load(
        "i :: InfiniteSource(LIMIT 1) -> s :: Switch; s [0] -> a :: Counter -> Discard;
         s [1] -> b :: Counter -> Discard;",
    );
    write(&mut router, "s.config", "1");
    router.run_for(100);
    assert_eq!(read(&mut router, "b.count"), "1");
    assert!(router.write_handler("s.config", "2").is_err());
    assert_eq!(read(&mut router, "s.switch"), "1");
    write(&mut router, "s.switch", "9");
    assert_eq!(read(&mut router, "s.switch"), "-1");
    finish(router);
}

#[test]
fn sources_make_other_packets_by_handler() {
    let mut router = load(
        "i :: InfiniteSource(abc, 1, LENGTH 5) -> Print(a) -> Discard;
         t :: TimedSource(1, x) -> Print(b) -> Discard;",
    );
    router.run_for(100);
    write(&mut router, "i.data", "xy");
    write(&mut router, "i.reset", "");
    write(&mut router, "i.limit", "2");
    router.run_for(100);
    write(&mut router, "i.length", "-1");
    write(&mut router, "i.limit", "3");
    write(&mut router, "t.data", "zz");
    write(&mut router, "t.interval", "0.25");
    assert!(router.write_handler("i.length", "70000").is_err());
    assert!(router.write_handler("t.interval", "0").is_err());
    router.run_for(100);
    pass(&mut router, 1.25);
    let expected = "a:    5 | 61626361 62\na:    5 | 78797879 78\na:    5 | 78797879 78\n\
                    a:    2 | 7879\nb:    2 | 7a7a\nb:    2 | 7a7a\n";
    assert_eq!(console(&router), expected);
    finish(router);
}

#[test]
fn tickets_are_pinned() {
    let mut router = load("i :: InfiniteSource(LIMIT 1) -> Discard;");
    write(&mut router, "i.tickets", "100000");
    assert_eq!(read(&mut router, "i.tickets"), "32768");
    write(&mut router, "i.tickets", "-3");
    assert_eq!(read(&mut router, "i.tickets"), "1");
    assert_eq!(
        console(&router),
        "warning: tickets pinned at 32768\nwarning: tickets pinned at 1\n"
    );
    assert!(router.write_handler("i.tickets", "x").is_err());
    assert!(router.write_handler("i.home_thread", "1").is_err());
    write(&mut router, "i.home_thread", "-1");
    finish(router);
}
