//! A packet's header wherever it is: kept beside the packet while it is in a function, or marked in
//! its bytes.

use super::NO_NSH_HEADER;
use weft_core::{MAX_LINK, Nsh, Packet, Pool, REASON_NO_BUFFER};
use weft_wire::ethernet;
use weft_wire::nsh::{CONTEXT_LEN, md_type, next};

/// Service path identifier and service index in one, where the packet has a header.
#[inline]
pub(super) fn path(packet: &Packet, pool: &Pool) -> Option<u32> {
    match pool.nsh(packet) {
        Some(nsh) => nsh.is_exposed().then(|| nsh.path()),
        None => Some(packet.nsh_header(pool)?.path()),
    }
}

/// The context of MD type 1, where the packet has a header of that type.
#[inline]
pub(super) fn context(packet: &Packet, pool: &Pool) -> Option<[u8; CONTEXT_LEN]> {
    match pool.nsh(packet) {
        Some(nsh) => {
            let has_one = nsh.is_exposed() && nsh.md_type() == md_type::FIXED;
            has_one.then(|| *nsh.context())
        }
        None => packet.nsh_header(pool)?.context(),
    }
}

/// Bytes of a packet from its header on, and how many of them the header has.
pub(super) fn lengths(packet: &Packet, pool: &Pool) -> Option<(usize, usize)> {
    if let Some(nsh) = pool.nsh(packet) {
        // The Ethernet header that functions see before all else but Ethernet is taken off again.
        let inside = match nsh.next_protocol() {
            next::ETHERNET | next::NONE => packet.len(),
            _ => packet.len().saturating_sub(ethernet::HEADER_LEN),
        };
        return Some((inside + nsh.header_len(), nsh.header_len()));
    }
    let header = packet.nsh_header(pool)?;
    let length = header.header_len();
    Some((length + header.payload().len(), length))
}

/// Lets `change` change a packet's header; what is before and behind it in the packet stays.
/// `change` says whether what it did could be done.
///
/// # Errors
/// The reason to drop the packet for.
pub(super) fn edit(
    packet: &mut Packet,
    pool: &mut Pool,
    change: impl FnOnce(&mut Nsh) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    if let Some(nsh) = pool.nsh_mut(packet) {
        return match nsh.is_exposed() {
            true => change(nsh),
            false => Err(NO_NSH_HEADER),
        };
    }
    let (mut nsh, link) = marked(packet, pool).ok_or(NO_NSH_HEADER)?;
    let before = nsh.header_len();
    change(&mut nsh)?;
    let after = nsh.header_len();
    if after != before {
        let is_pulled = packet.pull(link + before);
        debug_assert!(is_pulled, "the header lies in the packet");
        pool.push(packet, link + after).ok_or(REASON_NO_BUFFER)?;
    }
    let bytes = pool.data_mut(packet).ok_or(REASON_NO_BUFFER)?;
    if after != before {
        bytes[..link].copy_from_slice(nsh.link());
        packet.set_mac_here();
    }
    let bytes = pool.data_mut(packet).ok_or(REASON_NO_BUFFER)?;
    nsh.write(&mut bytes[link..]);
    packet.set_network(link, after);
    Ok(())
}

/// A copy of the header that is marked in a packet, and how many bytes stand before it.
fn marked(packet: &Packet, pool: &Pool) -> Option<(Nsh, usize)> {
    let link = usize::from(packet.network()?.checked_sub(packet.offset())?);
    let bytes = pool.data(packet);
    if link > MAX_LINK {
        return None;
    }
    let length = usize::from(bytes.get(link + 1)? & 0x3f) * 4;
    let header = bytes.get(link..link + length)?;
    Some((Nsh::read(header, &bytes[..link])?, link))
}
