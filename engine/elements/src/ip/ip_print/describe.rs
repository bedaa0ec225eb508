//! The text IPPrint prints for a packet: one line much like tcpdump's.

use crate::icmp::names::{NEED_FRAGMENT, NO_PORT, NO_PROTOCOL, code_name, type_name};
use std::fmt::Write;
use std::net::Ipv4Addr;
use weft_wire::{icmp::kind, ipv4, protocol, tcp::flag, udp};

/// An IP packet to describe.
pub(super) struct Described<'a> {
    pub ip: ipv4::Packet<&'a [u8]>,
    /// Length of the whole packet, link header included.
    pub length: usize,
    /// Whether numbers in ICMP headers are in network byte order.
    pub swap: bool,
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(word(bytes, at)) << 16 | u32::from(word(bytes, at + 2))
}

/// The name IPPrint has for a protocol.
fn protocol_name(number: u8) -> Option<&'static str> {
    Some(match number {
        protocol::ip::ICMP => "icmp",
        protocol::ip::IGMP => "igmp",
        protocol::ip::IPIP => "ipip",
        protocol::ip::TCP => "tcp",
        protocol::ip::UDP => "udp",
        _ => return None,
    })
}

impl Described<'_> {
    fn source(&self) -> Ipv4Addr {
        self.ip.source().into()
    }

    fn destination(&self) -> Ipv4Addr {
        self.ip.destination().into()
    }

    fn is_first(&self) -> bool {
        self.ip.flags_offset() & ipv4::OFFSET_MASK == 0
    }

    /// Describes the packet, behind the fields of its IP header that were asked for.
    pub fn text(&self) -> String {
        let mut out = match self.ip.protocol() {
            protocol::ip::TCP => self.tcp(),
            protocol::ip::UDP => self.udp(),
            protocol::ip::ICMP => self.icmp(),
            other => format!("{}: ip-proto-{other}", self.hosts()),
        };
        if self.ip.is_fragment() {
            out += &self.fragment();
        }
        out
    }

    fn hosts(&self) -> String {
        format!("{} > {}", self.source(), self.destination())
    }

    fn ports(&self, transport: &[u8]) -> String {
        let (from, to) = (word(transport, 0), word(transport, 2));
        format!("{}.{from} > {}.{to}: ", self.source(), self.destination())
    }

    /// What is said of a packet of which there are not even ports.
    fn without_ports(&self, name: &str) -> String {
        let truncated = if self.is_first() { "truncated-" } else { "" };
        format!("{}: {truncated}{name}", self.hosts())
    }

    fn payload_length(&self) -> i32 {
        i32::from(self.ip.total_len()) - self.ip.header_len() as i32
    }

    fn fragment(&self) -> String {
        let more = if self.ip.more_fragments() { "+" } else { "" };
        let offset = u32::from(self.ip.flags_offset() & ipv4::OFFSET_MASK) * 8;
        let (id, length) = (self.ip.id(), self.payload_length());
        format!(" (frag {id}:{length}@{offset}{more})")
    }

    fn tcp(&self) -> String {
        let segment = self.ip.payload();
        if segment.len() < 4 || !self.is_first() {
            return self.without_ports("tcp");
        }
        let mut out = self.ports(segment);
        if segment.len() < 14 {
            return out + "truncated-tcp";
        }
        let flags = segment[13];
        let mut length = self.payload_length() - i32::from(segment[12] >> 4) * 4;
        length += i32::from(flags & flag::SYN != 0) + i32::from(flags & flag::FIN != 0);
        let letters = [
            (flag::SYN, 'S'),
            (flag::FIN, 'F'),
            (flag::RST, 'R'),
            (flag::PSH, 'P'),
        ];
        let set = letters.iter().filter(|(bit, _)| flags & bit != 0);
        let letters: String = set.map(|(_, letter)| *letter).collect();
        let letters = if letters.is_empty() { "." } else { &letters };
        let first = long(segment, 4);
        let last = first.wrapping_add_signed(length);
        let (all, ip) = (self.length, self.ip.total_len());
        let _ = write!(out, "{letters} {first}:{last}({length},{all},{ip})");
        if flags & flag::ACK != 0 {
            let _ = write!(out, " ack {}", long(segment, 8));
        }
        if segment.len() < 16 {
            return out + "truncated-tcp";
        }
        let _ = write!(out, " win {}", word(segment, 14));
        out
    }

    fn udp(&self) -> String {
        let datagram = self.ip.payload();
        if datagram.len() < 4 || !self.is_first() {
            return self.without_ports("udp");
        }
        let ports = self.ports(datagram);
        match datagram.len() < udp::HEADER_LEN {
            true => ports + "truncated-udp",
            false => format!("{ports}udp {}", word(datagram, 4)),
        }
    }

    fn icmp(&self) -> String {
        let message = self.ip.payload();
        let mut out = self.hosts() + ": ";
        if !self.is_first() {
            return out + "icmp";
        }
        let complete = match message {
            [] | [_] => false,
            [kind::ECHO_REPLY, ..] => self.echo("echo-reply", message, &mut out),
            [kind::ECHO, ..] => self.echo("echo", message, &mut out),
            [kind::UNREACHABLE, code, ..] => unreachable(*code, message, &mut out),
            [kind, code, ..] => {
                out += &other_icmp(*kind, *code);
                true
            }
        };
        if !complete {
            out += "truncated-icmp";
        }
        out
    }

    fn echo(&self, name: &str, message: &[u8], out: &mut String) -> bool {
        let _ = write!(out, "icmp {name} ");
        if message.len() < 8 {
            return false;
        }
        let number = |at| match self.swap {
            true => word(message, at),
            false => word(message, at).swap_bytes(),
        };
        let _ = write!(out, "({}, {})", number(4), number(6));
        true
    }
}

fn other_icmp(kind: u8, code: u8) -> String {
    let mut out = match type_name(kind) {
        Some(name) => format!("icmp {name}"),
        None => format!("icmp type {kind}"),
    };
    let _ = match (code_name(kind, code), code) {
        (Some(name), _) => write!(out, " {name}"),
        (None, 0) => Ok(()),
        (None, _) => write!(out, " code {code}"),
    };
    out
}

/// Describes an "unreachable" message by what the packet it quotes wanted. False when it quotes too
/// little.
fn unreachable(code: u8, message: &[u8], out: &mut String) -> bool {
    let named = code_name(kind::UNREACHABLE, code);
    let text = named.map_or_else(|| format!("code {code}"), str::to_string);
    let quoted = message.get(8..).unwrap_or_default();
    if quoted.len() < ipv4::HEADER_LEN {
        let _ = write!(out, "icmp unreachable {text} ");
        return false;
    }
    let destination = Ipv4Addr::from(long(quoted, 16));
    let _ = write!(out, "icmp {destination} unreachable {text}");
    let protocol = quoted[9];
    let _ = match (code, protocol_name(protocol)) {
        (NO_PROTOCOL | NO_PORT, Some(name)) => write!(out, " {name}"),
        (NO_PROTOCOL, None) => write!(out, " {protocol}"),
        (NO_PORT, None) => write!(out, " protocol {protocol}"),
        (NEED_FRAGMENT, _) if word(message, 6) != 0 => {
            write!(out, " (mtu {})", word(message, 6))
        }
        _ => Ok(()),
    };
    if code == NO_PORT {
        let transport = usize::from(quoted[0] & 0xf) * 4;
        match quoted.get(transport..).filter(|t| t.len() >= 4) {
            Some(ports) => _ = write!(out, "/{}", word(ports, 2)),
            None => return false,
        }
    }
    true
}

/// How IPPrint shows bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    None,
    Hex,
    Ascii,
}

impl Contents {
    /// Adds `bytes` to `out`, in indented lines.
    pub fn show(self, bytes: &[u8], out: &mut String) {
        let (line, group) = match self {
            Contents::None => return,
            Contents::Hex => (24, 4),
            Contents::Ascii => (48, 8),
        };
        for (i, byte) in bytes.iter().enumerate() {
            if i % line == 0 {
                out.push_str("\n  ");
            } else if i % group == 0 {
                out.push(' ');
            }
            match (self, byte) {
                (Contents::Hex, _) => _ = write!(out, "{byte:02x}"),
                (_, 32..=126) => out.push(char::from(*byte)),
                _ => out.push('.'),
            }
        }
    }
}
