//! # ControlSocket(TYPE, PORT | FILENAME | FD, *keywords* READONLY, PROXY, VERBOSE, LOCALHOST, RETRIES, RETRY_WARNINGS)
//!
//! Lets other programs read and write handlers, by protocol `Click::ControlSocket/1.3`.
//!
//! Any number of clients may be connected; one that sends half a command, or does not read its
//! answers, holds up neither packets nor other clients. Commands are lines, ended by CR, LF or
//! both; upper and lower case are the same:
//!
//! - `READ handler [parameter...]`, `READDATA handler n`, `READUNTIL handler [end]`: reads; the
//!   parameter stands on the line, in the *n* bytes after it, or in the lines up to `end`.
//! - `WRITE handler [value...]`, `WRITEDATA handler n`, `WRITEUNTIL handler [end]`: writes.
//! - `CHECKREAD handler`, `CHECKWRITE handler`: whether that would be possible.
//! - `HELP`, `QUIT`.
//!
//! Answers begin with 200 (done), 500 and 501 (not understood), 510 (no such element), 511 (no such
//! handler), 520 and 590 (the handler refused) or 530 (not allowed).
//!
//! ## Ports
//! None.
//!
//! ## Arguments
//! - `TYPE` *string*: `TCP`, `UNIX`; `SOCKET` for a connected, `LISTENER` for a listening Unix
//!   socket that the engine was started with.
//! - `PORT` *TCP port*: where to listen; `8000+` means the first free port from 8000.
//! - `FILENAME` *filename*: the Unix socket.
//! - `FD` *integer*: the inherited socket.
//! - `READONLY` *boolean* (false): refuses to write.
//! - `PROXY` *element*: handlers are looked for at this element, under their full names.
//! - `VERBOSE` *boolean* (false): tells of connections opened and closed.
//! - `LOCALHOST` *boolean* (false): listens at 127.0.0.1 only.
//! - `RETRIES` *integer* (0): how often to try again, every second, when the socket cannot be had.
//! - `RETRY_WARNINGS` *boolean* (true): whether to tell of it.
//!
//! ## Handlers
//! - `port` (r): the TCP port; with `TYPE TCP`.
//! - `filename` (r): the Unix socket; with `TYPE UNIX`.
//!
//! Connections survive a hot swap to a ControlSocket of the same name and address.
//!
//! ## Example
//! ```click
//! ControlSocket(UNIX, /tmp/control);
//! ControlSocket(TCP, 8000, LOCALHOST true, READONLY true);
//! ```
//!
//! ## See also
//! Script

mod address;
mod client;
mod commands;
mod inherited;
mod session;

use address::{Address, Listener};
use client::{Client, Next};
use commands::Rights;
use std::os::fd::RawFd;
use weft_core::{
    Batch, Built, Class, Configure, Element, ElementId, Handler, Interest, Place, Router, SECOND,
    Value, argument, downcast, reader,
};
use weft_lang::value::{ElementName, Word};

/// Registers ControlSocket.
pub static CLASS: Class = Class {
    ports: "0/0",
    arguments: &[
        argument(
            "TYPE",
            Place::Mandatory,
            "TCP, UNIX, SOCKET or LISTENER",
            "",
        ),
        argument("PORT", Place::Optional, "TCP port", ""),
        argument("FILENAME", Place::Optional, "filename", ""),
        argument("FD", Place::Optional, "integer", ""),
        argument("READONLY", Place::Keyword, "boolean", "false"),
        argument("PROXY", Place::Keyword, "element", ""),
        argument("VERBOSE", Place::Keyword, "boolean", "false"),
        argument("LOCALHOST", Place::Keyword, "boolean", "false"),
        argument("RETRIES", Place::Keyword, "integer", "0"),
        argument("RETRY_WARNINGS", Place::Keyword, "boolean", "true"),
    ],
    fuzz: &["UNIX, control"],
    ..Class::agnostic("ControlSocket", "userlevel", build)
};

static PORT: Handler = reader!(
    ControlSocket,
    "port",
    Value::Unsigned,
    "",
    "The TCP port listened at",
    |s, _, _| Ok(s.address.to_string())
);
static FILENAME: Handler = reader!(
    ControlSocket,
    "filename",
    Value::Text,
    "",
    "The Unix socket listened at",
    |s, _, _| Ok(s.address.to_string())
);

/// The most clients served at a time.
const MOST_CLIENTS: usize = 256;
/// Key of the timer that tells of answered calls.
const ANSWERED: u32 = 1;

struct ControlSocket {
    address: Address,
    rights: Rights,
    verbose: bool,
    retries: i32,
    retry_warnings: bool,
    listener: Option<Listener>,
    clients: Vec<Client>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let kind: String = args.mandatory("TYPE");
    let read_only = args.keyword("READONLY", false);
    let proxy: Option<ElementName> = args.keyword_opt("PROXY");
    let verbose = args.keyword("VERBOSE", false);
    let localhost = args.keyword("LOCALHOST", false);
    let retries = args.keyword("RETRIES", 0);
    let retry_warnings = args.keyword("RETRY_WARNINGS", true);
    if args.has_errors() {
        // What the other arguments mean depends on these.
        args.rest();
        return Err(args.complete().err().unwrap_or_default());
    }
    let address = match kind.to_ascii_uppercase().as_str() {
        "TCP" => {
            let port: Word = args.mandatory("PORT");
            Address::tcp(&port.0, localhost)
        }
        "UNIX" => {
            let name: weft_lang::value::Filename = args.mandatory("FILENAME");
            Address::unix(&name.0)
        }
        "SOCKET" => Ok(Address::Connected(args.mandatory("FD"))),
        "LISTENER" => Ok(Address::Listening(args.mandatory("FD"))),
        _ => return Err(vec![format!("unknown socket type '{kind}'")]),
    };
    args.complete()?;
    let proxy: Option<ElementId> = proxy.and_then(|p| configure.element(&p.0));
    Ok(Box::new(ControlSocket {
        address: address.map_err(|problem| vec![problem])?,
        rights: Rights { read_only, proxy },
        verbose,
        retries,
        retry_warnings,
        listener: None,
        clients: Vec::new(),
    }))
}

impl ControlSocket {
    /// Opens the socket. `Ok(false)`: not yet, it will be tried again.
    fn open(&mut self, router: &mut Router) -> Result<bool, String> {
        self.retries -= 1;
        let problem = match self.address.open() {
            Ok(Listener::Stream(stream)) => {
                self.greet(stream, router);
                return Ok(true);
            }
            Ok(listener) => {
                router.watch(listener.descriptor(), Interest::Read);
                self.address.settle(&listener);
                self.listener = Some(listener);
                return Ok(true);
            }
            Err(problem) => problem,
        };
        if self.retries < 0 {
            return Err(problem);
        }
        if self.retry_warnings {
            let left = self.retries + 1;
            let tries = if left == 1 { "try" } else { "tries" };
            let warning = format!("warning: {problem} ({left} {tries} left)");
            router.console.line(&warning);
        }
        let next = router.clock.refresh() + SECOND;
        router.set_timer(0, next);
        Ok(false)
    }

    /// Serves a new client.
    fn greet(&mut self, stream: address::Stream, router: &mut Router) {
        let client = Client::new(stream);
        if self.verbose {
            let from = client.peer();
            let text = format!("opened connection {}{from}", client.descriptor());
            self.tell(router, &text);
        }
        let fd = client.descriptor();
        self.clients.push(client);
        router.watch(fd, Interest::Both);
    }

    fn tell(&self, router: &mut Router, text: &str) {
        let name = router.own_name();
        let line = format!("{name} :: ControlSocket: {text}");
        router.console.line(&line);
    }

    fn accept(&mut self, router: &mut Router) {
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok(Some(stream)) if self.clients.len() < MOST_CLIENTS => self.greet(stream, router),
                Ok(Some(_refused)) => {}
                Ok(None) => return,
                Err(problem) => return self.tell(router, &format!("accept: {problem}")),
            }
        }
    }

    fn serve(&mut self, fd: RawFd, router: &mut Router) {
        let Some(index) = self.clients.iter().position(|c| c.descriptor() == fd) else {
            return router.unwatch(fd);
        };
        let own = self.address.own_handler();
        match self.clients[index].serve(router, &self.rights, &own) {
            Next::Descriptor(interest) => router.watch(fd, interest),
            Next::Answer => router.unwatch(fd),
            Next::Gone => {
                router.unwatch(fd);
                drop(self.clients.swap_remove(index));
                if self.verbose {
                    self.tell(router, &format!("closed connection {fd}"));
                }
            }
        }
    }
}

impl Element for ControlSocket {
    /// Never called: there are no ports.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        if router.is_successor() {
            // The socket is still the old graph's: take_state gets it, or the timer opens another.
            let now = router.clock.refresh();
            router.set_timer(0, now);
            return Ok(());
        }
        self.open(router).map(|_| ())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let Ok(old) = downcast::<ControlSocket>(old) else {
            return;
        };
        if !self.address.is_same(&old.address) {
            return;
        }
        self.address = old.address.clone();
        self.listener = old.listener.take();
        self.clients = std::mem::take(&mut old.clients);
        if let Some(listener) = &self.listener {
            router.watch(listener.descriptor(), Interest::Read);
        }
        for client in &self.clients {
            router.watch(client.descriptor(), Interest::Both);
        }
        router.clear_timer(0);
    }

    fn timer(&mut self, key: u32, router: &mut Router) {
        if key == ANSWERED {
            let waiting = self.clients.iter().filter(|c| c.is_waiting());
            let descriptors: Vec<RawFd> = waiting.map(Client::descriptor).collect();
            return descriptors
                .into_iter()
                .for_each(|fd| self.serve(fd, router));
        }
        if self.listener.is_none()
            && let Err(problem) = self.open(router)
        {
            router.console.line(&problem);
            router.request_stop();
        }
    }

    fn ready(&mut self, fd: RawFd, router: &mut Router) {
        if self.listener.as_ref().map(Listener::descriptor) == Some(fd) {
            self.accept(router);
        } else {
            self.serve(fd, router);
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        for mut client in self.clients.drain(..) {
            client.flush();
            client.forget(router);
            router.unwatch(client.descriptor());
        }
        if let Some(listener) = self.listener.take() {
            router.unwatch(listener.descriptor());
            self.address.remove();
        }
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        match self.address {
            Address::Tcp { .. } => vec![("port".to_string(), &PORT)],
            Address::Unix(_) => vec![("filename".to_string(), &FILENAME)],
            _ => Vec::new(),
        }
    }
}
