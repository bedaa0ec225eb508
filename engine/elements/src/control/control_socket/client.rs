//! One client of a ControlSocket: bytes in, bytes out, never waiting.

use super::address::Stream;
use super::commands::Rights;
use super::session::Session;
use std::io::ErrorKind;
use std::os::fd::RawFd;
use weft_core::{Interest, Router};

/// What a client waits for.
pub enum Next {
    /// Its descriptor.
    Descriptor(Interest),
    /// The answer to its call.
    Answer,
    /// Nothing more.
    Gone,
}

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;
/// Commands run at a time, so that packets and other clients have their turn.
const COMMANDS: usize = 16;
/// Bytes of answers that may wait before no further command is run.
const MOST_WAITING: usize = 256 << 10;

/// A connection and how far its conversation has come.
pub struct Client {
    stream: Stream,
    session: Session,
    /// The peer takes no more answers.
    deaf: bool,
}

impl Client {
    /// A client to be greeted.
    pub fn new(stream: Stream) -> Self {
        Client {
            stream,
            session: Session::new(),
            deaf: false,
        }
    }

    /// The descriptor to watch.
    pub fn descriptor(&self) -> RawFd {
        self.stream.descriptor()
    }

    /// Where it calls from, for messages.
    pub fn peer(&self) -> String {
        self.stream.peer()
    }

    /// Reads, runs commands, writes; gives what to wait for, or nothing once it is over.
    pub fn serve(&mut self, router: &mut Router, rights: &Rights, own: &(&str, String)) -> Next {
        let has_room = |s: &Session| s.waiting().len() < MOST_WAITING;
        let hears = |s: &Session| has_room(s) && !s.is_waiting();
        if hears(&self.session) {
            self.read();
        }
        let mut more = true;
        for _ in 0..COMMANDS {
            // What follows a new configuration is for the new graph.
            if more && has_room(&self.session) && !router.is_swap_pending() {
                more = self.session.step(router, rights, own);
            }
        }
        self.flush();
        let waiting = !self.session.waiting().is_empty();
        if self.deaf || (self.session.is_over() && !waiting) {
            self.session.forget(router);
            return Next::Gone;
        }
        if self.session.is_waiting() && !waiting {
            return Next::Answer;
        }
        let reads = !self.session.is_ended() && hears(&self.session);
        // With commands left, being able to write is as good a reason to come back as any.
        match (reads, waiting || more) {
            (true, false) => Next::Descriptor(Interest::Read),
            (true, true) => Next::Descriptor(Interest::Both),
            (false, _) => Next::Descriptor(Interest::Write),
        }
    }

    /// Whether a call of this client is being answered.
    pub fn is_waiting(&self) -> bool {
        self.session.is_waiting()
    }

    /// The client is given up: nobody waits for its call.
    pub fn forget(&mut self, router: &mut Router) {
        self.session.forget(router);
    }

    fn read(&mut self) {
        let mut chunk = [0; CHUNK];
        match self.stream.read(&mut chunk) {
            Ok(0) => self.session.end(),
            Ok(count) => self.session.hear(&chunk[..count]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.session.end(),
        }
    }

    /// Writes as much as the peer takes.
    pub fn flush(&mut self) {
        while !self.deaf && !self.session.waiting().is_empty() {
            match self.stream.write(self.session.waiting()) {
                Ok(0) => self.deaf = true,
                Ok(count) => self.session.told(count),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.deaf = true,
            }
        }
    }
}
