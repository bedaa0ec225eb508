//! What VXLAN and VXLAN-GPE have in common: the headers of IP and UDP that are put on and taken off.

use crate::ip::header::NO_IP_HEADER;
use crate::nsh::refusals::Refusal;
use crate::nsh::tunnel::{Ends, Outer};
use weft_core::{Packet, Pool, REASON_NO_BUFFER};
use weft_wire::udp;
use weft_wire::vxlan_gpe::HEADER_LEN;

/// The lowest source port that flows get, and how many there are (RFC 7348, section 5).
const FIRST_PORT: u16 = 49152;
const PORTS: u32 = 65536 - FIRST_PORT as u32;

/// Bytes that a tunnel between `ends` puts before a packet.
pub(crate) fn headers_len(ends: &Ends) -> usize {
    ends.ip_len() + udp::HEADER_LEN + HEADER_LEN
}

/// What the outer headers of one element say beside the ends of the tunnel.
pub(crate) struct Sender {
    ttl: u8,
    port: u16,
    source_port: Option<u16>,
    id: u16,
}

impl Sender {
    /// Sends to UDP port `port`, from `source_port` or, where that is none, from a port for each flow.
    pub fn new(ttl: u8, port: u16, source_port: Option<u16>) -> Sender {
        Sender {
            ttl,
            port,
            source_port,
            id: 1,
        }
    }

    /// Puts a packet of the flow with number `flow` behind `header` and the outer headers.
    ///
    /// # Errors
    /// The reason to drop it for: no memory is left.
    #[inline]
    pub fn encapsulate(
        &mut self,
        packet: &mut Packet,
        pool: &mut Pool,
        ends: &Ends,
        header: &[u8; HEADER_LEN],
        flow: u32,
    ) -> Result<(), &'static str> {
        let headers = headers_len(ends);
        pool.push(packet, headers).ok_or(REASON_NO_BUFFER)?;
        let bytes = pool.data_mut(packet).ok_or(REASON_NO_BUFFER)?;
        bytes[headers - HEADER_LEN..headers].copy_from_slice(header);
        let port = FIRST_PORT + (flow % PORTS) as u16;
        let outer = Outer {
            ttl: self.ttl,
            id: self.id,
            flow,
            ports: [self.source_port.unwrap_or(port), self.port],
        };
        self.id = self.id.wrapping_add(1);
        let written = ends.write(bytes, &outer);
        debug_assert!(written.is_ok(), "room was made");
        packet.clear_mac();
        packet.set_network(0, ends.ip_len());
        if let Ends::V4 { destination, .. } = ends {
            packet.set_destination(*destination);
        }
        Ok(())
    }
}

/// Leaves of a packet what is inside; `inside` says where that begins and ends, of the bytes that begin with the
/// outer IP header. No header of it is marked.
///
/// # Errors
/// Why it is refused; then it is unchanged.
pub(crate) fn decapsulate(
    packet: &mut Packet,
    pool: &Pool,
    inside: impl FnOnce(&[u8]) -> Result<(usize, usize), Refusal>,
) -> Result<(), Refusal> {
    const NONE: Refusal = (NO_IP_HEADER, "its IP header is not marked");
    let at = packet.network().ok_or(NONE)?;
    let before = usize::from(at.checked_sub(packet.offset()).ok_or(NONE)?);
    let bytes = pool.data(packet).get(before..).ok_or(NONE)?;
    let (start, end) = inside(bytes)?;
    let _ = packet.take(bytes.len() - end) && packet.pull(before + start);
    packet.clear_network();
    packet.clear_mac();
    Ok(())
}
