//! What there is to know of an interface, by ioctl: one of the few files that use `unsafe`.

use crate::sys;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

const SIOCETHTOOL: libc::c_ulong = 0x8946;
/// Asks how many queues there are (`ETHTOOL_GCHANNELS`).
const ETHTOOL_GCHANNELS: u32 = 0x3c;

/// `struct ethtool_channels`.
#[repr(C)]
#[derive(Default)]
struct Channels {
    command: u32,
    most: [u32; 4],
    receive: u32,
    send: u32,
    other: u32,
    combined: u32,
}

/// An interface of the current network namespace.
pub struct Interface {
    name: String,
    socket: OwnedFd,
}

impl Interface {
    /// The interface called `name`, which need not exist.
    ///
    /// # Errors
    /// When nothing can have that name, or there is no socket to ask by.
    pub fn new(name: &str) -> io::Result<Interface> {
        if name.len() >= libc::IFNAMSIZ || name.contains('\0') {
            return Err(io::Error::from_raw_os_error(libc::ENODEV));
        }
        Ok(Interface {
            name: name.to_string(),
            socket: sys::socket(libc::AF_INET, libc::SOCK_DGRAM)?,
        })
    }

    fn request(&self) -> libc::ifreq {
        // SAFETY: all zero is a valid ifreq; its name stays zero-terminated.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(self.name.bytes()) {
            *to = from as libc::c_char;
        }
        request
    }

    fn call(&self, code: libc::c_ulong, request: &mut libc::ifreq) -> io::Result<()> {
        let request = std::ptr::from_mut(request);
        // SAFETY: `request` is what these codes read and write; a pointer in it outlives the call.
        sys::check(unsafe { libc::ioctl(self.socket.as_raw_fd(), code as _, request) }).map(drop)
    }

    /// Its index.
    pub(crate) fn index(&self) -> io::Result<u32> {
        let mut request = self.request();
        self.call(libc::SIOCGIFINDEX as libc::c_ulong, &mut request)?;
        // SAFETY: the call has filled in the index.
        Ok(unsafe { request.ifr_ifru.ifru_ifindex } as u32)
    }

    /// The longest packet it carries, in bytes, without the link header.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn mtu(&self) -> io::Result<usize> {
        let mut request = self.request();
        self.call(libc::SIOCGIFMTU as libc::c_ulong, &mut request)?;
        // SAFETY: the call has filled in the MTU.
        Ok(unsafe { request.ifr_ifru.ifru_mtu } as usize)
    }

    /// Its own address.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn mac(&self) -> io::Result<[u8; 6]> {
        let mut request = self.request();
        self.call(libc::SIOCGIFHWADDR as libc::c_ulong, &mut request)?;
        // SAFETY: the call has filled in the address.
        let data = unsafe { request.ifr_ifru.ifru_hwaddr }.sa_data;
        Ok(std::array::from_fn(|i| data[i] as u8))
    }

    /// How many queues it receives by, where its driver tells.
    pub(crate) fn receive_queues(&self) -> Option<u32> {
        let mut channels = Channels {
            command: ETHTOOL_GCHANNELS,
            ..Channels::default()
        };
        let mut request = self.request();
        request.ifr_ifru.ifru_data = (&raw mut channels).cast();
        self.call(SIOCETHTOOL, &mut request).ok()?;
        // The kernel wrote through the pointer it was given.
        let channels = std::hint::black_box(channels);
        let count = channels.receive + channels.combined;
        (count > 0).then_some(count)
    }
}
