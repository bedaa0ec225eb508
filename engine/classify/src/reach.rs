//! Finds outputs no packet can reach.

use crate::diagnostic::{Diagnostic, Severity};
use crate::expr::Rule;
use crate::set::Set;
use crate::terms::{self, Dimension, Term};

/// With more terms, only contradictory rules are found.
const MAX_COMPARED: usize = 2000;

/// Warns, in Click's words, about each of `outputs` outputs that no packet reaches, because the
/// rules for it contradict themselves or come behind more general ones.
pub fn warn_unused_outputs(rules: &[Rule], outputs: usize, diagnostics: &mut Vec<Diagnostic>) {
    let mut used = vec![false; outputs];
    let terms::Terms { dimensions, terms } = terms::expand(rules);
    for (at, term) in terms.iter().enumerate() {
        let action = rules[term.rule as usize].action;
        let Some(used) = action.and_then(|output| used.get_mut(output as usize)) else {
            continue;
        };
        if !*used {
            *used = at >= MAX_COMPARED
                || !terms[..at]
                    .iter()
                    .any(|general| covers(general, term, &dimensions));
        }
    }
    let unused = used.iter().enumerate().filter(|(_, used)| !**used);
    diagnostics.extend(unused.map(|(output, _)| Diagnostic {
        severity: Severity::Warning,
        text: format!("output {output} matches no packets"),
    }));
}

/// Whether every packet that matches `special` matches `general`.
fn covers(general: &Term, special: &Term, dimensions: &[Dimension]) -> bool {
    let implies = |field: usize, wanted: &Set| {
        special.sets.iter().any(
            |(given, set)| match project(set, *given, field, dimensions) {
                Some(projected) => wanted.covers(&projected),
                None => false,
            },
        )
    };
    general.exact && general.sets.iter().all(|(field, set)| implies(*field, set))
}

/// What a set of the field `given` says about `field`: itself, or one of its two bytes.
fn project(set: &Set, given: usize, field: usize, dimensions: &[Dimension]) -> Option<Set> {
    if given == field {
        return Some(set.clone());
    }
    let (from, to) = (dimensions[given], dimensions[field]);
    let there = set.hull().1 < from.missing();
    if from.base != to.base || (from.bytes, to.bytes) != (2, 1) || !there {
        return None;
    }
    let byte = to
        .offset
        .checked_sub(from.offset)
        .filter(|byte| *byte < 2)?;
    let mut seen = [false; 256];
    for (low, high) in &set.0 {
        for value in *low..=*high {
            let part = if byte == 0 { value >> 8 } else { value & 0xff };
            seen[part as usize] = true;
        }
    }
    let values = (0..256u64).filter(|value| seen[*value as usize]);
    Some(Set(values.map(|value| (value, value)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BuiltinNames, ip, pattern};

    fn ip_warnings(patterns: &[&str]) -> Vec<String> {
        let mut out = Vec::new();
        let rules = ip::parse_classifier(patterns, patterns.len(), &BuiltinNames, &mut out);
        warn_unused_outputs(&rules.unwrap(), patterns.len(), &mut out);
        out.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn contradictions_and_hidden_rules_are_found() {
        assert_eq!(ip_warnings(&["tcp", "udp", "-"]), [""; 0]);
        let expected = ["warning: output 1 matches no packets"];
        assert_eq!(ip_warnings(&["-", "tcp"]), expected);
        assert_eq!(
            ip_warnings(&["src net 10.0.0.0/8", "src host 10.0.0.1"]),
            expected
        );
        assert_eq!(
            ip_warnings(&["tcp", "src port www and src port ftp", "-"]),
            expected
        );
        assert_eq!(
            ip_warnings(&["port 80 or port 22", "tcp dst port 80"]),
            expected
        );
        assert_eq!(
            ip_warnings(&["tcp dst port 80", "dst port 80", "tcp port 80"]),
            [""; 0]
        );
    }

    #[test]
    fn hidden_patterns_are_found() {
        let mut out = Vec::new();
        let rules = pattern::parse(&["12/08??", "12/0800", "12/0806 20/0001", "-"], 4, &mut out);
        warn_unused_outputs(&rules.unwrap(), 4, &mut out);
        let texts: Vec<_> = out.iter().map(|d| d.text.as_str()).collect();
        assert_eq!(
            texts,
            ["output 1 matches no packets", "output 2 matches no packets"]
        );
    }
}
