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
        Ok(Self::resume(
            received,
            socket::fill_ring(fd, layout)?,
            layout,
        ))
    }

    fn resume(received: Ring<libc::xdp_desc>, fill: Ring<u64>, layout: Layout) -> Receiving {
        let next = received.consumer();
        fill.set_producer(next.wrapping_add(layout.receive));
        Receiving {
            received,
            fill,
            layout,
            next,
            whole: Vec::new(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{Header, PAGE};
    use crate::ring::testing::Rings;
    use std::os::fd::{AsFd, OwnedFd};

    const LAYOUT: Layout = Layout {
        chunk: 2048,
        receive: 4,
        send: 0,
        has_pieces: true,
    };

    /// The kernel's side of a queue, and the memory both sides have.
    struct Kernel {
        rings: Rings,
        memory: OwnedFd,
        received: Ring<libc::xdp_desc>,
        fill: Ring<u64>,
    }

    impl Kernel {
        /// All chunks are in the fill ring, and all positions count from `start`.
        fn new(start: u32) -> Kernel {
            let rings = Rings::new();
            let kernel = Kernel {
                memory: Header::create(LAYOUT).unwrap(),
                received: rings.ring(0, LAYOUT.receive),
                fill: rings.ring(1, LAYOUT.receive),
                rings,
            };
            kernel.received.set_producer(start);
            kernel.received.set_consumer(start);
            kernel.fill.set_consumer(start);
            for number in 0..LAYOUT.receive {
                let chunk = u64::from(number) * 2048;
                kernel.fill.set(start.wrapping_add(number), chunk);
            }
            kernel.fill.set_producer(start.wrapping_add(LAYOUT.receive));
            kernel
        }

        fn process(&self) -> Receiving {
            let (received, fill) = (
                self.rings.ring(0, LAYOUT.receive),
                self.rings.ring(1, LAYOUT.receive),
            );
            Receiving::resume(received, fill, LAYOUT)
        }

        fn chunks(&self) -> Mapping {
            Mapping::new(
                self.memory.as_fd(),
                LAYOUT.chunks_bytes(),
                PAGE as libc::off_t,
            )
            .unwrap()
        }

        /// Receives a piece of a frame into the next chunk, behind the kernel's headroom.
        fn deliver(&self, bytes: &[u8], options: u32) {
            let at = self.fill.consumer();
            assert_ne!(at, self.fill.producer(), "no chunk to receive into");
            let address = self.fill.get(at) + 256;
            self.fill.set_consumer(at.wrapping_add(1));
            let mut chunks = self.chunks();
            let room = chunks.bytes_mut(address as usize, bytes.len()).unwrap();
            room.copy_from_slice(bytes);
            let end = self.received.producer();
            self.received.set(
                end,
                libc::xdp_desc {
                    addr: address,
                    len: bytes.len() as u32,
                    options,
                },
            );
            self.received.set_producer(end.wrapping_add(1));
        }

        /// The chunks in the fill ring.
        fn filled(&self) -> Vec<u64> {
            let (mut at, end) = (self.fill.consumer(), self.fill.producer());
            let mut found = Vec::new();
            while at != end {
                found.push(self.fill.get(at) / 2048);
                at = at.wrapping_add(1);
            }
            found.sort_unstable();
            found
        }
    }

    fn receive(process: &mut Receiving, kernel: &Kernel, max: usize) -> Vec<Option<Vec<u8>>> {
        let mut found = Vec::new();
        let fd = kernel.memory.as_fd();
        process.receive(fd, &kernel.chunks(), max, &mut |frame| {
            found.push(frame.map(<[u8]>::to_vec));
        });
        found
    }

    #[test]
    fn chunks_go_round_for_ever() {
        // Positions wrap around on the way.
        let kernel = Kernel::new(u32::MAX - 5);
        let mut process = kernel.process();
        for turn in 0..10u8 {
            for number in 0..3 {
                kernel.deliver(&[turn, number], 0);
            }
            let frames = receive(&mut process, &kernel, 64);
            assert_eq!(frames, [0, 1, 2].map(|number| Some(vec![turn, number])));
            assert_eq!(kernel.filled(), [0, 1, 2, 3]);
        }
        assert_eq!(receive(&mut process, &kernel, 64), []);
    }

    #[test]
    fn no_more_are_received_than_asked_for() {
        let kernel = Kernel::new(0);
        let mut process = kernel.process();
        (0..4).for_each(|n| kernel.deliver(&[n], 0));
        assert_eq!(receive(&mut process, &kernel, 1), [Some(vec![0])]);
        assert_eq!(kernel.filled(), [0]);
        assert_eq!(receive(&mut process, &kernel, 64).len(), 3);
    }

    #[test]
    fn pieces_are_put_together_once_all_are_there() {
        let kernel = Kernel::new(0);
        let mut process = kernel.process();
        kernel.deliver(&[1; 1792], CONTINUES);
        kernel.deliver(&[2; 1792], CONTINUES);
        assert_eq!(receive(&mut process, &kernel, 64), []);
        kernel.deliver(&[3; 5], 0);
        let whole = [vec![1; 1792], vec![2; 1792], vec![3; 5]].concat();
        assert_eq!(receive(&mut process, &kernel, 64), [Some(whole)]);
        assert_eq!(kernel.filled(), [0, 1, 2, 3]);
    }

    #[test]
    fn an_entry_that_points_elsewhere_is_damaged_and_its_place_goes_on() {
        let kernel = Kernel::new(0);
        let mut process = kernel.process();
        kernel.deliver(&[1], 0);
        let mut entry = kernel.received.get(0);
        entry.len = 1 << 20;
        kernel.received.set(0, entry);
        assert_eq!(receive(&mut process, &kernel, 64), [None]);
        assert_eq!(kernel.filled(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_successor_gives_back_what_was_read_and_not_yet_given_back() {
        let kernel = Kernel::new(u32::MAX - 1);
        let mut killed = kernel.process();
        (0..3).for_each(|n| kernel.deliver(&[n], 0));
        assert_eq!(receive(&mut killed, &kernel, 2).len(), 2);
        // It was killed between the two stores: the chunks are not handed over yet.
        let before = kernel.fill.producer().wrapping_sub(2);
        kernel.fill.set_producer(before);
        assert_eq!(kernel.filled(), [3]);
        let mut successor = kernel.process();
        assert_eq!(kernel.filled(), [0, 1, 3]);
        assert_eq!(receive(&mut successor, &kernel, 64), [Some(vec![2])]);
        assert_eq!(kernel.filled(), [0, 1, 2, 3]);
    }

    #[test]
    fn a_successor_of_one_killed_while_it_read_reads_again() {
        let kernel = Kernel::new(0);
        kernel.deliver(&[7], 0);
        let killed = kernel.process();
        // Its entry was written, and nothing published.
        kernel.fill.set(killed.next.wrapping_add(LAYOUT.receive), 0);
        let mut successor = kernel.process();
        assert_eq!(receive(&mut successor, &kernel, 64), [Some(vec![7])]);
        assert_eq!(kernel.filled(), [0, 1, 2, 3]);
    }
}
