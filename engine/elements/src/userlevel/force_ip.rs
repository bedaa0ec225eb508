//! Finding the IP header behind a capture's link header: what FORCE_IP of FromDump and FromDevice
//! does.

use weft_core::{Packet, Pool};
use weft_io::pcap::LinkType;
use weft_wire::ipv4;

const IPV6_HEADER: usize = 40;
const SNAP: [u8; 3] = [0xaa, 0xaa, 0x03];

/// Whether [`mark_ip`] knows frames of this link type.
pub fn is_known(link_type: LinkType) -> bool {
    const KNOWN: [LinkType; 8] = [
        LinkType::RAW_IP,
        LinkType::ETHERNET,
        LinkType::FDDI,
        LinkType::ATM,
        LinkType::LINUX_SLL,
        LinkType::HDLC,
        LinkType::PPP,
        LinkType::PPP_HDLC,
    ];
    KNOWN.contains(&link_type) || link_type == LinkType::NULL
}

fn is_ip(ether_type: Option<&[u8]>) -> bool {
    matches!(ether_type, Some([0x08, 0x00] | [0x86, 0xdd]))
}

/// Where the IP header of a frame begins, going by its link header alone.
fn ip_position(link_type: LinkType, frame: &[u8]) -> Option<usize> {
    let behind = |type_at: usize| is_ip(frame.get(type_at..type_at + 2)).then_some(type_at + 2);
    let snap_at = |at: usize| {
        let is_snap = frame.get(at..at + 3) == Some(&SNAP);
        is_snap.then(|| behind(at + 6)).flatten()
    };
    match link_type {
        LinkType::RAW_IP => Some(0),
        LinkType::ETHERNET if frame.get(12..14) == Some(&[0x81, 0x00]) => behind(16),
        LinkType::ETHERNET => behind(12),
        LinkType::FDDI if frame.first().is_some_and(|c| c & 0xf0 == 0x50) => snap_at(13),
        LinkType::ATM => snap_at(0),
        LinkType::LINUX_SLL => behind(14),
        LinkType::HDLC => behind(2),
        LinkType::PPP_HDLC if frame.first() != Some(&0xff) => behind(2),
        LinkType::PPP_HDLC => matches!(frame.get(2..4)?, [0, 0x21 | 0x57]).then_some(4),
        LinkType::PPP => ppp_payload(frame),
        LinkType::NULL => {
            let family = frame.get(..4)?;
            let host = u16::from_le_bytes([family[0], family[1]]);
            let other = u16::from_be_bytes([family[2], family[3]]);
            let family = if host == 0 { other } else { host };
            matches!(family, 2 | 24 | 28 | 30).then_some(4)
        }
        _ => None,
    }
}

/// Where the payload of a PPP frame begins, when it is IP; address, control and the first byte of
/// the protocol may be left out.
fn ppp_payload(frame: &[u8]) -> Option<usize> {
    let at = if frame.starts_with(&[0xff, 0x03]) {
        2
    } else {
        0
    };
    match frame.get(at..at + 2)? {
        [0x21 | 0x57, _] => Some(at + 1),
        [0, 0x21 | 0x57] => Some(at + 2),
        _ => None,
    }
}

/// Sets the network header, transport header and destination address of a packet that holds a
/// whole IP header. False, and nothing is changed, when it does not.
pub fn mark_ip(packet: &mut Packet, pool: &Pool, link_type: LinkType) -> bool {
    let frame = pool.data(packet);
    let Some(at) = ip_position(link_type, frame) else {
        return false;
    };
    let ip = frame.get(at..).unwrap_or_default();
    let version = ip.first().map(|b| b >> 4);
    let (header, destination) = match (version, ip.len()) {
        (Some(4), 20..) => {
            let header = usize::from(ip[0] & 15) * 4;
            if header < ipv4::HEADER_LEN || header > ip.len() {
                return false;
            }
            let address = u32::from_be_bytes([ip[16], ip[17], ip[18], ip[19]]);
            (header, Some(address))
        }
        (Some(6), 40..) => (IPV6_HEADER, None),
        _ => return false,
    };
    packet.set_network(at, header);
    if let Some(address) = destination {
        packet.set_destination(address);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip_is_found_behind_every_known_link_header() {
        let at = |link_type: LinkType, hex: &str| {
            let bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
                .collect();
            ip_position(link_type, &bytes)
        };
        let macs = "ffffffffffff020000000001";
        assert_eq!(at(LinkType::RAW_IP, ""), Some(0));
        assert_eq!(at(LinkType::ETHERNET, &format!("{macs}0800")), Some(14));
        assert_eq!(
            at(LinkType::ETHERNET, &format!("{macs}8100000586dd")),
            Some(18)
        );
        assert_eq!(at(LinkType::ETHERNET, &format!("{macs}0806")), None);
        assert_eq!(at(LinkType::ETHERNET, "ffff"), None);
        assert_eq!(at(LinkType::ATM, "aaaa030000000800"), Some(8));
        assert_eq!(at(LinkType::ATM, "aaaa03"), None);
        assert_eq!(
            at(LinkType::FDDI, &format!("50{macs}aaaa030000000800")),
            Some(21)
        );
        assert_eq!(
            at(LinkType::LINUX_SLL, &format!("{}0800", "00".repeat(14))),
            Some(16)
        );
        assert_eq!(at(LinkType::HDLC, "0f000800"), Some(4));
        assert_eq!(at(LinkType::PPP, "ff0321"), None);
        assert_eq!(at(LinkType::PPP, "ff030021"), Some(4));
        assert_eq!(at(LinkType::PPP, "2145"), Some(1));
        assert_eq!(at(LinkType::PPP_HDLC, "ff030021"), Some(4));
        assert_eq!(at(LinkType::NULL, "02000000"), Some(4));
        assert_eq!(at(LinkType::NULL, "00000018"), Some(4));
        assert_eq!(at(LinkType(147), "45"), None);
    }
}
