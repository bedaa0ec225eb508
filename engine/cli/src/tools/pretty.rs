//! `weft-engine click-pretty`: a configuration as a web page.

use super::input::{self, Flag, Options};
use super::spans::{Kind, spans};
use std::ffi::OsString;
use std::fmt::Write;
use weft_lang::{FlatConnection, FlatGraph};

const HELP: &str = "\
Writes a configuration as an HTML page: its text, and a table of each element's connections.

Usage: click-pretty [OPTION]... [ROUTERFILE] [NAME=VALUE]...

Options:
  -f, --file FILE           Read the configuration from FILE.
  -e, --expression EXPR     Use EXPR as the configuration.
  -o, --output FILE         Write to FILE.
  -C, --clickpath PATH      Look for libraries in PATH.
      --help                Print this message and exit.
  -v, --version             Print the version and exit.
";

const FLAGS: &[Flag] = &[(None, "userlevel"), (Some('l'), "linuxmodule")];

const STYLE: &str = "\
body { font-family: sans-serif; }
.c-kw { font-weight: bold; }
.c-cfg { color: green; }
.c-cmt { color: gray; }
table { border-collapse: collapse; margin-bottom: 1em; }
td { padding: 0 0.5em; }
";

/// Runs the tool; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    input::run("click-pretty", arguments, FLAGS, HELP, pretty)
}

fn pretty(options: &Options) -> Result<(), String> {
    let (text, graph) = options.read()?;
    options.write(&page(&text, &graph))
}

fn page(text: &str, graph: &FlatGraph) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head>\n<meta charset=\"utf-8\">\n<title>Configuration</title>\n\
         <style>\n{STYLE}</style>\n</head><body>\n<h1>Configuration</h1>\n<pre>{}</pre>\n\
         <h1 id=\"index\">Element index</h1>\n<ul>\n{}</ul>\n\
         <h1 id=\"tables\">Element tables</h1>\n{}</body></html>\n",
        highlighted(text, graph),
        index(graph),
        (0..graph.elements.len())
            .map(|id| table(graph, id))
            .collect::<String>(),
    )
}

fn highlighted(text: &str, graph: &FlatGraph) -> String {
    let mut out = String::new();
    for (kind, part) in spans(text) {
        let escaped = escape(part);
        let class = match kind {
            Kind::Comment => "c-cmt",
            Kind::Keyword => "c-kw",
            Kind::Configuration => "c-cfg",
            Kind::Name if graph.find(part).is_some() => {
                let _ = write!(out, "<a href=\"#e-{escaped}\">{escaped}</a>");
                continue;
            }
            Kind::Name | Kind::Plain => {
                out.push_str(&escaped);
                continue;
            }
        };
        let _ = write!(out, "<span class=\"{class}\">{escaped}</span>");
    }
    out
}

fn index(graph: &FlatGraph) -> String {
    let mut all: Vec<_> = graph.elements.iter().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut out = String::new();
    for element in all {
        let (name, class) = (escape(&element.name), escape(&element.class));
        let _ = writeln!(out, "<li><a href=\"#e-{name}\">{name}</a> :: {class}</li>");
    }
    out
}

fn table(graph: &FlatGraph, id: usize) -> String {
    let element = &graph.elements[id];
    let (name, class) = (escape(&element.name), escape(&element.class));
    let mut out = format!("<p id=\"e-{name}\"><b>{name}</b> :: {class}");
    if !element.config.is_empty() {
        let config = escape(&element.config);
        let _ = write!(out, "(<span class=\"c-cfg\">{config}</span>)");
    }
    out.push_str("</p>\n<table>\n");
    let link = |id: usize| {
        let name = escape(&graph.elements[id].name);
        format!("<a href=\"#e-{name}\">{name}</a>")
    };
    let here = |wanted: &dyn Fn(&FlatConnection) -> bool| -> Vec<FlatConnection> {
        let all = graph.connections.iter().filter(|c| wanted(c));
        all.cloned().collect()
    };
    let mut row = |direction: &str, port: usize, arrow: &str, others: Vec<String>| {
        let others = others.join(", ");
        let _ = writeln!(
            out,
            "<tr><td>{direction}</td><td>{port}</td><td>{arrow}</td><td>{others}</td></tr>"
        );
    };
    let inputs = here(&|c| c.to == id);
    for port in 0..inputs.iter().map(|c| c.to_port + 1).max().unwrap_or(0) {
        let from = inputs.iter().filter(|c| c.to_port == port);
        let from = from.map(|c| format!("{} [{}]", link(c.from), c.from_port));
        row("input", port, "&lt;-", from.collect());
    }
    let outputs = here(&|c| c.from == id);
    for port in 0..outputs.iter().map(|c| c.from_port + 1).max().unwrap_or(0) {
        let to = outputs.iter().filter(|c| c.from_port == port);
        let to = to.map(|c| format!("[{}] {}", c.to_port, link(c.to)));
        row("output", port, "-&gt;", to.collect());
    }
    out.push_str("</table>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
