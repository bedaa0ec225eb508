//! The `bpf` system call, as far as it is needed here: one of the few files that use `unsafe`.
//!
//! Structures and numbers are those of Linux's `include/uapi/linux/bpf.h`.

use crate::sys::check;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

const MAP_CREATE: libc::c_int = 0;
const MAP_UPDATE_ELEM: libc::c_int = 2;
const PROG_LOAD: libc::c_int = 5;
const LINK_CREATE: libc::c_int = 28;
const MAP_TYPE_XSKMAP: u32 = 17;
const PROG_TYPE_XDP: u32 = 6;
const ATTACH_XDP: u32 = 37;
/// The program takes frames in several pieces (`BPF_F_XDP_HAS_FRAGS`).
const HAS_FRAGMENTS: u32 = 1 << 5;

/// One instruction (`struct bpf_insn`); `registers` has the target in its lower half, the source in
/// its upper one.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    pub code: u8,
    pub registers: u8,
    pub offset: i16,
    pub immediate: i32,
}

#[repr(C)]
struct MapCreate {
    kind: u32,
    key_size: u32,
    value_size: u32,
    most: u32,
}

#[repr(C)]
struct MapUpdate {
    map: u32,
    unused: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgramLoad {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    interface: u32,
    kind: u32,
    flags: u32,
}

/// Calls `bpf`; `T` is the part of the union that `command` reads, whose pointers are valid.
fn call<T>(command: libc::c_int, attributes: &T) -> io::Result<libc::c_int> {
    let at = std::ptr::from_ref(attributes);
    // SAFETY: the kernel reads as many bytes as it is told; what they point to is seen to below.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, at, size_of::<T>()) };
    check(result as libc::c_int)
}

fn create<T>(command: libc::c_int, attributes: &T) -> io::Result<OwnedFd> {
    let fd = call(command, attributes)?;
    // SAFETY: the descriptor returned belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd() as u32
}

/// A map from queue to AF_XDP socket, for `most` queues.
pub(crate) fn socket_map(most: u32) -> io::Result<OwnedFd> {
    let attributes = MapCreate {
        kind: MAP_TYPE_XSKMAP,
        key_size: 4,
        value_size: 4,
        most,
    };
    create(MAP_CREATE, &attributes)
}

/// Enters the socket of a queue.
pub(crate) fn enter(map: BorrowedFd<'_>, queue: u32, socket: BorrowedFd<'_>) -> io::Result<()> {
    let value = number(socket);
    let attributes = MapUpdate {
        map: number(map),
        unused: 0,
        key: (&raw const queue) as u64,
        value: (&raw const value) as u64,
        flags: 0,
    };
    call(MAP_UPDATE_ELEM, &attributes).map(drop)
}

/// Loads an XDP program; one that takes frames in pieces where the kernel knows of those.
pub(crate) fn load(instructions: &[Instruction]) -> io::Result<OwnedFd> {
    let load = |flags| {
        let attributes = ProgramLoad {
            kind: PROG_TYPE_XDP,
            count: instructions.len() as u32,
            instructions: instructions.as_ptr() as u64,
            license: c"Dual BSD/GPL".as_ptr() as u64,
            log_level: 0,
            log_size: 0,
            log: 0,
            kernel_version: 0,
            flags,
        };
        create(PROG_LOAD, &attributes)
    };
    load(HAS_FRAGMENTS).or_else(|error| match error.raw_os_error() {
        Some(libc::EINVAL) => load(0),
        _ => Err(error),
    })
}

/// Attaches a program to an interface for as long as the descriptor given is open.
pub(crate) fn attach(program: BorrowedFd<'_>, interface: u32, flags: u32) -> io::Result<OwnedFd> {
    let attributes = LinkCreate {
        program: number(program),
        interface,
        kind: ATTACH_XDP,
        flags,
    };
    create(LINK_CREATE, &attributes)
}
