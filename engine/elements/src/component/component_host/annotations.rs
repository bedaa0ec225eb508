//! What the contract's metadata is on a packet: mark, timestamp and NSH.

use crate::component::{MARK, header_record};
use weft_component::Metadata;
use weft_core::{Packet, Pool};

/// Writes down on a packet what the engine said of it; `tlvs` are its context headers.
pub fn note(packet: &mut Packet, metadata: &Metadata, tlvs: &[u8], pool: &mut Pool) {
    if metadata.mark != 0 {
        pool.set_annotation(packet, MARK, &metadata.mark.to_le_bytes());
    }
    if metadata.timestamp != 0 {
        packet.set_timestamp(metadata.timestamp);
    }
    if let Some(header) = header_record::header_of(metadata, tlvs) {
        pool.set_nsh(packet, header);
    }
}

/// What is to be said of a packet of which the engine said `before`, and its context headers; `None` where those
/// are as they were, as is a header that the body took off.
pub fn said<'a>(
    packet: &Packet,
    before: &Metadata,
    pool: &'a Pool,
) -> (Metadata, Option<&'a [u8]>) {
    let mut metadata = Metadata {
        mark: u32::from_le_bytes(pool.annotation(packet, MARK)),
        timestamp: packet.timestamp(),
        ..*before
    };
    let header = pool.nsh(packet);
    if let Some(header) = header {
        header_record::tell(header, &mut metadata);
    }
    (metadata, header.map(|header| header.options()))
}
