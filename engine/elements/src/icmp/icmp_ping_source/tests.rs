//! Pings and their replies in virtual time.

use crate::testing::{captured, console, finish, load, read, run};
use weft_core::SECOND;

#[test]
fn pings_are_numbered_and_sent_at_intervals() {
    let mut router = run("p :: ICMPPingSource(10.0.0.1, 10.0.0.2, LIMIT 2, STOP true,
                              IDENTIFIER 258, DATA ab) -> out :: Capture;");
    let identifier = if cfg!(target_endian = "little") {
        "0201"
    } else {
        "0102"
    };
    // Checksums: 0x0800 + identifier + sequence number + "ab", complemented.
    let pings = [
        format!("4500001e00010000c801dedb0a0000010a0000020800949b{identifier}00016162"),
        format!("4500001e00020000c801deda0a0000010a0000020800949a{identifier}00026162"),
    ];
    assert_eq!(captured(&mut router, "out"), pings);
    assert_eq!(router.clock.now(), 3 * SECOND);
    finish(router);
}

#[test]
fn replies_are_told_and_summed_up() {
    let mut router = load(
        "p :: ICMPPingSource(10.0.0.1, 10.0.0.2, LIMIT 1, INTERVAL 0.5)
           -> ICMPPingResponder -> p;",
    );
    router.clock.advance_to(SECOND / 2);
    router.run_for(10);
    assert_eq!(
        console(&router),
        "p :: ICMPPingSource: 0 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=0.000 ms\n"
    );
    let summary = "1 packets transmitted, 1 received, 0% packet loss\n\
                   rtt min/avg/max/mdev = 0.000/0.000/0.000/0.000\n";
    assert_eq!(read(&mut router, "p.summary"), summary);
    assert_eq!(read(&mut router, "p.rtt_avg"), "0s");
    finish(router);
}

#[test]
fn a_mirrored_reply_becomes_the_next_ping() {
    let mut router = load(
        "p :: ICMPPingSource(10.0.0.1, 10.0.0.2, MIRROR true, VERBOSE false, DATA x)
           -> Queue -> Unqueue -> ICMPPingResponder -> p;",
    );
    router.clock.advance_to(SECOND);
    router.run_for(20);
    let sent: u32 = read(&mut router, "p.count").parse().unwrap();
    assert!(sent > 10, "{sent}");
    finish(router);
}
