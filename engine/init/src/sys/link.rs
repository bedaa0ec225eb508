//! Network interfaces of the current namespace, by ioctl, and packet sockets.

use super::check;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Asks for the state of the link, as `ETHTOOL_GLINK`.
const ETHTOOL_GLINK: u32 = 0x0a;
/// Bytes of frames that a socket keeps while nobody reads it.
const RECEIVE_BUFFER: libc::c_int = 4 << 20;
const SIOCETHTOOL: libc::c_ulong = 0x8946;

#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// A socket through which interfaces are asked and set.
pub struct Interfaces(OwnedFd);

impl Interfaces {
    pub fn open() -> io::Result<Self> {
        socket(libc::AF_INET, libc::SOCK_DGRAM).map(Self)
    }

    /// Brings an interface up, promiscuous, without ARP of its own.
    pub fn bring_up(&self, name: &str) -> io::Result<()> {
        self.set_flags(name, libc::IFF_UP | libc::IFF_PROMISC | libc::IFF_NOARP)
    }

    /// Brings an interface up, for others to use as it is.
    pub fn just_bring_up(&self, name: &str) -> io::Result<()> {
        self.set_flags(name, libc::IFF_UP)
    }

    fn set_flags(&self, name: &str, wanted: i32) -> io::Result<()> {
        let mut request = request(name)?;
        self.call(libc::SIOCGIFFLAGS as libc::c_ulong, &mut request)?;
        // SAFETY: SIOCGIFFLAGS has filled in the flags.
        unsafe { request.ifr_ifru.ifru_flags |= wanted as libc::c_short };
        self.call(libc::SIOCSIFFLAGS as libc::c_ulong, &mut request)
    }

    pub fn mtu(&self, name: &str) -> io::Result<u32> {
        let mut request = request(name)?;
        self.call(libc::SIOCGIFMTU as libc::c_ulong, &mut request)?;
        // SAFETY: SIOCGIFMTU has filled in the MTU.
        Ok(unsafe { request.ifr_ifru.ifru_mtu } as u32)
    }

    /// Ethernet address, of an interface that has one.
    pub fn ethernet_address(&self, name: &str) -> io::Result<Option<[u8; 6]>> {
        let mut request = request(name)?;
        self.call(libc::SIOCGIFHWADDR as libc::c_ulong, &mut request)?;
        // SAFETY: SIOCGIFHWADDR has filled in the address.
        let address = unsafe { request.ifr_ifru.ifru_hwaddr };
        let is_ethernet = address.sa_family == libc::ARPHRD_ETHER;
        Ok(is_ethernet.then(|| std::array::from_fn(|at| address.sa_data[at] as u8)))
    }

    pub fn set_mtu(&self, name: &str, mtu: u32) -> io::Result<()> {
        let mut request = request(name)?;
        request.ifr_ifru.ifru_mtu = mtu as libc::c_int;
        self.call(libc::SIOCSIFMTU as libc::c_ulong, &mut request)
    }

    /// Whether the link is there, which takes both of its ends being up.
    pub fn has_link(&self, name: &str) -> io::Result<bool> {
        let mut value = EthtoolValue {
            command: ETHTOOL_GLINK,
            data: 0,
        };
        let mut request = request(name)?;
        request.ifr_ifru.ifru_data = (&raw mut value).cast();
        match self.call(SIOCETHTOOL, &mut request) {
            // The kernel wrote through the pointer it was given.
            Ok(()) => Ok(std::hint::black_box(value).data != 0),
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => self.is_running(name),
            Err(error) => Err(error),
        }
    }

    /// What there is to know of a driver that does not tell of its link.
    fn is_running(&self, name: &str) -> io::Result<bool> {
        let mut request = request(name)?;
        self.call(libc::SIOCGIFFLAGS as libc::c_ulong, &mut request)?;
        // SAFETY: SIOCGIFFLAGS has filled in the flags.
        Ok(unsafe { request.ifr_ifru.ifru_flags } & libc::IFF_RUNNING as libc::c_short != 0)
    }

    fn call(&self, code: libc::c_ulong, request: &mut libc::ifreq) -> io::Result<()> {
        // SAFETY: `request` is what these codes read and write; a pointer in it outlives the call.
        check(unsafe { libc::ioctl(self.0.as_raw_fd(), code as _, std::ptr::from_mut(request)) })?;
        Ok(())
    }
}

fn request(name: &str) -> io::Result<libc::ifreq> {
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "name longer than 15 bytes",
        ));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    Ok(request)
}

pub(crate) fn socket(domain: i32, kind: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers only.
    let fd = check(unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: just opened, owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A raw packet socket of protocol 0: it takes nothing until it is bound. Its receive buffer bridges
/// the time until a killed engine runs again; the engine itself may not exceed the system's limit.
pub fn packet_socket() -> io::Result<OwnedFd> {
    let socket = socket(libc::AF_PACKET, libc::SOCK_RAW)?;
    let size = std::ptr::from_ref(&RECEIVE_BUFFER);
    let length = size_of_val(&RECEIVE_BUFFER) as libc::socklen_t;
    let (level, option) = (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE);
    // SAFETY: `size` points to `length` readable bytes. Without the privilege it stays as it is.
    unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, size.cast(), length) };
    Ok(socket)
}

/// The names of all interfaces here, sorted.
pub fn interface_names() -> Vec<String> {
    let mut names = Vec::new();
    // SAFETY: the list ends with an entry whose name is null, and is freed once, after use.
    unsafe {
        let list = libc::if_nameindex();
        if list.is_null() {
            return names;
        }
        let mut entry = list;
        while !(*entry).if_name.is_null() {
            names.push(
                CStr::from_ptr((*entry).if_name)
                    .to_string_lossy()
                    .into_owned(),
            );
            entry = entry.add(1);
        }
        libc::if_freenameindex(list);
    }
    names.sort();
    names
}
