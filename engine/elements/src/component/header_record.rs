//! A Network Service Header that is kept beside a packet, as a metadata record tells it.

use weft_component::{Metadata, NshType};
use weft_core::Nsh;
use weft_wire::nsh::{self, md_type};

/// Writes down all of `header`; its context headers are counted only.
pub fn tell(header: &Nsh, metadata: &mut Metadata) {
    metadata.nsh = match header.md_type() {
        md_type::FIXED => NshType::One,
        md_type::VARIABLE => NshType::Two,
        _ => NshType::Experiment,
    };
    metadata.tlvs = match metadata.nsh {
        NshType::Two => header.options().len() as u16,
        _ => 0,
    };
    (metadata.spi, metadata.si) = (header.spi(), header.si());
    metadata.context = *header.context();
    (metadata.ttl, metadata.oam) = (header.ttl(), header.is_oam());
    metadata.next_protocol = header.next_protocol();
}

/// The header that was told, with context headers that lay elsewhere; `None` where none was.
pub fn header_of(metadata: &Metadata, tlvs: &[u8]) -> Option<Nsh> {
    let repr = nsh::Repr {
        oam: metadata.oam,
        ttl: metadata.ttl,
        si: metadata.si,
        metadata: match metadata.nsh {
            NshType::None => return None,
            NshType::One => nsh::Metadata::Fixed(metadata.context),
            NshType::Two | NshType::Experiment => nsh::Metadata::Variable(Vec::new()),
        },
        ..nsh::Repr::new(metadata.spi, metadata.next_protocol)
    };
    let mut bytes = repr.to_bytes();
    if metadata.nsh == NshType::Experiment {
        bytes[2] = md_type::EXPERIMENT;
    }
    let mut header = Nsh::read(&bytes, &[])?;
    if metadata.nsh == NshType::Two && !header.set_options(tlvs) {
        return None;
    }
    header.expose(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(nsh: NshType) -> Metadata {
        Metadata {
            spi: 0x01_0203,
            si: 4,
            nsh,
            ttl: 5,
            oam: true,
            next_protocol: 6,
            ..Metadata::default()
        }
    }

    #[test]
    fn a_header_is_told_and_made_again() {
        let fixed = Metadata {
            context: [7; 16],
            ..told(NshType::One)
        };
        let variable = Metadata {
            tlvs: 8,
            ..told(NshType::Two)
        };
        let tlvs = [1, 2, 3, 1, 9, 0, 0, 0];
        for (metadata, tlvs) in [
            (fixed, &[][..]),
            (variable, &tlvs),
            (told(NshType::Two), &[]),
            (told(NshType::Experiment), &[]),
        ] {
            let header = header_of(&metadata, tlvs).unwrap();
            let mut again = Metadata::default();
            tell(&header, &mut again);
            assert_eq!((again, header.options()), (metadata, tlvs));
            assert!(header.is_exposed());
        }
    }

    #[test]
    fn what_is_no_header_is_not_made() {
        assert_eq!(header_of(&told(NshType::None), &[]), None);
        assert_eq!(header_of(&told(NshType::Two), &[1, 2, 3, 9]), None);
    }
}
