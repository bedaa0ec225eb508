//! The packets FromIPSummaryDump makes of a draft, and when they come.

use super::{FromIPSummaryDump, SAMPLE_ONE};
use crate::analysis::summary::Draft;
use weft_core::{Batch, Packet, REASON_NO_BUFFER, Router, Task};

/// The most packets made from one line.
const MOST_COPIES: u64 = 1 << 16;
const EXTRA_LENGTH: usize = 28;
const EXTRA_PACKETS: usize = 24;

impl FromIPSummaryDump {
    /// Makes the packet of a draft, or the packets it stands for.
    pub(super) fn make(&mut self, draft: &Draft, router: &mut Router) {
        let made = draft.make(&self.defaults, self.checksum, &mut router.pool);
        let Some(mut packet) = made else {
            router.count_reason(REASON_NO_BUFFER, 1);
            return;
        };
        let count = if self.multipacket {
            draft.count().min(MOST_COPIES)
        } else {
            1
        };
        if count > 1 {
            let extra = router.pool.annotation::<4>(&packet, EXTRA_LENGTH);
            let total = packet.len() as u64 + u64::from(u32::from_ne_bytes(extra));
            let each = (total / count).saturating_sub(packet.len() as u64) as u32;
            router
                .pool
                .set_annotation(&mut packet, EXTRA_PACKETS, &[0; 4]);
            router
                .pool
                .set_annotation(&mut packet, EXTRA_LENGTH, &each.to_ne_bytes());
        }
        for _ in 1..count {
            let copy = router.pool.duplicate(&packet);
            self.ready.push(copy);
        }
        self.ready.push(packet);
        if self.sample < SAMPLE_ONE {
            for packet in std::mem::take(&mut self.ready) {
                if (router.random.next_u64() as u32 & (SAMPLE_ONE - 1)) < self.sample {
                    self.ready.push(packet);
                } else {
                    router.pool.free(packet);
                }
            }
        }
    }

    /// Whether a packet of time `timestamp` may come now; if not, the timer is set.
    fn is_due(&mut self, timestamp: u64, router: &mut Router) -> bool {
        let now = router.clock.now();
        let (began, first) = *self.origin.get_or_insert((now, timestamp));
        let due = began.saturating_add(timestamp.saturating_sub(first));
        if due > now && due > router.clock.refresh() {
            router.set_timer(0, due);
            return false;
        }
        true
    }

    /// Adds at most `max` packets to `batch`. What the task does then.
    pub(super) fn fill(&mut self, batch: &mut Batch, max: usize, router: &mut Router) -> Task {
        while batch.len() < max {
            if self.ready.is_empty() {
                if !self.read(router) {
                    if !batch.is_empty() {
                        return Task::Again;
                    }
                    self.finish(router);
                    return Task::Sleep;
                }
                if self.ready.is_empty() {
                    return Task::Again;
                }
            }
            let next = self.ready.last().map_or(0, Packet::timestamp);
            if self.timing && !self.is_due(next, router) {
                return Task::Sleep;
            }
            batch.extend(self.ready.pop());
        }
        Task::Again
    }

    fn finish(&mut self, router: &mut Router) {
        if !std::mem::replace(&mut self.ended, true) && self.stop {
            router.request_stop();
        }
    }
}
