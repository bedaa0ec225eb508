//! What FromDevice notes on the packets received, and where they go.

use super::FromDevice;
use crate::userlevel::force_ip;
use weft_core::{Batch, MAX_BATCH, Router, Verdict};

/// The extra-length annotation.
const EXTRA_LENGTH: usize = 28;

impl FromDevice {
    pub(super) fn annotate(&self, batch: &mut Batch, router: &mut Router) {
        let now = if self.timestamp {
            router.clock.timestamp()
        } else {
            0
        };
        for packet in batch.iter_mut() {
            if !self.timestamp || packet.timestamp() == 0 {
                packet.set_timestamp(now);
            }
            let longest = self.snaplen.map_or(usize::MAX, |s| s as usize);
            let extra = packet.len().saturating_sub(longest);
            if extra > 0 && packet.take(extra) {
                let bytes = (extra as u32).to_ne_bytes();
                router.pool.set_annotation(packet, EXTRA_LENGTH, &bytes);
            }
        }
    }

    /// Hands the packets on, IP packets by output 0 where only they are wanted.
    pub(super) fn hand_on(&self, mut batch: Batch, router: &mut Router) {
        if self.force_ip {
            let link_type = self.link_type();
            router.filter(&mut batch, |packet, router| {
                if force_ip::mark_ip(packet, &router.pool, link_type) {
                    Verdict::Keep
                } else {
                    Verdict::Emit(1, "not-ip")
                }
            });
        }
        while batch.len() > MAX_BATCH {
            let mut part = router.new_batch();
            part.extend(batch.drain(..MAX_BATCH));
            router.emit_batch(0, part);
        }
        router.emit_batch(0, batch);
    }
}
