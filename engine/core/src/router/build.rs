//! From a flat graph to a running one: classes, ports, configuration, initialization. Nothing
//! starts unless every element agrees, and all errors are told at once.

use super::bytes::ByteCounts;
use super::check::{Ports, check_ports};
use super::counters::Counters;
use super::schedule::Tasks;
use super::timers::Timers;
use super::values::Values;
use super::watch::Watches;
use super::{Router, flow};
use crate::clock::Clock;
use crate::configure::{Addition, Configure, Environment, ScopedNames};
use crate::console::Console;
use crate::element::{Class, Element, ElementId};
use crate::names::NameTable;
use crate::pool::Pool;
use crate::ports::Processing;
use crate::random::Random;
use crate::region::Region;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use weft_lang::{FlatElement, FlatGraph, Landmark, ParseOptions, Source};

/// Why a configuration cannot run: one line each, context lines and indented reasons, as Click
/// prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildError {
    /// The lines.
    pub lines: Vec<String>,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl std::error::Error for BuildError {}

pub(super) struct Input {
    pub processing: Processing,
    /// Where a pull input pulls from.
    pub source: Option<(ElementId, usize)>,
    /// What pushes into a push input.
    pub pushers: Vec<(ElementId, usize)>,
}

impl Input {
    pub(super) fn all_sources(&self) -> impl Iterator<Item = (ElementId, usize)> + '_ {
        self.source.iter().chain(&self.pushers).copied()
    }
}

pub(super) struct Output {
    pub processing: Processing,
    /// Where a push output pushes to.
    pub target: Option<(ElementId, usize)>,
    /// The elements that pull from a pull output.
    pub pullers: Vec<ElementId>,
}

/// An element in its place.
pub(super) struct Node {
    pub name: Rc<str>,
    pub class: &'static Class,
    pub config: String,
    pub landmark: Landmark,
    pub element: Option<Box<dyn Element>>,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub counters: Counters,
    pub keep_order: bool,
    pub pullers: Vec<ElementId>,
    pub pushers: Vec<ElementId>,
    pub stores: Vec<ElementId>,
    /// How many more packets it can store, as far as it tells.
    pub room: usize,
}

/// [`Graph::hop_limit`] of a graph in which a packet can come back to an element without having
/// been stored: enough for any batch that leaves the circle, soon over for one that does not.
const CIRCLING_HOPS: u64 = 1 << 16;

/// A configured graph with its schedule.
#[derive(Default)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) flat: FlatGraph,
    pub(super) text: String,
    /// What its variables stand for; none until it is configured.
    pub(super) values: Option<Values>,
    /// How many of the elements descriptions show; hidden ones come last.
    pub(super) visible: usize,
    pub(super) names: Rc<RefCell<NameTable>>,
    pub(super) tasks: Tasks,
    pub(super) timers: Timers,
    pub(super) watches: Watches,
    pub(super) run_count: i64,
    /// Whose task runs when an origin of packets has ended.
    pub(super) origin_keeper: Option<ElementId>,
    /// Elements that what one task run emits may cross: bounded where pushes can go in circles.
    pub(super) hop_limit: u64,
    /// Bytes through its ports, while somebody looks.
    pub(super) bytes: Option<Box<ByteCounts>>,
}

impl Graph {
    #[inline]
    pub(super) fn is_stopping(&self) -> bool {
        self.run_count <= 0
    }

    pub(super) fn find(&self, name: &str) -> Option<ElementId> {
        self.flat.elements.iter().position(|e| e.name == name)
    }
}

impl Router {
    /// An engine with an empty graph.
    pub fn new(
        environment: Environment,
        pool: Pool,
        region: Region,
        clock: Clock,
        seed: u64,
    ) -> Self {
        Router {
            pool,
            clock,
            random: Random::seeded(seed),
            console: Console::Stderr,
            remarks: Vec::new(),
            environment: Rc::new(environment),
            region,
            graph: Graph::default(),
            replacement: None,
            predecessor: None,
            current: 0,
            emitted: Vec::new(),
            first_emission: 0,
            keep_order: false,
            hops_left: u64::MAX,
            work: Vec::new(),
            spare: Vec::new(),
            events: super::events::Events::default(),
            later: Vec::new(),
            deferred: super::deferred::Deferred::default(),
            drain: None,
            trace: None,
            is_tracing: false,
        }
    }

    /// Parses, configures and initializes `text`, which stands in `file`, as the router's graph.
    ///
    /// # Errors
    /// Every problem found, in Click's wording; the router then has an empty graph.
    pub fn load(&mut self, file: &str, text: &str) -> Result<(), BuildError> {
        let graph = self.configure(file, text)?;
        self.graph = graph;
        if self.region.is_recovered() {
            self.recover();
        }
        self.initialize()?;
        let recovered = self.region.is_recovered();
        self.note(if recovered { "recovered" } else { "started" });
        Ok(())
    }

    /// Notes an event for the handler `events`.
    pub(super) fn note(&mut self, what: &str) {
        let now = self.clock.timestamp();
        self.events.note(now, what);
    }

    /// Parses and configures `text`, without initializing any element.
    ///
    /// # Errors
    /// As [`Router::load`].
    pub fn configure(&mut self, file: &str, text: &str) -> Result<Graph, BuildError> {
        self.configure_with(file, text, self.values())
    }

    pub(super) fn configure_with(
        &mut self,
        file: &str,
        text: &str,
        values: Values,
    ) -> Result<Graph, BuildError> {
        let mut flat = self.parse_with(file, text, &values)?;
        let environment = self.environment.clone();
        let visible = add_elements(&mut flat, &environment.additions);
        let classes: Vec<&'static Class> = flat
            .elements
            .iter()
            .filter_map(|e| environment.registry.find(&e.class))
            .collect();
        debug_assert_eq!(
            classes.len(),
            flat.elements.len(),
            "the parser checks class names"
        );
        let ports = check_ports(&flat, &classes).map_err(failed)?;
        let names = Rc::new(RefCell::new(NameTable::default()));
        let elements = self
            .configure_elements(&flat, &classes, &ports, &names)
            .map_err(failed)?;
        let count = elements.len();
        let mut nodes = self.make_nodes(&flat, &classes, &ports, elements);
        connect(&mut nodes, &flat);
        flow::link_partners(&mut nodes);
        flow::mark_order(&mut nodes);
        self.warn_unchecked(&nodes);
        let text = text.to_string();
        let tasks = Tasks::new(count);
        let hop_limit = if flow::has_push_cycle(&nodes) {
            CIRCLING_HOPS
        } else {
            u64::MAX
        };
        Ok(Graph {
            nodes,
            flat,
            text,
            values: Some(values),
            visible,
            names,
            tasks,
            run_count: 1,
            hop_limit,
            ..Graph::default()
        })
    }

    /// Parses `text` into a flat graph; warnings go to the console.
    ///
    /// # Errors
    /// Every error of the text.
    pub fn parse(&mut self, file: &str, text: &str) -> Result<FlatGraph, BuildError> {
        self.parse_with(file, text, &self.values())
    }

    fn parse_with(
        &mut self,
        file: &str,
        text: &str,
        values: &Values,
    ) -> Result<FlatGraph, BuildError> {
        let environment = self.environment.clone();
        let options = ParseOptions {
            globals: values.clone(),
            clickpath: environment.click_path.clone(),
            known_class: &|name| environment.registry.find(name).is_some(),
            provides: &|feature| super::globals::PACKAGES.contains(&feature),
            library: None,
        };
        let (graph, diagnostics) = weft_lang::parse(&Source::new(file, text), &options);
        let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
        match graph {
            Some(graph) if !diagnostics.has_errors() => {
                if environment.warnings {
                    lines.iter().for_each(|line| self.console.line(line));
                }
                Ok(graph)
            }
            _ => Err(BuildError { lines }),
        }
    }

    fn configure_elements(
        &mut self,
        flat: &FlatGraph,
        classes: &[&'static Class],
        ports: &[Ports],
        table: &Rc<RefCell<NameTable>>,
    ) -> Result<Vec<Box<dyn Element>>, Vec<String>> {
        let environment = self.environment.clone();
        let mut order: Vec<ElementId> = (0..classes.len()).collect();
        order.sort_by_key(|&id| classes[id].phase);
        let mut made: Vec<Option<Box<dyn Element>>> = classes.iter().map(|_| None).collect();
        let mut errors = Vec::new();
        for id in order {
            let flat_element = &flat.elements[id];
            let mut configure = Configure {
                name: &flat_element.name,
                config: &flat_element.config,
                id,
                inputs: ports[id].inputs.len(),
                outputs: ports[id].outputs.len(),
                input_kinds: &ports[id].inputs,
                output_kinds: &ports[id].outputs,
                landmark: &flat_element.landmark,
                environment: &environment,
                elements: &flat.elements,
                classes,
                table,
                scoped: ScopedNames {
                    from: &flat_element.name,
                    elements: &flat.elements,
                    table,
                },
                messages: Vec::new(),
            };
            let built = (classes[id].build)(&mut configure);
            let context = context(flat, id, "While configuring");
            if !configure.messages.is_empty() {
                self.console.line(&context);
                for message in &configure.messages {
                    self.console.line(&indent(message));
                }
            }
            match built {
                Ok(element) => made[id] = Some(element),
                Err(reasons) => {
                    errors.push(context);
                    errors.extend(reasons.iter().map(|r| indent(r)));
                }
            }
        }
        if errors.is_empty() {
            Ok(made.into_iter().flatten().collect())
        } else {
            Err(errors)
        }
    }

    fn make_nodes(
        &mut self,
        flat: &FlatGraph,
        classes: &[&'static Class],
        ports: &[Ports],
        elements: Vec<Box<dyn Element>>,
    ) -> Vec<Node> {
        let input = |p: &Processing| Input {
            processing: *p,
            source: None,
            pushers: Vec::new(),
        };
        let output = |p: &Processing| Output {
            processing: *p,
            target: None,
            pullers: Vec::new(),
        };
        let parts = flat.elements.iter().zip(classes).zip(ports).zip(elements);
        parts
            .map(|(((flat, class), ports), element)| Node {
                name: flat.name.as_str().into(),
                class,
                config: flat.config.clone(),
                landmark: flat.landmark.clone(),
                element: Some(element),
                inputs: ports.inputs.iter().map(input).collect(),
                outputs: ports.outputs.iter().map(output).collect(),
                counters: Counters::new(
                    &mut self.region,
                    format!("{} {}", class.name, flat.name),
                    ports.inputs.len(),
                    ports.outputs.len(),
                ),
                keep_order: false,
                pullers: Vec::new(),
                pushers: Vec::new(),
                stores: Vec::new(),
                room: usize::MAX,
            })
            .collect()
    }

    fn warn_unchecked(&mut self, nodes: &[Node]) {
        if !self.environment.warnings {
            return;
        }
        for (id, path) in flow::unchecked_paths(nodes) {
            let names: Vec<&str> = path.iter().map(|&i| &*nodes[i].name).collect();
            let node = &nodes[id];
            self.console.line(&format!(
                "{}: warning: '{} :: {}' needs an IP header, and nothing on the path {} checks for \
                 one; packets without one will be dropped (put CheckIPHeader before it)",
                node.landmark,
                node.name,
                node.class.name,
                names.join(" -> ")
            ));
        }
    }

    fn recover(&mut self) {
        for id in 0..self.graph.nodes.len() {
            self.with_dyn(id, |element, router| element.recover(router));
        }
        self.pool.finish_adoption();
    }

    /// Initializes the elements of the current graph, in configuration order.
    pub(super) fn initialize(&mut self) -> Result<(), BuildError> {
        let mut order: Vec<ElementId> = (0..self.graph.nodes.len()).collect();
        order.sort_by_key(|&id| self.graph.nodes[id].class.phase);
        let mut errors = None;
        for id in order {
            let outcome = self.with_dyn(id, |element, router| element.initialize(router));
            if let Some(Err(reason)) = outcome {
                let lines = errors.get_or_insert_with(Vec::new);
                if !reason.is_empty() {
                    lines.push(context(&self.graph.flat, id, "While initializing"));
                    lines.extend(reason.lines().filter(|l| !l.is_empty()).map(indent));
                }
            }
        }
        if let Some(lines) = errors {
            self.discard_graph();
            return Err(failed(lines));
        }
        self.carry();
        Ok(())
    }

    /// Tells a warning of the running element, which is being initialized.
    pub fn warn_initializing(&mut self, message: &str) {
        if self.environment.warnings {
            let context = context(&self.graph.flat, self.current, "While initializing");
            self.console.line(&context);
            self.console.line(&format!("  warning: {message}"));
        }
    }

    /// Ends the current graph: every element gives back what it holds.
    pub fn discard_graph(&mut self) {
        for id in 0..self.graph.nodes.len() {
            self.with_dyn(id, |element, router| element.cleanup(router));
        }
        for mut emission in self.emitted.drain(..).chain(self.work.drain(..)) {
            self.pool.free_all(&mut emission.batch);
        }
        self.graph = Graph::default();
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.discard_held();
        self.discard_graph();
    }
}

/// Adds `additions` that have no namesake to `flat`; gives the number of elements not hidden.
fn add_elements(flat: &mut FlatGraph, additions: &[Addition]) -> usize {
    for hidden in [false, true] {
        for addition in additions.iter().filter(|a| a.hidden == hidden) {
            if flat.find(&addition.name).is_none() {
                flat.elements.push(FlatElement {
                    name: addition.name.clone(),
                    class: addition.class.to_string(),
                    config: addition.config.clone(),
                    landmark: Landmark::new("click", 0),
                });
            }
        }
    }
    let is_hidden = |e: &FlatElement| additions.iter().any(|a| a.hidden && a.name == e.name);
    flat.elements.iter().filter(|e| !is_hidden(e)).count()
}

fn connect(nodes: &mut [Node], flat: &FlatGraph) {
    for c in &flat.connections {
        let (from, to) = ((c.from, c.from_port), (c.to, c.to_port));
        if nodes[c.from].outputs[c.from_port].processing == Processing::Push {
            nodes[c.from].outputs[c.from_port].target = Some(to);
            let pushers = &mut nodes[c.to].inputs[c.to_port].pushers;
            if !pushers.contains(&from) {
                pushers.push(from);
            }
        } else {
            nodes[c.from].outputs[c.from_port].pullers.push(c.to);
            nodes[c.to].inputs[c.to_port].source = Some(from);
        }
    }
}

/// "file:line: While configuring 'name :: Class':"
fn context(flat: &FlatGraph, id: ElementId, doing: &str) -> String {
    let e = &flat.elements[id];
    format!("{}: {doing} '{} :: {}':", e.landmark, e.name, e.class)
}

fn indent(reason: &str) -> String {
    reason
        .lines()
        .map(|l| format!("  {l}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn failed(mut lines: Vec<String>) -> BuildError {
    lines.push("Router could not be initialized!".to_string());
    BuildError { lines }
}
