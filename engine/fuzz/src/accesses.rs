//! Bytes that change right after they were read: the engine's mapping of the frames is closed, so
//! that each access is noticed, let through for one instruction, and followed by a change made
//! through another mapping, as if by another process at the worst moment. The same seed gives the same
//! changes after the same accesses.
//!
//! This file catches signals and writes through addresses: it is one of the few that use `unsafe`.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use weft_core::{HEADROOM, Pool};

/// The processor's flag that makes it trap after an instruction.
const TRAP_FLAG: i64 = 0x100;
/// Bytes that lengths in headers consist of, sound and not.
const VALUES: [u8; 13] = [
    0, 1, 2, 4, 8, 0x20, 0x44, 0x45, 0x46, 0x4f, 0x50, 0xf0, 0xff,
];
/// How far behind where an access began the change may be.
const REACH: [u32; 4] = [1, 1, 4, 20];
const NOTHING: u64 = u64::MAX;

static OURS: AtomicUsize = AtomicUsize::new(0);
static THEIRS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static RANDOM: AtomicU64 = AtomicU64::new(1);
/// Where the access under way began, from the mapping's start.
static ACCESSED: AtomicUsize = AtomicUsize::new(0);
/// A change to be taken back: its place, and in the low byte what was there.
static UNDO: AtomicU64 = AtomicU64::new(NOTHING);
/// One at a time: signals and what they work on belong to the whole process.
static ONE: Mutex<()> = Mutex::new(());

/// What notices accesses, as long as it lives.
pub(crate) struct Accesses {
    /// What changes are made through.
    _theirs: Pool,
    earlier: [(i32, libc::sigaction); 2],
    _one: MutexGuard<'static, ()>,
}

impl Accesses {
    /// Notices accesses to the frames of `ours`, which lives longer; `theirs` is another mapping of
    /// them. What changes follows from `seed`.
    pub(crate) fn notice(ours: &mut Pool, mut theirs: Pool, seed: u64) -> Accesses {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        OURS.store(start(ours), Relaxed);
        THEIRS.store(start(&mut theirs), Relaxed);
        BYTES.store(ours.layout().bytes as usize, Relaxed);
        UNDO.store(NOTHING, Relaxed);
        RANDOM.store(seed | 1, Relaxed);
        Accesses {
            _theirs: theirs,
            earlier: [
                (libc::SIGSEGV, catch(libc::SIGSEGV, on_access)),
                (libc::SIGTRAP, catch(libc::SIGTRAP, on_trap)),
            ],
            _one: one,
        }
    }

    /// Runs `what` on changing bytes.
    pub(crate) fn during(&self, what: impl FnOnce()) {
        struct Open;
        impl Drop for Open {
            fn drop(&mut self) {
                protect(libc::PROT_READ | libc::PROT_WRITE);
            }
        }
        let _open = Open;
        protect(libc::PROT_NONE);
        what();
    }
}

impl Drop for Accesses {
    fn drop(&mut self) {
        for (signal, earlier) in &self.earlier {
            // SAFETY: puts back what was there.
            unsafe { libc::sigaction(*signal, earlier, std::ptr::null_mut()) };
        }
    }
}

/// The address at which a pool's memory begins.
fn start(pool: &mut Pool) -> usize {
    let packet = pool.alloc(1, HEADROOM).expect("a slot");
    let slot = packet.slot() as usize * pool.layout().small_stride as usize;
    let at = pool.data(&packet).as_ptr() as usize;
    pool.free(packet);
    at - HEADROOM - slot
}

type Catcher = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

/// Gives what was done about the signal before.
fn catch(signal: i32, catcher: Catcher) -> libc::sigaction {
    // SAFETY: plain C structures for which zero is valid; the catchers only make system calls and
    // touch atomics and the second mapping.
    let (caught, earlier) = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let mut earlier: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = catcher as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        let caught = libc::sigaction(signal, &raw const action, &raw mut earlier);
        (caught, earlier)
    };
    assert_eq!(caught, 0, "signal {signal} cannot be caught");
    earlier
}

fn protect(access: i32) {
    let (ours, bytes) = (OURS.load(Relaxed), BYTES.load(Relaxed));
    // SAFETY: the mapping of a pool that outlives `Accesses`.
    unsafe { libc::mprotect(ours as *mut libc::c_void, bytes, access) };
}

fn set_trap(context: *mut libc::c_void, on: bool) {
    // SAFETY: a catcher with SA_SIGINFO gets a valid context.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let flags = &mut context.uc_mcontext.gregs[libc::REG_EFL as usize];
    *flags = if on {
        *flags | TRAP_FLAG
    } else {
        *flags & !TRAP_FLAG
    };
}

extern "C" fn on_access(_: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: a catcher with SA_SIGINFO gets a valid record.
    let at = unsafe { (*info).si_addr() } as usize;
    let from_start = at.wrapping_sub(OURS.load(Relaxed));
    if from_start >= BYTES.load(Relaxed) {
        // SAFETY: a real fault, which comes again with nobody to catch it.
        unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
        return;
    }
    ACCESSED.store(from_start, Relaxed);
    protect(libc::PROT_READ | libc::PROT_WRITE);
    set_trap(context, true);
}

extern "C" fn on_trap(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    set_trap(context, false);
    protect(libc::PROT_NONE);
    let undo = UNDO.swap(NOTHING, Relaxed);
    if undo != NOTHING && random(8) > 0 {
        place((undo >> 8) as usize).store(undo as u8, Relaxed);
    }
    if random(3) == 0 {
        let reach = REACH[random(4) as usize];
        change(ACCESSED.load(Relaxed) + random(reach) as usize);
    }
}

fn random(below: u32) -> u32 {
    // Marsaglia's xorshift: a catcher may not wait for a lock.
    let mut x = RANDOM.load(Relaxed);
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    RANDOM.store(x, Relaxed);
    ((x >> 32) % u64::from(below)) as u32
}

fn place(at: usize) -> &'static AtomicU8 {
    let at = at.min(BYTES.load(Relaxed) - 1);
    // SAFETY: inside the second mapping, which nothing else here refers to.
    unsafe { AtomicU8::from_ptr((THEIRS.load(Relaxed) + at) as *mut u8) }
}

fn change(at: usize) {
    let byte = place(at);
    let old = byte.load(Relaxed);
    let new = match random(4) {
        0 => random(256) as u8,
        1 => old ^ 1 << random(8),
        2 => old ^ 0x0f,
        _ => VALUES[random(VALUES.len() as u32) as usize],
    };
    byte.store(new, Relaxed);
    UNDO.store((at as u64) << 8 | u64::from(old), Relaxed);
}
