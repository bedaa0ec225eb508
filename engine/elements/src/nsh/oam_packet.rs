//! Active OAM messages in packets (RFC 9516): where they are found, and how they are made.

use super::boundary::Refusal;
use super::{NO_NSH_HEADER, NO_NSH_HEADER_TEXT};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use weft_core::{Packet, Pool, Router};
use weft_wire::nsh::oam::{Echo, Fault, HEADER_LEN, MAX_MESSAGE};
use weft_wire::nsh::{DEFAULT_TTL, Header, Metadata, Repr, next};
use weft_wire::{ipv4, protocol, udp};

/// What a packet is for OAM.
pub(super) enum Kind {
    /// It carries an active OAM message.
    Active(Message),
    /// Any other packet with a header.
    Other,
}

impl Kind {
    /// The message, where there is one.
    pub fn message(self) -> Option<Message> {
        match self {
            Kind::Active(message) => Some(message),
            Kind::Other => None,
        }
    }
}

/// A copy of an active OAM message, so that what is checked is what is used.
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// Copies what may be a message from the front of `payload`.
    pub fn of(payload: &[u8]) -> Message {
        // One byte more than a message may have: it shows that one is too long.
        let most = HEADER_LEN + MAX_MESSAGE + 1;
        Message {
            bytes: payload[..payload.len().min(most)].to_vec(),
        }
    }

    /// The echo in it.
    ///
    /// # Errors
    /// Why there is none.
    pub fn echo(&self) -> Result<Echo<'_>, Refusal> {
        Echo::parse(&self.bytes).map_err(|fault| match fault {
            Fault::Length => (
                "nsh-oam-length",
                "its OAM message ends before it is complete, or is too long",
            ),
            Fault::Version => ("nsh-oam-version", "its OAM message has an unknown version"),
            Fault::MessageType => ("nsh-oam-type", "its OAM message is no echo"),
        })
    }
}

/// Looks at a packet whose header is marked.
///
/// # Errors
/// Why it must not be handled: it has no header, or one that contradicts itself (RFC 9516, section 4).
pub(super) fn kind_of(packet: &Packet, pool: &Pool) -> Result<Kind, Refusal> {
    const NONE: Refusal = (NO_NSH_HEADER, NO_NSH_HEADER_TEXT);
    let bytes = pool.from_position(packet, packet.network().ok_or(NONE)?);
    let header = Header::new_checked(bytes).map_err(|_| NONE)?;
    match (header.is_oam(), header.next_protocol()) {
        (true, next::OAM) => Ok(Kind::Active(Message::of(header.payload()))),
        (false, next::OAM) => Err((
            "nsh-oam-flag",
            "its next protocol is active OAM, but its O bit is not set",
        )),
        _ => Ok(Kind::Other),
    }
}

/// A packet that begins with a header of path `spi`/`si`, with the echo behind it; `None` where there
/// is no memory for it. The header is of MD type 2, so that it can be signed.
pub(super) fn packet_of(
    echo: &Echo<'_>,
    (spi, si): (u32, u8),
    ttl: Option<u8>,
    router: &mut Router,
) -> Option<Packet> {
    let repr = Repr {
        oam: true,
        ttl: ttl.unwrap_or(DEFAULT_TTL),
        si,
        metadata: Metadata::Variable(Vec::new()),
        ..Repr::new(spi, next::OAM)
    };
    let mut bytes = repr.to_bytes();
    bytes.extend_from_slice(&echo.to_bytes());
    let mut packet = router.pool.copy_in(&bytes)?;
    packet.set_network(0, repr.header_len());
    packet.set_timestamp(router.clock.timestamp());
    Some(packet)
}

/// A path as arguments and handlers have it: `SPI/SI`, or `SPI` for index 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path(pub u32, pub u8);

impl weft_lang::value::Value for Path {
    const EXPECTED: &'static str =
        "SPI or SPI/SI, with an SPI of at most 16777215 and an SI of at most 255";

    fn parse(text: &str, _names: &dyn weft_lang::Names) -> Result<Self, String> {
        let (spi, si) = text.split_once('/').unwrap_or((text, "255"));
        let path = spi.trim().parse().ok().zip(si.trim().parse().ok());
        path.filter(|(spi, _)| *spi <= weft_wire::nsh::MAX_SPI)
            .map(|(spi, si)| Path(spi, si))
            .ok_or_else(|| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        Path(0, 0)
    }
}

/// An address of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub IpAddr);

impl weft_lang::value::Value for Address {
    const EXPECTED: &'static str = "IPv4 or IPv6 address";

    fn parse(text: &str, names: &dyn weft_lang::Names) -> Result<Self, String> {
        let four = Ipv4Addr::parse(text, names).map(|a| Address(a.into()));
        let six = || Ipv6Addr::parse(text, names).map(|a| Address(a.into()));
        four.or_else(|_| six())
            .map_err(|_| format!("should be {}", Self::EXPECTED))
    }

    fn placeholder() -> Self {
        Address(Ipv4Addr::UNSPECIFIED.into())
    }
}

/// Time to live of datagrams.
const DATAGRAM_TTL: u8 = 64;

/// An IP packet with the echo in a UDP datagram from `source` to the same port of `destination`, its
/// destination annotation set; `None` where there is no memory for it.
pub(super) fn datagram_of(
    echo: &Echo<'_>,
    source: Ipv4Addr,
    (destination, port): (Ipv4Addr, u16),
    router: &mut Router,
) -> Option<Packet> {
    let message = echo.to_bytes();
    let length = udp::HEADER_LEN + message.len();
    let repr = ipv4::Repr {
        tos: 0,
        id: router.random.below(1 << 16) as u16,
        flags_offset: 0,
        ttl: DATAGRAM_TTL,
        protocol: protocol::ip::UDP,
        source: source.to_bits(),
        destination: destination.to_bits(),
        payload_len: length as u16,
    };
    let mut bytes = vec![0; ipv4::HEADER_LEN + udp::HEADER_LEN];
    bytes.extend_from_slice(&message);
    repr.emit(&mut bytes).ok()?;
    let mut datagram = udp::Datagram::new_checked(&mut bytes[ipv4::HEADER_LEN..]).ok()?;
    datagram.set_source_port(port);
    datagram.set_destination_port(port);
    datagram.set_length(length as u16);
    datagram.fill_checksum_v4(repr.source, repr.destination);
    let mut packet = router.pool.copy_in(&bytes)?;
    packet.set_network(0, ipv4::HEADER_LEN);
    packet.set_destination(repr.destination);
    packet.set_timestamp(router.clock.timestamp());
    Some(packet)
}

/// What a marked IP packet carries in a UDP datagram to `port`.
pub(super) fn in_datagram(packet: &Packet, pool: &Pool, port: u16) -> Option<Message> {
    let (ip, bytes) = crate::ip::header::header_copy(packet, pool)?;
    if ip.protocol() != protocol::ip::UDP || ip.is_fragment() {
        return None;
    }
    let datagram = udp::Datagram::new_checked(ip.payload_in(bytes)).ok()?;
    (datagram.destination_port() == port).then(|| Message::of(datagram.payload()))
}
