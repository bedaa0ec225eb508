//! What a component is told of a packet, and what it says of it.

use crate::component::{MARK, header_record};
use weft_component::{LinkMemory, MOST_TLVS, Metadata, NshType, feature};
use weft_core::{Nsh, Packet, Router};
use weft_wire::nsh::md_type;

/// Where an attachment has what is known of its packets, and how much its component understands.
pub struct Records<'a> {
    pub memory: &'a LinkMemory,
    pub features: u32,
}

impl Records<'_> {
    /// Writes down what is known of a packet that goes out as `index`; false if that is nothing.
    pub fn tell(&self, index: u32, packet: &Packet, router: &Router) -> bool {
        let mark = u32::from_le_bytes(router.pool.annotation(packet, MARK));
        let nsh = router.pool.nsh(packet);
        let kept = self.features & feature::KEPT != 0 && nsh.is_some();
        let nsh = nsh.filter(|nsh| nsh.is_exposed());
        let timed = self.features & feature::TIMESTAMPS != 0 && packet.timestamp() != 0;
        if mark == 0 && nsh.is_none() && !timed && !kept {
            return false;
        }
        let mut metadata = Metadata {
            mark,
            timestamp: packet.timestamp(),
            kept,
            ..Metadata::default()
        };
        if let Some(nsh) = nsh {
            self.tell_header(index, nsh, &mut metadata);
        }
        self.memory.set_metadata(index, &metadata);
        true
    }

    fn tell_header(&self, index: u32, nsh: &Nsh, metadata: &mut Metadata) {
        header_record::tell(nsh, metadata);
        if self.features & feature::NSH == 0 {
            (metadata.ttl, metadata.oam, metadata.next_protocol) = (0, false, 0);
            metadata.tlvs = 0;
        } else if metadata.tlvs > 0 {
            self.memory.set_tlvs(index, nsh.options());
        }
    }

    /// The packet with what the component says of it, read once; `Err` where what it left for context headers is
    /// none.
    pub fn heed(
        &self,
        index: u32,
        mut packet: Packet,
        router: &mut Router,
    ) -> Result<Packet, Packet> {
        let metadata = self.memory.metadata(index);
        let mark = metadata.mark.to_le_bytes();
        router.pool.set_annotation(&mut packet, MARK, &mark);
        if metadata.timestamp != 0 {
            packet.set_timestamp(metadata.timestamp);
        }
        let nsh = router.pool.nsh_mut(&mut packet);
        let nsh = nsh.filter(|nsh| nsh.is_exposed() && metadata.nsh != NshType::None);
        if nsh.is_none_or(|nsh| self.heed_header(index, &metadata, nsh)) {
            Ok(packet)
        } else {
            Err(packet)
        }
    }

    fn heed_header(&self, index: u32, metadata: &Metadata, nsh: &mut Nsh) -> bool {
        nsh.set_path(metadata.spi, metadata.si);
        nsh.set_context(&metadata.context);
        if self.features & feature::NSH == 0 || nsh.md_type() != md_type::VARIABLE {
            return true;
        }
        let mut bytes = [0; MOST_TLVS];
        let Some(tlvs) = bytes.get_mut(..usize::from(metadata.tlvs)) else {
            return false;
        };
        self.memory.tlvs(index, tlvs) && (*tlvs == *nsh.options() || nsh.set_options(tlvs))
    }
}
