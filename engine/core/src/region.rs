//! State that outlives the engine process: named groups of 64-bit cells in shared memory.
//!
//! Counters and queues keep their values here. In a sandbox the memory belongs to process 1, so an
//! engine that was killed finds its cells again by name; elsewhere it is private memory. Cells are
//! read and written with relaxed atomic operations, which cost what plain ones cost.
//!
//! Layout, in 64-bit words: `[magic, used]`, then records `[length, key length, key, cells]`.
//! What a record says is checked against the memory's bounds before it is used.
//!
//! This file maps memory and points into it: it is one of the few that use `unsafe`.

use std::collections::HashMap;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, Release};

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
#[derive(Default)]
pub struct Region {
    shared: Option<Arc<Mapping>>,
    arena: Option<(Arc<Mapping>, usize)>,
    index: HashMap<(String, usize), Cells>,
    reasons: HashMap<String, Reasons>,
    recovered: bool,
}

/// Why packets were dropped, in the order the reasons first occurred, each with its count.
type Reasons = Vec<(String, Cells)>;

/// Between an element's key and a reason.
const DROP: &str = " drop ";

/// Words mapped at once for private cells.
const ARENA: usize = 1 << 16;

impl Region {
    /// The region in the `bytes` of memory behind `fd`. Contents that are no region are cleared;
    /// records are read once, here, and only as far as they make sense.
    ///
    /// # Errors
    /// When the memory cannot be mapped.
    pub fn shared(bytes: usize, fd: RawFd) -> io::Result<Self> {
        let mapping = Mapping::new(bytes, fd, libc::MAP_SHARED | libc::MAP_NORESERVE)?;
        let recovered = mapping.word(0).load(Relaxed) == MAGIC;
        let index = if recovered {
            read_records(&mapping)
        } else {
            HashMap::new()
        };
        let used = index
            .values()
            .map(|c| c.start + c.count)
            .max()
            .unwrap_or(HEADER);
        mapping.word(1).store(used as u64, Relaxed);
        mapping.word(0).store(MAGIC, Relaxed);
        Ok(Region {
            shared: Some(mapping),
            arena: None,
            reasons: recovered_reasons(&index),
            index,
            recovered,
        })
    }

    /// Whether an earlier engine left its state here.
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// The cells called `key`, `count` of them: those there are, or new ones, all zero. When shared
    /// memory is full the cells are private, and do not outlive the process.
    pub fn cells(&mut self, key: &str, count: usize) -> Cells {
        let known = (key.to_string(), count);
        if let Some(cells) = self.index.get(&known) {
            return cells.clone();
        }
        let added = self
            .shared
            .as_ref()
            .and_then(|mapping| add_record(mapping, key, count));
        let cells = added.unwrap_or_else(|| self.private_cells(count));
        self.index.insert(known, cells.clone());
        cells
    }

    /// The count of packets that the element of `key` dropped for `reason`.
    pub fn reason(&mut self, key: &str, reason: &str) -> Cells {
        let cell = self.cells(&format!("{key}{DROP}{reason}"), 1);
        let known = self.reasons.entry(key.to_string()).or_default();
        if known.iter().all(|(r, _)| r != reason) {
            known.push((reason.to_string(), cell.clone()));
        }
        cell
    }

    /// The reasons for which the element of `key` ever dropped packets.
    pub fn reasons(&self, key: &str) -> &[(String, Cells)] {
        self.reasons.get(key).map_or(&[], Vec::as_slice)
    }

    fn private_cells(&mut self, count: usize) -> Cells {
        let (mapping, start) = match self.arena.take() {
            Some((mapping, used)) if used + count <= mapping.count => (mapping, used),
            _ => (
                Mapping::private(count.max(ARENA)).expect("memory for counters"),
                0,
            ),
        };
        self.arena = Some((mapping.clone(), start + count));
        Cells {
            mapping,
            start,
            count,
        }
    }
}

/// The reasons an earlier engine counted.
fn recovered_reasons(index: &HashMap<(String, usize), Cells>) -> HashMap<String, Reasons> {
    let mut all: HashMap<String, Reasons> = HashMap::new();
    for ((name, count), cell) in index {
        if let Some((key, reason)) = name.split_once(DROP).filter(|_| *count == 1) {
            let known = all.entry(key.to_string()).or_default();
            known.push((reason.to_string(), cell.clone()));
        }
    }
    let sort = |known: &mut Reasons| known.sort_by_key(|(_, cell)| cell.start);
    all.values_mut().for_each(sort);
    all
}

/// A key as words: its length in bytes, then its bytes.
fn key_words(key: &str) -> Vec<u64> {
    let mut bytes = (key.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(key.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
        .chunks(8)
        .map(|c| u64::from_le_bytes(c.try_into().expect("eight bytes")))
        .collect()
}

/// All records up to the first that does not make sense.
fn read_records(mapping: &Arc<Mapping>) -> HashMap<(String, usize), Cells> {
    let mut index = HashMap::new();
    let used = mapping.word(1).load(Relaxed).min(mapping.count as u64) as usize;
    let mut at = HEADER;
    while let Some((key, start, end)) = read_record(mapping, at, used) {
        let cells = Cells {
            mapping: mapping.clone(),
            start,
            count: end - start,
        };
        index.insert((key, end - start), cells);
        at = end;
    }
    index
}

/// The record at `at`: its key, and where its cells begin and end.
fn read_record(mapping: &Mapping, at: usize, used: usize) -> Option<(String, usize, usize)> {
    let room = used.checked_sub(at)?;
    if room < 2 {
        return None;
    }
    let length = usize::try_from(mapping.word(at).load(Relaxed))
        .ok()
        .filter(|l| *l <= room)?;
    let key_bytes = usize::try_from(mapping.word(at + 1).load(Relaxed)).ok()?;
    let key_words = key_bytes.div_ceil(8);
    if length < 2 || key_words > length - 2 {
        return None;
    }
    let words = mapping.slice(at + 2, key_words);
    let mut bytes: Vec<u8> = words
        .iter()
        .flat_map(|w| w.load(Relaxed).to_le_bytes())
        .collect();
    bytes.truncate(key_bytes);
    Some((
        String::from_utf8(bytes).ok()?,
        at + 2 + key_words,
        at + length,
    ))
}

fn add_record(mapping: &Arc<Mapping>, key: &str, count: usize) -> Option<Cells> {
    let words = key_words(key);
    let at = mapping.word(1).load(Relaxed) as usize;
    let length = 1 + words.len() + count;
    if at.checked_add(length)? > mapping.count {
        return None;
    }
    for (i, word) in words.iter().enumerate() {
        mapping.word(at + 1 + i).store(*word, Relaxed);
    }
    let start = at + length - count;
    mapping
        .slice(start, count)
        .iter()
        .for_each(|cell| cell.store(0, Relaxed));
    mapping.word(at).store(length as u64, Relaxed);
    mapping.word(1).store((at + length) as u64, Release);
    Some(Cells {
        mapping: mapping.clone(),
        start,
        count,
    })
}

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
    fn reasons_are_found_again_in_order() {
        let fd = memfd(1 << 16);
        let mut first = Region::shared(1 << 16, fd).unwrap();
        for (reason, count) in [("too-short", 1), ("bad-checksum", 2), ("queue-full", 3)] {
            first.reason("Queue q", reason).add(0, count);
        }
        let told = |region: &Region, key| -> Vec<(String, u64)> {
            let known = region.reasons(key).iter();
            known.map(|(r, cell)| (r.clone(), cell.get(0))).collect()
        };
        let counted = told(&first, "Queue q");
        let second = Region::shared(1 << 16, fd).unwrap();
        assert_eq!(told(&second, "Queue q"), counted);
        assert_eq!(counted[2], ("queue-full".to_string(), 3));
        assert_eq!(told(&second, "Queue"), []);
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
        let raw = Mapping::new(4096, fd, libc::MAP_SHARED).unwrap();
        let mut x = 88_172_645_463_325_252u64;
        let mut next = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        };
        for _ in 0..20_000 {
            let word = if next() & 1 == 0 {
                next()
            } else {
                next() >> 55
            };
            raw.word(1 + (next() >> 7) as usize % 40)
                .store(word, Relaxed);
            let mut region = Region::shared(4096, fd).unwrap();
            let count = next() as usize % 9;
            let cells = region.cells("a", count);
            (0..count).for_each(|i| cells.set(i, next()));
            assert_eq!(cells.len(), count);
        }
    }
}
