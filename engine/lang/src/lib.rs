//! The Click language: reads configurations into flat graphs, with Click's diagnostics, and writes them again.
//!
//! [`parse`] takes text to a [`FlatGraph`]; [`unparse`] goes back. [`confparse`] splits and quotes configuration
//! strings, [`value`] reads values in them, and [`args`] is how elements read their arguments.

pub mod args;
pub mod confparse;
mod diagnostic;
mod flatten;
mod graph;
mod lexer;
mod overload;
mod parser;
mod scope;
mod source;
mod tunnel;
mod unparse;
pub mod value;
mod variables;

use std::path::{Path, PathBuf};
use std::rc::Rc;

pub use args::{Args, NameKind, Names, NoNames, replace_argument};
pub use confparse::{
    is_element_name, quote, quote_bytes, split_args, split_words, uncomment, unquote, unquote_text,
};
pub use diagnostic::{Diagnostic, Diagnostics, Landmark, Severity};
pub use graph::{FlatConnection, FlatElement, FlatGraph};
pub use source::Source;
pub use unparse::unparse;

use flatten::{Expanded, NodeKind};
use scope::Class;
use variables::Environment;

/// Most diagnostics before reading stops.
pub(crate) const ERROR_LIMIT: usize = 1000;

/// Loads library `name` required by a file in the directory: its full name and content, or `None` if there is no such
/// library.
pub type LibraryLoader<'a> = dyn Fn(&str, &Path) -> Option<(String, std::io::Result<Vec<u8>>)> + 'a;

/// What the parser must be told about the world.
pub struct ParseOptions<'a> {
    /// Values that override the file's `define`s (`NAME=VALUE` on the command line).
    pub globals: Vec<(String, String)>,
    /// Directories to look for libraries in.
    pub clickpath: Vec<PathBuf>,
    /// Whether there is an element class of that name.
    pub known_class: &'a dyn Fn(&str) -> bool,
    /// Whether a package or feature of that name is there.
    pub provides: &'a dyn Fn(&str) -> bool,
    /// Loads libraries; `None` reads them from the file system.
    pub library: Option<&'a LibraryLoader<'a>>,
}

impl<'a> ParseOptions<'a> {
    /// Options with these element classes, and nothing else provided.
    pub fn new(known_class: &'a dyn Fn(&str) -> bool) -> Self {
        ParseOptions {
            globals: Vec::new(),
            clickpath: Vec::new(),
            known_class,
            provides: &|_| false,
            library: None,
        }
    }
}

/// Parses and flattens a configuration. Without errors there is a graph; every problem found is in the diagnostics.
pub fn parse(source: &Source, options: &ParseOptions<'_>) -> (Option<FlatGraph>, Diagnostics) {
    let text = match source::config_text(&source.text) {
        Ok(text) => text,
        Err(problem) => {
            let mut diagnostics = Diagnostics::new();
            diagnostics.error(Some(Landmark::new(source.file.as_str(), 0)), problem);
            return (None, diagnostics);
        }
    };
    let mut parsed = parser::parse(source, &text, options);
    if parsed.stopped {
        return (None, parsed.diagnostics);
    }
    let (environment, defines) = file_scope(&mut parsed, &options.globals);
    let mut diagnostics = parsed.diagnostics;
    let expanded = flatten::flatten(
        &parsed.body,
        &parsed.classes,
        &environment,
        &mut diagnostics,
    );
    let graph = expanded.map(|expanded| {
        let (elements, numbers) = elements(&expanded, &parsed.classes);
        FlatGraph {
            elements,
            connections: tunnel::connections(&expanded, &numbers, &mut diagnostics),
            requirements: parsed.requirements,
            defines,
        }
    });
    (graph.filter(|_| !diagnostics.has_errors()), diagnostics)
}

/// The file's variables: what it defines, unless `globals` say otherwise.
fn file_scope(
    parsed: &mut parser::Parsed,
    globals: &[(String, String)],
) -> (Rc<Environment>, Vec<(String, String)>) {
    let mut scope = Environment::default();
    let mut defines: Vec<(String, String)> = Vec::new();
    for (name, value) in globals {
        scope.set(name, value.clone());
    }
    for (name, value) in std::mem::take(&mut parsed.body.defines) {
        let value = match globals.iter().rev().find(|(n, _)| *n == name) {
            Some((_, value)) => value.clone(),
            None => variables::expand(&value, &scope).unwrap_or_else(|_| {
                let problem = format!("value of '${name}' too long");
                let landmark = parsed.body.landmark.clone();
                parsed.diagnostics.error(Some(landmark), problem);
                value
            }),
        };
        scope.set(&name, value.clone());
        defines.push((name, value));
    }
    (Rc::new(scope), defines)
}

/// The elements among the nodes of `graph`, and each node's number among them.
fn elements(graph: &Expanded, classes: &scope::Classes) -> (Vec<FlatElement>, Vec<Option<usize>>) {
    let (mut elements, mut numbers) = (Vec::new(), Vec::with_capacity(graph.nodes.len()));
    for node in &graph.nodes {
        let class = match node.kind {
            NodeKind::Element(class) => match classes.get(class) {
                Class::Primitive(name) | Class::Unknown(name) => Some(name),
                Class::Compound(..) => None,
            },
            _ => None,
        };
        numbers.push(class.map(|_| elements.len()));
        elements.extend(class.map(|class| FlatElement {
            name: node.name.to_string(),
            class: class.clone(),
            config: node.config.clone(),
            landmark: node.landmark.clone(),
        }));
    }
    (elements, numbers)
}
