//! What a component is told of a packet, and what it says of it.

use crate::component::MARK;
use weft_component::{Metadata, NshType, feature};
use weft_core::{Packet, Router};
use weft_wire::nsh::md_type;

/// What a component is told of a packet, if there is anything to tell.
pub fn metadata_of(packet: &Packet, features: u32, router: &Router) -> Option<Metadata> {
    let mark = u32::from_le_bytes(router.pool.annotation(packet, MARK));
    let nsh = router.pool.nsh(packet).filter(|nsh| nsh.is_exposed());
    let timestamp = if features & feature::TIMESTAMPS != 0 {
        packet.timestamp()
    } else {
        0
    };
    if mark == 0 && nsh.is_none() && timestamp == 0 {
        return None;
    }
    let mut metadata = Metadata {
        mark,
        spi: 0,
        si: 0,
        nsh: NshType::None,
        timestamp: packet.timestamp(),
        context: [0; 16],
    };
    if let Some(nsh) = nsh {
        metadata.nsh = match nsh.md_type() {
            md_type::FIXED => NshType::One,
            _ => NshType::Two,
        };
        (metadata.spi, metadata.si) = (nsh.spi(), nsh.si());
        metadata.context = *nsh.context();
    }
    Some(metadata)
}

/// The packet with what a component says of it.
pub fn with_metadata(mut packet: Packet, metadata: &Metadata, router: &mut Router) -> Packet {
    let mark = metadata.mark.to_le_bytes();
    router.pool.set_annotation(&mut packet, MARK, &mark);
    if metadata.timestamp != 0 {
        packet.set_timestamp(metadata.timestamp);
    }
    let nsh = router.pool.nsh_mut(&mut packet);
    if let Some(nsh) = nsh.filter(|nsh| nsh.is_exposed()) {
        nsh.set_path(metadata.spi, metadata.si);
        nsh.set_context(&metadata.context);
    }
    packet
}
