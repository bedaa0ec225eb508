//! What the contract's metadata is on a packet: mark, timestamp and NSH.

use crate::component::MARK;
use weft_component::{Metadata, NshType};
use weft_core::{Nsh, Packet, Pool};
use weft_wire::nsh;

/// Writes down on a packet what the engine said of it.
pub fn note(packet: &mut Packet, metadata: &Metadata, pool: &mut Pool) {
    if metadata.mark != 0 {
        pool.set_annotation(packet, MARK, &metadata.mark.to_le_bytes());
    }
    if metadata.timestamp != 0 {
        packet.set_timestamp(metadata.timestamp);
    }
    let metadata_of_header = match metadata.nsh {
        NshType::None => return,
        NshType::One => nsh::Metadata::Fixed(metadata.context),
        NshType::Two => nsh::Metadata::Variable(Vec::new()),
    };
    let header = nsh::Repr {
        si: metadata.si,
        metadata: metadata_of_header,
        ..nsh::Repr::new(metadata.spi, nsh::next::ETHERNET)
    };
    if let Some(mut header) = Nsh::read(&header.to_bytes(), &[]) {
        header.expose(true);
        pool.set_nsh(packet, header);
    }
}

/// What is to be said of a packet of which the engine said `before`. A header that the body took off
/// stays as it was.
pub fn metadata_of(packet: &Packet, before: &Metadata, pool: &Pool) -> Metadata {
    let mut metadata = Metadata {
        mark: u32::from_le_bytes(pool.annotation(packet, MARK)),
        timestamp: packet.timestamp(),
        ..*before
    };
    let nsh = pool.nsh(packet);
    if let Some(nsh) = nsh.filter(|_| before.nsh != NshType::None) {
        (metadata.spi, metadata.si) = (nsh.spi(), nsh.si());
        metadata.context = *nsh.context();
    }
    metadata
}
