//! The Network Service Header (RFC 8300): base header, service path header, and metadata.
//!
//! [`check`] decides whether a packet's header may be used at all and how long it is; it reads the
//! length once, so that what it gives can be relied on although the bytes may change. [`Header`]
//! is a view of one header, [`Tlvs`] walks its metadata of MD type 2, and [`Repr`] makes new ones.

mod check;
mod header;
pub mod integrity;
pub mod oam;
mod repr;
mod tlv;

pub use check::{Fault, Policy, check};
pub use header::Header;
pub use repr::{Metadata, Repr};
pub use tlv::{TLV_HEADER_LEN, Tlv, Tlvs, fits, push_tlv};

/// Bytes of the base header and the service path header.
pub const FIXED_LEN: usize = 8;
/// Bytes of the context of MD type 1.
pub const CONTEXT_LEN: usize = 16;
/// Bytes of a header of MD type 1.
pub const MD1_LEN: usize = FIXED_LEN + CONTEXT_LEN;
/// The most bytes of a header: 63 words.
pub const MAX_LEN: usize = 63 * 4;
/// The most bytes of metadata of MD type 2.
pub const MAX_OPTIONS: usize = MAX_LEN - FIXED_LEN;

/// TTL of new headers (RFC 8300, section 2.2).
pub const DEFAULT_TTL: u8 = 63;
/// Service index at the start of a path (RFC 8300, section 2.3).
pub const DEFAULT_SI: u8 = 255;
/// The highest service path identifier: 24 bits.
pub const MAX_SPI: u32 = 0xff_ffff;

/// MD types (RFC 8300, section 2.2).
pub mod md_type {
    /// Context of fixed length, 16 bytes.
    pub const FIXED: u8 = 1;
    /// Context headers of variable length, or none.
    pub const VARIABLE: u8 = 2;
    /// For experiments.
    pub const EXPERIMENT: u8 = 0xf;
}

/// Values of the next protocol field (RFC 8300, section 11.2.5; 0: RFC 8393; 7: RFC 9516).
pub mod next {
    /// Nothing follows: the packet is its metadata.
    pub const NONE: u8 = 0;
    /// IPv4.
    pub const IPV4: u8 = 1;
    /// IPv6.
    pub const IPV6: u8 = 2;
    /// Ethernet.
    pub const ETHERNET: u8 = 3;
    /// Another NSH.
    pub const NSH: u8 = 4;
    /// MPLS.
    pub const MPLS: u8 = 5;
    /// Active OAM of service function chains.
    pub const OAM: u8 = 7;
    /// First value for experiments.
    pub const EXPERIMENT_1: u8 = 0xfe;
    /// Second value for experiments.
    pub const EXPERIMENT_2: u8 = 0xff;
}

/// The TTL with which a service function forwarder sends a packet on that came with `ttl`; `None`
/// where it must not be forwarded. 0 becomes 63 (RFC 8300, section 2.2).
pub fn decremented_ttl(ttl: u8) -> Option<u8> {
    match ttl & 0x3f {
        0 => Some(DEFAULT_TTL),
        1 => None,
        ttl => Some(ttl - 1),
    }
}
