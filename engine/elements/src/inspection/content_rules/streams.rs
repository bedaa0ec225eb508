//! What is remembered of flows: who began them, whether both sides spoke, and the last bytes of each
//! direction of TCP, so that a content that lies in two segments is found.

use crate::inspection::bounded_table::BoundedTable;
use crate::inspection::flow_key::FlowKey;
use crate::inspection::headers::Headers;
use foldhash::fast::FixedState;
use std::hash::BuildHasher;
use weft_wire::protocol::ip;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;
/// JSON numbers are exact up to this many bits.
const ID_BITS: u32 = 53;

/// What is known of the flow of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The same for both directions.
    pub id: u64,
    /// Whether the packet comes from whom began the flow.
    pub to_server: bool,
    /// Whether both sides agreed to talk: the handshake of TCP, packets both ways elsewhere.
    pub established: bool,
}

#[derive(Default)]
struct Side {
    spoke: bool,
    /// The sequence number that comes next.
    next: Option<u32>,
    tail: Vec<u8>,
}

struct Flow {
    /// Which of the ends began it.
    client: usize,
    /// TCP: what of the handshake was seen. A flow that is met in its middle counts as established.
    opening: Opening,
    sides: [Side; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    Asked,
    Answered,
    Open,
}

/// The flows.
pub(super) struct Streams {
    flows: BoundedTable<FlowKey, Flow>,
    overlap: usize,
    pub forgotten: u64,
}

impl Streams {
    /// No flows yet, `capacity` at most; of each direction `overlap` bytes are kept.
    pub fn new(capacity: usize, overlap: usize) -> Self {
        Streams {
            flows: BoundedTable::new(capacity),
            overlap,
            forgotten: 0,
        }
    }

    /// Number of flows known.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Takes the flows of another, as far as there is room.
    pub fn take_over(&mut self, old: &mut Streams) {
        let capacity = self.flows.capacity();
        std::mem::swap(&mut self.flows, &mut old.flows);
        let mut forgotten = 0;
        self.flows.set_capacity(capacity, |_, _| forgotten += 1);
        self.forgotten += forgotten;
    }

    /// Notes a packet, and puts the end of what came before it, then its payload, into `data`. Gives
    /// what is known of its flow, and how many bytes came before.
    pub fn note(
        &mut self,
        headers: &Headers,
        payload: &[u8],
        now: u64,
        data: &mut Vec<u8>,
    ) -> (Seen, usize) {
        let (key, from) = FlowKey::of(headers);
        let overlap = self.overlap;
        let (flow, evicted) = self.flows.entry(key, now, || Flow::begun_by(headers, from));
        self.forgotten += u64::from(evicted.is_some());
        let is_tcp = headers.protocol == ip::TCP;
        if is_tcp {
            flow.note_flags(headers, from);
        }
        flow.sides[from].spoke = true;
        let established = match is_tcp {
            true => flow.opening == Opening::Open,
            false => flow.sides.iter().all(|side| side.spoke),
        };
        let before = match is_tcp && overlap > 0 && !headers.is_fragment {
            true => flow.sides[from].follow(headers, payload, overlap, data),
            false => 0,
        };
        data.extend_from_slice(payload);
        if is_tcp && overlap > 0 && !payload.is_empty() {
            flow.sides[from].keep(data, overlap);
        }
        let seen = Seen {
            id: id_of(&key),
            to_server: flow.client == from,
            established,
        };
        (seen, before)
    }
}

/// What a packet says of its flow by itself.
pub(super) fn flow_id(headers: &Headers) -> u64 {
    id_of(&FlowKey::of(headers).0)
}

fn id_of(key: &FlowKey) -> u64 {
    FixedState::with_seed(0).hash_one(key) >> (64 - ID_BITS)
}

impl Flow {
    /// A flow of which this is the first packet seen, sent by end `from`.
    fn begun_by(headers: &Headers, from: usize) -> Flow {
        let flags = headers.tcp_flags & (SYN | ACK);
        // Met in its middle, the higher port is taken for the client's.
        let asks_lower = headers.ports[0] >= headers.ports[1];
        let (client, opening) = match (headers.protocol, flags) {
            (ip::TCP, SYN) => (from, Opening::Asked),
            (ip::TCP, flags) if flags == SYN | ACK => (1 - from, Opening::Answered),
            (ip::TCP, _) if asks_lower => (from, Opening::Open),
            (ip::TCP, _) => (1 - from, Opening::Open),
            _ => (from, Opening::Asked),
        };
        Flow {
            client,
            opening,
            sides: Default::default(),
        }
    }

    fn note_flags(&mut self, headers: &Headers, from: usize) {
        let is_client = self.client == from;
        match headers.tcp_flags & (SYN | ACK | RST) {
            SYN if self.opening == Opening::Open || !is_client => {
                *self = Flow::begun_by(headers, from);
            }
            flags if flags == SYN | ACK && !is_client => self.opening = Opening::Answered,
            ACK if is_client && self.opening == Opening::Answered => self.opening = Opening::Open,
            _ => {}
        }
    }
}

impl Side {
    /// Notes the sequence number of a segment. Where it follows on what came before, the end of that is
    /// put into `data`; gives how many bytes.
    fn follow(
        &mut self,
        headers: &Headers,
        payload: &[u8],
        overlap: usize,
        data: &mut Vec<u8>,
    ) -> usize {
        let [sequence, _] = headers.tcp_numbers;
        let flags = headers.tcp_flags;
        let counted = u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        let after = sequence
            .wrapping_add(payload.len() as u32)
            .wrapping_add(counted);
        let is_next = self.next == Some(sequence) && flags & SYN == 0;
        if !is_next {
            self.tail.clear();
        }
        self.next = Some(after);
        if payload.is_empty() {
            return 0;
        }
        let kept = self.tail.len().min(overlap);
        data.extend_from_slice(&self.tail[self.tail.len() - kept..]);
        kept
    }

    /// Keeps the last bytes of `data`.
    fn keep(&mut self, data: &[u8], overlap: usize) {
        self.tail.clear();
        self.tail
            .extend_from_slice(&data[data.len().saturating_sub(overlap)..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn segment(from_client: bool, flags: u8, sequence: u32) -> Headers {
        let ends = [(1u8, 50000u16), (2, 80)];
        let [(a, x), (b, y)] = if from_client {
            ends
        } else {
            [ends[1], ends[0]]
        };
        Headers {
            source: Ipv4Addr::new(10, 0, 0, a).into(),
            destination: Ipv4Addr::new(10, 0, 0, b).into(),
            protocol: ip::TCP,
            ports: [x, y],
            tcp_flags: flags,
            tcp_numbers: [sequence, 0],
            ..Headers::default()
        }
    }

    fn note(streams: &mut Streams, headers: &Headers, payload: &str) -> (Seen, String) {
        let mut data = Vec::new();
        let (seen, before) = streams.note(headers, payload.as_bytes(), 1, &mut data);
        (seen, String::from_utf8_lossy(&data[..before]).into())
    }

    #[test]
    fn a_flow_is_established_by_its_handshake() {
        let mut streams = Streams::new(10, 4);
        let established: Vec<bool> = [(true, SYN), (false, SYN | ACK), (true, ACK), (false, ACK)]
            .map(|(client, flags)| {
                let (seen, _) = note(&mut streams, &segment(client, flags, 0), "");
                assert_eq!(seen.to_server, client);
                seen.established
            })
            .into();
        assert_eq!(
            (established, streams.len()),
            (vec![false, false, true, true], 1)
        );
        let (met, _) = note(&mut Streams::new(1, 0), &segment(false, ACK, 0), "");
        assert_eq!((met.established, met.to_server), (true, false));
        assert_eq!(met.id, flow_id(&segment(true, ACK, 9)));
    }

    #[test]
    fn the_end_of_what_came_before_stands_before_what_follows_on_it() {
        let mut streams = Streams::new(10, 4);
        let mut before = |sequence, text| note(&mut streams, &segment(true, ACK, sequence), text).1;
        assert_eq!(before(100, "abcdef"), "");
        assert_eq!(before(106, "g"), "cdef");
        assert_eq!(before(107, ""), "");
        assert_eq!(before(107, "h"), "defg");
        assert_eq!(before(200, "x"), "");
        assert_eq!(before(201, "y"), "x");
    }
}
