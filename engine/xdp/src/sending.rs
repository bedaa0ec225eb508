//! The sending half of a queue.
//!
//! The completion ring is the list of free chunks: one is taken off it only to be put into the send
//! ring. Chunks never used come when it is empty, in order; how many were used is how far the send
//! ring's producer is ahead of the completion ring's consumer. Both positions are noted in one word
//! before they are published: whoever takes over from a killed process publishes what is noted.

use crate::header::{Header, Layout};
use crate::mapping::Mapping;
use crate::ring::Ring;
use crate::{socket, sys};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::Ordering;

/// The most chunks of one frame: as many pieces as the kernel's buffers have.
const MOST_PIECES: usize = 17;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// It lies ready; [`crate::Port::kick`] has it sent.
    Ready,
    /// There is no room now.
    Full,
    /// There will never be room for it.
    TooLong,
}

/// What became of all that lay ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kick {
    /// The kernel has it.
    Done,
    /// The rest has to be kicked again a little later.
    Later,
    /// The device cannot send; the system's error number.
    Broken(i32),
}

pub(crate) struct Sending {
    queue: Ring<libc::xdp_desc>,
    done: Ring<u64>,
    layout: Layout,
    /// Where the next frame is written, and where the next free chunk is read.
    next: u32,
    freed: u32,
    /// As far as the completion ring was seen to be filled.
    seen: u32,
    is_pending: bool,
    /// Frames the device did not take.
    pub lost: u64,
}

fn word(next: u32, freed: u32) -> u64 {
    u64::from(next) << 32 | u64::from(freed)
}

impl Sending {
    /// Goes on where another process may have stopped.
    pub(crate) fn take_over(fd: BorrowedFd<'_>, header: &Header) -> io::Result<Sending> {
        let layout = header.layout();
        let queue = socket::send_ring(fd, layout)?;
        let done = socket::completion_ring(fd, layout)?;
        Ok(Self::resume(queue, done, header))
    }

    fn resume(queue: Ring<libc::xdp_desc>, done: Ring<u64>, header: &Header) -> Sending {
        let layout = header.layout();
        let noted = header.sending().load(Ordering::Acquire);
        let (next, freed) = ((noted >> 32) as u32, noted as u32);
        queue.set_producer(next);
        done.set_consumer(freed);
        let is_pending = queue.consumer() != next;
        Sending {
            queue,
            done,
            layout,
            next,
            freed,
            seen: freed,
            is_pending,
            lost: 0,
        }
    }

    /// Chunks never used.
    fn fresh(&self) -> u32 {
        let used = self.next.wrapping_sub(self.freed);
        self.layout.send.saturating_sub(used)
    }

    fn has_room(&mut self, pieces: u32) -> bool {
        let mut free = self.seen.wrapping_sub(self.freed);
        if free < pieces {
            self.seen = self.done.producer();
            free = self.seen.wrapping_sub(self.freed);
        }
        free.saturating_add(self.fresh()) >= pieces
    }

    /// A free chunk; there is one.
    fn take_chunk(&mut self) -> u64 {
        if self.seen != self.freed {
            let chunk = self.done.get(self.freed) & !u64::from(self.layout.chunk - 1);
            self.freed = self.freed.wrapping_add(1);
            return chunk;
        }
        let number = self.layout.receive + self.next.wrapping_sub(self.freed);
        u64::from(number) * u64::from(self.layout.chunk)
    }

    /// Copies a frame into free chunks.
    pub(crate) fn stage(&mut self, chunks: &mut Mapping, frame: &[u8]) -> Staged {
        let chunk = self.layout.chunk as usize;
        let pieces = frame.len().div_ceil(chunk);
        let most = if self.layout.has_pieces {
            MOST_PIECES
        } else {
            1
        };
        if pieces > most.min(self.layout.send as usize) {
            return Staged::TooLong;
        }
        if !self.has_room(pieces as u32) {
            return Staged::Full;
        }
        for (number, piece) in frame.chunks(chunk).enumerate() {
            let address = self.take_chunk();
            if let Some(room) = chunks.bytes_mut(address as usize, piece.len()) {
                room.copy_from_slice(piece);
            }
            let continues = number + 1 < pieces;
            let entry = libc::xdp_desc {
                addr: address,
                len: piece.len() as u32,
                options: if continues { libc::XDP_PKT_CONTD } else { 0 },
            };
            self.queue.set(self.next, entry);
            self.next = self.next.wrapping_add(1);
        }
        Staged::Ready
    }

    /// Hands over what was staged.
    pub(crate) fn publish(&mut self, header: &Header) {
        let noted = word(self.next, self.freed);
        header.sending().store(noted, Ordering::Release);
        self.queue.set_producer(self.next);
        self.done.set_consumer(self.freed);
        self.is_pending = self.queue.consumer() != self.next;
    }

    /// Whether something lies ready that the kernel has not taken.
    pub(crate) fn is_pending(&self) -> bool {
        self.is_pending
    }

    /// Has the kernel send what lies ready.
    pub(crate) fn kick(&mut self, fd: BorrowedFd<'_>) -> Kick {
        for _ in 0..=self.layout.send {
            if !self.is_pending || !self.queue.needs_wakeup() {
                break;
            }
            let before = self.queue.consumer();
            let Err(error) = sys::wake_sender(fd) else {
                break;
            };
            match error.raw_os_error().unwrap_or(libc::EIO) {
                libc::EINTR => {}
                // The device has dropped one.
                libc::EBUSY => self.lost += 1,
                libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM => {
                    if self.queue.consumer() == before {
                        return Kick::Later;
                    }
                }
                code => return Kick::Broken(code),
            }
        }
        self.is_pending = false;
        Kick::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::PAGE;
    use crate::ring::testing::Rings;
    use std::os::fd::{AsFd, OwnedFd};

    const LAYOUT: Layout = Layout {
        chunk: 2048,
        receive: 2,
        send: 4,
        has_pieces: true,
    };

    /// The kernel's side of a queue, and the memory both sides have.
    struct Kernel {
        rings: Rings,
        memory: OwnedFd,
        queue: Ring<libc::xdp_desc>,
        done: Ring<u64>,
    }

    impl Kernel {
        fn new() -> Kernel {
            let rings = Rings::new();
            Kernel {
                memory: Header::create(LAYOUT).unwrap(),
                queue: rings.ring(0, LAYOUT.send),
                done: rings.ring(1, LAYOUT.send),
                rings,
            }
        }

        fn header(&self) -> Header {
            Header::open(self.memory.as_fd()).unwrap()
        }

        fn process(&self) -> Sending {
            let (queue, done) = (
                self.rings.ring(0, LAYOUT.send),
                self.rings.ring(1, LAYOUT.send),
            );
            Sending::resume(queue, done, &self.header())
        }

        fn chunks(&self) -> Mapping {
            Mapping::new(
                self.memory.as_fd(),
                LAYOUT.chunks_bytes(),
                PAGE as libc::off_t,
            )
            .unwrap()
        }

        /// Takes all frames to be sent; their bytes and the numbers of their chunks.
        fn take(&self) -> Vec<(Vec<u8>, u64)> {
            let (mut at, end) = (self.queue.consumer(), self.queue.producer());
            let mut found = Vec::new();
            while at != end {
                let entry = self.queue.get(at);
                let chunks = self.chunks();
                let bytes = chunks
                    .bytes(entry.addr as usize, entry.len as usize)
                    .unwrap();
                found.push((bytes.to_vec(), entry.addr / 2048));
                at = at.wrapping_add(1);
            }
            self.queue.set_consumer(at);
            found
        }

        /// Tells that a chunk was sent.
        fn complete(&self, chunk: u64) {
            let end = self.done.producer();
            self.done.set(end, chunk * 2048);
            self.done.set_producer(end.wrapping_add(1));
        }
    }

    fn send(process: &mut Sending, kernel: &Kernel, frame: &[u8]) -> Staged {
        let staged = process.stage(&mut kernel.chunks(), frame);
        process.publish(&kernel.header());
        staged
    }

    #[test]
    fn chunks_come_back_in_any_order_and_none_is_used_twice() {
        let kernel = Kernel::new();
        let mut process = kernel.process();
        for n in 0..4u8 {
            assert_eq!(send(&mut process, &kernel, &[n]), Staged::Ready);
        }
        assert_eq!(send(&mut process, &kernel, &[4]), Staged::Full);
        let taken: Vec<u64> = kernel.take().into_iter().map(|(_, chunk)| chunk).collect();
        assert_eq!(taken, [2, 3, 4, 5]);
        kernel.complete(4);
        kernel.complete(2);
        assert_eq!(send(&mut process, &kernel, &[5]), Staged::Ready);
        assert_eq!(send(&mut process, &kernel, &[6]), Staged::Ready);
        assert_eq!(send(&mut process, &kernel, &[7]), Staged::Full);
        assert_eq!(kernel.take(), [(vec![5], 4), (vec![6], 2)]);
    }

    #[test]
    fn a_long_frame_takes_several_chunks_or_none() {
        let kernel = Kernel::new();
        let mut process = kernel.process();
        let frame: Vec<u8> = (0..5000u16).map(|n| n as u8).collect();
        assert_eq!(send(&mut process, &kernel, &frame), Staged::Ready);
        let options: Vec<u32> = (0..3).map(|at| kernel.queue.get(at).options).collect();
        assert_eq!(options, [1, 1, 0]);
        assert_eq!(send(&mut process, &kernel, &frame), Staged::Full);
        let pieces: Vec<u8> = kernel
            .take()
            .into_iter()
            .flat_map(|(bytes, _)| bytes)
            .collect();
        assert_eq!(pieces, frame);
        assert_eq!(send(&mut process, &kernel, &[0; 8193]), Staged::TooLong);
    }

    #[test]
    fn positions_wrap_around() {
        let kernel = Kernel::new();
        let start = u32::MAX - 2;
        kernel
            .header()
            .sending()
            .store(word(start, start), Ordering::Relaxed);
        kernel.queue.set_consumer(start);
        kernel.done.set_producer(start);
        let mut process = kernel.process();
        for n in 0..20u8 {
            assert_eq!(send(&mut process, &kernel, &[n]), Staged::Ready);
            let [(bytes, chunk)] = &kernel.take()[..] else {
                panic!("one frame");
            };
            assert_eq!(bytes, &[n]);
            kernel.complete(*chunk);
        }
    }

    #[test]
    fn a_successor_publishes_what_was_noted() {
        let kernel = Kernel::new();
        let mut killed = kernel.process();
        send(&mut killed, &kernel, &[1]);
        let [(_, chunk)] = kernel.take()[..] else {
            panic!("one frame");
        };
        kernel.complete(chunk);
        assert_eq!(killed.stage(&mut kernel.chunks(), &[2]), Staged::Ready);
        // It was killed between its note and the two stores.
        let noted = word(killed.next, killed.freed);
        kernel.header().sending().store(noted, Ordering::Relaxed);
        assert_eq!(kernel.take(), []);
        let mut successor = kernel.process();
        assert!(successor.is_pending());
        assert_eq!(kernel.take(), [(vec![2], chunk)]);
        for n in 3..6u8 {
            assert_eq!(send(&mut successor, &kernel, &[n]), Staged::Ready);
        }
        let chunks: Vec<u64> = kernel.take().into_iter().map(|(_, chunk)| chunk).collect();
        assert_eq!(chunks, [3, 4, 5], "the first is still on its way");
        assert_eq!(send(&mut successor, &kernel, &[6]), Staged::Full);
    }

    #[test]
    fn what_was_staged_and_not_noted_is_forgotten() {
        let kernel = Kernel::new();
        let mut killed = kernel.process();
        assert_eq!(killed.stage(&mut kernel.chunks(), &[1]), Staged::Ready);
        let mut successor = kernel.process();
        assert!(!successor.is_pending());
        for n in 0..4u8 {
            assert_eq!(send(&mut successor, &kernel, &[n]), Staged::Ready);
        }
        assert_eq!(kernel.take().len(), 4);
    }
}
