//! What a program looks at: the bytes of one packet, by header.

/// Marks a transport offset the caller does not know.
pub const UNKNOWN: usize = usize::MAX;

/// The bytes of one packet. Any slice may be empty; a field beyond its bytes is *missing* and
/// matches no test.
#[derive(Clone, Copy, Debug)]
pub struct PacketRef<'a> {
    /// From the start of the packet data (Classifier) or of the Ethernet header (`ether` tests).
    pub link: &'a [u8],
    /// From the IP header to the end of the packet.
    pub network: &'a [u8],
    /// Offset of the transport header in `network`, or [`UNKNOWN`]: then taken from the IP header
    /// length, where that is at least 20.
    pub transport: usize,
}

impl<'a> PacketRef<'a> {
    /// A packet of which only the part from the IP header on counts.
    pub fn ip(network: &'a [u8]) -> PacketRef<'a> {
        PacketRef {
            link: &[],
            network,
            transport: UNKNOWN,
        }
    }

    /// A packet seen as plain data, for Classifier patterns.
    pub fn data(link: &'a [u8]) -> PacketRef<'a> {
        PacketRef {
            link,
            network: &[],
            transport: UNKNOWN,
        }
    }

    /// The transport header and what follows; empty for later fragments, and where the IP header
    /// does not tell.
    #[inline]
    pub fn transport_bytes(&self) -> &'a [u8] {
        let n = self.network;
        if n.len() < 8 || (n[6] & 0x1f) | n[7] != 0 {
            return &[];
        }
        let start = if self.transport != UNKNOWN {
            self.transport
        } else {
            match usize::from(n[0] & 0xf) * 4 {
                len if len >= 20 => len,
                _ => return &[],
            }
        };
        n.get(start..).unwrap_or(&[])
    }

    /// The bytes a base stands for.
    #[inline]
    pub(crate) fn base(&self, base: Base) -> &'a [u8] {
        match base {
            Base::Link => self.link,
            Base::Network => self.network,
            Base::Transport => self.transport_bytes(),
        }
    }
}

/// Which bytes an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// [`PacketRef::link`].
    Link,
    /// [`PacketRef::network`].
    Network,
    /// [`PacketRef::transport_bytes`].
    Transport,
}
