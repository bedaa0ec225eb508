//! One engine process: how it is started, and what it says about being ready.

use crate::client::is_passing;
use crate::devices::Devices;
use crate::failure::{Attempt, Failure};
use crate::folder::RunFolder;
use crate::host::HostProc;
use crate::news::{Hearing, News};
use crate::spec::Spec;
use crate::sys::{descriptor, image, process};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::fchown;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

/// Descriptors an engine may have open.
const DESCRIPTORS: u64 = 4096;
const MOST_ERROR_BYTES: usize = 64 << 10;
/// Arguments before the engine's own: the names of the program and of its part.
const NAMES: usize = 2;
/// Exit status of a program that panics.
const PANIC: i32 = 101;
/// Of its pipe, before others have their turn.
const READS_PER_TURN: usize = 8;

/// Runs an engine in this process: from the arguments after `engine` to the exit status.
pub type Main = fn(Vec<OsString>) -> i32;

/// What an engine is.
enum Code {
    /// A fork of this process, which goes on with this.
    Own(Main),
    /// An executable.
    File(OwnedFd),
}

/// What every engine of this sandbox is started from.
pub struct Program {
    code: Code,
    control: UnixListener,
    components: UnixListener,
    host: Rc<HostProc>,
}

impl Program {
    /// Opens what is out of reach once the sandbox's file system is there.
    pub fn open(
        own: Main,
        executable: Option<&Path>,
        [control, components]: [UnixListener; 2],
        host: Rc<HostProc>,
    ) -> Result<Self, Failure> {
        let code = match executable {
            None => Code::Own(own),
            Some(path) => {
                let opening = format!("open the engine's program {}", path.display());
                Code::File(descriptor::open_place(path, 0).attempt("engine", opening)?)
            }
        };
        Ok(Self {
            code,
            control,
            components,
            host,
        })
    }

    /// Starts an engine.
    pub fn start(&self, spec: &Spec, folder: &RunFolder, devices: &Devices) -> io::Result<Engine> {
        let (reading, writing) = descriptor::pipe()?;
        let (output, print) = descriptor::pipe()?;
        descriptor::set_nonblocking(reading.as_fd())?;
        descriptor::set_nonblocking(output.as_fd())?;
        let mut passed = devices.descriptors();
        let sockets = [&self.control, &self.components].map(AsRawFd::as_raw_fd);
        passed.extend(sockets);
        passed.push(writing.as_raw_fd());
        let arguments = self.arguments(spec, folder, devices, &writing);
        match process::fork()? {
            process::Fork::Child => {
                let error = self.become_engine(spec, folder, &passed, &print, &arguments);
                let _ = writeln!(File::from(writing), "cannot start the engine: {error}");
                process::exit_now(127)
            }
            process::Fork::Parent(pid) => Ok(Engine {
                pid,
                outer_pid: self.host.outer_number(pid).ok(),
                since: Instant::now(),
                pipe: Some(reading.into()),
                output: Some(output.into()),
                text: Vec::new(),
                hearing: None,
            }),
        }
    }

    fn arguments(
        &self,
        spec: &Spec,
        folder: &RunFolder,
        devices: &Devices,
        ready: &OwnedFd,
    ) -> Vec<String> {
        let graph = folder.graph().to_string_lossy().into_owned();
        let control = self.control.as_raw_fd().to_string();
        let fixed = [
            "weft-engine",
            "engine",
            "--graph",
            &graph,
            "--control-fd",
            &control,
        ];
        let mut arguments: Vec<String> = fixed.map(String::from).into();
        arguments.extend(["--ready-fd".into(), ready.as_raw_fd().to_string()]);
        let components = self.components.as_raw_fd().to_string();
        arguments.extend(["--components-fd".into(), components]);
        arguments.extend(devices.arguments());
        arguments.extend(
            spec.parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        arguments
    }

    /// Runs in the child; returns only if it cannot become the engine.
    fn become_engine(
        &self,
        spec: &Spec,
        folder: &RunFolder,
        passed: &[i32],
        print: &OwnedFd,
        arguments: &[String],
    ) -> io::Error {
        let data = folder.data();
        let home = data.to_string_lossy();
        let environment = [("HOME", home.as_ref()), ("PATH", "/usr/bin:/bin")];
        let prepare = || -> io::Result<()> {
            process::reset_signals()?;
            process::lower_limit(libc::RLIMIT_CORE, 0)?;
            process::lower_limit(libc::RLIMIT_NOFILE, DESCRIPTORS)?;
            std::env::set_current_dir(&data)?;
            // For elements that open `/dev/stdout`.
            fchown(print, Some(spec.uid), Some(spec.gid))?;
            descriptor::duplicate_onto(print.as_fd(), 1)?;
            descriptor::duplicate_onto(print.as_fd(), 2)?;
            if let Code::Own(_) = self.code {
                image::replace(c"weft-engine", arguments, &environment, passed)?;
            }
            process::give_up_privileges(spec.uid, spec.gid, &[])
        };
        if let Err(error) = prepare() {
            return error;
        }
        match &self.code {
            Code::Own(main) => go_on(*main, arguments),
            Code::File(executable) => execute(executable, arguments, &environment, passed),
        }
    }
}

/// Is the engine; returns only if it cannot be.
fn go_on(main: Main, arguments: &[String]) -> io::Error {
    if let Err(error) = image::own_itself() {
        return error;
    }
    let own = arguments.iter().skip(NAMES).map(OsString::from).collect();
    // What lies below on the stack belongs to process 1, which this is no more.
    let code = std::panic::catch_unwind(|| main(own)).unwrap_or(PANIC);
    std::process::exit(code)
}

/// Replaces this process by an executable; returns only on failure.
fn execute(
    executable: &OwnedFd,
    arguments: &[String],
    environment: &[(&str, &str)],
    passed: &[i32],
) -> io::Error {
    let mut passed = passed.iter();
    if let Err(error) = passed.try_for_each(|fd| descriptor::set_close_on_exec(*fd, false)) {
        return error;
    }
    let environment = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    process::execute(
        executable.as_fd(),
        arguments,
        &environment.collect::<Vec<_>>(),
    )
}

/// A running engine.
pub struct Engine {
    /// Its number in the sandbox.
    pub pid: i32,
    /// Its number outside, if that is known.
    pub outer_pid: Option<i32>,
    /// When it was started.
    pub since: Instant,
    /// Where it says that it is ready, then what its components do.
    pipe: Option<File>,
    /// What it prints.
    output: Option<File>,
    /// What it has said before it was ready.
    text: Vec<u8>,
    /// How it is heard since.
    hearing: Option<Hearing>,
}

/// What an engine has said on its ready pipe.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is still getting ready.
    Pending,
    /// It processes packets.
    Ready,
    /// It cannot, and these lines say why.
    Errors(Vec<String>),
}

impl Engine {
    /// The pipe to wait at, as long as the engine holds the other end.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(|pipe| pipe.as_fd())
    }

    /// Where to wait for what it prints.
    pub fn output(&self) -> Option<BorrowedFd<'_>> {
        self.output.as_ref().map(|output| output.as_fd())
    }

    /// Reads some of what it has printed; nothing where there is none for now.
    pub fn printed<'a>(&mut self, chunk: &'a mut [u8]) -> &'a [u8] {
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

    /// Reads the answer as far as it is there.
    pub fn answer(&mut self) -> Answer {
        loop {
            let mut chunk = [0; 1024];
            match self.read(&mut chunk) {
                Ok(Some(count)) => self.text.extend_from_slice(&chunk[..count]),
                Ok(None) => return Answer::Pending,
                Err(None) => return Answer::Errors(lines(&self.text)),
                Err(Some(error)) => return Answer::Errors(vec![error]),
            }
            if let Some(rest) = self.text.strip_prefix(b"ready\n") {
                self.hearing = Some(Hearing::new(rest));
                self.text = Vec::new();
                return Answer::Ready;
            }
            self.text.truncate(MOST_ERROR_BYTES);
        }
    }

    /// What an engine that is ready has said about its components since.
    pub fn news(&mut self) -> Vec<News> {
        for _ in 0..READS_PER_TURN {
            let mut chunk = [0; 4096];
            let Ok(Some(count)) = self.read(&mut chunk) else {
                break;
            };
            if let Some(hearing) = &mut self.hearing {
                hearing.take(&chunk[..count]);
            }
        }
        self.hearing.as_mut().map_or_else(Vec::new, Hearing::news)
    }

    /// Bytes, or none as yet, or an end of it all: in silence, or with an error.
    fn read(&mut self, chunk: &mut [u8]) -> Result<Option<usize>, Option<String>> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(None);
        };
        let end = match pipe.read(chunk) {
            Ok(0) => None,
            Ok(count) => return Ok(Some(count)),
            Err(error) if is_passing(&error) => return Ok(None),
            Err(error) => Some(format!("cannot hear the engine: {error}")),
        };
        self.pipe = None;
        Err(end)
    }

    pub fn terminate(&self) {
        process::kill(self.pid, libc::SIGTERM);
    }

    pub fn kill(&self) {
        process::kill(self.pid, libc::SIGKILL);
    }
}

fn lines(text: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(text)
        .lines()
        .map(String::from)
        .collect()
}
