//! Patterns: what becomes of a new flow's addresses and ports.

use super::flow::FlowId;
use std::fmt::Write;
use std::net::Ipv4Addr;
use weft_core::Random;
use weft_lang::Names;
use weft_lang::value::{IpPrefixOrAddress, Value};

/// Variants of an address range that are tried for one flow.
const MAX_TRIES: u64 = 1 << 16;

/// How a free value in a range is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The packet's own source port where it is free, else a random one.
    SameFirst,
    /// A random one (`?`).
    Random,
    /// The one after the last (`#`).
    Sequential,
}

/// `SADDR SPORT DADDR DPORT`; 0 leaves a part as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    source: u32,
    source_port: u16,
    destination: u32,
    port: u16,
    /// Whether it has ports at all.
    has_ports: bool,
    /// Values beyond the first in the range of source ports, or else of source addresses.
    range: u32,
    choice: Choice,
    next: u32,
    /// For whom nothing was free, and how many flows had been removed then.
    exhausted: Option<(FlowId, u8, u64)>,
}

/// What a pattern asks about the flows there are.
pub(crate) trait Taken {
    /// Whether packets of another flow already leave as `rewritten`.
    fn is_taken(&self, rewritten: FlowId, protocol: u8) -> bool;
    /// Changes whenever a flow is removed.
    fn removals(&self) -> u64;
}

impl Taken for super::flows::Flows {
    fn is_taken(&self, rewritten: FlowId, protocol: u8) -> bool {
        super::flows::Flows::is_taken(self, rewritten, protocol)
    }

    fn removals(&self) -> u64 {
        self.table.removals()
    }
}

/// A range being read: its first value, how many more, and how to choose.
struct Range {
    first: u32,
    more: u32,
    choice: Choice,
}

impl Pattern {
    /// Reads the one to four words of a pattern.
    ///
    /// # Errors
    /// What is wrong, in Click's words.
    pub(crate) fn parse(words: &[String], names: &dyn Names) -> Result<Pattern, String> {
        let word = |index: usize| words.get(index).map_or("-", String::as_str);
        let (sport, daddr, dport) = match words.len() {
            1 => return Err(format!("no such pattern '{}'", words[0])),
            2 => ("-", word(1), "-"),
            3 => (word(2), word(1), "-"),
            4 => (word(1), word(2), word(3)),
            _ => return Err("syntax error".into()),
        };
        let source = source_address(word(0), names).ok_or("bad source address")?;
        let source_port = source_port(sport).ok_or("bad source port")?;
        let destination = address(daddr, names).ok_or("bad destination address")?;
        let port = port(dport).ok_or("bad destination port")?;
        let varies_port = source_port.more > 0;
        let choice = match (source.choice, source_port.choice) {
            (_, Choice::Sequential) | (Choice::Sequential, _) => Choice::Sequential,
            (Choice::SameFirst, Choice::SameFirst) => Choice::SameFirst,
            _ => Choice::Random,
        };
        Ok(Pattern {
            source: source.first,
            source_port: source_port.first as u16,
            destination,
            port,
            has_ports: words.len() >= 3,
            range: if varies_port {
                source_port.more
            } else {
                source.more
            },
            choice,
            next: 0,
            exhausted: None,
        })
    }

    fn varies_port(&self) -> bool {
        self.source_port != 0
    }

    /// What packets of a new flow `id` become. `None` when every variant is taken.
    pub(crate) fn rewrite(
        &mut self,
        id: FlowId,
        protocol: u8,
        flows: &dyn Taken,
        random: &mut Random,
    ) -> Option<FlowId> {
        let fixed = self.fixed_part(id);
        if self.range == 0 {
            return Some(fixed);
        }
        let state = (fixed, protocol, flows.removals());
        if self.exhausted == Some(state) {
            return None;
        }
        let found = self.find_free(id, fixed, protocol, flows, random);
        if found.is_none() {
            self.exhausted = Some(state);
        }
        found
    }

    fn fixed_part(&self, id: FlowId) -> FlowId {
        let mut new = id;
        if self.source != 0 {
            new = new.with_source(self.source);
        }
        if self.source_port != 0 {
            new = new.with_source_port(self.source_port);
        }
        if self.destination != 0 {
            new = new.with_destination(self.destination);
        }
        if self.port != 0 {
            new = new.with_destination_port(self.port);
        }
        new
    }

    fn variant(&self, fixed: FlowId, value: u32) -> FlowId {
        if self.varies_port() {
            fixed.with_source_port(self.source_port.wrapping_add(value as u16))
        } else {
            fixed.with_source(self.source.wrapping_add(value))
        }
    }

    fn find_free(
        &mut self,
        id: FlowId,
        fixed: FlowId,
        protocol: u8,
        flows: &dyn Taken,
        random: &mut Random,
    ) -> Option<FlowId> {
        let values = u64::from(self.range) + 1;
        let same = u32::from(id.source_port().wrapping_sub(self.source_port));
        let same_fits =
            self.varies_port() && self.choice == Choice::SameFirst && same <= self.range;
        let first = match self.choice {
            Choice::Sequential if self.next > self.range => 0,
            Choice::Sequential => self.next,
            _ => random.below(values) as u32,
        };
        let others =
            (0..values.min(MAX_TRIES)).map(|step| ((u64::from(first) + step) % values) as u32);
        let value = same_fits
            .then_some(same)
            .into_iter()
            .chain(others)
            .find(|value| !flows.is_taken(self.variant(fixed, *value), protocol))?;
        self.next = value.saturating_add(1);
        Some(self.variant(fixed, value))
    }

    /// Goes on where an equal pattern of an earlier configuration was.
    pub(crate) fn follow(&mut self, old: &Pattern) {
        let same = Pattern {
            next: self.next,
            exhausted: self.exhausted,
            ..old.clone()
        };
        if same == *self {
            self.next = old.next;
        }
    }

    /// The pattern as handlers show it.
    pub(crate) fn unparse(&self) -> String {
        let mut text = String::new();
        let varies_port = self.varies_port();
        match (self.source, self.range) {
            (0, _) => text.push('-'),
            (source, more) if more > 0 && !varies_port => {
                let last = Ipv4Addr::from(source.wrapping_add(more));
                let _ = write!(text, "{}-{last}", Ipv4Addr::from(source));
            }
            (source, _) => text.push_str(&Ipv4Addr::from(source).to_string()),
        }
        if self.has_ports {
            let _ = match (self.source_port, self.range) {
                (0, _) => write!(text, " -"),
                (first, 0) => write!(text, " {first}"),
                (first, more) => write!(text, " {first}-{}", u32::from(first) + more),
            };
        }
        match self.destination {
            0 => text.push_str(" -"),
            address => {
                let _ = write!(text, " {}", Ipv4Addr::from(address));
            }
        }
        if self.has_ports {
            let _ = match self.port {
                0 => write!(text, " -"),
                port => write!(text, " {port}"),
            };
        }
        text
    }
}

/// The range without its mark, and how to choose in it.
fn choice(text: &str) -> (&str, Choice) {
    if let Some(rest) = text.strip_suffix('#') {
        (rest, Choice::Sequential)
    } else if let Some(rest) = text.strip_suffix('?') {
        (rest, Choice::Random)
    } else {
        (text, Choice::SameFirst)
    }
}

fn address(text: &str, names: &dyn Names) -> Option<u32> {
    match text {
        "-" => Some(0),
        text => Ipv4Addr::parse(text, names).ok().map(u32::from),
    }
}

fn port(text: &str) -> Option<u16> {
    match text {
        "-" => Some(0),
        text => integer(text).filter(|p| *p != 0),
    }
}

fn integer(text: &str) -> Option<u16> {
    let value = weft_classify::literal::integer(text)?;
    u16::try_from(value).ok()
}

fn source_address(text: &str, names: &dyn Names) -> Option<Range> {
    if let Some(first) = address(text, names) {
        let choice = Choice::SameFirst;
        let more = 0;
        return Some(Range {
            first,
            more,
            choice,
        });
    }
    let (text, choice) = choice(text);
    let (first, more) = match text.split_once('-') {
        Some((first, last)) => {
            let first = address(first, names)?;
            (first, address(last, names)?.checked_sub(first)?)
        }
        None => prefix(text, names)?,
    };
    Some(Range {
        first,
        more,
        choice,
    })
}

/// The hosts of a prefix: without its first and last address, where it has others.
fn prefix(text: &str, names: &dyn Names) -> Option<(u32, u32)> {
    let prefix = IpPrefixOrAddress::parse(text, names).ok()?.0;
    let network = u32::from(prefix.network());
    match prefix.length()? {
        _ if prefix.addr.is_unspecified() => None,
        0 => None,
        32 => Some((network, 0)),
        31 => Some((network, 1)),
        length => Some((network | 1, (u32::MAX >> length) - 2)),
    }
}

fn source_port(text: &str) -> Option<Range> {
    let (bare, choice) = choice(text);
    let range = |first, more, choice| Range {
        first: u32::from(first),
        more: u32::from(more),
        choice,
    };
    if let Some(first) = port(text) {
        return Some(range(first, 0, Choice::SameFirst));
    }
    let (first, last) = bare.split_once('-')?;
    let first = integer(first)?;
    let more = integer(last)?.checked_sub(first)?;
    Some(range(first, more, choice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_lang::{NoNames, split_words};

    fn pattern(text: &str) -> Result<Pattern, String> {
        Pattern::parse(&split_words(text), &NoNames)
    }

    fn shown(text: &str) -> String {
        match pattern(text) {
            Ok(pattern) => pattern.unparse(),
            Err(problem) => problem,
        }
    }

    #[test]
    fn patterns_are_read_and_shown() {
        for same in ["1.0.0.1 20 - -", "- - 1.0.0.1 80", "1.0.0.1 2-5 9.0.0.9 7"] {
            assert_eq!(shown(same), same);
        }
        assert_eq!(shown("1.0.0.1 1024-65535# - -"), "1.0.0.1 1024-65535 - -");
        assert_eq!(shown("1.0.0.1-1.0.0.4 -"), "1.0.0.1-1.0.0.4 -");
        assert_eq!(shown("1.0.0.9/24 2.0.0.2"), "1.0.0.1-1.0.0.254 2.0.0.2");
        assert_eq!(shown("1.0.0.1-1.0.0.4 5-6? - -"), "1.0.0.1 5-6 - -");
    }

    #[test]
    fn mistakes_are_told_in_clicks_words() {
        assert_eq!(shown("x 1 - -"), "bad source address");
        assert_eq!(shown("1.0.0.4-1.0.0.1 1 - -"), "bad source address");
        assert_eq!(shown("- 0 - -"), "bad source port");
        assert_eq!(shown("- 9-2 - -"), "bad source port");
        assert_eq!(shown("- 1-65536 - -"), "bad source port");
        assert_eq!(shown("- - 1.2.3 -"), "bad destination address");
        assert_eq!(shown("- - - 1-2"), "bad destination port");
        assert_eq!(shown("nat"), "no such pattern 'nat'");
        assert_eq!(shown("- - - - -"), "syntax error");
        assert_eq!(shown(""), "syntax error");
    }

    /// Takes everything whose source port it lists.
    struct Ports(Vec<u16>);

    impl Taken for Ports {
        fn is_taken(&self, rewritten: FlowId, _: u8) -> bool {
            self.0.contains(&rewritten.source_port())
        }

        fn removals(&self) -> u64 {
            self.0.len() as u64
        }
    }

    fn chosen(pattern: &mut Pattern, port: u16, taken: &[u16]) -> Option<u16> {
        let id = FlowId::new(1, port, 2, 80);
        let mut random = Random::seeded(1);
        let rewritten = pattern.rewrite(id, 6, &Ports(taken.to_vec()), &mut random)?;
        Some(rewritten.source_port())
    }

    #[test]
    fn the_own_port_comes_first_unless_marked_otherwise() {
        let mut same = pattern("9.0.0.9 10-13 - -").unwrap();
        assert_eq!(chosen(&mut same, 12, &[]), Some(12));
        assert_eq!(chosen(&mut same, 12, &[12, 10, 11]), Some(13));
        assert!((10..=13).contains(&chosen(&mut same, 99, &[]).unwrap()));
        let mut next = pattern("9.0.0.9 10-13# - -").unwrap();
        let taken = [(12, vec![]), (12, vec![11]), (12, vec![]), (12, vec![])];
        let ports: Vec<_> = taken
            .iter()
            .map(|(port, taken)| chosen(&mut next, *port, taken).unwrap())
            .collect();
        assert_eq!(ports, [10, 12, 13, 10]);
        let mut random = pattern("9.0.0.9 10-13? - -").unwrap();
        assert_eq!(chosen(&mut random, 12, &[10, 11, 12]), Some(13));
    }

    #[test]
    fn nothing_is_found_until_something_is_free() {
        let mut pattern = pattern("9.0.0.9 10-11 - -").unwrap();
        assert_eq!(chosen(&mut pattern, 10, &[10, 11]), None);
        assert!(pattern.exhausted.is_some());
        assert_eq!(chosen(&mut pattern, 10, &[11, 10]), None);
        assert_eq!(chosen(&mut pattern, 10, &[10]), Some(11));
    }

    #[test]
    fn address_ranges_vary_the_address() {
        let mut pattern = pattern("9.0.0.9-9.0.0.10# - - -").unwrap();
        let id = FlowId::new(1, 7, 2, 80);
        let mut random = Random::seeded(1);
        let mut rewrite = || pattern.rewrite(id, 6, &Ports(vec![]), &mut random).unwrap();
        let sources = [rewrite(), rewrite(), rewrite()].map(|id| id.source() & 0xff);
        assert_eq!(sources, [9, 10, 9]);
        assert_eq!(rewrite().source_port(), 7);
    }
}
