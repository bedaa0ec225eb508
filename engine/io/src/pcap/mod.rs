//! Capture files: classic pcap of both byte orders and resolutions, plain or gzip-compressed.

mod format;
mod link_type;
mod reader;
mod writer;

pub use format::Precision;
pub use link_type::LinkType;
pub use reader::{Reader, Record};
pub use writer::{Writer, WriterOptions};
