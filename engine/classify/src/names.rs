//! Names usable in rules: those every Click configuration knows, and the caller's own.

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// IP protocol numbers; 256 stands for TCP or UDP, 257 for any transport protocol.
    IpProtocol,
    /// TCP port numbers.
    TcpPort,
    /// UDP port numbers.
    UdpPort,
    /// TCP flag bits.
    TcpOption,
    /// ICMP message types.
    IcmpType,
}

/// The protocol number for `tcpudp`.
pub const TCP_OR_UDP: u32 = 256;
/// The protocol number for `transp`.
pub const ANY_TRANSPORT: u32 = 257;

/// Where the caller's names come from (AddressInfo, PortInfo, services of the machine). Literals
/// and built-in names never reach it.
pub trait Names {
    /// The number `name` stands for; built-in names come after.
    fn number(&self, _kind: NameKind, _name: &str) -> Option<u32> {
        None
    }

    /// The IP address `name` stands for.
    fn ip_address(&self, _name: &str) -> Option<u32> {
        None
    }

    /// The IP prefix `name` stands for, as address and mask.
    fn ip_prefix(&self, _name: &str) -> Option<(u32, u32)> {
        None
    }

    /// The MAC address `name` stands for.
    fn mac_address(&self, _name: &str) -> Option<[u8; 6]> {
        None
    }
}

/// Only the built-in names.
pub struct BuiltinNames;

impl Names for BuiltinNames {}

/// A number by the caller's names, then by the built-in ones.
pub(crate) fn number(names: &dyn Names, kind: NameKind, name: &str) -> Option<u32> {
    names.number(kind, name).or_else(|| builtin(kind, name))
}

/// The number of a built-in name.
pub fn builtin(kind: NameKind, name: &str) -> Option<u32> {
    let table = match kind {
        NameKind::IpProtocol => PROTOCOLS,
        NameKind::TcpPort | NameKind::UdpPort => PORTS,
        NameKind::TcpOption => TCP_OPTIONS,
        NameKind::IcmpType => ICMP_TYPES,
    };
    let found = table.iter().find(|(known, _)| *known == name)?;
    Some(u32::from(found.1))
}

const PROTOCOLS: &[(&str, u16)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("ipip", 4),
    ("tcp", 6),
    ("tcpudp", TCP_OR_UDP as u16),
    ("transp", ANY_TRANSPORT as u16),
    ("udp", 17),
];

const TCP_OPTIONS: &[(&str, u16)] = &[
    ("ack", 0x10),
    ("fin", 0x01),
    ("psh", 0x08),
    ("rst", 0x04),
    ("syn", 0x02),
    ("urg", 0x20),
];

const ICMP_TYPES: &[(&str, u16)] = &[
    ("echo", 8),
    ("echo-reply", 0),
    ("inforeq", 15),
    ("inforeq-reply", 16),
    ("maskreq", 17),
    ("maskreq-reply", 18),
    ("parameterproblem", 12),
    ("redirect", 5),
    ("routeradvert", 9),
    ("routersolicit", 10),
    ("sourcequench", 4),
    ("timeexceeded", 11),
    ("timestamp", 13),
    ("timestamp-reply", 14),
    ("unreachable", 3),
];

const PORTS: &[(&str, u16)] = &[
    ("auth", 113),
    ("bootpc", 68),
    ("bootps", 67),
    ("chargen", 19),
    ("daytime", 13),
    ("discard", 9),
    ("dns", 53),
    ("domain", 53),
    ("echo", 7),
    ("finger", 79),
    ("ftp", 21),
    ("ftp-data", 20),
    ("https", 443),
    ("imap3", 220),
    ("imaps", 993),
    ("irc", 194),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ssn", 139),
    ("nntp", 119),
    ("ntp", 123),
    ("pop3", 110),
    ("pop3s", 995),
    ("rip", 520),
    ("route", 520),
    ("smtp", 25),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("ssh", 22),
    ("sunrpc", 111),
    ("telnet", 23),
    ("tftp", 69),
    ("www", 80),
];
