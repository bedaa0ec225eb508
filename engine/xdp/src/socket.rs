//! One socket: made with its memory and rings, bound to one queue of an interface.

use crate::header::{Header, Layout, PAGE};
use crate::mapping::Mapping;
use crate::ring::Ring;
use crate::sys;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Send buffer asked for, in bytes: what the frames of all chunks take at the most.
const SEND_BUFFER: libc::c_int = 8 << 20;
/// How many frames a call sends at the most, where the kernel can be told (since 6.17).
const MAX_TX_SKB_BUDGET: libc::c_int = 9;
const SEND_BUDGET: u32 = 256;
/// How long a queue may be busy: a socket that was closed leaves it a little later.
const BUSY_FOR: Duration = Duration::from_secs(2);
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// A queue of an interface.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub interface: u32,
    pub queue: u32,
}

/// A socket that is bound, and its memory.
pub(crate) struct Bound {
    pub socket: OwnedFd,
    pub memory: OwnedFd,
}

/// Binds a new socket; waits for a queue that is busy.
pub(crate) fn bind(place: Place, layout: Layout, flags: u16) -> io::Result<Bound> {
    let began = Instant::now();
    loop {
        match try_bind(place, layout, flags) {
            Err(error)
                if error.raw_os_error() == Some(libc::EBUSY) && began.elapsed() < BUSY_FOR =>
            {
                std::thread::sleep(BUSY_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn try_bind(place: Place, layout: Layout, flags: u16) -> io::Result<Bound> {
    let memory = Header::create(layout)?;
    let socket = sys::socket(libc::AF_XDP, libc::SOCK_RAW)?;
    let fd = socket.as_fd();
    // Without the privilege to exceed the limit it stays as it is.
    let _ = sys::set_option(fd, libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, &SEND_BUFFER);
    let chunks = Mapping::new(memory.as_fd(), layout.chunks_bytes(), PAGE as libc::off_t)?;
    let registration = libc::xdp_umem_reg {
        addr: chunks.at::<u8>(0, chunks.len()) as u64,
        len: chunks.len() as u64,
        chunk_size: layout.chunk,
        headroom: 0,
        flags: 0,
        tx_metadata_len: 0,
    };
    sys::set_option(fd, libc::SOL_XDP, libc::XDP_UMEM_REG, &registration)?;
    make_rings(fd, layout)?;
    let fill = fill_ring(fd, layout)?;
    for number in 0..layout.receive {
        fill.set(number, u64::from(number * layout.chunk));
    }
    fill.set_producer(layout.receive);
    let flags = flags | libc::XDP_USE_NEED_WAKEUP;
    sys::bind(fd, place.interface, place.queue, flags)?;
    Ok(Bound { socket, memory })
}

fn make_rings(fd: BorrowedFd<'_>, layout: Layout) -> io::Result<()> {
    let set = |option, count: u32| sys::set_option(fd, libc::SOL_XDP, option, &count);
    set(libc::XDP_UMEM_FILL_RING, layout.receive)?;
    set(libc::XDP_UMEM_COMPLETION_RING, completions(layout))?;
    set(libc::XDP_RX_RING, layout.receive)?;
    if layout.send > 0 {
        set(libc::XDP_TX_RING, layout.send)?;
        // Older kernels send 32 a call.
        let _ = set(MAX_TX_SKB_BUDGET, SEND_BUDGET.min(layout.send));
    }
    Ok(())
}

/// A socket needs a completion ring even if it never sends.
fn completions(layout: Layout) -> u32 {
    layout.send.max(2)
}

fn offsets(fd: BorrowedFd<'_>) -> io::Result<libc::xdp_mmap_offsets> {
    sys::get_option(fd, libc::SOL_XDP, libc::XDP_MMAP_OFFSETS)
}

/// Chunks that the kernel may receive into.
pub(crate) fn fill_ring(fd: BorrowedFd<'_>, layout: Layout) -> io::Result<Ring<u64>> {
    let page = libc::XDP_UMEM_PGOFF_FILL_RING as libc::off_t;
    Ring::map(fd, &offsets(fd)?.fr, layout.receive, page)
}

/// Chunks that were sent.
pub(crate) fn completion_ring(fd: BorrowedFd<'_>, layout: Layout) -> io::Result<Ring<u64>> {
    let page = libc::XDP_UMEM_PGOFF_COMPLETION_RING as libc::off_t;
    Ring::map(fd, &offsets(fd)?.cr, completions(layout), page)
}

/// Frames that were received.
pub(crate) fn receive_ring(fd: BorrowedFd<'_>, layout: Layout) -> io::Result<Ring<libc::xdp_desc>> {
    Ring::map(
        fd,
        &offsets(fd)?.rx,
        layout.receive,
        libc::XDP_PGOFF_RX_RING,
    )
}

/// Frames to be sent.
pub(crate) fn send_ring(fd: BorrowedFd<'_>, layout: Layout) -> io::Result<Ring<libc::xdp_desc>> {
    Ring::map(fd, &offsets(fd)?.tx, layout.send, libc::XDP_PGOFF_TX_RING)
}

/// Frames the kernel dropped since the socket was made.
pub(crate) fn missed(fd: BorrowedFd<'_>) -> io::Result<u64> {
    let counts: libc::xdp_statistics = sys::get_option(fd, libc::SOL_XDP, libc::XDP_STATISTICS)?;
    Ok(counts.rx_dropped + counts.rx_ring_full)
}

/// Whether the device reads and writes the chunks itself.
pub(crate) fn is_zero_copy(fd: BorrowedFd<'_>) -> bool {
    let options = sys::get_option::<libc::xdp_options>(fd, libc::SOL_XDP, libc::XDP_OPTIONS);
    options.is_ok_and(|o| o.flags & libc::XDP_OPTIONS_ZEROCOPY != 0)
}
