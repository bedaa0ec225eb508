//! What a new packet takes on from the packet that it stems from.

use weft_core::{Nsh, Packet, Pool};

/// The header that is kept beside a packet, when it came and where. Its mark is not passed on.
#[derive(Clone, Debug, Default)]
pub struct Heritage {
    nsh: Option<Nsh>,
    timestamp: u64,
    device: u32,
}

impl Heritage {
    /// What `packet` passes on.
    pub fn of(packet: &Packet, pool: &Pool) -> Heritage {
        Heritage {
            nsh: pool.nsh(packet).cloned(),
            timestamp: packet.timestamp(),
            device: pool.side(packet).map_or(0, |side| side.device),
        }
    }

    /// Gives it to a packet that is new.
    pub fn pass(self, packet: &mut Packet, pool: &mut Pool) {
        packet.set_timestamp(self.timestamp);
        if self.device != 0 {
            pool.side_mut(packet).device = self.device;
        }
        if let Some(nsh) = self.nsh {
            pool.set_nsh(packet, nsh);
        }
    }
}
