//! Process 1 of a sandbox: it owns the namespaces, the devices and the memory of a function,
//! starts its engine, restarts it when it dies, and takes orders on one socket.
//!
//! `weft-engine init` calls [`main`]. It leaves the caller's namespaces and forks process 1 into
//! new ones; the outer process ends as soon as process 1 has reported. The engine calls
//! [`lockdown::apply`] when it starts.
//!
//! The caller may give the network namespace (`--network-fd`), and so join interfaces to it while
//! process 1 is being made. It and process 1 speak JSON lines on the report socket:
//!
//! | who | line |
//! |---|---|
//! | process 1 | `{"event":"sandbox","pid":P}`: the network namespace is `/proc/P/ns/net` |
//! | caller | `{"op":"start"}`: the interfaces are in it; or `{"op":"rest"}`: and a start is ordered later |
//! | process 1 | `{"event":"running","engine_pid":P}`, or `{"event":"resting"}` |
//! | process 1 | `{"event":"failed","stage":S,"errors":[...]}`: everything is undone |
//!
//! A caller that closes the socket before that cancels the start. Orders on `init.sock` are
//! `status`, `stop`, `start`, `restart`, `shutdown`, `reload` and `settle`, as in `{"op":"status"}`;
//! the last two add the components that `function.json` has come to list, and end those it lists
//! no more.

mod backoff;
mod cgroup;
mod client;
mod components;
mod devices;
mod engine;
mod failure;
mod filesystem;
mod folder;
mod function;
mod host;
mod journal;
mod lines;
pub mod lockdown;
mod namespaces;
mod network;
mod news;
mod options;
mod orders;
mod process_one;
mod report;
mod spec;
mod status;
mod supervise;
mod sys;

use cgroup::Limits;
use components::Components;
use components::process::Launcher;
use engine::Program;
use failure::{Attempt, Failure};
use filesystem::Shown;
use folder::RunFolder;
use function::Function;
use host::HostProc;
use journal::log;
use namespaces::{Inner, Side};
use options::Options;
use orders::Orders;
use process_one::ProcessOne;
use report::Report;
use spec::Spec;
use std::fs::File;
use std::rc::Rc;
use supervise::Supervisor;
use sys::namespace::{Mounts, Network};

pub use engine::Main as EngineMain;

/// Makes a sandbox and runs a function in it, with `engine` in a fork of this process as its engine;
/// gives the exit status: 0 once the sandbox is there, 1 if it cannot be, 2 for wrong arguments.
pub fn main(arguments: impl Iterator<Item = String>, engine: EngineMain) -> i32 {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(error) => return complain(&error, 2),
    };
    let given: Vec<_> = options
        .network_fd
        .into_iter()
        .chain([options.report_fd])
        .collect();
    if let Err(error) = sys::descriptor::close_all_but(&given) {
        return complain(&format!("cannot close what is not needed: {error}"), 1);
    }
    let adopted = |name, fd, error| complain(&format!("{name} {fd}: {error}"), 2);
    let network = match options.network_fd.map(|fd| (fd, Network::adopt(fd))) {
        None => None,
        Some((_, Ok(network))) => Some(network),
        Some((fd, Err(error))) => return adopted("--network-fd", fd, error),
    };
    match Report::adopt(options.report_fd) {
        Ok(report) => run(options, report, network, engine),
        Err(error) => adopted("--report-fd", options.report_fd, error),
    }
}

fn complain(error: &str, code: i32) -> i32 {
    log(error);
    code
}

/// What is made before the namespaces, because it lies outside of them.
struct Outside {
    spec: Spec,
    folder: RunFolder,
    log: File,
    orders: Orders,
    program: Program,
    components: Components,
    limits: Limits,
    shown: Shown,
    host: Mounts,
}

/// Signals that end a terminal's programs. Half-way through they would leave things behind; a
/// caller they end is noticed by its socket.
const HELD_BACK: [i32; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

fn run(options: Options, mut report: Report, network: Option<Network>, engine: EngineMain) -> i32 {
    if let Err(error) = sys::process::block_signals(&HELD_BACK) {
        return complain(&format!("cannot hold back signals: {error}"), 1);
    }
    let mut outside = match prepare(&options, engine) {
        Ok(outside) => outside,
        Err(failure) => return refuse(&mut report, &failure),
    };
    match namespaces::enter(network.as_ref()) {
        Ok(Side::Inner(inner)) => run_inside(options, report, outside, inner),
        Ok(Side::Outer(outer)) => outer.wait().unwrap_or_else(|failure| {
            outside.undo();
            refuse(&mut report, &failure)
        }),
        Err(failure) => {
            outside.undo();
            refuse(&mut report, &failure)
        }
    }
}

fn refuse(report: &mut Report, failure: &Failure) -> i32 {
    report.failed(failure);
    1
}

fn prepare(options: &Options, engine: EngineMain) -> Result<Outside, Failure> {
    let folder = RunFolder::open(&options.run_dir)?;
    let spec = folder.spec()?;
    folder.admit(&spec)?;
    let log = folder.log()?;
    folder.keep_log()?;
    // From here on the folder is ours: whoever else ran in it would have answered.
    let orders = folder.listen_for_orders()?;
    let rest = || -> Result<(Orders, Program, Launcher, Mounts), Failure> {
        let sockets = [
            folder.listen_for_control()?,
            folder.listen_for_components()?,
        ];
        let host = Rc::new(HostProc::open()?);
        let program = Program::open(engine, options.engine.as_deref(), sockets, host.clone())?;
        let launcher = Launcher::new(host, &folder.path, spec.gid);
        let mounts = Mounts::current().attempt("namespaces", "keep the host's mounts")?;
        Ok((
            Orders::new(orders).attempt("control", "take orders")?,
            program,
            launcher,
            mounts,
        ))
    };
    let (orders, program, launcher, host) = rest().inspect_err(|_| folder.clear())?;
    let mut limits = Limits::make(&folder.group_name(), &spec);
    let components = Components::new(&spec, launcher, &mut limits);
    let shown = Shown::new(&folder.path);
    Ok(Outside {
        spec,
        folder,
        log,
        orders,
        program,
        components,
        limits,
        shown,
        host,
    })
}

impl Outside {
    fn undo(&mut self) {
        self.limits.remove();
        self.folder.clear();
    }
}

/// Process 1: makes the inside, then runs.
fn run_inside(options: Options, mut report: Report, mut outside: Outside, mut inner: Inner) -> i32 {
    let made = inner
        .detach(&outside.log, &outside.spec.hostname)
        .and_then(|()| network::silence())
        .and_then(|()| {
            let path = &outside.folder.path;
            filesystem::build(path, &mut outside.shown, &outside.spec.mounts)
        })
        .and_then(|()| {
            sys::descriptor::signal_descriptor(&process_one::SIGNALS)
                .attempt("namespaces", "receive signals")
        });
    match made {
        Ok(signals) => {
            let Outside {
                spec,
                folder,
                orders,
                program,
                components,
                limits,
                shown,
                host,
                ..
            } = outside;
            let supervisor = Supervisor::new(program, spec, folder, options, limits);
            let function = Function::new(supervisor, components, shown, host);
            ProcessOne::new(inner, report, signals, function, orders).run()
        }
        Err(failure) => {
            outside.undo();
            let code = refuse(&mut report, &failure);
            inner.release_outer(1);
            code
        }
    }
}
