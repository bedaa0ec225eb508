//! The IPv4 header of a packet, found by its network header annotation.

use weft_core::{Packet, Pool, REASON_NO_BUFFER};
use weft_wire::ipv4;

/// The reason for dropping packets without an IP header.
pub(crate) const NO_IP_HEADER: &str = "no-ip-header";

/// The packet's IPv4 header and what follows it, if it is marked and whole.
#[inline]
pub(crate) fn header<'a>(packet: &Packet, pool: &'a Pool) -> Option<ipv4::Packet<&'a [u8]>> {
    let bytes = pool.from_position(packet, packet.network()?);
    ipv4::Packet::new_checked(bytes).ok()
}

/// As [`header`], copied once: for looking at it more than once. Also the bytes it was copied from.
#[inline]
pub(crate) fn header_copy<'a>(
    packet: &Packet,
    pool: &'a Pool,
) -> Option<(ipv4::Packet<ipv4::HeaderCopy>, &'a [u8])> {
    let bytes = pool.from_position(packet, packet.network()?);
    Some((ipv4::HeaderCopy::of(bytes).ok()?, bytes))
}

/// As [`header`], for writing.
///
/// # Errors
/// The reason to drop the packet for.
#[inline]
pub(crate) fn header_mut<'a>(
    packet: &mut Packet,
    pool: &'a mut Pool,
) -> Result<ipv4::Packet<&'a mut [u8]>, &'static str> {
    let at = packet.network().ok_or(NO_IP_HEADER)?;
    let bytes = pool.from_position_mut(packet, at).ok_or(REASON_NO_BUFFER)?;
    ipv4::Packet::new_checked(bytes).map_err(|_| NO_IP_HEADER)
}

/// Writes a header that was copied from the packet, and changed, back to where it was.
///
/// # Errors
/// The reason to drop the packet for.
pub(crate) fn write_header(
    packet: &mut Packet,
    pool: &mut Pool,
    ip: &ipv4::Packet<ipv4::HeaderCopy>,
) -> Result<(), &'static str> {
    let at = packet.network().ok_or(NO_IP_HEADER)?;
    let bytes = pool.from_position_mut(packet, at).ok_or(REASON_NO_BUFFER)?;
    let header = bytes.get_mut(..ip.header_len()).ok_or(NO_IP_HEADER)?;
    header.copy_from_slice(ip.header());
    Ok(())
}

/// Whether `address` is a multicast address (class D).
#[inline]
pub(crate) fn is_multicast(address: u32) -> bool {
    address >> 28 == 0xe
}
