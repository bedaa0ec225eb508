//! The names of a graph (AddressInfo, PortInfo) as rules and routes look them up.

use weft_classify::names::{NameKind as Kind, Names};
use weft_lang::NameKind;

/// A graph's names.
pub struct GraphNames<'a>(pub &'a dyn weft_lang::Names);

impl GraphNames<'_> {
    fn bytes<const N: usize>(&self, kind: NameKind, name: &str) -> Option<[u8; N]> {
        self.0.lookup(kind, name)?.try_into().ok()
    }
}

impl Names for GraphNames<'_> {
    fn number(&self, kind: Kind, name: &str) -> Option<u32> {
        let kind = match kind {
            Kind::IpProtocol => NameKind::IpProtocol,
            Kind::TcpPort => NameKind::TcpPort,
            Kind::UdpPort => NameKind::UdpPort,
            Kind::TcpOption | Kind::IcmpType => return None,
        };
        let bytes = self.0.lookup(kind, name).filter(|b| b.len() <= 4)?;
        Some(bytes.iter().fold(0, |n, b| n << 8 | u32::from(*b)))
    }

    fn ip_address(&self, name: &str) -> Option<u32> {
        self.bytes(NameKind::Ip4, name).map(u32::from_be_bytes)
    }

    fn ip_prefix(&self, name: &str) -> Option<(u32, u32)> {
        let [a, b, c, d, e, f, g, h] = self.bytes(NameKind::Ip4Prefix, name)?;
        Some((
            u32::from_be_bytes([a, b, c, d]),
            u32::from_be_bytes([e, f, g, h]),
        ))
    }

    fn mac_address(&self, name: &str) -> Option<[u8; 6]> {
        self.bytes(NameKind::Ether, name)
    }
}
