//! An interface taken for AF_XDP: the part that takes privileges and outlives those who use it.

use crate::error::{named, reason};
use crate::header::{Header, Layout};
use crate::interface::Interface;
use crate::program::Program;
use crate::queue::QueueFds;
use crate::socket::{self, Bound, Place};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// Chunks to receive into, of all queues together where they are many.
const RECEIVE_CHUNKS: u32 = 2048;
const LEAST_RECEIVE_CHUNKS: u32 = 256;
/// Chunks to send from.
const SEND_CHUNKS: u32 = 1024;
/// The most queues.
const MOST_QUEUES: u32 = 64;
/// Bytes of a chunk that the kernel keeps free before a frame.
const HEADROOM: usize = 256;
/// Bytes of a frame beside the packet: link header, and a VLAN tag.
const LINK_HEADER: usize = 18;

/// The mode of one that has no program.
const SENDING_ONLY: &str = "sending only";

/// An interface whose frames come to sockets, for as long as this lives.
pub struct Attachment {
    device: String,
    interface: u32,
    queues: Vec<Bound>,
    /// How frames travel between device and chunks, in words.
    copying: String,
    program: Option<Program>,
}

/// A way to bind a socket.
#[derive(Clone, Copy)]
struct Way {
    flags: u16,
    chunk: u32,
    has_pieces: bool,
}

/// All ways to bind for this MTU, the best first.
fn ways(mtu: usize) -> Vec<Way> {
    let fits = |chunk: usize| mtu + LINK_HEADER + HEADROOM <= chunk;
    let chunk = if fits(2048) || !fits(4096) {
        2048
    } else {
        4096
    };
    let way = |flags, chunk, has_pieces| Way {
        flags: flags | if has_pieces { libc::XDP_USE_SG } else { 0 },
        chunk,
        has_pieces,
    };
    let mut ways = vec![
        way(libc::XDP_ZEROCOPY, chunk, !fits(4096)),
        way(libc::XDP_COPY, 2048, true),
    ];
    if fits(4096) {
        ways.push(way(libc::XDP_COPY, chunk, false));
    }
    ways
}

impl Attachment {
    /// Binds a socket to every queue of `device`. Frames come once [`Attachment::attach`] was called.
    ///
    /// # Errors
    /// What cannot be done, and what to do about it.
    pub fn open(device: &str) -> Result<Attachment, String> {
        let failed = |what| move |error: io::Error| named(device, what, &error);
        let facts = Interface::new(device).map_err(failed("interface"))?;
        let interface = facts.index().map_err(failed("SIOCGIFINDEX"))?;
        let mtu = facts.mtu().map_err(failed("SIOCGIFMTU"))?;
        let told = facts.receive_queues();
        let mut layout = Layout {
            chunk: 2048,
            receive: receive_chunks(told.unwrap_or(1)),
            send: SEND_CHUNKS,
            has_pieces: false,
        };
        let (first, way, copying) = bind_first(device, interface, mtu, &mut layout)?;
        let mut queues = vec![first];
        layout.send = 0;
        for queue in 1..told.unwrap_or(MOST_QUEUES).min(MOST_QUEUES) {
            let place = Place { interface, queue };
            match socket::bind(place, layout, way.flags) {
                Ok(bound) => queues.push(bound),
                // There are no more.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
                Err(error) => return Err(refused(device, queue, mtu, &error)),
            }
        }
        let mut attachment = Attachment {
            device: device.to_string(),
            interface,
            queues,
            copying,
            program: None,
        };
        attachment.note(SENDING_ONLY)?;
        Ok(attachment)
    }

    /// Has frames come to the sockets, and no longer to the host's own stack.
    ///
    /// # Errors
    /// When the program cannot be attached.
    pub fn attach(&mut self) -> Result<(), String> {
        if self.program.is_some() {
            return Ok(());
        }
        let sockets: Vec<BorrowedFd<'_>> = self.queues.iter().map(|q| q.socket.as_fd()).collect();
        let program = Program::attach(&self.device, self.interface, &sockets)?;
        let mode = program.mode.clone();
        self.program = Some(program);
        self.note(&mode)
    }

    /// Has frames come to the host's own stack again.
    pub fn detach(&mut self) {
        self.program = None;
        // It is the words only that may be old.
        let _ = self.note(SENDING_ONLY);
    }

    /// Notes for whoever uses the queues how frames come.
    fn note(&mut self, mode: &str) -> Result<(), String> {
        for queue in &self.queues {
            let header = Header::open(queue.memory.as_fd());
            let mut header = header.map_err(|e| named(&self.device, "memory", &e))?;
            header.set_mode(&format!("{mode}, {}", self.copying));
        }
        Ok(())
    }

    /// Whether the interface it was opened for is there, and has its name.
    pub fn is_current(&self) -> bool {
        let index = Interface::new(&self.device).and_then(|facts| facts.index());
        index.is_ok_and(|index| index == self.interface)
    }

    /// The descriptors a [`crate::Port`] is made from; they stay this value's.
    pub fn queues(&self) -> Vec<QueueFds> {
        let fds = |queue: &Bound| QueueFds {
            socket: queue.socket.as_raw_fd(),
            memory: queue.memory.as_raw_fd(),
        };
        self.queues.iter().map(fds).collect()
    }
}

/// Chunks of each of `queues` queues.
fn receive_chunks(queues: u32) -> u32 {
    let share = 2 * RECEIVE_CHUNKS / queues.max(1);
    let share = share.clamp(LEAST_RECEIVE_CHUNKS, RECEIVE_CHUNKS);
    1 << share.ilog2()
}

/// Binds the first queue in the best way there is, which is given, with its words.
fn bind_first(
    device: &str,
    interface: u32,
    mtu: usize,
    layout: &mut Layout,
) -> Result<(Bound, Way, String), String> {
    let place = Place {
        interface,
        queue: 0,
    };
    let mut first_error: Option<io::Error> = None;
    let mut last_error = io::Error::from_raw_os_error(libc::EINVAL);
    for way in ways(mtu) {
        (layout.chunk, layout.has_pieces) = (way.chunk, way.has_pieces);
        match socket::bind(place, *layout, way.flags) {
            Ok(bound) => {
                let copying = match &first_error {
                    _ if socket::is_zero_copy(bound.socket.as_fd()) => "zero copy".to_string(),
                    Some(why) => format!("copy (zero copy: {})", reason(why)),
                    None => "copy".to_string(),
                };
                return Ok((bound, way, copying));
            }
            Err(error) if is_a_matter_of_the_way(&error) => {
                last_error =
                    io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(libc::EIO));
                first_error.get_or_insert(error);
            }
            Err(error) => return Err(refused(device, 0, mtu, &error)),
        }
    }
    Err(refused(device, 0, mtu, &last_error))
}

fn is_a_matter_of_the_way(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EOPNOTSUPP | libc::EINVAL | libc::ENOENT)
    )
}

fn refused(device: &str, queue: u32, mtu: usize, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EBUSY) => format!(
            "{device}: queue {queue} is used by another AF_XDP socket; end the program that has it"
        ),
        Some(libc::EINVAL) if ways(mtu).len() < 3 => format!(
            "{device}: frames of its MTU, {mtu}, take several buffers, which this kernel cannot give \
             to AF_XDP; set an MTU of at most {}, or use METHOD AF_PACKET",
            4096 - HEADROOM - LINK_HEADER
        ),
        _ => named(device, &format!("bind queue {queue}"), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_queues_share_the_memory() {
        let shares: Vec<u32> = [1, 2, 3, 4, 16, 64].map(receive_chunks).into();
        assert_eq!(shares, [2048, 2048, 1024, 1024, 256, 256]);
    }

    #[test]
    fn long_frames_take_longer_chunks_or_several() {
        let chunks = |mtu| -> Vec<(u32, bool)> {
            let ways = ways(mtu);
            ways.iter().map(|w| (w.chunk, w.has_pieces)).collect()
        };
        assert_eq!(chunks(1500), [(2048, false), (2048, true), (2048, false)]);
        assert_eq!(chunks(1774), chunks(1500));
        assert_eq!(chunks(1775), [(4096, false), (2048, true), (4096, false)]);
        assert_eq!(chunks(9000), [(2048, true), (2048, true)]);
    }

    #[test]
    fn what_cannot_be_bound_is_told_with_a_way_out() {
        let error = |code| io::Error::from_raw_os_error(code);
        assert_eq!(
            refused("eth0", 1, 1500, &error(libc::EBUSY)),
            "eth0: queue 1 is used by another AF_XDP socket; end the program that has it"
        );
        assert_eq!(
            refused("eth0", 0, 9000, &error(libc::EINVAL)),
            "eth0: frames of its MTU, 9000, take several buffers, which this kernel cannot give to \
             AF_XDP; set an MTU of at most 3822, or use METHOD AF_PACKET"
        );
        assert_eq!(
            refused("eth0", 0, 1500, &error(libc::ENETDOWN)),
            "eth0: bind queue 0: Network is down"
        );
    }
}
