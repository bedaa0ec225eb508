//! The target `race`: packets go through one element while their bytes change, as a component
//! that shares the frames with the engine may change them. No length may be read twice.
//!
//! They change in two ways: a thread rewrites them all the time; and, where the processor allows it,
//! each access to them is followed by a change ([`crate::accesses`]).

use crate::Case;
#[cfg(target_arch = "x86_64")]
use crate::accesses::Accesses;
use crate::element::{POOL, Run};
use crate::entropy::Entropy;
use crate::watchdog::{Told, working_folder};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use weft_core::{HEADROOM, Packet, Pool};

/// Batches under a writing thread for each one whose accesses are noticed, which take long.
const UNNOTICED: usize = 8;
/// The longest packet: accesses are noticed one by one, and headers are what counts.
const LONGEST: usize = 200;
/// Slots that the thread rewrites: those handed out first, which are used over and over.
const SLOTS: usize = 12;
/// Bytes rewritten, from where packets begin on: headers, and options behind them.
const SPAN: usize = 128;

/// Runs `case` on some batches, `count` of them with a change after each access. Batches and changes
/// follow from `data`; what a change of the thread meets does not.
///
/// # Panics
/// When something is wrong.
pub fn race(case: &Case, count: usize, data: &[u8]) {
    working_folder();
    let _told = Told(format!("{case} on changing bytes, data {data:02x?}"));
    let mut run = Run::new(case, data);
    let writer = Writer::start(run.pool(), data.to_vec());
    for _ in 0..count * UNNOTICED {
        run.feed_some_up_to(LONGEST);
        run.go_on();
    }
    drop(writer);
    #[cfg(target_arch = "x86_64")]
    change_after_accesses(&mut run, count, data);
    run.finish();
}

#[cfg(target_arch = "x86_64")]
fn change_after_accesses(run: &mut Run<'_>, count: usize, data: &[u8]) {
    let theirs = second_mapping(run.pool());
    let accesses = Accesses::notice(run.pool(), theirs, Entropy::new(data).hashed());
    for _ in 0..count {
        run.feed_some_up_to(LONGEST);
        accesses.during(|| run.go_on());
    }
}

/// Looks at packets as every header there is, while each access is followed by a change.
///
/// # Panics
/// When something is wrong.
#[cfg(target_arch = "x86_64")]
pub fn view_race(count: usize, data: &[u8]) {
    let mut pool = Pool::new(POOL).expect("memory");
    let theirs = second_mapping(&mut pool);
    let accesses = Accesses::notice(&mut pool, theirs, Entropy::new(data).hashed());
    let mut entropy = Entropy::new(data);
    for _ in 0..count {
        let mut bytes = crate::packets::bytes(&mut entropy);
        bytes.truncate(LONGEST);
        // From the network header on as well.
        let skipped = *entropy.pick(&[0, 14, 34]);
        let Some(packet) = pool.copy_in(bytes.get(skipped..).unwrap_or_default()) else {
            continue;
        };
        accesses.during(|| crate::wire(pool.data(&packet)));
        pool.free(packet);
    }
}

fn second_mapping(pool: &mut Pool) -> Pool {
    let memory = pool.share().expect("shared memory");
    Pool::shared(POOL, memory.as_raw_fd()).expect("a second mapping")
}

/// A thread that rewrites frames through a mapping of its own, as long as it lives.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(pool: &mut Pool, data: Vec<u8>) -> Writer {
        let theirs = second_mapping(pool);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || rewrite(theirs, &data, &stopped));
        Writer {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the writer failed");
        }
    }
}

fn rewrite(mut pool: Pool, data: &[u8], stop: &AtomicBool) {
    let slot = |_| pool.alloc(SPAN, HEADROOM).expect("a slot");
    let mut slots: Vec<Packet> = (0..SLOTS).map(slot).collect();
    let mut entropy = Entropy::new(data);
    while !stop.load(Relaxed) {
        let packet = entropy.below(SLOTS);
        let bytes = pool.data_mut(&mut slots[packet]).expect("a slot");
        for _ in 0..64 {
            flicker(bytes, &mut entropy);
        }
    }
    pool.free_all(&mut slots);
}

/// Changes a byte for a moment, or for good.
fn flicker(bytes: &mut [u8], entropy: &mut Entropy<'_>) {
    let at = place(entropy);
    let old = bytes[at];
    bytes[at] = match entropy.below(3) {
        0 => entropy.byte(),
        1 => old ^ 1 << entropy.below(8),
        _ => *entropy.pick(&[0, 1, 4, 0x44, 0x45, 0x46, 0x4f, 0x50, 0xf0, 0xff]),
    };
    // Without this the compiler might leave out the first of two writes.
    std::hint::black_box(&mut *bytes);
    if !entropy.once_in(16) {
        for _ in 0..entropy.below(16) {
            std::hint::spin_loop();
        }
        bytes[at] = old;
    }
    std::hint::black_box(bytes);
}

/// Where headers begin in the frames that are fed.
const HEADERS: &[usize] = &[0, 14, 14, 18, 50];
/// What tells lengths in them and behind: of IPv4 its own and the total, of ARP those of addresses,
/// of options theirs, of TCP where data begins, of NSH its own and that of a context header.
const LENGTHS: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 20, 21, 22, 24, 25, 32];

fn place(entropy: &mut Entropy<'_>) -> usize {
    match entropy.below(4) {
        0 => entropy.below(SPAN),
        _ => entropy.pick(HEADERS) + entropy.pick(LENGTHS),
    }
}
