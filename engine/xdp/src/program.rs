//! The XDP program: hands each frame to the socket of its queue.

use crate::bpf::{self, Instruction};
use crate::error::{named, reason};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Runs the program in the network stack, for drivers that cannot (`XDP_FLAGS_SKB_MODE`).
const GENERIC: u32 = 1 << 1;
/// Runs it in the driver (`XDP_FLAGS_DRV_MODE`).
const NATIVE: u32 = 1 << 2;

/// Where `struct xdp_md` has the number of the queue.
const QUEUE_AT: i16 = 16;
/// Helper `bpf_redirect_map`.
const REDIRECT_MAP: i32 = 51;
/// Frames of a queue without a socket go on to the host's own stack.
const XDP_PASS: i32 = 2;

const LOAD_WORD: u8 = 0x61;
const LOAD_ADDRESS: u8 = 0x18;
const MOVE: u8 = 0xb7;
const CALL: u8 = 0x85;
const EXIT: u8 = 0x95;
/// Source register that says the address is that of a map.
const MAP: u8 = 1;

/// A program that is attached while this lives.
pub(crate) struct Program {
    _link: OwnedFd,
    /// How it runs, in words.
    pub mode: String,
}

/// `return bpf_redirect_map(map, context->rx_queue_index, XDP_PASS)`.
fn instructions(map: RawFd) -> [Instruction; 6] {
    let instruction = |code, target: u8, source: u8, offset, immediate| Instruction {
        code,
        registers: source << 4 | target,
        offset,
        immediate,
    };
    [
        instruction(LOAD_WORD, 2, 1, QUEUE_AT, 0),
        instruction(LOAD_ADDRESS, 1, MAP, 0, map),
        instruction(0, 0, 0, 0, 0),
        instruction(MOVE, 3, 0, 0, XDP_PASS),
        instruction(CALL, 0, 0, 0, REDIRECT_MAP),
        instruction(EXIT, 0, 0, 0, 0),
    ]
}

impl Program {
    /// Attaches the program to interface `index`, in the driver if that can be had.
    pub(crate) fn attach(
        device: &str,
        index: u32,
        sockets: &[BorrowedFd<'_>],
    ) -> Result<Program, String> {
        let failed = |what| move |error: io::Error| named(device, what, &error);
        let map = bpf::socket_map(sockets.len() as u32).map_err(failed("map of sockets"))?;
        for (queue, socket) in sockets.iter().enumerate() {
            bpf::enter(map.as_fd(), queue as u32, *socket).map_err(failed("map of sockets"))?;
        }
        let program = bpf::load(&instructions(map.as_raw_fd())).map_err(failed("XDP program"))?;
        match bpf::attach(program.as_fd(), index, NATIVE) {
            Ok(link) => Ok(Program {
                _link: link,
                mode: "native".to_string(),
            }),
            Err(error) if is_taken(&error) => Err(taken(device)),
            Err(why) => match bpf::attach(program.as_fd(), index, GENERIC) {
                Ok(link) => Ok(Program {
                    _link: link,
                    mode: format!("generic (native: {})", reason(&why)),
                }),
                Err(error) if is_taken(&error) => Err(taken(device)),
                Err(error) => Err(named(device, "attach the XDP program", &error)),
            },
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBUSY | libc::EEXIST))
}

fn taken(device: &str) -> String {
    format!(
        "{device}: another XDP program is attached to it; end what attached it, \
         or detach it (ip link set dev {device} xdp off)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_what_the_kernel_reads() {
        let bytes: Vec<u8> = instructions(7)
            .iter()
            .flat_map(|i| {
                let mut bytes = vec![i.code, i.registers];
                bytes.extend(i.offset.to_le_bytes());
                bytes.extend(i.immediate.to_le_bytes());
                bytes
            })
            .collect();
        assert_eq!(
            bytes,
            [
                0x61, 0x12, 16, 0, 0, 0, 0, 0, // r2 = *(u32 *)(r1 + 16)
                0x18, 0x11, 0, 0, 7, 0, 0, 0, // r1 = map 7
                0, 0, 0, 0, 0, 0, 0, 0, //
                0xb7, 0x03, 0, 0, 2, 0, 0, 0, // r3 = XDP_PASS
                0x85, 0, 0, 0, 51, 0, 0, 0, // call bpf_redirect_map
                0x95, 0, 0, 0, 0, 0, 0, 0, // exit
            ]
        );
    }
}
