//! What the router does with graphs: order, ports, handlers, hot swap, recovery.

mod common;

use common::{router, router_with, run};
use weft_core::{HandlerError, Pool, PoolSize, Region, Router};

fn read(router: &mut Router, handler: &str) -> String {
    router
        .read_handler(handler, "")
        .unwrap_or_else(|e| panic!("{handler}: {e}"))
}

fn errors(config: &str) -> String {
    router()
        .load("config", config)
        .expect_err("an error")
        .to_string()
}

#[test]
fn branches_that_meet_again_keep_the_order_of_packets() {
    let mut r = run("Source(0120a10) -> d :: Digits; s :: Sink; d[0] -> s; d[1] -> s; d[2] -> s");
    assert_eq!(read(&mut r, "s.seen"), "0120a10");
}

#[test]
fn branches_that_never_meet_are_batched_together() {
    let mut r = run("Source(010101) -> d :: Digits; d[0] -> z :: Sink; d[1] -> o :: Sink");
    assert_eq!(read(&mut r, "z.seen"), "000");
    assert_eq!(read(&mut r, "o.seen"), "111");
}

#[test]
fn filtered_packets_keep_their_place_when_both_outputs_meet() {
    let mut r = run("Source(aBcDDe) -> l :: Lower; s :: Sink; l[0] -> s; l[1] -> s");
    assert_eq!(read(&mut r, "s.seen"), "aBcDDe");
    assert_eq!(read(&mut r, "l.drops"), "not-lower 3\n");
}

#[test]
fn packets_a_filter_refuses_are_dropped_and_counted_where_nothing_is_connected() {
    let mut r = run("Source(aBcD) -> l :: Lower -> s :: Sink");
    assert_eq!(read(&mut r, "s.seen"), "ac");
    assert_eq!(read(&mut r, "l.drops"), "not-lower 2\n");
    assert_eq!(read(&mut r, "l.icounts"), "4\n");
    assert_eq!(read(&mut r, "l.ocounts"), "2\n");
    assert_eq!(r.pool.in_use(), 0);
}

#[test]
fn an_agnostic_element_works_in_a_pull_context_with_its_error_output_pushing() {
    let mut r =
        run("Source(aBcD) -> Store(9) -> l :: Lower -> Mover -> s :: Sink; l[1] -> e :: Sink");
    assert_eq!(read(&mut r, "s.seen"), "ac");
    assert_eq!(read(&mut r, "e.seen"), "BD");
}

#[test]
fn a_packet_loop_ends_in_the_queue_it_passes_or_is_counted() {
    let mut r = run("Source(ab) -> q :: Store(4) -> m :: Mover -> l :: Lower -> Sink; l[1] -> q");
    assert_eq!(read(&mut r, "q.length"), "0");
    assert_eq!(r.pool.in_use(), 0);
}

#[test]
fn a_packet_that_only_circles_is_dropped_and_counted() {
    let mut r = run("Source(A) -> l :: Lower -> Sink; l[1] -> p :: Pass -> l");
    let drops = read(&mut r, "l.drops") + &read(&mut r, "p.drops");
    assert!(drops.ends_with("\nloop 1\n"), "{drops}");
    assert_eq!(r.pool.in_use(), 0);
}

#[test]
fn port_errors_are_told_in_clicks_words_all_at_once() {
    assert_eq!(
        errors("a :: Source(x) -> b :: Sink; a[1] -> b; c :: Lower"),
        "config:1: 'a :: Source' has no output 1\nRouter could not be initialized!"
    );
    assert_eq!(
        errors("a :: Source(x); b :: Pass; c :: Sink"),
        "config:1: 'b :: Pass' input 0 unused\nconfig:1: 'c :: Sink' input 0 unused\n\
         config:1: 'a :: Source' output 0 unused\nconfig:1: 'b :: Pass' output 0 unused\n\
         Router could not be initialized!"
    );
    assert_eq!(
        errors("a :: Source(x) -> Sink; a -> Sink"),
        "config:1: illegal reuse of 'a :: Source' push output 0\n\
         Router could not be initialized!"
    );
    assert_eq!(
        errors("a :: Source(x) -> m :: Mover -> Sink"),
        "'a :: Source' push output 0 connected to 'm :: Mover' pull input 0\n\
         Router could not be initialized!"
    );
    assert_eq!(
        errors("Source(x) -> p :: Pass -> Mover -> Sink"),
        "agnostic 'p :: Pass' in mixed context: push input 0, pull output 0\n\
         Router could not be initialized!"
    );
}

#[test]
fn a_configuration_error_names_the_element_and_leaves_nothing_running() {
    let mut r = router();
    let error = r
        .load("config", "Source(x)\n -> q :: Store(many) -> Mover -> Sink")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "config:2: While configuring 'q :: Store':\n  CAPACITY: not a number\n\
         Router could not be initialized!"
    );
    assert_eq!(read(&mut r, "list"), "0\n");
}

#[test]
fn handler_errors_say_what_is_missing() {
    let mut r = run("Source(x) -> p :: Pass -> s :: Sink");
    assert_eq!(
        r.read_handler("x.value", ""),
        Err(HandlerError::NoElement("x".into()))
    );
    assert_eq!(
        r.read_handler("p.x", ""),
        Err(HandlerError::NoHandler("x".into()))
    );
    assert_eq!(
        r.write_handler("s.seen", "1"),
        Err(HandlerError::NotWritable("s.seen".into()))
    );
    assert_eq!(
        r.read_handler("p.timer", ""),
        Err(HandlerError::NotReadable("p.timer".into()))
    );
    assert_eq!(
        r.read_handler("p.value", "1"),
        Err(HandlerError::NoParameter("p.value".into()))
    );
}

#[test]
fn a_transaction_writes_all_values_or_none() {
    let mut r = run("Source(x) -> p :: Pass -> q :: Pass -> Sink");
    r.write_handler("transaction", "p.value 1\nq.value 2")
        .unwrap();
    let error = r
        .write_handler("transaction", "p.value 7\nq.value no")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "q.value: invalid number; nothing was changed"
    );
    assert_eq!(
        (read(&mut r, "p.value"), read(&mut r, "q.value")),
        ("1".into(), "2".into())
    );
}

#[test]
fn timers_expire_in_order_and_setting_one_again_moves_it() {
    let mut r = run("Source(x) -> p :: Pass -> Sink");
    for timer in ["1 30", "2 10", "3 20", "1 5", "4 40"] {
        r.write_handler("p.timer", timer).unwrap();
    }
    r.clock.advance_to(30_000);
    r.run_for(1);
    assert_eq!(read(&mut r, "p.expired"), "[301, 302, 303]");
}

#[test]
fn hot_swap_moves_queues_and_counts_by_name_and_keeps_order() {
    let mut r = run("Source(abcd) -> q :: Store(9) -> Mover(off) -> s :: Sink");
    assert_eq!(read(&mut r, "q.length"), "4");
    r.write_handler(
        "hotconfig",
        "Source(efg) -> q :: Store(20) -> Mover -> s :: Sink",
    )
    .unwrap();
    while r.run_for(100) > 0 {}
    assert_eq!(read(&mut r, "s.seen"), "abcdefg");
    assert_eq!(read(&mut r, "q.icounts"), "7\n");
    assert_eq!(r.pool.in_use(), 0);
}

#[test]
fn what_a_handler_sends_before_a_hot_swap_goes_by_the_graph_it_was_sent_in() {
    let mut r = run(
        "x :: Lower; y :: Lower; src :: Source() -> x -> y -> q :: Store(9) -> Mover(off) -> s :: Sink",
    );
    r.write_handler("src.send", "ab").unwrap();
    r.write_handler(
        "hotconfig",
        "q :: Store(9) -> Mover -> s :: Sink; Source() -> q",
    )
    .unwrap();
    while r.run_for(100) > 0 {}
    assert_eq!(read(&mut r, "s.seen"), "ab");
    assert_eq!(r.pool.in_use(), 0);
}

#[test]
fn a_failed_hot_swap_leaves_the_running_graph_and_its_packets_alone() {
    let mut r = run("Source(abcd) -> q :: Store(9) -> Mover(off) -> s :: Sink");
    for bad in [
        "Source(x) -> q :: Store(9) -> Nothing",
        "Source(x) -> q :: Store(no) -> Mover -> Sink",
    ] {
        assert!(matches!(
            r.write_handler("hotconfig", bad),
            Err(HandlerError::Failed(_))
        ));
    }
    r.run_for(10);
    assert_eq!(read(&mut r, "q.length"), "4");
    r.write_handler(
        "hotconfig",
        "Source(e) -> q :: Store(9) -> Mover -> s :: Sink",
    )
    .unwrap();
    while r.run_for(100) > 0 {}
    assert_eq!(read(&mut r, "s.seen"), "abcde");
}

#[test]
fn packets_of_an_element_that_is_gone_after_a_hot_swap_are_given_back() {
    let mut r = run("Source(abcd) -> q :: Store(9) -> Mover(off) -> s :: Sink");
    r.write_handler("hotconfig", "Source(x) -> s :: Sink")
        .unwrap();
    while r.run_for(100) > 0 {}
    assert_eq!(read(&mut r, "s.seen"), "x");
    assert_eq!(r.pool.in_use(), 0);
}

fn shared_memory(bytes: usize) -> i32 {
    use std::os::fd::IntoRawFd;
    let path = std::env::temp_dir().join(format!("weft-core-test-{}-{bytes}", std::process::id()));
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path);
    let file = file.expect("a temporary file");
    std::fs::remove_file(&path).expect("removed");
    file.set_len(bytes as u64).expect("sized");
    file.into_raw_fd()
}

#[test]
fn an_engine_that_was_killed_goes_on_with_its_queued_packets_and_counts() {
    let size = PoolSize {
        small: 64,
        large: 2,
    };
    let (frames, state) = (shared_memory(size.bytes()), shared_memory(1 << 16));
    let start = |config: &str| {
        let pool = Pool::shared(size, frames).expect("frames");
        let mut r = router_with(pool, Region::shared(1 << 16, state).expect("state"));
        r.load("config", config).expect("a graph");
        r.run_for(10);
        r
    };
    let killed = start("Source(abcd) -> q :: Store(9) -> Mover(off) -> s :: Sink");
    std::mem::forget(killed);
    let mut r = start("Source(ef) -> q :: Store(9) -> Mover -> s :: Sink");
    while r.run_for(10) > 0 {}
    assert_eq!(read(&mut r, "s.seen"), "abcdef");
    assert_eq!(read(&mut r, "q.icounts"), "6\n");
    assert_eq!(r.pool.in_use(), 0);
}
