//! Names of ICMP types and codes, as configurations use them and IPPrint prints them.

use weft_wire::icmp::kind;

/// Types by name.
const TYPES: &[(&str, u8)] = &[
    ("echo", kind::ECHO),
    ("echo-reply", kind::ECHO_REPLY),
    ("inforeq", kind::INFORMATION_REQUEST),
    ("inforeq-reply", kind::INFORMATION_REPLY),
    ("maskreq", kind::MASK_REQUEST),
    ("maskreq-reply", kind::MASK_REPLY),
    ("parameterproblem", kind::PARAMETER_PROBLEM),
    ("redirect", kind::REDIRECT),
    ("routeradvert", kind::ROUTER_ADVERTISEMENT),
    ("routersolicit", kind::ROUTER_SOLICITATION),
    ("sourcequench", kind::SOURCE_QUENCH),
    ("timeexceeded", kind::TIME_EXCEEDED),
    ("timestamp", kind::TIMESTAMP),
    ("timestamp-reply", kind::TIMESTAMP_REPLY),
    ("unreachable", kind::UNREACHABLE),
];

/// Code of "unreachable": the packet is longer than the next link allows.
pub(crate) const NEED_FRAGMENT: u8 = 4;
/// Code of "unreachable": nobody speaks the protocol.
pub(crate) const NO_PROTOCOL: u8 = 2;
/// Code of "unreachable": nobody listens at the port.
pub(crate) const NO_PORT: u8 = 3;
/// Code of "parameter problem": a pointer names the bad byte.
pub(crate) const ERROR_AT_POINTER: u8 = 0;

const UNREACHABLE_CODES: &[(&str, u8)] = &[
    ("filterprohibited", 13),
    ("host", 1),
    ("hostprecedence", 14),
    ("hostprohibited", 10),
    ("hostunknown", 7),
    ("isolated", 8),
    ("needfrag", NEED_FRAGMENT),
    ("net", 0),
    ("netprohibited", 9),
    ("netunknown", 6),
    ("port", NO_PORT),
    ("precedencecutoff", 15),
    ("protocol", NO_PROTOCOL),
    ("srcroutefail", 5),
    ("toshost", 12),
    ("tosnet", 11),
];

const REDIRECT_CODES: &[(&str, u8)] = &[("host", 1), ("net", 0), ("toshost", 3), ("tosnet", 2)];

const TIME_EXCEEDED_CODES: &[(&str, u8)] = &[("reassembly", 1), ("transit", 0)];

const PARAMETER_PROBLEM_CODES: &[(&str, u8)] = &[
    ("erroratptr", ERROR_AT_POINTER),
    ("length", 2),
    ("missingopt", 1),
];

fn codes(kind: u8) -> &'static [(&'static str, u8)] {
    match kind {
        kind::UNREACHABLE => UNREACHABLE_CODES,
        kind::REDIRECT => REDIRECT_CODES,
        kind::TIME_EXCEEDED => TIME_EXCEEDED_CODES,
        kind::PARAMETER_PROBLEM => PARAMETER_PROBLEM_CODES,
        _ => &[],
    }
}

fn number(table: &[(&str, u8)], name: &str) -> Option<u8> {
    table.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)
}

fn name(table: &'static [(&'static str, u8)], number: u8) -> Option<&'static str> {
    table.iter().find(|(_, v)| *v == number).map(|(n, _)| *n)
}

/// The type called `name`.
pub(crate) fn type_number(name: &str) -> Option<u8> {
    number(TYPES, name)
}

/// The name of a type.
pub(crate) fn type_name(kind: u8) -> Option<&'static str> {
    name(TYPES, kind)
}

/// The code called `name` of type `kind`.
pub(crate) fn code_number(kind: u8, name: &str) -> Option<u8> {
    number(codes(kind), name)
}

/// The name of a code of type `kind`.
pub(crate) fn code_name(kind: u8, code: u8) -> Option<&'static str> {
    name(codes(kind), code)
}
