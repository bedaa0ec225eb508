//! Values in configuration arguments: what each type accepts, and how errors name what is wrong.
//!
//! A type is an argument type when it implements [`Value`]. Parsing takes the whole text of an argument; messages are
//! Click's.

mod address;
mod bandwidth;
mod decimal;
mod name;
mod number;
mod text;
mod time;

pub use address::{IpAddresses, IpPrefix, IpPrefixOrAddress, Ipv6Prefix, MacAddr};
pub use bandwidth::{Bandwidth, Count, parse_bandwidth, unparse_bandwidth};
pub use decimal::{Fixed, parse_fixed, unparse_fixed};
pub use name::{Annotation, ElementName, HandlerName, IpProtocol, TcpPort, UdpPort};
pub use number::{parse_bool, parse_real, parse_signed, parse_unsigned};
pub use text::{AnyText, Filename, HexData, Keyword, Word};
pub use time::{Milliseconds, Seconds, WholeSeconds, parse_seconds_ns, unparse_seconds};

use crate::args::Names;

/// What Click says of a value that it has nothing particular to say about.
pub const PARSE_ERROR: &str = "parse error";

/// A type that a configuration argument can have.
pub trait Value: Sized {
    /// What the type accepts, for manuals, such as `IP address`.
    const EXPECTED: &'static str;

    /// Reads a value; the error is what Click prints behind the argument's name.
    fn parse(text: &str, names: &dyn Names) -> Result<Self, String>;

    /// The value that stands for one that could not be read.
    fn placeholder() -> Self;
}

pub(crate) fn parse_error<T>() -> Result<T, String> {
    Err(PARSE_ERROR.to_string())
}
