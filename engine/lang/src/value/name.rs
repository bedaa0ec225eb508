//! Names: ports and protocols, annotations, elements, handlers.

use super::{Value, parse_error};
use crate::args::{NameKind, Names};
use crate::confparse::{is_element_name, unquote_text};
use crate::value::number::parse_unsigned;

/// Protocols by name, the usual ones of IANA's registry.
const PROTOCOLS: &[(&str, u8)] = &[
    ("ip", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ggp", 3),
    ("ipip", 4),
    ("st", 5),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("udp", 17),
    ("rdp", 27),
    ("dccp", 33),
    ("ip6", 41),
    ("ipv6", 41),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmp6", 58),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("sctp", 132),
    ("udplite", 136),
    ("payload", 255),
];

/// TCP and UDP services by name.
const SERVICES: &[(&str, u16)] = &[
    ("auth", 113),
    ("bgp", 179),
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
    ("ftp_data", 20),
    ("gopher", 70),
    ("http", 80),
    ("http-alt", 8080),
    ("https", 443),
    ("imap", 143),
    ("imap2", 143),
    ("imap3", 220),
    ("imap4", 143),
    ("imap4_ssl", 993),
    ("imaps", 993),
    ("irc", 194),
    ("kerberos", 88),
    ("ldap", 389),
    ("ldaps", 636),
    ("mysql", 3306),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ssn", 139),
    ("nntp", 119),
    ("ntp", 123),
    ("pop2", 109),
    ("pop3", 110),
    ("pop3s", 995),
    ("postgresql", 5432),
    ("radius", 1812),
    ("rip", 520),
    ("route", 520),
    ("rtsp", 554),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("snmptrap", 162),
    ("socks", 1080),
    ("ssh", 22),
    ("submission", 587),
    ("sunrpc", 111),
    ("syslog", 514),
    ("telnet", 23),
    ("tftp", 69),
    ("time", 37),
    ("whois", 43),
    ("www", 80),
];

/// The number that `text` is or names; databases give it as big-endian bytes.
fn number(
    text: &str,
    kind: NameKind,
    names: &dyn Names,
    table: impl Fn(&str) -> Option<u64>,
) -> Option<u64> {
    let known = names.lookup(kind, text);
    let known = known.filter(|bytes| bytes.len() <= 8).map(|bytes| {
        let add = |n: u64, &b: &u8| n << 8 | u64::from(b);
        bytes.iter().fold(0, add)
    });
    known
        .or_else(|| parse_unsigned(text).ok())
        .or_else(|| table(text))
}

fn port(text: &str, kind: NameKind, names: &dyn Names) -> Result<u16, String> {
    let service = |name: &str| {
        let found = SERVICES.iter().find(|s| s.0 == name);
        found.map(|s| u64::from(s.1))
    };
    match number(text, kind, names, service) {
        Some(port) => u16::try_from(port).map_err(|_| "overflow, range 0-65535".to_string()),
        None => parse_error(),
    }
}

macro_rules! ports {
    ($($(#[$doc:meta])* $name:ident, $kind:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u16);

        impl Value for $name {
            const EXPECTED: &'static str = $expected;

            fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
                port(text, $kind, names).map($name)
            }

            fn placeholder() -> Self {
                $name(0)
            }
        }
    )*};
}

ports! {
    /// A TCP port, by number or service name.
    TcpPort, NameKind::TcpPort, "TCP port";
    /// A UDP port, by number or service name.
    UdpPort, NameKind::UdpPort, "UDP port";
}

/// An IP protocol, by number or name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct IpProtocol(pub u8);

impl Value for IpProtocol {
    const EXPECTED: &'static str = "IP protocol";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let table = |name: &str| {
            let found = PROTOCOLS.iter().find(|p| p.0 == name);
            found.map(|p| u64::from(p.1))
        };
        match number(text, NameKind::IpProtocol, names, table) {
            Some(protocol) => u8::try_from(protocol)
                .map(IpProtocol)
                .map_err(|_| "out of range, bound 255".to_string()),
            None => parse_error(),
        }
    }

    fn placeholder() -> Self {
        IpProtocol(0)
    }
}

/// Bytes of a packet's annotation area.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Annotation {
    /// First byte.
    pub offset: u8,
    /// Number of bytes; 0 when only the offset was given.
    pub size: u8,
}

/// Bytes in the annotation area.
const ANNOTATION_AREA: u64 = 48;

/// Annotations by name: offset and size.
const ANNOTATIONS: &[(&str, u8, u8)] = &[
    ("AGGREGATE", 20, 4),
    ("DST_IP", 0, 4),
    ("DST_IP6", 0, 16),
    ("EXTRA_LENGTH", 28, 4),
    ("EXTRA_PACKETS", 24, 4),
    ("FIRST_TIMESTAMP", 32, 8),
    ("FIX_IP_SRC", 19, 1),
    ("FWD_RATE", 20, 4),
    ("GRID_ROUTE_CB", 27, 1),
    ("ICMP_PARAMPROB", 17, 1),
    ("IPREASSEMBLER", 28, 4),
    ("IPSEC_SA_DATA_REFERENCE", 40, 8),
    ("IPSEC_SPI", 32, 4),
    ("MARK", 44, 4),
    ("MISC_IP", 20, 4),
    ("PACKET_NUMBER", 32, 4),
    ("PAINT", 16, 1),
    ("PERFCTR", 40, 8),
    ("REV_RATE", 24, 4),
    ("SEQUENCE_NUMBER", 36, 4),
    ("VLAN", 20, 2),
    ("VLAN_TCI", 20, 2),
    ("WIFI_EXTRA", 16, 28),
];

impl Annotation {
    /// The annotation as one of `size` bytes, if it may be one.
    pub fn sized(self, size: u8) -> Option<Self> {
        let fits = u64::from(self.offset) + u64::from(size) <= ANNOTATION_AREA;
        let agrees = self.size == 0 || self.size == size;
        let offset = self.offset;
        (fits && agrees).then_some(Annotation { offset, size })
    }
}

impl Value for Annotation {
    const EXPECTED: &'static str = "packet annotation";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let known = names.lookup(NameKind::Annotation, text);
        if let Some([offset, size]) = known.as_deref() {
            let (offset, size) = (*offset, *size);
            return Ok(Annotation { offset, size });
        }
        if let Some(&(_, offset, size)) = ANNOTATIONS.iter().find(|a| a.0 == text) {
            return Ok(Annotation { offset, size });
        }
        match parse_unsigned(text) {
            Ok(offset) if offset < ANNOTATION_AREA => Ok(Annotation {
                offset: offset as u8,
                size: 0,
            }),
            _ => parse_error(),
        }
    }

    fn placeholder() -> Self {
        Annotation::default()
    }
}

/// The name of an element that exists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ElementName(pub String);

impl Value for ElementName {
    const EXPECTED: &'static str = "element name";

    fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
        let name = unquote_text(text);
        match names.element(&name) {
            true => Ok(ElementName(name)),
            false => Err("does not name an element".to_string()),
        }
    }

    fn placeholder() -> Self {
        ElementName::default()
    }
}

/// The name of a handler: `element.handler`, or `handler` for a global one. Whether it exists is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HandlerName {
    /// The element; `None` for a global handler.
    pub element: Option<String>,
    /// The handler.
    pub handler: String,
}

impl Value for HandlerName {
    const EXPECTED: &'static str = "handler name";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        let text = unquote_text(text);
        let (element, handler) = match text.split_once('.') {
            Some((element, handler)) => (Some(element), handler),
            None => (None, text.as_str()),
        };
        let plain = |c: char| !c.is_whitespace() && !c.is_control();
        let good = !handler.is_empty() && handler.chars().all(plain);
        if !good || element.is_some_and(|e| !is_element_name(e)) {
            return parse_error();
        }
        Ok(HandlerName {
            element: element.map(str::to_string),
            handler: handler.to_string(),
        })
    }

    fn placeholder() -> Self {
        HandlerName::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    #[test]
    fn ports_are_numbers_or_services() {
        let tcp = |text| TcpPort::parse(text, &NoNames).map(|p| p.0);
        assert_eq!(tcp("http"), Ok(80));
        assert_eq!(tcp("0x50"), Ok(80));
        assert_eq!(tcp("65536"), Err("overflow, range 0-65535".into()));
        assert_eq!(tcp("nope"), Err("parse error".into()));
        let udp = UdpPort::parse("domain", &NoNames).unwrap();
        assert_eq!(udp.0, 53);
        let protocol = |text| IpProtocol::parse(text, &NoNames).map(|p| p.0);
        assert_eq!(protocol("icmp"), Ok(1));
        assert_eq!(protocol("300"), Err("out of range, bound 255".into()));
    }

    #[test]
    fn elements_must_exist() {
        let missing = ElementName::parse("x", &NoNames);
        assert_eq!(missing, Err("does not name an element".into()));
    }

    #[test]
    fn handlers_have_an_element_or_none() {
        let handler = |text| HandlerName::parse(text, &NoNames).ok();
        let found = handler("a/b.count").unwrap();
        assert_eq!(found.element.as_deref(), Some("a/b"));
        assert_eq!(found.handler, "count");
        assert_eq!(handler("stop").unwrap().element, None);
        for bad in ["", "a.", ".x", "a b.c"] {
            assert_eq!(handler(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn annotations_are_names_or_offsets() {
        let annotation = |text| Annotation::parse(text, &NoNames).ok();
        assert_eq!(
            annotation("PAINT"),
            Some(Annotation {
                offset: 16,
                size: 1
            })
        );
        assert_eq!(
            annotation("47"),
            Some(Annotation {
                offset: 47,
                size: 0
            })
        );
        assert_eq!(annotation("48"), None);
        assert_eq!(annotation("PAINT").unwrap().sized(4), None);
        assert_eq!(annotation("46").unwrap().sized(4), None);
        let sized = annotation("44").unwrap().sized(4);
        assert_eq!(
            sized,
            Some(Annotation {
                offset: 44,
                size: 4
            })
        );
    }
}
