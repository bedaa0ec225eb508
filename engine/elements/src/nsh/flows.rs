//! Headers by flow, for functions from which packets come back without what was noted of them.

use super::flow::Flow;
use lru::LruCache;
use std::num::NonZeroUsize;
use weft_core::{Nsh, SECOND};

/// The last header of each flow; the flow not seen for longest makes room for a new one.
pub(super) struct Flows {
    headers: LruCache<Flow, (Nsh, u64)>,
    /// How long a header is good after its flow's last packet, in nanoseconds.
    timeout: u64,
}

impl Flows {
    /// At most `capacity` flows; headers are good for `timeout` seconds.
    pub fn new(capacity: NonZeroUsize, timeout: u32) -> Self {
        // Made unbounded it takes memory as flows come, not all at once.
        let mut headers = LruCache::unbounded();
        headers.resize(capacity);
        let timeout = u64::from(timeout) * SECOND;
        Flows { headers, timeout }
    }

    /// Notes that a packet of the flow of `frame` came with header `nsh`.
    pub fn learn(&mut self, frame: &[u8], nsh: &Nsh, now: u64) {
        if let Some(flow) = Flow::of(frame) {
            self.headers.put(flow, (nsh.clone(), now));
        }
    }

    /// The header the last packet of the flow of `frame` came with.
    pub fn find(&mut self, frame: &[u8], now: u64) -> Option<Nsh> {
        let (nsh, seen) = self.headers.get(&Flow::of(frame)?)?;
        (now.saturating_sub(*seen) <= self.timeout).then(|| nsh.clone())
    }

    /// Flows known.
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Takes over what `old` knows.
    pub fn take_over(&mut self, old: &mut Flows) {
        while let Some((flow, header)) = old.headers.pop_lru() {
            self.headers.put(flow, header);
        }
    }
}
