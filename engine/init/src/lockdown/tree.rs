//! A filter that answers by the number of the call alone, by binary search.
//!
//! Installing a filter, the kernel tries every call once, to remember which are always allowed;
//! so a long list of comparisons costs the start half a millisecond.

use seccompiler::{BpfProgram, sock_filter};

const LOAD_WORD: u16 = 0x20;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

const KILL_PROCESS: u32 = 0x8000_0000;
const ALLOW: u32 = 0x7fff_0000;
/// With the number of the error in its lower half.
const ERROR: u32 = 0x0005_0000;

/// Where the kernel puts what the filter looks at.
const CALL_OFFSET: u32 = 0;
const ARCHITECTURE_OFFSET: u32 = 4;

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the engine's system call filter knows x86_64 and aarch64");

/// Calls from `first` up to the next span's are answered alike.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    first: u32,
    answer: u32,
}

/// Allows these calls, and ends the process at any other.
pub(super) fn allow_only(calls: &[i64]) -> BpfProgram {
    program(&spans(calls, ALLOW, KILL_PROCESS))
}

/// Answers these calls with EPERM, and those after `newest` as a kernel without them does.
pub(super) fn refuse(calls: &[i64], newest: i64) -> BpfProgram {
    let mut spans = spans(calls, ERROR | libc::EPERM as u32, ALLOW);
    spans.push(Span {
        first: newest as u32 + 1,
        answer: ERROR | libc::ENOSYS as u32,
    });
    program(&spans)
}

fn program(spans: &[Span]) -> BpfProgram {
    let mut program = vec![
        instruction(LOAD_WORD, ARCHITECTURE_OFFSET),
        sock_filter {
            code: JUMP_EQUAL,
            jt: 1,
            jf: 0,
            k: ARCHITECTURE,
        },
        instruction(RETURN, KILL_PROCESS),
        instruction(LOAD_WORD, CALL_OFFSET),
    ];
    program.append(&mut search(spans));
    program
}

fn instruction(code: u16, k: u32) -> sock_filter {
    sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

/// From 0 on: what is answered to the calls, and to all others.
fn spans(calls: &[i64], to_calls: u32, to_others: u32) -> Vec<Span> {
    let mut calls: Vec<u32> = calls
        .iter()
        .filter_map(|call| u32::try_from(*call).ok())
        .collect();
    calls.sort_unstable();
    calls.dedup();
    let mut spans = vec![Span {
        first: 0,
        answer: to_others,
    }];
    for call in calls {
        // The last span is one of others; it shrinks to nothing where the calls follow closely.
        match spans.last() {
            Some(last) if last.first == call => drop(spans.pop()),
            _ => {}
        }
        if spans.last().is_none_or(|last| last.answer == to_others) {
            spans.push(Span {
                first: call,
                answer: to_calls,
            });
        }
        spans.push(Span {
            first: call + 1,
            answer: to_others,
        });
    }
    spans
}

fn search(spans: &[Span]) -> BpfProgram {
    if let [span] = spans {
        return vec![instruction(RETURN, span.answer)];
    }
    let (low, high) = spans.split_at(spans.len() / 2);
    let (mut below, mut above) = (search(low), search(high));
    let jt = u8::try_from(below.len()).expect("half of the spans fit in one jump");
    let mut program = vec![sock_filter {
        code: JUMP_AT_LEAST,
        jt,
        jf: 0,
        k: high[0].first,
    }];
    program.append(&mut below);
    program.append(&mut above);
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lockdown::allowed;

    /// Runs a program of the four instructions used here.
    fn run(program: &[sock_filter], architecture: u32, call: u32) -> u32 {
        let (mut at, mut word) = (0, 0);
        loop {
            let now = &program[at];
            at += 1;
            let holds = match now.code {
                LOAD_WORD => {
                    word = if now.k == CALL_OFFSET {
                        call
                    } else {
                        architecture
                    };
                    continue;
                }
                JUMP_EQUAL => word == now.k,
                JUMP_AT_LEAST => word >= now.k,
                RETURN => return now.k,
                code => panic!("unknown instruction {code}"),
            };
            at += usize::from(if holds { now.jt } else { now.jf });
        }
    }

    #[test]
    fn just_the_allowed_calls_are_allowed() {
        let calls = allowed::calls();
        let program = allow_only(&calls);
        // Bit 30 marks the calls of the x32 convention.
        for call in (0..2000).chain([1 << 30, (1 << 30) + 1, u32::MAX]) {
            let expected = if calls.contains(&i64::from(call)) {
                ALLOW
            } else {
                KILL_PROCESS
            };
            assert_eq!(run(&program, ARCHITECTURE, call), expected, "call {call}");
        }
    }

    #[test]
    fn refused_calls_and_unknown_ones_are_answered_with_an_error() {
        let program = refuse(&[5, 6, 9], 11);
        let answer = |call| run(&program, ARCHITECTURE, call);
        let refused = ERROR | libc::EPERM as u32;
        assert_eq!([4, 5, 6, 7].map(answer), [ALLOW, refused, refused, ALLOW]);
        assert_eq!([9, 11].map(answer), [refused, ALLOW]);
        let unknown = ERROR | libc::ENOSYS as u32;
        assert_eq!([12, 1 << 30, u32::MAX].map(answer), [unknown; 3]);
    }

    #[test]
    fn calls_of_another_architecture_are_not_looked_at() {
        let program = allow_only(&allowed::calls());
        assert_eq!(
            run(&program, 0x4000_0003, libc::SYS_read as u32),
            KILL_PROCESS
        );
    }

    #[test]
    fn neighbouring_calls_share_a_span() {
        let span = |first, answer| Span { first, answer };
        let expected = [span(0, 5), span(3, 6), span(7, 5), span(8, 6)];
        assert_eq!(spans(&[2, 0, 1, 7, 1], 5, 6), expected);
    }

    #[test]
    fn no_call_takes_many_comparisons() {
        let program = allow_only(&allowed::calls());
        assert!(program.len() < 256, "{}", program.len());
    }
}
