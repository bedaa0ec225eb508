//! Writes a flat graph as a configuration, the way `click -qo-` does.

use std::collections::HashMap;
use std::fmt::Write;

use crate::confparse::quote;
use crate::graph::{FlatConnection, FlatGraph};

/// The configuration that means `graph`: requirements, declarations, connections joined into chains.
pub fn unparse(graph: &FlatGraph) -> String {
    let mut out = String::new();
    requirements(graph, &mut out);
    for element in &graph.elements {
        let _ = write!(out, "{} :: {}", element.name, element.class);
        if !element.config.is_empty() {
            let _ = write!(out, "({})", element.config);
        }
        out.push_str(";\n");
    }
    if !graph.elements.is_empty() {
        out.push('\n');
    }
    chains(graph, &mut out);
    out
}

fn requirements(graph: &FlatGraph, out: &mut String) {
    let words: Vec<String> = graph
        .requirements
        .iter()
        .map(|(kind, value)| match value.as_str() {
            "" => kind.clone(),
            value => format!("{kind} {}", quote(value)),
        })
        .collect();
    if !words.is_empty() {
        let _ = write!(out, "require({});\n\n", words.join(", "));
    }
}

/// For each connection the one that continues its chain: it leaves where this one arrives, from port 0 to port 0, and
/// failing that to whichever port comes last.
fn successors(connections: &[FlatConnection]) -> Vec<Option<usize>> {
    let mut leaving: HashMap<usize, Vec<usize>> = HashMap::new();
    for (id, c) in connections.iter().enumerate() {
        if c.from_port == 0 {
            leaving.entry(c.from).or_default().push(id);
        }
    }
    // Of many connections from one output, only the first to port 0, or the last two, can be chosen.
    let choices: HashMap<usize, Vec<usize>> = leaving
        .into_iter()
        .map(|(from, ids)| {
            let firsts = ids.iter().filter(|&&id| connections[id].to_port == 0);
            let mut chosen: Vec<usize> = firsts.take(2).copied().collect();
            chosen.extend(ids.iter().rev().take(2));
            (from, chosen)
        })
        .collect();
    let next = |(id, c): (usize, &FlatConnection)| {
        let others = choices.get(&c.to).filter(|_| c.to_port == 0)?;
        others.iter().copied().find(|&other| other != id)
    };
    connections.iter().enumerate().map(next).collect()
}

fn chains(graph: &FlatGraph, out: &mut String) {
    let connections = &graph.connections;
    let next = successors(connections);
    let mut starts = vec![true; connections.len()];
    for &successor in next.iter().flatten() {
        starts[successor] = false;
    }
    let mut used = vec![false; connections.len()];
    // What is left after the chains with a start are cycles.
    for cycles in [false, true] {
        for id in 0..connections.len() {
            if !used[id] && (starts[id] || cycles) {
                chain(graph, id, &next, &mut used, out);
            }
        }
    }
}

fn chain(
    graph: &FlatGraph,
    start: usize,
    next: &[Option<usize>],
    used: &mut [bool],
    out: &mut String,
) {
    let first = &graph.connections[start];
    out.push_str(&graph.elements[first.from].name);
    if first.from_port != 0 {
        let _ = write!(out, " [{}]", first.from_port);
    }
    let mut arrow = " -> ";
    let mut at = Some(start);
    while let Some(id) = at.filter(|&id| !used[id]) {
        let connection = &graph.connections[id];
        out.push_str(arrow);
        arrow = "\n    -> ";
        if connection.to_port != 0 {
            let _ = write!(out, "[{}] ", connection.to_port);
        }
        out.push_str(&graph.elements[connection.to].name);
        used[id] = true;
        at = next[id];
    }
    out.push_str(";\n");
}
