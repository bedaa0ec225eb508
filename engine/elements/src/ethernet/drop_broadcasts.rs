//! # DropBroadcasts()
//!
//! Drops packets that arrived as link-level broadcasts or multicasts, by their packet type.
//!
//! ## Ports
//! One agnostic input. Output 0: the other packets. Output 1, push, if there is one: broadcasts and
//! multicasts, which are dropped otherwise. The first of them is told.
//!
//! ## Handlers
//! - `drops` (r): broadcasts and multicasts so far.
//!
//! ## Example
//! ```click
//! Idle -> HostEtherFilter(02:00:00:00:00:01) -> DropBroadcasts -> Discard;
//! ```
//!
//! ## See also
//! HostEtherFilter

use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, PacketType, Router, Value, Verdict, reader,
};

/// Registers DropBroadcasts.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    handlers: &[reader!(
        DropBroadcasts,
        "drops",
        Value::Unsigned,
        "packets",
        "Broadcasts and multicasts",
        |d, _, _| Ok(d.drops().to_string())
    )],
    ..Class::agnostic("DropBroadcasts", "standard", build)
};

struct DropBroadcasts {
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    configure.args().complete()?;
    Ok(Box::new(DropBroadcasts { cells: None }))
}

impl DropBroadcasts {
    fn drops(&self) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(0))
    }

    #[cold]
    fn refuse(&self, router: &mut Router) -> Verdict {
        if self.drops() == 0 {
            router.console.line("DropBroadcasts: dropped a packet");
        }
        if let Some(cells) = &self.cells {
            cells.add(0, 1);
        }
        Verdict::Emit(1, "broadcast")
    }
}

impl Element for DropBroadcasts {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("drops", 1));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| match packet.packet_type() {
            PacketType::Broadcast | PacketType::Multicast => self.refuse(router),
            _ => Verdict::Keep,
        });
    }
}
