//! Requests over rtnetlink: a pair of interfaces that are joined, each in its namespace; addresses
//! and default routes in the current one.
//!
//! A message is a head, the facts of what it is about, and attributes: length, kind and value, which
//! may itself hold attributes; all padded to four bytes (rtnetlink(7)).

use super::{c_string, check, link};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Of `struct nlmsghdr` and of `struct ifinfomsg`.
const HEAD_BYTES: usize = 16;
const FACTS: [u8; 16] = [0; 16];
/// The peer's facts and attributes, among those of a veth.
const VETH_INFO_PEER: u16 = 1;

/// Makes a pair of interfaces: one here, its peer in another network namespace.
pub fn make_pair(name: &str, peer: &str, there: BorrowedFd<'_>) -> io::Result<()> {
    carry_out(&pair_request(name, peer, there.as_raw_fd()))
}

/// Gives an interface an address, to be used at once.
pub fn add_address(name: &str, address: IpAddr, prefix: u8) -> io::Result<()> {
    carry_out(&address_request(index(name)?, address, prefix))
}

/// Sends by an interface what has no better way.
pub fn add_default_route(name: &str, gateway: IpAddr) -> io::Result<()> {
    carry_out(&route_request(index(name)?, gateway))
}

fn index(name: &str) -> io::Result<u32> {
    let name = c_string(name.as_bytes())?;
    // SAFETY: `name` is a valid string for the length of the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}

fn carry_out(request: &[u8]) -> io::Result<()> {
    let socket = link::socket(libc::AF_NETLINK, libc::SOCK_RAW)?;
    let mut file = std::fs::File::from(socket);
    file.write_all(request)?;
    let mut answer = [0; 1024];
    // SAFETY: the buffer has the length given.
    let got = check(unsafe {
        libc::recv(
            file.as_raw_fd(),
            answer.as_mut_ptr().cast(),
            answer.len(),
            0,
        )
    })?;
    understand(&answer[..got as usize])
}

fn pair_request(name: &str, peer: &str, there: i32) -> Vec<u8> {
    let mut peer_part = FACTS.to_vec();
    peer_part.append(&mut attribute(libc::IFLA_IFNAME, &with_zero(peer)));
    peer_part.append(&mut attribute(libc::IFLA_NET_NS_FD, &there.to_ne_bytes()));
    let data = attribute(VETH_INFO_PEER, &peer_part);
    let mut info = attribute(libc::IFLA_INFO_KIND, b"veth");
    info.append(&mut attribute(libc::IFLA_INFO_DATA, &data));
    let mut rest = FACTS.to_vec();
    rest.append(&mut attribute(libc::IFLA_IFNAME, &with_zero(name)));
    rest.append(&mut attribute(libc::IFLA_LINKINFO, &info));
    request(libc::RTM_NEWLINK, &rest)
}

fn address_request(index: u32, address: IpAddr, prefix: u8) -> Vec<u8> {
    let (family, bytes) = family_and_bytes(address);
    // Nobody else on this link can have it.
    let flags = match address {
        IpAddr::V4(_) => 0,
        IpAddr::V6(_) => libc::IFA_F_NODAD as u8,
    };
    let mut rest = vec![family, prefix, flags, libc::RT_SCOPE_UNIVERSE];
    rest.extend(index.to_ne_bytes());
    rest.append(&mut attribute(libc::IFA_LOCAL, &bytes));
    rest.append(&mut attribute(libc::IFA_ADDRESS, &bytes));
    request(libc::RTM_NEWADDR, &rest)
}

fn route_request(index: u32, gateway: IpAddr) -> Vec<u8> {
    let (family, bytes) = family_and_bytes(gateway);
    let (table, origin) = (libc::RT_TABLE_MAIN, libc::RTPROT_STATIC);
    let mut rest = vec![family, 0, 0, 0, table, origin];
    rest.extend([libc::RT_SCOPE_UNIVERSE, libc::RTN_UNICAST, 0, 0, 0, 0]);
    rest.append(&mut attribute(libc::RTA_GATEWAY, &bytes));
    rest.append(&mut attribute(libc::RTA_OIF, &index.to_ne_bytes()));
    request(libc::RTM_NEWROUTE, &rest)
}

fn family_and_bytes(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (libc::AF_INET as u8, address.octets().to_vec()),
        IpAddr::V6(address) => (libc::AF_INET6 as u8, address.octets().to_vec()),
    }
}

/// To make what is not there yet, and to say how that went.
fn request(kind: u16, rest: &[u8]) -> Vec<u8> {
    let flags = libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    let mut message = ((HEAD_BYTES + rest.len()) as u32).to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((flags as u16).to_ne_bytes());
    message.extend([0; 8]);
    message.extend(rest);
    message
}

fn with_zero(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// The answer to a request that asks for one: an error number, 0 for none, after the head.
fn understand(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).map(|bytes| [bytes[0], bytes[1]]);
    let number = answer.get(HEAD_BYTES..HEAD_BYTES + 4);
    let number = number.and_then(|bytes| bytes.try_into().ok());
    match (kind.map(u16::from_ne_bytes), number.map(i32::from_ne_bytes)) {
        (Some(kind), Some(0)) if i32::from(kind) == libc::NLMSG_ERROR => Ok(()),
        (Some(kind), Some(number)) if i32::from(kind) == libc::NLMSG_ERROR => {
            Err(io::Error::from_raw_os_error(-number))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded() {
        assert_eq!(
            attribute(3, b"eth0\0"),
            [9, 0, 3, 0, b'e', b't', b'h', b'0', 0, 0, 0, 0]
        );
        assert_eq!(attribute(1, &[7; 4]), [8, 0, 1, 0, 7, 7, 7, 7]);
    }

    #[test]
    fn a_request_says_how_long_it_is() {
        let request = pair_request("prog", "eth0", 9);
        assert_eq!(request[..4], (request.len() as u32).to_ne_bytes());
        assert_eq!(request.len() % 4, 0);
    }

    #[test]
    fn addresses_and_routes_are_asked_for_by_their_bytes() {
        let request = address_request(7, "10.0.0.1".parse().unwrap(), 24);
        let facts = [2, 24, 0, 0, 7, 0, 0, 0];
        let address = [8, 0, 2, 0, 10, 0, 0, 1, 8, 0, 1, 0, 10, 0, 0, 1];
        assert_eq!(request[HEAD_BYTES..], [&facts[..], &address].concat());
        let request = route_request(7, "10.0.0.9".parse().unwrap());
        let facts = [2, 0, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0];
        let gateway = [8, 0, 5, 0, 10, 0, 0, 9, 8, 0, 4, 0, 7, 0, 0, 0];
        assert_eq!(request[HEAD_BYTES..], [&facts[..], &gateway].concat());
        let request = address_request(7, "fd00::1".parse().unwrap(), 64);
        assert_eq!(
            request[HEAD_BYTES..HEAD_BYTES + 8],
            [10, 64, 2, 0, 7, 0, 0, 0]
        );
    }

    #[test]
    fn answers_are_errors_or_none() {
        let answer = |kind: u16, number: i32| {
            let mut bytes = [0; 20];
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            bytes[16..].copy_from_slice(&number.to_ne_bytes());
            understand(&bytes)
        };
        assert!(answer(2, 0).is_ok());
        assert_eq!(
            answer(2, -17).unwrap_err().raw_os_error(),
            Some(libc::EEXIST)
        );
        assert_eq!(answer(3, 0).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(understand(&[0; 5]).is_err());
    }
}
