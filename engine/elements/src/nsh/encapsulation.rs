//! Headers that are put before packets, the same but for what follows.

use weft_core::{Packet, Pool, REASON_NO_BUFFER};
use weft_wire::nsh::{MAX_LEN, Repr};

/// Where the next protocol stands in a header.
const NEXT_PROTOCOL: usize = 3;

/// A header to be put before packets.
pub(super) struct Encapsulation {
    header: Vec<u8>,
}

impl Encapsulation {
    /// Headers that say what `repr` does.
    pub fn new(repr: &Repr) -> Self {
        let header = repr.to_bytes();
        debug_assert!(header.len() <= MAX_LEN);
        Encapsulation { header }
    }

    /// Bytes of the header.
    pub fn len(&self) -> usize {
        self.header.len()
    }

    /// Puts the header before a packet that is of protocol `next_protocol`, and marks it.
    ///
    /// # Errors
    /// The reason to drop the packet for.
    #[inline]
    pub fn put(
        &self,
        packet: &mut Packet,
        pool: &mut Pool,
        next_protocol: u8,
    ) -> Result<(), &'static str> {
        let length = self.header.len();
        pool.push(packet, length).ok_or(REASON_NO_BUFFER)?;
        let bytes = pool.data_mut(packet).ok_or(REASON_NO_BUFFER)?;
        bytes[..length].copy_from_slice(&self.header);
        bytes[NEXT_PROTOCOL] = next_protocol;
        packet.clear_mac();
        packet.set_network(0, length);
        Ok(())
    }
}
