//! What a rule says, as data.

use super::content::Step;
use super::sets::{AddressSet, PortSet};
use crate::inspection::headers::Headers;
use weft_wire::protocol::ip;

/// What becomes of a packet that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is told.
    Alert,
    /// It is told, and dropped where that is wanted.
    Drop,
    /// Nothing, and nothing that other rules want either.
    Pass,
}

/// Whose packets a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ip,
    Tcp,
    Udp,
    Icmp,
}

/// Addresses and ports, from left to right.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub protocol: Protocol,
    pub addresses: [AddressSet; 2],
    pub ports: [PortSet; 2],
    /// `<>`: from right to left as well.
    pub both_ways: bool,
}

impl Ends {
    /// Whether a packet with these headers goes this way.
    pub fn matches(&self, headers: &Headers) -> bool {
        let is_of = match self.protocol {
            Protocol::Ip => true,
            Protocol::Tcp => headers.protocol == ip::TCP,
            Protocol::Udp => headers.protocol == ip::UDP,
            Protocol::Icmp => matches!(headers.protocol, ip::ICMP | ip::ICMPV6),
        };
        is_of && (self.goes(headers, 0, 1) || self.both_ways && self.goes(headers, 1, 0))
    }

    fn goes(&self, headers: &Headers, left: usize, right: usize) -> bool {
        self.ports[left].contains(headers.ports[0])
            && self.ports[right].contains(headers.ports[1])
            && self.addresses[left].contains(headers.source)
            && self.addresses[right].contains(headers.destination)
    }
}

/// A field that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Ttl,
    Id,
    IpProtocol,
    IcmpType,
    IcmpCode,
    IcmpId,
    IcmpSequence,
    Sequence,
    Acknowledgment,
    PayloadSize,
}

impl Field {
    /// Its value; none where the packet does not have it.
    fn of(self, headers: &Headers, payload: usize) -> Option<u32> {
        let icmp = matches!(headers.protocol, ip::ICMP | ip::ICMPV6);
        let tcp = headers.protocol == ip::TCP;
        match self {
            Field::Ttl => Some(headers.ttl.into()),
            Field::Id => Some(headers.id.into()),
            Field::IpProtocol => Some(headers.protocol.into()),
            Field::IcmpType => icmp.then_some(headers.icmp[0].into()),
            Field::IcmpCode => icmp.then_some(headers.icmp[1].into()),
            Field::IcmpId => icmp.then_some(headers.icmp_numbers[0].into()),
            Field::IcmpSequence => icmp.then_some(headers.icmp_numbers[1].into()),
            Field::Sequence => tcp.then_some(headers.tcp_numbers[0]),
            Field::Acknowledgment => tcp.then_some(headers.tcp_numbers[1]),
            Field::PayloadSize => u32::try_from(payload).ok(),
        }
    }
}

/// How the flags of TCP are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlagMatch {
    /// These and no others.
    Exactly,
    /// All of these.
    All,
    /// One of these.
    Any,
    /// None of these.
    None,
}

/// A condition on headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// A field lies in a range, both ends included, or outside of it.
    Number {
        field: Field,
        low: u32,
        high: u32,
        negated: bool,
    },
    /// The flags of TCP, but for those ignored.
    Flags {
        how: FlagMatch,
        flags: u8,
        ignored: u8,
    },
    /// Source and destination are one.
    SameAddress,
}

impl Test {
    /// Whether a packet with these headers and as many bytes of payload meets it.
    pub fn matches(&self, headers: &Headers, payload: usize) -> bool {
        match *self {
            Test::Number {
                field,
                low,
                high,
                negated,
            } => {
                let value = field.of(headers, payload);
                value.is_some_and(|value| (low..=high).contains(&value) != negated)
            }
            Test::Flags {
                how,
                flags,
                ignored,
            } => {
                let seen = headers.tcp_flags & !ignored;
                headers.protocol == ip::TCP
                    && match how {
                        FlagMatch::Exactly => seen == flags,
                        FlagMatch::All => seen & flags == flags,
                        FlagMatch::Any => seen & flags != 0,
                        FlagMatch::None => seen & flags == 0,
                    }
            }
            Test::SameAddress => headers.source == headers.destination,
        }
    }
}

/// Whom a packet goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heading {
    Server,
    Client,
}

/// A condition on the flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FlowTest {
    pub heading: Option<Heading>,
    pub established: Option<bool>,
}

impl FlowTest {
    /// Whether the flow has to be known.
    pub fn is_some(&self) -> bool {
        self.heading.is_some() || self.established.is_some()
    }
}

/// How often a rule is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Often {
    /// The first ones of each time.
    Limit,
    /// Every so manieth.
    Threshold,
    /// Once in each time, when there were so many.
    Both,
}

/// `threshold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Threshold {
    pub often: Often,
    pub by_destination: bool,
    pub count: u32,
    pub seconds: u32,
}

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub action: Action,
    pub ends: Ends,
    pub gid: u32,
    pub sid: u32,
    pub rev: u32,
    pub msg: String,
    pub classtype: String,
    pub priority: Option<u32>,
    pub references: Vec<String>,
    pub metadata: Vec<String>,
    pub tests: Vec<Test>,
    pub flow: FlowTest,
    /// Conditions on the payload, in order.
    pub steps: Vec<Step>,
    pub threshold: Option<Threshold>,
}

impl Rule {
    /// What it is known by, in lists and through reloads.
    pub fn key(&self) -> (u32, u32) {
        (self.gid, self.sid)
    }
}
