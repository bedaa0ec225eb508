//! Every class has a manual: the doc comment at the top of its file, complete and with an example
//! that parses.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use weft_core::{Class, Place};
use weft_elements::REGISTRY;
use weft_lang::{ParseOptions, Source};

/// Manuals by class name: the text of every doc comment that begins with `# Name(`.
fn manuals() -> HashMap<String, String> {
    let mut found = HashMap::new();
    read_folder(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found
}

fn read_folder(folder: &Path, found: &mut HashMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            read_folder(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            if let Some((name, manual)) = manual(&text) {
                assert!(
                    found.insert(name.clone(), manual).is_none(),
                    "two manuals of {name}"
                );
            }
        }
    }
}

fn manual(source: &str) -> Option<(String, String)> {
    let lines = source
        .lines()
        .take_while(|l| l.starts_with("//!"))
        .map(|l| l[3..].strip_prefix(' ').unwrap_or(&l[3..]));
    let text = lines.collect::<Vec<_>>().join("\n");
    let name = text.strip_prefix("# ")?.split(['(', '\n']).next()?;
    Some((name.to_string(), text))
}

/// What is missing from the manual of `class`.
fn problems(class: &Class, manual: &str) -> Vec<String> {
    let mut sections = vec!["Ports", "Example", "See also"];
    if !class.arguments.is_empty() {
        sections.push("Arguments");
    }
    if !class.handlers.is_empty() {
        sections.push("Handlers");
    }
    let mut missing: Vec<String> = sections
        .iter()
        .filter(|s| !manual.contains(&format!("\n## {s}\n")))
        .map(|s| format!("section {s}"))
        .collect();
    // Names stand in code spans, alone or with what they take.
    let words: HashSet<&str> = manual
        .split("\n## Example")
        .next()
        .unwrap_or_default()
        .split('`')
        .skip(1)
        .step_by(2)
        .flat_map(|span| span.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .collect();
    let told = |name: &str| words.contains(name);
    let arguments = class.arguments.iter().filter(|a| a.place != Place::Rest);
    missing.extend(
        arguments
            .filter(|a| !told(a.name))
            .map(|a| format!("argument {}", a.name)),
    );
    let handlers = class.handlers.iter().filter(|h| !h.name.ends_with('#'));
    missing.extend(
        handlers
            .filter(|h| !told(h.name))
            .map(|h| format!("handler {}", h.name)),
    );
    missing.extend(example_problem(manual));
    missing
}

fn example_problem(manual: &str) -> Option<String> {
    let Some((_, rest)) = manual.split_once("```click\n") else {
        return Some("example in Click's language".to_string());
    };
    let text = rest.split("```").next().unwrap_or_default();
    let known = |name: &str| REGISTRY.find(name).is_some();
    let (graph, diagnostics) =
        weft_lang::parse(&Source::new("example", text), &ParseOptions::new(&known));
    let wrong = graph.is_none() || diagnostics.has_errors();
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    wrong.then(|| format!("example that parses: {}", lines.join("; ")))
}

#[test]
fn every_class_has_a_complete_manual() {
    let manuals = manuals();
    let mut report = Vec::new();
    for class in REGISTRY.iter() {
        match manuals.get(class.name) {
            None => report.push(format!("{}: no manual", class.name)),
            Some(manual) => report.extend(
                problems(class, manual)
                    .iter()
                    .map(|p| format!("{}: no {p}", class.name)),
            ),
        }
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn every_class_can_be_fuzzed_and_has_a_name_of_its_own() {
    let mut names: Vec<&str> = REGISTRY.iter().map(|c| c.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a class is registered twice");
    for class in REGISTRY.iter() {
        assert!(!class.fuzz.is_empty(), "{} has no fuzz entry", class.name);
    }
}

#[test]
fn see_also_names_classes() {
    let manuals = manuals();
    let mut report = Vec::new();
    for (class, manual) in &manuals {
        let names = manual
            .split_once("## See also\n")
            .map_or("", |(_, rest)| rest);
        let names = names.split([',', '\n', ' ']).filter(|n| !n.is_empty());
        report.extend(
            names
                .filter(|name| REGISTRY.find(name).is_none())
                .map(|name| format!("{class}: see also {name}, which is no class")),
        );
    }
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn every_handler_with_limits_has_some_that_make_sense() {
    let mut limited = 0;
    for class in REGISTRY.iter() {
        for handler in class.handlers.iter().filter(|h| !h.limits.is_empty()) {
            let name = format!("{}.{}", class.name, handler.name);
            assert!(handler.write.is_some() || handler.callable, "{name}");
            if let Err(problem) = weft_core::Limits::parse(handler.limits, handler.taken()) {
                panic!("{name}: {problem}");
            }
            limited += 1;
        }
    }
    assert!(limited > 0);
}
