//! IP summaries: packets as lines of text, a column per field. The fields are data; a packet is
//! shown through a [`View`] and made from a [`Draft`].

mod draft;
mod field;
mod options;
mod view;

pub use draft::{Defaults, Draft};
pub use field::{Field, banner, parse_protocol};
pub use view::View;

/// What the first line of a summary says.
pub const BANNER: &str = "!IPSummaryDump";
/// Versions of the format: major and minor.
pub const VERSION: (u32, u32) = (1, 3);
/// Letters of TCP's flags, from the lowest bit on.
pub const TCP_FLAGS: &[u8; 9] = b"FSRPAUECN";
