//! What an element is made from: its configuration, its place in the graph, and the environment.

use crate::element::{Class, ElementId, Registry};
use crate::names::NameTable;
use crate::ports::Processing;
use crate::trace::PacketTests;
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::os::fd::RawFd;
use std::path::PathBuf;
use weft_lang::{Args, FlatElement, Landmark};

/// What an engine is started with; the same for all its graphs.
pub struct Environment {
    /// Classes that configurations may use.
    pub registry: Registry,
    /// `NAME=VALUE` definitions that override a configuration's own.
    pub globals: Vec<(String, String)>,
    /// Folders searched for `require(library)`.
    pub click_path: Vec<PathBuf>,
    /// Devices by the name configurations use, where they are not simply this host's interfaces.
    pub devices: HashMap<String, DeviceSource>,
    /// Whether writing `hotconfig` may replace the graph.
    pub allow_hotconfig: bool,
    /// Elements that every graph gets besides those of its configuration; hidden ones come last.
    pub additions: Vec<Addition>,
    /// The languages in which packets to be traced are chosen.
    pub packet_tests: Option<PacketTests>,
    /// Whether warnings are told.
    pub warnings: bool,
    /// Number of threads asked for.
    pub threads: usize,
    /// What the engine's starter made for elements that take it over, by the name they know it by.
    pub inherited: RefCell<HashMap<&'static str, Box<dyn Any>>>,
}

impl Environment {
    /// An environment with nothing but classes.
    pub fn new(registry: Registry) -> Self {
        Environment {
            registry,
            globals: Vec::new(),
            click_path: Vec::new(),
            devices: HashMap::new(),
            allow_hotconfig: false,
            additions: Vec::new(),
            packet_tests: None,
            warnings: true,
            threads: 1,
            inherited: RefCell::default(),
        }
    }
}

/// An element without ports that the engine's starter adds to every graph (a control socket).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: &'static str,
    /// Its configuration string.
    pub config: String,
    /// Whether the graph's descriptions (`list`, `flatconfig`, `stats`) leave it out.
    pub hidden: bool,
}

/// Where the packets of a device come from and go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceSource {
    /// Packet sockets opened by process 1 of the sandbox, not bound yet.
    Sockets {
        /// For receiving.
        receive: RawFd,
        /// For sending.
        send: RawFd,
    },
    /// AF_XDP sockets bound by process 1 of the sandbox, each with the memory of its frames.
    Queues(Vec<(RawFd, RawFd)>),
    /// Capture files instead of an interface.
    Capture {
        /// Packets read from here.
        input: PathBuf,
        /// Packets sent are written here; `None`: they are counted and dropped.
        output: Option<PathBuf>,
    },
}

/// Everything an element's `build` may look at.
pub struct Configure<'a> {
    /// The element's name.
    pub name: &'a str,
    /// Its configuration string.
    pub config: &'a str,
    /// Its index.
    pub id: ElementId,
    /// How many inputs it has.
    pub inputs: usize,
    /// How many outputs it has.
    pub outputs: usize,
    pub(crate) input_kinds: &'a [Processing],
    pub(crate) output_kinds: &'a [Processing],
    /// Where it was declared.
    pub landmark: &'a Landmark,
    /// What the engine was started with.
    pub environment: &'a Environment,
    pub(crate) elements: &'a [FlatElement],
    pub(crate) classes: &'a [&'static Class],
    pub(crate) table: &'a RefCell<NameTable>,
    pub(crate) scoped: ScopedNames<'a>,
    pub(crate) messages: Vec<String>,
}

impl Configure<'_> {
    /// The configuration, ready to be read argument by argument.
    pub fn args(&self) -> Args<'_> {
        Args::new(self.config, &self.scoped)
    }

    /// The names this element can use in arguments.
    pub fn names(&self) -> &dyn weft_lang::Names {
        &self.scoped
    }

    /// Adds `name` to the table of names (AddressInfo, PortInfo), visible in this element's scope.
    pub fn define_name(&mut self, kind: weft_lang::NameKind, name: &str, value: Vec<u8>) {
        let scope = self.name.rsplit_once('/').map_or("", |(scope, _)| scope);
        self.table.borrow_mut().define(scope, kind, name, value);
    }

    /// Tells a warning, under "While configuring".
    pub fn warn(&mut self, message: impl AsRef<str>) {
        if self.environment.warnings {
            self.tell(format!("warning: {}", message.as_ref()));
        }
    }

    /// Tells something, under "While configuring".
    pub fn tell(&mut self, message: impl Into<String>) {
        self.messages.push(message.into());
    }

    /// Whether input `port` is a pull input.
    pub fn input_is_pull(&self, port: usize) -> bool {
        self.input_kinds.get(port) == Some(&Processing::Pull)
    }

    /// Whether output `port` is a push output.
    pub fn output_is_push(&self, port: usize) -> bool {
        self.output_kinds.get(port) == Some(&Processing::Push)
    }

    /// The element called `name`, as seen from this one: first in its own compound, then outwards.
    pub fn element(&self, name: &str) -> Option<ElementId> {
        find_scoped(self.elements, self.name, name)
    }

    /// The elements that `name` stands for: one, or those in a compound element.
    pub fn elements_within(&self, name: &str) -> Vec<ElementId> {
        match self.element(name) {
            Some(id) => vec![id],
            None => find_compound(self.elements, self.name, name),
        }
    }

    /// The class of element `id`.
    pub fn class_of(&self, id: ElementId) -> &'static Class {
        self.classes[id]
    }

    /// Configuration string of element `id`.
    pub fn config_of(&self, id: ElementId) -> &str {
        &self.elements[id].config
    }

    /// Number of elements in the graph.
    pub fn element_count(&self) -> usize {
        self.elements.len()
    }
}

/// Index of the element that `name` means inside the compound of the element called `from`.
pub(crate) fn find_scoped(elements: &[FlatElement], from: &str, name: &str) -> Option<ElementId> {
    scoped(from, name).find_map(|full| elements.iter().position(|e| e.name == full))
}

/// The elements in the compound that `name` means inside the compound of the element called `from`.
fn find_compound(elements: &[FlatElement], from: &str, name: &str) -> Vec<ElementId> {
    let within = |full: String| {
        let inside = full + "/";
        let all = elements.iter().enumerate();
        let found: Vec<_> = all.filter(|(_, e)| e.name.starts_with(&inside)).collect();
        Some(found.into_iter().map(|(id, _)| id).collect()).filter(|f: &Vec<_>| !f.is_empty())
    };
    scoped(from, name).find_map(within).unwrap_or_default()
}

/// What `name` may mean in the compound of the element called `from`, innermost first.
fn scoped(from: &str, name: &str) -> impl Iterator<Item = String> {
    let inner = from.rmatch_indices('/');
    let inner = inner.map(move |(at, _)| format!("{}/{name}", &from[..at]));
    inner.chain([name.to_string()])
}

/// The names visible from one element.
pub(crate) struct ScopedNames<'a> {
    pub(crate) from: &'a str,
    pub(crate) elements: &'a [FlatElement],
    pub(crate) table: &'a RefCell<NameTable>,
}

impl weft_lang::Names for ScopedNames<'_> {
    fn lookup(&self, kind: weft_lang::NameKind, name: &str) -> Option<Vec<u8>> {
        self.table.borrow().resolve(self.from, kind, name)
    }

    fn element(&self, name: &str) -> bool {
        find_scoped(self.elements, self.from, name).is_some()
    }
}
