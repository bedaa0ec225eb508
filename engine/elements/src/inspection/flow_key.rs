//! What packets of a flow have in common, whichever way they go.

use super::headers::{Address, Headers};

/// Both ends of a flow, the lower one first, and its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FlowKey {
    pub ends: [(Address, u16); 2],
    pub protocol: u8,
}

impl FlowKey {
    /// The flow of a packet, and which of its ends sent it.
    #[inline]
    pub fn of(headers: &Headers) -> (FlowKey, usize) {
        let source = (headers.source, headers.ports[0]);
        let destination = (headers.destination, headers.ports[1]);
        let from = usize::from(source > destination);
        let ends = match from {
            0 => [source, destination],
            _ => [destination, source],
        };
        let protocol = headers.protocol;
        (FlowKey { ends, protocol }, from)
    }
}
