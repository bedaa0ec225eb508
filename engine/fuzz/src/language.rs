//! The target `language`: any text as a configuration. It must be read or refused, with a reason;
//! and what was read must be the same when it is written and read again.

use crate::watchdog::Told;
use weft_elements::REGISTRY;
use weft_lang::{FlatGraph, ParseOptions, Source};

/// Reads `text` as a configuration.
///
/// # Panics
/// When something is wrong.
pub fn language(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let _told = Told(format!("the text {text:?}"));
    let Some(graph) = parse(&text) else { return };
    let written = weft_lang::unparse(&graph);
    let again = parse(&written).expect("a flat configuration that can be read");
    assert_eq!(
        weft_lang::unparse(&again),
        written,
        "it differs when read again"
    );
}

fn parse(text: &str) -> Option<FlatGraph> {
    let known = |name: &str| REGISTRY.find(name).is_some();
    let options = ParseOptions {
        library: Some(&|_, _| None),
        ..ParseOptions::new(&known)
    };
    let (graph, diagnostics) = weft_lang::parse(&Source::new("fuzz", text), &options);
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(
        graph.is_some() || !lines.is_empty(),
        "refused without a reason"
    );
    graph
}
