//! What a summary says about its own lines: columns, and what packets have that give none.

use super::FromIPSummaryDump;
use crate::analysis::summary::{BANNER, Field, VERSION, parse_protocol};
use std::net::Ipv4Addr;
use weft_lang::{split_words, unquote_text};

impl FromIPSummaryDump {
    /// Takes over what the columns are; gives what is odd about them.
    pub(super) fn set_fields(&mut self, names: &str) -> Vec<String> {
        let mut problems = Vec::new();
        self.fields = split_words(names)
            .iter()
            .map(|word| {
                let name = unquote_text(word);
                let field = Field::find(&name);
                match field {
                    None => problems.push(format!("unknown content type '{name}'")),
                    Some(field) if field.set.is_none() => {
                        problems.push(format!("content type '{name}' ignored on input"));
                    }
                    Some(_) => {}
                }
                field.filter(|f| f.set.is_some())
            })
            .collect();
        if self.fields.is_empty() {
            problems.push("no contents specified".into());
        }
        problems
    }

    pub(super) fn set_flow(&mut self, words: &[String]) -> Result<(), String> {
        let bad = || "bad !flowid specification".to_string();
        let [
            source,
            source_port,
            destination,
            destination_port,
            rest @ ..,
        ] = words
        else {
            return Err(bad());
        };
        let address = |text: &str| match text {
            "-" => Some(0),
            _ => text.parse::<Ipv4Addr>().ok().map(u32::from),
        };
        let port = |text: &str| {
            if text == "-" {
                Some(0)
            } else {
                text.parse().ok()
            }
        };
        let flow = (|| {
            Some((
                address(source)?,
                port(source_port)?,
                address(destination)?,
                port(destination_port)?,
            ))
        })();
        self.defaults.flow = Some(flow.ok_or_else(bad)?);
        if let Some(protocol) = rest.first() {
            self.set_protocol(protocol, "!flowid")?;
        }
        Ok(())
    }

    fn set_protocol(&mut self, text: &str, line: &str) -> Result<(), String> {
        let known = parse_protocol(text).or(match text {
            "tcp" => Some(6),
            "udp" => Some(17),
            "icmp" => Some(1),
            _ => None,
        });
        self.defaults.protocol = known.ok_or_else(|| format!("bad protocol in {line}"))?;
        Ok(())
    }

    /// Acts on a line that begins with `!`; gives what is wrong with it.
    pub(super) fn directive(&mut self, line: &str) -> Vec<String> {
        let words = split_words(line);
        let Some((name, rest)) = words.split_first() else {
            return Vec::new();
        };
        let outcome = match name.as_str() {
            "!data" | "!contents" => return self.set_fields(&rest.join(" ")),
            "!flowid" => self.set_flow(rest),
            "!proto" => match rest {
                [protocol] => self.set_protocol(protocol, "!proto"),
                _ => Err("bad !proto".to_string()),
            },
            "!aggregate" => match rest.first().map(|text| text.parse()) {
                Some(Ok(aggregate)) if rest.len() == 1 => {
                    self.defaults.aggregate = Some(aggregate);
                    Ok(())
                }
                _ => Err("bad !aggregate specification".to_string()),
            },
            "!binary" => Err("binary summaries are not supported".to_string()),
            BANNER => {
                let minor = rest.first().and_then(|v| v.split_once('.'));
                self.defaults.minor = minor.and_then(|v| v.1.parse().ok()).unwrap_or(VERSION.1);
                Ok(())
            }
            _ => Ok(()),
        };
        outcome.err().into_iter().collect()
    }
}
