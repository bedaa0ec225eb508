//! # ComponentListener([FILENAME, *keywords* LISTENER, REPORT])
//!
//! Listens for processes that want to be components of this graph, and leads each to the Component
//! of its key. One whose Component is not there yet is kept waiting: a new graph may have it.
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `FILENAME` *filename*: the Unix socket to make; only processes of the engine's user may connect.
//! - `LISTENER` *integer*: a listening Unix socket that the engine was started with, instead.
//! - `REPORT` *integer*: a pipe on which a line tells whoever started the engine of every process:
//!   `component KEY waiting`, `ready`, `gone REASON`, or `kill REASON` when it is to be ended.
//!
//! ## Handlers
//! - `waiting` (r): keys of the processes that are kept waiting, a line each.
//!
//! ## Example
//! ```click
//! ComponentListener(/tmp/components);
//! InfiniteSource -> Component(filter) -> Discard;
//! ```
//!
//! ## See also
//! Component

use super::component::{Applicant, CLAIM, Component};
use std::io::Write;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use weft_component::{Decoder, Message, Socket, accept, bind, listen_on};
use weft_core::{
    Batch, Built, Class, Configure, Element, ElementId, Interest, Place, Router, Value, argument,
    downcast, reader,
};
use weft_io::reason;
use weft_lang::value::Filename;

/// Registers ComponentListener.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[
        argument("FILENAME", Place::Optional, "filename", ""),
        argument("LISTENER", Place::Keyword, "integer", ""),
        argument("REPORT", Place::Keyword, "integer", ""),
    ],
    handlers: &[reader!(
        ComponentListener,
        "waiting",
        Value::Lines,
        "",
        "Keys of the processes kept waiting",
        |l, _, _| Ok(l
            .applicants
            .iter()
            .map(|a| format!("{}\n", a.hello.name))
            .collect())
    )],
    fuzz: &["components"],
    ..Class::agnostic("ComponentListener", "component", build)
};

/// Processes kept waiting at most, and connections that have not said hello.
const MOST: usize = 64;
/// The same, of one user.
const MOST_OF_ONE: usize = 16;
/// How long a connection may stay silent, in nanoseconds.
const SILENCE: u64 = 5_000_000_000;

struct Stranger {
    socket: Socket,
    decoder: Decoder,
    uid: u32,
    since: u64,
}

pub struct ComponentListener {
    path: Option<PathBuf>,
    inherited: Option<RawFd>,
    report: Option<RawFd>,
    listener: Option<UnixListener>,
    strangers: Vec<Stranger>,
    applicants: Vec<Applicant>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let path: Option<Filename> = args.positional_opt("FILENAME");
    let inherited: Option<RawFd> = args.keyword_opt("LISTENER");
    let report: Option<RawFd> = args.keyword_opt("REPORT");
    args.complete()?;
    if path.is_some() == inherited.is_some() {
        return Err(vec!["either FILENAME or LISTENER is needed".to_string()]);
    }
    let others = (0..configure.id).any(|id| configure.class_of(id).name == CLASS.name);
    if others {
        return Err(vec!["a graph has one ComponentListener".to_string()]);
    }
    Ok(Box::new(ComponentListener {
        path: path.map(|p| p.0.into()),
        inherited,
        report,
        listener: None,
        strangers: Vec::new(),
        applicants: Vec::new(),
    }))
}

/// The graph's listener, or the other element of a class of which there is one.
fn find(name: &str, router: &Router) -> Option<ElementId> {
    (0..router.all_elements()).find(|&id| router.class(id).name == name)
}

/// Tells whoever started the engine of a component.
pub fn report(key: &str, what: &str, router: &mut Router) {
    let line = format!("component {key} {what}\n");
    if let Some(id) = find(CLASS.name, router) {
        router.with_element::<ComponentListener, _>(id, |l, _| l.tell(&line));
    }
}

/// Lets a process attach that was kept waiting for this component.
pub fn claim(component: &mut Component, router: &mut Router) {
    let Some(id) = find(CLASS.name, router) else {
        return;
    };
    let key = component.key().to_string();
    let waiting = router.with_element::<ComponentListener, _>(id, |l, _| {
        let at = l.applicants.iter().position(|a| a.hello.name == key)?;
        Some(l.applicants.remove(at))
    });
    if let Some(applicant) = waiting.flatten() {
        router.unwatch(applicant.socket.descriptor());
        component.attach(applicant, router);
        // There may be another of the same name.
        router.set_timer_of(router.current(), CLAIM);
    }
}

impl ComponentListener {
    fn tell(&self, line: &str) {
        let Some(fd) = self.report else { return };
        // SAFETY: the descriptor belongs to the process for good; it is not closed here.
        let mut pipe = std::mem::ManuallyDrop::new(unsafe {
            <std::fs::File as std::os::fd::FromRawFd>::from_raw_fd(fd)
        });
        // Whoever does not listen is not told.
        let _ = pipe.write_all(line.as_bytes());
    }

    fn open(&mut self) -> std::io::Result<UnixListener> {
        match (&self.path, self.inherited) {
            (Some(path), _) => bind(path),
            (None, fd) => listen_on(fd.unwrap_or(-1)),
        }
    }

    fn start(&mut self, router: &mut Router) -> Result<(), String> {
        let listener = self.open().map_err(|error| {
            let place = self
                .path
                .as_ref()
                .map_or("LISTENER".into(), |p| p.to_string_lossy());
            format!("{place}: {}", reason(&error))
        })?;
        router.watch(listener.as_raw_fd(), Interest::Read);
        self.listener = Some(listener);
        Ok(())
    }

    fn let_in(&mut self, router: &mut Router) {
        while let Some(listener) = &self.listener {
            let Ok(Some(socket)) = accept(listener) else {
                return;
            };
            let Ok(peer) = socket.peer() else { continue };
            let now = router.clock.refresh();
            self.strangers.retain(|s| {
                let stays = s.since + SILENCE > now;
                if !stays {
                    router.unwatch(s.socket.descriptor());
                }
                stays
            });
            let of_same = self.strangers.iter().filter(|s| s.uid == peer.uid).count();
            if self.strangers.len() >= MOST || of_same >= MOST_OF_ONE {
                continue;
            }
            router.watch(socket.descriptor(), Interest::Read);
            self.strangers.push(Stranger {
                socket,
                decoder: Decoder::default(),
                uid: peer.uid,
                since: now,
            });
        }
    }

    fn hear(&mut self, fd: RawFd, router: &mut Router) {
        if let Some(at) = self
            .applicants
            .iter()
            .position(|a| a.socket.descriptor() == fd)
        {
            // One that waits has nothing to say: it is gone.
            router.unwatch(fd);
            let gone = self.applicants.remove(at);
            return self.tell(&format!(
                "component {} gone component-lost\n",
                gone.hello.name
            ));
        }
        let Some(at) = self
            .strangers
            .iter()
            .position(|s| s.socket.descriptor() == fd)
        else {
            return router.unwatch(fd);
        };
        let mut chunk = [0; 1024];
        let stranger = &mut self.strangers[at];
        let heard = match stranger.socket.read(&mut chunk) {
            Ok(None) => return,
            Ok(Some(0)) | Err(_) => Err(String::new()),
            Ok(Some(count)) => {
                stranger.decoder.hear(&chunk[..count]);
                stranger.decoder.take()
            }
        };
        if matches!(heard, Ok(None)) {
            return;
        }
        router.unwatch(fd);
        let Stranger {
            mut socket,
            decoder,
            uid,
            ..
        } = self.strangers.remove(at);
        match heard {
            Ok(Some(Message::Hello(hello))) => {
                self.lead(
                    Applicant {
                        socket,
                        decoder,
                        hello,
                        uid,
                    },
                    router,
                );
            }
            other => {
                let reason = other
                    .err()
                    .unwrap_or_else(|| "HELLO has to come first".to_string());
                // If it is gone, it needs no reason.
                let _ = socket.write(&Message::Refused(reason).encode());
            }
        }
    }

    /// Leads a process to its component.
    fn lead(&mut self, mut applicant: Applicant, router: &mut Router) {
        if let Err(reason) = applicant.hello.check() {
            return applicant.refuse(&reason);
        }
        let key = applicant.hello.name.clone();
        let component = (0..router.all_elements()).find(|&id| {
            router.class(id).name == super::component::CLASS.name
                && router
                    .look_at(id, |c: &Component| c.key() == key)
                    .unwrap_or(false)
        });
        match component {
            Some(id) => {
                // The component reports through this element once it is back in the graph.
                self.applicants.push(applicant);
                router.set_timer_of(id, CLAIM);
            }
            None => self.keep(applicant, router),
        }
    }

    fn keep(&mut self, mut applicant: Applicant, router: &mut Router) {
        let of_same = self.applicants.iter().filter(|a| a.uid == applicant.uid);
        if self.applicants.len() >= MOST || of_same.count() >= MOST_OF_ONE {
            return applicant.refuse("too many components wait for a graph");
        }
        router.watch(applicant.socket.descriptor(), Interest::Read);
        self.tell(&format!("component {} waiting\n", applicant.hello.name));
        self.applicants.push(applicant);
    }
}

impl Element for ComponentListener {
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        if router.is_successor() {
            // take_state gets the socket.
            return Ok(());
        }
        self.start(router)
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let Ok(old) = downcast::<ComponentListener>(old) else {
            return;
        };
        self.strangers = std::mem::take(&mut old.strangers);
        self.applicants = std::mem::take(&mut old.applicants);
        let sockets = self.strangers.iter().map(|s| s.socket.descriptor());
        for fd in sockets.chain(self.applicants.iter().map(|a| a.socket.descriptor())) {
            router.watch(fd, Interest::Read);
        }
        if (&self.path, self.inherited) == (&old.path, old.inherited) {
            self.listener = old.listener.take();
        }
        match &self.listener {
            Some(listener) => router.watch(listener.as_raw_fd(), Interest::Read),
            None => {
                if let Err(problem) = self.start(router) {
                    router.console.line(&problem);
                }
            }
        }
    }

    fn ready(&mut self, fd: RawFd, router: &mut Router) {
        if self.listener.as_ref().map(AsRawFd::as_raw_fd) == Some(fd) {
            self.let_in(router);
        } else {
            self.hear(fd, router);
        }
    }

    fn cleanup(&mut self, _router: &mut Router) {
        if self.listener.take().is_some()
            && let Some(path) = &self.path
        {
            // It may be gone already.
            let _ = std::fs::remove_file(path);
        }
    }
}
