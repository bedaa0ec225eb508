//! What both sides of an interface share.

use crate::method::Opening;
use crate::{af_packet, reason};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use weft_xdp::{Attachment, Interface, Port, QueueFds};

/// The MTU of Ethernet.
const ETHERNET_MTU: usize = 1500;
/// MTUs that give room for tags: packets are as long as Ethernet's.
const SPARE_ROOM: std::ops::RangeInclusive<usize> = ETHERNET_MTU..=1600;

/// An open interface.
pub(super) struct Shared {
    pub port: Port,
    pub facts: Facts,
    /// What was not done by process 1.
    attachment: Option<Attachment>,
    /// How many receive from it: more than one for a moment, when one takes over from another.
    receivers: usize,
    /// Keeps the interface promiscuous.
    promiscuity: Option<Box<dyn Send>>,
}

/// What is known of an interface.
pub(super) struct Facts {
    device: String,
    interface: Interface,
    /// Longest packet, without link header, in bytes.
    pub mtu: usize,
    pub mac: [u8; 6],
}

impl Facts {
    fn ask(device: &str) -> Result<Facts, String> {
        let named = |e: std::io::Error| format!("{device}: {}", reason(&e));
        let interface = Interface::new(device).map_err(named)?;
        Ok(Facts {
            device: device.to_string(),
            mtu: interface.mtu().map_err(named)?,
            mac: interface.mac().map_err(named)?,
            interface,
        })
    }

    /// Those of an interface that is not there.
    #[cfg(test)]
    pub(super) fn assumed(mtu: usize, mac: [u8; 6]) -> Facts {
        Facts {
            device: String::new(),
            interface: Interface::new("no such one").expect("a socket to ask by"),
            mtu,
            mac,
        }
    }

    /// The longest packet that is sure to be one, for one of `length` bytes.
    pub(super) fn cut_at(&mut self, length: usize) -> usize {
        let cut = |mtu| {
            if SPARE_ROOM.contains(&mtu) {
                ETHERNET_MTU
            } else {
                mtu
            }
        };
        if length > cut(self.mtu) {
            self.mtu = self.interface.mtu().unwrap_or(self.mtu);
        }
        cut(self.mtu)
    }

    /// Whether a frame of `length` bytes, `header` of them before the packet, is longer than the MTU
    /// allows; it may have changed.
    pub(super) fn is_too_long(&mut self, length: usize, header: usize) -> bool {
        if length <= self.mtu + header {
            return false;
        }
        self.mtu = self.interface.mtu().unwrap_or(self.mtu);
        length > self.mtu + header
    }
}

impl Shared {
    fn open(opening: &Opening<'_>) -> Result<Shared, String> {
        let device = opening.device;
        if opening.sockets.is_some() {
            return Err(format!(
                "{device}: it was opened for packet sockets when the function was started; start \
                 the function with --driver {device}=af_xdp"
            ));
        }
        let attachment = match opening.queues {
            Some(_) => None,
            None => Some(Attachment::open(device)?),
        };
        let fds = match &attachment {
            Some(attachment) => attachment.queues(),
            None => {
                let given = opening.queues.unwrap_or_default().iter();
                given
                    .map(|&(socket, memory)| QueueFds { socket, memory })
                    .collect()
            }
        };
        let port = Port::take_over(&fds);
        Ok(Shared {
            port: port.map_err(|e| format!("{device}: AF_XDP sockets: {}", reason(&e)))?,
            facts: Facts::ask(device)?,
            attachment,
            receivers: 0,
            promiscuity: None,
        })
    }

    /// Has frames come, those to other hosts too if `promiscuous`, until
    /// [`Shared::end_receiving`] was called as often.
    pub(super) fn begin_receiving(&mut self, promiscuous: bool) -> Result<(), String> {
        if let Some(attachment) = &mut self.attachment {
            attachment.attach()?;
        }
        if promiscuous && self.promiscuity.is_none() {
            let kept = af_packet::promiscuous(&self.facts.device)?;
            self.promiscuity = Some(Box::new(kept));
        }
        self.receivers += 1;
        Ok(())
    }

    /// Leaves frames to the host's own stack again, unless somebody else receives them.
    pub(super) fn end_receiving(&mut self) {
        self.receivers = self.receivers.saturating_sub(1);
        if self.receivers == 0 {
            self.promiscuity = None;
            if let Some(attachment) = &mut self.attachment {
                attachment.detach();
            }
        }
    }
}

/// Interfaces that are open, and where process 1 opened them, by which socket.
static OPEN: Mutex<Vec<(Key, Weak<Mutex<Shared>>)>> = Mutex::new(Vec::new());

type Key = (String, Option<i32>);

/// The interface, which the other side may have opened.
pub(super) fn open(opening: &Opening<'_>) -> Result<Arc<Mutex<Shared>>, String> {
    let first = opening.queues.and_then(<[_]>::first).map(|queue| queue.0);
    let key = (opening.device.to_string(), first);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, shared)| shared.strong_count() > 0);
    let known = open.iter().find(|(other, _)| *other == key);
    if let Some(shared) = known.and_then(|(_, shared)| shared.upgrade()) {
        return Ok(shared);
    }
    let shared = Arc::new(Mutex::new(Shared::open(opening)?));
    open.push((key, Arc::downgrade(&shared)));
    Ok(shared)
}

/// The interface, for this call alone.
pub(super) fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
