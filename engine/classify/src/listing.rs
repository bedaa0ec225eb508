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
    let safe = lister
        .reachable(start)
        .map(|step| step.required())
        .max()
        .unwrap_or(0);
    let _ = writeln!(text, "safe length {safe}\nalignment offset 0");
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
        // From the lowest bit up: where the bits above were equal to those of the value.
        let mut goal = not;
        for bit in (0..32)
            .map(|i| 1u32 << i)
            .filter(|bit| leaf.mask & bit != 0)
        {
            goal = if leaf.value & bit == 0 {
                self.step(offset, 0, bit, goal, above, !short_above)
            } else {
                self.step(offset, bit, bit, goal, not, short_above)
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

    fn reachable(&self, start: Goal) -> impl Iterator<Item = &Step> {
        let mut wanted = vec![false; self.steps.len()];
        if let Goal::Step(step) = start {
            wanted[step] = true;
        }
        for (i, step) in self.steps.iter().enumerate().rev() {
            for goal in [step.yes, step.no] {
                if let (true, Goal::Step(next)) = (wanted[i], goal) {
                    wanted[next] = true;
                }
            }
        }
        self.steps
            .iter()
            .zip(wanted)
            .filter_map(|(step, wanted)| wanted.then_some(step))
    }

    fn unparse(&self, start: Goal) -> String {
        let Goal::Step(first) = start else {
            return format!("all->{}\n", unparse_goal(start, 0));
        };
        let mut text = String::new();
        for (number, step) in self.steps[..=first].iter().rev().enumerate() {
            let _ = write!(
                text,
                "{number:2} {:3}/{:08x}%{:08x}  yes->{}  no->{}",
                step.offset,
                step.value,
                step.mask,
                unparse_goal(step.yes, first),
                unparse_goal(step.no, first)
            );
            text.push_str(if step.short_yes {
                "  short->yes\n"
            } else {
                "\n"
            });
        }
        text
    }
}

fn unparse_goal(goal: Goal, first: usize) -> String {
    match goal {
        Goal::Step(step) => format!("step {}", first - step),
        Goal::Output(Some(output)) => format!("[{output}]"),
        Goal::Output(None) => "[X]".to_string(),
    }
}
