//! # SetIPChecksum()
//!
//! Computes and writes the checksum of the IP header.
//!
//! ## Ports
//! One agnostic input, one agnostic output.
//!
//! The header is where the packet is marked to have it, else at the packet's start. A packet that
//! holds no whole header there is dropped; the first such packet is told.
//!
//! ## Handlers
//! - `drops` (r): packets dropped.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> StoreIPAddress(10.0.0.1, 12) -> SetIPChecksum -> Discard;
//! ```
//!
//! ## See also
//! CheckIPHeader, StoreIPAddress

use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Packet, Pool, REASON_NO_BUFFER, Router, Value,
    Verdict, reader,
};
use weft_wire::{checksum, ipv4};

/// Registers SetIPChecksum.
pub static CLASS: Class = Class {
    handlers: &[reader!(
        SetIPChecksum,
        "drops",
        Value::Unsigned,
        "packets",
        "Packets without a whole header",
        |s, _, _| Ok(s.drops().to_string())
    )],
    ..Class::agnostic("SetIPChecksum", "ip", build)
};

struct SetIPChecksum {
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(SetIPChecksum { cells: None }))
}

/// Writes the checksum; false when there is no whole header. `None` when no frame is free.
#[inline]
fn set_checksum(packet: &mut Packet, pool: &mut Pool) -> Option<bool> {
    let at = packet.network().unwrap_or(packet.offset());
    let bytes = pool.from_position_mut(packet, at)?;
    let length = usize::from(bytes.first().copied().unwrap_or(0) & 0xf) * 4;
    if length < ipv4::HEADER_LEN || length > bytes.len() {
        return Some(false);
    }
    let header = &mut bytes[..length];
    let sum = checksum::ipv4_header(header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    Some(true)
}

impl SetIPChecksum {
    fn drops(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
    }

    #[cold]
    fn refuse(&self, router: &mut Router) -> Verdict {
        if self.drops() == 0 {
            router.console.line("SetIPChecksum: bad input packet");
        }
        if let Some(cells) = &self.cells {
            cells.add(0, 1);
        }
        Verdict::Drop("no-ip-header")
    }
}

impl Element for SetIPChecksum {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("drops", 1));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| {
            match set_checksum(packet, &mut router.pool) {
                Some(true) => Verdict::Keep,
                Some(false) => self.refuse(router),
                None => Verdict::Drop(REASON_NO_BUFFER),
            }
        });
    }
}
