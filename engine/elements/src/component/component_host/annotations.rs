//! What the contract's metadata is on a packet: mark, timestamp and NSH.

use crate::component::MARK;
use weft_component::{Metadata, NshType};
use weft_core::{Nsh, Packet, Pool};

/// Writes down on a packet what the engine said of it.
pub fn note(packet: &mut Packet, metadata: &Metadata, pool: &mut Pool) {
    if metadata.mark != 0 {
        pool.set_annotation(packet, MARK, &metadata.mark.to_le_bytes());
    }
    if metadata.timestamp != 0 {
        packet.set_timestamp(metadata.timestamp);
    }
    let md_type = match metadata.nsh {
        NshType::None => return,
        NshType::One => 1,
        NshType::Two => 2,
    };
    pool.side_mut(packet).nsh = Some(Nsh {
        md_type,
        spi: metadata.spi,
        si: metadata.si,
        context: metadata.context,
    });
}

/// What is to be said of a packet of which the engine said `before`. A header that the body took off
/// stays as it was.
pub fn metadata_of(packet: &Packet, before: &Metadata, pool: &Pool) -> Metadata {
    let mut metadata = Metadata {
        mark: u32::from_le_bytes(pool.annotation(packet, MARK)),
        timestamp: packet.timestamp(),
        ..*before
    };
    let nsh = pool.side(packet).and_then(|side| side.nsh);
    if let Some(nsh) = nsh.filter(|_| before.nsh != NshType::None) {
        (metadata.spi, metadata.si, metadata.context) = (nsh.spi, nsh.si, nsh.context);
    }
    metadata
}
