//! `weft-engine elements`: all classes with their ports, arguments and handlers.

use std::ffi::OsString;

/// Runs the tool; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    let words: Vec<_> = arguments.iter().map(|a| a.to_string_lossy()).collect();
    match words.iter().map(|w| &**w).collect::<Vec<_>>()[..] {
        [] => {
            let mut names: Vec<&str> = weft_elements::REGISTRY.iter().map(|c| c.name).collect();
            names.sort_unstable();
            names.iter().for_each(|name| println!("{name}"));
            0
        }
        ["--json"] => {
            println!("{:#}", weft_elements::REGISTRY.describe());
            0
        }
        _ => {
            eprintln!("usage: weft-engine elements [--json]");
            2
        }
    }
}
