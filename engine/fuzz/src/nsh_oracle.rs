//! What RFC 8300 says becomes of a frame that comes to a service function forwarder: written from the standard, field by field,
//! without the engine's own code for these headers.

/// What a forwarder does beyond what the standard says all do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Role {
    /// OAM packets are forwarded (RFC 8300, section 2.2: by configuration).
    pub oam: bool,
    /// Packets with a next protocol that it does not support are forwarded (section 2.2: by configuration).
    pub unsupported: bool,
    /// It takes part in an experiment (sections 2.2 and 11.2.5).
    pub experiment: bool,
}

/// An entry of the forwarding table: service path identifier, service index, output, and the Ethernet header that the
/// packet gets there, if any.
pub(crate) struct Entry {
    pub spi: u32,
    pub si: u32,
    pub output: usize,
    pub link: &'static [u8],
}

/// Bytes of the frame before the header.
const ETHERNET: usize = 14;

/// The output a frame leaves by, and its bytes then; none where it must be dropped.
pub(crate) fn forwarded(frame: &[u8], role: Role, table: &[Entry]) -> Option<(usize, Vec<u8>)> {
    let packet = frame.get(ETHERNET..)?;
    let base = word(packet, 0)?;
    let path = word(packet, 1)?;
    // Section 2.2: Ver(2) O(1) U(1) TTL(6) Length(6) U(4) MD Type(4) Next Protocol(8).
    let version = base >> 30;
    let is_oam = base >> 29 & 1 == 1;
    let ttl = base >> 22 & 0b11_1111;
    let words = base >> 16 & 0b11_1111;
    let md_type = base >> 8 & 0b1111;
    let next_protocol = base & 0xff;
    if version != 0 {
        return None;
    }
    // Section 2.2: an implementation must not read past the packet, so its header must be there.
    let last = words.checked_sub(1)?;
    word(packet, last as usize)?;
    let is_sound = match md_type {
        // Section 2.4: the length is 6.
        1 => words == 6,
        // Section 2.5: 2 words at least, and context headers from end to end.
        2 => words >= 2 && context_headers_end(packet, words),
        // Section 2.2: 0xf only in an experiment, 0 and what is unassigned never.
        0xf => role.experiment && words >= 2,
        _ => false,
    };
    if !is_sound || is_oam && !role.oam {
        return None;
    }
    let is_supported = match next_protocol {
        // RFC 8393; section 11.2.5.
        0..=5 => true,
        // RFC 9516, section 3: active OAM.
        7 => is_oam && role.oam,
        0xfe | 0xff => role.experiment,
        _ => false,
    };
    if !is_supported && !role.unsupported {
        return None;
    }
    // Section 2.2: 0 is taken as 63 (64 hops), a result of 0 is not forwarded.
    let left = match ttl {
        0 => 63,
        more => more - 1,
    };
    if left == 0 {
        return None;
    }
    let entry = table
        .iter()
        .find(|entry| entry.spi == path >> 8 && entry.si == path & 0xff)?;
    let base = base & !(0b11_1111 << 22) | left << 22;
    let mut sent = entry.link.to_vec();
    sent.extend(base.to_be_bytes());
    sent.extend(&packet[4..]);
    Some((entry.output, sent))
}

/// Word `index` of a packet.
fn word(packet: &[u8], index: usize) -> Option<u32> {
    let bytes = packet.get(index * 4..index * 4 + 4)?;
    Some(
        bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u32::from(*byte)),
    )
}

/// Whether the context headers of section 2.5.1 end where the header of `words` words does. A header: class (16), type (8),
/// unassigned (1), length (7), and as many bytes, padded to whole words.
fn context_headers_end(packet: &[u8], words: u32) -> bool {
    let mut at = 2;
    while at < words {
        let Some(first) = word(packet, at as usize) else {
            return false;
        };
        let value = first & 0x7f;
        at += 1 + value / 4 + u32::from(value % 4 != 0);
    }
    at == words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Entry; 1] = [Entry {
        spi: 10,
        si: 255,
        output: 3,
        link: &[9],
    }];

    fn sent(header: &[u8]) -> Option<(usize, Vec<u8>)> {
        let frame = [&[0; ETHERNET], header].concat();
        forwarded(&frame, Role::default(), &TABLE)
    }

    #[test]
    fn a_sound_header_is_forwarded_with_its_ttl_less() {
        let header = [0x0f, 0xc2, 0xf2, 1, 0, 0, 10, 255, 7];
        let expected = vec![9, 0x0f, 0x82, 0xf2, 1, 0, 0, 10, 255, 7];
        assert_eq!(sent(&header), Some((3, expected)));
    }

    #[test]
    fn what_the_standard_forbids_is_dropped() {
        let sound = [0x0f, 0xc2, 2, 1, 0, 0, 10, 255];
        for (at, value) in [
            (0, 0x4f),
            (0, 0x2f),
            (1, 0xc1),
            (1, 0xc0),
            (1, 0xc3),
            (2, 0),
            (2, 1),
            (2, 3),
            (2, 0xf),
            (3, 6),
            (3, 7),
            (3, 0xfe),
            (6, 11),
            (7, 254),
            (7, 0),
        ] {
            let mut header = sound;
            header[at] = value;
            assert_eq!(sent(&header), None, "byte {at}: {value:#x}");
        }
        assert_eq!(sent(&[0, 0x42, 2, 1, 0, 0, 10, 255]), None, "TTL 1");
        assert_eq!(sent(&sound[..7]), None);
        let past_the_end = [0x0f, 0xc4, 2, 1, 0, 0, 10, 255, 0, 0, 0, 5, 1, 2, 3, 4];
        assert_eq!(sent(&past_the_end), None);
    }
}
