//! The flat graph: elements and connections after all compounds are expanded.

use crate::diagnostic::Landmark;

/// An element of a flat graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatElement {
    /// Name, unique in the graph; members of compounds are `parent/child`.
    pub name: String,
    /// Element class.
    pub class: String,
    /// Configuration string, variables replaced.
    pub config: String,
    /// Where the element was declared.
    pub landmark: Landmark,
}

/// A connection from an output port to an input port; elements are indices into [`FlatGraph::elements`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatConnection {
    /// The sending element.
    pub from: usize,
    /// Its output port.
    pub from_port: usize,
    /// The receiving element.
    pub to: usize,
    /// Its input port.
    pub to_port: usize,
    /// Where the connection was written.
    pub landmark: Landmark,
}

/// A configuration without compounds, groups and variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlatGraph {
    /// The elements, in Click's order.
    pub elements: Vec<FlatElement>,
    /// The connections, each once, ordered by receiver and then sender.
    pub connections: Vec<FlatConnection>,
    /// `require` statements as kind and value, such as `package` and its name.
    pub requirements: Vec<(String, String)>,
    /// Variables defined at file scope, with the values that the configuration used.
    pub defines: Vec<(String, String)>,
}

impl FlatGraph {
    /// Index of the element called `name`.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.elements.iter().position(|e| e.name == name)
    }
}
