//! What a test is about, and how diagnostics spell it.

use crate::names::{ANY_TRANSPORT, TCP_OR_UDP};

/// A run of bits in the IP header, or in the transport header of `protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// `None` for the IP header; else the protocol, [`TCP_OR_UDP`] or [`ANY_TRANSPORT`].
    pub(super) protocol: Option<u32>,
    /// First bit, counted from the start of the header.
    pub(super) offset: u32,
    /// Bits, 1 to 32, within one aligned word.
    pub(super) length: u32,
}

const fn ip_field(offset: u32, length: u32) -> Field {
    Field {
        protocol: None,
        offset,
        length,
    }
}

pub(super) const VERS: Field = ip_field(0, 4);
pub(super) const HL: Field = ip_field(4, 4);
pub(super) const TOS: Field = ip_field(8, 8);
pub(super) const DSCP: Field = ip_field(8, 6);
pub(super) const LEN: Field = ip_field(16, 16);
pub(super) const ID: Field = ip_field(32, 16);
pub(super) const TTL: Field = ip_field(64, 8);
pub(super) const TCP_WIN: Field = Field {
    protocol: Some(6),
    offset: 14 * 8,
    length: 16,
};
pub(super) const ICMP_TYPE: Field = Field {
    protocol: Some(1),
    offset: 0,
    length: 8,
};

/// The type of a test, or of the data given to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    None,
    /// Data only: a number.
    Int,
    Host,
    Net,
    Ether,
    Proto,
    Port,
    TcpOpt,
    Frag,
    Unfrag,
    Ect,
    Ce,
    Field(Field),
    /// Already reported; the test is left out.
    Bad,
}

/// Which of the two addresses or ports a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Destination,
    Either,
    Both,
}

impl Side {
    pub(super) fn has_source(self) -> bool {
        self != Side::Destination
    }

    pub(super) fn has_destination(self) -> bool {
        self != Side::Source
    }
}

/// What a word is in the table of test types.
pub(super) enum TypeWord {
    /// Part of the grammar, no type.
    Syntax,
    Type(Kind),
}

/// Looks a word up in the table of test types.
pub(super) fn type_word(word: &str) -> Option<TypeWord> {
    let kind = match word {
        "dest" | "dst" | "ether" | "ip" | "not" | "src" => return Some(TypeWord::Syntax),
        "ce" => Kind::Ce,
        "dscp" => Kind::Field(DSCP),
        "ect" => Kind::Ect,
        "frag" => Kind::Frag,
        "hl" => Kind::Field(HL),
        "host" => Kind::Host,
        "id" => Kind::Field(ID),
        "len" => Kind::Field(LEN),
        "net" => Kind::Net,
        "opt" => Kind::TcpOpt,
        "port" => Kind::Port,
        "proto" => Kind::Proto,
        "tos" => Kind::Field(TOS),
        "ttl" => Kind::Field(TTL),
        "type" => Kind::Field(ICMP_TYPE),
        "unfrag" => Kind::Unfrag,
        "vers" => Kind::Field(VERS),
        "win" => Kind::Field(TCP_WIN),
        _ => return None,
    };
    Some(TypeWord::Type(kind))
}

/// How diagnostics name a test: `src ip host`.
pub(super) fn unparse_type(side: Option<Side>, kind: Kind) -> String {
    let side = match side {
        None => "",
        Some(Side::Source) => "src ",
        Some(Side::Destination) => "dst ",
        Some(Side::Either) => "src or dst ",
        Some(Side::Both) => "src and dst ",
    };
    let name = match kind {
        Kind::None => "<none>",
        Kind::Int => "<unknown type 3>",
        Kind::Bad => "<unknown type -2>",
        Kind::Host => "ip host",
        Kind::Net => "ip net",
        Kind::Ether => "ether host",
        Kind::Proto => "proto",
        Kind::Port => "port",
        Kind::TcpOpt => "tcp opt",
        Kind::Frag => "ip frag",
        Kind::Unfrag => "ip unfrag",
        Kind::Ect => "ip ect",
        Kind::Ce => "ip ce",
        Kind::Field(field) => return format!("{side}{}", unparse_field(field)),
    };
    format!("{side}{name}")
}

fn unparse_field(field: Field) -> String {
    let name = match field {
        LEN => "ip len",
        ID => "ip id",
        VERS => "ip vers",
        HL => "ip hl",
        TOS => "ip tos",
        DSCP => "ip dscp",
        TTL => "ip ttl",
        TCP_WIN => "tcp win",
        ICMP_TYPE => "icmp type",
        Field { protocol: None, .. } => "ip[...]",
        Field {
            protocol: Some(protocol),
            ..
        } => {
            return format!("{}[...]", unparse_protocol(Some(protocol)));
        }
    };
    name.to_string()
}

/// How diagnostics name a transport protocol.
pub(super) fn unparse_protocol(protocol: Option<u32>) -> String {
    match protocol {
        None => String::new(),
        Some(1) => "icmp".into(),
        Some(2) => "igmp".into(),
        Some(4) => "ipip".into(),
        Some(6) => "tcp".into(),
        Some(17) => "udp".into(),
        Some(TCP_OR_UDP) => "tcpudp".into(),
        Some(ANY_TRANSPORT) => "transp".into(),
        Some(other) => format!("ip proto {}", other as i32),
    }
}

/// How diagnostics name a word in its context.
pub(super) fn unparse_word(kind: Kind, protocol: Option<u32>, word: &str) -> String {
    let mut protocol = unparse_protocol(protocol);
    if !protocol.is_empty() || !word.is_empty() {
        protocol.push(' ');
    }
    format!("{} {protocol}{word}", unparse_type(None, kind))
}
