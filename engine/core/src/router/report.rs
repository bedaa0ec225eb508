//! What the graph tells of itself: `stats` and `schema` as JSON, `ports` and `active_ports` as text.

use super::Router;
use super::build::Graph;
use crate::element::ElementId;
use crate::ports::Processing;
use serde_json::{Map, Value, json};

/// The `ports` handler: numbers and kinds of ports, and what they are connected to.
pub(super) fn ports(graph: &Graph, id: ElementId) -> String {
    let node = &graph.nodes[id];
    let name = |(e, p): (ElementId, usize)| format!("[{p}]{}", graph.nodes[e].name);
    let mut text = count_line(node.inputs.len(), "input");
    for input in &node.inputs {
        let from: Vec<String> = input
            .all_sources()
            .map(|(e, p)| format!("{}[{p}]", graph.nodes[e].name))
            .collect();
        text += &format!("{}\t-\t{}\n", input.processing.name(), from.join(", "));
    }
    text += &count_line(node.outputs.len(), "output");
    for output in &node.outputs {
        let to: Vec<String> = output
            .target
            .iter()
            .chain(&output.puller)
            .copied()
            .map(name)
            .collect();
        text += &format!("{}\t-\t{}\n", output.processing.name(), to.join(", "));
    }
    text
}

fn count_line(count: usize, what: &str) -> String {
    format!("{count} {what}{}\n", if count == 1 { "" } else { "s" })
}

/// The `active_ports` handler: every port that calls its neighbour, one a line.
pub(super) fn active_ports(graph: &Graph) -> String {
    let mut text = String::new();
    for node in &graph.nodes {
        for (i, input) in node.inputs.iter().enumerate() {
            if input.processing == Processing::Pull {
                text += &format!("{}\ti{i}\n", node.name);
            }
        }
        for (o, output) in node.outputs.iter().enumerate() {
            if output.processing == Processing::Push {
                text += &format!("{}\to{o}\n", node.name);
            }
        }
    }
    text
}

impl Router {
    /// All counters as JSON: per element packets by port and drops by reason; frames in use.
    pub(super) fn stats(&mut self) -> String {
        let elements: Vec<Value> = self
            .graph
            .nodes
            .iter()
            .map(|node| {
                let drops: Map<String, Value> = node
                    .counters
                    .drops()
                    .map(|(r, n)| (r.to_string(), json!(n)))
                    .collect();
                json!({
                    "name": &*node.name,
                    "class": node.class.name,
                    "inputs": node.counters.inputs(),
                    "outputs": node.counters.outputs(),
                    "drops": drops,
                })
            })
            .collect();
        json!({
            "elements": elements,
            "frames_in_use": self.pool.in_use(),
            "now_ns": self.clock.timestamp(),
        })
        .to_string()
    }

    /// All declared handlers as JSON: name, type, unit, access, help, by element.
    pub(super) fn schema(&mut self) -> String {
        let elements: Vec<Value> = self
            .graph
            .nodes
            .iter()
            .map(|node| {
                let more = node
                    .element
                    .as_ref()
                    .map(|e| e.more_handlers())
                    .unwrap_or_default();
                let fixed = node
                    .class
                    .handlers
                    .iter()
                    .filter(|h| !h.name.ends_with('#'));
                let named = fixed.map(|h| (h.name.to_string(), h));
                let handlers: Vec<Value> = named
                    .chain(more)
                    .map(|(name, h)| {
                        json!({
                            "name": name,
                            "type": h.value.name(),
                            "unit": h.unit,
                            "help": h.help,
                            "readable": h.read.is_some(),
                            "writable": h.write.is_some(),
                        })
                    })
                    .collect();
                json!({ "name": &*node.name, "class": node.class.name, "handlers": handlers })
            })
            .collect();
        json!({ "elements": elements }).to_string()
    }
}
