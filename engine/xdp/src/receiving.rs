//! The receiving half of a queue.
//!
//! Every chunk to receive into is in the fill ring, with the kernel, or in the receive ring, at any
//! moment: what was read is copied, and its chunk goes back as it is read. So the fill ring's
//! producer is always as many entries as there are chunks ahead of the receive ring's consumer.
//! Entries are written first, then the consumer, then the producer: whoever takes over from a killed
//! process sets the producer by that rule, and no chunk is lost or in two places.

use crate::header::Layout;
use crate::mapping::Mapping;
use crate::ring::Ring;
use crate::{socket, sys};
use std::io;
use std::os::fd::BorrowedFd;

/// The chunk goes on in the next entry.
const CONTINUES: u32 = libc::XDP_PKT_CONTD;

pub(crate) struct Receiving {
    received: Ring<libc::xdp_desc>,
    fill: Ring<u64>,
    layout: Layout,
    /// Where the next frame is read.
    next: u32,
    /// A frame of several chunks, put together.
    whole: Vec<u8>,
}

impl Receiving {
    /// Goes on where another process may have stopped.
    pub(crate) fn take_over(fd: BorrowedFd<'_>, layout: Layout) -> io::Result<Receiving> {
        let received = socket::receive_ring(fd, layout)?;
        let fill = socket::fill_ring(fd, layout)?;
        let next = received.consumer();
        fill.set_producer(next.wrapping_add(layout.receive));
        Ok(Receiving {
            received,
            fill,
            layout,
            next,
            whole: Vec::new(),
        })
    }

    /// Hands at most `max` frames to `take`, `None` for one that is damaged; gives how many.
    pub(crate) fn receive(
        &mut self,
        fd: BorrowedFd<'_>,
        chunks: &Mapping,
        max: usize,
        take: &mut dyn FnMut(Option<&[u8]>),
    ) -> usize {
        let end = self.received.producer();
        let (start, mut frames) = (self.next, 0);
        while frames < max && self.next != end {
            let entry = self.received.get(self.next);
            if entry.options & CONTINUES == 0 {
                take(chunks.bytes(entry.addr as usize, entry.len as usize));
                self.give_back(&entry);
            } else if !self.receive_pieces(chunks, end, take) {
                break;
            }
            frames += 1;
        }
        if self.next != start {
            self.received.set_consumer(self.next);
            let filled = self.next.wrapping_add(self.layout.receive);
            self.fill.set_producer(filled);
            if self.fill.needs_wakeup() {
                sys::wake_receiver(fd);
            }
        }
        frames
    }

    /// Writes the chunk of the entry at `next` back to the fill ring, and goes on.
    fn give_back(&mut self, entry: &libc::xdp_desc) {
        let at = self.next.wrapping_add(self.layout.receive);
        let chunk = entry.addr & !u64::from(self.layout.chunk - 1);
        self.fill.set(at, chunk);
        self.next = self.next.wrapping_add(1);
    }

    /// A frame of several chunks; false when its end is not there yet.
    fn receive_pieces(
        &mut self,
        chunks: &Mapping,
        end: u32,
        take: &mut dyn FnMut(Option<&[u8]>),
    ) -> bool {
        let mut last = self.next;
        while self.received.get(last).options & CONTINUES != 0 {
            last = last.wrapping_add(1);
            if last == end {
                return false;
            }
        }
        self.whole.clear();
        let mut is_sound = true;
        while self.next != last.wrapping_add(1) {
            let entry = self.received.get(self.next);
            match chunks.bytes(entry.addr as usize, entry.len as usize) {
                Some(piece) => self.whole.extend_from_slice(piece),
                None => is_sound = false,
            }
            self.give_back(&entry);
        }
        take(is_sound.then_some(&self.whole));
        true
    }
}
