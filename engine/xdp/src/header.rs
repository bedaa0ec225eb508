//! The memory of one queue: a page of facts, then the chunks frames lie in, which the kernel knows
//! too. First those to receive into, then those to send from.
//!
//! This file points into mapped memory: it is one of the few that use `unsafe`.

use crate::mapping::Mapping;
use crate::sys;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bytes before the first chunk.
pub(crate) const PAGE: usize = 4096;
const MAGIC: u64 = u64::from_be_bytes(*b"weftxdp1");
/// Longest text of [`Header::set_mode`].
const TEXT: usize = 512;

/// How many chunks there are, and how long they are. All are powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Bytes of a chunk.
    pub chunk: u32,
    /// Chunks to receive into.
    pub receive: u32,
    /// Chunks to send from; 0: nothing is sent by this queue.
    pub send: u32,
    /// Whether a frame may take several chunks.
    pub has_pieces: bool,
}

impl Layout {
    /// Bytes of all chunks.
    pub(crate) fn chunks_bytes(self) -> usize {
        (self.receive + self.send) as usize * self.chunk as usize
    }

    fn is_sound(self) -> bool {
        let pages = [2048, 4096].contains(&self.chunk);
        let is_count = |n: u32| n.is_power_of_two() && n <= 1 << 16;
        pages && is_count(self.receive) && (self.send == 0 || is_count(self.send))
    }
}

#[repr(C)]
struct Facts {
    magic: AtomicU64,
    /// What is published next on the sending side: see `sending.rs`.
    sending: AtomicU64,
    /// Frames the kernel dropped, as far as they are counted.
    missed: AtomicU64,
    chunk: AtomicU32,
    receive: AtomicU32,
    send: AtomicU32,
    has_pieces: AtomicU32,
    text_length: AtomicU32,
}

/// The first page.
pub(crate) struct Header(Mapping);

impl Header {
    /// New memory for a queue.
    pub(crate) fn create(layout: Layout) -> io::Result<OwnedFd> {
        use std::os::fd::AsFd;
        let fd = sys::memory(PAGE + layout.chunks_bytes())?;
        let header = Header(Mapping::new(fd.as_fd(), PAGE, 0)?);
        let facts = header.facts();
        facts.chunk.store(layout.chunk, Ordering::Relaxed);
        facts.receive.store(layout.receive, Ordering::Relaxed);
        facts.send.store(layout.send, Ordering::Relaxed);
        let pieces = u32::from(layout.has_pieces);
        facts.has_pieces.store(pieces, Ordering::Relaxed);
        facts.magic.store(MAGIC, Ordering::Release);
        Ok(fd)
    }

    /// The header of memory that was made by [`Header::create`].
    pub(crate) fn open(fd: BorrowedFd<'_>) -> io::Result<Header> {
        let odd = || io::Error::new(io::ErrorKind::InvalidData, "not the memory of a queue");
        let length = sys::length(fd)?;
        if length < PAGE {
            return Err(odd());
        }
        let header = Header(Mapping::new(fd, PAGE, 0)?);
        let (layout, magic) = (
            header.layout(),
            header.facts().magic.load(Ordering::Acquire),
        );
        if magic != MAGIC || !layout.is_sound() || length != PAGE + layout.chunks_bytes() {
            return Err(odd());
        }
        Ok(header)
    }

    fn facts(&self) -> &Facts {
        // SAFETY: the page is longer than the facts, aligned, and lives as long as `self`; they
        // are atomic, as others may write them.
        unsafe { &*self.0.at::<Facts>(0, 1) }
    }

    pub(crate) fn layout(&self) -> Layout {
        let facts = self.facts();
        Layout {
            chunk: facts.chunk.load(Ordering::Relaxed),
            receive: facts.receive.load(Ordering::Relaxed),
            send: facts.send.load(Ordering::Relaxed),
            has_pieces: facts.has_pieces.load(Ordering::Relaxed) != 0,
        }
    }

    /// What is published next on the sending side.
    pub(crate) fn sending(&self) -> &AtomicU64 {
        &self.facts().sending
    }

    /// Frames the kernel dropped, as far as they are counted.
    pub(crate) fn missed(&self) -> &AtomicU64 {
        &self.facts().missed
    }

    /// Notes in words how frames get here.
    pub(crate) fn set_mode(&mut self, text: &str) {
        let end = (0..=text.len().min(TEXT))
            .rev()
            .find(|&at| text.is_char_boundary(at));
        let text = &text.as_bytes()[..end.unwrap_or(0)];
        if let Some(room) = self.0.bytes_mut(PAGE - TEXT, text.len()) {
            room.copy_from_slice(text);
        }
        let length = text.len() as u32;
        self.facts().text_length.store(length, Ordering::Release);
    }

    /// How frames get here, in words.
    pub(crate) fn mode(&self) -> String {
        let length = self.facts().text_length.load(Ordering::Acquire) as usize;
        let text = self.0.bytes(PAGE - TEXT, length.min(TEXT));
        String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    const LAYOUT: Layout = Layout {
        chunk: 2048,
        receive: 8,
        send: 4,
        has_pieces: true,
    };

    #[test]
    fn what_one_process_notes_another_reads() {
        let fd = Header::create(LAYOUT).unwrap();
        let mut writer = Header::open(fd.as_fd()).unwrap();
        writer.set_mode("native, copy");
        writer.sending().store(7, Ordering::Relaxed);
        let reader = Header::open(fd.as_fd()).unwrap();
        assert_eq!(reader.layout(), LAYOUT);
        assert_eq!(reader.mode(), "native, copy");
        assert_eq!(reader.sending().load(Ordering::Relaxed), 7);
    }

    #[test]
    fn a_long_mode_is_cut_between_characters() {
        let fd = Header::create(LAYOUT).unwrap();
        let mut header = Header::open(fd.as_fd()).unwrap();
        header.set_mode(&"é".repeat(400));
        assert_eq!(header.mode(), "é".repeat(256));
        header.set_mode(&format!("a{}", "é".repeat(400)));
        assert_eq!(header.mode(), format!("a{}", "é".repeat(255)));
    }

    #[test]
    fn other_memory_is_refused() {
        let fd = sys::memory(PAGE * 2).unwrap();
        let error = Header::open(fd.as_fd()).err().unwrap();
        assert_eq!(error.to_string(), "not the memory of a queue");
        let fd = Header::create(Layout {
            receive: 3,
            ..LAYOUT
        });
        assert!(Header::open(fd.unwrap().as_fd()).is_err());
    }
}
