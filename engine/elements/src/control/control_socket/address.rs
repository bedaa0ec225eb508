//! Where a ControlSocket listens, and the streams that come of it.

use super::inherited;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use weft_lang::NoNames;
use weft_lang::value::{TcpPort, Value};

/// Ports tried after the first when the next free one is wanted.
const MORE_PORTS: u16 = 11;
/// Longest name of a Unix socket, with the zero behind it.
const LONGEST_NAME: usize = 108;

/// Where a socket is, or comes from.
#[derive(Clone, Debug)]
pub enum Address {
    /// A TCP port.
    Tcp {
        /// Its number.
        port: u16,
        /// Whether the next free one will do.
        or_next: bool,
        /// Whether only this host may connect.
        localhost: bool,
    },
    /// A file.
    Unix(PathBuf),
    /// A connected socket, inherited.
    Connected(i32),
    /// A listening Unix socket, inherited.
    Listening(i32),
}

impl Address {
    /// The TCP port `text`: a number or service, or a number and `+`.
    pub fn tcp(text: &str, localhost: bool) -> Result<Self, String> {
        let (number, or_next) = match text.strip_suffix('+') {
            Some(number) => (number, true),
            None => (text, false),
        };
        let port = match TcpPort::parse(number, &NoNames) {
            Ok(TcpPort(port)) if port > 0 || !or_next => port,
            _ => return Err("PORT requires TCP port".to_string()),
        };
        Ok(Address::Tcp {
            port,
            or_next,
            localhost,
        })
    }

    /// The Unix socket called `name`.
    pub fn unix(name: &str) -> Result<Self, String> {
        match name.len() >= LONGEST_NAME {
            true => Err("filename too long".to_string()),
            false => Ok(Address::Unix(name.into())),
        }
    }

    /// Listens there; a connected socket is ready at once.
    pub fn open(&self) -> Result<Listener, String> {
        match self {
            Address::Tcp {
                port,
                or_next,
                localhost,
            } => listen_tcp(*port, *or_next, *localhost),
            Address::Unix(name) => UnixListener::bind(name)
                .and_then(unix_listener)
                .map_err(|e| failed("bind", &e)),
            Address::Connected(fd) => inherited::copy(*fd)
                .and_then(|fd| Stream::unix(fd.into()))
                .map(Listener::Stream)
                .map_err(|e| failed("socket", &e)),
            Address::Listening(fd) => inherited::copy(*fd)
                .and_then(|fd: OwnedFd| unix_listener(fd.into()))
                .map_err(|e| failed("socket", &e)),
        }
    }

    /// Learns the port that was free.
    pub fn settle(&mut self, listener: &Listener) {
        if let (Address::Tcp { port, .. }, Listener::Tcp(socket)) = (self, listener)
            && let Ok(address) = socket.local_addr()
        {
            *port = address.port();
        }
    }

    /// Whether a socket opened for `other` serves this one as well.
    pub fn is_same(&self, other: &Address) -> bool {
        match (self, other) {
            (Address::Tcp { port, or_next, .. }, Address::Tcp { port: open, .. }) => {
                port == open || *or_next
            }
            (Address::Unix(a), Address::Unix(b)) => a == b,
            (Address::Connected(a), Address::Connected(b)) => a == b,
            (Address::Listening(a), Address::Listening(b)) => a == b,
            _ => false,
        }
    }

    /// Takes the socket's file away, if it has one.
    pub fn remove(&self) {
        if let Address::Unix(name) = self {
            // Somebody may have removed it already.
            let _ = std::fs::remove_file(name);
        }
    }

    /// Name and value of the handler that tells it.
    pub fn own_handler(&self) -> (&'static str, String) {
        match self {
            Address::Tcp { .. } => ("port", self.to_string()),
            Address::Unix(_) => ("filename", self.to_string()),
            _ => ("", String::new()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { port, .. } => write!(f, "{port}"),
            Address::Unix(name) => write!(f, "{}", name.display()),
            Address::Connected(fd) | Address::Listening(fd) => write!(f, "{fd}"),
        }
    }
}

fn listen_tcp(port: u16, or_next: bool, localhost: bool) -> Result<Listener, String> {
    let host = match localhost {
        true => Ipv4Addr::LOCALHOST,
        false => Ipv4Addr::UNSPECIFIED,
    };
    let last = if or_next {
        port.saturating_add(MORE_PORTS)
    } else {
        port
    };
    let mut outcome = TcpListener::bind((host, port));
    for next in port.saturating_add(1)..=last {
        match outcome {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                outcome = TcpListener::bind((host, next));
            }
            _ => break,
        }
    }
    let socket = outcome.map_err(|e| failed("bind", &e))?;
    socket
        .set_nonblocking(true)
        .map_err(|e| failed("socket", &e))?;
    Ok(Listener::Tcp(socket))
}

fn unix_listener(socket: UnixListener) -> io::Result<Listener> {
    socket.set_nonblocking(true)?;
    Ok(Listener::Unix(socket))
}

fn failed(call: &str, error: &io::Error) -> String {
    format!("{call}: {}", crate::control::reason(error))
}

/// An open socket.
#[derive(Debug)]
pub enum Listener {
    /// Listens for TCP connections.
    Tcp(TcpListener),
    /// Listens for Unix connections.
    Unix(UnixListener),
    /// Is a connection itself.
    Stream(Stream),
}

impl Listener {
    /// Its descriptor.
    pub fn descriptor(&self) -> RawFd {
        match self {
            Listener::Tcp(socket) => socket.as_raw_fd(),
            Listener::Unix(socket) => socket.as_raw_fd(),
            Listener::Stream(stream) => stream.descriptor(),
        }
    }

    /// The next connection that waits, if one does.
    pub fn accept(&self) -> Result<Option<Stream>, String> {
        let accepted = match self {
            Listener::Tcp(socket) => socket.accept().and_then(|(s, _)| Stream::tcp(s)),
            Listener::Unix(socket) => socket.accept().and_then(|(s, _)| Stream::unix(s)),
            Listener::Stream(_) => return Ok(None),
        };
        match accepted {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(crate::control::reason(&error)),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

impl Stream {
    fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Stream::Tcp(stream))
    }

    fn unix(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Stream::Unix(stream))
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> RawFd {
        match self {
            Stream::Tcp(stream) => stream.as_raw_fd(),
            Stream::Unix(stream) => stream.as_raw_fd(),
        }
    }

    /// " from address.port" of a TCP peer.
    pub fn peer(&self) -> String {
        match self {
            Stream::Tcp(stream) => stream
                .peer_addr()
                .map(|a| format!(" from {}.{}", a.ip(), a.port()))
                .unwrap_or_default(),
            Stream::Unix(_) => String::new(),
        }
    }

    /// Reads what is there.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(into),
            Stream::Unix(stream) => stream.read(into),
        }
    }

    /// Writes what there is room for.
    pub fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(from),
            Stream::Unix(stream) => stream.write(from),
        }
    }
}
