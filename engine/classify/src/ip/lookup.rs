//! What a word stands for: a test type, or a named protocol, port, TCP option or ICMP type.

use super::kind::{ICMP_TYPE, Kind, TypeWord, type_word, unparse_word};
use crate::names::{self, NameKind, Names, TCP_OR_UDP};

/// The answer for a word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// No such name, or a word of the grammar.
    Nothing,
    /// A test type.
    Type(Kind),
    /// A named value, and the type of data it is.
    Value(Kind, u32),
    /// Ambiguous, or meaningless in its place: the message.
    Wrong(String),
}

const DATABASES: [(NameKind, Kind); 5] = [
    (NameKind::IpProtocol, Kind::Proto),
    (NameKind::TcpPort, Kind::Port),
    (NameKind::UdpPort, Kind::Port),
    (NameKind::TcpOption, Kind::TcpOpt),
    (NameKind::IcmpType, Kind::Field(ICMP_TYPE)),
];

/// Looks `word` up for a test of type `kind` and protocol `protocol`, as far as they are known.
pub(super) fn lookup(word: &str, kind: Kind, protocol: Option<u32>, names: &dyn Names) -> Found {
    if kind == Kind::None {
        match type_word(word) {
            Some(TypeWord::Syntax) => return Found::Nothing,
            Some(TypeWord::Type(kind)) => return Found::Type(kind),
            None => {}
        }
    }
    let got = DATABASES.map(|(database, _)| names::number(names, database, word));
    if got.iter().all(Option::is_none) {
        return Found::Nothing;
    }
    let mut fitting = got;
    for (value, (database, data)) in fitting.iter_mut().zip(DATABASES) {
        if !fits(database, data, kind, protocol) {
            *value = None;
        }
    }
    if fitting[1].is_some() && fitting[1] == fitting[2] {
        fitting[2] = None;
    }
    let mut values = fitting
        .iter()
        .zip(DATABASES)
        .filter_map(|(v, d)| Some((d.1, (*v)?)));
    match (values.next(), values.next()) {
        (Some((data, value)), None) => Found::Value(data, value),
        (first, _) => Found::Wrong(wrong_word(word, kind, protocol, &got, first.is_some())),
    }
}

fn fits(database: NameKind, data: Kind, kind: Kind, protocol: Option<u32>) -> bool {
    let protocol_is = |allowed: &[u32]| protocol.is_none_or(|p| allowed.contains(&p));
    (kind == Kind::None || kind == data)
        && match database {
            NameKind::IpProtocol => true,
            NameKind::TcpPort | NameKind::TcpOption => protocol_is(&[6, TCP_OR_UDP]),
            NameKind::UdpPort => protocol_is(&[17, TCP_OR_UDP]),
            NameKind::IcmpType => protocol_is(&[1]),
        }
}

fn wrong_word(
    word: &str,
    kind: Kind,
    protocol: Option<u32>,
    got: &[Option<u32>; 5],
    ambiguous: bool,
) -> String {
    let tries: Vec<String> = got
        .iter()
        .zip(DATABASES)
        .filter(|(value, _)| value.is_some())
        .map(|(_, (_, data))| format!("'{}'", unparse_word(data, protocol, word)))
        .collect();
    format!(
        "'{}' is {}; try {}",
        unparse_word(kind, protocol, word),
        if ambiguous {
            "ambiguous"
        } else {
            "meaningless"
        },
        tries.join(", ")
    )
}
