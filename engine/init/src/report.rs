//! The socket on which the caller is told of the start, and starts it.

use crate::failure::Failure;
use crate::sys::descriptor;
use serde::Serialize;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

const LONGEST_LINE: usize = 4096;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    Sandbox {
        pid: i32,
    },
    Running {
        engine_pid: Option<i32>,
    },
    Resting,
    Failed {
        stage: &'a str,
        errors: &'a [String],
    },
}

/// What the caller has said.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing complete yet.
    Nothing,
    /// The interfaces are there: go on.
    Start,
    /// They are there, and the function is to be started later, by an order.
    Rest,
    /// The caller has gone.
    Closed,
    /// Something that is no order.
    Nonsense(String),
}

/// Our end of the report socket.
pub struct Report {
    socket: UnixStream,
    input: Vec<u8>,
}

impl Report {
    /// Takes over the descriptor the caller passed.
    pub fn adopt(fd: i32) -> io::Result<Self> {
        let socket = UnixStream::from(descriptor::adopt_socket(fd)?);
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            input: Vec::new(),
        })
    }

    /// The namespaces are there; `pid` leads to them.
    pub fn sandbox(&mut self, pid: i32) {
        self.tell(&Event::Sandbox { pid });
    }

    /// Packets are processed.
    pub fn running(&mut self, engine_pid: Option<i32>) {
        self.tell(&Event::Running { engine_pid });
    }

    /// All is there that a start needs.
    pub fn resting(&mut self) {
        self.tell(&Event::Resting);
    }

    /// Nothing is there any more, and why.
    pub fn failed(&mut self, failure: &Failure) {
        self.tell(&Event::Failed {
            stage: failure.stage,
            errors: &failure.errors,
        });
    }

    fn tell(&mut self, event: &Event<'_>) {
        let mut line = serde_json::to_vec(event).unwrap_or_default();
        line.push(b'\n');
        // A caller who has gone, or never reads, shows when it is listened to.
        let _ = self.socket.write_all(&line);
    }

    /// Reads what the caller has sent.
    pub fn listen(&mut self) -> Said {
        let mut chunk = [0; 512];
        loop {
            match self.socket.read(&mut chunk) {
                Ok(0) => return Said::Closed,
                Ok(count) => self.input.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Said::Nothing,
                Err(_) => return Said::Closed,
            }
            if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                return understand(&line[..end]);
            }
            if self.input.len() > LONGEST_LINE {
                return Said::Nonsense(format!("a line longer than {LONGEST_LINE} bytes"));
            }
        }
    }
}

impl AsFd for Report {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn understand(line: &[u8]) -> Said {
    let value: Result<serde_json::Value, _> = serde_json::from_slice(line);
    match value.as_ref().ok().and_then(|value| value["op"].as_str()) {
        Some("start") => Said::Start,
        Some("rest") => Said::Rest,
        _ => Said::Nonsense(String::from_utf8_lossy(line).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::IntoRawFd;

    fn pair() -> (UnixStream, Report) {
        let (caller, ours) = UnixStream::pair().unwrap();
        (caller, Report::adopt(ours.into_raw_fd()).unwrap())
    }

    #[test]
    fn events_are_lines_of_json() {
        let (mut caller, mut report) = pair();
        report.sandbox(7);
        report.running(Some(9));
        report.failed(&Failure::new("devices", "no \"in\""));
        drop(report);
        let mut text = String::new();
        caller.read_to_string(&mut text).unwrap();
        assert_eq!(
            text,
            "{\"event\":\"sandbox\",\"pid\":7}\n{\"event\":\"running\",\"engine_pid\":9}\n\
             {\"event\":\"failed\",\"stage\":\"devices\",\"errors\":[\"no \\\"in\\\"\"]}\n"
        );
    }

    #[test]
    fn start_is_understood_even_in_pieces() {
        let (mut caller, mut report) = pair();
        assert_eq!(report.listen(), Said::Nothing);
        caller.write_all(b"{\"op\":").unwrap();
        assert_eq!(report.listen(), Said::Nothing);
        caller.write_all(b"\"start\"}\n").unwrap();
        assert_eq!(report.listen(), Said::Start);
        drop(caller);
        assert_eq!(report.listen(), Said::Closed);
    }

    #[test]
    fn anything_else_is_nonsense() {
        let (mut caller, mut report) = pair();
        caller.write_all(b"go\n").unwrap();
        assert_eq!(report.listen(), Said::Nonsense("go".into()));
        caller.write_all(&[b'x'; LONGEST_LINE + 512]).unwrap();
        assert!(matches!(report.listen(), Said::Nonsense(_)));
    }
}
