//! ICMPv6 error messages about IPv6 packets (RFC 4443): when there may be one, and its bytes.

use weft_wire::protocol::ip;
use weft_wire::{checksum, ipv6};

/// Type of "packet too big" (RFC 4443, section 3.2).
pub(super) const PACKET_TOO_BIG: u8 = 2;
/// The most bytes of a message: what every link can carry (RFC 4443, section 2.4 c).
const MOST: usize = 1280;
/// Bytes of a message before what it quotes.
const HEADER_LEN: usize = 8;
/// Hop limit of messages.
const HOP_LIMIT: u8 = 64;
/// Messages of types below this one tell errors.
const FIRST_INFORMATION: u8 = 128;
/// Type of a redirect, which is not to be answered by errors either.
const REDIRECT: u8 = 137;

/// Extension headers beside those that [`ip`] has: mobility, host identity, shim6.
const OTHER_EXTENSIONS: [u8; 3] = [135, 139, 140];

/// Whether a message may be sent about a packet with header `header`, behind which comes `payload` (RFC 4443,
/// section 2.4 e): not about errors, later fragments, or what is not from one host to one host.
pub(super) fn may_answer(header: &ipv6::Repr, payload: &[u8]) -> bool {
    let is_error = match upper_layer(header.next_header, payload) {
        None => true,
        Some((ip::ICMPV6, [kind, ..])) => *kind < FIRST_INFORMATION || *kind == REDIRECT,
        Some((ip::ICMPV6, [])) => true,
        Some(_) => false,
    };
    !is_error && is_host(&header.source) && !is_multicast(&header.destination)
}

fn is_multicast(address: &[u8; 16]) -> bool {
    address[0] == 0xff
}

/// Whether an address may be that of one host on a network: it is neither unspecified nor the loopback.
fn is_host(address: &[u8; 16]) -> bool {
    !is_multicast(address) && u128::from_be_bytes(*address) > 1
}

/// The protocol behind all extension headers, and what is of it; none in fragments but the first, and where it cannot
/// be found.
fn upper_layer(mut protocol: u8, mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let words: fn(usize) -> usize = match protocol {
            ip::HOP_BY_HOP | ip::IPV6_ROUTE | ip::IPV6_DESTINATION => |length| (length + 1) * 8,
            ip::IPV6_FRAGMENT => |_| 8,
            ip::AH => |length| (length + 2) * 4,
            other if OTHER_EXTENSIONS.contains(&other) => |length| (length + 1) * 8,
            _ => return Some((protocol, bytes)),
        };
        let &[next, length, high, low] = bytes.first_chunk()?;
        let offset = u16::from_be_bytes([high, low]) >> 3;
        if protocol == ip::IPV6_FRAGMENT && offset != 0 {
            return None;
        }
        bytes = bytes.get(words(length.into())..)?;
        protocol = next;
    }
}

/// A message.
pub(super) struct Message<'a> {
    /// Who sends it.
    pub source: [u8; 16],
    /// To whom it goes.
    pub destination: [u8; 16],
    /// ICMPv6 type.
    pub kind: u8,
    /// ICMPv6 code.
    pub code: u8,
    /// The four bytes behind type, code and checksum.
    pub particulars: [u8; 4],
    /// The packet it is about, of which it quotes as much as it may.
    pub about: &'a [u8],
}

impl Message<'_> {
    /// The IPv6 packet.
    pub fn to_bytes(&self) -> Vec<u8> {
        let room = MOST - ipv6::HEADER_LEN - HEADER_LEN;
        let quoted = &self.about[..self.about.len().min(room)];
        let header = ipv6::Repr {
            traffic_class: 0,
            flow_label: 0,
            payload_len: (HEADER_LEN + quoted.len()) as u16,
            next_header: ip::ICMPV6,
            hop_limit: HOP_LIMIT,
            source: self.source,
            destination: self.destination,
        };
        let mut bytes = vec![0; ipv6::HEADER_LEN];
        // The buffer is long enough, so this cannot fail.
        let _ = header.emit(&mut bytes);
        bytes.extend_from_slice(&[self.kind, self.code, 0, 0]);
        bytes.extend_from_slice(&self.particulars);
        bytes.extend_from_slice(quoted);
        let message = &mut bytes[ipv6::HEADER_LEN..];
        let sum = checksum::transport_v6(&self.source, &self.destination, ip::ICMPV6, message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(next_header: u8) -> ipv6::Repr {
        ipv6::Repr {
            traffic_class: 0,
            flow_label: 0,
            payload_len: 0,
            next_header,
            hop_limit: 1,
            source: [0x20; 16],
            destination: [0x21; 16],
        }
    }

    #[test]
    fn errors_are_found_behind_extension_headers_and_not_answered() {
        for (kind, answered) in [
            (128, true),
            (129, true),
            (1, false),
            (127, false),
            (137, false),
        ] {
            let plain = [kind, 0, 0, 0];
            assert_eq!(may_answer(&header(58), &plain), answered, "type {kind}");
            // Hop-by-hop options of 16 bytes, an authentication header of 12, a first fragment.
            let mut behind = vec![51, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            behind.extend([44, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            behind.extend([58, 0, 0, 1, 0, 0, 0, 1]);
            behind.extend(plain);
            assert_eq!(may_answer(&header(0), &behind), answered, "type {kind}");
        }
    }

    #[test]
    fn what_cannot_be_looked_into_is_not_answered() {
        assert!(!may_answer(&header(58), &[]));
        assert!(!may_answer(&header(0), &[17, 9, 0, 0]));
        assert!(!may_answer(
            &header(44),
            &[17, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0]
        ));
        assert!(may_answer(
            &header(44),
            &[17, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]
        ));
    }

    #[test]
    fn only_hosts_are_answered() {
        let mut to_all = header(17);
        to_all.destination[0] = 0xff;
        assert!(!may_answer(&to_all, &[]));
        for last in [0, 1] {
            let mut from_nobody = header(17);
            from_nobody.source = [0; 16];
            from_nobody.source[15] = last;
            assert!(!may_answer(&from_nobody, &[]));
        }
        assert!(may_answer(&header(17), &[]));
    }

    #[test]
    fn a_message_quotes_as_much_as_every_link_carries() {
        let message = Message {
            source: [0x20; 16],
            destination: [0x21; 16],
            kind: PACKET_TOO_BIG,
            code: 0,
            particulars: 1400u32.to_be_bytes(),
            about: &[7; 2000],
        };
        let bytes = message.to_bytes();
        assert_eq!(bytes.len(), 1280);
        assert_eq!(bytes[4..8], [4, 216, 58, 64]);
        assert_eq!(
            (bytes[40..42].to_vec(), &bytes[44..48]),
            (vec![2, 0], &[0, 0, 5, 120][..])
        );
        assert_eq!(
            checksum::transport_v6(&[0x20; 16], &[0x21; 16], 58, &bytes[40..]),
            0
        );
    }
}
