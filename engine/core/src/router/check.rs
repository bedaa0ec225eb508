//! Port checks of a graph: counts, push and pull, completeness; in Click's words.

use crate::element::Class;
use crate::ports::{self, Processing};
use weft_lang::{FlatConnection, FlatElement, FlatGraph};

/// Ports of one element: how each is crossed and where it leads.
#[derive(Clone, Default)]
pub(super) struct Ports {
    pub inputs: Vec<Processing>,
    pub outputs: Vec<Processing>,
}

/// Checks the connections of `graph`. Gives each element's ports, or every error.
pub(super) fn check_ports(
    graph: &FlatGraph,
    classes: &[&'static Class],
) -> Result<Vec<Ports>, Vec<String>> {
    let mut errors = Vec::new();
    let mut ports = declared_ports(graph, classes);
    check_range(graph, &ports, &mut errors);
    if errors.is_empty() {
        resolve_processing(graph, classes, &mut ports, &mut errors);
    }
    if errors.is_empty() {
        check_completeness(graph, &ports, &mut errors);
    }
    if errors.is_empty() {
        Ok(ports)
    } else {
        Err(errors)
    }
}

fn describe(element: &FlatElement) -> String {
    format!("{} :: {}", element.name, element.class)
}

fn declared_ports(graph: &FlatGraph, classes: &[&'static Class]) -> Vec<Ports> {
    let mut used = vec![(0, 0); graph.elements.len()];
    for c in &graph.connections {
        used[c.from].1 = used[c.from].1.max(c.from_port + 1);
        used[c.to].0 = used[c.to].0.max(c.to_port + 1);
    }
    let counts = used
        .iter()
        .zip(classes)
        .map(|((i, o), c)| ports::port_counts(c.ports, *i, *o));
    counts
        .zip(classes)
        .map(|((i, o), class)| {
            let (inputs, outputs) = ports::processing(class.processing, i, o);
            Ports { inputs, outputs }
        })
        .collect()
}

fn check_range(graph: &FlatGraph, ports: &[Ports], errors: &mut Vec<String>) {
    for c in &graph.connections {
        let mut report = |id: usize, kind: &str, port: usize| {
            let e = &graph.elements[id];
            errors.push(format!(
                "{}: '{}' has no {kind} {port}",
                e.landmark,
                describe(e)
            ));
        };
        if c.from_port >= ports[c.from].outputs.len() {
            report(c.from, "output", c.from_port);
        }
        if c.to_port >= ports[c.to].inputs.len() {
            report(c.to, "input", c.to_port);
        }
    }
}

/// Spreads push and pull along connections, and through agnostic elements along their flow code,
/// until nothing changes.
fn resolve_processing(
    graph: &FlatGraph,
    classes: &[&'static Class],
    ports: &mut [Ports],
    errors: &mut Vec<String>,
) {
    let mut links: Vec<Option<(FlatConnection, bool)>> = graph
        .connections
        .iter()
        .map(|c| Some((c.clone(), false)))
        .collect();
    for (id, class) in classes.iter().enumerate() {
        links.extend(agnostic_links(graph, id, class, &ports[id]).map(|c| Some((c, true))));
    }
    loop {
        let mut changed = false;
        for link in &mut links {
            let Some((c, inside)) = link else { continue };
            let from = ports[c.from].outputs[c.from_port];
            let to = ports[c.to].inputs[c.to_port];
            match (from, to) {
                (Processing::Agnostic, Processing::Agnostic) => {}
                (Processing::Agnostic, known) => {
                    ports[c.from].outputs[c.from_port] = known;
                    changed = true;
                }
                (known, Processing::Agnostic) => {
                    ports[c.to].inputs[c.to_port] = known;
                    changed = true;
                }
                (a, b) if a != b => {
                    errors.push(processing_error(graph, c, *inside, a));
                    *link = None;
                }
                _ => {}
            }
        }
        if !changed {
            break;
        }
    }
    settle_agnostic(ports);
}

/// What is still agnostic at the end is push, as in Click.
fn settle_agnostic(ports: &mut [Ports]) {
    for p in ports {
        for side in p.inputs.iter_mut().chain(&mut p.outputs) {
            if *side == Processing::Agnostic {
                *side = Processing::Push;
            }
        }
    }
}

/// Connections inside element `id` between agnostic ports that packets flow between.
fn agnostic_links<'a>(
    graph: &'a FlatGraph,
    id: usize,
    class: &'static Class,
    ports: &Ports,
) -> impl Iterator<Item = FlatConnection> + use<'a> {
    let agnostic = |side: &[Processing]| -> Vec<usize> {
        (0..side.len())
            .filter(|&p| side[p] == Processing::Agnostic)
            .collect()
    };
    let (inputs, outputs) = (agnostic(&ports.inputs), agnostic(&ports.outputs));
    let landmark = graph.elements[id].landmark.clone();
    inputs.into_iter().flat_map(move |to_port| {
        let landmark = landmark.clone();
        let flowing: Vec<usize> = outputs
            .iter()
            .copied()
            .filter(|&o| ports::flows(class.flow, to_port, o))
            .collect();
        flowing.into_iter().map(move |from_port| FlatConnection {
            from: id,
            from_port,
            to: id,
            to_port,
            landmark: landmark.clone(),
        })
    })
}

fn processing_error(
    graph: &FlatGraph,
    c: &FlatConnection,
    inside: bool,
    from: Processing,
) -> String {
    let (this, other) = match from {
        Processing::Push => ("push", "pull"),
        _ => ("pull", "push"),
    };
    let (from, to) = (&graph.elements[c.from], &graph.elements[c.to]);
    if inside {
        return format!(
            "agnostic '{}' in mixed context: {other} input {}, {this} output {}",
            describe(from),
            c.to_port,
            c.from_port
        );
    }
    format!(
        "'{}' {this} output {} connected to '{}' {other} input {}",
        describe(from),
        c.from_port,
        describe(to),
        c.to_port
    )
}

fn check_completeness(graph: &FlatGraph, ports: &[Ports], errors: &mut Vec<String>) {
    let count = |side: fn(&Ports) -> usize| -> Vec<Vec<bool>> {
        ports.iter().map(|p| vec![false; side(p)]).collect()
    };
    let mut inputs_used = count(|p| p.inputs.len());
    let mut outputs_used = count(|p| p.outputs.len());
    let mut seen = std::collections::HashSet::new();
    for c in &graph.connections {
        if !seen.insert((c.from, c.from_port, c.to, c.to_port)) {
            continue;
        }
        let push = ports[c.from].outputs[c.from_port] == Processing::Push;
        if push && outputs_used[c.from][c.from_port] {
            errors.push(reuse(&graph.elements[c.from], "push output", c.from_port));
        } else if !push && inputs_used[c.to][c.to_port] {
            errors.push(reuse(&graph.elements[c.to], "pull input", c.to_port));
        }
        outputs_used[c.from][c.from_port] = true;
        inputs_used[c.to][c.to_port] = true;
    }
    report_unused(graph, &inputs_used, "input", errors);
    report_unused(graph, &outputs_used, "output", errors);
}

fn reuse(element: &FlatElement, port: &str, number: usize) -> String {
    format!(
        "{}: illegal reuse of '{}' {port} {number}",
        element.landmark,
        describe(element)
    )
}

fn report_unused(graph: &FlatGraph, used: &[Vec<bool>], kind: &str, errors: &mut Vec<String>) {
    for (element, ports) in graph.elements.iter().zip(used) {
        for port in (0..ports.len()).filter(|&p| !ports[p]) {
            let what = describe(element);
            errors.push(format!(
                "{}: '{what}' {kind} {port} unused",
                element.landmark
            ));
        }
    }
}
