//! Rules as a program of word tests, in the form Click's `program` handlers print.

use crate::expr::{Expr, Leaf, Relation, Rule};
use crate::packet::Base;
use std::fmt::Write;

/// Offsets in the listing: the IP header counts from 256, the transport header from 512.
const NETWORK_OFFSET: u32 = 256;
const TRANSPORT_OFFSET: u32 = 512;
/// Rules beyond this many are not listed.
const MAX_RULES: usize = 4096;

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Step(usize),
    Output(Option<u32>),
}

struct Step {
    offset: u32,
    value: u32,
    mask: u32,
    yes: Goal,
    no: Goal,
    short_yes: bool,
}

/// Steps are made from the last to the first, so every goal is known when a step is made.
struct Lister {
    steps: Vec<Step>,
    limit: usize,
}

pub(crate) fn describe(rules: &[Rule]) -> String {
    let mut lister = Lister {
        steps: Vec::new(),
        limit: 1 << 20,
    };
    let shown = &rules[..rules.len().min(MAX_RULES)];
    let start = shown
        .iter()
        .rev()
        .fold(Goal::Output(None), |otherwise, rule| {
            lister.list(&rule.expr, Goal::Output(rule.action), otherwise)
        });
    let mut text = lister.unparse(start);
    if shown.len() < rules.len() {
        let _ = writeln!(text, "({} more rules)", rules.len() - shown.len());
    }
    text.push_str("alignment offset 0\n");
    text
}

impl Step {
    fn required(&self) -> u32 {
        self.offset + 4 - (self.mask.trailing_zeros() / 8).min(4)
    }
}

impl Lister {
    fn list(&mut self, expr: &Expr, yes: Goal, no: Goal) -> Goal {
        if yes == no || self.steps.len() > self.limit {
            return no;
        }
        match expr {
            Expr::Always(true) => yes,
            Expr::Always(false) => no,
            Expr::Not(inner) => self.list(inner, no, yes),
            Expr::And(parts) => parts
                .iter()
                .rev()
                .fold(yes, |yes, part| self.list(part, yes, no)),
            Expr::Or(parts) => parts
                .iter()
                .rev()
                .fold(no, |no, part| self.list(part, yes, no)),
            Expr::Choose(parts) => {
                let [condition, first, second] = &**parts;
                let first = self.list(first, yes, no);
                let second = self.list(second, yes, no);
                self.list(condition, first, second)
            }
            Expr::Leaf(leaf) => self.leaf(leaf, yes, no),
        }
    }

    fn leaf(&mut self, leaf: &Leaf, yes: Goal, no: Goal) -> Goal {
        let test = match leaf.base {
            Base::Transport => self.order_test(leaf, TRANSPORT_OFFSET, yes, no),
            Base::Network => self.order_test(leaf, NETWORK_OFFSET, yes, no),
            Base::Link => self.order_test(leaf, 0, yes, no),
        };
        if leaf.base != Base::Transport {
            return test;
        }
        self.step(NETWORK_OFFSET + 4, 0, 0x1fff, test, no, false)
    }

    /// A comparison as equality tests of ever lower bits.
    fn order_test(&mut self, leaf: &Leaf, base: u32, yes: Goal, no: Goal) -> Goal {
        let offset = base + leaf.offset;
        match leaf.relation {
            Relation::Equal => return self.step(offset, leaf.value, leaf.mask, yes, no, false),
            Relation::Differ => return self.step(offset, leaf.value, leaf.mask, no, yes, true),
            _ => {}
        }
        let (above, not) = match leaf.relation {
            Relation::Above => (yes, no),
            _ => (no, yes),
        };
        let short_above = leaf.relation == Relation::AtMost;
        // From the lowest bits up, run by run of equal bits of the value: the goal is what holds
        // where all higher bits were equal.
        let mut goal = not;
        for (run, ones) in runs(leaf.mask, leaf.value) {
            goal = if ones {
                self.step(offset, run, run, goal, not, short_above)
            } else {
                self.step(offset, 0, run, goal, above, !short_above)
            };
        }
        goal
    }

    fn step(
        &mut self,
        offset: u32,
        value: u32,
        mask: u32,
        yes: Goal,
        no: Goal,
        short_yes: bool,
    ) -> Goal {
        if mask == 0 {
            return if value == 0 { yes } else { no };
        }
        if yes == no {
            return yes;
        }
        self.steps.push(Step {
            offset,
            value: value & mask,
            mask,
            yes,
            no,
            short_yes,
        });
        Goal::Step(self.steps.len() - 1)
    }

    /// The numbers of the steps that count, in order of listing.
    fn reachable(&self, start: Goal) -> Vec<usize> {
        let mut wanted = vec![false; self.steps.len()];
        let want = |goal: Goal, wanted: &mut [bool]| {
            if let Goal::Step(step) = goal {
                wanted[step] = true;
            }
        };
        want(start, &mut wanted);
        for (i, step) in self.steps.iter().enumerate().rev() {
            if wanted[i] {
                want(step.yes, &mut wanted);
                want(step.no, &mut wanted);
            }
        }
        (0..self.steps.len()).rev().filter(|i| wanted[*i]).collect()
    }

    fn unparse(&self, start: Goal) -> String {
        let listed = self.reachable(start);
        if listed.is_empty() {
            return format!("all->{}\nsafe length 0\n", unparse_goal(start, &[]));
        }
        let mut numbers = vec![0; self.steps.len()];
        for (number, step) in listed.iter().enumerate() {
            numbers[*step] = number;
        }
        let (mut text, mut safe) = (String::new(), 0);
        for (number, step) in listed.iter().map(|i| &self.steps[*i]).enumerate() {
            let (yes, no) = (
                unparse_goal(step.yes, &numbers),
                unparse_goal(step.no, &numbers),
            );
            let Step {
                offset,
                value,
                mask,
                ..
            } = step;
            let _ = write!(text, "{number:2} {offset:3}/{value:08x}%{mask:08x}");
            let _ = write!(text, "  yes->{yes}  no->{no}");
            text.push_str(if step.short_yes {
                "  short->yes\n"
            } else {
                "\n"
            });
            safe = safe.max(step.required());
        }
        let _ = writeln!(text, "safe length {safe}");
        text
    }
}

/// The masked bits as runs of equal bits of `value`, from the lowest: each run's mask, and
/// whether its bits are ones.
fn runs(mask: u32, value: u32) -> Vec<(u32, bool)> {
    let mut runs: Vec<(u32, bool)> = Vec::new();
    for bit in (0..32).map(|i| 1u32 << i).filter(|bit| mask & bit != 0) {
        let ones = value & bit != 0;
        match runs.last_mut() {
            Some((run, same)) if *same == ones => *run |= bit,
            _ => runs.push((bit, ones)),
        }
    }
    runs
}

fn unparse_goal(goal: Goal, numbers: &[usize]) -> String {
    match goal {
        Goal::Step(step) => format!("step {}", numbers[step]),
        Goal::Output(Some(output)) => format!("[{output}]"),
        Goal::Output(None) => "[X]".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{BuiltinNames, Program, ip, pattern};

    fn filter(arguments: &[&str]) -> String {
        let rules = ip::parse_filter(arguments, 2, &BuiltinNames, &mut Vec::new()).unwrap();
        Program::compile(&rules).describe()
    }

    #[test]
    fn programs_without_tests_say_where_everything_goes() {
        let nothing = "all->[X]\nsafe length 0\nalignment offset 0\n";
        assert_eq!(filter(&["allow false"]), nothing);
        assert_eq!(filter(&[]), nothing);
        let all = "all->[0]\nsafe length 0\nalignment offset 0\n";
        assert_eq!(filter(&["allow false", "allow false", "allow true"]), all);
        assert_eq!(filter(&["allow tcp && dst 10.0.0.0/32", "allow all"]), all);
    }

    #[test]
    fn steps_are_listed_in_clicks_form() {
        assert_eq!(
            filter(&["allow false", "allow src 10.0.0.1"]),
            " 0 268/0a000001%ffffffff  yes->[0]  no->[X]\nsafe length 272\nalignment offset 0\n"
        );
        assert_eq!(
            filter(&["1 udp dst port > 1023", "drop icmp", "0 -"]),
            concat!(
                " 0 264/00110000%00ff0000  yes->step 1  no->step 3\n",
                " 1 260/00000000%00001fff  yes->step 2  no->step 3\n",
                " 2 512/00000000%0000fc00  yes->step 3  no->[1]  short->yes\n",
                " 3 264/00010000%00ff0000  yes->[X]  no->[0]\n",
                "safe length 515\nalignment offset 0\n"
            )
        );
    }

    #[test]
    fn patterns_are_listed_by_word() {
        let rules = pattern::parse(&["12/0806 20/0001", "-"], 2, &mut Vec::new()).unwrap();
        assert_eq!(
            Program::compile(&rules).describe(),
            concat!(
                " 0  12/08060000%ffff0000  yes->step 1  no->[1]\n",
                " 1  20/00010000%ffff0000  yes->[0]  no->[1]\n",
                "safe length 22\nalignment offset 0\n"
            )
        );
    }
}
