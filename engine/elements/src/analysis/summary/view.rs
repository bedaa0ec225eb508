//! A packet as its summary sees it: headers that are whole and belong to it.

use weft_core::{Packet, Pool};

const EXTRA_LENGTH: usize = 28;
const EXTRA_PACKETS: usize = 24;
const AGGREGATE: usize = 20;
const FIRST_TIMESTAMP: usize = 32;

/// IP protocols whose header begins with two ports.
const WITH_PORTS: [u8; 4] = [6, 17, 33, 136];

/// A packet to be shown.
pub struct View<'a> {
    /// The packet.
    pub packet: &'a Packet,
    /// All of it.
    pub data: &'a [u8],
    /// The IP packet, from its header to its end, when there is a sound header.
    pub ip: Option<&'a [u8]>,
    /// The link header, when there is one.
    pub link: Option<&'a [u8]>,
    pool: &'a Pool,
    uses_extra_length: bool,
}

impl<'a> View<'a> {
    /// Looks at `packet`. What is wrong with its headers goes to `bad`.
    pub fn new(
        packet: &'a Packet,
        pool: &'a Pool,
        uses_extra_length: bool,
        bad: &mut Option<String>,
    ) -> View<'a> {
        let bytes = packet.network().map(|at| pool.from_position(packet, at));
        View {
            packet,
            data: pool.data(packet),
            ip: bytes.and_then(|bytes| ip_packet(bytes, bad)),
            link: packet.mac().map(|at| pool.from_position(packet, at)),
            pool,
            uses_extra_length,
        }
    }

    /// Length of the IP header.
    pub fn header_len(&self) -> usize {
        self.ip.map_or(0, |ip| usize::from(ip[0] & 15) * 4)
    }

    /// What follows the IP header in a first fragment of protocol `protocol`.
    pub fn transport(&self, protocol: u8) -> Option<&'a [u8]> {
        let ip = self.ip.filter(|ip| ip[9] == protocol)?;
        self.first_fragment(ip)
    }

    /// What follows the IP header, where that begins with ports.
    pub fn ports(&self) -> Option<&'a [u8]> {
        let ip = self.ip.filter(|ip| WITH_PORTS.contains(&ip[9]))?;
        self.first_fragment(ip)
    }

    fn first_fragment(&self, ip: &'a [u8]) -> Option<&'a [u8]> {
        let offset = u16::from_be_bytes([ip[6], ip[7]]) & 0x1fff;
        let bytes = ip.get(self.header_len()..)?;
        (offset == 0 && !bytes.is_empty()).then_some(bytes)
    }

    fn annotation(&self, offset: usize) -> u32 {
        u32::from_ne_bytes(self.pool.annotation(self.packet, offset))
    }

    /// Bytes the packet had beyond those it holds.
    pub fn extra_length(&self) -> usize {
        if self.uses_extra_length {
            self.annotation(EXTRA_LENGTH) as usize
        } else {
            0
        }
    }

    /// Packets it stands for.
    pub fn count(&self) -> u64 {
        1 + u64::from(self.annotation(EXTRA_PACKETS))
    }

    /// The aggregate it belongs to.
    pub fn aggregate(&self) -> u32 {
        self.annotation(AGGREGATE)
    }

    /// Time of the first packet it stands for, in nanoseconds.
    pub fn first_timestamp(&self) -> u64 {
        u64::from_ne_bytes(self.pool.annotation(self.packet, FIRST_TIMESTAMP))
    }

    /// Length of the IP packet, or of the packet where there is none.
    pub fn ip_len(&self) -> usize {
        match self.ip {
            Some(ip) => usize::from(u16::from_be_bytes([ip[2], ip[3]])),
            None => self.data.len() + self.extra_length(),
        }
    }

    /// Length of the headers in front of the payload, counted from the IP header.
    fn headers_len(&self) -> usize {
        let transport = match self.ip.map(|ip| ip[9]) {
            Some(6) => self.transport(6).map_or(0, |tcp| {
                let length = tcp.get(12).map_or(20, |b| usize::from(b >> 4) * 4);
                length.max(20)
            }),
            Some(17 | 136) if self.ports().is_some() => 8,
            _ => 0,
        };
        self.header_len() + transport
    }

    /// Length of the payload.
    pub fn payload_len(&self) -> usize {
        self.ip_len().saturating_sub(self.headers_len())
    }

    /// The bytes of the payload that the packet holds.
    pub fn payload(&self) -> &'a [u8] {
        let bytes = self.ip.unwrap_or(self.data);
        bytes.get(self.headers_len()..).unwrap_or_default()
    }
}

/// The IP packet at the beginning of `bytes`, without padding behind it.
fn ip_packet<'a>(bytes: &'a [u8], bad: &mut Option<String>) -> Option<&'a [u8]> {
    let mut refuse = |problem: String| {
        *bad = Some(problem);
        None
    };
    if bytes.len() < 20 {
        return refuse("truncated IP header".into());
    }
    let version = bytes[0] >> 4;
    if version != 4 {
        return refuse(format!("IP version {version}"));
    }
    let words = bytes[0] & 15;
    if words < 5 {
        return refuse(format!("IP header length {words}"));
    }
    let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    if length < usize::from(words) * 4 {
        return refuse(format!("IP length {length}"));
    }
    Some(&bytes[..length.min(bytes.len())])
}
