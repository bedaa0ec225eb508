//! ICMP error messages about IPv4 packets (RFC 792): when there may be one, and its bytes.

use crate::ip::header::is_multicast;
use weft_wire::icmp::kind;
use weft_wire::{checksum, icmp, ipv4, protocol};

/// Time to live of messages.
const TTL: u8 = 200;

/// Whether messages of type `kind` tell errors.
pub(super) fn is_error(kind: u8) -> bool {
    matches!(
        kind,
        kind::UNREACHABLE
            | kind::SOURCE_QUENCH
            | kind::REDIRECT
            | kind::TIME_EXCEEDED
            | kind::PARAMETER_PROBLEM
    )
}

/// Why no message may be sent about a packet with header `ip`, behind which comes `payload` (RFC 1812,
/// 4.3.2.7). `is_to_one` says whether it came to one station of its link, `bad` which addresses are no hosts'.
pub(super) fn refusal(
    ip: &ipv4::Packet<ipv4::HeaderCopy>,
    payload: &[u8],
    is_to_one: bool,
    bad: &[u32],
) -> Option<&'static str> {
    if ip.protocol() == protocol::ip::ICMP
        && (payload.len() < 4 || payload.first().is_some_and(|k| is_error(*k)))
    {
        return Some("about-icmp-error");
    }
    if !is_to_one || !is_unicast(ip.destination(), bad) {
        return Some("not-unicast");
    }
    if !is_host(ip.source(), bad) {
        return Some("bad-source");
    }
    (ip.flags_offset() & ipv4::OFFSET_MASK != 0).then_some("fragment")
}

fn is_unicast(address: u32, bad: &[u32]) -> bool {
    address != u32::MAX && !is_multicast(address) && !bad.contains(&address)
}

/// Whether a host may have this address (RFC 1812, 5.3.7).
fn is_host(address: u32, bad: &[u32]) -> bool {
    let net = address >> 24;
    is_unicast(address, bad) && net != 0 && net != 127 && net & 0xf0 != 0xf0
}

/// A message.
pub(super) struct Message<'a> {
    /// Who sends it.
    pub source: u32,
    /// To whom it goes.
    pub destination: u32,
    /// Identification of its IP packet.
    pub id: u16,
    /// IP options, padded to whole words.
    pub options: &'a [u8],
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// The four bytes behind type, code and checksum.
    pub particulars: [u8; 4],
    /// What it quotes of the packet it is about.
    pub quoted: &'a [u8],
}

impl Message<'_> {
    /// The IP packet.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.ip_header();
        let start = bytes.len();
        bytes.extend_from_slice(&[self.kind, self.code, 0, 0]);
        bytes.extend_from_slice(&self.particulars);
        bytes.extend_from_slice(self.quoted);
        let sum = checksum::checksum(&bytes[start..]);
        bytes[start + 2..start + 4].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    fn ip_header(&self) -> Vec<u8> {
        let repr = ipv4::Repr {
            tos: 0,
            id: self.id,
            flags_offset: 0,
            ttl: TTL,
            protocol: protocol::ip::ICMP,
            source: self.source,
            destination: self.destination,
            payload_len: (self.options.len() + icmp::HEADER_LEN + self.quoted.len()) as u16,
        };
        let mut bytes = vec![0; ipv4::HEADER_LEN];
        // The buffer is long enough, so this cannot fail.
        let _ = repr.emit(&mut bytes);
        bytes.extend_from_slice(self.options);
        bytes[0] = 0x40 | (bytes.len() / 4) as u8;
        bytes[10..12].fill(0);
        let sum = checksum::checksum(&bytes);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}
