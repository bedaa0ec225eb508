//! Which port is connected to which when both sides of an arrow may name several.

use super::CONNECTION_LIMIT;

/// The ports named on one side of an element in a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ports {
    pub list: Vec<u32>,
    /// Continues for as many ports as the other side has (`[0,]`, `[]`).
    pub open: bool,
}

impl Ports {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn least(&self) -> usize {
        self.list.len().max(1)
    }
}

/// One side of an arrow: elements with the ports that face the arrow.
pub(super) type Side = Vec<(usize, Ports)>;

/// The pairs to connect, and what is wrong with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pairing {
    pub pairs: Vec<((usize, u32), (usize, u32))>,
    pub problems: Vec<String>,
}

fn least(side: &Side) -> usize {
    side.iter().map(|(_, ports)| ports.least()).sum()
}

/// The ports of `side` in order, open lists continued by `extra` ports.
fn slots(side: &Side, mut extra: usize, fills: bool) -> Vec<(usize, u32)> {
    let mut slots = Vec::new();
    for (element, ports) in side {
        match ports.list.as_slice() {
            [] => slots.push((*element, 0)),
            list => slots.extend(list.iter().map(|&p| (*element, p))),
        }
        if ports.open || (fills && ports.is_empty()) {
            let last = ports.list.last().copied().unwrap_or(0);
            let more = (1..=extra as u32).map(|n| (*element, last.saturating_add(n)));
            slots.extend(more);
            extra = 0;
        }
    }
    slots
}

fn mismatch(outputs: (usize, bool), inputs: (usize, bool)) -> Option<String> {
    let problem = match (outputs, inputs) {
        ((o, false), (i, false)) if o != i => format!("{o} outputs connected to {i} inputs"),
        ((o, true), (i, false)) if i < o => format!("{o} or more outputs connected to {i} inputs"),
        ((o, false), (i, true)) if o < i => format!("{o} outputs connected to {i} or more inputs"),
        _ => return None,
    };
    Some(format!("connection mismatch: {problem}"))
}

/// Pairs the ports of `outputs` with those of `inputs`; `double` is `=>`.
pub(super) fn pair(outputs: &Side, inputs: &Side, double: bool) -> Pairing {
    let mut pairing = Pairing::default();
    let (least_out, least_in) = (least(outputs), least(inputs));
    let open = |side: &Side| side.iter().filter(|(_, p)| p.open).count();
    let (mut open_out, mut open_in) = (open(outputs) > 0, open(inputs) > 0);
    if open(outputs) + open(inputs) > 1 {
        pairing
            .problems
            .push("at most one expandable port allowed per connection".into());
        if least_in < least_out {
            open_out = false;
        } else {
            open_in = false;
        }
    }
    // With `=>` an element alone, without ports, takes as many as the other side has.
    let fills = |side: &Side, own: usize, other: usize| {
        double && own == 1 && other > 1 && side.first().is_some_and(|(_, p)| p.is_empty())
    };
    let fills_out = fills(outputs, least_out, least_in);
    let fills_in = fills(inputs, least_in, least_out);
    let (wide_out, wide_in) = (open_out || fills_out, open_in || fills_in);
    let many_out = least_out > 1 || wide_out;
    let many_in = least_in > 1 || wide_in;
    if many_out && many_in {
        if !double {
            let problem = "syntax error: many-to-many connections require '=>'";
            pairing.problems.push(problem.into());
        }
        let problem = mismatch((least_out, wide_out), (least_in, wide_in));
        pairing.problems.extend(problem);
    }
    let extra = |wide: bool, own: usize, other: usize| match wide {
        true => other.saturating_sub(own),
        false => 0,
    };
    let from = slots(outputs, extra(wide_out, least_out, least_in), fills_out);
    let to = slots(inputs, extra(wide_in, least_in, least_out), fills_in);
    let count = match (many_out, many_in) {
        (true, true) => from.len().min(to.len()),
        (true, false) => from.len(),
        (false, true) => to.len(),
        (false, false) => 1,
    };
    let slot = |slots: &[(usize, u32)], many: bool, n: usize| slots[if many { n } else { 0 }];
    pairing.pairs = (0..count.min(CONNECTION_LIMIT))
        .map(|n| (slot(&from, many_out, n), slot(&to, many_in, n)))
        .collect();
    pairing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(elements: &[(usize, &[u32], bool)]) -> Side {
        let ports = |list: &[u32], open| Ports {
            list: list.to_vec(),
            open,
        };
        elements
            .iter()
            .map(|&(e, list, open)| (e, ports(list, open)))
            .collect()
    }

    type Pairs<'a> = &'a [((usize, u32), (usize, u32))];

    #[track_caller]
    fn check(outputs: &Side, inputs: &Side, double: bool, pairs: Pairs<'_>, problem: Option<&str>) {
        let pairing = pair(outputs, inputs, double);
        assert_eq!(pairing.pairs, pairs);
        assert_eq!(pairing.problems.first().map(String::as_str), problem);
    }

    #[test]
    fn one_connects_to_many_and_many_to_one() {
        let one = side(&[(0, &[2], false)]);
        let many = side(&[(1, &[], false), (2, &[3], false)]);
        check(
            &one,
            &many,
            false,
            &[((0, 2), (1, 0)), ((0, 2), (2, 3))],
            None,
        );
        check(
            &many,
            &one,
            false,
            &[((1, 0), (0, 2)), ((2, 3), (0, 2))],
            None,
        );
        check(&one, &one, false, &[((0, 2), (0, 2))], None);
    }

    #[test]
    fn double_arrows_pair_in_order() {
        let c = side(&[(0, &[], false)]);
        let ab = side(&[(1, &[], false), (2, &[], false)]);
        check(&c, &ab, true, &[((0, 0), (1, 0)), ((0, 1), (2, 0))], None);
        let listed = side(&[(0, &[3, 5], false)]);
        check(
            &listed,
            &ab,
            true,
            &[((0, 3), (1, 0)), ((0, 5), (2, 0))],
            None,
        );
        let open = side(&[(0, &[4], true)]);
        check(
            &open,
            &ab,
            true,
            &[((0, 4), (1, 0)), ((0, 5), (2, 0))],
            None,
        );
    }

    #[test]
    fn counts_that_differ_are_told() {
        let two = side(&[(0, &[0, 1], false)]);
        let three = side(&[(1, &[0, 1, 2], false)]);
        let pairs = [((0, 0), (1, 0)), ((0, 1), (1, 1))];
        let problem = "connection mismatch: 2 outputs connected to 3 inputs";
        check(&two, &three, true, &pairs, Some(problem));
        let problem = "syntax error: many-to-many connections require '=>'";
        check(
            &two,
            &two,
            false,
            &[((0, 0), (0, 0)), ((0, 1), (0, 1))],
            Some(problem),
        );
        let open = side(&[(1, &[0, 1, 2], true)]);
        let problem = "connection mismatch: 2 outputs connected to 3 or more inputs";
        check(&two, &open, true, &pairs, Some(problem));
        let problem = "connection mismatch: 3 or more outputs connected to 2 inputs";
        let turned = [((1, 0), (0, 0)), ((1, 1), (0, 1))];
        check(&open, &two, true, &turned, Some(problem));
    }

    #[test]
    fn two_open_lists_are_one_too_many() {
        let open = side(&[(0, &[0], true)]);
        let problem = "at most one expandable port allowed per connection";
        check(&open, &open, true, &[((0, 0), (0, 0))], Some(problem));
    }
}
