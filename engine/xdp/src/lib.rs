//! AF_XDP: frames of an interface in memory shared with the kernel, by raw system calls.
//!
//! [`Attachment`] is the part that takes privileges: sockets, memory, and the program that hands
//! frames to them. [`Port`] is the part that moves frames, and needs nothing but the descriptors of
//! the first; so the one may be held by a process that outlives the other. Linux's
//! `Documentation/networking/af_xdp.rst` describes the sockets and their rings.

mod attachment;
mod bpf;
mod error;
mod header;
mod interface;
mod mapping;
mod port;
mod program;
mod queue;
mod receiving;
mod ring;
mod sending;
mod socket;
mod sys;

pub use attachment::Attachment;
pub use interface::Interface;
pub use port::{Counts, Port};
pub use queue::QueueFds;
pub use sending::{Kick, Staged};
