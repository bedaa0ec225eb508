//! Connects elements through the ends of compounds and groups, so that these can go.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::ERROR_LIMIT;
use crate::diagnostic::{Diagnostics, Landmark};
use crate::flatten::{CONNECTION_LIMIT, Edge, Expanded, NodeKind};
use crate::graph::FlatConnection;

/// Most steps in following connections through compounds.
const STEP_LIMIT: usize = 20_000_000;

/// How many ports of one compound are reported before it is enough.
const PORTS_SHOWN: usize = 16;

type Port = (usize, u32);

struct Tunnels<'a> {
    graph: &'a Expanded,
    /// The edges that start at a port.
    leaving: HashMap<Port, Vec<usize>>,
    steps: usize,
}

/// The connections between elements, numbered by `element` from the nodes of `graph`.
pub(crate) fn connections(
    graph: &Expanded,
    element: &[Option<usize>],
    diagnostics: &mut Diagnostics,
) -> Vec<FlatConnection> {
    let mut leaving: HashMap<Port, Vec<usize>> = HashMap::new();
    for (id, edge) in graph.edges.iter().enumerate() {
        leaving.entry(edge.from).or_default().push(id);
    }
    let mut tunnels = Tunnels {
        graph,
        leaving,
        steps: 0,
    };
    check_shells(graph, diagnostics);
    let (mut seen, mut out) = (HashSet::new(), Vec::new());
    for edge in &graph.edges {
        let Some(from) = element[edge.from.0] else {
            continue;
        };
        for to in tunnels.targets(edge) {
            let Some(to_element) = element[to.0] else {
                continue;
            };
            let key = (to_element, to.1, from, edge.from.1);
            if seen.insert(key) {
                out.push((key, edge.landmark.clone()));
            }
        }
        if tunnels.steps > STEP_LIMIT || out.len() > CONNECTION_LIMIT {
            let problem = format!("too many connections (limit {CONNECTION_LIMIT})");
            diagnostics.error(Some(edge.landmark.clone()), problem);
            break;
        }
    }
    out.sort_by_key(|(key, _)| *key);
    out.into_iter().map(flat_connection).collect()
}

fn flat_connection(
    ((to, to_port, from, from_port), landmark): ((usize, u32, usize, u32), Landmark),
) -> FlatConnection {
    FlatConnection {
        from,
        from_port: from_port as usize,
        to,
        to_port: to_port as usize,
        landmark,
    }
}

impl Tunnels<'_> {
    /// Where a packet sent along `edge` comes out.
    fn targets(&mut self, edge: &Edge) -> Vec<Port> {
        let (mut targets, mut seen) = (Vec::new(), HashSet::new());
        let mut pending = vec![edge.to];
        while let Some(port) = pending.pop() {
            self.steps += 1;
            let onward = match self.graph.nodes[port.0].kind {
                NodeKind::Shell { input, .. } => input,
                NodeKind::Output(shell) => shell,
                _ => {
                    targets.push(port);
                    continue;
                }
            };
            if !seen.insert(port) || self.steps > STEP_LIMIT {
                continue;
            }
            let edges = self.leaving.get(&(onward, port.1));
            pending.extend(edges.into_iter().flatten().map(|&e| self.graph.edges[e].to));
        }
        targets
    }
}

/// Ports of one shell that are used, outside and inside.
#[derive(Default)]
struct ShellPorts {
    outer: [BTreeSet<u32>; 2],
    inner: [BTreeSet<u32>; 2],
}

/// Reports ports of compounds that are connected on one side only.
fn check_shells(graph: &Expanded, diagnostics: &mut Diagnostics) {
    let mut shells: HashMap<usize, ShellPorts> = HashMap::new();
    for edge in &graph.edges {
        match graph.nodes[edge.to.0].kind {
            NodeKind::Shell { .. } => {
                let ports = shells.entry(edge.to.0).or_default();
                ports.outer[0].insert(edge.to.1);
            }
            NodeKind::Output(shell) => {
                shells.entry(shell).or_default().inner[1].insert(edge.to.1);
            }
            _ => {}
        }
        match graph.nodes[edge.from.0].kind {
            NodeKind::Shell { .. } => {
                let ports = shells.entry(edge.from.0).or_default();
                ports.outer[1].insert(edge.from.1);
            }
            NodeKind::Input(shell) => {
                shells.entry(shell).or_default().inner[0].insert(edge.from.1);
            }
            _ => {}
        }
    }
    let mut shells: Vec<_> = shells.into_iter().collect();
    shells.sort_by_key(|(shell, _)| *shell);
    for (shell, ports) in shells {
        if diagnostics.len() >= ERROR_LIMIT {
            let landmark = graph.nodes[shell].landmark.clone();
            diagnostics.error(Some(landmark), "too many errors, giving up");
            return;
        }
        let node = &graph.nodes[shell];
        for (side, what) in ["input", "output"].into_iter().enumerate() {
            let (outer, inner) = (&ports.outer[side], &ports.inner[side]);
            for port in outer.difference(inner).take(PORTS_SHOWN) {
                let problem = format!("'{}' has no {what} {port}", node.name);
                diagnostics.error(Some(node.landmark.clone()), problem);
            }
            for port in inner.difference(outer).take(PORTS_SHOWN) {
                let problem = format!("'{}' {what} {port} unused", node.name);
                diagnostics.error(Some(node.landmark.clone()), problem);
            }
        }
    }
}
