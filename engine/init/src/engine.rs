//! One engine process: how it is started, and what it says about being ready.

use crate::devices::Devices;
use crate::failure::{Attempt, Failure};
use crate::folder::{RunFolder, read_text};
use crate::spec::Spec;
use crate::sys::{descriptor, process};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Instant;

/// Descriptors an engine may have open.
const DESCRIPTORS: u64 = 4096;
const MOST_ERROR_BYTES: usize = 64 << 10;

/// What every engine of this sandbox is started from.
pub struct Program {
    executable: OwnedFd,
    host_proc: OwnedFd,
    control: UnixListener,
}

impl Program {
    /// Opens what is out of reach once the sandbox's file system is there.
    pub fn open(executable: Option<&Path>, control: UnixListener) -> Result<Self, Failure> {
        let executable = executable.unwrap_or(Path::new("/proc/self/exe"));
        let opening = format!("open the engine's program {}", executable.display());
        Ok(Self {
            executable: descriptor::open_place(executable, 0).attempt("engine", opening)?,
            host_proc: descriptor::open_place(Path::new("/proc"), libc::O_DIRECTORY)
                .attempt("namespaces", "open /proc")?,
            control,
        })
    }

    /// Starts an engine.
    pub fn start(&self, spec: &Spec, folder: &RunFolder, devices: &Devices) -> io::Result<Engine> {
        let (reading, writing) = descriptor::pipe()?;
        descriptor::set_nonblocking(reading.as_fd())?;
        let mut passed = devices.descriptors();
        passed.extend([self.control.as_raw_fd(), writing.as_raw_fd()]);
        let arguments = self.arguments(spec, folder, devices, &writing);
        match process::fork()? {
            process::Fork::Child => {
                let error = self.become_engine(spec, folder, &passed, &arguments);
                let _ = writeln!(File::from(writing), "cannot start the engine: {error}");
                process::exit_now(127)
            }
            process::Fork::Parent(pid) => Ok(Engine {
                pid,
                outer_pid: self.outer_number(pid).ok(),
                since: Instant::now(),
                ready: Some(Ready {
                    pipe: reading.into(),
                    text: Vec::new(),
                }),
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
        arguments: &[String],
    ) -> io::Error {
        let data = folder.data();
        let prepare = || -> io::Result<()> {
            process::reset_signals()?;
            process::lower_limit(libc::RLIMIT_CORE, 0)?;
            process::lower_limit(libc::RLIMIT_NOFILE, DESCRIPTORS)?;
            std::env::set_current_dir(&data)?;
            process::give_up_privileges(spec.uid, spec.gid)?;
            passed
                .iter()
                .try_for_each(|fd| descriptor::set_close_on_exec(*fd, false))
        };
        if let Err(error) = prepare() {
            return error;
        }
        let home = format!("HOME={}", data.display());
        process::execute(
            self.executable.as_fd(),
            arguments,
            &[home, "PATH=/usr/bin:/bin".into()],
        )
    }

    /// The number of a child of ours as the host's `/proc` has it.
    fn outer_number(&self, pid: i32) -> io::Result<i32> {
        let stands_for_it = process::process_descriptor(pid)?;
        let facts = format!("self/fdinfo/{}", stands_for_it.as_raw_fd());
        let text = read_text(&self.host_proc, &facts)?;
        let number = text.lines().find_map(|line| line.strip_prefix("Pid:"));
        number
            .and_then(|number| number.trim().parse().ok())
            .ok_or(io::ErrorKind::InvalidData.into())
    }
}

/// A running engine.
pub struct Engine {
    /// Its number in the sandbox.
    pub pid: i32,
    /// Its number outside, if that is known.
    pub outer_pid: Option<i32>,
    /// When it was started.
    pub since: Instant,
    ready: Option<Ready>,
}

struct Ready {
    pipe: File,
    text: Vec<u8>,
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
    /// The pipe to wait at, until the answer is there.
    pub fn ready_pipe(&self) -> Option<BorrowedFd<'_>> {
        self.ready.as_ref().map(|ready| ready.pipe.as_fd())
    }

    /// Reads the answer as far as it is there.
    pub fn answer(&mut self) -> Answer {
        let Some(ready) = &mut self.ready else {
            return Answer::Pending;
        };
        let answer = ready.read();
        if answer != Answer::Pending {
            self.ready = None;
        }
        answer
    }

    pub fn terminate(&self) {
        process::kill(self.pid, libc::SIGTERM);
    }

    pub fn kill(&self) {
        process::kill(self.pid, libc::SIGKILL);
    }
}

impl Ready {
    fn read(&mut self) -> Answer {
        let mut chunk = [0; 1024];
        loop {
            match self.pipe.read(&mut chunk) {
                Ok(0) => return Answer::Errors(lines(&self.text)),
                Ok(count) => self.text.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Answer::Pending,
                Err(error) => {
                    return Answer::Errors(vec![format!("cannot hear the engine: {error}")]);
                }
            }
            if self.text == b"ready\n" {
                return Answer::Ready;
            }
            self.text.truncate(MOST_ERROR_BYTES);
        }
    }
}

fn lines(text: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(text)
        .lines()
        .map(String::from)
        .collect()
}
