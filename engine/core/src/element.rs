//! What an element is: the trait its packets, tasks and timers go through, and the class that
//! declares it (ports, arguments, handlers, manual) as data.

use crate::configure::Configure;
use crate::handler::Handler;
use crate::packet::Packet;
use crate::router::{DeferredCall, Router};
use std::any::Any;
use std::os::fd::RawFd;

/// Packets on their way between two elements, in order.
pub type Batch = Vec<Packet>;

/// The most packets that are handed on in one batch.
pub const MAX_BATCH: usize = 256;

/// Index of an element in its graph.
pub type ElementId = usize;

/// Whether a task wants to run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// There is, or may be, more to do.
    Again,
    /// Nothing to do until something schedules the task.
    Sleep,
}

/// A packet-processing module: a node of the graph.
///
/// Methods get the [`Router`] they run in; while one runs, its element is out of the graph, so a
/// call that leads back to it finds it busy instead of aliasing it.
///
/// What an element does not hand on with [`Router::emit`] or leave in the batch, it keeps or gives
/// back with [`Router::drop_packet`]: no packet vanishes uncounted.
pub trait Element: Any + Send {
    /// Takes a batch on input `port`. Packets left in `batch` go on to output 0; those for other
    /// outputs are emitted. In a pull context the engine has pulled the batch from input `port` and
    /// hands what is left to whoever pulled; so an agnostic element needs this method only.
    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router);

    /// Gives at most `max` packets for pull output `port`. An element that gives none although it
    /// may later sees to it that [`Router::wake_pullers`] is called then.
    fn pull(&mut self, port: usize, max: usize, router: &mut Router) -> Batch {
        let _ = port;
        let mut batch = router.pull(0, max);
        if !batch.is_empty() {
            self.push(0, &mut batch, router);
        }
        batch
    }

    /// Called once, after all elements were configured and before packets flow: schedules tasks,
    /// opens files.
    ///
    /// # Errors
    /// A message, shown under "While initializing" (an empty one is not); the graph does not start.
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let _ = router;
        Ok(())
    }

    /// Takes packets over that an earlier, killed engine left in the region. Runs before
    /// [`Element::initialize`] of any element, while nothing is allocated.
    fn recover(&mut self, router: &mut Router) {
        let _ = router;
    }

    /// Takes over the state of the element of the same name in the graph that is being replaced.
    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let _ = (old, router);
    }

    /// Runs the element's task (see [`Router::schedule`]): a bounded piece of work.
    fn run_task(&mut self, router: &mut Router) -> Task {
        let _ = router;
        Task::Sleep
    }

    /// A timer set with [`Router::set_timer`] has expired.
    fn timer(&mut self, key: u32, router: &mut Router) {
        let _ = (key, router);
    }

    /// A descriptor watched with [`Router::watch`] is ready.
    fn ready(&mut self, fd: RawFd, router: &mut Router) {
        let _ = (fd, router);
    }

    /// The driver was asked to stop. `true` keeps it running (DriverManager).
    fn stopping(&mut self, router: &mut Router) -> bool {
        let _ = router;
        false
    }

    /// Gives everything back: packets, files, sockets. Called once, at the end.
    fn cleanup(&mut self, router: &mut Router) {
        let _ = router;
    }

    /// Handlers whose names depend on the configuration (`pattern0`, `rate2`), besides the class's.
    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        Vec::new()
    }

    /// Starts a call of a handler declared as deferred; [`Router::answer`] ends it.
    ///
    /// # Errors
    /// Why it cannot be called; then it is not answered.
    fn call(&mut self, call: DeferredCall<'_>, router: &mut Router) -> Result<(), String> {
        let _ = router;
        Err(format!("no handler '{}'", call.handler))
    }

    /// Whether no packet that went in is outside the engine: a new graph waits until it is back.
    fn is_drained(&self) -> bool {
        true
    }

    /// Whether something outside is about to take packets: what the sources of a new graph bring is held until then.
    fn is_awaiting(&self) -> bool {
        false
    }

    /// What it counts besides packets by port and drops by reason, as an object for `stats`.
    fn figures(&self) -> Option<serde_json::Value> {
        None
    }

    /// The configuration as it stands, when handlers changed it since it was given.
    fn configuration(&self) -> Option<String> {
        None
    }
}

/// One configuration argument of a class, for help, completion and the reference.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Keyword, upper case (Click's name).
    pub name: &'static str,
    /// Whether it is mandatory, positional, or a keyword only.
    pub place: Place,
    /// Its type, in words: "integer", "IP address", "time".
    pub value: &'static str,
    /// Its default as written in a configuration; empty when it has none.
    pub default: &'static str,
}

/// How an argument may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Positional or by keyword; must be there.
    Mandatory,
    /// Positional or by keyword; may be left out.
    Optional,
    /// By keyword only.
    Keyword,
    /// Any number of positional arguments.
    Rest,
}

/// What a class does with the IP header annotation; used to warn of paths on which nobody checks
/// the header an element needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpHeader {
    /// Lets it through.
    Keeps,
    /// Sets it (CheckIPHeader, MarkIPHeader).
    Sets,
    /// Needs it: packets without it are dropped.
    Needs,
    /// Its outputs carry packets without it (sources, Strip does not).
    Clears,
}

/// A class of elements, declared as data.
pub struct Class {
    /// Name in configurations.
    pub name: &'static str,
    /// Click's group: standard, ip, ethernet, ...
    pub group: &'static str,
    /// Port counts as Click writes them: "1/1", "1/1-2", "-/1".
    pub ports: &'static str,
    /// Processing code: "a/a", "h/h", "l/l", "a/ah".
    pub processing: &'static str,
    /// Flow code: "x/x", "x/y", "#/#".
    pub flow: &'static str,
    /// Configured before others: 0 for information elements, [`PHASE_DEFAULT`] for most.
    pub phase: u32,
    /// Whether writing `config` reconfigures a running element.
    pub live: bool,
    /// Whether what it does can be seen in the order of packets beyond its ports (prints, dumps).
    pub observable: bool,
    /// Whether the order of packets leaves no trace in it: they are dropped, at most counted.
    pub blind: bool,
    /// Whether it stores packets: the search for pull and push partners ends here.
    pub storage: bool,
    /// What it does with packets that go no further, in a word: consumed, discarded, sent, written.
    pub fate: &'static str,
    /// What it does with the IP header annotation.
    pub ip_header: IpHeader,
    /// Arguments.
    pub arguments: &'static [Argument],
    /// Handlers.
    pub handlers: &'static [Handler],
    /// Configurations under which it is fuzzed.
    pub fuzz: &'static [&'static str],
    /// Makes an element from its configuration.
    pub build: fn(&mut Configure<'_>) -> Built,
}

/// What [`Class::build`] gives: an element, or every reason why not.
pub type Built = Result<Box<dyn Element>, Vec<String>>;

/// Phase of most elements.
pub const PHASE_DEFAULT: u32 = 100;
/// Phase of AddressInfo, PortInfo and the like: before those that use what they say.
pub const PHASE_INFO: u32 = 0;

impl Class {
    /// An agnostic one-in, one-out class named `name`, to be varied with `..Class::agnostic(...)`.
    pub const fn agnostic(
        name: &'static str,
        group: &'static str,
        build: fn(&mut Configure<'_>) -> Built,
    ) -> Class {
        Class {
            name,
            group,
            ports: "1/1",
            processing: "a/a",
            flow: "x/x",
            phase: PHASE_DEFAULT,
            live: false,
            observable: false,
            blind: false,
            storage: false,
            fate: "consumed",
            ip_header: IpHeader::Keeps,
            arguments: &[],
            handlers: &[],
            fuzz: &[""],
            build,
        }
    }
}

impl std::fmt::Debug for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The classes an engine knows: a list per group.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [&'static [&'static Class]]);

impl Registry {
    /// All classes.
    pub fn iter(&self) -> impl Iterator<Item = &'static Class> + use<> {
        self.0.iter().flat_map(|group| group.iter().copied())
    }

    /// The class called `name`.
    pub fn find(&self, name: &str) -> Option<&'static Class> {
        self.iter().find(|c| c.name == name)
    }
}

/// An argument, in one line of a class's declaration.
pub const fn argument(
    name: &'static str,
    place: Place,
    value: &'static str,
    default: &'static str,
) -> Argument {
    Argument {
        name,
        place,
        value,
        default,
    }
}
