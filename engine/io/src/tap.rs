//! A tap device: an interface of the host whose other end is the engine.
//!
//! This file passes pointers to the kernel: it is one of the few that use `unsafe`.

use crate::driver::{Driver, DriverStatistics, Refused, Sent, Stall};
use crate::reason;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::mem::zeroed;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use weft_core::{Batch, MAX_FRAME, PacketType, Pool};

const CLONE_DEVICE: &str = "/dev/net/tun";
/// The MTU a new tap has.
const DEFAULT_MTU: u32 = 1500;

/// What a tap is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapOptions {
    /// Its name; empty: the kernel chooses.
    pub name: String,
    /// The host's address on it.
    pub address: Ipv4Addr,
    /// The mask of its network.
    pub mask: Ipv4Addr,
    /// A host on it that the default route goes through.
    pub gateway: Option<Ipv4Addr>,
    /// The host's Ethernet address on it.
    pub ether: Option<[u8; 6]>,
    /// Its MTU.
    pub mtu: u32,
}

/// An open tap; the device goes away with it.
pub struct Tap {
    file: File,
    name: String,
    room: Vec<u8>,
    counts: DriverStatistics,
}

/// A request about an interface, as `ioctl` takes it.
struct Request(libc::ifreq);

impl Request {
    fn new(name: &str) -> Result<Request, String> {
        if name.len() >= libc::IFNAMSIZ || name.contains('\0') {
            let longest = libc::IFNAMSIZ - 1;
            return Err(format!(
                "'{name}' is too long for a device (at most {longest})"
            ));
        }
        // SAFETY: a plain C structure for which zero is valid.
        let mut request: libc::ifreq = unsafe { zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from as libc::c_char;
        }
        Ok(Request(request))
    }

    fn call(&mut self, fd: RawFd, order: libc::c_ulong) -> io::Result<()> {
        // SAFETY: all orders used here take a pointer to this structure.
        let result = unsafe { libc::ioctl(fd, order as _, &raw mut self.0) };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    fn name(&self) -> String {
        let bytes = self.0.ifr_name.iter().map(|&c| c as u8);
        String::from_utf8_lossy(&bytes.take_while(|&b| b != 0).collect::<Vec<_>>()).into_owned()
    }

    fn set_address(&mut self, address: Ipv4Addr) {
        self.0.ifr_ifru.ifru_addr = socket_address(address);
    }
}

fn socket_address(address: Ipv4Addr) -> libc::sockaddr {
    let mut bytes = [0 as libc::c_char; 14];
    for (to, from) in bytes[2..6].iter_mut().zip(address.octets()) {
        *to = from as libc::c_char;
    }
    libc::sockaddr {
        sa_family: libc::AF_INET as libc::sa_family_t,
        sa_data: bytes,
    }
}

/// A socket to configure interfaces with.
fn configuring_socket() -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the descriptor returned belongs to nobody else.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

impl Tap {
    /// Makes a tap and sets it up.
    ///
    /// # Errors
    /// When the system has no taps, or forbids making one.
    pub fn open(options: &TapOptions) -> Result<Tap, String> {
        let mut open = OpenOptions::new();
        open.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = open
            .open(CLONE_DEVICE)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => format!(
                    "could not find a tap device\n(checked {CLONE_DEVICE})\n\
                 You may need to load a kernel module to support tap."
                ),
                _ => format!("{CLONE_DEVICE}: {}", reason(&error)),
            })?;
        let mut request = Request::new(&options.name)?;
        request.0.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short;
        request
            .call(file.as_raw_fd(), libc::TUNSETIFF as libc::c_ulong)
            .map_err(|error| format!("{CLONE_DEVICE}: {}", reason(&error)))?;
        let tap = Tap {
            file,
            name: request.name(),
            room: vec![0; MAX_FRAME],
            counts: DriverStatistics::default(),
        };
        tap.set_up(options)?;
        Ok(tap)
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn set_up(&self, options: &TapOptions) -> Result<(), String> {
        let socket =
            configuring_socket().map_err(|e| format!("socket() failed: {}", reason(&e)))?;
        let fd = socket.as_raw_fd();
        let order = |name: &str, order: libc::c_ulong, fill: &dyn Fn(&mut Request)| {
            let mut request = Request::new(&self.name)?;
            fill(&mut request);
            request
                .call(fd, order)
                .map_err(|e| format!("{name} failed: {}", reason(&e)))?;
            Ok::<_, String>(request)
        };
        if let Some(ether) = options.ether {
            order("SIOCSIFHWADDR", libc::SIOCSIFHWADDR, &|request| {
                let mut address = libc::sockaddr {
                    sa_family: libc::ARPHRD_ETHER,
                    sa_data: [0; 14],
                };
                for (to, from) in address.sa_data.iter_mut().zip(ether) {
                    *to = from as libc::c_char;
                }
                request.0.ifr_ifru.ifru_hwaddr = address;
            })?;
        }
        order("SIOCSIFADDR", libc::SIOCSIFADDR, &|r| {
            r.set_address(options.address)
        })?;
        order("SIOCSIFNETMASK", libc::SIOCSIFNETMASK, &|r| {
            r.set_address(options.mask)
        })?;
        if options.mtu != DEFAULT_MTU {
            order("SIOCSIFMTU", libc::SIOCSIFMTU, &|request| {
                request.0.ifr_ifru.ifru_mtu = options.mtu.min(i32::MAX as u32) as libc::c_int;
            })?;
        }
        let current = order("SIOCGIFFLAGS", libc::SIOCGIFFLAGS, &|_| {})?;
        // SAFETY: the kernel has just filled in this field of the union.
        let flags = unsafe { current.0.ifr_ifru.ifru_flags };
        order("SIOCSIFFLAGS", libc::SIOCSIFFLAGS, &|request| {
            let wanted = (libc::IFF_UP | libc::IFF_PROMISC) as libc::c_short;
            request.0.ifr_ifru.ifru_flags = flags | wanted;
        })?;
        match options.gateway {
            Some(gateway) => add_default_route(fd, gateway),
            None => Ok(()),
        }
    }
}

fn add_default_route(fd: RawFd, gateway: Ipv4Addr) -> Result<(), String> {
    // SAFETY: a plain C structure for which zero is valid; the kernel only reads it.
    let result = unsafe {
        let mut route: libc::rtentry = zeroed();
        route.rt_dst = socket_address(Ipv4Addr::UNSPECIFIED);
        route.rt_genmask = socket_address(Ipv4Addr::UNSPECIFIED);
        route.rt_gateway = socket_address(gateway);
        route.rt_flags = libc::RTF_UP | libc::RTF_GATEWAY;
        libc::ioctl(fd, libc::SIOCADDRT as _, &raw const route)
    };
    if result < 0 {
        let error = reason(&io::Error::last_os_error());
        return Err(format!("default route through {gateway}: {error}"));
    }
    Ok(())
}

/// The link-level kind of a frame from the host: to us, unless it is for many.
fn kind_of(frame: &[u8]) -> PacketType {
    match frame.first() {
        Some(_) if frame.starts_with(&[0xff; 6]) => PacketType::Broadcast,
        Some(first) if first & 1 == 1 => PacketType::Multicast,
        _ => PacketType::Host,
    }
}

impl Driver for Tap {
    fn method(&self) -> &'static str {
        "tap"
    }

    fn receive(
        &mut self,
        pool: &mut Pool,
        batch: &mut Batch,
        max: usize,
        _now: u64,
    ) -> io::Result<usize> {
        let mut received = 0;
        while received < max {
            let length = match self.file.read(&mut self.room) {
                Ok(length) => length,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            received += 1;
            match pool.copy_in(&self.room[..length]) {
                Some(mut packet) => {
                    packet.set_mac_here();
                    packet.set_packet_type(kind_of(&self.room[..length]));
                    batch.push(packet);
                }
                None => self.counts.broken += 1,
            }
        }
        self.counts.received += received as u64;
        Ok(received)
    }

    fn send(&mut self, pool: &mut Pool, batch: &mut Batch) -> Sent {
        let mut outcome = Sent::default();
        while outcome.sent < batch.len() {
            let written = self.file.write(pool.data(&batch[outcome.sent]));
            match written {
                Ok(_) => outcome.sent += 1,
                Err(error) => match error.raw_os_error().unwrap_or(libc::EIO) {
                    libc::EINTR => {}
                    libc::EAGAIN => {
                        outcome.stalled = Some(Stall::UntilWritable);
                        break;
                    }
                    libc::ENOBUFS => {
                        outcome.stalled = Some(Stall::Later);
                        break;
                    }
                    code => {
                        outcome.refused = Some(Refused::Error(code));
                        break;
                    }
                },
            }
        }
        batch
            .drain(..outcome.sent)
            .for_each(|packet| pool.free(packet));
        self.counts.sent += outcome.sent as u64;
        self.counts.refused += u64::from(outcome.refused.is_some());
        outcome
    }

    fn receive_fd(&self) -> Option<RawFd> {
        Some(self.file.as_raw_fd())
    }

    fn send_fd(&self) -> Option<RawFd> {
        Some(self.file.as_raw_fd())
    }

    fn statistics(&mut self) -> DriverStatistics {
        self.counts
    }
}
