//! Which of the file's records FromDump makes packets of, and when.

use super::{FromDump, SAMPLE_ONE};
use crate::userlevel::time_window::Place;
use weft_core::{Batch, REASON_NO_BUFFER, Router};
use weft_io::pcap::{LinkType, Record};

/// Records looked at per scheduling, taken or not.
const LOOKED_AT: usize = 1024;
/// The extra-length annotation.
const EXTRA_LENGTH: usize = 28;

/// Why no more packets were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// The batch is full, or enough records were looked at.
    Enough,
    /// The next packet is not due: the timer is set.
    Early,
    /// The file, or the wanted part of it, has ended.
    End,
}

impl FromDump {
    /// The next record. A damaged file is told of, and ends.
    fn peek(&mut self, router: &mut Router) -> Option<Record> {
        match self.reader.as_mut()?.peek() {
            Ok(record) => record,
            Err(problem) => {
                router.console.line(&problem);
                None
            }
        }
    }

    fn skip(&mut self, record: &Record) {
        if let Some(reader) = &mut self.reader {
            reader.advance(record);
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

    /// Adds at most `max` packets to `batch`.
    pub(super) fn fill(&mut self, batch: &mut Batch, max: usize, router: &mut Router) -> Pause {
        for _ in 0..LOOKED_AT {
            if batch.len() >= max {
                return Pause::Enough;
            }
            let Some(record) = self.peek(router) else {
                return Pause::End;
            };
            match self.window.place(record.timestamp) {
                Place::Inside => {}
                Place::Before => {
                    self.skip(&record);
                    continue;
                }
                // What came before must be on its way when the end is acted on.
                Place::After if !batch.is_empty() => return Pause::Enough,
                Place::After => {
                    self.window.ignore_end();
                    self.finish(router);
                    self.ended = false;
                    if !self.active {
                        self.skip(&record);
                        return Pause::Enough;
                    }
                    continue;
                }
            }
            if self.timing && !self.is_due(record.timestamp, router) {
                return Pause::Early;
            }
            let taken = self.sample == SAMPLE_ONE
                || (router.random.next_u64() as u32 & (SAMPLE_ONE - 1)) < self.sample;
            if taken {
                self.take(&record, batch, router);
            }
            self.skip(&record);
        }
        Pause::Enough
    }

    #[inline]
    fn take(&mut self, record: &Record, batch: &mut Batch, router: &mut Router) {
        let Some(reader) = &self.reader else { return };
        let Some(mut packet) = router.pool.copy_in(reader.data(record)) else {
            router.count_reason(REASON_NO_BUFFER, 1);
            return;
        };
        self.packet_position = reader.position();
        packet.set_timestamp(record.timestamp);
        if self.link_type == LinkType::RAW_IP {
            packet.set_network(0, 0);
        } else {
            packet.set_mac_here();
        }
        let extra = record.length.saturating_sub(record.captured as u32);
        if extra > 0 {
            let bytes = extra.to_ne_bytes();
            router
                .pool
                .set_annotation(&mut packet, EXTRA_LENGTH, &bytes);
        }
        batch.push(packet);
    }
}
