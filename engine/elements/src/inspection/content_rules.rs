//! # ContentRules(RULES [, *keywords* VAR, DROP, UNSUPPORTED, INTERFACES, PAYLOAD, KEEP, FILE, FILE_SIZE, LOG, OVERLAP, FLOWS])
//!
//! Looks for what rules describe in headers and payloads, and raises alerts.
//!
//! ## Ports
//! Any number of push inputs for Ethernet frames, as many push outputs: what comes in by input i leaves
//! by output i, unchanged, unless a rule `drop` matches and DROP is true (reason `content-rule`).
//!
//! ## Arguments
//! - `RULES` *filename*: a file of rules, in the syntax that Snort 2 and Suricata have in common.
//! - `VAR` *name and value*: a variable of the rules, as `VAR "HOME_NET [10.0.0.0/8,192.168.1.1]"`; any
//!   number of them. They go before those that the file sets.
//! - `DROP` *boolean* (false): whether rules `drop` drop packets.
//! - `UNSUPPORTED` *word* (refuse): what is done when rules are not understood: `refuse` them all, or
//!   `skip` those, with a warning for each.
//! - `INTERFACES` *words*: the names of the inputs, in order, for `in_iface`.
//! - `PAYLOAD` *integer* (0): bytes of the payload that alerts show.
//! - `KEEP` *integer* (1000): alerts that are kept to be read.
//! - `FILE` *filename*: the file that alerts are written to, a line of EVE JSON each.
//! - `FILE_SIZE` *integer* (1048576): when it would be longer it is renamed to FILE`.1` and begun anew.
//! - `LOG` *integer* (10): alerts that are told on the console in a second.
//! - `OVERLAP` *integer* (64): bytes at the end of a TCP segment that are looked at again, with the next
//!   segment of its direction, for contents that lie in both; 0 for none.
//! - `FLOWS` *integer* (16384): flows that are remembered at a time, for `flow` and OVERLAP.
//!
//! Rules are `alert`, `drop` or `pass`, for `ip`, `tcp`, `udp` or `icmp`, `->` or `<>`. Options: `msg sid rev gid
//! classtype priority reference metadata content nocase offset depth distance within startswith endswith
//! fast_pattern pcre isdataat dsize flow flags itype icode icmp_id icmp_seq ttl id ip_proto seq ack sameip threshold`.
//! Others are not understood. A rule is looked for in one packet; TCP is not put together beyond OVERLAP.
//!
//! A packet meets the rules of its protocol and ports, and of these only those of which one content is there:
//! the one with `fast_pattern`, else the longest. All of these contents are looked for at once, and the longer many of
//! them are, the less of a payload is read: one place in nine for contents of twelve bytes and more, every place only for
//! contents of two or three. A rule with a content of one byte, or without any, costs most; `fast_pattern` on a content that is rare
//! helps where the longest one is common. 10,000 rules take some megabytes.
//!
//! ## Handlers
//! - `alerts` (r): the newest alerts, as JSON, the oldest of them first; its parameter is how many (10).
//! - `alerts_after` (r): those after a number, as JSON, with the number to go on from: `NUMBER [COUNT]`.
//! - `rules` (rw): the rules. Writing replaces all of them, in memory and in the file, or none.
//! - `reload` (w): reads the file again; on an error the rules stay.
//! - `rule_counts` (r): packets and alerts of each rule that matched, as JSON.
//! - `loaded` (r): how many rules there are. `skipped` (r): those that were not understood.
//! - `packets`, `matches`, `raised`, `suppressed`, `dropped`, `given_up`, `unwritten` (r): packets looked at; rules
//!   matched; alerts raised, and left out because of a threshold; packets dropped; rules that took too many
//!   attempts on a packet; times the file could not be written.
//! - `flows` (r), `forgotten` (r): flows remembered, and those that made room for others.
//! - `drop` (rw): as DROP.
//! - `reset_counts` (w): sets the counts to zero, but for `raised`, by which alerts are numbered.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap, STOP true) -> ContentRules(local.rules, VAR "HOME_NET any") -> Discard;
//! ```
//!
//! ## See also
//! FlowMonitor, IPClassifier, Classifier

mod alert;
mod content;
mod handlers;
mod numbers;
mod options;
mod parse;
mod patterns;
mod payload;
mod record;
mod rule;
mod rule_set;
mod rule_source;
mod sets;
mod streams;
mod thresholds;

use super::headers::{Headers, vlans};
use super::taps::pass;
use alert::Match;
use foldhash::fast::RandomState;
use record::Record;
use rule::Action;
use rule_set::{RuleSet, Scratch, Subject};
use rule_source::RuleSource;
use std::collections::HashMap;
use streams::{Seen, Streams};
use thresholds::Thresholds;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Packet, Place, Router, Verdict, argument,
    downcast,
};
use weft_lang::value::{Filename, Word};
use weft_wire::protocol::ip;

const MOST_PAYLOAD: u32 = 65_535;
const MOST_KEPT: u32 = 100_000;
const MOST_OVERLAP: u32 = 1024;
const MOST_FLOWS: u32 = 1 << 20;
const LEAST_FILE: u64 = 4096;

/// Registers ContentRules.
pub static CLASS: Class = Class {
    ports: "1-/=",
    processing: "h/h",
    flow: "#/#",
    arguments: &[
        argument("RULES", Place::Mandatory, "filename", ""),
        argument("VAR", Place::Keyword, "name and value", ""),
        argument("DROP", Place::Keyword, "boolean", "false"),
        argument("UNSUPPORTED", Place::Keyword, "refuse or skip", "refuse"),
        argument("INTERFACES", Place::Keyword, "words", ""),
        argument("PAYLOAD", Place::Keyword, "integer", "0"),
        argument("KEEP", Place::Keyword, "integer", "1000"),
        argument("FILE", Place::Keyword, "filename", ""),
        argument("FILE_SIZE", Place::Keyword, "integer", "1048576"),
        argument("LOG", Place::Keyword, "integer", "10"),
        argument("OVERLAP", Place::Keyword, "integer", "64"),
        argument("FLOWS", Place::Keyword, "integer", "16384"),
    ],
    handlers: handlers::HANDLERS,
    fuzz: &[
        "fuzz.rules, DROP true, UNSUPPORTED skip, FILE fuzz.json, FILE_SIZE 4096, PAYLOAD 20, FLOWS 5, KEEP 3",
        "fuzz.rules, LOG 1, OVERLAP 0, INTERFACES \"in out\"",
    ],
    ..Class::agnostic("ContentRules", "inspection", build)
};

/// Where each count is.
#[derive(Clone, Copy)]
enum Count {
    Packets,
    Matches,
    Raised,
    Suppressed,
    Dropped,
    GivenUp,
    Unwritten,
}

const COUNTS: usize = 7;

/// What happened to a rule.
#[derive(Clone, Copy, Default)]
struct RuleCount {
    packets: u64,
    alerts: u64,
}

struct ContentRules {
    source: RuleSource,
    set: RuleSet,
    drops: bool,
    interfaces: Vec<String>,
    shown: usize,
    overlap: usize,
    record: Record,
    streams: Streams,
    thresholds: Thresholds,
    counts: HashMap<(u32, u32), RuleCount, RandomState>,
    scratch: Scratch,
    data: Vec<u8>,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let file: Filename = args.mandatory("RULES");
    let variables: Vec<String> = args.all("VAR");
    let drops = args.keyword("DROP", false);
    let unsupported: Option<Word> = args.keyword_opt("UNSUPPORTED");
    let interfaces: Option<String> = args.keyword_opt("INTERFACES");
    let shown: u32 = args.keyword("PAYLOAD", 0);
    args.within("PAYLOAD", shown, 0, MOST_PAYLOAD);
    let kept: u32 = args.keyword("KEEP", 1000);
    args.within("KEEP", kept, 1, MOST_KEPT);
    let events: Option<Filename> = args.keyword_opt("FILE");
    let events_size: u64 = args.keyword("FILE_SIZE", 1 << 20);
    args.within("FILE_SIZE", events_size, LEAST_FILE, u64::MAX);
    let lines: u32 = args.keyword("LOG", 10);
    let overlap: u32 = args.keyword("OVERLAP", 64);
    args.within("OVERLAP", overlap, 0, MOST_OVERLAP);
    let flows: u32 = args.keyword("FLOWS", 16_384);
    args.within("FLOWS", flows, 1, MOST_FLOWS);
    let skips = match unsupported.as_ref().map_or("refuse", |w| w.0.as_str()) {
        "refuse" => false,
        "skip" => true,
        other => {
            let message = format!("unknown '{other}'; allowed: refuse, skip");
            args.argument_error("UNSUPPORTED", &message);
            false
        }
    };
    args.complete()?;
    let mut source = RuleSource::new(file.0, &variables, skips)?;
    let set = source.load()?;
    for skipped in source.skipped() {
        configure.warn(format!("skipped: {skipped}"));
    }
    let interfaces = interfaces.unwrap_or_default();
    Ok(Box::new(ContentRules {
        source,
        set,
        drops,
        interfaces: interfaces.split_whitespace().map(str::to_string).collect(),
        shown: shown as usize,
        overlap: overlap as usize,
        record: Record::new(kept as usize, events.map(|f| (f.0, events_size)), lines),
        streams: Streams::new(flows as usize, overlap as usize),
        thresholds: Thresholds::new(),
        counts: HashMap::default(),
        scratch: Scratch::default(),
        data: Vec::new(),
        cells: None,
    }))
}

impl ContentRules {
    fn add(&self, which: Count, count: u64) {
        if let Some(cells) = &self.cells {
            cells.add(which as usize, count);
        }
    }

    fn count(&self, which: Count) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(which as usize))
    }

    /// Looks at a packet that came in by `port`; whether it is to be dropped.
    #[inline]
    fn look(&mut self, port: usize, packet: &Packet, router: &mut Router) -> bool {
        let frame = router.pool.data(packet);
        let headers = Headers::of(frame);
        let Some(headers) = &headers else {
            return false;
        };
        let payload = frame.get(headers.payload.clone()).unwrap_or_default();
        let follows = self.overlap > 0 && self.set.has_floating && headers.protocol == ip::TCP;
        if self.set.needs_flows || follows {
            let now = router.clock.now();
            self.data.clear();
            let (seen, before) = self.streams.note(headers, payload, now, &mut self.data);
            return self.set.choose(headers, &self.data, &mut self.scratch)
                && self.inspect(port, packet, headers, (seen, before), router);
        }
        if !self.set.choose(headers, payload, &mut self.scratch) {
            return false;
        }
        // A copy does not change while it is looked at more closely.
        self.data.clear();
        self.data.extend_from_slice(payload);
        self.inspect(port, packet, headers, (Seen::default(), 0), router)
    }

    /// Looks at what is in `data` for the rules that were chosen; whether the packet is to be dropped.
    fn inspect(
        &mut self,
        port: usize,
        packet: &Packet,
        headers: &Headers,
        (seen, before): (Seen, usize),
        router: &mut Router,
    ) -> bool {
        let data = std::mem::take(&mut self.data);
        let subject = Subject {
            headers,
            data: &data,
            before,
            seen,
        };
        self.set.inspect(&subject, &mut self.scratch);
        let is_dropped =
            !self.scratch.matched.is_empty() && self.tell(port, packet, &subject, router);
        self.data = data;
        is_dropped
    }

    /// Tells of the rules that matched; whether one of them drops the packet.
    #[cold]
    fn tell(
        &mut self,
        port: usize,
        packet: &Packet,
        subject: &Subject<'_>,
        router: &mut Router,
    ) -> bool {
        let drops = |number: &u32| self.set.rules[*number as usize].action == Action::Drop;
        let is_dropped = self.drops && self.scratch.matched.iter().any(drops);
        let vlans = vlans(router.pool.data(packet));
        let payload = &subject.data[subject.before..];
        self.add(Count::Matches, self.scratch.matched.len() as u64);
        for index in 0..self.scratch.matched.len() {
            let rule = &self.set.rules[self.scratch.matched[index] as usize];
            let counts = self.counts.entry(rule.key()).or_default();
            counts.packets += 1;
            let now = router.clock.now();
            let is_told = rule.threshold.is_none_or(|threshold| {
                let key = rule.key();
                self.thresholds.count(key, threshold, subject.headers, now)
            });
            if !is_told {
                self.add(Count::Suppressed, 1);
                continue;
            }
            counts.alerts += 1;
            let stamped = packet.timestamp();
            let found = Match {
                rule,
                headers: subject.headers,
                classes: &self.set.classes,
                at: if stamped > 0 {
                    stamped
                } else {
                    router.clock.timestamp()
                },
                flow: streams::flow_id(subject.headers),
                interface: self.interfaces.get(port).map(String::as_str),
                vlans: &vlans,
                is_dropped: is_dropped && rule.action == Action::Drop,
                payload: &payload[..payload.len().min(self.shown)],
            };
            self.record.add(found.event(), || found.line(), router);
            self.add(Count::Raised, 1);
        }
        is_dropped
    }

    /// Puts other rules in the place of those there are; counts of rules that stay go on.
    fn replace(&mut self, set: RuleSet) {
        self.set = set;
        let known: Vec<_> = self.set.rules.iter().map(rule::Rule::key).collect();
        self.counts.retain(|key, _| known.contains(key));
    }
}

impl Element for ContentRules {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("counts", COUNTS));
        self.record.last = self.count(Count::Raised);
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        self.add(Count::Packets, batch.len() as u64);
        let mut dropped = 0;
        pass(port, batch, router, |packet, router| {
            match self.look(port, packet, router) {
                false => Verdict::Keep,
                true => {
                    dropped += 1;
                    Verdict::Drop("content-rule")
                }
            }
        });
        if dropped > 0 {
            self.add(Count::Dropped, dropped);
        }
        let given_up = std::mem::take(&mut self.scratch.given_up);
        if given_up > 0 {
            self.add(Count::GivenUp, given_up);
        }
        if self.record.flush(router) {
            self.add(Count::Unwritten, 1);
        }
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<ContentRules>(old) {
            self.record.take_over(&mut old.record);
            self.streams.take_over(&mut old.streams);
            std::mem::swap(&mut self.thresholds, &mut old.thresholds);
            self.counts = std::mem::take(&mut old.counts);
        }
    }
}
