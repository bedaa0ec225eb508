//! One client of the socket for orders: its lines in, its answers out, both bounded.

use crate::orders::{ClientId, Order, Refusal};
use serde::Serialize;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

/// Of one line, and of answers a client has not read.
pub const MOST_BYTES: usize = 64 << 10;

/// A connected client.
pub struct Client {
    pub id: ClientId,
    socket: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// An order of it is being carried out.
    waits: bool,
    /// It sends no more.
    ended: bool,
    /// Nothing can be exchanged with it any more.
    broken: bool,
}

impl Client {
    pub fn new(id: ClientId, socket: UnixStream) -> Self {
        Self {
            id,
            socket,
            input: Vec::new(),
            output: Vec::new(),
            waits: false,
            ended: false,
            broken: false,
        }
    }

    /// What to wait for.
    pub fn events(&self) -> i16 {
        let listens = !self.ended && self.input.len() < MOST_BYTES;
        let reads = if listens { libc::POLLIN } else { 0 };
        let writes = if self.output.is_empty() {
            0
        } else {
            libc::POLLOUT
        };
        reads | writes
    }

    /// Whether nothing is left to exchange.
    pub fn is_done(&self) -> bool {
        let silent = self.output.is_empty() && !self.waits && !self.input.contains(&b'\n');
        self.broken || (self.ended && silent)
    }

    /// Reads and writes what can be.
    pub fn exchange(&mut self, ready: i16) {
        if ready & (libc::POLLERR | libc::POLLNVAL) != 0 {
            self.broken = true;
        }
        if ready & libc::POLLIN != 0 {
            self.read();
        } else if ready & libc::POLLHUP != 0 {
            self.broken = true;
        }
        if ready & libc::POLLOUT != 0 {
            self.flush();
        }
    }

    fn read(&mut self) {
        let mut chunk = [0; 4096];
        match self.socket.read(&mut chunk) {
            Ok(0) => self.ended = true,
            Ok(count) => self.input.extend_from_slice(&chunk[..count]),
            Err(error) if is_passing(&error) => {}
            Err(_) => self.broken = true,
        }
        if self.input.len() >= MOST_BYTES && !self.input.contains(&b'\n') {
            self.say(&Refusal::new(format!(
                "line longer than {MOST_BYTES} bytes"
            )));
            self.input = Vec::new();
            self.ended = true;
        }
    }

    fn may_order(&self) -> bool {
        !self.waits && !self.broken && self.output.len() < MOST_BYTES
    }

    /// Whether an order could be taken now.
    pub fn has_order(&self) -> bool {
        self.may_order() && self.input.contains(&b'\n')
    }

    /// Whether an order of it is being carried out.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// Number of its socket.
    pub fn number(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// How much of its lines and of its answers is held for it.
    #[cfg(test)]
    pub fn held_bytes(&self) -> (usize, usize) {
        (self.input.len(), self.output.len())
    }

    /// The next order, for which it then waits; other lines are refused.
    pub fn take(&mut self) -> Option<Order> {
        while self.may_order() {
            let end = self.input.iter().position(|byte| *byte == b'\n')?;
            let line: Vec<u8> = self.input.drain(..=end).collect();
            if self.input.is_empty() {
                // What a long line took is given back.
                self.input = Vec::new();
            }
            match Order::parse(&line[..end]) {
                Ok(order) => {
                    self.waits = true;
                    return Some(order);
                }
                Err(error) => self.say(&Refusal::new(error)),
            }
        }
        None
    }

    fn say(&mut self, answer: &impl Serialize) {
        self.output
            .extend(serde_json::to_vec(answer).unwrap_or_default());
        self.output.push(b'\n');
        self.flush();
    }

    /// Answers the order it waits for.
    pub fn answer(&mut self, answer: &impl Serialize) {
        self.waits = false;
        self.say(answer);
    }

    fn flush(&mut self) {
        while !self.output.is_empty() {
            match self.socket.write(&self.output) {
                Ok(count) => drop(self.output.drain(..count)),
                Err(error) if is_passing(&error) => return,
                Err(_) => {
                    self.broken = true;
                    return;
                }
            }
        }
        self.output = Vec::new();
    }
}

pub fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
