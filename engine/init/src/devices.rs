//! What outlives any engine: the sockets of devices, and the memory of frames and of state.

use crate::failure::{Attempt, Failure};
use crate::options::Options;
use crate::spec::{Driver, Spec};
use crate::sys::{descriptor, link};
use std::os::fd::{AsRawFd, OwnedFd};
use weft_xdp::Attachment;

const STAGE: &str = "devices";

/// The descriptors every engine of this sandbox is given.
pub struct Devices {
    devices: Vec<(String, Device)>,
    frames: OwnedFd,
    state: OwnedFd,
}

/// An open device.
enum Device {
    /// Packet sockets, to receive and to send.
    Sockets(OwnedFd, OwnedFd),
    /// AF_XDP sockets and the program that hands frames to them.
    Queues(Attachment),
}

impl Device {
    fn open(name: &str, driver: Driver) -> Result<Self, Failure> {
        let socket =
            || link::packet_socket().attempt(STAGE, format!("open a packet socket for '{name}'"));
        match driver {
            Driver::AfPacket => Ok(Self::Sockets(socket()?, socket()?)),
            Driver::AfXdp => {
                let attached = Attachment::open(name).and_then(|mut attachment| {
                    attachment.attach()?;
                    Ok(attachment)
                });
                attached
                    .map(Self::Queues)
                    .map_err(|error| Failure::new(STAGE, error))
            }
        }
    }

    /// Whether it is still the interface of that name.
    fn is_current(&self) -> bool {
        match self {
            Self::Sockets(..) => true,
            Self::Queues(attachment) => attachment.is_current(),
        }
    }

    fn argument(&self, name: &str) -> [String; 2] {
        match self {
            Self::Sockets(receive, send) => {
                let (receive, send) = (receive.as_raw_fd(), send.as_raw_fd());
                ["--device".into(), format!("{name}:{receive}:{send}")]
            }
            Self::Queues(attachment) => {
                let queues = attachment.queues();
                let pairs = queues.iter().map(|q| format!(":{},{}", q.socket, q.memory));
                [
                    "--queues".into(),
                    name.to_string() + &pairs.collect::<String>(),
                ]
            }
        }
    }

    fn descriptors(&self) -> Vec<i32> {
        match self {
            Self::Sockets(receive, send) => vec![receive.as_raw_fd(), send.as_raw_fd()],
            Self::Queues(attachment) => {
                let queues = attachment.queues();
                queues.iter().flat_map(|q| [q.socket, q.memory]).collect()
            }
        }
    }
}

/// What Ethernet address the interface has; none where it is gone, or has none.
fn address_argument(interfaces: &link::Interfaces, name: &str) -> Option<[String; 2]> {
    let address = interfaces.ethernet_address(name).ok()??;
    let bytes = address.map(|byte| format!("{byte:02x}")).join(":");
    Some(["--address".into(), format!("{bytes}={name}")])
}

impl Devices {
    /// Opens every device, and makes the memories.
    pub fn open(spec: &Spec, options: &Options) -> Result<Self, Failure> {
        let mut devices = Vec::new();
        for name in spec.devices() {
            let device = Device::open(&name, spec.driver(&name))?;
            devices.push((name, device));
        }
        Ok(Self {
            devices,
            frames: descriptor::shared_memory("weft-frames", options.frames_bytes)
                .attempt(STAGE, "make the frame memory")?,
            state: descriptor::shared_memory("weft-state", options.state_bytes)
                .attempt(STAGE, "make the state memory")?,
        })
    }

    /// Opens those again whose interface has become another one of the same name.
    pub fn renew(&mut self, spec: &Spec) -> Result<(), Failure> {
        for (name, device) in &mut self.devices {
            if !device.is_current() {
                *device = Device::open(name, spec.driver(name))?;
            }
        }
        Ok(())
    }

    /// The arguments by which an engine learns of them.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--frames-fd".into(), self.frames.as_raw_fd().to_string()];
        arguments.extend(["--state-fd".into(), self.state.as_raw_fd().to_string()]);
        let devices = self.devices.iter();
        arguments.extend(devices.flat_map(|(name, device)| device.argument(name)));
        if let Ok(interfaces) = link::Interfaces::open() {
            let names = self.devices.iter().map(|(name, _)| name);
            let addresses = names.filter_map(|name| address_argument(&interfaces, name));
            arguments.extend(addresses.flatten());
        }
        arguments
    }

    /// Their numbers.
    pub fn descriptors(&self) -> Vec<i32> {
        let devices = self.devices.iter();
        devices
            .flat_map(|(_, device)| device.descriptors())
            .chain([&self.frames, &self.state].map(AsRawFd::as_raw_fd))
            .collect()
    }
}
