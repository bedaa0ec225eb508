//! How long flows live, by what was seen of them.

use super::flow::{Direction, Flow};

/// TCP: this direction has ended. Shifted by the direction.
const DONE: u8 = 1;
/// TCP: this direction has carried data. Shifted by the direction.
const DATA: u8 = 4;
/// UDP: a packet of this direction was seen. Shifted by the direction.
const SEEN: u8 = 1;
/// UDP: packets seen, 0 to 3, counted in units of this.
const COUNT: u8 = 4;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;

/// Protocol number of TCP.
pub(crate) const TCP: u8 = 6;
/// Protocol number of UDP.
pub(crate) const UDP: u8 = 17;
/// Protocol number of ICMP, whose echo requests and replies live as datagrams do.
pub(crate) const ICMP: u8 = 1;

/// Timeouts as configured, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub tcp: u64,
    pub tcp_no_data: u64,
    pub tcp_done: u64,
    pub tcp_guarantee: u64,
    pub udp: u64,
    pub udp_streaming: u64,
    pub udp_guarantee: u64,
}

impl Times {
    fn tcp_lifetime(&self, seen: u8) -> u64 {
        let timeout = if has_both(seen, DONE) {
            self.tcp_done
        } else if has_both(seen, DATA) {
            self.tcp
        } else {
            self.tcp_no_data
        };
        timeout.max(self.tcp_guarantee)
    }

    fn udp_lifetime(&self, seen: u8) -> u64 {
        let streams = has_both(seen, SEEN) && seen >= 3 * COUNT;
        let timeout = if streams {
            self.udp_streaming
        } else {
            self.udp
        };
        timeout.max(self.udp_guarantee)
    }
}

fn has_both(seen: u8, flag: u8) -> bool {
    seen & (3 * flag) == 3 * flag
}

/// What a packet needs to know of the timeouts: looked up, not decided.
pub(crate) struct Timeouts {
    /// For UDP and TCP, by what was seen.
    lifetimes: [[u64; 16]; 2],
    guarantees: [u64; 2],
}

impl From<Times> for Timeouts {
    fn from(times: Times) -> Self {
        Timeouts {
            lifetimes: [
                std::array::from_fn(|seen| times.udp_lifetime(seen as u8)),
                std::array::from_fn(|seen| times.tcp_lifetime(seen as u8)),
            ],
            guarantees: [times.udp_guarantee, times.tcp_guarantee],
        }
    }
}

impl Timeouts {
    /// From when on a flow may be removed to make room.
    #[inline]
    pub(crate) fn guaranteed_until(&self, flow: &Flow) -> u64 {
        let guarantee = self.guarantees[usize::from(flow.protocol == TCP)];
        flow.used.saturating_add(guarantee)
    }

    /// When a flow expires if no packet comes.
    #[inline]
    pub(crate) fn expiry(&self, flow: &Flow) -> u64 {
        let lifetimes = &self.lifetimes[usize::from(flow.protocol == TCP)];
        flow.used
            .saturating_add(lifetimes[usize::from(flow.seen & 15)])
    }
}

/// What the state becomes when a TCP segment with these flags comes.
#[inline]
pub(crate) fn after_segment(seen: u8, direction: Direction, flags: u8, has_data: bool) -> u8 {
    let shift = direction as u8;
    let mut seen = seen;
    if flags & RST != 0 {
        seen |= 3 * DONE;
    } else if flags & FIN != 0 {
        seen |= DONE << shift;
    } else if flags & SYN != 0 || has_data {
        seen &= !(DONE << shift);
    }
    if has_data {
        seen |= DATA << shift;
    }
    seen
}

/// What the state becomes when a datagram comes.
#[inline]
pub(crate) fn after_datagram(seen: u8, direction: Direction) -> u8 {
    let counted = if seen < 3 * COUNT { COUNT } else { 0 };
    (seen + counted) | SEEN << direction as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcpudp::rewriter::flow::FlowId;
    use Direction::{Forward, Reply};

    const TIMES: Times = Times {
        tcp: 86400,
        tcp_no_data: 300,
        tcp_done: 240,
        tcp_guarantee: 5,
        udp: 60,
        udp_streaming: 90,
        udp_guarantee: 5,
    };

    fn expiry(protocol: u8, seen: u8) -> u64 {
        let id = FlowId::new(1, 2, 3, 4);
        let mut flow = Flow::new(protocol, id, id, [0, 0], 0);
        flow.seen = seen;
        Timeouts::from(TIMES).expiry(&flow)
    }

    #[test]
    fn tcp_flows_live_by_data_and_end() {
        let mut seen = after_segment(0, Forward, SYN, false);
        assert_eq!(expiry(TCP, seen), 300);
        seen = after_segment(seen, Forward, 0, true);
        assert_eq!(expiry(TCP, seen), 300);
        seen = after_segment(seen, Reply, 0, true);
        assert_eq!(expiry(TCP, seen), 86400);
        seen = after_segment(seen, Forward, FIN, false);
        assert_eq!(expiry(TCP, seen), 86400);
        seen = after_segment(seen, Reply, FIN, false);
        assert_eq!(expiry(TCP, seen), 240);
        seen = after_segment(seen, Forward, SYN, false);
        assert_eq!(expiry(TCP, seen), 86400);
        assert_eq!(expiry(TCP, after_segment(seen, Reply, RST, false)), 240);
    }

    #[test]
    fn udp_flows_stream_after_three_packets_both_ways() {
        let mut seen = 0;
        for _ in 0..5 {
            seen = after_datagram(seen, Forward);
            assert_eq!(expiry(UDP, seen), 60);
        }
        assert_eq!(expiry(UDP, after_datagram(seen, Reply)), 90);
        let rpc = after_datagram(after_datagram(0, Forward), Reply);
        assert_eq!(expiry(UDP, rpc), 60);
        assert_eq!(expiry(UDP, after_datagram(rpc, Reply)), 90);
    }
}
