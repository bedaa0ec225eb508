//! What sources make their packets of: data, repeated or cut to a length, kept as one packet that
//! all others share.

use weft_core::{Batch, HEADROOM, MAX_FRAME, Packet, Router};

/// Bytes of a packet nobody gave data for.
pub const DEFAULT_DATA: &str =
    "Random bullshit in a packet, at least 64 bytes long. Well, now it is.";

/// A packet to be copied.
pub struct PacketTemplate {
    /// The data as configured.
    pub data: Vec<u8>,
    /// Length asked for; negative: that of the data.
    pub length: i64,
    /// Bytes kept free in front.
    pub headroom: usize,
    packet: Option<Packet>,
}

impl PacketTemplate {
    /// A template, not in memory yet.
    ///
    /// # Errors
    /// When no frame can hold the packet.
    pub fn new(data: Vec<u8>, length: i64) -> Result<Self, String> {
        let template = PacketTemplate {
            data,
            length,
            headroom: HEADROOM,
            packet: None,
        };
        template.check()?;
        Ok(template)
    }

    /// Bytes of a packet.
    pub fn packet_length(&self) -> usize {
        match usize::try_from(self.length) {
            Ok(_) if self.data.is_empty() => 0,
            Ok(length) => length,
            Err(_) => self.data.len(),
        }
    }

    fn check(&self) -> Result<(), String> {
        let length = self.packet_length();
        match length > MAX_FRAME {
            true => Err(format!(
                "packets of {length} bytes are too long, max {MAX_FRAME}"
            )),
            false => Ok(()),
        }
    }

    /// Makes the packet that is copied.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn prepare(&mut self, router: &mut Router) -> Result<(), String> {
        let length = self.packet_length();
        let mut packet = router
            .pool
            .alloc(length, self.headroom)
            .ok_or("out of memory")?;
        if let Some(bytes) = router.pool.data_mut(&mut packet) {
            for (byte, data) in bytes.iter_mut().zip(self.data.iter().cycle()) {
                *byte = *data;
            }
        }
        self.release(router);
        self.packet = Some(packet);
        Ok(())
    }

    /// Changes the template with `change`; on an error it is as before.
    ///
    /// # Errors
    /// When the packet cannot be made.
    pub fn change(
        &mut self,
        router: &mut Router,
        change: impl FnOnce(&mut Self),
    ) -> Result<(), String> {
        let before = (self.data.clone(), self.length, self.headroom);
        change(self);
        let outcome = self.check().and_then(|()| self.prepare(router));
        if outcome.is_err() {
            (self.data, self.length, self.headroom) = before;
        }
        outcome
    }

    /// Adds `count` packets to `batch`, stamped with the time if `timestamp`.
    pub fn make(&mut self, count: usize, timestamp: bool, batch: &mut Batch, router: &mut Router) {
        let Some(template) = &mut self.packet else {
            return;
        };
        let time = if timestamp {
            router.clock.timestamp()
        } else {
            0
        };
        template.set_timestamp(time);
        router.pool.duplicate_run(template, count, batch);
    }

    /// Gives the packet back.
    pub fn release(&mut self, router: &mut Router) {
        if let Some(packet) = self.packet.take() {
            router.pool.free(packet);
        }
    }
}
