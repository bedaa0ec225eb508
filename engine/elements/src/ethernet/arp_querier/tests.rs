//! What ARPQuerier does as time goes by.

use crate::testing::{captured, console, finish, load, read};
use weft_core::{Router, SECOND};

const QUERIER: &str = "arp :: ARPQuerier(1.0.10.10/24, 2:1:0:a:a:f";

/// A querier with arguments `more`, whose inputs are fed by [`send_ip`] and [`send_reply`].
fn querier(more: &str) -> Router {
    load(&format!(
        "{QUERIER}{more});
         ip :: InfiniteSource(DATA \\<45000014>, LIMIT 0, TIMESTAMP false)
           -> to :: SetIPAddress(1.0.0.1) -> [0] arp;
         reply :: InfiniteSource(DATA \\<02010 00a0a0f 0202010b0b00 0806 0001080006040002
             0202010b0b00 01000001 0201000a0a0f 01000a0a>, LIMIT 0) -> [1] arp;
         arp [0] -> out :: Capture; arp [1] -> queries :: Capture;"
    ))
}

fn run(router: &mut Router) {
    router.run_for(1000);
}

/// Moves time on to `ms` milliseconds.
fn at(router: &mut Router, ms: u64) {
    router.clock.advance_to(ms * SECOND / 1000);
    run(router);
}

fn send(router: &mut Router, source: &str, count: usize) {
    let sent: usize = read(router, &format!("{source}.count")).parse().unwrap();
    let limit = (sent + count).to_string();
    router
        .write_handler(&format!("{source}.limit"), &limit)
        .unwrap();
    run(router);
}

fn send_ip(router: &mut Router, to: &str, count: usize) {
    router.write_handler("to.addr", to).unwrap();
    send(router, "ip", count);
}

fn queries(router: &mut Router) -> usize {
    captured(router, "queries").len()
}

#[test]
fn packets_wait_for_the_reply_and_then_go_out_in_order() {
    let mut router = querier("");
    send_ip(&mut router, "1.0.0.1", 3);
    assert_eq!(captured(&mut router, "out"), Vec::<String>::new());
    let query = "ffffffffffff0201000a0a0f08060001080006040001\
                 0201000a0a0f01000a0a00000000000001000001";
    assert_eq!(captured(&mut router, "queries"), [query]);
    assert_eq!(read(&mut router, "arp.length"), "3");
    send(&mut router, "reply", 1);
    let frame = "0202010b0b000201000a0a0f080045000014";
    assert_eq!(captured(&mut router, "out"), [frame; 3]);
    assert_eq!(read(&mut router, "arp.length"), "0");
    assert_eq!(read(&mut router, "arp.responses"), "1");
    at(&mut router, 1500);
    let table = "1.0.0.1 1 02-02-01-0B-0B-00 1.500000\n";
    assert_eq!(read(&mut router, "arp.table"), table);
    finish(router);
}

#[test]
fn an_address_is_asked_for_ten_times_a_second_and_then_rarely() {
    let mut router = querier("");
    for ms in 0..1000 {
        at(&mut router, ms);
        send_ip(&mut router, "1.0.0.1", 1);
    }
    assert_eq!(queries(&mut router), 10);
    for ms in (1000..5000).step_by(10) {
        at(&mut router, ms);
        send_ip(&mut router, "1.0.0.1", 1);
    }
    assert_eq!(queries(&mut router), 12);
    finish(router);
}

#[test]
fn a_known_address_is_polled_before_it_expires() {
    let mut router = querier(", TIMEOUT 0.1s, POLL_TIMEOUT 0.08s");
    send_ip(&mut router, "1.0.0.1", 1);
    send(&mut router, "reply", 1);
    at(&mut router, 50);
    send_ip(&mut router, "1.0.0.1", 1);
    assert_eq!(queries(&mut router), 1);
    at(&mut router, 81);
    send_ip(&mut router, "1.0.0.1", 2);
    let poll = "0202010b0b000201000a0a0f08060001080006040001\
                0201000a0a0f01000a0a00000000000001000001";
    assert_eq!(captured(&mut router, "queries")[1..], [poll]);
    assert_eq!(captured(&mut router, "out").len(), 4);
    at(&mut router, 102);
    send_ip(&mut router, "1.0.0.1", 1);
    assert_eq!(captured(&mut router, "out").len(), 4, "expired");
    finish(router);
}

#[test]
fn broadcasts_and_multicasts_need_no_query() {
    let mut router = querier("");
    for to in ["255.255.255.255", "1.0.10.255", "224.129.2.3"] {
        send_ip(&mut router, to, 1);
    }
    let frames: Vec<String> = captured(&mut router, "out")
        .iter()
        .map(|f| f[..24].to_string())
        .collect();
    let expected = [
        "ffffffffffff0201000a0a0f",
        "ffffffffffff0201000a0a0f",
        "01005e0102030201000a0a0f",
    ];
    assert_eq!(frames, expected);
    assert_eq!(queries(&mut router), 0);
    finish(router);
}

#[test]
fn packets_for_nowhere_are_dropped_and_told_once() {
    let mut router = querier("");
    send_ip(&mut router, "0.0.0.0", 2);
    assert_eq!(read(&mut router, "arp.drops"), "2");
    let told = "arp :: ARPQuerier: would query for 0.0.0.0; missing dest IP addr annotation?\n";
    assert_eq!(console(&router), told);
    finish(router);
}

#[test]
fn too_many_packets_make_room_for_new_ones() {
    let mut router = querier(", CAPACITY 10");
    send_ip(&mut router, "1.0.0.1", 100);
    assert_eq!(read(&mut router, "arp.length"), "10");
    let stats = "90 packets killed\n1 ARP queries sent\n";
    assert_eq!(read(&mut router, "arp.stats"), stats);
    finish(router);
}

#[test]
fn one_address_can_hold_so_many_packets() {
    let mut router = querier(", ENTRY_PACKET_CAPACITY 10");
    send_ip(&mut router, "2.0.0.2", 50);
    send_ip(&mut router, "2.0.0.3", 50);
    let stats = "80 packets killed\n2 ARP queries sent\n";
    assert_eq!(read(&mut router, "arp.stats"), stats);
    finish(router);
}

#[test]
fn the_oldest_entries_make_room_for_new_ones() {
    let mut router = querier(", CAPACITY 1, ENTRY_CAPACITY 1, TIMEOUT 0.1s");
    for (ms, to) in [
        (0, "1.0.0.1"),
        (10, "1.0.0.2"),
        (15, "1.0.0.3"),
        (120, "1.0.0.1"),
        (221, "1.0.0.1"),
    ] {
        at(&mut router, ms);
        send_ip(&mut router, to, 1);
    }
    assert_eq!(queries(&mut router), 5);
    assert_eq!(read(&mut router, "arp.count"), "1");
    assert_eq!(read(&mut router, "arp.length"), "1");
    let table = read(&mut router, "arp.table");
    assert!(
        table.starts_with("1.0.0.1 0 FF-FF-FF-FF-FF-FF 0.1"),
        "{table}"
    );
    finish(router);
}

#[test]
fn entries_expire_while_nobody_asks_for_them() {
    let mut router = querier(", TIMEOUT 5");
    send_ip(&mut router, "1.0.0.1", 1);
    for second in 1..13 {
        at(&mut router, second * 1000);
    }
    assert_eq!(read(&mut router, "arp.count"), "0");
    assert_eq!(read(&mut router, "arp.length"), "0");
    finish(router);
}

#[test]
fn entries_are_made_and_unmade_by_hand() {
    let mut router = querier("");
    router
        .write_handler("arp.insert", "1.0.0.1 0:1:2:3:4:5")
        .unwrap();
    send_ip(&mut router, "1.0.0.1", 1);
    let frame = "0001020304050201000a0a0f080045000014";
    assert_eq!(captured(&mut router, "out"), [frame]);
    router.write_handler("arp.delete", "1.0.0.1").unwrap();
    let table = "1.0.0.1 0 FF-FF-FF-FF-FF-FF 0.000000\n";
    assert_eq!(read(&mut router, "arp.table"), table);
    router.write_handler("arp.clear", "").unwrap();
    assert_eq!(read(&mut router, "arp.table"), "");
    let error = router.write_handler("arp.insert", "1.0.0.1").unwrap_err();
    assert_eq!(error.to_string(), "ETH: required argument missing");
    finish(router);
}

#[test]
fn a_hot_swap_keeps_the_table_and_waiting_packets() {
    let mut router = querier("");
    send_ip(&mut router, "1.0.0.1", 2);
    let text = format!("Idle -> {QUERIER}) -> Discard; Idle -> [1] arp;");
    let text = text.replace("Idle", "InfiniteSource(LIMIT 0)");
    router.hot_swap("config", &text).unwrap();
    run(&mut router);
    assert_eq!(read(&mut router, "arp.length"), "2");
    assert_eq!(read(&mut router, "arp.queries"), "1");
    finish(router);
}

#[test]
fn queriers_can_share_a_table() {
    let mut router = load(&format!(
        "{QUERIER}); {} -> [0] arp; {} -> [1] arp; arp -> Capture;
         other :: ARPQuerier(1.0.10.11, 2:1:0:a:a:e, TABLE arp) -> out :: Capture;
         i :: InfiniteSource(DATA \\<4500>, LIMIT 0) -> SetIPAddress(1.0.0.1) -> [0] other;
         {} -> [1] other;",
        "InfiniteSource(LIMIT 0)", "InfiniteSource(LIMIT 0)", "InfiniteSource(LIMIT 0)"
    ));
    router
        .write_handler("arp.insert", "1.0.0.1 0:1:2:3:4:5")
        .unwrap();
    send(&mut router, "i", 1);
    let frame = "0001020304050201000a0a0e08004500";
    assert_eq!(captured(&mut router, "out"), [frame]);
    assert_eq!(read(&mut router, "other.count"), "1");
    finish(router);
}
