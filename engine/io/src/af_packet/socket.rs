//! Packet sockets: system calls on one descriptor, as functions that cannot be misused.
//!
//! This file passes pointers to the kernel: it is one of the few that use `unsafe`.

use std::io;
use std::mem::{size_of, size_of_val, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A packet socket.
pub(super) struct Socket(OwnedFd);

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// What a classic packet filter with a single instruction returns.
pub(super) fn constant_filter(value: u32) -> libc::sock_filter {
    libc::sock_filter {
        code: (libc::BPF_RET | libc::BPF_K) as u16,
        jt: 0,
        jf: 0,
        k: value,
    }
}

impl Socket {
    /// A new socket that receives nothing until it is bound.
    pub(super) fn open() -> io::Result<Socket> {
        // SAFETY: no pointers; the descriptor returned belongs to nobody else.
        unsafe {
            let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
            let fd = check(libc::socket(libc::AF_PACKET, kind, 0))?;
            Ok(Socket(OwnedFd::from_raw_fd(fd)))
        }
    }

    /// A socket of our own for the one behind `fd`, which stays open.
    pub(super) fn duplicate(fd: RawFd) -> io::Result<Socket> {
        // SAFETY: no pointers; the descriptor returned belongs to nobody else.
        unsafe {
            let fd = check(libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0))?;
            let socket = Socket(OwnedFd::from_raw_fd(fd));
            let flags = check(libc::fcntl(fd, libc::F_GETFL))?;
            check(libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK))?;
            Ok(socket)
        }
    }

    pub(super) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    fn set<T>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        let length = size_of_val(value) as libc::socklen_t;
        let value = std::ptr::from_ref(value).cast();
        // SAFETY: `value` points to `length` readable bytes for the time of the call. Options that
        // themselves hold pointers are only set by the functions below, which see to theirs.
        check(unsafe { libc::setsockopt(self.fd(), level, option, value, length) }).map(drop)
    }

    fn get<T: Copy>(&self, level: libc::c_int, option: libc::c_int) -> io::Result<T> {
        // SAFETY: `T` is a plain C type for which zero is valid; the kernel writes at most
        // `length` bytes of it.
        unsafe {
            let mut value: T = zeroed();
            let mut length = size_of::<T>() as libc::socklen_t;
            let at = (&raw mut value).cast();
            check(libc::getsockopt(self.fd(), level, option, at, &mut length))?;
            Ok(value)
        }
    }

    pub(super) fn set_packet(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        self.set(libc::SOL_PACKET, option, &value)
    }

    pub(super) fn packet(&self, option: libc::c_int) -> io::Result<libc::c_int> {
        self.get(libc::SOL_PACKET, option)
    }

    /// Sets an option of the socket layer.
    pub(super) fn set_socket(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        self.set(libc::SOL_SOCKET, option, &value)
    }

    /// The value of an option of the socket layer.
    pub(super) fn socket(&self, option: libc::c_int) -> io::Result<libc::c_int> {
        self.get(libc::SOL_SOCKET, option)
    }

    /// The error that is pending, which is forgotten by it.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        let code = self.socket(libc::SO_ERROR).ok()?;
        (code != 0).then(|| io::Error::from_raw_os_error(code))
    }

    /// Packets delivered to the socket (dropped ones included), and dropped, since the last call.
    pub(super) fn statistics(&self) -> io::Result<(u64, u64)> {
        let counts: [u32; 3] = self.get(libc::SOL_PACKET, libc::PACKET_STATISTICS)?;
        Ok((u64::from(counts[0]), u64::from(counts[1])))
    }

    fn interface(&self, name: &str, order: libc::c_ulong) -> io::Result<libc::c_int> {
        if name.len() >= libc::IFNAMSIZ || name.contains('\0') {
            return Err(io::Error::from_raw_os_error(libc::ENODEV));
        }
        // SAFETY: `request` is a plain C structure for which zero is valid; its name stays
        // zero-terminated; the kernel fills in a number, which both union fields read alike.
        unsafe {
            let mut request: libc::ifreq = zeroed();
            for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
                *to = from as libc::c_char;
            }
            check(libc::ioctl(self.fd(), order as _, &raw mut request))?;
            Ok(request.ifr_ifru.ifru_ifindex)
        }
    }

    /// Index of the interface called `name` in this socket's namespace.
    pub(super) fn interface_index(&self, name: &str) -> io::Result<i32> {
        self.interface(name, libc::SIOCGIFINDEX)
    }

    /// Binds to an interface, to receive `protocol` (0: nothing).
    pub(super) fn bind(&self, interface: i32, protocol: u16) -> io::Result<()> {
        // SAFETY: `address` is a plain C structure for which zero is valid, and is as long as said.
        unsafe {
            let mut address: libc::sockaddr_ll = zeroed();
            address.sll_family = libc::AF_PACKET as u16;
            address.sll_protocol = protocol.to_be();
            address.sll_ifindex = interface;
            let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            check(libc::bind(self.fd(), (&raw const address).cast(), length)).map(drop)
        }
    }

    /// Has the interface receive frames to all addresses while the socket is open.
    pub(super) fn join_promiscuous(&self, interface: i32) -> io::Result<()> {
        // SAFETY: a plain C structure for which zero is valid.
        let mut membership: libc::packet_mreq = unsafe { zeroed() };
        membership.mr_ifindex = interface;
        membership.mr_type = libc::PACKET_MR_PROMISC as u16;
        self.set(libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership)
    }

    /// Joins fanout group `arguments` (id, type and flags, as the kernel packs them).
    pub(super) fn join_fanout(&self, arguments: u32) -> io::Result<()> {
        self.set(libc::SOL_PACKET, libc::PACKET_FANOUT, &arguments)
    }

    /// Makes the fanout group hand all packets to its member `index`; returns when no packet is
    /// under way to another.
    pub(super) fn choose_member(&self, index: u32) -> io::Result<()> {
        self.set_program(libc::SOL_PACKET, libc::PACKET_FANOUT_DATA, index)
    }

    /// Lets nothing in, until [`Socket::clear_filter`].
    pub(super) fn block(&self) -> io::Result<()> {
        self.set_program(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, 0)
    }

    pub(super) fn clear_filter(&self) -> io::Result<()> {
        self.set_socket(libc::SO_DETACH_FILTER, 0)
    }

    fn set_program(&self, level: i32, option: i32, value: u32) -> io::Result<()> {
        let mut instruction = constant_filter(value);
        let program = libc::sock_fprog {
            len: 1,
            filter: &raw mut instruction,
        };
        // The kernel copies the instruction during the call.
        self.set(level, option, &program)
    }

    /// Gives the socket a V3 receive ring; all zero takes it away.
    pub(super) fn set_ring(&self, request: &libc::tpacket_req3) -> io::Result<()> {
        self.set(libc::SOL_PACKET, libc::PACKET_RX_RING, request)
    }
}

/// Names of the interfaces in this namespace, for messages.
pub(super) fn interface_names() -> Vec<String> {
    // SAFETY: the array ends with an entry of index 0 and is given back once, after the names,
    // which are zero-terminated, were copied.
    unsafe {
        let all = libc::if_nameindex();
        if all.is_null() {
            return Vec::new();
        }
        let mut names = Vec::new();
        let mut at = all;
        while (*at).if_index != 0 && !(*at).if_name.is_null() {
            let name = std::ffi::CStr::from_ptr((*at).if_name);
            names.push(name.to_string_lossy().into_owned());
            at = at.add(1);
        }
        libc::if_freenameindex(all);
        names
    }
}
