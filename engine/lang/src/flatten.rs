//! Expands compounds: every instance is replaced by the elements of its class.

use std::collections::HashMap;
use std::rc::Rc;

use crate::ERROR_LIMIT;
use crate::confparse::split_args;
use crate::diagnostic::{Diagnostics, Landmark};
use crate::overload::{Resolution, resolve};
use crate::scope::{Body, Class, ClassId, Classes, Role, port_count};
use crate::variables::{Environment, expand};

/// Most elements of a flat graph, pseudoelements included.
pub(crate) const ELEMENT_LIMIT: usize = 1_000_000;

/// Most connections while flattening.
pub(crate) const CONNECTION_LIMIT: usize = 4_000_000;

/// How deep instances of compounds may lie in one another.
const EXPANSION_DEPTH_LIMIT: usize = 200;

/// Most bytes of names and configurations.
const TEXT_LIMIT: usize = 128 << 20;

/// What a node of the expanded graph is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Element(ClassId),
    /// The outside of a compound or group whose inside ends are the two nodes.
    Shell {
        input: usize,
        output: usize,
    },
    /// The inside ends of the shell.
    Input(usize),
    Output(usize),
    /// An `input` or `output` used where nothing is outside.
    Nothing,
}

pub(crate) struct Node {
    pub kind: NodeKind,
    pub name: Rc<str>,
    pub config: String,
    pub landmark: Landmark,
}

#[derive(Clone)]
pub(crate) struct Edge {
    pub from: (usize, u32),
    pub to: (usize, u32),
    pub landmark: Landmark,
}

/// The expanded graph, shells still in it.
pub(crate) struct Expanded {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// The expansion was too large or too deep; already reported.
struct Stop;

struct Flattener<'a> {
    classes: &'a Classes,
    diagnostics: &'a mut Diagnostics,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    names: HashMap<Rc<str>, usize>,
    text: usize,
}

/// Expands `body` with `environment` as the file's scope; `None` if it grows too large.
pub(crate) fn flatten(
    body: &Body,
    classes: &Classes,
    environment: &Rc<Environment>,
    diagnostics: &mut Diagnostics,
) -> Option<Expanded> {
    let mut flattener = Flattener {
        classes,
        diagnostics,
        nodes: Vec::new(),
        edges: Vec::new(),
        names: HashMap::new(),
        text: 0,
    };
    flattener.place(body, "", None, environment, 0).ok()?;
    Some(Expanded {
        nodes: flattener.nodes,
        edges: flattener.edges,
    })
}

impl Flattener<'_> {
    fn report(&mut self, landmark: &Landmark, problem: String) -> Result<(), Stop> {
        self.diagnostics.error(Some(landmark.clone()), problem);
        if self.diagnostics.len() < ERROR_LIMIT {
            return Ok(());
        }
        Err(self.stop(landmark, "too many errors, giving up".to_string()))
    }

    fn stop(&mut self, landmark: &Landmark, problem: String) -> Stop {
        self.diagnostics.error(Some(landmark.clone()), problem);
        Stop
    }

    fn add(&mut self, node: Node) -> Result<usize, Stop> {
        self.text += node.name.len() + node.config.len();
        if self.nodes.len() >= ELEMENT_LIMIT {
            let problem = format!("too many elements (limit {ELEMENT_LIMIT})");
            return Err(self.stop(&node.landmark, problem));
        }
        if self.text > TEXT_LIMIT {
            let problem = format!("flat configuration too long (limit {TEXT_LIMIT} bytes)");
            return Err(self.stop(&node.landmark, problem));
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// Adds the elements and connections of `body`, their names behind `prefix`, then expands the compounds in it.
    fn place(
        &mut self,
        body: &Body,
        prefix: &str,
        shell: Option<usize>,
        environment: &Rc<Environment>,
        depth: usize,
    ) -> Result<(), Stop> {
        let mut map: Vec<Option<usize>> = Vec::with_capacity(body.elements.len());
        for id in 0..body.elements.len() {
            let node = match (id, shell.map(|s| self.nodes[s].kind)) {
                (0, Some(NodeKind::Shell { input, .. })) => Some(input),
                (1, Some(NodeKind::Shell { output, .. })) => Some(output),
                _ => self.place_element(body, id, prefix, environment, &map)?,
            };
            map.push(node);
        }
        if self.edges.len() + body.connections.len() > CONNECTION_LIMIT {
            let problem = format!("too many connections (limit {CONNECTION_LIMIT})");
            return Err(self.stop(&body.landmark, problem));
        }
        for connection in &body.connections {
            if let (Some(from), Some(to)) = (map[connection.from.0], map[connection.to.0]) {
                self.edges.push(Edge {
                    from: (from, connection.from.1),
                    to: (to, connection.to.1),
                    landmark: connection.landmark.clone(),
                });
            }
        }
        for (id, node) in map.iter().enumerate() {
            if let (Some(node), Role::Instance(class)) = (node, body.elements[id].role) {
                self.expand_instance(body, id, *node, class, environment, depth)?;
            }
        }
        Ok(())
    }

    fn place_element(
        &mut self,
        body: &Body,
        id: usize,
        prefix: &str,
        environment: &Rc<Environment>,
        map: &[Option<usize>],
    ) -> Result<Option<usize>, Stop> {
        let element = &body.elements[id];
        let name: Rc<str> = format!("{prefix}{}", element.name).into();
        let landmark = element.landmark.clone();
        if let Role::Instance(_) = element.role
            && let Some(&old) = self.names.get(&name)
        {
            let problem = format!("redeclaration of element '{name}'");
            self.report(&landmark, problem)?;
            let old = self.nodes[old].landmark.clone();
            self.report(&old, format!("'{name}' previously declared here"))?;
            return Ok(None);
        }
        if !prefix.is_empty() && self.classes.find(&name).is_some() {
            let problem = format!("'{name}' is an element class");
            self.report(&landmark, problem)?;
        }
        let Ok(config) = expand(&element.config, environment) else {
            return Err(self.stop(&landmark, "expanded configuration string too long".into()));
        };
        let kind = match element.role {
            Role::Instance(class) => NodeKind::Element(class),
            // A group's inside ends follow it.
            Role::Group => NodeKind::Nothing,
            Role::Input | Role::Output => NodeKind::Nothing,
        };
        let node = self.add(Node {
            kind,
            name: name.clone(),
            config,
            landmark,
        })?;
        match element.role {
            Role::Instance(_) => {
                self.names.insert(name, node);
            }
            Role::Output => self.join_group(body, id, node, map),
            _ => {}
        }
        Ok(Some(node))
    }

    /// Makes a shell of a group when its last part, the inner end `output`, is placed.
    fn join_group(&mut self, body: &Body, id: usize, output: usize, map: &[Option<usize>]) {
        if id >= 2
            && body.elements[id - 2].role == Role::Group
            && let (Some(shell), Some(input)) = (map[id - 2], map[id - 1])
        {
            self.join(shell, input, output);
        }
    }

    fn join(&mut self, shell: usize, input: usize, output: usize) {
        self.nodes[shell].kind = NodeKind::Shell { input, output };
        self.nodes[input].kind = NodeKind::Input(shell);
        self.nodes[output].kind = NodeKind::Output(shell);
    }

    fn expand_instance(
        &mut self,
        body: &Body,
        id: usize,
        node: usize,
        class: ClassId,
        environment: &Rc<Environment>,
        depth: usize,
    ) -> Result<(), Stop> {
        if !matches!(self.classes.get(class), Class::Compound(..)) {
            return Ok(());
        }
        let landmark = self.nodes[node].landmark.clone();
        let used = &body.used[id];
        let ports = (port_count(&used.inputs), port_count(&used.outputs));
        let arguments = split_args(&self.nodes[node].config);
        let resolution = resolve(self.classes, class, ports, &arguments);
        let (resolved, values) = match resolution {
            Ok(Resolution { class, values }) => (class, values),
            Err(problem) => {
                self.report(&landmark, problem.message)?;
                match problem.closest {
                    Some(Resolution { class, values }) => (class, values),
                    None => {
                        self.nodes[node].kind = NodeKind::Nothing;
                        return Ok(());
                    }
                }
            }
        };
        let Class::Compound(inner, _) = self.classes.get(resolved) else {
            self.nodes[node].kind = NodeKind::Element(resolved);
            return Ok(());
        };
        if depth >= EXPANSION_DEPTH_LIMIT {
            let problem =
                format!("compound elements expanded too deep (limit {EXPANSION_DEPTH_LIMIT})");
            return Err(self.stop(&landmark, problem));
        }
        let inner = inner.clone();
        let inside = self.bind(&inner, values, environment, &landmark)?;
        self.make_shell(node)?;
        let prefix = format!("{}/", self.nodes[node].name);
        self.place(&inner, &prefix, Some(node), &inside, depth + 1)
    }

    fn make_shell(&mut self, shell: usize) -> Result<(), Stop> {
        let end = |name: &str, node: &Node| Node {
            kind: NodeKind::Nothing,
            name: format!("{}/{name}", node.name).into(),
            config: String::new(),
            landmark: node.landmark.clone(),
        };
        let (input, output) = (
            end("input", &self.nodes[shell]),
            end("output", &self.nodes[shell]),
        );
        let (input, output) = (self.add(input)?, self.add(output)?);
        self.join(shell, input, output);
        Ok(())
    }

    /// The scope inside an instance of `inner`: its parameters and definitions.
    fn bind(
        &mut self,
        inner: &Body,
        values: Vec<String>,
        environment: &Rc<Environment>,
        landmark: &Landmark,
    ) -> Result<Rc<Environment>, Stop> {
        let mut inside = Environment::within(environment, inner.depth);
        for (formal, value) in inner.formals.iter().zip(values) {
            inside.set(&formal.name, value);
        }
        for (name, value) in &inner.defines {
            let Ok(value) = expand(value, &inside) else {
                return Err(self.stop(landmark, format!("value of '${name}' too long")));
            };
            inside.set(name, value);
        }
        Ok(Rc::new(inside))
    }
}
