//! A flow and its counts.

use crate::inspection::flow_key::FlowKey;
use crate::inspection::time_text::time_text;
use serde_json::{Value, json};
use weft_wire::protocol::ip;

/// Packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Bytes,
    Packets,
}

impl Tally {
    /// Counts a packet of so many bytes.
    #[inline]
    pub fn add(&mut self, bytes: u64) {
        self.packets += 1;
        self.bytes += bytes;
    }

    /// Adds another.
    pub fn merge(&mut self, other: Tally) {
        self.packets += other.packets;
        self.bytes += other.bytes;
    }

    /// What `order` goes by.
    pub fn by(self, order: Order) -> u64 {
        match order {
            Order::Bytes => self.bytes,
            Order::Packets => self.packets,
        }
    }
}

/// What is known of a flow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// By end: what it sent.
    pub sides: [Tally; 2],
    /// The end that was seen first.
    first: usize,
    since: u64,
}

impl Flow {
    /// A flow that end `first` began at `now`.
    pub fn begun_by(first: usize, now: u64) -> Flow {
        Flow {
            sides: Default::default(),
            first,
            since: now,
        }
    }

    /// Both directions together.
    pub fn total(&self) -> Tally {
        let mut total = self.sides[0];
        total.merge(self.sides[1]);
        total
    }

    /// It as JSON; times are turned into those since 1970 by adding `to_epoch`.
    pub fn row(&self, key: &FlowKey, used: u64, to_epoch: u64) -> Value {
        let (source, destination) = (key.ends[self.first], key.ends[1 - self.first]);
        let (sent, back) = (self.sides[self.first], self.sides[1 - self.first]);
        json!({
            "protocol": protocol_name(key.protocol),
            "source": source.0.to_string(),
            "source_port": source.1,
            "destination": destination.0.to_string(),
            "destination_port": destination.1,
            "packets": sent.packets,
            "bytes": sent.bytes,
            "packets_back": back.packets,
            "bytes_back": back.bytes,
            "first": time_text(self.since.wrapping_add(to_epoch)),
            "last": time_text(used.wrapping_add(to_epoch)),
        })
    }
}

/// The name of an IP protocol, or its number.
pub(super) fn protocol_name(protocol: u8) -> String {
    let name = match protocol {
        ip::ICMP => "icmp",
        ip::IGMP => "igmp",
        ip::TCP => "tcp",
        ip::UDP => "udp",
        ip::GRE => "gre",
        ip::ESP => "esp",
        ip::AH => "ah",
        ip::ICMPV6 => "icmp6",
        ip::SCTP => "sctp",
        _ => return protocol.to_string(),
    };
    name.to_string()
}
