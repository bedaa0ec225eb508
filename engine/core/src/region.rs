//! State that outlives the engine process: named groups of 64-bit cells in shared memory.
//!
//! Counters and queues keep their values here. In a sandbox the memory belongs to process 1, so an
//! engine that was killed finds its cells again by name; elsewhere it is private memory. Cells are
//! read and written with relaxed atomic operations, which cost what plain ones cost.
//!
//! Layout, in 64-bit words: `[magic, used]`, then records `[length, key hash, key bytes, cells]`.
//! What a record says is checked against the memory's bounds before it is used.
//!
//! This file maps memory and points into it: it is one of the few that use `unsafe`.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const MAGIC: u64 = u64::from_le_bytes(*b"weftst01");
const HEADER: usize = 2;

struct Mapping {
    words: *mut AtomicU64,
    count: usize,
}

// SAFETY: all access goes through atomics.
unsafe impl Send for Mapping {}
// SAFETY: all access goes through atomics.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `words` and `count` are what `mmap` returned and was asked for.
        unsafe { libc::munmap(self.words.cast(), self.count * 8) };
    }
}

impl Mapping {
    fn new(bytes: usize, fd: RawFd, flags: i32) -> io::Result<Arc<Self>> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a fresh mapping at an address the kernel chooses.
        let at = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, fd, 0) };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Arc::new(Mapping {
            words: at.cast(),
            count: bytes / 8,
        }))
    }

    fn private(words: usize) -> io::Result<Arc<Self>> {
        Self::new(
            words.max(1) * 8,
            -1,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        )
    }

    #[inline]
    fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < self.count);
        // SAFETY: the index is inside the mapping, which lives as long as `self`.
        unsafe { &*self.words.add(index) }
    }

    fn slice(&self, start: usize, count: usize) -> &[AtomicU64] {
        assert!(start + count <= self.count);
        // SAFETY: the range is inside the mapping, which lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.words.add(start), count) }
    }
}

/// A named group of cells. Clones refer to the same cells.
#[derive(Clone)]
pub struct Cells {
    mapping: Arc<Mapping>,
    start: usize,
    count: usize,
}

impl Cells {
    /// Cells in private memory, all zero.
    ///
    /// # Errors
    /// When memory cannot be had.
    pub fn private(count: usize) -> io::Result<Self> {
        Ok(Cells {
            mapping: Mapping::private(count)?,
            start: 0,
            count,
        })
    }

    /// How many cells there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.count
    }

    /// All cells.
    #[inline]
    pub fn as_slice(&self) -> &[AtomicU64] {
        self.mapping.slice(self.start, self.count)
    }

    /// The value of cell `index`.
    #[inline]
    pub fn get(&self, index: usize) -> u64 {
        self.as_slice()[index].load(Relaxed)
    }

    /// Sets cell `index`.
    #[inline]
    pub fn set(&self, index: usize, value: u64) {
        self.as_slice()[index].store(value, Relaxed);
    }

    /// Adds to cell `index`; only one thread writes a cell.
    #[inline]
    pub fn add(&self, index: usize, value: u64) {
        let cell = &self.as_slice()[index];
        cell.store(cell.load(Relaxed).wrapping_add(value), Relaxed);
    }
}

/// All cells of one function.
pub struct Region {
    shared: Option<Arc<Mapping>>,
    private: Vec<(String, Cells)>,
    recovered: bool,
}

impl Default for Region {
    fn default() -> Self {
        Region {
            shared: None,
            private: Vec::new(),
            recovered: false,
        }
    }
}

impl Region {
    /// The region in the `bytes` of memory behind `fd`. Contents that are no region are cleared.
    ///
    /// # Errors
    /// When the memory cannot be mapped.
    pub fn shared(bytes: usize, fd: RawFd) -> io::Result<Self> {
        let mapping = Mapping::new(bytes, fd, libc::MAP_SHARED | libc::MAP_NORESERVE)?;
        let recovered = mapping.word(0).load(Relaxed) == MAGIC;
        if !recovered {
            mapping.word(1).store(HEADER as u64, Relaxed);
            mapping.word(0).store(MAGIC, Relaxed);
        }
        Ok(Region {
            shared: Some(mapping),
            private: Vec::new(),
            recovered,
        })
    }

    /// Whether an earlier engine left its state here.
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// The cells called `key`, `count` of them: those there are, or new ones, all zero. Cells of
    /// that name but another count are left behind. When shared memory is full the cells are
    /// private, and do not outlive the process.
    pub fn cells(&mut self, key: &str, count: usize) -> Cells {
        if let Some(mapping) = &self.shared {
            if let Some(cells) = find_or_add(mapping, key, count) {
                return cells;
            }
        }
        if let Some((_, cells)) = self
            .private
            .iter()
            .find(|(k, c)| k == key && c.count == count)
        {
            return cells.clone();
        }
        let cells = Cells::private(count).expect("memory for counters");
        self.private.push((key.to_string(), cells.clone()));
        cells
    }
}

/// FNV-1a, enough to tell keys apart before comparing them.
fn hash(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    })
}

fn key_words(key: &str) -> Vec<u64> {
    let mut bytes = (key.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(key.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
        .chunks(8)
        .map(|c| u64::from_le_bytes(c.try_into().expect("eight bytes")))
        .collect()
}

fn find_or_add(mapping: &Arc<Mapping>, key: &str, count: usize) -> Option<Cells> {
    let wanted = key_words(key);
    let length = 2 + wanted.len() + count;
    let used = (mapping.word(1).load(Relaxed) as usize).clamp(HEADER, mapping.count);
    let mut at = HEADER;
    while at + 2 <= used {
        let record = mapping.word(at).load(Relaxed) as usize;
        if record < 2 || record > used - at {
            break;
        }
        let names = mapping.slice(at + 2, wanted.len().min(record - 2));
        let same = record == length
            && mapping.word(at + 1).load(Relaxed) == hash(key)
            && names
                .iter()
                .zip(&wanted)
                .all(|(a, b)| a.load(Relaxed) == *b);
        if same {
            return Some(Cells {
                mapping: mapping.clone(),
                start: at + length - count,
                count,
            });
        }
        at += record;
    }
    if at + length > mapping.count {
        return None;
    }
    mapping.word(at + 1).store(hash(key), Relaxed);
    for (i, word) in wanted.iter().enumerate() {
        mapping.word(at + 2 + i).store(*word, Relaxed);
    }
    mapping
        .slice(at + length - count, count)
        .iter()
        .for_each(|cell| cell.store(0, Relaxed));
    mapping.word(at).store(length as u64, Relaxed);
    mapping
        .word(1)
        .store((at + length) as u64, Ordering::Release);
    Some(Cells {
        mapping: mapping.clone(),
        start: at + length - count,
        count,
    })
}

use std::sync::atomic::Ordering;

#[cfg(test)]
mod tests {
    use super::*;

    fn memfd(bytes: usize) -> RawFd {
        // SAFETY: plain system calls on a descriptor made here.
        unsafe {
            let fd = libc::memfd_create(c"region".as_ptr(), 0);
            assert_eq!(libc::ftruncate(fd, bytes as i64), 0);
            fd
        }
    }

    #[test]
    fn cells_are_found_again_by_name_in_another_mapping() {
        let fd = memfd(1 << 16);
        let mut first = Region::shared(1 << 16, fd).unwrap();
        assert!(!first.is_recovered());
        first.cells("Counter c", 2).add(1, 7);
        first.cells("Counter d", 2).set(0, 9);
        let mut second = Region::shared(1 << 16, fd).unwrap();
        assert!(second.is_recovered());
        assert_eq!(second.cells("Counter c", 2).get(1), 7);
        assert_eq!(second.cells("Counter d", 2).get(0), 9);
        assert_eq!(second.cells("Counter c", 3).get(1), 0);
    }

    #[test]
    fn a_full_region_falls_back_to_private_cells() {
        let mut region = Region::shared(4096, memfd(4096)).unwrap();
        let large = region.cells("q", 4096);
        large.set(4095, 3);
        assert_eq!(region.cells("q", 4096).get(4095), 3);
    }

    #[test]
    fn random_contents_are_never_followed_out_of_bounds() {
        let fd = memfd(4096);
        let mut region = Region::shared(4096, fd).unwrap();
        region.cells("a", 3);
        let raw = Mapping::new(4096, fd, libc::MAP_SHARED).unwrap();
        let mut x = 88_172_645_463_325_252u64;
        for _ in 0..20_000 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            raw.word(1 + (x as usize >> 7) % 40)
                .store(if x & 1 == 0 { x } else { x >> 55 }, Relaxed);
            let count = x as usize % 9;
            assert_eq!(region.cells("a", count).len(), count);
        }
    }
}
