//! The Click language from outside: configurations in, flat configurations or diagnostics out.

mod diagnostics;
mod meaning;
mod robustness;

use weft_lang::{FlatGraph, ParseOptions, Source, parse, unparse};

const CLASSES: [&str; 8] = [
    "Idle",
    "Counter",
    "Queue",
    "Discard",
    "Tee",
    "Classifier",
    "Null",
    "Message",
];

fn known(class: &str) -> bool {
    CLASSES.contains(&class)
}

/// Parses `text` as file `config` with these global variables.
fn parse_with(text: &str, globals: &[(&str, &str)]) -> (Option<FlatGraph>, String) {
    let mut options = ParseOptions::new(&known);
    let owned = globals.iter().map(|(n, v)| (n.to_string(), v.to_string()));
    options.globals = owned.collect();
    options.provides = &|name| name == "multithread";
    let (graph, diagnostics) = parse(&Source::new("config", text), &options);
    (graph, diagnostics.to_string())
}

/// The flat configuration that `text` means; there must be no diagnostics.
#[track_caller]
fn flat(text: &str) -> String {
    let (graph, diagnostics) = parse_with(text, &[]);
    assert_eq!(diagnostics, "", "diagnostics of {text}");
    unparse(&graph.expect("a graph when there is no error"))
}

/// Asserts the flat configuration that `text` means, line by line without surrounding blank.
#[track_caller]
fn check_flat(text: &str, expected: &str) {
    let lines = |s: &str| -> Vec<String> {
        let lines = s.lines().map(str::trim).filter(|l| !l.is_empty());
        lines.map(str::to_string).collect()
    };
    assert_eq!(lines(&flat(text)), lines(expected), "for {text}");
}

/// Asserts the diagnostics of `text`, which must hold an error.
#[track_caller]
fn check_errors(text: &str, expected: &[&str]) {
    let (graph, diagnostics) = parse_with(text, &[]);
    let lines: Vec<&str> = diagnostics.lines().collect();
    assert_eq!(lines, expected, "for {text}");
    assert!(graph.is_none(), "a graph in spite of errors");
}
