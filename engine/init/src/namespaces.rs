//! From the caller's process to process 1 of namespaces of its own.

use crate::failure::{Attempt, Failure};
use crate::sys::namespace::Network;
use crate::sys::{descriptor, process};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;

/// Which process goes on after [`enter`].
pub enum Side {
    /// The caller's child: it waits for process 1 to report, then ends.
    Outer(Outer),
    /// Process 1.
    Inner(Inner),
}

/// The end of the outer process.
pub struct Outer {
    pid: i32,
    reported: File,
}

/// The end of process 1.
pub struct Inner {
    /// The number of this process outside.
    pub pid: i32,
    report: File,
}

/// Makes the namespaces, but for that of networks where one is given, and forks process 1 into them.
pub fn enter(network: Option<&Network>) -> Result<Side, Failure> {
    const STAGE: &str = "namespaces";
    let (reported, report) = descriptor::pipe().attempt(STAGE, "make a pipe")?;
    let (number, tell_number) = descriptor::pipe().attempt(STAGE, "make a pipe")?;
    if let Some(network) = network {
        network
            .enter()
            .attempt(STAGE, "enter the network namespace given")?;
    }
    process::leave_namespaces(network.is_none()).attempt(
        STAGE,
        "make network, mount, pid, ipc and uts namespaces (it takes root)",
    )?;
    match process::fork().attempt(STAGE, "fork process 1")? {
        process::Fork::Parent(pid) => {
            let told = File::from(tell_number).write_all(&pid.to_ne_bytes());
            told.attempt(STAGE, "tell process 1 its number")?;
            Ok(Side::Outer(Outer {
                pid,
                reported: reported.into(),
            }))
        }
        process::Fork::Child => {
            let mut pid = [0; 4];
            drop(tell_number);
            File::from(number)
                .read_exact(&mut pid)
                .attempt(STAGE, "learn the number of process 1")?;
            Ok(Side::Inner(Inner {
                pid: i32::from_ne_bytes(pid),
                report: report.into(),
            }))
        }
    }
}

impl Outer {
    /// Waits until process 1 has reported; gives the exit status, or why there was no report.
    pub fn wait(mut self) -> Result<i32, Failure> {
        let mut code = [0];
        if self.reported.read_exact(&mut code).is_ok() {
            return Ok(i32::from(code[0]));
        }
        process::kill(self.pid, libc::SIGKILL);
        process::wait(self.pid);
        Err(Failure::new(
            "namespaces",
            "process 1 of the sandbox ended before it reported",
        ))
    }
}

impl Inner {
    /// Lets the outer process end with this exit status.
    pub fn release_outer(&mut self, code: u8) {
        // Where it is gone already, nobody waits.
        let _ = self.report.write_all(&[code]);
    }

    /// Becomes a proper process 1: no terminal, no input, output to the log.
    pub fn detach(&self, log: &File, hostname: &str) -> Result<(), Failure> {
        const STAGE: &str = "namespaces";
        process::set_name(c"weft-init");
        process::new_session().attempt(STAGE, "leave the terminal session")?;
        let null = File::open("/dev/null").attempt(STAGE, "open /dev/null")?;
        let output = |target| descriptor::duplicate_onto(log.as_fd(), target);
        descriptor::duplicate_onto(null.as_fd(), 0)
            .and_then(|()| output(1))
            .and_then(|()| output(2))
            .attempt(STAGE, "redirect the standard streams")?;
        process::set_host_name(hostname).attempt(STAGE, format!("set host name '{hostname}'"))
    }
}
