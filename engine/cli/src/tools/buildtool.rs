//! `weft-engine click-buildtool`: whether elements and features are there.

use crate::output;
use std::ffi::OsString;

const USAGE: &str = "usage: click-buildtool provides [-q] NAME...";

/// Runs the tool; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    let mut words = arguments.iter().map(|a| a.to_string_lossy());
    match words.next().as_deref() {
        Some("provides") => i32::from(!words.filter(|w| w != "-q").all(|w| is_provided(&w))),
        Some("--help") => {
            output::print(&format!("{USAGE}\n"));
            0
        }
        Some(other) => {
            output::complain(&format!(
                "click-buildtool: unknown command '{other}'; {USAGE}"
            ));
            2
        }
        None => {
            output::complain(USAGE);
            2
        }
    }
}

fn is_provided(name: &str) -> bool {
    weft_elements::REGISTRY.find(name).is_some() || weft_core::PACKAGES.contains(&name)
}
