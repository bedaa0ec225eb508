//! What the graph says about itself: who waits for whom, where order can be seen, and on which path
//! nobody checks an IP header.

use super::build::Node;
use crate::element::{ElementId, IpHeader};
use crate::ports::{Processing, flows};
use std::collections::{HashSet, VecDeque};

/// Fills in who waits for whom: the pullers of every element that is pulled from, the pushers of
/// every store, the stores every chain of pushes ends in.
pub(super) fn link_partners(nodes: &mut [Node]) {
    for id in 0..nodes.len() {
        if nodes[id].outputs.iter().any(|o| !o.pullers.is_empty()) {
            nodes[id].pullers = reach(nodes, id, Direction::PullersDownstream);
        }
        if nodes[id].class.storage {
            nodes[id].pushers = reach(nodes, id, Direction::PushersUpstream);
        }
        if is_end(&nodes[id], Direction::PushersUpstream) {
            nodes[id].stores = stores_downstream(nodes, id);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    PullersDownstream,
    PushersUpstream,
}

/// Elements that end a chain of pulls (or begin one of pushes) connected to `from`: a pull input
/// without a pull output it flows to, or a push output without a push input.
fn reach(nodes: &[Node], from: ElementId, direction: Direction) -> Vec<ElementId> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([from]);
    let mut queue: VecDeque<ElementId> = VecDeque::from([from]);
    while let Some(id) = queue.pop_front() {
        for next in neighbours(nodes, id, direction) {
            if !seen.insert(next) {
                continue;
            }
            if is_end(&nodes[next], direction) {
                found.push(next);
            }
            if !nodes[next].class.storage {
                queue.push_back(next);
            }
        }
    }
    found
}

fn neighbours(nodes: &[Node], id: ElementId, direction: Direction) -> Vec<ElementId> {
    match direction {
        Direction::PullersDownstream => nodes[id]
            .outputs
            .iter()
            .flat_map(|o| o.pullers.iter().copied())
            .collect(),
        Direction::PushersUpstream => nodes[id]
            .inputs
            .iter()
            .flat_map(|i| i.pushers.iter().map(|(e, _)| *e))
            .collect(),
    }
}

fn is_end(node: &Node, direction: Direction) -> bool {
    match direction {
        Direction::PullersDownstream => {
            node.inputs.iter().any(|i| i.processing == Processing::Pull)
                && !node
                    .outputs
                    .iter()
                    .any(|o| o.processing == Processing::Pull)
                || node.class.storage
        }
        Direction::PushersUpstream => {
            node.outputs
                .iter()
                .any(|o| o.processing == Processing::Push)
                && !node.inputs.iter().any(|i| i.processing == Processing::Push)
                || node.class.storage
        }
    }
}

/// Storage elements that pushes from `from` end in, itself left out: who is full does not wait for that.
fn stores_downstream(nodes: &[Node], from: ElementId) -> Vec<ElementId> {
    let mut found = HashSet::new();
    let mut seen = HashSet::new();
    let mut queue = VecDeque::from([(from, None)]);
    while let Some((id, input)) = queue.pop_front() {
        for (number, output) in nodes[id].outputs.iter().enumerate() {
            let leads = input.is_none_or(|input| flows(nodes[id].class.flow, input, number));
            let Some((next, port)) = output.target.filter(|_| leads) else {
                continue;
            };
            if nodes[next].class.storage {
                found.insert(next);
            } else if seen.insert((next, port)) {
                queue.push_back((next, Some(port)));
            }
        }
    }
    found.remove(&from);
    let mut found: Vec<ElementId> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// Marks the elements between whose push outputs the order of packets can be seen: where two
/// outputs lead to a common element, or both to elements that print or write what they see.
pub(super) fn mark_order(nodes: &mut [Node]) {
    for id in 0..nodes.len() {
        if nodes[id].outputs.len() < 2 {
            continue;
        }
        let seen: Vec<HashSet<ElementId>> = nodes[id]
            .outputs
            .iter()
            .map(|o| seen_from(nodes, o.target.map(|t| t.0)))
            .collect();
        nodes[id].keep_order =
            (1..seen.len()).any(|i| (0..i).any(|j| !seen[i].is_disjoint(&seen[j])));
    }
}

/// Stands for everything outside the graph that can see order (a terminal, a file).
const OUTSIDE: ElementId = ElementId::MAX;

fn seen_from(nodes: &[Node], start: Option<ElementId>) -> HashSet<ElementId> {
    let mut seen = HashSet::new();
    let mut stack: Vec<ElementId> = start.into_iter().collect();
    while let Some(id) = stack.pop() {
        if nodes[id].class.blind {
            continue;
        }
        if nodes[id].class.observable {
            seen.insert(OUTSIDE);
        }
        if seen.insert(id) && !nodes[id].class.storage {
            stack.extend(
                nodes[id]
                    .outputs
                    .iter()
                    .filter_map(|o| o.target.map(|t| t.0)),
            );
        }
    }
    seen
}

/// Whether pushes can lead from an element back to itself without being stored on the way.
pub(super) fn has_push_cycle(nodes: &[Node]) -> bool {
    let mut entered_by = vec![0; nodes.len()];
    let next = |id: ElementId| {
        let targets = nodes[id]
            .outputs
            .iter()
            .filter_map(|o| o.target.map(|t| t.0));
        targets.filter(move |&t| !nodes[id].class.storage && !nodes[t].class.storage)
    };
    (0..nodes.len())
        .flat_map(next)
        .for_each(|t| entered_by[t] += 1);
    let mut free: Vec<ElementId> = (0..nodes.len()).filter(|&id| entered_by[id] == 0).collect();
    let mut ordered = 0;
    while let Some(id) = free.pop() {
        ordered += 1;
        for target in next(id) {
            entered_by[target] -= 1;
            if entered_by[target] == 0 {
                free.push(target);
            }
        }
    }
    ordered < nodes.len()
}

/// For every element that needs an IP header: the names along one path to it on which none is set.
pub(super) fn unchecked_paths(nodes: &[Node]) -> Vec<(ElementId, Vec<ElementId>)> {
    let needs = |id: &ElementId| nodes[*id].class.ip_header == IpHeader::Needs;
    (0..nodes.len())
        .filter(needs)
        .filter_map(|id| unchecked_path_to(nodes, id).map(|path| (id, path)))
        .collect()
}

/// Searches upstream, breadth first, for a source that no header-setting element separates from
/// `target`.
fn unchecked_path_to(nodes: &[Node], target: ElementId) -> Option<Vec<ElementId>> {
    let mut came_from = vec![None; nodes.len()];
    let mut seen = HashSet::new();
    let mut queue = VecDeque::new();
    for port in 0..nodes[target].inputs.len() {
        queue.push_back((target, port));
    }
    while let Some((id, port)) = queue.pop_front() {
        for (upstream, output) in nodes[id].inputs[port].all_sources() {
            let class = nodes[upstream].class;
            if class.ip_header == IpHeader::Sets
                || class.ip_header == IpHeader::Needs
                || !seen.insert(upstream)
            {
                continue;
            }
            came_from[upstream] = Some(id);
            if class.ip_header == IpHeader::Clears || nodes[upstream].inputs.is_empty() {
                return Some(path_down(&came_from, upstream, target));
            }
            let inputs = 0..nodes[upstream].inputs.len();
            queue.extend(
                inputs
                    .filter(|&i| flows(class.flow, i, output))
                    .map(|i| (upstream, i)),
            );
        }
    }
    None
}

fn path_down(came_from: &[Option<ElementId>], from: ElementId, to: ElementId) -> Vec<ElementId> {
    let mut path = vec![from];
    let mut at = from;
    while at != to {
        let Some(next) = came_from[at] else { break };
        path.push(next);
        at = next;
    }
    path
}
