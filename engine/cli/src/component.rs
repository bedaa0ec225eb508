//! `weft-engine component`: runs a component written in Click in a process of its own, attached to
//! the engine of its function.

use crate::click::parameter;
use crate::{descriptors, output, signals};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use weft_component::{Attachment, Caller, Hello, MAJOR, MINOR, Refusal, feature};
use weft_component::{DESCRIPTOR_BYTES, METADATA_BYTES};
use weft_core::{Clock, Pool, PoolSize, Region, Router, is_interrupted};
use weft_elements::component::{BODY, INHERITED};

const USAGE: &str = "usage: weft-engine component --graph PATH [NAME=VALUE]...";
/// Spare frames to emit new packets from.
const SPARES: (u16, u16) = (64, 4);
/// Frames of the packets in the component; memory is taken only for those used.
const FRAMES: PoolSize = PoolSize {
    small: 1 << 15,
    large: 256,
};
/// How long an engine that is on its way back is looked for.
const SEARCH: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, Default)]
struct Options {
    graph: PathBuf,
    globals: Vec<(String, String)>,
}

/// Why there is nothing to run: the exit status, and what to say.
type End = (i32, String);

/// Runs the component; gives the exit status.
pub fn main(arguments: Vec<OsString>) -> i32 {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(problem) => {
            output::complain(&format!("weft-engine component: {problem}; {USAGE}"));
            return 2;
        }
    };
    signals::install();
    match run(options) {
        Ok(()) => 0,
        Err((status, problem)) => {
            output::complain(&problem);
            status
        }
    }
}

fn run(options: Options) -> Result<(), End> {
    let caller = caller().map_err(|problem| (2, told(&problem)))?;
    let Some(attachment) = attach(&caller).map_err(|problem| (1, told(&problem)))? else {
        return Ok(());
    };
    let mut router = load(options, caller, attachment).map_err(|problem| (1, problem))?;
    router.run();
    match router.read_handler("host.failure", "") {
        Ok(failure) if !failure.is_empty() => Err((1, told(&failure))),
        _ => Ok(()),
    }
}

fn told(problem: &str) -> String {
    format!("weft: {problem}")
}

/// Who this is, as the environment says.
fn caller() -> Result<Caller, String> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("not started as a component: {name} is not set"))
    };
    let path = variable("WEFT_COMPONENT")?.into();
    let name = variable("WEFT_COMPONENT_NAME")?
        .to_string_lossy()
        .into_owned();
    Ok(Caller {
        path,
        hello: Hello {
            major: MAJOR,
            minor: MINOR,
            features: feature::TIMESTAMPS | feature::NSH | feature::KEPT,
            descriptor: DESCRIPTOR_BYTES as u16,
            metadata: METADATA_BYTES as u16,
            spares: SPARES.0,
            large_spares: SPARES.1,
            name,
            sdk: format!("weft-click {}", env!("CARGO_PKG_VERSION")),
        },
    })
}

/// The attachment; `None` where the engine said goodbye, or this process was told to end.
fn attach(caller: &Caller) -> Result<Option<Attachment>, String> {
    let (end, mut pause) = (Instant::now() + SEARCH, FIRST_PAUSE);
    loop {
        match try_once(caller) {
            Ok(attachment) => return Ok(attachment),
            Err(Refusal::Goodbye) => return Ok(None),
            Err(Refusal::Final(why)) => return Err(why),
            Err(Refusal::Again(why)) if Instant::now() > end => return Err(why),
            Err(Refusal::Again(_)) if is_interrupted() => return Ok(None),
            Err(Refusal::Again(_)) => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn try_once(caller: &Caller) -> Result<Option<Attachment>, Refusal> {
    let mut joining = caller.connect()?;
    while !is_interrupted() {
        descriptors::wait_readable(joining.descriptor());
        joining = match joining.hear()? {
            Ok(attachment) => return Ok(Some(attachment)),
            Err(joining) => joining,
        };
    }
    Ok(None)
}

/// The component's graph, connected to the engine it is attached to.
fn load(options: Options, caller: Caller, attachment: Attachment) -> Result<Router, String> {
    let path = options.graph;
    let text = std::fs::read(&path);
    let text = text.map_err(|e| format!("{}: {}", path.display(), output::reason(&e)))?;
    let ports = (attachment.welcome.inputs, attachment.welcome.outputs);
    let text = surround(&path, &String::from_utf8_lossy(&text), ports);
    let mut environment = weft_elements::environment();
    environment.globals = options.globals;
    let inherited = Box::new((caller, attachment));
    environment
        .inherited
        .borrow_mut()
        .insert(INHERITED, inherited);
    let pool = Pool::new(FRAMES).map_err(|e| format!("frame memory: {e}"))?;
    let clock = Clock::real();
    let seed = clock.timestamp();
    let mut router = Router::new(environment, pool, Region::default(), clock, seed);
    let loaded = router.load(&path.to_string_lossy(), &text);
    loaded.map_err(|e| e.to_string())?;
    Ok(router)
}

/// The component's text as a compound whose ports lead to the engine.
fn surround(path: &Path, text: &str, (inputs, outputs): (u32, u32)) -> String {
    let file: String = path.to_string_lossy().chars().map(plain).collect();
    let mut graph = format!("host :: ComponentHost; {BODY} :: {{\n# 1 \"{file}\"\n{text}\n}};\n");
    for port in 0..inputs {
        graph += &format!("host[{port}] -> [{port}]{BODY};\n");
    }
    for port in 0..outputs {
        graph += &format!("{BODY}[{port}] -> [{port}]host;\n");
    }
    graph
}

/// What may stand in a line directive.
fn plain(c: char) -> char {
    if c == '"' || c == '\\' || c.is_control() {
        '_'
    } else {
        c
    }
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> Result<Self, String> {
        let mut options = Options::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
            match argument {
                Long("graph") => {
                    options.graph = parser.value().map_err(|e| e.to_string())?.into();
                }
                Value(text) => {
                    let text = text.to_string_lossy();
                    let (name, value) =
                        parameter(&text).ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
                    options.globals.push((name.to_string(), value.to_string()));
                }
                other => return Err(other.unexpected().to_string()),
            }
        }
        match options.graph.as_os_str().is_empty() {
            true => Err("--graph is missing".to_string()),
            false => Ok(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_stands_in_a_compound_with_the_ports_of_the_element() {
        let text = surround(Path::new("/a\"b/f.click"), "input -> output", (1, 2));
        let expected = "host :: ComponentHost; body :: {\n# 1 \"/a_b/f.click\"\ninput -> output\n};\n\
                        host[0] -> [0]body;\nbody[0] -> [0]host;\nbody[1] -> [1]host;\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let parse =
            |line: &str| Options::parse(line.split_whitespace().map(OsString::from).collect());
        assert_eq!(parse("A=1").unwrap_err(), "--graph is missing");
        assert_eq!(parse("--graph g x").unwrap_err(), "'x' is not NAME=VALUE");
        assert_eq!(parse("--colour").unwrap_err(), "invalid option '--colour'");
        assert_eq!(
            parse("--graph g A=1").unwrap().globals,
            [("A".to_string(), "1".to_string())]
        );
    }
}
