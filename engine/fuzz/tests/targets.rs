//! Every target for a moment: what a change breaks shows here first. `weft-fuzz` runs them longer.

use std::time::Duration;
use weft_core::IpHeader;
use weft_fuzz::{Runner, Watchdog, cases, working_folder};

const LIMIT: Duration = Duration::from_secs(60);

fn runner(seed: u64) -> Runner {
    Runner::new(seed, Watchdog::start(LIMIT))
}

#[test]
fn any_text_is_read_or_refused() {
    runner(1).language(3000);
}

#[test]
fn any_bytes_are_looked_at_as_any_header() {
    runner(2).wire(20_000);
}

#[test]
fn frames_are_forwarded_along_a_path_as_the_standard_says_and_no_others() {
    let seen = runner(6).forwarding(150);
    assert!(seen.forwarded > 500 && seen.dropped > 500, "{seen:?}");
}

#[test]
fn any_messages_of_a_component_are_understood_or_refused() {
    runner(5).component(20_000);
}

#[test]
fn any_configuration_is_taken_or_refused() {
    working_folder();
    runner(3).configurations(25, |_| true);
}

#[test]
fn every_element_survives_any_packet_and_any_handler() {
    let mut runner = runner(4);
    for case in cases() {
        runner.element(&case, true);
        for _ in 0..3 {
            runner.element(&case, false);
        }
    }
}

#[test]
fn no_element_trusts_bytes_that_change_while_it_looks() {
    let mut runner = runner(5);
    runner.view_race(100);
    for case in cases() {
        // Those that look at headers are looked at more closely.
        let group = case.class().group;
        let looks =
            case.class().ip_header == IpHeader::Needs || ["nsh", "inspection"].contains(&group);
        let count = if looks { 30 } else { 1 };
        runner.race(&case, count);
    }
}
