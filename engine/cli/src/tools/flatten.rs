//! `weft-engine click-flatten`: a configuration without compound elements, or what is in it.

use super::input::{self, Flag, Options};
use std::ffi::OsString;
use weft_lang::FlatElement;

const HELP: &str = "\
Writes a configuration without its compound elements.

Usage: click-flatten [OPTION]... [ROUTERFILE] [NAME=VALUE]...

Options:
  -c, --classes             Write the list of classes used instead.
  -n, --names               Write the list of element names instead.
  -d, --declarations        Write the list of declarations instead.
  -f, --file FILE           Read the configuration from FILE.
  -e, --expression EXPR     Use EXPR as the configuration.
  -o, --output FILE         Write to FILE.
  -C, --clickpath PATH      Look for libraries in PATH.
      --help                Print this message and exit.
  -v, --version             Print the version and exit.
";

const FLAGS: &[Flag] = &[
    (Some('c'), "classes"),
    (Some('n'), "names"),
    (Some('d'), "declarations"),
    (None, "elements"),
    (None, "decls"),
    (None, "config"),
    (None, "expand-vars"),
    (None, "no-expand-vars"),
];

/// Runs the tool; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    input::run("click-flatten", arguments, FLAGS, HELP, flatten)
}

fn flatten(options: &Options) -> Result<(), String> {
    let (_, graph) = options.read()?;
    let list = |line: &dyn Fn(&FlatElement) -> String| {
        let mut lines: Vec<String> = graph.elements.iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.iter().map(|l| format!("{l}\n")).collect::<String>()
    };
    let chosen = |names: [&str; 2]| names.iter().any(|n| options.has(n));
    let text = if options.has("classes") {
        list(&|e| e.class.clone())
    } else if chosen(["names", "elements"]) {
        list(&|e| e.name.clone())
    } else if chosen(["declarations", "decls"]) {
        list(&|e| format!("{} :: {}", e.name, e.class))
    } else {
        weft_lang::unparse(&graph)
    };
    options.write(&text)
}
