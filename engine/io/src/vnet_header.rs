//! What the kernel says before a frame that is left to do on it (struct virtio_net_hdr).

/// Length of the header the kernel puts before a frame (struct virtio_net_hdr).
pub(crate) const VNET_HEADER: usize = 10;

pub(crate) const NEEDS_CHECKSUM: u8 = 1;
pub(crate) const GSO_NONE: u8 = 0;
pub(crate) const GSO_TCP_V4: u8 = 1;
pub(crate) const GSO_TCP_V6: u8 = 4;
pub(crate) const GSO_UDP: u8 = 5;
const GSO_ECN: u8 = 0x80;

/// What is left to do on a frame, as the kernel says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VnetHeader {
    pub flags: u8,
    pub gso: u8,
    pub segment: usize,
    pub checksum_start: usize,
    pub checksum_offset: usize,
}

impl VnetHeader {
    pub(crate) fn parse(bytes: &[u8; VNET_HEADER]) -> VnetHeader {
        let half = |at: usize| usize::from(u16::from_ne_bytes([bytes[at], bytes[at + 1]]));
        VnetHeader {
            flags: bytes[0],
            gso: bytes[1] & !GSO_ECN,
            segment: half(4),
            checksum_start: half(6),
            checksum_offset: half(8),
        }
    }

    /// For a TCP segment at `transport` that has to be cut: each part carries `segment` bytes.
    pub(crate) fn large_tcp(is_v6: bool, transport: usize, segment: usize) -> VnetHeader {
        VnetHeader {
            flags: NEEDS_CHECKSUM,
            gso: if is_v6 { GSO_TCP_V6 } else { GSO_TCP_V4 },
            segment,
            checksum_start: transport,
            checksum_offset: 16,
        }
    }
}
