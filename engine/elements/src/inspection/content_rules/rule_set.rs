//! Rules, arranged so that a packet meets few of them: those of its ports, and of these only those of
//! which a content was seen. One pass over the payload looks for all contents of a group at once.

use super::content::{Content, Outcome, Step, search};
use super::parse::Parsed;
use super::rule::{Action, FlowTest, Heading, Protocol, Rule};
use super::sets::PortSet;
use super::streams::Seen;
use crate::inspection::headers::Headers;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use weft_wire::protocol::ip;

/// A rule for more ports than these is looked at for every port.
const FEW_PORTS: usize = 16;
/// Bytes of contents up to which a group gets the fastest automaton, which takes the most memory.
const DFA_BYTES: usize = 16_384;
/// Memory for all automata, at most.
const MOST_MEMORY: usize = 256 << 20;

/// Rules that are looked for together.
#[derive(Default)]
struct Group {
    automaton: Option<AhoCorasick>,
    /// By pattern of the automaton: the rules that have it.
    owners: Vec<Vec<u32>>,
    /// Rules without contents.
    always: Vec<u32>,
}

/// The groups of one protocol.
#[derive(Default)]
struct Groups {
    by_port: [HashMap<u16, Group, RandomState>; 2],
    any: Group,
}

/// All rules.
pub(super) struct RuleSet {
    pub rules: Vec<Rule>,
    pub classes: HashMap<String, (String, u32)>,
    tcp: Groups,
    udp: Groups,
    icmp: Groups,
    other: Groups,
    /// Whether a rule asks for the state of flows.
    pub needs_flows: bool,
    /// Whether a rule looks for something in TCP that could lie in two segments.
    pub has_floating: bool,
}

/// What is looked at.
pub(super) struct Subject<'a> {
    pub headers: &'a Headers,
    /// The end of what came before in this direction, then the payload.
    pub data: &'a [u8],
    /// How many bytes came before.
    pub before: usize,
    pub seen: Seen,
}

/// What is kept from packet to packet, to be filled anew.
#[derive(Default)]
pub(super) struct Scratch {
    candidates: Vec<u32>,
    /// A bit for each pattern of the group at hand that was met.
    met: Vec<u64>,
    /// The rules that matched, in their order.
    pub matched: Vec<u32>,
    /// Rules that took too many attempts.
    pub given_up: u64,
}

impl RuleSet {
    /// Arranges rules.
    ///
    /// # Errors
    /// When they take too much memory.
    pub fn new(parsed: Parsed) -> Result<Self, String> {
        let Parsed { rules, classes, .. } = parsed;
        let of = |protocol| Groups::new(&rules, protocol);
        let set = RuleSet {
            tcp: of(Protocol::Tcp)?,
            udp: of(Protocol::Udp)?,
            icmp: of(Protocol::Icmp)?,
            other: of(Protocol::Ip)?,
            needs_flows: rules.iter().any(|rule| rule.flow.is_some()),
            has_floating: rules.iter().any(is_floating),
            classes,
            rules,
        };
        let memory = set.memory();
        if memory > MOST_MEMORY {
            return Err(format!(
                "the rules take {memory} bytes; {MOST_MEMORY} are allowed"
            ));
        }
        Ok(set)
    }

    /// Bytes that the automata take.
    pub fn memory(&self) -> usize {
        [&self.tcp, &self.udp, &self.icmp, &self.other]
            .into_iter()
            .flat_map(Groups::all)
            .filter_map(|group| group.automaton.as_ref())
            .map(AhoCorasick::memory_usage)
            .sum()
    }

    /// Finds the rules that `subject` matches: none where one of them lets it pass.
    pub fn inspect(&self, subject: &Subject<'_>, scratch: &mut Scratch) {
        scratch.matched.clear();
        let groups = match subject.headers.protocol {
            ip::TCP => &self.tcp,
            ip::UDP => &self.udp,
            ip::ICMP | ip::ICMPV6 => &self.icmp,
            _ => &self.other,
        };
        groups.collect(subject, scratch);
        for index in 0..scratch.candidates.len() {
            let number = scratch.candidates[index];
            match self.outcome(&self.rules[number as usize], subject) {
                Outcome::Found => scratch.matched.push(number),
                Outcome::NotFound => {}
                Outcome::GivenUp => scratch.given_up += 1,
            }
        }
        let passes = |number: &u32| self.rules[*number as usize].action == Action::Pass;
        if scratch.matched.iter().any(passes) {
            scratch.matched.clear();
        }
    }

    fn outcome(&self, rule: &Rule, subject: &Subject<'_>) -> Outcome {
        let payload = &subject.data[subject.before..];
        let headers = subject.headers;
        let fits = rule.ends.matches(headers)
            && flow_matches(rule.flow, subject.seen)
            && rule
                .tests
                .iter()
                .all(|test| test.matches(headers, payload.len()));
        if !fits {
            return Outcome::NotFound;
        }
        match search(&rule.steps, payload, 0) {
            Outcome::NotFound if subject.before > 0 && is_floating(rule) => {
                search(&rule.steps, subject.data, subject.before)
            }
            outcome => outcome,
        }
    }
}

fn flow_matches(test: FlowTest, seen: Seen) -> bool {
    let heading = match seen.to_server {
        true => Heading::Server,
        false => Heading::Client,
    };
    test.heading.is_none_or(|wanted| wanted == heading)
        && test
            .established
            .is_none_or(|wanted| wanted == seen.established)
}

/// Whether a rule may be met by what lies in two segments.
fn is_floating(rule: &Rule) -> bool {
    !rule.steps.is_empty() && rule.steps.iter().all(Step::is_floating)
}

impl Groups {
    fn new(rules: &[Rule], protocol: Protocol) -> Result<Groups, String> {
        let mut members: [HashMap<u16, Vec<u32>, RandomState>; 2] = Default::default();
        let mut any = Vec::new();
        let is_here = |rule: &Rule| [protocol, Protocol::Ip].contains(&rule.ends.protocol);
        for (number, rule) in (0..).zip(rules).filter(|(_, rule)| is_here(rule)) {
            match narrow_side(&rule.ends.ports, rule.ends.both_ways) {
                None => any.push(number),
                Some((side, ports)) => {
                    for port in ports {
                        members[side].entry(port).or_default().push(number);
                    }
                }
            }
        }
        let grouped = |members: HashMap<u16, Vec<u32>, RandomState>| {
            let groups = members.into_iter();
            groups
                .map(|(port, numbers)| Ok((port, Group::new(rules, &numbers)?)))
                .collect::<Result<_, String>>()
        };
        let [source, destination] = members;
        Ok(Groups {
            by_port: [grouped(source)?, grouped(destination)?],
            any: Group::new(rules, &any)?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Group> {
        let by_port = self.by_port.iter().flat_map(HashMap::values);
        by_port.chain([&self.any])
    }

    /// The rules of which a packet may match some, in their order, each once.
    fn collect(&self, subject: &Subject<'_>, scratch: &mut Scratch) {
        scratch.candidates.clear();
        for (side, groups) in self.by_port.iter().enumerate() {
            if let Some(group) = groups.get(&subject.headers.ports[side]) {
                group.collect(subject.data, scratch);
            }
        }
        self.any.collect(subject.data, scratch);
        scratch.candidates.sort_unstable();
        scratch.candidates.dedup();
    }
}

/// The side on which a rule is for few ports, the destination first, and these ports.
fn narrow_side(ports: &[PortSet; 2], both_ways: bool) -> Option<(usize, Vec<u16>)> {
    let few = |side: usize| Some((side, ports[side].few(FEW_PORTS)?));
    if both_ways {
        None
    } else {
        few(1).or_else(|| few(0))
    }
}

impl Group {
    fn new(rules: &[Rule], numbers: &[u32]) -> Result<Group, String> {
        let mut group = Group::default();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        for &number in numbers {
            let Some(content) = chosen_content(&rules[number as usize]) else {
                group.always.push(number);
                continue;
            };
            let place = *places
                .entry(content.to_ascii_lowercase())
                .or_insert_with_key(|key| {
                    patterns.push(key.clone());
                    group.owners.push(Vec::new());
                    patterns.len() - 1
                });
            group.owners[place].push(number);
        }
        if !patterns.is_empty() {
            group.automaton = Some(automaton(&patterns)?);
        }
        Ok(group)
    }

    #[inline]
    fn collect(&self, data: &[u8], scratch: &mut Scratch) {
        scratch.candidates.extend(&self.always);
        let Some(automaton) = &self.automaton else {
            return;
        };
        scratch.met.clear();
        scratch.met.resize(self.owners.len().div_ceil(64), 0);
        for found in automaton.find_overlapping_iter(data) {
            let pattern = found.pattern().as_usize();
            let (word, bit) = (&mut scratch.met[pattern / 64], 1 << (pattern % 64));
            if *word & bit == 0 {
                *word |= bit;
                scratch.candidates.extend(&self.owners[pattern]);
            }
        }
    }
}

fn automaton(patterns: &[Vec<u8>]) -> Result<AhoCorasick, String> {
    let bytes: usize = patterns.iter().map(Vec::len).sum();
    let kind = match bytes <= DFA_BYTES {
        true => AhoCorasickKind::DFA,
        false => AhoCorasickKind::ContiguousNFA,
    };
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(kind))
        .build(patterns)
        .map_err(|error| error.to_string())
}

/// The content by which a rule is chosen: the one that says so, else the longest.
fn chosen_content(rule: &Rule) -> Option<&[u8]> {
    let contents = rule.steps.iter().filter_map(|step| match step {
        Step::Content(content) if !content.negated => Some(content),
        _ => None,
    });
    let best = |content: &&Content| (content.fast, content.bytes.len());
    contents
        .max_by_key(best)
        .map(|content| content.bytes.as_slice())
}
