//! The component contract as `sdk/contract` states it: layout of shared memory, messages, and the
//! socket they travel on. Knows no element and no graph.

mod attach;
mod hello;
mod layout;
mod memory;
mod message;
mod socket;

pub use attach::{Attachment, Caller, Joining, Refusal};
pub use hello::{Frames, Hello, MAJOR, MINOR, Welcome, feature};
pub use layout::{
    DESCRIPTOR_BYTES, Descriptor, Entries, LARGEST_RING, Layout, METADATA_BYTES, MOST_TLVS,
    Metadata, NshType, SMALLEST_RING, TLVS_BYTES, flag,
};
pub use memory::{Block, LinkMemory, create_memory, seal_size};
pub use message::{Access, DeclaredHandler, Decoder, LONGEST_PAYLOAD, Message, Violation};
pub use socket::{Bell, Peer, Socket, accept, bind, connect, listen_on};
