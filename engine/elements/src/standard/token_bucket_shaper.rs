//! # TokenBucketShaper(RATE [, BURST])
//!
//! Gives packets at a bandwidth, and what was saved up at once.
//!
//! ## Ports
//! One pull input, one pull output.
//!
//! ## Arguments
//! - `RATE` *bandwidth*: bits or bytes per second, as `1Mbps` or `125kBps`; bytes if no unit is given.
//!   0 lets nothing pass.
//! - `BURST` *integer* (15000): bytes that may pass at once after a pause; at least 1. The last packet
//!   that begins within them still passes, and what follows waits for it.
//!
//! ## Handlers
//! - `rate` (rw), `burst` (rw): as the arguments; what is written holds at once.
//! - `tokens` (r): bytes that may pass now.
//! - `packets` (r), `bytes` (r): what passed.
//!
//! Packets wait where they are pulled from: put a Queue before it, which drops what it has no room for.
//!
//! ## Example
//! ```click
//! InfiniteSource -> Queue -> TokenBucketShaper(1Mbps, 3000) -> Unqueue -> Discard;
//! ```
//!
//! ## See also
//! BandwidthShaper, Shaper, Queue

use super::token_bucket::TokenBucket;
use weft_core::{
    Batch, Built, Call, Cells, Class, Configure, Element, Place, Router, Value, argument, downcast,
    reader, variable,
};
use weft_lang::value::{Bandwidth, unparse_bandwidth};

const DEFAULT_BURST: u64 = 15_000;
const PACKETS: usize = 0;
const BYTES: usize = 1;

/// Registers TokenBucketShaper.
pub static CLASS: Class = Class {
    processing: "l/l",
    live: true,
    arguments: &[
        argument("RATE", Place::Mandatory, "bandwidth", ""),
        argument("BURST", Place::Optional, "integer", "15000"),
    ],
    handlers: &[
        variable!(
            TokenBucketShaper,
            "rate",
            Value::Text,
            "",
            "The bandwidth packets are given at",
            |s, _, _| Ok(unparse_bandwidth(s.bucket.rate())),
            |s, call, router| s.set_rate(call, router)
        ),
        variable!(
            TokenBucketShaper,
            "burst",
            Value::Unsigned,
            "bytes",
            "Bytes that may pass at once after a pause",
            |s, _, _| Ok(s.burst.to_string()),
            |s, call, router| s.set_burst(call, router)
        ),
        reader!(
            TokenBucketShaper,
            "tokens",
            Value::Unsigned,
            "bytes",
            "Bytes that may pass now",
            |s, _, router| {
                let now = router.clock.now();
                Ok(s.bucket.refill(now).to_string())
            }
        ),
        reader!(
            TokenBucketShaper,
            "packets",
            Value::Unsigned,
            "packets",
            "Packets that passed",
            |s, _, _| Ok(s.passed(PACKETS))
        ),
        reader!(
            TokenBucketShaper,
            "bytes",
            Value::Unsigned,
            "bytes",
            "Bytes that passed",
            |s, _, _| Ok(s.passed(BYTES))
        ),
    ],
    fuzz: &["1Mbps", "0", "100GBps, 1", "8kbps, 100000"],
    ..Class::agnostic("TokenBucketShaper", "standard", build)
};

struct TokenBucketShaper {
    bucket: TokenBucket,
    burst: u64,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let rate: Bandwidth = args.mandatory("RATE");
    let burst: u64 = args.positional("BURST", DEFAULT_BURST);
    args.within("BURST", burst, 1, u64::MAX);
    args.complete()?;
    if rate.unitless {
        configure.warn("RATE: no units on bandwidth, assuming Bps");
    }
    Ok(Box::new(TokenBucketShaper {
        bucket: TokenBucket::full(rate.bytes_per_second, burst),
        burst,
        cells: None,
    }))
}

impl TokenBucketShaper {
    fn passed(&self, which: usize) -> String {
        let cells = self.cells.as_ref();
        cells.map_or(0, |c| c.get(which)).to_string()
    }

    fn set_rate(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let rate: Bandwidth = call.value().map_err(|e| format!("RATE: {e}"))?;
        self.bucket.refill(router.clock.refresh());
        self.bucket.adjust(rate.bytes_per_second, self.burst);
        router.wake_pullers();
        Ok(())
    }

    fn set_burst(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let burst: u64 = call.value().map_err(|e| format!("BURST: {e}"))?;
        if burst == 0 {
            return Err("BURST: out of range, bound 1".into());
        }
        self.burst = burst;
        self.bucket.refill(router.clock.refresh());
        self.bucket.adjust(self.bucket.rate(), burst);
        router.wake_pullers();
        Ok(())
    }
}

impl Element for TokenBucketShaper {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("passed", 2));
        Ok(())
    }

    /// Never called: packets are pulled.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let now = router.clock.now();
        let mut batch = router.new_batch();
        let mut bytes = 0;
        while batch.len() < max {
            if self.bucket.refill(now) == 0 {
                if let Some(at) = self.bucket.next_token() {
                    router.set_timer(0, at);
                }
                break;
            }
            let mut got = router.pull(0, 1);
            let Some(packet) = got.pop() else {
                router.recycle(got);
                break;
            };
            router.recycle(got);
            bytes += packet.len() as u64;
            self.bucket.overdraw(packet.len() as u64);
            batch.push(packet);
        }
        if let Some(cells) = &self.cells {
            cells.add(PACKETS, batch.len() as u64);
            cells.add(BYTES, bytes);
        }
        batch
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        router.wake_pullers();
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<TokenBucketShaper>(old)
            && old.bucket.rate() == self.bucket.rate()
            && old.burst == self.burst
        {
            self.bucket = old.bucket.clone();
        }
        router.wake_pullers();
    }

    fn configuration(&self) -> Option<String> {
        let rate = unparse_bandwidth(self.bucket.rate());
        Some(format!("{rate}, {}", self.burst))
    }
}
