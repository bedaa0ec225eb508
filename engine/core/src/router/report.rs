//! What the graph tells of itself: `stats` and `schema` as JSON, `ports` and `active_ports` as text.

use super::access::ANY;
use super::build::Graph;
use super::bytes::parse_lease;
use super::{HandlerError, Router};
use crate::describe::describe_handler;
use crate::element::ElementId;
use crate::ports::{self, Processing};
use serde_json::{Map, Value, json};

/// The `ports` handler: numbers and kinds of ports (`~` where the class leaves the kind open), and
/// what they are connected to.
pub(super) fn ports(graph: &Graph, id: ElementId) -> String {
    let node = &graph.nodes[id];
    let counts = (node.inputs.len(), node.outputs.len());
    let (open_in, open_out) = ports::processing(node.class.processing, counts.0, counts.1);
    let connections = &graph.flat.connections;
    let mut text = count_line(counts.0, "input");
    for (port, (input, declared)) in node.inputs.iter().zip(open_in).enumerate() {
        let here = connections
            .iter()
            .filter(|c| (c.to, c.to_port) == (id, port));
        let from = here.map(|c| format!("{} [{}]", graph.nodes[c.from].name, c.from_port));
        text += &port_line(input.processing, declared, from.collect());
    }
    text += &count_line(counts.1, "output");
    for (port, (output, declared)) in node.outputs.iter().zip(open_out).enumerate() {
        let here = connections
            .iter()
            .filter(|c| (c.from, c.from_port) == (id, port));
        let to = here.map(|c| format!("[{}] {}", c.to_port, graph.nodes[c.to].name));
        text += &port_line(output.processing, declared, to.collect());
    }
    text
}

fn port_line(kind: Processing, declared: Processing, others: Vec<String>) -> String {
    let open = if declared == Processing::Agnostic {
        "~"
    } else {
        ""
    };
    format!("{}{open}\t-\t{}\n", kind.name(), others.join(", "))
}

fn count_line(count: usize, what: &str) -> String {
    format!("{count} {what}{}\n", if count == 1 { "" } else { "s" })
}

/// Every port that calls its neighbour, of the elements shown: name, kind and number, packets.
fn active(graph: &Graph) -> Vec<(&str, char, usize, u64)> {
    let mut all = Vec::new();
    for node in &graph.nodes[..graph.visible] {
        let (received, sent) = (node.counters.inputs(), node.counters.outputs());
        for (i, input) in node.inputs.iter().enumerate() {
            if input.processing == Processing::Pull {
                all.push((&*node.name, 'i', i, received[i]));
            }
        }
        for (o, output) in node.outputs.iter().enumerate() {
            if output.processing == Processing::Push {
                all.push((&*node.name, 'o', o, sent[o]));
            }
        }
    }
    all
}

/// The `active_ports` handler: every port that calls its neighbour, one a line.
pub(super) fn active_ports(graph: &Graph) -> String {
    let line = |(name, kind, port, _): (&str, char, usize, u64)| format!("{name}\t{kind}{port}\n");
    active(graph).into_iter().map(line).collect()
}

/// The `active_port_stats` handler: how many packets crossed them, in the same order.
pub(super) fn active_port_stats(graph: &Graph) -> String {
    let line = |(.., packets): (&str, char, usize, u64)| format!("{packets}\n");
    active(graph).into_iter().map(line).collect()
}

/// What is counted of an element.
fn element_stats(graph: &Graph, id: ElementId) -> Value {
    let node = &graph.nodes[id];
    let drops = node.counters.drops();
    let drops: Map<String, Value> = drops.map(|(r, n)| (r.to_string(), json!(n))).collect();
    let mut told = json!({
        "name": &*node.name,
        "class": node.class.name,
        "inputs": node.counters.inputs(),
        "outputs": node.counters.outputs(),
        "drops": drops,
    });
    if let Some(counts) = &graph.bytes {
        let bytes = counts.of(id);
        told["input_bytes"] = json!(bytes.inputs);
        told["output_bytes"] = json!(bytes.outputs);
    }
    if let Some(figures) = node.element.as_ref().and_then(|e| e.figures()) {
        told["figures"] = figures;
    }
    told
}

impl Router {
    /// All counters as JSON: per element packets by port, drops by reason, and its own figures; frames
    /// in use. With `BYTES SECONDS` in `text` bytes by port are counted for so long.
    pub(super) fn read_stats(&mut self, text: &str) -> Result<String, HandlerError> {
        let lease = parse_lease(text)?;
        self.clock.refresh();
        self.settle_bytes();
        if let Some(lease) = lease {
            self.keep_counting_bytes(lease);
        }
        let elements: Vec<Value> = (0..self.graph.visible)
            .map(|id| element_stats(&self.graph, id))
            .collect();
        let mut told = json!({
            "elements": elements,
            "frames_in_use": self.pool.in_use(),
            "now_ns": self.clock.timestamp(),
        });
        if let Some(counts) = &self.graph.bytes {
            told["bytes_since_ns"] = json!(counts.since);
        }
        Ok(told.to_string())
    }

    /// All declared handlers as JSON: name, type, unit, access, limits, help, by element.
    pub(super) fn schema(&mut self) -> String {
        let shown = &self.graph.nodes[..self.graph.visible];
        let elements: Vec<Value> = shown
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
                    .filter(|h| !h.name.ends_with('#') && !h.private);
                let named = fixed.map(|h| (h.name.to_string(), h));
                let handlers: Vec<Value> = more
                    .into_iter()
                    .chain(named)
                    .filter(|(name, _)| name != ANY)
                    .map(|(name, handler)| {
                        let mut facts = describe_handler(handler);
                        facts["name"] = json!(name);
                        facts
                    })
                    .collect();
                json!({ "name": &*node.name, "class": node.class.name, "handlers": handlers })
            })
            .collect();
        json!({ "elements": elements }).to_string()
    }
}
