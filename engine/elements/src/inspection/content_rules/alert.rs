//! An alert as an event in EVE JSON, and as a line for people.

use super::rule::{Action, Rule};
use crate::inspection::headers::Headers;
use crate::inspection::time_text::time_text;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use weft_wire::protocol::ip;

/// The severity of a rule that says none.
const DEFAULT_SEVERITY: u32 = 3;

/// What an alert tells of.
pub(super) struct Match<'a> {
    pub rule: &'a Rule,
    pub headers: &'a Headers,
    pub classes: &'a HashMap<String, (String, u32)>,
    /// Nanoseconds since 1970.
    pub at: u64,
    pub flow: u64,
    pub interface: Option<&'a str>,
    pub vlans: &'a [u16],
    pub is_dropped: bool,
    /// What is shown of the payload.
    pub payload: &'a [u8],
}

impl Match<'_> {
    /// The event.
    pub fn event(&self) -> Value {
        let headers = self.headers;
        let mut event = Map::new();
        event.insert("timestamp".into(), time_text(self.at).into());
        event.insert("flow_id".into(), self.flow.into());
        event.insert("event_type".into(), "alert".into());
        event.insert("src_ip".into(), headers.source.to_string().into());
        event.insert("dest_ip".into(), headers.destination.to_string().into());
        event.insert("proto".into(), protocol_name(headers.protocol).into());
        if let Some(interface) = self.interface {
            event.insert("in_iface".into(), interface.into());
        }
        if !self.vlans.is_empty() {
            event.insert("vlan".into(), json!(self.vlans));
        }
        if has_ports(headers.protocol) {
            event.insert("src_port".into(), headers.ports[0].into());
            event.insert("dest_port".into(), headers.ports[1].into());
        }
        if matches!(headers.protocol, ip::ICMP | ip::ICMPV6) {
            event.insert("icmp_type".into(), headers.icmp[0].into());
            event.insert("icmp_code".into(), headers.icmp[1].into());
        }
        if !self.payload.is_empty() {
            event.insert("payload".into(), base64(self.payload).into());
            event.insert("payload_printable".into(), printable(self.payload).into());
        }
        event.insert("alert".into(), self.alert());
        event.into()
    }

    fn alert(&self) -> Value {
        let rule = self.rule;
        let class = self.classes.get(&rule.classtype);
        let category = class.map_or(rule.classtype.as_str(), |(text, _)| text.as_str());
        let severity = rule.priority.or(class.map(|(_, priority)| *priority));
        let mut alert = json!({
            "action": if self.is_dropped { "blocked" } else { "allowed" },
            "gid": rule.gid,
            "signature_id": rule.sid,
            "rev": rule.rev,
            "signature": rule.msg,
            "category": category,
            "severity": severity.unwrap_or(DEFAULT_SEVERITY),
        });
        for (name, values) in [
            ("metadata", &rule.metadata),
            ("references", &rule.references),
        ] {
            if !values.is_empty() {
                alert[name] = json!(values);
            }
        }
        alert
    }

    /// The line.
    pub fn line(&self) -> String {
        let Rule { gid, sid, rev, .. } = self.rule;
        let headers = self.headers;
        let protocol = protocol_name(headers.protocol);
        let end = |address: String, port: u16| match has_ports(headers.protocol) {
            true if address.contains(':') => format!("[{address}]:{port}"),
            true => format!("{address}:{port}"),
            false => address,
        };
        let source = end(headers.source.to_string(), headers.ports[0]);
        let destination = end(headers.destination.to_string(), headers.ports[1]);
        let verb = match (self.is_dropped, self.rule.action) {
            (true, _) => "dropped",
            (false, Action::Drop) => "alert (drop is off)",
            _ => "alert",
        };
        // What a rule says is printed on one line, whatever is in it.
        let msg: String = self.rule.msg.chars().filter(|c| !c.is_control()).collect();
        format!("{verb} [{gid}:{sid}:{rev}] {msg} {{{protocol}}} {source} -> {destination}")
    }
}

fn has_ports(protocol: u8) -> bool {
    matches!(
        protocol,
        ip::TCP | ip::UDP | ip::SCTP | ip::DCCP | ip::UDPLITE
    )
}

fn protocol_name(protocol: u8) -> String {
    let name = match protocol {
        ip::TCP => "TCP",
        ip::UDP => "UDP",
        ip::ICMP => "ICMP",
        ip::ICMPV6 => "IPv6-ICMP",
        ip::SCTP => "SCTP",
        ip::GRE => "GRE",
        ip::ESP => "ESP",
        ip::AH => "AH",
        ip::IGMP => "IGMP",
        _ => return protocol.to_string(),
    };
    name.to_string()
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| {
            word << 8 | u32::from(*group.get(i).unwrap_or(&0))
        });
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                letter as char
            } else {
                '='
            });
        }
    }
    text
}

/// ASCII, other bytes as dots.
fn printable(bytes: &[u8]) -> String {
    let shown = |byte: &u8| match byte {
        b'\r' | b'\n' | b' '..=b'~' => *byte as char,
        _ => '.',
    };
    bytes.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_is_shown_in_two_ways() {
        let encoded = ["f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes()));
        assert_eq!(encoded, ["Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
        assert_eq!(printable(b"a\x00\xff\r\n~"), "a..\r\n~");
    }
}
