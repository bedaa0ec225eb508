//! System call filters: the engine's, installed by the engine itself right at its start, and in
//! `component` the one that components are started with.
//!
//! Of the engine's, three filters are stacked; the strictest answer of any counts. One lists what may be called at
//! all: anything else ends the process. Two list, among those, what is answered with an error
//! because libraries try it in good faith.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};
use std::collections::BTreeMap;

mod allowed;
pub(crate) mod component;
mod tree;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Installs the filter for all threads of this process, for good.
pub fn apply() -> Result<(), String> {
    for program in programs().map_err(|error| format!("cannot make the seccomp filter: {error}"))? {
        apply_filter_all_threads(&program)
            .map_err(|error| format!("cannot install the seccomp filter: {error}"))?;
    }
    Ok(())
}

fn programs() -> Result<[BpfProgram; 3], seccompiler::BackendError> {
    use SeccompAction::Errno;
    // In this order, because the last one forbids installing another.
    Ok([
        // Threads come by `clone`, whose flags a filter can see; `clone3` hides them.
        program(
            [(libc::SYS_clone3, Vec::new())].into(),
            Errno(libc::ENOSYS as u32),
        )?,
        program(refused()?, Errno(libc::EPERM as u32))?,
        tree::allow_only(&allowed::calls()),
    ])
}

/// Allows everything but what matches the rules.
fn program(rules: Rules, on_match: SeccompAction) -> Result<BpfProgram, seccompiler::BackendError> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::Allow, on_match, architecture)?.try_into()
}

/// Calls that are answered with EPERM for these arguments.
fn refused() -> Result<Rules, seccompiler::BackendError> {
    let executable = || bits(2, libc::PROT_EXEC as u64, libc::PROT_EXEC as u64);
    let rules = [
        (libc::SYS_mmap, vec![executable()?]),
        (libc::SYS_mprotect, vec![executable()?]),
        (
            libc::SYS_clone,
            vec![bits(0, libc::CLONE_THREAD as u64, 0)?],
        ),
        (libc::SYS_socket, none_of(0, &allowed::SOCKET_DOMAINS)?),
        (libc::SYS_ioctl, none_of(1, &allowed::IOCTLS)?),
        (libc::SYS_prctl, none_of(0, &allowed::PRCTLS)?),
        (libc::SYS_prlimit64, vec![not_null(2)?]),
    ];
    rules
        .into_iter()
        .map(|(call, conditions)| Ok((call, vec![SeccompRule::new(conditions)?])))
        .collect()
}

/// Holds if, of the bits in `mask`, the argument has just those in `value`.
fn bits(
    argument: u8,
    mask: u64,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )
}

/// Holds if the argument, a 32-bit number to the kernel, is none of the values.
fn none_of(
    argument: u8,
    values: &[u64],
) -> Result<Vec<SeccompCondition>, seccompiler::BackendError> {
    let differs = |value: &u64| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *value)
    };
    values.iter().map(differs).collect()
}

/// Holds if the argument, a pointer, points anywhere.
fn not_null(argument: u8) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_within_the_kernels_limit() {
        for program in programs().unwrap() {
            assert!((1..=4096).contains(&program.len()));
        }
    }

    #[test]
    fn refused_calls_are_among_the_allowed() {
        let allowed = allowed::calls();
        for call in refused().unwrap().keys() {
            assert!(
                allowed.contains(call),
                "call {call} would end the process instead"
            );
        }
    }

    #[test]
    fn dangerous_calls_are_not_allowed() {
        let allowed = allowed::calls();
        let dangerous = [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_mount,
            libc::SYS_setns,
            libc::SYS_unshare,
            libc::SYS_bpf,
            libc::SYS_io_uring_setup,
            libc::SYS_process_vm_writev,
            libc::SYS_setuid,
            libc::SYS_keyctl,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_kexec_load,
        ];
        for call in dangerous {
            assert!(!allowed.contains(&call), "call {call} is allowed");
        }
    }
}
