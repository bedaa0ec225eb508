//! What outlives any engine: packet sockets, and the memory of frames and of state.

use crate::failure::{Attempt, Failure};
use crate::options::Options;
use crate::sys::{descriptor, link};
use std::os::fd::{AsRawFd, OwnedFd};

/// The descriptors every engine of this sandbox is given.
pub struct Devices {
    sockets: Vec<(String, OwnedFd, OwnedFd)>,
    frames: OwnedFd,
    state: OwnedFd,
}

impl Devices {
    /// Opens two packet sockets per interface and makes the memories.
    pub fn open(interfaces: &[String], options: &Options) -> Result<Self, Failure> {
        const STAGE: &str = "devices";
        let socket = |name| {
            link::packet_socket().attempt(STAGE, format!("open a packet socket for '{name}'"))
        };
        let mut sockets = Vec::new();
        for name in interfaces {
            sockets.push((name.clone(), socket(name)?, socket(name)?));
        }
        Ok(Self {
            sockets,
            frames: descriptor::shared_memory("weft-frames", options.frames_bytes)
                .attempt(STAGE, "make the frame memory")?,
            state: descriptor::shared_memory("weft-state", options.state_bytes)
                .attempt(STAGE, "make the state memory")?,
        })
    }

    /// The arguments by which an engine learns of them.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--frames-fd".into(), self.frames.as_raw_fd().to_string()];
        arguments.extend(["--state-fd".into(), self.state.as_raw_fd().to_string()]);
        for (name, receive, send) in &self.sockets {
            let (receive, send) = (receive.as_raw_fd(), send.as_raw_fd());
            arguments.extend(["--device".into(), format!("{name}:{receive}:{send}")]);
        }
        arguments
    }

    /// Their numbers.
    pub fn descriptors(&self) -> Vec<i32> {
        let sockets = self
            .sockets
            .iter()
            .flat_map(|(_, receive, send)| [receive, send]);
        sockets
            .chain([&self.frames, &self.state])
            .map(AsRawFd::as_raw_fd)
            .collect()
    }
}
