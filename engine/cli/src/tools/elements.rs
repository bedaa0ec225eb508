//! `weft-engine elements`: all classes with their ports, arguments and handlers.

use crate::output;
use std::ffi::OsString;

/// Runs the tool; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    let words: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).collect();
    match words.iter().map(|w| &**w).collect::<Vec<_>>()[..] {
        [] => {
            let mut names: Vec<&str> = weft_elements::REGISTRY.iter().map(|c| c.name).collect();
            names.sort_unstable();
            let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
            output::print(&lines);
            0
        }
        ["--json"] => {
            output::print(&format!("{:#}\n", weft_elements::REGISTRY.describe()));
            0
        }
        _ => {
            output::complain("usage: weft-engine elements [--json]");
            2
        }
    }
}
