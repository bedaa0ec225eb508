//! Rules, arranged so that a packet meets few of them: those of its ports, and of these only those of
//! which a content was seen. One pass over the payload looks for all contents of a group at once.

use super::content::{Content, Outcome, Step, search};
use super::parse::Parsed;
use super::patterns::{Commonness, Met, Pattern, Patterns};
use super::rule::{Action, FlowTest, Heading, Protocol, Rule};
use super::sets::PortSet;
use super::streams::Seen;
use crate::inspection::headers::Headers;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use weft_wire::protocol::ip;

#[cfg(test)]
mod tests;

/// A rule for more ports than these is looked at for every port.
const FEW_PORTS: usize = 16;
/// Rules for every port are looked for along with those of each port, in one go, unless that adds more rules
/// to the groups than these.
const MOST_SHARED: usize = 4096;
/// Memory for all that contents are looked for with, at most.
const MOST_MEMORY: usize = 256 << 20;

/// Rules that are looked for together.
#[derive(Default)]
struct Group {
    /// The contents by which rules are chosen.
    patterns: Option<Patterns>,
    /// By pattern: the rules that have it.
    owners: Vec<Vec<u32>>,
    /// Rules without contents.
    always: Vec<u32>,
}

/// The groups of one protocol.
#[derive(Default)]
struct Groups {
    by_port: [HashMap<u16, Group, RandomState>; 2],
    any: Group,
    /// Whether each group has the rules of `any` too.
    shares_any: bool,
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
    /// The rules that may match, in their order, each once.
    candidates: Vec<u32>,
    /// The patterns of the group at hand that were met.
    met: Met,
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
        let commonness =
            Commonness::of(rules.iter().flat_map(contents).map(|c| c.bytes.as_slice()));
        let of = |protocol| Groups::new(&rules, protocol, &commonness);
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

    /// Bytes that contents are looked for with.
    pub fn memory(&self) -> usize {
        [&self.tcp, &self.udp, &self.icmp, &self.other]
            .into_iter()
            .flat_map(Groups::all)
            .filter_map(|group| group.patterns.as_ref())
            .map(Patterns::memory)
            .sum()
    }

    /// Finds the rules that may match a packet with this data; whether there are any.
    #[inline]
    pub fn choose(&self, headers: &Headers, data: &[u8], scratch: &mut Scratch) -> bool {
        let groups = match headers.protocol {
            ip::TCP => &self.tcp,
            ip::UDP => &self.udp,
            ip::ICMP | ip::ICMPV6 => &self.icmp,
            _ => &self.other,
        };
        groups.collect(headers, data, scratch);
        !scratch.candidates.is_empty()
    }

    /// Finds those of the rules chosen that `subject` matches: none where one of them lets it pass.
    pub fn inspect(&self, subject: &Subject<'_>, scratch: &mut Scratch) {
        scratch.matched.clear();
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
    fn new(rules: &[Rule], protocol: Protocol, commonness: &Commonness) -> Result<Groups, String> {
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
        let groups: usize = members.iter().map(HashMap::len).sum();
        let shares_any = groups * any.len() <= MOST_SHARED;
        if shares_any {
            let groups = members.iter_mut().flat_map(HashMap::values_mut);
            groups.for_each(|group| group.extend_from_slice(&any));
        }
        let grouped = |members: HashMap<u16, Vec<u32>, RandomState>| {
            let groups = members.into_iter();
            groups
                .map(|(port, numbers)| Ok((port, Group::new(rules, &numbers, commonness)?)))
                .collect::<Result<_, String>>()
        };
        let [source, destination] = members;
        Ok(Groups {
            by_port: [grouped(source)?, grouped(destination)?],
            any: Group::new(rules, &any, commonness)?,
            shares_any,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Group> {
        let by_port = self.by_port.iter().flat_map(HashMap::values);
        by_port.chain([&self.any])
    }

    /// The rules of which a packet may match some, in their order, each once.
    #[inline]
    fn collect(&self, headers: &Headers, data: &[u8], scratch: &mut Scratch) {
        scratch.candidates.clear();
        let mut has_any = false;
        for (side, groups) in self.by_port.iter().enumerate() {
            if let Some(group) = groups.get(&headers.ports[side]) {
                group.collect(data, scratch);
                has_any = self.shares_any;
            }
        }
        if !has_any {
            self.any.collect(data, scratch);
        }
        if scratch.candidates.len() > 1 {
            scratch.candidates.sort_unstable();
            scratch.candidates.dedup();
        }
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
    fn new(rules: &[Rule], numbers: &[u32], commonness: &Commonness) -> Result<Group, String> {
        let mut group = Group::default();
        let mut places: HashMap<Pattern, usize, RandomState> = HashMap::default();
        let mut patterns: Vec<Pattern> = Vec::new();
        for &number in numbers {
            let Some(pattern) = chosen_pattern(&rules[number as usize]) else {
                group.always.push(number);
                continue;
            };
            let place = *places.entry(pattern).or_insert_with_key(|pattern| {
                patterns.push(pattern.clone());
                group.owners.push(Vec::new());
                patterns.len() - 1
            });
            group.owners[place].push(number);
        }
        if !patterns.is_empty() {
            group.patterns = Some(Patterns::new(patterns, commonness)?);
        }
        Ok(group)
    }

    #[inline]
    fn collect(&self, data: &[u8], scratch: &mut Scratch) {
        scratch.candidates.extend_from_slice(&self.always);
        let Some(patterns) = &self.patterns else {
            return;
        };
        patterns.find(data, &mut scratch.met);
        for number in &scratch.met.numbers {
            let owners = &self.owners[*number as usize];
            scratch.candidates.extend_from_slice(owners);
        }
    }
}

/// The contents that a rule asks for.
fn contents(rule: &Rule) -> impl Iterator<Item = &Content> + Clone {
    rule.steps.iter().filter_map(|step| match step {
        Step::Content(content) if !content.negated => Some(content),
        _ => None,
    })
}

/// What a rule is chosen by: the content that says so, else the longest.
fn chosen_pattern(rule: &Rule) -> Option<Pattern> {
    let best = |content: &&Content| (content.fast, content.bytes.len());
    contents(rule)
        .max_by_key(best)
        .map(|content| Pattern::new(&content.bytes, content.nocase))
}
