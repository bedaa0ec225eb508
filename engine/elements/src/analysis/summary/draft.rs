//! A packet that is made from a line of a summary.

use super::TCP_FLAGS;
use weft_core::{Packet, Pool};
use weft_wire::checksum::{checksum, transport_v4};

const EXTRA_LENGTH: usize = 28;
const EXTRA_PACKETS: usize = 24;
const AGGREGATE: usize = 20;
const FIRST_TIMESTAMP: usize = 32;
const IP_HEADER: usize = 20;
const DEFAULT_TTL: u8 = 100;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;

/// What lines leave out: given by arguments and by lines that begin with `!`.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// IP protocol.
    pub protocol: u8,
    /// Addresses and ports: source, its port, destination, its port.
    pub flow: Option<(u32, u16, u32, u16)>,
    /// Aggregate annotation.
    pub aggregate: Option<u32>,
    /// Minor version of the format.
    pub minor: u32,
}

/// What a line says, field by field.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(super) minor: u32,
    pub(super) timestamp: u64,
    pub(super) first_timestamp: u64,
    pub(super) count: u64,
    pub(super) paint: Option<u8>,
    pub(super) aggregate: Option<u32>,
    pub(super) wire_len: Option<u32>,
    pub(super) link: Option<[u8; 14]>,
    pub(super) source: Option<u32>,
    pub(super) destination: Option<u32>,
    pub(super) tos: u8,
    pub(super) ttl: Option<u8>,
    pub(super) fragment: u16,
    pub(super) id: u16,
    pub(super) ip_sum: Option<u16>,
    pub(super) protocol: Option<u8>,
    pub(super) ip_len: Option<u32>,
    pub(super) source_port: Option<u16>,
    pub(super) destination_port: Option<u16>,
    pub(super) tcp: [u8; 20],
    pub(super) is_tcp: bool,
    pub(super) udp_len: Option<u16>,
    pub(super) icmp: [u8; 8],
    pub(super) payload: Vec<u8>,
    pub(super) payload_len: Option<u32>,
}

/// TCP flags from their letters or a number.
pub(super) fn parse_flags(text: &str) -> Option<u16> {
    if text == "." {
        return Some(0);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().ok().filter(|&flags: &u16| flags < 0x1000);
    }
    let mut flags = 0;
    for letter in text.bytes() {
        // Older summaries have other letters for the two highest.
        let letter = match letter {
            b'X' => b'E',
            b'Y' | b'W' => b'C',
            other => other,
        };
        flags |= 1 << TCP_FLAGS.iter().position(|&l| l == letter)?;
    }
    (!text.is_empty()).then_some(flags)
}

impl Draft {
    /// A draft of which nothing is known.
    pub fn new(defaults: &Defaults) -> Draft {
        Draft {
            minor: defaults.minor,
            ..Draft::default()
        }
    }

    /// How many packets the line stands for.
    pub fn count(&self) -> u64 {
        self.count.max(1)
    }

    fn is_first_fragment(&self) -> bool {
        self.fragment & 0x1fff == 0
    }

    /// The transport header.
    fn transport(&self, protocol: u8, defaults: &Defaults) -> Vec<u8> {
        if !self.is_first_fragment() {
            return Vec::new();
        }
        let mut header = match protocol {
            TCP => {
                let mut header = self.tcp.to_vec();
                if header[12] == 0 {
                    header[12] = 0x50;
                }
                let length = usize::from(header[12] >> 4) * 4;
                header.resize(length.max(20), 0);
                header
            }
            UDP | 136 => vec![0; 8],
            33 => vec![0; 12],
            ICMP => return self.icmp.to_vec(),
            _ => return Vec::new(),
        };
        let flow = defaults.flow.unwrap_or_default();
        let ports = [
            self.source_port.unwrap_or(flow.1),
            self.destination_port.unwrap_or(flow.3),
        ];
        header[..2].copy_from_slice(&ports[0].to_be_bytes());
        header[2..4].copy_from_slice(&ports[1].to_be_bytes());
        header
    }

    fn ip_header(&self, protocol: u8, defaults: &Defaults) -> [u8; IP_HEADER] {
        let flow = defaults.flow.unwrap_or_default();
        let mut ip = [0; IP_HEADER];
        ip[0] = 0x45;
        ip[1] = self.tos;
        ip[4..6].copy_from_slice(&self.id.to_be_bytes());
        ip[6..8].copy_from_slice(&self.fragment.to_be_bytes());
        ip[8] = self.ttl.unwrap_or(DEFAULT_TTL);
        ip[9] = protocol;
        ip[10..12].copy_from_slice(&self.ip_sum.unwrap_or(0).to_be_bytes());
        ip[12..16].copy_from_slice(&self.source.unwrap_or(flow.0).to_be_bytes());
        ip[16..20].copy_from_slice(&self.destination.unwrap_or(flow.2).to_be_bytes());
        ip
    }

    /// Length of the IP packet as the line gives it, in whatever way.
    fn wanted_len(&self, headers: usize, held: usize) -> usize {
        let link = self.link.map_or(0, |_| 14);
        let given = self.ip_len.map(|l| l as usize);
        let payload = self.payload_len.map(|l| headers + l as usize);
        let wire = self.wire_len.map(|l| (l as usize).saturating_sub(link));
        let wanted = given.or(payload).or(wire).unwrap_or(held);
        if wanted == 0 { held } else { wanted }
    }

    /// Makes the packet. `fill` completes it to its length, with checksums.
    pub fn make(&self, defaults: &Defaults, fill: bool, pool: &mut Pool) -> Option<Packet> {
        let protocol = match self.protocol {
            Some(protocol) => protocol,
            None if self.is_tcp => TCP,
            None => defaults.protocol,
        };
        let mut ip = self.ip_header(protocol, defaults).to_vec();
        let transport = self.transport(protocol, defaults);
        let headers = IP_HEADER + transport.len();
        ip.extend(transport);
        ip.extend(&self.payload);
        let held = ip.len();
        let wanted = self.wanted_len(headers, held);
        let length = wanted.min(0xffff) as u16;
        ip[2..4].copy_from_slice(&length.to_be_bytes());
        if protocol == UDP && self.is_first_fragment() {
            let udp_len = self
                .udp_len
                .unwrap_or(length.saturating_sub(IP_HEADER as u16));
            ip[24..26].copy_from_slice(&udp_len.to_be_bytes());
        }
        if fill {
            ip.resize(held.max(usize::from(length)), 0);
            set_checksums(&mut ip, protocol, self.fragment);
        }
        let mut bytes = self.link.map_or_else(Vec::new, |link| link.to_vec());
        let at = bytes.len();
        bytes.extend(&ip);
        let mut packet = pool.copy_in(&bytes)?;
        if self.link.is_some() {
            packet.set_mac_here();
        }
        packet.set_network(at, IP_HEADER);
        self.annotate(&mut packet, wanted.saturating_sub(ip.len()), defaults, pool);
        Some(packet)
    }

    fn annotate(&self, packet: &mut Packet, extra: usize, defaults: &Defaults, pool: &mut Pool) {
        let flow = defaults.flow.unwrap_or_default();
        packet.set_timestamp(self.timestamp);
        packet.set_destination(self.destination.unwrap_or(flow.2));
        packet.set_paint(self.paint.unwrap_or(0));
        let more = self.count().saturating_sub(1).min(u64::from(u32::MAX)) as u32;
        let words = [
            (EXTRA_LENGTH, extra.min(u32::MAX as usize) as u32),
            (EXTRA_PACKETS, more),
            (
                AGGREGATE,
                self.aggregate.or(defaults.aggregate).unwrap_or(0),
            ),
        ];
        for (offset, value) in words {
            if value != 0 {
                pool.set_annotation(packet, offset, &value.to_ne_bytes());
            }
        }
        if self.first_timestamp != 0 {
            let bytes = self.first_timestamp.to_ne_bytes();
            pool.set_annotation(packet, FIRST_TIMESTAMP, &bytes);
        }
    }
}

/// Sets the checksums of an IP packet with a header of 20 bytes.
fn set_checksums(ip: &mut [u8], protocol: u8, fragment: u16) {
    ip[10..12].fill(0);
    let sum = checksum(&ip[..IP_HEADER]);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let at = match protocol {
        _ if fragment & 0x3fff != 0 => return,
        TCP => 16,
        UDP => 6,
        ICMP => 2,
        _ => return,
    };
    let word = |at: usize| u32::from_be_bytes([ip[at], ip[at + 1], ip[at + 2], ip[at + 3]]);
    let (source, destination) = (word(12), word(16));
    let body = &mut ip[IP_HEADER..];
    if body.len() < at + 2 {
        return;
    }
    body[at..at + 2].fill(0);
    let sum = match protocol {
        ICMP => checksum(body),
        _ => transport_v4(source, destination, protocol, body),
    };
    body[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_letters_or_a_number() {
        assert_eq!(parse_flags("."), Some(0));
        assert_eq!(parse_flags("SA"), Some(0x12));
        assert_eq!(parse_flags("PAXW"), Some(0xd8));
        assert_eq!(parse_flags("18"), Some(18));
        for bad in ["", "Q", "S?", "99999"] {
            assert_eq!(parse_flags(bad), None);
        }
    }
}
