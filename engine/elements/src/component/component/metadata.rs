//! What a component is told of a packet, and what it says of it.

use crate::component::MARK;
use weft_component::{Metadata, NshType, feature};
use weft_core::{Nsh, Packet, Router};

/// What a component is told of a packet, if there is anything to tell.
pub fn metadata_of(packet: &Packet, features: u32, router: &Router) -> Option<Metadata> {
    let mark = u32::from_le_bytes(router.pool.annotation(packet, MARK));
    let nsh = router.pool.side(packet).and_then(|side| side.nsh);
    let timestamp = if features & feature::TIMESTAMPS != 0 {
        packet.timestamp()
    } else {
        0
    };
    if mark == 0 && nsh.is_none() && timestamp == 0 {
        return None;
    }
    let header = nsh.unwrap_or_default();
    Some(Metadata {
        mark,
        spi: header.spi,
        si: header.si,
        nsh: match header.md_type {
            1 => NshType::One,
            2 => NshType::Two,
            _ => NshType::None,
        },
        timestamp: packet.timestamp(),
        context: header.context,
    })
}

/// The packet with what a component says of it.
pub fn with_metadata(mut packet: Packet, metadata: &Metadata, router: &mut Router) -> Packet {
    let mark = metadata.mark.to_le_bytes();
    router.pool.set_annotation(&mut packet, MARK, &mark);
    if metadata.timestamp != 0 {
        packet.set_timestamp(metadata.timestamp);
    }
    let had = router.pool.side(&packet).and_then(|side| side.nsh);
    if let Some(had) = had {
        router.pool.side_mut(&mut packet).nsh = Some(Nsh {
            spi: metadata.spi,
            si: metadata.si,
            context: metadata.context,
            ..had
        });
    }
    packet
}
