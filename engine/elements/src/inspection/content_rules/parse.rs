//! Reads rules, in the syntax that Snort 2 and Suricata have in common: a rule a line, `\` at the end of
//! a line goes on in the next, `#` begins a comment. Lines `var`, `ipvar` and `portvar` set variables,
//! `config classification: NAME,TEXT,PRIORITY` names a class.

use super::options::read_options;
use super::rule::{Action, Ends, Protocol, Rule};
use super::sets::{AddressSet, PortSet, Variables};
use std::collections::{HashMap, HashSet};

/// Rules, at most.
const MOST_RULES: usize = 65_536;

/// What a text of rules says.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub rules: Vec<Rule>,
    /// Classes by name: their text and priority.
    pub classes: HashMap<String, (String, u32)>,
    /// Every rule or line that was not understood: where, and why.
    pub problems: Vec<String>,
}

/// Reads `text`, which lies in `file`; `given` are variables that those of the text do not change.
pub(super) fn parse(file: &str, text: &str, given: &Variables) -> Parsed {
    let mut reading = Reading {
        variables: given.clone(),
        given,
        parsed: Parsed::default(),
        known: HashSet::new(),
    };
    for (number, line) in logical_lines(text) {
        if let Err(problem) = reading.line(line.trim()) {
            let place = format!("{file}:{number}: {problem}");
            reading.parsed.problems.push(place);
        }
    }
    reading.parsed
}

/// The lines with those that they go on in, and the number of the first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let (part, more) = match line.trim_end().strip_suffix('\\') {
            Some(part) if !line.trim_start().starts_with('#') => (part, true),
            _ => (line, false),
        };
        match lines.last_mut() {
            Some((_, last)) if goes_on => last.push_str(part),
            _ => lines.push((index + 1, part.to_string())),
        }
        goes_on = more;
    }
    lines
}

struct Reading<'a> {
    variables: Variables,
    given: &'a Variables,
    parsed: Parsed,
    known: HashSet<(u32, u32)>,
}

impl Reading<'_> {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match word {
            "var" | "ipvar" | "portvar" => self.variable(rest),
            "config" => self.classification(rest),
            "alert" => self.rule(Action::Alert, rest),
            "drop" => self.rule(Action::Drop, rest),
            "pass" => self.rule(Action::Pass, rest),
            _ => Err(format!(
                "'{word}' is not supported; allowed: alert, drop, pass, var, ipvar, portvar, config classification"
            )),
        }
    }

    fn variable(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or("a variable has a name and a value")?;
        if !self.given.contains_key(name) {
            self.variables.insert(name.into(), value.trim().into());
        }
        Ok(())
    }

    fn classification(&mut self, text: &str) -> Result<(), String> {
        let wrong = "of config only 'classification: NAME,TEXT,PRIORITY' is supported";
        let (kind, value) = text.split_once(':').ok_or(wrong)?;
        let parts: Vec<&str> = value.split(',').map(str::trim).collect();
        match (kind.trim(), parts.as_slice()) {
            ("classification", [name, about, priority]) => {
                let priority = priority.parse().map_err(|_| wrong)?;
                let class = ((*about).to_string(), priority);
                self.parsed.classes.insert((*name).to_string(), class);
                Ok(())
            }
            _ => Err(wrong.into()),
        }
    }

    /// Reads what follows the action of a rule.
    fn rule(&mut self, action: Action, text: &str) -> Result<(), String> {
        let (head, options) = text
            .split_once('(')
            .ok_or("a rule has options in parentheses")?;
        let options = options.trim_end();
        let options = options.strip_suffix(')').ok_or("a rule ends with ')'")?;
        let mut problems = Vec::new();
        let ends = self.ends(head).map_err(|e| problems.push(e)).ok();
        let mut rule = read_options(options, &mut problems);
        rule.action = action;
        if let Some(ends) = ends {
            rule.ends = ends;
        }
        let first = problems.is_empty() && !self.known.insert(rule.key());
        if first {
            problems.push("another rule has this sid".into());
        }
        if self.parsed.rules.len() >= MOST_RULES {
            return Err(format!("more than {MOST_RULES} rules"));
        }
        if problems.is_empty() {
            self.parsed.rules.push(rule);
            return Ok(());
        }
        let name = match rule.sid {
            0 => String::new(),
            sid => format!("sid {sid}: "),
        };
        Err(format!("{name}{}", problems.join("; ")))
    }

    fn ends(&self, head: &str) -> Result<Ends, String> {
        let words = words(head);
        let [protocol, source, source_port, way, destination, port] = words.as_slice() else {
            return Err("a rule begins: ACTION PROTOCOL ADDRESS PORT -> ADDRESS PORT".into());
        };
        let protocol = match protocol.as_str() {
            "ip" => Protocol::Ip,
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => Protocol::Icmp,
            other => {
                return Err(format!(
                    "protocol '{other}' is not supported; allowed: ip, tcp, udp, icmp"
                ));
            }
        };
        let both_ways = match way.as_str() {
            "->" => false,
            "<>" => true,
            other => return Err(format!("'{other}' is no direction; allowed: ->, <>")),
        };
        let addresses = |text: &str| AddressSet::parse(text, &self.variables);
        let ports = |text: &str| PortSet::parse(text, &self.variables);
        let ports = [ports(source_port)?, ports(port)?];
        let has_ports = matches!(protocol, Protocol::Tcp | Protocol::Udp);
        if !has_ports && !ports.iter().all(PortSet::is_any) {
            return Err("only tcp and udp have ports; write 'any'".into());
        }
        Ok(Ends {
            protocol,
            addresses: [addresses(source)?, addresses(destination)?],
            ports,
            both_ways,
        })
    }
}

/// The words of a text; spaces in brackets do not end one.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && depth == 0 {
            words.push(String::new());
        } else if let Some(last) = words.last_mut().filter(|_| !c.is_whitespace()) {
            last.push(c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        parse("r", text, &Variables::new()).problems
    }

    #[test]
    fn a_rule_has_all_its_parts() {
        let text = "ipvar HOME_NET [10.0.0.0/8, 192.168.0.0/16]\n# a comment \\\n\
            config classification: trojan-activity,A Trojan,1\n\
            alert tcp $HOME_NET any -> [1.2.3.4, 5.6.7.8] [80,8080] (msg:\"a; b\\\"c\"; \\\n  content:\"x|41 42|y\"; nocase; sid:7; rev:2; classtype:trojan-activity;)\n\
            pass icmp any any <> any any (sid:8;)\n";
        let parsed = parse("r", text, &Variables::new());
        assert_eq!(parsed.problems, Vec::<String>::new());
        assert_eq!(parsed.rules.len(), 2);
        assert_eq!(
            (parsed.rules[0].msg.as_str(), parsed.rules[0].rev),
            ("a; b\"c", 2)
        );
        assert!(parsed.rules[1].ends.both_ways);
        assert_eq!(parsed.classes["trojan-activity"].1, 1);
    }

    #[test]
    fn each_problem_has_its_line_and_its_rule() {
        let text = "alert http any any -> any any (sid:1; flowbits:set,a;)\nlog tcp any any -> any any (sid:2;)\n\
            alert tcp any any -> any (sid:3;)\nalert tcp any any -> any any (sid:4;)\nalert tcp any any -> any any (sid:4;)\n\
            alert tcp any any -> any any (msg:\"x\";)\nconfig x\nvar A\nalert tcp any any -> any any\n\
            alert icmp any 1 -> any any (sid:5;)\nalert tcp $X any -> any any (sid:6;)";
        assert_eq!(
            problems(text),
            [
                "r:1: sid 1: protocol 'http' is not supported; allowed: ip, tcp, udp, icmp; keyword 'flowbits' is not supported",
                "r:2: 'log' is not supported; allowed: alert, drop, pass, var, ipvar, portvar, config classification",
                "r:3: sid 3: a rule begins: ACTION PROTOCOL ADDRESS PORT -> ADDRESS PORT",
                "r:5: sid 4: another rule has this sid",
                "r:6: a rule needs a sid",
                "r:7: of config only 'classification: NAME,TEXT,PRIORITY' is supported",
                "r:8: a variable has a name and a value",
                "r:9: a rule has options in parentheses",
                "r:10: sid 5: only tcp and udp have ports; write 'any'",
                "r:11: sid 6: no variable '$X'; set it with VAR, or in the file",
            ]
        );
    }
}
