//! Header views and their meanings: Ethernet, VLAN, ARP, IPv4, IPv6, ICMP, TCP, UDP, NSH and VXLAN-GPE.
//!
//! A *view* (`Packet<&[u8]>`, `Frame<&mut [u8]>`, ...) wraps bytes; its `new_checked` tests the
//! length once, and every accessor relies on that test. A *meaning* (`Repr`) is a plain value
//! that is parsed from a view or emitted into one. No accessor of a checked view can panic.

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod icmp;
pub mod ipv4;
pub mod ipv6;
pub mod mac;
pub mod nsh;
pub mod protocol;
pub mod tcp;
pub mod udp;
pub mod vlan;
pub mod vxlan_gpe;

mod bytes;

pub use mac::MacAddr;

/// Why bytes cannot be seen as the header asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the header needs: how many are needed, how many there are.
    Truncated {
        /// Bytes the header needs.
        needed: usize,
        /// Bytes there are.
        got: usize,
    },
    /// The bytes are there, but a field contradicts the header's format.
    Malformed(&'static str),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Truncated { needed, got } => {
                write!(f, "truncated: {needed} bytes needed, {got} given")
            }
            Error::Malformed(what) => write!(f, "malformed: {what}"),
        }
    }
}

impl std::error::Error for Error {}

/// The result of looking at bytes as a header.
pub type Result<T> = std::result::Result<T, Error>;

/// Fails with [`Error::Truncated`] unless `bytes` holds at least `needed` bytes.
#[inline]
pub(crate) fn need(bytes: &[u8], needed: usize) -> Result<()> {
    if bytes.len() < needed {
        return Err(Error::Truncated {
            needed,
            got: bytes.len(),
        });
    }
    Ok(())
}
