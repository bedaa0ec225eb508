//! # Script(INSTRUCTION, ..., *keyword* TYPE)
//!
//! Runs a small program that reads and writes handlers, prints, waits and stops the driver.
//!
//! Instructions run one after the other. `$x`, `${x}`, `${x-default}` and `$(handler parameter)` in
//! their text are replaced by the value of a variable or a read handler; instructions that end with
//! `q` then take off a layer of quotes as well.
//!
//! - `set VAR TEXT`, `setq`: sets a variable. `init VAR TEXT`, `initq`: does so once, when the graph
//!   is initialized. `export VAR [TEXT]`, `exportq`: the same, and VAR is a read handler.
//! - `print [>FILE | >>FILE] TEXT`, `printq`, `printn`, `printnq`: prints text, or the value of a
//!   read handler when it begins with a letter, `@` or `_`; with a newline unless `n` is there.
//! - `save HANDLER [FILE]`, `append HANDLER [FILE]`: prints a handler's value to a file.
//! - `read HANDLER`, `readq`: prints a handler's name and value to standard error.
//! - `write HANDLER [VALUE]`, `writeq`: writes a handler; `$?` is then its status.
//! - `pause [N]`, `wait_step`, `wait_stop`: blocks until the script is stepped N times.
//! - `wait TIME`: blocks for a time, or until a step.
//! - `label NAME`, `goto NAME [CONDITION]`, `loop`: jumps. After 1000 jumps without a pause the
//!   script is given up. `begin`, `loop`, `end`, `exit`, `stop` and `error` are labels as well.
//! - `end`, `exit`, `stop`, `return [VALUE]`, `returnq`, `error [TEXT]`, `errorq`: end the script.
//!   A packet then leaves by output 0, is dropped, or leaves by the output that is the value.
//!
//! ## Ports
//! None, except with `TYPE PACKET`: any number of agnostic inputs and outputs.
//!
//! ## Arguments
//! - `TYPE` *keyword*: `ACTIVE` (the default without ports) runs from the start; `PASSIVE` when
//!   handler `run` is called, with `$args`, `$1`, `$2`, ... and `$#`; `PACKET` (the default with
//!   ports) for every packet, with `$input`; `PROXY` when any handler is called, with `$0` and
//!   `$write`; `DRIVER` from the start and, when it blocks, whenever the driver is asked to stop;
//!   `SIGNAL NAME...` when a signal comes.
//!
//! ## Handlers
//! - `step` (w), `goto` (w), `run` (rw): steps past blocking instructions, jumps, starts anew.
//! - `get`, `shift` (r), `set` (w): variables.
//! - `add sub mul div idiv mod rem min max neg abs` (r): arithmetic with their parameters.
//! - `eq ne lt gt le ge not and or nand nor if in` (r): comparison and logic.
//! - `sprintf first length unquote random now htons htonl ntohs ntohl` (r): other calculations.
//! - `readable`, `writable` (r): whether handlers can be called so.
//! - `cat`, `catq`, `kill` (r): files and signals; only for the configuration itself.
//!
//! ## Example
//! ```click
//! s :: Script(set x 0,
//!     label again,
//!     print $x,
//!     set x $(add $x 1),
//!     goto again $(lt $x 5),
//!     stop);
//! ```
//!
//! ## See also
//! DriverManager, ControlSocket

mod arithmetic;
mod calls;
mod expand;
mod functions;
mod instruction;
mod number;
mod run;
mod signals;
mod sprintf;

pub(super) use functions::HANDLERS;
use instruction::{Finish, Instruction};
use run::StepKind;
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Class, Configure, Element, Handler, Interest, Place, Router, Task, Value,
    argument, reader, writer,
};
use weft_lang::confparse::split_first_word;
use weft_lang::value::AnyText;
use weft_lang::{Args, NoNames, split_args};

/// Registers Script.
pub static CLASS: Class = Class {
    ports: "-/-",
    processing: "ah/ah",
    observable: true,
    arguments: &[
        argument("INSTRUCTION", Place::Rest, "instruction", ""),
        argument("TYPE", Place::Keyword, "type of script", ""),
    ],
    handlers: HANDLERS,
    fuzz: &[
        "TYPE PACKET, set x $(add $x $input), return $(mod $x 2)",
        "TYPE PASSIVE, return $args",
    ],
    ..Class::agnostic("Script", "standard", |configure| build(configure, None))
};

static EXPORTED: Handler = reader!(
    Script,
    "exported",
    Value::Text,
    "",
    "A variable of the script",
    |s, call, router| s.read_own(call.handler, call.text, router)
);
static ANY: Handler = reader!(
    Script,
    "*",
    Value::Text,
    "",
    "Runs the script",
    |s, call, router| s.read_own(call.handler, call.text, router)
)
.with_parameter()
.also_write(writer!(
    Script,
    "*",
    Value::Text,
    "",
    "Runs the script",
    |s, call, router| s.write_own(call.handler, call.text, router)
));

/// Makes a script that manages the driver.
pub(super) fn build_driver(configure: &mut Configure<'_>) -> Built {
    build(configure, Some(Kind::Driver))
}

/// When a script runs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Active,
    Passive,
    Packet,
    Proxy,
    Driver,
    Signal(Vec<i32>),
}

struct Script {
    kind: Kind,
    instructions: Vec<Instruction>,
    exports: Vec<String>,
    variables: Vec<(String, String)>,
    position: usize,
    /// Steps asked for by the script's own instructions, while it runs.
    due: Option<i64>,
    write_status: i32,
    arguments: String,
    called: String,
    written: bool,
    signals: Option<signals::Signals>,
}

fn build(configure: &mut Configure<'_>, default: Option<Kind>) -> Built {
    let mut args = configure.args();
    let kind: Option<AnyText> = args.keyword_opt("TYPE");
    let arguments = args.rest();
    args.complete()?;
    let ports = configure.inputs > 0 || configure.outputs > 0;
    let kind = match kind {
        Some(text) => parse_kind(&text.0)?,
        None => None,
    };
    let kind = kind.or(default).unwrap_or(match ports {
        true => Kind::Packet,
        false => Kind::Active,
    });
    if kind == Kind::Driver && (0..configure.id).any(|id| is_driver(configure, id)) {
        return Err(vec!["router has more than one driver script".to_string()]);
    }
    if kind == Kind::Packet && configure.inputs == 0 {
        return Err(vec!["PACKET script must have inputs".to_string()]);
    }
    if kind != Kind::Packet && ports {
        return Err(vec!["ports allowed only on PACKET scripts".to_string()]);
    }
    let (mut instructions, exports) = instruction::parse(&arguments)?;
    if instructions.is_empty() && kind == Kind::Driver {
        instructions.push(Instruction::Pause { count: 1, done: 0 });
    }
    instructions.push(Instruction::Finish(match kind {
        Kind::Driver => Finish::Stop,
        _ => Finish::End,
    }));
    Ok(Box::new(Script {
        kind,
        instructions,
        exports,
        variables: Vec::new(),
        position: 0,
        due: None,
        write_status: 0,
        arguments: String::new(),
        called: String::new(),
        written: false,
        signals: None,
    }))
}

/// The kind that `text` names; none when it is empty.
fn parse_kind(text: &str) -> Result<Option<Kind>, Vec<String>> {
    let (word, rest) = split_first_word(text);
    let kind = match word {
        "" => return Ok(None),
        "SIGNAL" => {
            let numbers: Option<Vec<i32>> = arithmetic::words(rest)
                .into_iter()
                .map(signals::number)
                .collect();
            let numbers = numbers.filter(|n| !n.is_empty());
            return match numbers {
                Some(numbers) => Ok(Some(Kind::Signal(numbers))),
                None => Err(vec!["bad signal number".to_string()]),
            };
        }
        "ACTIVE" => Kind::Active,
        "PASSIVE" => Kind::Passive,
        "PACKET" | "PUSH" => Kind::Packet,
        "PROXY" => Kind::Proxy,
        "DRIVER" => Kind::Driver,
        _ => return Err(vec!["bad TYPE".to_string()]),
    };
    match rest.is_empty() {
        true => Ok(Some(kind)),
        false => Err(vec!["bad TYPE".to_string()]),
    }
}

/// Whether element `id` manages the driver.
fn is_driver(configure: &Configure<'_>, id: usize) -> bool {
    let default = match configure.class_of(id).name {
        "Script" => false,
        "DriverManager" => true,
        _ => return false,
    };
    let mut args = Args::from_list(split_args(configure.config_of(id)), &NoNames);
    let kind: Option<AnyText> = args.keyword_opt("TYPE");
    kind.map_or(default, |text| text.0 == "DRIVER")
}

impl Script {
    fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.variables.iter();
        all.find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    fn set_variable(&mut self, name: &str, value: String) {
        match self.variables.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value,
            None => self.variables.push((name.to_string(), value)),
        }
    }

    /// Sets the variables that `init` and `export` set.
    fn set_initial(&mut self, router: &mut Router, errors: &mut Vec<String>) {
        for at in 0..self.instructions.len() {
            if let Instruction::Init(name, text) = self.instructions[at].clone() {
                let value = self.expand_text(&text, router, errors);
                self.set_variable(&name, value);
            }
        }
    }

    /// Tells what went wrong in a run that nobody called for.
    fn report(&self, errors: &[String], router: &mut Router) {
        if errors.is_empty() {
            return;
        }
        let head = format!("While executing '{}':", router.declaration());
        router.console.line(&head);
        for line in errors.iter().flat_map(|e| e.lines()) {
            router.console.line(&format!("  {line}"));
        }
    }

    /// Runs for a packet from `port`; gives the output it leaves by.
    fn judge(&mut self, port: usize, router: &mut Router) -> Option<usize> {
        self.set_variable("input", port.to_string());
        self.position = 0;
        let mut errors = Vec::new();
        self.step(0, StepKind::Jump, 0, router, &mut errors);
        self.report(&errors, router);
        let value = self.value();
        let port = weft_lang::value::parse_signed(&value).ok()?;
        usize::try_from(port).ok()
    }

    /// Waits for the signals anew, unless the script is still running.
    fn watch_signals(&mut self, router: &mut Router) {
        if let Some(signals) = &self.signals {
            router.watch(signals.descriptor(), Interest::Read);
        }
    }
}

impl Element for Script {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let mut errors = Vec::new();
        self.set_initial(router, &mut errors);
        if matches!(self.kind, Kind::Active | Kind::Driver) {
            self.begin(router, &mut errors);
        }
        if let Kind::Signal(numbers) = &self.kind {
            match signals::Signals::block(numbers) {
                Ok(signals) => self.signals = Some(signals),
                Err(error) => errors.push(format!("signalfd: {}", crate::control::reason(&error))),
            }
            self.watch_signals(router);
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(errors.join("\n")),
        }
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let pulled = router.input_is_pull(port);
        let mut kept = router.new_batch();
        for packet in batch.drain(..) {
            match self.judge(port, router) {
                Some(0) if pulled => kept.push(packet),
                Some(output) if router.is_connected(output) => router.emit(output, packet),
                _ => router.drop_packet(packet, "script"),
            }
        }
        let empty = std::mem::replace(batch, kept);
        router.recycle(empty);
    }

    fn run_task(&mut self, _router: &mut Router) -> Task {
        Task::Sleep
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        let mut errors = Vec::new();
        self.step_from_outside(1, StepKind::Timer, router, &mut errors);
        self.report(&errors, router);
    }

    fn ready(&mut self, _fd: RawFd, router: &mut Router) {
        let Some(signals) = &self.signals else { return };
        if !signals.take() {
            return;
        }
        self.position = 0;
        let mut errors = Vec::new();
        self.step_from_outside(0, StepKind::Jump, router, &mut errors);
        self.report(&errors, router);
        if self.rest() != run::Rest::Finished(Finish::End)
            && let Some(signals) = self.signals.take()
        {
            router.unwatch(signals.descriptor());
        }
    }

    fn stopping(&mut self, router: &mut Router) -> bool {
        if self.kind != Kind::Driver {
            return false;
        }
        let mut errors = Vec::new();
        self.step_from_outside(1, StepKind::Driver, router, &mut errors);
        self.report(&errors, router);
        router.run_count() > 0
    }

    fn cleanup(&mut self, router: &mut Router) {
        if let Some(signals) = self.signals.take() {
            router.unwatch(signals.descriptor());
        }
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        let exports = self.exports.iter().map(|name| (name.clone(), &EXPORTED));
        let any = (self.kind == Kind::Proxy).then(|| ("*".to_string(), &ANY));
        exports.chain(any).collect()
    }
}
