use super::*;
use crate::inspection::content_rules::parse::parse;
use crate::inspection::content_rules::sets::Variables;

/// Ways to ask for contents; `A` and `B` stand for texts.
const OPTIONS: [&str; 10] = [
    "content:\"A\";",
    "content:\"A\"; nocase;",
    "content:\"A\"; content:\"B\"; distance:0; within:9;",
    "content:\"A\"; offset:3; depth:30;",
    "content:\"A\"; fast_pattern; content:\"BB\"; nocase;",
    "content:!\"A\"; content:\"B\";",
    "content:!\"A\";",
    "content:\"A\"; endswith;",
    "content:\"A\"; startswith;",
    "content:\"A\"; content:\"B\"; distance:-6;",
];
const LINES: [&str; 6] = [
    "alert tcp any any -> any any",
    "drop tcp any [5000,9] -> any any",
    "alert tcp any any -> any 80",
    "alert ip any any -> any any",
    "alert tcp any 5000 <> any [80,443]",
    "alert udp any any -> any any",
];

/// Numbers that look like chance, the same each time.
fn chance(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
    (*state >> 33) as usize % end
}

fn text(state: &mut u64, length: usize) -> String {
    let letter = |_| char::from(b"cdCD e"[chance(state, 6)]);
    (0..length).map(letter).collect()
}

fn rule_set(state: &mut u64, count: usize) -> RuleSet {
    let mut lines = String::new();
    for sid in 1..=count {
        let line = LINES[chance(state, LINES.len())];
        let options = OPTIONS[chance(state, OPTIONS.len())];
        let length = 1 + chance(state, 8);
        let options = options.replace('A', &text(state, length));
        let options = options.replace('B', &text(state, 1 + length / 2));
        lines += &format!("{line} ({options} sid:{sid};)\n");
    }
    let parsed = parse("rules", &lines, &Variables::new());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    RuleSet::new(parsed).unwrap()
}

#[test]
fn rules_match_as_if_each_was_looked_for_alone() {
    let mut state = 1;
    let mut scratch = Scratch::default();
    let mut matches = 0;
    for round in 0..150 {
        let set = rule_set(&mut state, 1 + round);
        for length in [0, 1, 5, 20, 60, 300] {
            let data = text(&mut state, length).into_bytes();
            let port = [80, 443, 5000, 9][chance(&mut state, 4)];
            let headers = Headers {
                protocol: ip::TCP,
                ports: [5000, port],
                ..Headers::default()
            };
            let subject = Subject {
                headers: &headers,
                data: &data,
                before: [0, length / 2][round % 2],
                seen: Seen::default(),
            };
            let alone: Vec<u32> = (0..)
                .zip(&set.rules)
                .filter(|(_, rule)| set.outcome(rule, &subject) == Outcome::Found)
                .map(|(number, _)| number)
                .collect();
            set.choose(&headers, &data, &mut scratch);
            set.inspect(&subject, &mut scratch);
            assert_eq!(scratch.matched, alone);
            matches += alone.len();
        }
    }
    assert!(matches > 5_000, "{matches}");
}
