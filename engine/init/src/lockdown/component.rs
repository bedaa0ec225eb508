//! The system call filter of components: what programs in any language need is allowed, what
//! reaches other processes, the system, or much of the kernel is refused.

use super::{Rules, bits, none_of, program, tree};
use libc::{
    SYS_acct, SYS_add_key, SYS_adjtimex, SYS_bpf, SYS_chroot, SYS_clock_adjtime, SYS_clock_settime,
    SYS_delete_module, SYS_fanotify_init, SYS_finit_module, SYS_fsconfig, SYS_fsmount, SYS_fsopen,
    SYS_fspick, SYS_init_module, SYS_io_uring_enter, SYS_io_uring_register, SYS_io_uring_setup,
    SYS_kcmp, SYS_kexec_load, SYS_keyctl, SYS_lookup_dcookie, SYS_mount, SYS_mount_setattr,
    SYS_move_mount, SYS_move_pages, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_open_tree,
    SYS_perf_event_open, SYS_personality, SYS_pidfd_getfd, SYS_pivot_root, SYS_process_madvise,
    SYS_process_vm_readv, SYS_process_vm_writev, SYS_ptrace, SYS_quotactl, SYS_reboot,
    SYS_request_key, SYS_setdomainname, SYS_sethostname, SYS_setns, SYS_settimeofday, SYS_swapoff,
    SYS_swapon, SYS_syslog, SYS_umount2, SYS_unshare, SYS_userfaultfd, SYS_vhangup,
};
use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompRule, apply_filter};

/// Answered with EPERM.
const REFUSED: &[i64] = &[
    // Other processes' memory, descriptors and facts.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_move_pages,
    // Mounts and namespaces.
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_setns,
    SYS_unshare,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    // Parts of the kernel that are large, and of no use here.
    SYS_bpf,
    SYS_perf_event_open,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_fanotify_init,
    SYS_lookup_dcookie,
    SYS_personality,
    // The system as a whole.
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_acct,
    SYS_quotactl,
    SYS_vhangup,
    KEXEC_FILE_LOAD,
    QUOTACTL_FD,
];

#[cfg(target_arch = "x86_64")]
const KEXEC_FILE_LOAD: i64 = 320;
#[cfg(not(target_arch = "x86_64"))]
const KEXEC_FILE_LOAD: i64 = 294;
const QUOTACTL_FD: i64 = 443;

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// `futex_requeue`, of Linux 6.7: what came later has not been looked at.
const NEWEST: i64 = 456;

/// Kinds of namespaces that may not be made.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Others, such as those to hypervisors, lead out of the network namespace.
const SOCKET_DOMAINS: [u64; 4] = [
    libc::AF_UNIX as u64,
    libc::AF_INET as u64,
    libc::AF_INET6 as u64,
    libc::AF_NETLINK as u64,
];

/// Whose capabilities over a network of its own would be of little use without raw frames.
const WITH_PACKETS: [u64; 5] = [
    SOCKET_DOMAINS[0],
    SOCKET_DOMAINS[1],
    SOCKET_DOMAINS[2],
    SOCKET_DOMAINS[3],
    libc::AF_PACKET as u64,
];

/// The filters, ready to be installed.
pub struct Filter([BpfProgram; 3]);

impl Filter {
    /// For components that have no interfaces.
    pub fn make() -> Result<Self, String> {
        Self::with(&SOCKET_DOMAINS)
    }

    /// For those that have: packet sockets are allowed too.
    pub fn with_packets() -> Result<Self, String> {
        Self::with(&WITH_PACKETS)
    }

    fn with(domains: &[u64]) -> Result<Self, String> {
        programs(domains)
            .map(Self)
            .map_err(|error| format!("cannot make the seccomp filter: {error}"))
    }

    /// Installs them in this process, for good.
    pub fn apply(&self) -> std::io::Result<()> {
        let failed = |error: seccompiler::Error| std::io::Error::other(error.to_string());
        self.0
            .iter()
            .try_for_each(|program| apply_filter(program).map_err(failed))
    }
}

fn programs(domains: &[u64]) -> Result<[BpfProgram; 3], BackendError> {
    use SeccompAction::Errno;
    Ok([
        // Threads come by `clone`, whose flags a filter can see; `clone3` hides them.
        program(
            [(libc::SYS_clone3, Vec::new())].into(),
            Errno(libc::ENOSYS as u32),
        )?,
        program(refused_arguments(domains)?, Errno(libc::EPERM as u32))?,
        tree::refuse(&[REFUSED, REFUSED_HERE].concat(), NEWEST),
    ])
}

/// Calls that are answered with EPERM for these arguments.
fn refused_arguments(domains: &[u64]) -> Result<Rules, BackendError> {
    let namespace = |flag: &i32| SeccompRule::new(vec![bits(0, *flag as u64, *flag as u64)?]);
    let namespaces: Result<Vec<_>, _> = NAMESPACES.iter().map(namespace).collect();
    let domains = SeccompRule::new(none_of(0, domains)?)?;
    Ok([
        (libc::SYS_clone, namespaces?),
        (libc::SYS_socket, vec![domains]),
    ]
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_within_the_kernels_limit() {
        for program in programs(&WITH_PACKETS).unwrap() {
            assert!((1..=4096).contains(&program.len()));
        }
    }

    #[test]
    fn what_programs_need_is_not_refused() {
        let refused = [REFUSED, REFUSED_HERE].concat();
        for call in [
            libc::SYS_execve,
            libc::SYS_clone,
            libc::SYS_mmap,
            libc::SYS_rseq,
            libc::SYS_membarrier,
            libc::SYS_get_mempolicy,
            libc::SYS_pkey_alloc,
            libc::SYS_prlimit64,
        ] {
            assert!(!refused.contains(&call) && call <= NEWEST, "call {call}");
        }
    }
}
