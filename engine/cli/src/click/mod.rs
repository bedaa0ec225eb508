//! `weft-engine click`: Click's user-level command line.

mod options;
mod read;
mod run;

use crate::output;
use std::ffi::OsString;

use options::{Options, Wanted};
pub use options::{Source, parameter};
pub use run::{click_path, read_source};

/// Runs a configuration; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    match Options::parse(arguments) {
        Ok(Wanted::Run(options)) => run::run(&options),
        Ok(Wanted::Help) => {
            output::print(options::HELP);
            0
        }
        Ok(Wanted::Version) => {
            output::print(&format!("click (Weft) {}\n", env!("CARGO_PKG_VERSION")));
            0
        }
        Err(problem) => {
            output::complain(&format!("{problem}\n{}", options::SHORT_USAGE));
            2
        }
    }
}
