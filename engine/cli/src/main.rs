//! The `weft-engine` binary: one file per subcommand.

mod click;
mod component;
mod descriptors;
mod engine;
mod output;
mod signals;
mod tools;

use std::process::exit;

const USAGE: &str = "usage: weft-engine \
click|click-flatten|click-pretty|click-buildtool|component|elements|engine|init ... \
('weft-engine click --help' tells more)";

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let subcommand = arguments.next().unwrap_or_default();
    let rest: Vec<_> = arguments.collect();
    exit(match subcommand.to_str() {
        Some("click") => click::main(rest),
        Some("component") => component::main(rest),
        Some("engine") => engine::main(rest),
        Some("init") => weft_init::main(texts(rest), engine::main),
        Some("elements") => tools::elements::main(rest),
        Some("click-flatten") => tools::flatten::main(rest),
        Some("click-pretty") => tools::pretty::main(rest),
        Some("click-buildtool") => tools::buildtool::main(rest),
        Some("--version") => {
            output::print(&format!("weft-engine {}\n", env!("CARGO_PKG_VERSION")));
            0
        }
        Some("--help") => {
            output::print(&format!("{USAGE}\n"));
            0
        }
        _ => {
            output::complain(&format!(
                "weft-engine: unknown subcommand {subcommand:?}; {USAGE}"
            ));
            2
        }
    })
}

fn texts(arguments: Vec<std::ffi::OsString>) -> impl Iterator<Item = String> {
    arguments
        .into_iter()
        .map(|a| a.to_string_lossy().into_owned())
}
