//! Packet sockets (AF_PACKET), the way to any Linux interface.
//!
//! Quiet, frames are received with `recvmmsg`, which holds none back. They are sent with
//! `sendmmsg`. The two sockets may come from outside (process 1 of a sandbox opens them, unbound),
//! or are opened here; from then on there is no difference.

mod messages;
mod offload;
mod socket;

use crate::driver::{Driver, DriverStatistics, Refused, Sent, Stall};
use crate::method::Opening;
use crate::reason;
use messages::Inbox;
use socket::{Socket, interface_names};
use std::io;
use std::os::fd::RawFd;
use weft_core::{Batch, Pool};

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

/// Opens an interface for receiving.
///
/// # Errors
/// When there is no such interface, or it may not be opened.
pub fn open_receiver(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    let receive = match opening.sockets {
        Some((receive, _)) => Socket::duplicate(receive),
        None => Socket::open(),
    };
    let receive = receive.map_err(|e| named(opening.device, "socket", &e))?;
    let interface = find(&receive, opening.device)?;
    let options = [
        ("PACKET_VNET_HDR", libc::PACKET_VNET_HDR, 1),
        ("PACKET_AUXDATA", libc::PACKET_AUXDATA, 1),
        (
            "PACKET_IGNORE_OUTGOING",
            libc::PACKET_IGNORE_OUTGOING,
            i32::from(!opening.outbound),
        ),
    ];
    for (what, option, value) in options {
        receive
            .set_packet(option, value)
            .map_err(|e| named(opening.device, what, &e))?;
    }
    // Without the privilege to exceed the limit the plain option goes as far as allowed.
    let _ = receive
        .set_socket(libc::SO_RCVBUFFORCE, RECEIVE_BUFFER)
        .or_else(|_| receive.set_socket(libc::SO_RCVBUF, RECEIVE_BUFFER));
    if opening.promiscuous {
        receive
            .join_promiscuous(interface)
            .map_err(|e| named(opening.device, "promiscuous mode", &e))?;
    }
    let protocol = opening.protocol.unwrap_or(libc::ETH_P_ALL as u16);
    receive
        .bind(interface, protocol)
        .map_err(|e| named(opening.device, "bind", &e))?;
    Ok(Box::new(Receiver {
        receive,
        inbox: Inbox::new(),
        counts: DriverStatistics::default(),
    }))
}

/// Opens an interface for sending.
///
/// # Errors
/// When there is no such interface, or it may not be opened.
pub fn open_sender(opening: &Opening<'_>) -> Result<Box<dyn Driver>, String> {
    let send = match opening.sockets {
        Some((_, send)) => Socket::duplicate(send),
        None => Socket::open(),
    };
    let send = send.map_err(|e| named(opening.device, "socket", &e))?;
    let interface = find(&send, opening.device)?;
    if send.packet(libc::PACKET_VNET_HDR).unwrap_or(0) == 0 {
        send.set_packet(libc::PACKET_VNET_HDR, 1)
            .map_err(|e| named(opening.device, "PACKET_VNET_HDR", &e))?;
    }
    send.bind(interface, 0)
        .map_err(|e| named(opening.device, "bind", &e))?;
    Ok(Box::new(Sender {
        send,
        counts: DriverStatistics::default(),
    }))
}

fn named(device: &str, what: &str, error: &io::Error) -> String {
    format!("{device}: {what}: {}", reason(error))
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

fn is_empty(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// The receiving side.
struct Receiver {
    receive: Socket,
    inbox: Inbox,
    counts: DriverStatistics,
}

impl Driver for Receiver {
    fn method(&self) -> &'static str {
        NAME
    }

    fn receive(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
        _now: u64,
    ) -> io::Result<usize> {
        let before = batch.len();
        let mut broken = 0;
        let received = self.inbox.receive(&self.receive, max, |frame| {
            if !offload::deliver(frame, pool, batch) {
                broken += 1;
            }
        });
        self.counts.broken += broken;
        self.counts.received += (batch.len() - before) as u64;
        match received {
            Err(error) if is_empty(&error) => Ok(0),
            other => other,
        }
    }

    fn send(&mut self, _pool: &mut Pool, _batch: &mut Batch) -> Sent {
        Sent::default()
    }

    fn receive_fd(&self) -> Option<RawFd> {
        Some(self.receive.fd())
    }

    fn send_fd(&self) -> Option<RawFd> {
        None
    }

    fn mode(&self) -> String {
        "recvmmsg".into()
    }

    fn statistics(&mut self) -> DriverStatistics {
        if let Ok((_, dropped)) = self.receive.statistics() {
            self.counts.missed += dropped;
        }
        self.counts
    }
}

/// The sending side.
struct Sender {
    send: Socket,
    counts: DriverStatistics,
}

impl Driver for Sender {
    fn method(&self) -> &'static str {
        NAME
    }

    fn receive(
        &mut self,
        _pool: &mut Pool,
        _batch: &mut Batch,
        _max: usize,
        _now: u64,
    ) -> io::Result<usize> {
        Ok(0)
    }

    fn send(&mut self, pool: &mut Pool, batch: &mut Batch) -> Sent {
        let mut outcome = Sent::default();
        while !batch.is_empty() {
            let wanted = batch.len().min(messages::MOST);
            let sent = match messages::send(&self.send, batch, pool) {
                Ok(sent) => sent,
                Err(error) => {
                    let code = error.raw_os_error().unwrap_or(libc::EIO);
                    match code {
                        libc::EINTR => continue,
                        libc::EAGAIN => outcome.stalled = Some(Stall::UntilWritable),
                        libc::ENOBUFS => outcome.stalled = Some(Stall::Later),
                        libc::EMSGSIZE => outcome.refused = Some(Refused::TooLong),
                        _ => outcome.refused = Some(Refused::Error(code)),
                    }
                    break;
                }
            };
            outcome.sent += sent;
            if sent == batch.len() {
                pool.free_all(batch);
            } else {
                batch.drain(..sent).for_each(|packet| pool.free(packet));
            }
            debug_assert!(sent <= wanted);
        }
        self.counts.sent += outcome.sent as u64;
        self.counts.refused += u64::from(outcome.refused.is_some());
        outcome
    }

    fn receive_fd(&self) -> Option<RawFd> {
        None
    }

    fn send_fd(&self) -> Option<RawFd> {
        Some(self.send.fd())
    }

    fn mode(&self) -> String {
        "sendmmsg".into()
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.counts
    }
}
