//! One request over rtnetlink: a pair of interfaces that are joined, each in its namespace.
//!
//! A message is a head, the facts of an interface, and attributes: length, kind and value, which
//! may itself hold attributes; all padded to four bytes (rtnetlink(7)).

use super::{check, link};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Of `struct nlmsghdr` and of `struct ifinfomsg`.
const HEAD_BYTES: usize = 16;
const FACTS: [u8; 16] = [0; 16];
/// The peer's facts and attributes, among those of a veth.
const VETH_INFO_PEER: u16 = 1;

/// Makes a pair of interfaces: one here, its peer in another network namespace.
pub fn make_pair(name: &str, peer: &str, there: BorrowedFd<'_>) -> io::Result<()> {
    let socket = link::socket(libc::AF_NETLINK, libc::SOCK_RAW)?;
    let request = pair_request(name, peer, there.as_raw_fd());
    let mut file = std::fs::File::from(socket);
    file.write_all(&request)?;
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
    let flags = libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    let mut message = ((HEAD_BYTES + rest.len()) as u32).to_ne_bytes().to_vec();
    message.extend(libc::RTM_NEWLINK.to_ne_bytes());
    message.extend((flags as u16).to_ne_bytes());
    message.extend([0; 8]);
    message.append(&mut rest);
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
