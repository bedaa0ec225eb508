//! One component process: how it is started, confined, and heard.

use crate::cgroup;
use crate::client::is_passing;
use crate::failure::{Attempt, Failure};
use crate::host::HostProc;
use crate::lockdown::component::Filter;
use crate::spec;
use crate::sys::namespace::{Network, Users};
use crate::sys::{descriptor, process};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

const DESCRIPTORS: u64 = 4096;
/// Processes and threads: a Java or Node program has dozens.
const PROCESSES: u64 = 1024;
/// Of all in the sandbox, components are ended first where memory runs out.
const FIRST_TO_GO: &str = "500";
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// What configures networks lies beside what everybody uses.
const PATH_OF_PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MOST_ERROR_BYTES: u64 = 4096;

/// Where a process is to run.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub network: &'a Network,
    /// Where it has capabilities over that network.
    pub users: Option<&'a Users>,
    /// Folders of the control groups it joins.
    pub groups: &'a [OwnedFd],
}

/// What every component of a function is started from.
pub struct Launcher {
    host: Rc<HostProc>,
    filter: Option<Filter>,
    /// Of those with interfaces.
    packet_filter: Option<Filter>,
    run_dir: PathBuf,
    /// Lets them into the run folder.
    group: u32,
}

impl Launcher {
    pub fn new(host: Rc<HostProc>, run_dir: &Path, group: u32) -> Self {
        Self {
            host,
            filter: None,
            packet_filter: None,
            run_dir: run_dir.into(),
            group,
        }
    }

    /// The function's folder.
    pub fn run_dir(&self) -> &Path {
        &self.run_dir
    }

    /// The host's `/proc`.
    pub fn host(&self) -> &HostProc {
        &self.host
    }

    /// Makes ready what those like this one share.
    pub fn prepare(&mut self, spec: &spec::Component) -> Result<(), Failure> {
        let failed = |error| Failure::new("component", error);
        if spec.interfaces.is_empty() {
            if self.filter.is_none() {
                self.filter = Some(Filter::make().map_err(failed)?);
            }
        } else if self.packet_filter.is_none() {
            self.packet_filter = Some(Filter::with_packets().map_err(failed)?);
        }
        Ok(())
    }

    fn filter_of(&self, spec: &spec::Component) -> Option<&Filter> {
        match spec.interfaces.is_empty() {
            true => self.filter.as_ref(),
            false => self.packet_filter.as_ref(),
        }
    }

    /// Starts a process.
    pub fn start(&self, spec: &spec::Component, place: Place<'_>) -> io::Result<Process> {
        let (told, tell) = descriptor::pipe()?;
        let (output, print) = descriptor::pipe()?;
        descriptor::set_nonblocking(told.as_fd())?;
        descriptor::set_nonblocking(output.as_fd())?;
        match process::fork()? {
            process::Fork::Child => {
                let error = self.become_component(spec, place, &print);
                let _ = write!(File::from(tell), "{error}");
                process::exit_now(127)
            }
            process::Fork::Parent(pid) => Ok(Process {
                pid,
                outer_pid: self.host.outer_number(pid).ok(),
                since: Instant::now(),
                told: Some(told.into()),
                output: Some(output.into()),
            }),
        }
    }

    /// Runs in the child; returns only if it cannot become the component.
    fn become_component(
        &self,
        spec: &spec::Component,
        place: Place<'_>,
        print: &OwnedFd,
    ) -> String {
        let arguments = &spec.program;
        let data = self.run_dir.join("home").join(&spec.key);
        let folder = spec.directory.as_ref().unwrap_or(&data);
        let confine = || -> Result<(), Failure> {
            let mut groups = place.groups.iter();
            groups
                .try_for_each(|group| cgroup::join(group, 0))
                .attempt("", "join its cgroup")?;
            // For programs that open `/dev/stdout`.
            fchown(print, Some(spec.uid), Some(spec.gid)).attempt("", "give it its output")?;
            self.leave_process_one(place.network, print)
                .attempt("", "leave process 1")?;
            match place.users {
                Some(users) => {
                    process::become_user_0(users, &[self.group], process::NETWORK_CAPABILITIES)
                }
                None => process::give_up_privileges(spec.uid, spec.gid, &[self.group]),
            }
            .attempt("", "give up privileges")?;
            std::env::set_current_dir(folder).attempt("", format!("enter {}", folder.display()))?;
            let filter = self.filter_of(spec).map_or(Ok(()), Filter::apply);
            filter.attempt("", "install the seccomp filter")
        };
        if let Err(failure) = confine() {
            return failure.errors.join("; ");
        }
        let error = process::execute_named(arguments, &self.environment(spec, &data));
        format!("cannot execute {}: {error}", arguments[0])
    }

    fn leave_process_one(&self, network: &Network, print: &OwnedFd) -> io::Result<()> {
        process::new_session()?;
        process::reset_signals()?;
        // Where that cannot be set, whom the kernel ends first is left to it.
        let _ = self.host.set("self/oom_score_adj", FIRST_TO_GO);
        network.enter()?;
        process::lower_limit(libc::RLIMIT_CORE, 0)?;
        process::lower_limit(libc::RLIMIT_NOFILE, DESCRIPTORS)?;
        process::lower_limit(libc::RLIMIT_NPROC, PROCESSES)?;
        descriptor::duplicate_onto(print.as_fd(), 1)?;
        descriptor::duplicate_onto(print.as_fd(), 2)
    }

    fn environment(&self, spec: &spec::Component, data: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let places = match spec.interfaces.is_empty() {
            true => PATH,
            false => PATH_OF_PROGRAMS,
        };
        let mut all: BTreeMap<&str, String> = [
            ("PATH", places.into()),
            ("HOME", text(data)),
            ("TMPDIR", text(data)),
        ]
        .into();
        let own = spec.environment.iter();
        all.extend(own.map(|(name, value)| (name.as_str(), value.clone())));
        all.insert(
            "WEFT_COMPONENT",
            text(&self.run_dir.join("components.sock")),
        );
        all.insert("WEFT_COMPONENT_NAME", spec.key.clone());
        all.iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }
}

/// A running process.
pub struct Process {
    /// Its number in the sandbox.
    pub pid: i32,
    /// Its number outside, if that is known.
    pub outer_pid: Option<i32>,
    /// When it was started.
    pub since: Instant,
    /// Closed when its program runs.
    told: Option<File>,
    output: Option<File>,
}

/// How far a process has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Launch {
    Pending,
    Running,
    Error(String),
}

impl Process {
    /// Where to wait for it: how its start went, and what it prints.
    pub fn pipes(&self) -> [i32; 2] {
        [&self.told, &self.output].map(|pipe| pipe.as_ref().map_or(-1, AsRawFd::as_raw_fd))
    }

    /// How far it has come.
    pub fn launch(&mut self) -> Launch {
        let Some(told) = &mut self.told else {
            return Launch::Running;
        };
        let mut text = String::new();
        match told.take(MOST_ERROR_BYTES).read_to_string(&mut text) {
            Err(error) if is_passing(&error) && text.is_empty() => return Launch::Pending,
            _ => self.told = None,
        }
        if text.is_empty() {
            Launch::Running
        } else {
            Launch::Error(text)
        }
    }

    /// Reads some of what it has printed; nothing where there is none for now.
    pub fn read<'a>(&mut self, chunk: &'a mut [u8]) -> &'a [u8] {
        let Some(output) = &mut self.output else {
            return &[];
        };
        match output.read(chunk) {
            Ok(count) if count > 0 => return &chunk[..count],
            Err(error) if is_passing(&error) => {}
            _ => self.output = None,
        }
        &[]
    }

    pub fn terminate(&self) {
        process::kill(self.pid, libc::SIGTERM);
    }

    pub fn kill(&self) {
        process::kill(self.pid, libc::SIGKILL);
    }
}
