//! Packet sockets (AF_PACKET), the way to any Linux interface.
//!
//! The two sockets of a device may come from outside (process 1 of a sandbox opens them, unbound),
//! or are opened here; from then on there is no difference.

mod messages;
mod receiver;
mod ring;
mod sender;
mod socket;

use crate::driver::Driver;
use crate::method::Opening;
use crate::reason;
use receiver::{Pair, Receiver};
use sender::Sender;
use socket::{Socket, interface_names};
use std::io;
use std::os::fd::RawFd;

/// Receive buffer asked for, in bytes; the system may grant less.
const RECEIVE_BUFFER: i32 = 4 << 20;

/// Name of the method.
pub const NAME: &str = "af_packet";

/// Why packet sockets cannot be used here, if so.
///
/// # Errors
/// What is missing.
pub fn probe(opening: &Opening<'_>) -> Result<(), String> {
    if opening.sockets.is_some() {
        return Ok(());
    }
    Socket::open()
        .map(drop)
        .map_err(|e| format!("packet socket: {}", reason(&e)))
}

fn named(device: &str, what: &str, error: &io::Error) -> String {
    format!("{device}: {what}: {}", reason(error))
}

fn is_empty(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn take(given: Option<RawFd>, device: &str) -> Result<Socket, String> {
    let socket = given.map_or_else(Socket::open, Socket::duplicate);
    socket.map_err(|e| named(device, "socket", &e))
}

fn find(socket: &Socket, device: &str) -> Result<i32, String> {
    socket.interface_index(device).map_err(|error| {
        let problem = named(device, "SIOCGIFINDEX", &error);
        let names = interface_names();
        if error.raw_os_error() == Some(libc::ENODEV) && !names.is_empty() {
            format!("{problem} (there are: {})", names.join(", "))
        } else {
            problem
        }
    })
}

/// Has the kernel put its header before each frame; a socket with a ring keeps what it has.
fn use_vnet_header(socket: &Socket, device: &str) -> Result<(), String> {
    if socket.packet(libc::PACKET_VNET_HDR).unwrap_or(0) != 0 {
        return Ok(());
    }
    socket
        .set_packet(libc::PACKET_VNET_HDR, 1)
        .map_err(|e| named(device, "PACKET_VNET_HDR", &e))
}

/// Asks for a large receive buffer, unless whoever opened the socket saw to it.
fn enlarge_buffer(socket: &Socket) {
    // The system tells twice what it was asked for.
    if socket.socket(libc::SO_RCVBUF).unwrap_or(0) >= 2 * RECEIVE_BUFFER {
        return;
    }
    // Without the privilege to exceed the limit the plain option goes as far as allowed.
    let _ = socket
        .set_socket(libc::SO_RCVBUFFORCE, RECEIVE_BUFFER)
        .or_else(|_| socket.set_socket(libc::SO_RCVBUF, RECEIVE_BUFFER));
}

/// Has an interface receive frames to all addresses for as long as the value given lives.
///
/// # Errors
/// When there is no such interface, or it may not be asked to.
pub fn promiscuous(device: &str) -> Result<impl Send + use<>, String> {
    let socket = take(None, device)?;
    let interface = find(&socket, device)?;
    let joined = socket.join_promiscuous(interface);
    joined.map_err(|e| named(device, "promiscuous mode", &e))?;
    Ok(socket)
}

/// What process 1 opened for AF_XDP has no packet sockets.
fn refuse_queues(opening: &Opening<'_>) -> Result<(), String> {
    match opening.queues {
        None => Ok(()),
        Some(_) => Err(format!(
            "{}: it was opened for AF_XDP when the function was started; leave METHOD out, or start \
             the function with another driver",
            opening.device
        )),
    }
}

/// Opens an interface for receiving.
///
/// # Errors
/// When there is no such interface, or it may not be opened.
pub fn open_receiver(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    refuse_queues(opening)?;
    let device = opening.device;
    let quiet = take(opening.sockets.map(|s| s.0), device)?;
    let ring = take(opening.sockets.map(|s| s.1), device)?;
    let interface = find(&quiet, device)?;
    use_vnet_header(&quiet, device)?;
    use_vnet_header(&ring, device)?;
    quiet
        .set_packet(libc::PACKET_AUXDATA, 1)
        .map_err(|e| named(device, "PACKET_AUXDATA", &e))?;
    enlarge_buffer(&quiet);
    if opening.promiscuous {
        quiet
            .join_promiscuous(interface)
            .map_err(|e| named(device, "promiscuous mode", &e))?;
    }
    let protocol = opening.protocol.unwrap_or(libc::ETH_P_ALL as u16);
    let group = bind(&quiet, interface, protocol, opening)?;
    Ok(Box::new(Receiver::new(Pair {
        quiet,
        ring,
        interface,
        protocol,
        group,
    })))
}

/// Binds the socket and makes it the first member of a fanout group, which is given; a socket that
/// a killed engine used is bound already. Without groups there is no ring, but all else works.
fn bind(
    socket: &Socket,
    interface: i32,
    protocol: u16,
    opening: &Opening<'_>,
) -> Result<Option<u32>, String> {
    let outgoing = if opening.outbound {
        0
    } else {
        libc::PACKET_FANOUT_FLAG_IGNORE_OUTGOING
    };
    let kind = (libc::PACKET_FANOUT_CBPF | outgoing) << 16;
    let group = || {
        let id = socket.packet(libc::PACKET_FANOUT).ok()? as u32 & 0xffff;
        Some(id | kind)
    };
    if socket.packet(libc::PACKET_FANOUT).unwrap_or(0) != 0 {
        return Ok(group());
    }
    let ignore = i32::from(!opening.outbound);
    let ignored = socket.set_packet(libc::PACKET_IGNORE_OUTGOING, ignore);
    ignored.map_err(|e| named(opening.device, "PACKET_IGNORE_OUTGOING", &e))?;
    let bound = socket.bind(interface, protocol);
    bound.map_err(|e| named(opening.device, "bind", &e))?;
    let joined = socket.join_fanout(kind | libc::PACKET_FANOUT_FLAG_UNIQUEID << 16);
    Ok(joined.ok().and_then(|()| group()))
}

/// Opens an interface for sending.
///
/// # Errors
/// When there is no such interface, or it may not be opened.
pub fn open_sender(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    refuse_queues(opening)?;
    let device = opening.device;
    let socket = take(opening.sockets.map(|s| s.1), device)?;
    let interface = find(&socket, device)?;
    use_vnet_header(&socket, device)?;
    // Frames go straight to the device: the engine has queues of its own. Old systems lack this.
    let _ = socket.set_packet(libc::PACKET_QDISC_BYPASS, 1);
    // The receiver's side may have bound it already, to receive with a ring.
    if socket.packet(libc::PACKET_FANOUT).unwrap_or(0) == 0 {
        let bound = socket.bind(interface, 0);
        bound.map_err(|e| named(device, "bind", &e))?;
    }
    Ok(Box::new(Sender::new(socket)))
}
