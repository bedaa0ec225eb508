//! # RateLimiter([PACKETS, BANDWIDTH, *keywords* PER, BURST, CAPACITY])
//!
//! Lets packets pass up to a rate, of all of them or of each host, and drops what is beyond it.
//!
//! ## Ports
//! One push input, for Ethernet frames. The first output is for what passes; a second one, where
//! connected, for what is beyond the rate, which is dropped otherwise (reason `rate-exceeded`).
//!
//! ## Arguments
//! - `PACKETS` *count* (0): packets per second; 0: as many as come.
//! - `BANDWIDTH` *bandwidth* (0): bits or bytes per second, as `1Mbps`; 0: as many as come.
//! - `PER` *word* (all): what the rate is for: `all` packets together, those of each `source` address,
//!   or those to each `destination` address.
//! - `BURST` *time in sec* (0.1): what comes in this time at the rate may come at once; a packet
//!   always may.
//! - `CAPACITY` *integer* (16384): hosts that are known at a time. A new one takes the place of
//!   one that was quiet for long, and begins anew.
//!
//! What is no IP passes where the rate is for hosts.
//!
//! ## Handlers
//! - `packets` (rw), `bandwidth` (rw), `burst` (rw): as the arguments; hosts keep what they have used.
//! - `passed` (r), `limited` (r): packets that passed, and that were beyond the rate.
//! - `hosts` (r): the hosts with the most packets beyond the rate, as JSON; its parameter is how many (10).
//! - `length` (r), `capacity` (rw), `forgotten` (r): hosts known, how many may be, how many made room.
//! - `reset` (w): forgets all hosts and sets the counts to zero.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap, STOP true) -> RateLimiter(100, PER source) -> ToDump(out.pcap);
//! ```
//!
//! ## See also
//! TokenBucketShaper, BandwidthShaper, Shaper

use super::bounded_table::BoundedTable;
use super::headers::{Address, Headers};
use super::taps::pass;
use crate::standard::token_bucket::TokenBucket;
use serde_json::json;
use weft_core::{
    Batch, Built, Call, Cells, Class, Configure, Element, Place, Router, SECOND, Value, Verdict,
    argument, downcast, reader, variable, writer,
};
use weft_lang::value::{Bandwidth, Count, Seconds, Word, unparse_bandwidth, unparse_seconds};

const DEFAULT_BURST: Seconds = Seconds(100_000_000);
const DEFAULT_CAPACITY: u32 = 16_384;
const MAX_CAPACITY: u32 = 1 << 22;
const DEFAULT_HOSTS: usize = 10;
const MOST_HOSTS: usize = 1000;
/// The second output.
const BEYOND: usize = 1;
const PASSED: usize = 0;
const LIMITED: usize = 1;
const FORGOTTEN: usize = 2;
const COUNTS: usize = 3;

/// Registers RateLimiter.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "h/h",
    arguments: &[
        argument("PACKETS", Place::Optional, "count", "0"),
        argument("BANDWIDTH", Place::Optional, "bandwidth", "0"),
        argument("PER", Place::Keyword, "all, source or destination", "all"),
        argument("BURST", Place::Keyword, "time in sec", "0.1"),
        argument("CAPACITY", Place::Keyword, "integer", "16384"),
    ],
    handlers: &[
        variable!(
            RateLimiter,
            "packets",
            Value::Unsigned,
            "packets/s",
            "Packets that pass in a second; 0: as many as come",
            |l, _, _| Ok(l.limit.packets.to_string()),
            |l, call, router| {
                let packets: Count = call.value().map_err(|e| format!("PACKETS: {e}"))?;
                let limit = Limit {
                    packets: packets.0,
                    ..l.limit
                };
                l.change(limit, router);
                router.set_argument(0, "PACKETS", &packets.0.to_string());
                Ok(())
            }
        ),
        variable!(
            RateLimiter,
            "bandwidth",
            Value::Text,
            "",
            "Bandwidth that passes; 0: as much as comes",
            |l, _, _| Ok(unparse_bandwidth(l.limit.bytes)),
            |l, call, router| {
                let bandwidth: Bandwidth = call.value().map_err(|e| format!("BANDWIDTH: {e}"))?;
                let limit = Limit {
                    bytes: bandwidth.bytes_per_second,
                    ..l.limit
                };
                l.change(limit, router);
                router.set_argument(1, "BANDWIDTH", &unparse_bandwidth(limit.bytes));
                Ok(())
            }
        ),
        variable!(
            RateLimiter,
            "burst",
            Value::Text,
            "s",
            "What comes in this time at the rate may come at once",
            |l, _, _| Ok(unparse_seconds(l.limit.burst)),
            |l, call, router| {
                let burst: Seconds = call.value().map_err(|e| format!("BURST: {e}"))?;
                let limit = Limit {
                    burst: burst.0,
                    ..l.limit
                };
                l.change(limit, router);
                router.set_argument(usize::MAX, "BURST", &unparse_seconds(burst.0));
                Ok(())
            }
        ),
        reader!(
            RateLimiter,
            "passed",
            Value::Unsigned,
            "packets",
            "Packets that passed",
            |l, _, _| Ok(l.count(PASSED).to_string())
        ),
        reader!(
            RateLimiter,
            "limited",
            Value::Unsigned,
            "packets",
            "Packets beyond the rate",
            |l, _, _| Ok(l.count(LIMITED).to_string())
        ),
        reader!(
            RateLimiter,
            "hosts",
            Value::Json,
            "",
            "The hosts with the most packets beyond the rate, 10 unless told",
            |l, call, _| l.worst_hosts(call)
        )
        .with_parameter(),
        reader!(
            RateLimiter,
            "length",
            Value::Unsigned,
            "hosts",
            "Hosts known",
            |l, _, _| Ok(l.hosts.len().to_string())
        ),
        variable!(
            RateLimiter,
            "capacity",
            Value::Unsigned,
            "hosts",
            "Hosts that may be known",
            |l, _, _| Ok(l.hosts.capacity().to_string()),
            |l, call, router| l.set_capacity(call, router)
        ),
        reader!(
            RateLimiter,
            "forgotten",
            Value::Unsigned,
            "hosts",
            "Hosts that made room for others",
            |l, _, _| Ok(l.count(FORGOTTEN).to_string())
        ),
        writer!(
            RateLimiter,
            "reset",
            Value::Button,
            "",
            "Forgets all hosts, sets the counts to zero",
            |l, _, _| {
                l.reset();
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "",
        "1, PER source",
        "10, 8kbps, PER destination, BURST 1, CAPACITY 3",
        "0, 100, PER source, BURST 0",
    ],
    ..Class::agnostic("RateLimiter", "inspection", build)
};

/// Whom the rate is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Per {
    All,
    Source,
    Destination,
}

/// What may pass.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Limit {
    packets: u64,
    bytes: u64,
    burst: u64,
}

/// What comes in `burst` nanoseconds at `rate`, at least `least`.
fn tokens(rate: u64, burst: u64, least: u64) -> u64 {
    let tokens = u128::from(rate) * u128::from(burst) / u128::from(SECOND);
    u64::try_from(tokens).unwrap_or(u64::MAX).max(least)
}

impl Limit {
    fn packet_bucket(self) -> (u64, u64) {
        (self.packets, tokens(self.packets, self.burst, 1))
    }

    /// A byte bucket is open while there is a token, so one is enough for a packet.
    fn byte_bucket(self) -> (u64, u64) {
        (self.bytes, tokens(self.bytes, self.burst, 1))
    }
}

/// One host, or all of them.
struct Account {
    packets: TokenBucket,
    bytes: TokenBucket,
    passed: u64,
    limited: u64,
}

impl Account {
    fn new(limit: Limit) -> Self {
        let ((packets, most), (bytes, most_bytes)) = (limit.packet_bucket(), limit.byte_bucket());
        Account {
            packets: TokenBucket::full(packets, most),
            bytes: TokenBucket::full(bytes, most_bytes),
            passed: 0,
            limited: 0,
        }
    }

    fn adjust(&mut self, limit: Limit, now: u64) {
        let ((packets, most), (bytes, most_bytes)) = (limit.packet_bucket(), limit.byte_bucket());
        for (bucket, rate, capacity) in [
            (&mut self.packets, packets, most),
            (&mut self.bytes, bytes, most_bytes),
        ] {
            bucket.refill(now);
            let had_limit = bucket.rate() > 0;
            bucket.adjust(rate, capacity);
            if !had_limit {
                bucket.set(capacity);
            }
        }
    }

    /// Whether a packet of `length` bytes may pass at `now`; if so, it is paid for.
    fn admits(&mut self, limit: Limit, length: u64, now: u64) -> bool {
        let has_packet = limit.packets == 0 || self.packets.refill(now) > 0;
        let has_bytes = limit.bytes == 0 || self.bytes.refill(now) > 0;
        if !(has_packet && has_bytes) {
            self.limited += 1;
            return false;
        }
        if limit.packets > 0 {
            self.packets.remove(1);
        }
        if limit.bytes > 0 {
            self.bytes.overdraw(length);
        }
        self.passed += 1;
        true
    }
}

struct RateLimiter {
    per: Per,
    limit: Limit,
    all: Account,
    hosts: BoundedTable<Address, Account>,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let packets: Count = args.positional("PACKETS", Count(0));
    let bandwidth: Bandwidth = args.positional("BANDWIDTH", Bandwidth::default());
    let per: Option<Word> = args.keyword_opt("PER");
    let burst: Seconds = args.keyword("BURST", DEFAULT_BURST);
    let capacity: u32 = args.keyword("CAPACITY", DEFAULT_CAPACITY);
    args.within("CAPACITY", capacity, 1, MAX_CAPACITY);
    let per = match per.as_ref().map_or("all", |word| word.0.as_str()) {
        "all" => Per::All,
        "source" => Per::Source,
        "destination" => Per::Destination,
        other => {
            let message = format!("unknown '{other}'; allowed: all, source, destination");
            args.argument_error("PER", &message);
            Per::All
        }
    };
    args.complete()?;
    if bandwidth.unitless {
        configure.warn("BANDWIDTH: no units on bandwidth, assuming Bps");
    }
    let limit = Limit {
        packets: packets.0,
        bytes: bandwidth.bytes_per_second,
        burst: burst.0,
    };
    Ok(Box::new(RateLimiter {
        per,
        limit,
        all: Account::new(limit),
        hosts: BoundedTable::new(capacity as usize),
        cells: None,
    }))
}

impl RateLimiter {
    fn count(&self, which: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(which))
    }

    fn add(&self, which: usize, count: u64) {
        if let Some(cells) = &self.cells {
            cells.add(which, count);
        }
    }

    fn change(&mut self, limit: Limit, router: &mut Router) {
        let now = router.clock.refresh();
        self.limit = limit;
        self.all.adjust(limit, now);
        self.hosts.for_each(|account| account.adjust(limit, now));
    }

    fn set_capacity(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let capacity: u32 = call.value().map_err(|e| format!("CAPACITY: {e}"))?;
        if !(1..=MAX_CAPACITY).contains(&capacity) {
            return Err(format!("CAPACITY: out of range, 1 to {MAX_CAPACITY}"));
        }
        let mut forgotten = 0;
        self.hosts
            .set_capacity(capacity as usize, |_, _| forgotten += 1);
        self.add(FORGOTTEN, forgotten);
        router.set_argument(usize::MAX, "CAPACITY", &capacity.to_string());
        Ok(())
    }

    fn reset(&mut self) {
        self.hosts.clear();
        self.all = Account::new(self.limit);
        if let Some(cells) = &self.cells {
            (0..COUNTS).for_each(|which| cells.set(which, 0));
        }
    }

    fn worst_hosts(&self, call: Call<'_>) -> Result<String, String> {
        let most = how_many(call, DEFAULT_HOSTS, MOST_HOSTS)?;
        let mut all: Vec<_> = self.hosts.iter().map(|(key, a, _)| (key, a)).collect();
        all.sort_by_key(|(key, a)| (std::cmp::Reverse((a.limited, a.passed)), **key));
        let row = |(key, a): (&Address, &Account)| json!({"address": key.to_string(), "passed": a.passed, "limited": a.limited});
        let rows: Vec<_> = all.into_iter().take(most).map(row).collect();
        Ok(json!(rows).to_string())
    }

    /// Whether the packet with these bytes may pass.
    fn admits(&mut self, frame: &[u8], now: u64) -> bool {
        let length = frame.len() as u64;
        if self.per == Per::All {
            return self.all.admits(self.limit, length, now);
        }
        let Some(headers) = Headers::of(frame) else {
            return true;
        };
        let host = match self.per {
            Per::Destination => headers.destination,
            _ => headers.source,
        };
        let limit = self.limit;
        let (account, evicted) = self.hosts.entry(host, now, || Account::new(limit));
        let admitted = account.admits(limit, length, now);
        if evicted.is_some() {
            self.add(FORGOTTEN, 1);
        }
        admitted
    }
}

/// The number a handler's parameter says.
pub(super) fn how_many(call: Call<'_>, default: usize, most: usize) -> Result<usize, String> {
    match call.text.trim() {
        "" => Ok(default),
        text => match text.parse() {
            Ok(count) if (1..=most).contains(&count) => Ok(count),
            _ => Err(format!("'{text}' is no number from 1 to {most}")),
        },
    }
}

impl Element for RateLimiter {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("counts", COUNTS));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.now();
        let came = batch.len() as u64;
        let mut limited = 0;
        pass(0, batch, router, |packet, router| {
            match self.admits(router.pool.data(packet), now) {
                true => Verdict::Keep,
                false => {
                    limited += 1;
                    Verdict::Emit(BEYOND, "rate-exceeded")
                }
            }
        });
        self.add(PASSED, came - limited);
        self.add(LIMITED, limited);
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<RateLimiter>(old)
            && old.per == self.per
        {
            let capacity = self.hosts.capacity();
            std::mem::swap(&mut self.hosts, &mut old.hosts);
            std::mem::swap(&mut self.all, &mut old.all);
            let mut forgotten = 0;
            self.hosts.set_capacity(capacity, |_, _| forgotten += 1);
            self.add(FORGOTTEN, forgotten);
            self.change(self.limit, router);
        }
    }
}
