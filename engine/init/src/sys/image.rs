//! Going on as another program of the same executable, without executing it: what `exec` would have
//! replaced is replaced one by one.
//!
//! A fork starts in a tenth of the time that loading and linking the executable takes, and shares
//! its pages with process 1. What it keeps is where code and libraries lie: all engines of one
//! sandbox have them at the same, random, place.

use super::{check, descriptor, process};
use std::ffi::{CStr, c_char};
use std::io;
use std::os::fd::RawFd;

unsafe extern "C" {
    static environ: *const *mut c_char;
}

/// Shows these arguments to `ps`, leaves no environment but this, and no descriptor but these and
/// the standard three. Only for a process that never returns to code that owns other descriptors.
pub fn replace(
    name: &CStr,
    arguments: &[String],
    environment: &[(&str, &str)],
    kept: &[RawFd],
) -> io::Result<()> {
    process::set_name(name);
    show_arguments(arguments);
    forget_environment();
    for (name, value) in environment {
        // SAFETY: the process has one thread.
        unsafe { std::env::set_var(name, value) };
    }
    descriptor::close_all_but(kept)
}

/// Lets the process read its own files below `/proc` again, which changing the user has ended.
pub fn own_itself() -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0) })?;
    Ok(())
}

/// What the kernel notes of a process's memory, as `struct prctl_mm_map` of `linux/prctl.h`.
#[repr(C)]
struct Map {
    code: [u64; 2],
    data: [u64; 2],
    heap: [u64; 2],
    stack: u64,
    arguments: [u64; 2],
    environment: [u64; 2],
    vector: u64,
    vector_bytes: u32,
    executable: i32,
}

/// Has the kernel find the arguments elsewhere; one that does not let it goes on showing process 1's.
fn show_arguments(arguments: &[String]) {
    let text: String = arguments.iter().flat_map(|a| [a.as_str(), "\0"]).collect();
    let text: &'static [u8] = Vec::leak(text.into_bytes());
    let Some(map) = std::fs::read_to_string("/proc/self/stat")
        .ok()
        .and_then(|stat| map_of(&stat, text))
    else {
        return;
    };
    let (map, size) = (&raw const map, size_of::<Map>());
    // SAFETY: the kernel reads `map`, and notes places that stay readable for good.
    unsafe { libc::prctl(libc::PR_SET_MM, libc::PR_SET_MM_MAP, map, size, 0) };
}

/// As it is according to `/proc/PID/stat` (see proc(5)), but for the arguments.
fn map_of(stat: &str, arguments: &'static [u8]) -> Option<Map> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    // Fields are counted from 1; the third is the first behind the name.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let bounds = arguments.as_ptr_range();
    // SAFETY: moves nothing.
    let heap_end = unsafe { libc::sbrk(0) };
    Some(Map {
        code: [field(26)?, field(27)?],
        data: [field(45)?, field(46)?],
        heap: [field(47)?, heap_end as u64],
        stack: field(28)?,
        arguments: [bounds.start as u64, bounds.end as u64],
        environment: [field(50)?, field(51)?],
        vector: 0,
        vector_bytes: 0,
        executable: -1,
    })
}

/// Overwrites what the caller had in its environment: it is no business of what runs from here.
fn forget_environment() {
    // SAFETY: the process has one thread; the list ends with null, its strings with zero, and both
    // are memory of this process that it may write.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let length = libc::strlen(*entry);
            std::ptr::write_bytes(*entry, 0, length);
            entry = entry.add(1);
        }
        libc::clearenv();
    }
}
