//! The methods by which a device can be opened, and the choice between them.

use crate::driver::Driver;
use crate::{af_packet, af_xdp, capture, null};
use std::os::fd::RawFd;
use std::path::Path;
use weft_core::DeviceSource;

/// What is to be opened, and how.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The device's name, as the configuration gives it.
    pub device: &'a str,
    /// Sockets for receiving and sending that were opened elsewhere.
    pub sockets: Option<(RawFd, RawFd)>,
    /// AF_XDP sockets that were bound elsewhere, each with the memory of its frames.
    pub queues: Option<&'a [(RawFd, RawFd)]>,
    /// Capture files that stand for the device: to read, and to write.
    pub capture: Option<(&'a Path, Option<&'a Path>)>,
    /// Whether frames to other hosts are wanted.
    pub promiscuous: bool,
    /// Whether frames the host itself sends are wanted.
    pub outbound: bool,
    /// The only EtherType wanted.
    pub protocol: Option<u16>,
    /// The most bytes of a frame that are kept.
    pub snaplen: u32,
}

impl<'a> Opening<'a> {
    /// The device called `device`, which is `source` where that is given, else the host's
    /// interface of that name.
    pub fn new(device: &'a str, source: Option<&'a DeviceSource>) -> Self {
        let mut opening = Opening {
            device,
            sockets: None,
            queues: None,
            capture: None,
            promiscuous: false,
            outbound: false,
            protocol: None,
            snaplen: u32::MAX,
        };
        match source {
            Some(DeviceSource::Sockets { receive, send }) => {
                opening.sockets = Some((*receive, *send));
            }
            Some(DeviceSource::Queues(queues)) => opening.queues = Some(queues),
            Some(DeviceSource::Capture { input, output }) => {
                opening.capture = Some((input, output.as_deref()));
            }
            None => {}
        }
        opening
    }
}

/// Opens one side of a device.
pub type Open = fn(&Opening<'_>) -> Result<Box<dyn Driver>, String>;

/// A way to open devices.
pub struct Method {
    /// Its name, as METHOD chooses it, in lower case.
    pub name: &'static str,
    /// Names METHOD also knows it by.
    pub aliases: &'static [&'static str],
    /// Whether a frame comes to one receiver only, and not to the host's own stack.
    pub is_exclusive: bool,
    /// Whether it serves this device, here, unasked; if not, why, or nothing where nobody would
    /// expect it to.
    pub probe: fn(&Opening<'_>) -> Result<(), String>,
    /// Opens the receiving side.
    pub receiver: Open,
    /// Opens the sending side.
    pub sender: Open,
}

/// All methods, the best first.
pub const METHODS: &[Method] = &[
    Method {
        name: capture::NAME,
        aliases: &[],
        is_exclusive: false,
        probe: capture::probe,
        receiver: capture::open_receiver,
        sender: capture::open_sender,
    },
    Method {
        name: null::NAME,
        aliases: &[],
        is_exclusive: false,
        probe: null::probe,
        receiver: null::open,
        sender: null::open,
    },
    Method {
        name: af_xdp::NAME,
        aliases: &["xdp"],
        is_exclusive: true,
        probe: af_xdp::probe,
        receiver: af_xdp::open_receiver,
        sender: af_xdp::open_sender,
    },
    Method {
        name: af_packet::NAME,
        aliases: &["linux", "pcap", "netmap", "dpdk"],
        is_exclusive: false,
        probe: af_packet::probe,
        receiver: af_packet::open_receiver,
        sender: af_packet::open_sender,
    },
];

/// A method, and why it was chosen.
pub struct Choice {
    /// The method.
    pub method: &'static Method,
    /// Why, in words.
    pub why: String,
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.method.name, self.why)
    }
}

/// Whether there is a method called `name` (in any case).
pub fn is_method(name: &str) -> bool {
    find(name).is_some()
}

/// Whether what the method called `name` receives comes to one receiver only, and not to the host's
/// own stack.
pub fn is_exclusive(name: &str) -> bool {
    find(name).is_some_and(|method| method.is_exclusive)
}

fn find(name: &str) -> Option<&'static Method> {
    let name = name.to_ascii_lowercase();
    let is_called = |m: &&Method| m.name == name || m.aliases.contains(&name.as_str());
    METHODS.iter().find(is_called)
}

/// The method called `name`, or the best one that works. A capture file that stands for the device
/// is read and written whatever METHOD says.
///
/// # Errors
/// Why none works.
pub fn choose(name: Option<&str>, opening: &Opening<'_>) -> Result<Choice, String> {
    if let Some(name) = name.filter(|_| opening.capture.is_none()) {
        let method = find(name).ok_or("bad METHOD")?;
        let why = format!("chosen by METHOD {name}");
        return Ok(Choice { method, why });
    }
    let mut problems = Vec::new();
    for method in METHODS {
        match (method.probe)(opening) {
            Ok(()) if problems.is_empty() => {
                let why = "the best there is".to_string();
                return Ok(Choice { method, why });
            }
            Ok(()) => {
                let why = format!("the best that works here ({})", problems.join("; "));
                return Ok(Choice { method, why });
            }
            Err(problem) if problem.is_empty() => {}
            Err(problem) => problems.push(format!("{}: {problem}", method.name)),
        }
    }
    let all = problems.join("; ");
    Err(format!("{}: cannot be opened: {all}", opening.device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn chosen(name: Option<&str>, device: &str, source: Option<&DeviceSource>) -> &'static str {
        let opening = Opening::new(device, source);
        choose(name, &opening).expect("a method").method.name
    }

    #[test]
    fn names_choose_in_any_case_and_captures_come_first() {
        assert_eq!(chosen(Some("AF_PACKET"), "eth0", None), "af_packet");
        assert_eq!(chosen(Some("PCAP"), "eth0", None), "af_packet");
        assert_eq!(chosen(Some("null"), "eth0", None), "null");
        assert_eq!(chosen(None, "null", None), "null");
        let capture = DeviceSource::Capture {
            input: PathBuf::from("in.pcap"),
            output: None,
        };
        assert_eq!(chosen(Some("AF_PACKET"), "in", Some(&capture)), "capture");
        let sockets = DeviceSource::Sockets {
            receive: 8,
            send: 9,
        };
        assert_eq!(chosen(None, "in", Some(&sockets)), "af_packet");
        let queues = DeviceSource::Queues(vec![(8, 9)]);
        assert_eq!(chosen(None, "in", Some(&queues)), "af_xdp");
        assert_eq!(chosen(Some("XDP"), "in", None), "af_xdp");
    }

    #[test]
    fn unknown_names_are_refused() {
        let outcome = choose(Some("NOSUCH"), &Opening::new("eth0", None));
        assert_eq!(outcome.unwrap_err(), "bad METHOD");
        assert!(is_method("Linux") && !is_method("nosuch"));
        assert!(is_exclusive("AF_XDP") && !is_exclusive("linux"));
    }

    #[test]
    fn a_device_without_a_capture_cannot_be_one() {
        let opening = Opening::new("eth0", None);
        let choice = choose(Some("CAPTURE"), &opening).unwrap();
        let problem = (choice.method.receiver)(&opening).err().unwrap();
        assert_eq!(problem, "eth0: no capture file was given for it");
    }
}
