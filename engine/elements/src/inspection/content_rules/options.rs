//! The options of a rule: what stands in its parentheses.

use super::content::{Content, Pattern, Step};
use super::numbers::{field_test, whole};
use super::payload::{content_bytes, pattern};
use super::rule::{
    Action, Ends, Field, FlagMatch, Heading, Often, Protocol, Rule, Test, Threshold,
};
use super::sets::{AddressSet, PortSet};

/// Reads `text`; what is wrong is added to `problems`.
pub(super) fn read_options(text: &str, problems: &mut Vec<String>) -> Rule {
    let mut rule = blank();
    for option in split(text) {
        let (name, value) = match option.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (option.trim(), None),
        };
        if let Err(problem) = read_option(&mut rule, name, value) {
            problems.push(problem);
        }
    }
    if rule.sid == 0 {
        problems.push("a rule needs a sid".into());
    }
    for step in &rule.steps {
        if let Step::Content(content) = step
            && let Err(problem) = check_content(content)
        {
            problems.push(problem);
        }
    }
    rule
}

fn blank() -> Rule {
    Rule {
        action: Action::Alert,
        ends: Ends {
            protocol: Protocol::Ip,
            addresses: [AddressSet::default(), AddressSet::default()],
            ports: [PortSet::default(), PortSet::default()],
            both_ways: false,
        },
        gid: 1,
        sid: 0,
        rev: 1,
        msg: String::new(),
        classtype: String::new(),
        priority: None,
        references: Vec::new(),
        metadata: Vec::new(),
        tests: Vec::new(),
        flow: Default::default(),
        steps: Vec::new(),
        threshold: None,
    }
}

/// The options, at the semicolons outside of quotes.
fn split(text: &str) -> Vec<String> {
    let mut options = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if c == ';' && !quoted && !escaped {
            options.push(String::new());
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        if let Some(last) = options.last_mut() {
            last.push(c);
        }
    }
    options.retain(|option| !option.trim().is_empty());
    options
}

fn read_option(rule: &mut Rule, name: &str, value: Option<&str>) -> Result<(), String> {
    let needed = || value.ok_or_else(|| format!("{name}: it needs a value"));
    let about = |problem: String| format!("{name}: {problem}");
    match name {
        "msg" => rule.msg = unquoted(needed()?).map_err(about)?,
        "sid" => rule.sid = whole(needed()?).map_err(about)?,
        "gid" => rule.gid = whole(needed()?).map_err(about)?,
        "rev" => rule.rev = whole(needed()?).map_err(about)?,
        "priority" => rule.priority = Some(whole(needed()?).map_err(about)?),
        "classtype" => rule.classtype = needed()?.to_string(),
        "reference" => rule.references.push(needed()?.to_string()),
        "metadata" => {
            let items = needed()?.split(',').map(|item| item.trim().to_string());
            rule.metadata.extend(items);
        }
        // The payload is looked at as it comes.
        "rawbytes" | "target" => {}
        "threshold" => rule.threshold = Some(threshold(needed()?).map_err(about)?),
        "flow" => flow(rule, needed()?).map_err(about)?,
        "flags" => rule.tests.push(flags(needed()?).map_err(about)?),
        "sameip" => rule.tests.push(Test::SameAddress),
        "content" => {
            let (negated, bytes) = content_bytes(needed()?).map_err(about)?;
            rule.steps.push(Step::Content(Content {
                bytes,
                negated,
                ..Content::default()
            }));
        }
        "pcre" => {
            let (negated, relative, regex) = pattern(needed()?).map_err(about)?;
            rule.steps.push(Step::Pattern(Pattern {
                regex,
                negated,
                relative,
            }));
        }
        "isdataat" => rule.steps.push(data_at(needed()?).map_err(about)?),
        _ => {
            if let Some(field) = field_of(name) {
                rule.tests
                    .push(field_test(field, needed()?).map_err(about)?);
            } else {
                return modify(rule, name, value);
            }
        }
    }
    Ok(())
}

fn field_of(name: &str) -> Option<Field> {
    Some(match name {
        "dsize" => Field::PayloadSize,
        "ttl" => Field::Ttl,
        "id" => Field::Id,
        "ip_proto" => Field::IpProtocol,
        "itype" => Field::IcmpType,
        "icode" => Field::IcmpCode,
        "icmp_id" => Field::IcmpId,
        "icmp_seq" => Field::IcmpSequence,
        "seq" => Field::Sequence,
        "ack" => Field::Acknowledgment,
        _ => return None,
    })
}

/// Reads an option that says more about the content before it.
fn modify(rule: &mut Rule, name: &str, value: Option<&str>) -> Result<(), String> {
    const MODIFIERS: [&str; 8] = [
        "nocase",
        "offset",
        "depth",
        "distance",
        "within",
        "startswith",
        "endswith",
        "fast_pattern",
    ];
    if !MODIFIERS.contains(&name) {
        return Err(format!("keyword '{name}' is not supported"));
    }
    let Some(Step::Content(content)) = rule.steps.last_mut() else {
        return Err(format!("{name}: there is no content before it"));
    };
    let number = || whole(value.ok_or("it needs a value")?);
    let about = |problem: String| format!("{name}: {problem}");
    match name {
        "nocase" => content.nocase = true,
        "offset" => content.offset = Some(number().map_err(about)?),
        "depth" => content.depth = Some(number().map_err(about)?),
        "within" => content.within = Some(number().map_err(about)?),
        "distance" => {
            let parsed = value
                .and_then(|v| v.parse().ok())
                .filter(|d: &i32| d.abs() <= 65_535);
            content.distance = Some(parsed.ok_or("distance: no number from -65535 to 65535")?);
        }
        "startswith" => {
            content.offset = Some(0);
            content.depth = u32::try_from(content.bytes.len()).ok();
        }
        "endswith" => content.at_end = true,
        _ => content.fast = true,
    }
    Ok(())
}

fn check_content(content: &Content) -> Result<(), String> {
    let absolute = content.offset.is_some() || content.depth.is_some();
    let relative = content.distance.is_some() || content.within.is_some();
    let room = content.depth.or(content.within);
    if absolute && relative {
        return Err("content: offset and depth do not go with distance and within".into());
    }
    if room.is_some_and(|room| (room as usize) < content.bytes.len()) {
        return Err("content: it is longer than its depth or within".into());
    }
    if content.fast && content.negated {
        return Err("fast_pattern: not for what must not be there".into());
    }
    Ok(())
}

/// Text in quotes, `\` before a character that is meant as it is.
fn unquoted(text: &str) -> Result<String, String> {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or("it has to stand in double quotes")?;
    let mut escaped = false;
    let plain = inner.chars().filter(|c| {
        escaped = *c == '\\' && !escaped;
        !escaped
    });
    Ok(plain.collect())
}

fn threshold(text: &str) -> Result<Threshold, String> {
    const FORM: &str = "it is: type limit|threshold|both, track by_src|by_dst, count N, seconds N";
    let (mut often, mut by_destination, mut count, mut seconds) = (None, None, None, None);
    for part in text.split(',') {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            ["type", "limit"] => often = Some(Often::Limit),
            ["type", "threshold"] => often = Some(Often::Threshold),
            ["type", "both"] => often = Some(Often::Both),
            ["track", "by_src"] => by_destination = Some(false),
            ["track", "by_dst"] => by_destination = Some(true),
            ["count", number] => count = Some(whole(number)?),
            ["seconds", number] => seconds = Some(whole(number)?),
            _ => return Err(FORM.into()),
        }
    }
    match (often, by_destination, count, seconds) {
        (Some(often), Some(by_destination), Some(count @ 1..), Some(seconds @ 1..)) => {
            Ok(Threshold {
                often,
                by_destination,
                count,
                seconds,
            })
        }
        _ => Err(FORM.into()),
    }
}

fn flow(rule: &mut Rule, text: &str) -> Result<(), String> {
    for word in text.split(',').map(str::trim) {
        match word {
            "to_server" | "from_client" => rule.flow.heading = Some(Heading::Server),
            "to_client" | "from_server" => rule.flow.heading = Some(Heading::Client),
            "established" => rule.flow.established = Some(true),
            "not_established" => rule.flow.established = Some(false),
            "stateless" | "no_stream" => {}
            _ => {
                return Err(format!(
                    "'{word}' is not supported; allowed: to_server, to_client, from_server, \
                     from_client, established, not_established, stateless, no_stream"
                ));
            }
        }
    }
    Ok(())
}

fn flags(text: &str) -> Result<Test, String> {
    let (wanted, ignored) = text.split_once(',').unwrap_or((text, ""));
    let wanted = wanted.trim();
    let mark = wanted.trim_matches(|c: char| c.is_ascii_alphanumeric());
    let how = match mark {
        "" => FlagMatch::Exactly,
        "+" => FlagMatch::All,
        "*" => FlagMatch::Any,
        "!" => FlagMatch::None,
        _ => {
            return Err(format!(
                "'{text}' is not understood; allowed: [+*!]FSRPAUCE0[,FSRPAUCE]"
            ));
        }
    };
    Ok(Test::Flags {
        how,
        flags: flag_bits(wanted.trim_matches(['+', '*', '!']))?,
        ignored: flag_bits(ignored.trim())?,
    })
}

fn flag_bits(text: &str) -> Result<u8, String> {
    text.chars().try_fold(0, |bits, letter| {
        let bit = match letter.to_ascii_uppercase() {
            'F' => 0x01,
            'S' => 0x02,
            'R' => 0x04,
            'P' => 0x08,
            'A' => 0x10,
            'U' => 0x20,
            'E' | '2' => 0x40,
            'C' | '1' => 0x80,
            '0' => 0,
            _ => return Err(format!("'{letter}' is no flag; allowed: FSRPAUCE0")),
        };
        Ok(bits | bit)
    })
}

fn data_at(text: &str) -> Result<Step, String> {
    let (negated, rest) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = rest.split(',').map(str::trim);
    let at = whole(parts.next().unwrap_or_default())?;
    let mut relative = false;
    for part in parts {
        match part {
            "relative" => relative = true,
            "rawbytes" => {}
            _ => {
                return Err(format!(
                    "'{part}' is not supported; allowed: relative, rawbytes"
                ));
            }
        }
    }
    Ok(Step::DataAt {
        at,
        relative,
        negated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Rule, Vec<String>) {
        let mut problems = Vec::new();
        let rule = read_options(text, &mut problems);
        (rule, problems)
    }

    #[test]
    fn options_are_read() {
        let (rule, problems) = read(
            "msg:\"m\"; flow:to_server,established; content:!\"a|0d 0A|\\;\"; offset:3; depth:9; fast_pattern; \
             dsize:>5; flags:SA,12; itype:8; sid:3; priority:2; reference:url,x.org; metadata:a b, c d; \
             threshold: type limit, track by_src, count 2, seconds 60; isdataat:!1,relative; sameip;",
        );
        assert_eq!(problems, ["fast_pattern: not for what must not be there"]);
        let Some(Step::Content(content)) = rule.steps.first() else {
            panic!("no content");
        };
        assert_eq!(
            (content.bytes.as_slice(), content.negated),
            (&b"a\r\n;"[..], true)
        );
        assert_eq!((content.offset, content.depth), (Some(3), Some(9)));
        assert_eq!(rule.flow.established, Some(true));
        assert_eq!(rule.tests.len(), 4);
        assert_eq!(rule.metadata, ["a b", "c d"]);
        assert_eq!(rule.threshold.map(|t| (t.count, t.seconds)), Some((2, 60)));
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        let (_, problems) = read(
            "msg:x; sid:y; nocase; content:\"abc\"; depth:2; within:1; byte_test:1,>,2,3; flow:only_stream; \
             flags:Z; threshold:type limit; isdataat:1,absolute; content:\"\"; pcre:\"/(/\"; distance; uricontent:\"x\"",
        );
        assert_eq!(problems.len(), 14, "{problems:#?}");
        assert_eq!(problems[0], "msg: it has to stand in double quotes");
        assert_eq!(problems[1], "sid: 'y' is no number from 0 to 4294967295");
        assert_eq!(problems[2], "nocase: there is no content before it");
        assert_eq!(problems[3], "keyword 'byte_test' is not supported");
    }
}
