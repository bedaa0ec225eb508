//! What the tools have in common: their options, and a configuration read without running it.

use crate::click::{Source, click_path, parameter, read_source};
use crate::output;
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use weft_lang::{FlatGraph, ParseOptions};

/// A tool's command line.
#[derive(Debug, Default)]
pub struct Options {
    pub source: Option<Source>,
    pub output: Option<PathBuf>,
    pub click_path: Option<String>,
    pub globals: Vec<(String, String)>,
    /// The tool's own flags that were given.
    pub flags: Vec<&'static str>,
}

/// A flag of one tool: letter and name.
pub type Flag = (Option<char>, &'static str);

impl Options {
    /// Reads the arguments of a tool with these flags, and their values where those take one.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(arguments: Vec<OsString>, flags: &[Flag]) -> Result<Self, String> {
        let mut options = Options::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
            let by_letter = |l| flags.iter().find(|f| f.0 == Some(l));
            let by_name = |n: &str| flags.iter().find(|f| f.1 == n);
            match argument {
                Short('f') | Long("file") => {
                    let name = parser.value().map_err(|e| e.to_string())?;
                    options.set_source(Source::file(name))?;
                }
                Short('e') | Long("expression") => {
                    let text = text(&mut parser)?;
                    options.set_source(Source::Expression(text))?;
                }
                Short('o') | Long("output") => options.output = Some(text(&mut parser)?.into()),
                Short('C') | Long("clickpath") => options.click_path = Some(text(&mut parser)?),
                Short(letter) => match by_letter(letter) {
                    Some(flag) => options.flags.push(flag.1),
                    None => return Err(format!("unrecognized option '-{letter}'")),
                },
                Long(name) => match by_name(name) {
                    Some(flag) => options.flags.push(flag.1),
                    None => return Err(format!("unrecognized option '--{name}'")),
                },
                Value(operand) => match operand.to_str().and_then(parameter) {
                    Some((name, value)) => options.globals.push((name.into(), value.into())),
                    None => options.set_source(Source::file(operand))?,
                },
            }
        }
        Ok(options)
    }

    fn set_source(&mut self, source: Source) -> Result<(), String> {
        match self.source.replace(source) {
            None => Ok(()),
            Some(_) => Err("router configuration specified twice".to_string()),
        }
    }

    /// Whether the tool's flag `name` was given.
    pub fn has(&self, name: &str) -> bool {
        self.flags.contains(&name)
    }

    /// The configuration's text and graph.
    ///
    /// # Errors
    /// Why there is none, line by line.
    pub fn read(&self) -> Result<(String, FlatGraph), String> {
        let source = self.source.clone().unwrap_or(Source::StandardInput);
        let text = read_source(&source)
            .map_err(|e| format!("{}: {}", source.name(), output::reason(&e)))?;
        let registry = weft_elements::REGISTRY;
        let options = ParseOptions {
            globals: self.globals.clone(),
            clickpath: click_path(self.click_path.as_deref()),
            // A tool takes classes it does not know, which are written with a capital letter.
            known_class: &|name| registry.find(name).is_some() || name.starts_with(is_capital),
            provides: &|feature| weft_core::PACKAGES.contains(&feature),
            library: None,
        };
        let (graph, diagnostics) =
            weft_lang::parse(&weft_lang::Source::new(source.name(), &*text), &options);
        match graph {
            Some(graph) if !diagnostics.has_errors() => {
                output::complain(diagnostics.to_string().trim_end());
                Ok((text, graph))
            }
            _ => Err(diagnostics.to_string().trim_end().to_string()),
        }
    }

    /// Writes the tool's result where that is wanted.
    ///
    /// # Errors
    /// Why that is not possible.
    pub fn write(&self, text: &str) -> Result<(), String> {
        match &self.output {
            Some(path) if path.as_os_str() != "-" => std::fs::write(path, text)
                .map_err(|e| format!("{}: {}", path.display(), output::reason(&e))),
            _ => {
                output::print(text);
                Ok(())
            }
        }
    }
}

fn is_capital(c: char) -> bool {
    c.is_ascii_uppercase()
}

fn text(parser: &mut lexopt::Parser) -> Result<String, String> {
    let value = parser.value().map_err(|e| e.to_string())?;
    Ok(value.to_string_lossy().into_owned())
}

/// Runs a tool: `work` on its options. Gives the exit status.
pub fn run(
    tool: &str,
    arguments: Vec<OsString>,
    flags: &[Flag],
    help: &str,
    work: impl FnOnce(&Options) -> Result<(), String>,
) -> i32 {
    let general = [(None, "help"), (Some('v'), "version")];
    let all: Vec<Flag> = flags.iter().chain(&general).copied().collect();
    let options = match Options::parse(arguments, &all) {
        Ok(options) => options,
        Err(problem) => {
            output::complain(&format!(
                "{tool}: {problem}\nTry '{tool} --help' for more information."
            ));
            return 2;
        }
    };
    if options.has("help") {
        output::print(help);
        return 0;
    }
    if options.has("version") {
        output::print(&format!("{tool} (Weft) {}\n", env!("CARGO_PKG_VERSION")));
        return 0;
    }
    match work(&options) {
        Ok(()) => 0,
        Err(problem) => {
            output::complain(&problem);
            1
        }
    }
}
