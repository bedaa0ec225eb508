//! The options of Click's user-level driver.

use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use weft_core::DeviceSource;

/// What a wrong command line is answered with, after the problem.
pub const SHORT_USAGE: &str = "Usage: click [OPTION]... [ROUTERFILE]
Try 'click --help' for more information.";

/// What `--help` prints.
pub const HELP: &str = "\
Runs a Click router configuration until it stops or is interrupted.

Usage: click [OPTION]... [ROUTERFILE] [NAME=VALUE]...

Options:
  -f, --file FILE               Read the configuration from FILE ('-': standard input).
  -e, --expression EXPR         Use EXPR as the configuration.
  -j, --threads N               Accept N threads in configurations (one runs).
      --affinity[=N]            Pin threads to CPUs, starting with #N (default 0).
  -p, --port PORT               Listen for control connections on a TCP port.
  -u, --unix-socket FILE        Listen for control connections on a Unix socket.
      --socket FD               Take descriptor FD for a control connection.
  -R, --allow-reconfigure       Provide a writable 'hotconfig' handler.
  -h, --handler ELEMENT.H       Print read handler H of ELEMENT after the run.
  -x, --exit-handler ELEMENT.H  Use handler ELEMENT.H's value as the exit status.
  -o, --output FILE             Write the flat configuration to FILE ('-': standard output).
  -q, --quit                    Do not run the driver.
  -t, --time                    Print how long the driver took.
  -w, --no-warnings             Do not print warnings.
      --simtime[=T]             Run in simulated time, beginning at T seconds.
      --seed N                  Seed the random numbers.
      --device NAME=pcap:IN[:OUT]
                                Use capture files as device NAME.
  -C, --clickpath PATH          Look for libraries in PATH.
      --help                    Print this message and exit.
  -v, --version                 Print the version and exit.
";

/// Seconds since 1970 at which simulated time begins, as in Click.
const SIMULATION_BEGINS: f64 = 1e9;

/// Every option: its letter, if it has one, and its name.
const OPTIONS: &[(Option<char>, &str)] = &[
    (Some('R'), "allow-reconfigure"),
    (None, "no-allow-reconfigure"),
    (Some('C'), "clickpath"),
    (Some('e'), "expression"),
    (Some('f'), "file"),
    (Some('h'), "handler"),
    (None, "help"),
    (Some('o'), "output"),
    (Some('p'), "port"),
    (Some('q'), "quit"),
    (None, "simtime"),
    (None, "simulation-time"),
    (None, "socket"),
    (Some('j'), "threads"),
    (None, "no-threads"),
    (Some('a'), "affinity"),
    (None, "no-affinity"),
    (Some('t'), "time"),
    (Some('u'), "unix-socket"),
    (Some('v'), "version"),
    (None, "warnings"),
    (Some('w'), "no-warnings"),
    (Some('x'), "exit-handler"),
    (None, "seed"),
    (None, "device"),
];

/// Where the configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Expression(String),
    /// A file.
    File(PathBuf),
    /// Standard input.
    StandardInput,
}

impl Source {
    /// The file `name`; standard input if that is `-`.
    pub fn file(name: impl Into<OsString>) -> Self {
        let name = name.into();
        if name == "-" {
            Source::StandardInput
        } else {
            Source::File(name.into())
        }
    }

    /// The name landmarks use.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.to_string_lossy().into_owned(),
            Source::Expression(_) => "config".to_string(),
            Source::StandardInput => "<stdin>".to_string(),
        }
    }
}

/// A control socket asked for with `-p` or `-u`, as ControlSocket's arguments.
pub type ControlArguments = String;

/// What the command line asks for.
#[derive(Debug)]
pub enum Wanted {
    /// The help text.
    Help,
    /// The version.
    Version,
    /// A run.
    Run(Box<Options>),
}

/// How to run which configuration.
#[derive(Debug, Default)]
pub struct Options {
    /// The configuration; standard input if there is none.
    pub source: Option<Source>,
    /// `NAME=VALUE` parameters.
    pub globals: Vec<(String, String)>,
    /// Handlers to print after the run.
    pub handlers: Vec<String>,
    /// The handler that gives the exit status.
    pub exit_handler: Option<String>,
    /// Where the flat configuration goes.
    pub output: Option<PathBuf>,
    /// Whether the driver is not run.
    pub quit: bool,
    /// Whether to tell how long the driver took.
    pub time: bool,
    /// Whether to keep warnings back.
    pub no_warnings: bool,
    /// Whether `hotconfig` can be written.
    pub allow_reconfigure: bool,
    /// Control sockets.
    pub controls: Vec<ControlArguments>,
    /// Begin of simulated time, in nanoseconds since 1970.
    pub simulated: Option<u64>,
    /// Number of threads.
    pub threads: Option<usize>,
    /// The first CPU to pin threads to.
    pub affinity: Option<usize>,
    /// Seed of the random numbers.
    pub seed: Option<u64>,
    /// Folders of libraries, instead of CLICKPATH.
    pub click_path: Option<String>,
    /// Devices made of capture files.
    pub devices: Vec<(String, DeviceSource)>,
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// What is wrong with them, in a line.
    pub fn parse(arguments: Vec<OsString>) -> Result<Wanted, String> {
        let mut options = Box::<Options>::default();
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
            let option = match argument {
                Short(letter) => by_letter(letter)?,
                Long(name) => by_name(name)?,
                Value(text) => {
                    options.operand(text)?;
                    continue;
                }
            };
            match option {
                "help" => return Ok(Wanted::Help),
                "version" => return Ok(Wanted::Version),
                option => options.take(option, &mut parser)?,
            }
        }
        Ok(Wanted::Run(options))
    }

    /// Takes in `option`, its value (if it has one) being next in `parser`.
    fn take(&mut self, option: &str, parser: &mut lexopt::Parser) -> Result<(), String> {
        match option {
            "file" => self.set_source(Source::file(value(parser)?))?,
            "expression" => self.set_source(Source::Expression(value(parser)?))?,
            "handler" => self.handlers.push(value(parser)?),
            "exit-handler" => once(&mut self.exit_handler, value(parser)?, "--exit-handler")?,
            "output" => once(&mut self.output, value(parser)?.into(), "output file")?,
            "quit" => self.quit = true,
            "time" => self.time = true,
            "no-warnings" => self.no_warnings = true,
            "warnings" => self.no_warnings = false,
            "allow-reconfigure" => self.allow_reconfigure = true,
            "no-allow-reconfigure" => self.allow_reconfigure = false,
            "port" => self.controls.push(tcp(&value(parser)?)?),
            "unix-socket" => {
                let name = weft_lang::quote(&value(parser)?);
                self.controls.push(format!("UNIX, {name}"));
            }
            "socket" => {
                let number: u32 = number(&value(parser)?, option)?;
                self.controls.push(format!("SOCKET, {number}"));
            }
            "simtime" | "simulation-time" => self.simulated = Some(begin(optional(parser))?),
            "threads" => self.threads = Some(number(&value(parser)?, option)?),
            "no-threads" => self.threads = None,
            "affinity" => {
                let first = optional(parser).unwrap_or_else(|| "0".to_string());
                self.affinity = Some(number(&first, option)?);
            }
            "no-affinity" => self.affinity = None,
            "seed" => self.seed = Some(number(&value(parser)?, option)?),
            "clickpath" => self.click_path = Some(value(parser)?),
            _ => self.devices.push(device(&value(parser)?)?),
        }
        Ok(())
    }

    fn set_source(&mut self, source: Source) -> Result<(), String> {
        match self.source.replace(source) {
            None => Ok(()),
            Some(_) => Err("router configuration specified twice".to_string()),
        }
    }

    /// A configuration file, or a parameter.
    fn operand(&mut self, text: OsString) -> Result<(), String> {
        let Some((name, value)) = text.to_str().and_then(parameter) else {
            return self.set_source(Source::file(text));
        };
        if self.globals.iter().any(|(n, _)| n == name) {
            return Err(format!("parameter '{name}' multiply defined"));
        }
        self.globals.push((name.to_string(), value.to_string()));
        Ok(())
    }
}

/// `NAME=VALUE`, if `text` is that.
pub fn parameter(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some((name, value))
}

fn value(parser: &mut lexopt::Parser) -> Result<String, String> {
    let value = parser.value().map_err(|e| e.to_string())?;
    value
        .into_string()
        .map_err(|text| format!("argument {text:?} is not UTF-8"))
}

fn optional(parser: &mut lexopt::Parser) -> Option<String> {
    let value = parser.optional_value()?;
    Some(value.to_string_lossy().into_owned())
}

fn once<T>(place: &mut Option<T>, value: T, what: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("{what} specified twice")),
    }
}

fn number<T: std::str::FromStr>(text: &str, option: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("'--{option}' expects a number, not '{text}'"))
}

/// A TCP port; with a `+` behind it the next free port from there.
fn tcp(text: &str) -> Result<ControlArguments, String> {
    match text.strip_suffix('+').unwrap_or(text).parse::<u16>() {
        Ok(port) if port > 0 => Ok(format!("TCP, {text}")),
        _ => Err(format!("'--port' expects a TCP port number, not '{text}'")),
    }
}

fn begin(text: Option<String>) -> Result<u64, String> {
    let Some(text) = text else {
        return Ok((SIMULATION_BEGINS * 1e9) as u64);
    };
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..1e10).contains(&seconds) => Ok((seconds * 1e9) as u64),
        _ => Err(format!("'--simtime' expects seconds, not '{text}'")),
    }
}

fn device(text: &str) -> Result<(String, DeviceSource), String> {
    let wrong = || format!("'--device' expects NAME=pcap:IN[:OUT], not '{text}'");
    let (name, source) = text.split_once('=').ok_or_else(wrong)?;
    let files = source.strip_prefix("pcap:").ok_or_else(wrong)?;
    let (input, output) = match files.split_once(':') {
        Some((input, output)) => (input, Some(output)),
        None => (files, None),
    };
    if name.is_empty() || input.is_empty() || output == Some("") {
        return Err(wrong());
    }
    let (input, output) = (input.into(), output.map(PathBuf::from));
    Ok((name.to_string(), DeviceSource::Capture { input, output }))
}

fn by_letter(letter: char) -> Result<&'static str, String> {
    let found = OPTIONS.iter().find(|(l, _)| *l == Some(letter));
    found
        .map(|(_, name)| *name)
        .ok_or_else(|| format!("unrecognized option '-{letter}'"))
}

/// The option called `name`, or the only one whose name begins so.
fn by_name(name: &str) -> Result<&'static str, String> {
    let names = || OPTIONS.iter().map(|(_, n)| *n);
    if let Some(whole) = names().find(|n| *n == name) {
        return Ok(whole);
    }
    // Of two names of one option the first is meant.
    let close = names().filter(|n| n.starts_with(name) && *n != "simulation-time");
    let close: Vec<&str> = close.collect();
    match close[..] {
        [only] => Ok(only),
        [] => Err(format!("unrecognized option '--{name}'")),
        _ => Err(format!(
            "option '--{name}' is ambiguous: --{}",
            close.join(", --")
        )),
    }
}
