//! Processes: namespaces, forking, waiting, giving up privileges, executing.

use super::namespace::Users;
use super::{c_string, check};
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Which side of a fork this is.
pub enum Fork {
    Parent(i32),
    Child,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
}

/// Leaves the caller's mount, process, IPC and host name namespaces, and that of networks if wanted.
pub fn leave_namespaces(network: bool) -> io::Result<()> {
    let flags = libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    let network = if network { libc::CLONE_NEWNET } else { 0 };
    // SAFETY: takes numbers only; the process has one thread.
    check(unsafe { libc::unshare(flags | network) })?;
    Ok(())
}

/// Forks this process, which must have one thread only.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: with one thread the child may go on with any code.
    match check(unsafe { libc::fork() })? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(pid)),
    }
}

/// Ends this process without running anything registered for its end.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: always allowed.
    unsafe { libc::_exit(code) }
}

/// The next child that has ended, how, and the processor time it and its own children used.
pub fn reap() -> Option<(i32, End, Duration)> {
    let mut status = 0;
    // SAFETY: all zeroes is a valid rusage; it and `status` outlive the call.
    let (pid, usage) = unsafe {
        let mut usage = std::mem::zeroed();
        let pid = libc::wait4(-1, &mut status, libc::WNOHANG, &mut usage);
        (pid, usage)
    };
    if pid <= 0 {
        return None;
    }
    Some((pid, end_of(status), time_of(&usage)))
}

/// Waits for one child to end.
pub fn wait(pid: i32) -> End {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    while unsafe { libc::waitpid(pid, &mut status, 0) } == -1
        && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
    end_of(status)
}

fn end_of(status: i32) -> End {
    if libc::WIFSIGNALED(status) {
        End::Signal(libc::WTERMSIG(status))
    } else {
        End::Exit(libc::WEXITSTATUS(status))
    }
}

/// Waits for all children to end.
pub fn wait_for_all() {
    // SAFETY: no status is asked for.
    while unsafe { libc::waitpid(-1, std::ptr::null_mut(), 0) } != -1
        || io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
    {}
}

/// Sends a signal; `pid` -1 means every process but this one, here in its namespace.
pub fn kill(pid: i32, signal: i32) {
    // SAFETY: takes numbers only. A process already gone is no error to any caller.
    unsafe { libc::kill(pid, signal) };
}

/// Ends all processes of a user, but for process 1.
pub fn end_all_of(uid: u32) -> io::Result<()> {
    match fork()? {
        Fork::Parent(pid) => {
            wait(pid);
        }
        Fork::Child => {
            // SAFETY: takes numbers only; without the privilege nobody else's can be ended.
            unsafe {
                if libc::setresuid(uid, uid, uid) == 0 {
                    libc::kill(-1, libc::SIGKILL);
                }
            }
            exit_now(0)
        }
    }
    Ok(())
}

/// Leaves the terminal session.
pub fn new_session() -> io::Result<()> {
    // SAFETY: takes nothing.
    check(unsafe { libc::setsid() })?;
    Ok(())
}

pub fn set_host_name(name: &str) -> io::Result<()> {
    // SAFETY: pointer and length describe `name`.
    check(unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) })?;
    Ok(())
}

/// What `ps` and `top` call this process.
pub fn set_name(name: &CStr) {
    // SAFETY: `name` is a valid string for the length of the call. Nothing depends on it.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

pub(crate) fn signal_set(signals: &[i32]) -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set before anything reads it.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in signals {
            libc::sigaddset(&mut set, *signal);
        }
        set
    }
}

pub(crate) fn set_blocked_signals(set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: `set` is initialised.
    check(unsafe { libc::sigprocmask(libc::SIG_SETMASK, set, std::ptr::null_mut()) })?;
    Ok(())
}

/// Holds back these signals, and no other.
pub fn block_signals(signals: &[i32]) -> io::Result<()> {
    set_blocked_signals(&signal_set(signals))
}

/// No signal blocked, a broken pipe ends the process again: what a fresh program expects.
pub fn reset_signals() -> io::Result<()> {
    // SAFETY: sets a default disposition.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    set_blocked_signals(&signal_set(&[]))
}

/// Lowers a limit, never above what it was.
pub fn lower_limit(resource: libc::__rlimit_resource_t, most: u64) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` outlives both calls.
    unsafe {
        check(libc::getrlimit(resource, &mut limit))?;
        limit.rlim_max = limit.rlim_max.min(most);
        limit.rlim_cur = limit.rlim_max;
        check(libc::setrlimit(resource, &limit))?;
    }
    Ok(())
}

/// Becomes a user, also of these groups, without any capability and without a way to get one.
pub fn give_up_privileges(uid: u32, gid: u32, groups: &[u32]) -> io::Result<()> {
    drop_bounding_set(0);
    // SAFETY: numbers, or pointers to structures that outlive the calls; one thread.
    unsafe {
        check(libc::prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL,
            0,
            0,
            0,
        ))?;
        check(libc::setgroups(groups.len(), groups.as_ptr()))?;
        check(libc::setresgid(gid, gid, gid))?;
        check(libc::setresuid(uid, uid, uid))?;
    }
    keep_capabilities(0)?;
    // SAFETY: takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    Ok(())
}

/// Bits of the capabilities to bind low ports, to configure a network, and to open raw sockets.
pub const NETWORK_CAPABILITIES: u32 = 1 << 10 | 1 << 12 | 1 << 13;

/// Becomes user 0 of a user namespace, with these capabilities there and no way to get others, also
/// of these groups of the namespace that this process is in now.
pub fn become_user_0(users: &Users, groups: &[u32], capabilities: u32) -> io::Result<()> {
    // SAFETY: pointer and length describe `groups`.
    check(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
    users.enter()?;
    // SAFETY: takes numbers only; one thread.
    unsafe {
        check(libc::setresgid(0, 0, 0))?;
        check(libc::setresuid(0, 0, 0))?;
    }
    drop_bounding_set(capabilities);
    // SAFETY: takes numbers only.
    let raise_none = unsafe {
        let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL;
        libc::prctl(libc::PR_CAP_AMBIENT, clear, 0, 0, 0)
    };
    check(raise_none)?;
    keep_capabilities(capabilities)?;
    // SAFETY: takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    Ok(())
}

fn drop_bounding_set(kept: u32) {
    // Numbers past the last capability are refused, which ends the list.
    (0..64)
        .filter(|number| *number >= 32 || kept >> number & 1 == 0)
        .any(|number| {
            // SAFETY: takes numbers only.
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) != 0 }
        });
}

fn keep_capabilities(kept: u32) -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    let header: [u32; 2] = [VERSION_3, 0];
    // Effective, permitted, inheritable; once more for the upper half.
    let sets = [kept, kept, 0, 0, 0, 0];
    // SAFETY: header and data have the layout of version 3 and outlive the call.
    check(unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) })?;
    Ok(())
}

/// Replaces this process by the program behind a descriptor; returns only on failure.
pub fn execute(program: BorrowedFd<'_>, arguments: &[String], environment: &[String]) -> io::Error {
    execute_at(program.as_raw_fd(), c"", arguments, environment)
}

/// Replaces this process by the program that the first argument names; returns only on failure.
pub fn execute_named(arguments: &[String], environment: &[String]) -> io::Error {
    match c_string(arguments.first().map_or(b"", |name| name.as_bytes())) {
        Ok(name) => execute_at(libc::AT_FDCWD, &name, arguments, environment),
        Err(error) => error,
    }
}

fn execute_at(place: i32, name: &CStr, arguments: &[String], environment: &[String]) -> io::Error {
    let flags = if name.is_empty() {
        libc::AT_EMPTY_PATH
    } else {
        0
    };
    let strings = |list: &[String]| -> io::Result<Vec<CString>> {
        list.iter().map(|text| c_string(text.as_bytes())).collect()
    };
    let (arguments, environment) = match (strings(arguments), strings(environment)) {
        (Ok(a), Ok(e)) => (a, e),
        (Err(error), _) | (_, Err(error)) => return error,
    };
    let pointers = |list: &[CString]| -> Vec<*const libc::c_char> {
        list.iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect()
    };
    let (arguments, environment) = (pointers(&arguments), pointers(&environment));
    // SAFETY: both lists end with null and, with their strings, outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            place,
            name.as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            flags,
        )
    };
    io::Error::last_os_error()
}

/// A descriptor that stands for a process.
pub fn process_descriptor(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers only.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Processor time a living process has used, all its threads.
pub fn processor_time(pid: i32) -> Duration {
    // The kernel's number of the clock that counts a process's time.
    let clock = (!pid << 3) | 2;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` outlives the call; where it fails, it stays zero.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Processor time of all children that have ended.
pub fn processor_time_of_ended() -> Duration {
    // SAFETY: all zeroes is a valid rusage, and it outlives the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    time_of(&usage)
}

fn time_of(usage: &libc::rusage) -> Duration {
    let part = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    part(usage.ru_utime) + part(usage.ru_stime)
}
