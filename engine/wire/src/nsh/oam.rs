//! Active OAM of service function chains (RFC 9516): echo requests and replies.
//!
//! A message stands behind a header whose O bit is set and whose next protocol is 7. It begins with
//! the active OAM header: version (2 bits), message type (6), a reserved byte, and the length of what
//! follows (section 5). An echo (section 6) has flags, a reserved field, echo type, reply mode, return
//! code and subcode, the sender's handle, a sequence number, and TLVs: type, a reserved byte, length,
//! value.

use crate::bytes::{get16, get32};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of the active OAM header.
pub const HEADER_LEN: usize = 4;
/// Bytes of an echo without TLVs, behind the active OAM header.
pub const ECHO_LEN: usize = 16;
/// The most bytes of a message that are looked at: more than fit in an Ethernet frame.
pub const MAX_MESSAGE: usize = 1500;
/// Bytes of a TLV before its value.
pub const TLV_HEADER_LEN: usize = 4;

/// Message types (section 5).
pub mod message {
    /// Echo request or reply.
    pub const ECHO: u8 = 1;
}

/// Echo types (section 6.2).
pub mod echo {
    /// Asks.
    pub const REQUEST: u8 = 1;
    /// Answers.
    pub const REPLY: u8 = 2;
}

/// How a request is to be answered (section 6.3.1).
pub mod reply_mode {
    /// Not at all.
    pub const NONE: u8 = 1;
    /// By UDP, to the address of a Source ID TLV.
    pub const UDP: u8 = 2;
    /// Along the path that a Reply Service Function Path TLV tells.
    pub const PATH: u8 = 4;
}

/// Return codes (section 6.4).
pub mod code {
    /// Nothing is wrong.
    pub const NO_ERROR: u8 = 0;
    /// The request was malformed.
    pub const MALFORMED: u8 = 1;
    /// Some TLV was not understood.
    pub const UNKNOWN_TLV: u8 = 2;
    /// Authentication failed.
    pub const UNAUTHENTIC: u8 = 3;
    /// The TTL was used up here.
    pub const TTL_EXCEEDED: u8 = 4;
    /// Here the path ends.
    pub const END_OF_PATH: u8 = 5;
    /// The TLV with the reply's path is missing.
    pub const NO_REPLY_PATH: u8 = 6;
    /// The reply's path is not known.
    pub const REPLY_PATH_UNKNOWN: u8 = 7;
    /// The reply's path cannot be verified.
    pub const REPLY_PATH_UNVERIFIABLE: u8 = 8;

    /// What a return code means, in words.
    pub fn text(code: u8) -> &'static str {
        match code {
            NO_ERROR => "no error",
            MALFORMED => "malformed request",
            UNKNOWN_TLV => "TLV not understood",
            UNAUTHENTIC => "authentication failed",
            TTL_EXCEEDED => "TTL exceeded",
            END_OF_PATH => "end of the path",
            NO_REPLY_PATH => "no reply path given",
            REPLY_PATH_UNKNOWN => "reply path not found",
            REPLY_PATH_UNVERIFIABLE => "reply path not verifiable",
            _ => "unknown return code",
        }
    }
}

/// Types of TLVs (section 6.6).
pub mod tlv {
    /// Who sent the message: address and port.
    pub const SOURCE_ID: u8 = 1;
    /// TLVs that were not understood.
    pub const ERRORED: u8 = 2;
    /// The path a reply is to take.
    pub const REPLY_PATH: u8 = 3;
}

/// Why a message is not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ends before it is complete, or is longer than can be.
    Length,
    /// A version other than 0.
    Version,
    /// A message type that is not known.
    MessageType,
}

/// An echo request or reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo<'a> {
    /// Request or reply: [`echo`].
    pub kind: u8,
    /// How it is to be answered: [`reply_mode`].
    pub reply_mode: u8,
    /// Return code, 0 in requests: [`code`].
    pub code: u8,
    /// Return subcode.
    pub subcode: u8,
    /// The sender's mark, which comes back in the reply.
    pub handle: u32,
    /// The request's number, which comes back too.
    pub sequence: u32,
    /// Its TLVs.
    pub tlvs: &'a [u8],
}

impl<'a> Echo<'a> {
    /// Reads the message that `payload`, what follows the Network Service Header, begins with; what
    /// stands behind it is padding.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(payload: &'a [u8]) -> Result<Echo<'a>, Fault> {
        let (header, rest) = payload
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(Fault::Length)?;
        if header[0] >> 6 != 0 {
            return Err(Fault::Version);
        }
        if header[0] & 0x3f != message::ECHO {
            return Err(Fault::MessageType);
        }
        let length = usize::from(get16(header, 2));
        let body = rest.get(..length).filter(|_| length <= MAX_MESSAGE);
        let (fixed, tlvs) = body
            .and_then(|body| body.split_first_chunk::<ECHO_LEN>())
            .ok_or(Fault::Length)?;
        Ok(Echo {
            kind: fixed[4],
            reply_mode: fixed[5],
            code: fixed[6],
            subcode: fixed[7],
            handle: get32(fixed, 8),
            sequence: get32(fixed, 12),
            tlvs,
        })
    }

    /// The message's bytes, the active OAM header first.
    ///
    /// # Panics
    /// Where the TLVs are longer than [`MAX_MESSAGE`] allows.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = ECHO_LEN + self.tlvs.len();
        assert!(length <= MAX_MESSAGE, "message too long");
        let mut bytes = Vec::with_capacity(HEADER_LEN + length);
        bytes.extend_from_slice(&[message::ECHO, 0]);
        bytes.extend_from_slice(&(length as u16).to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&[self.kind, self.reply_mode, self.code, self.subcode]);
        bytes.extend_from_slice(&self.handle.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(self.tlvs);
        bytes
    }
}

/// What TLVs say, as far as it is understood here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Who sent the message, and the port that waits for the reply.
    pub source: Option<(IpAddr, u16)>,
    /// Service path identifier and index of the reply.
    pub reply_path: Option<(u32, u8)>,
    /// Whole TLVs that are not understood.
    pub unknown: Vec<u8>,
    /// Whether the bytes are TLVs from end to end, each of them as long as its type asks.
    pub is_sound: bool,
}

impl Content {
    /// Reads TLVs; of several of one type the first counts.
    pub fn of(mut bytes: &[u8]) -> Content {
        let mut content = Content {
            is_sound: true,
            ..Content::default()
        };
        while let Some((header, rest)) = bytes.split_first_chunk::<TLV_HEADER_LEN>() {
            let length = usize::from(get16(header, 2));
            let Some((value, after)) = rest.split_at_checked(length) else {
                break;
            };
            if !content.take(header[0], value) {
                content.is_sound = false;
            } else if !matches!(header[0], tlv::SOURCE_ID..=tlv::REPLY_PATH) {
                content
                    .unknown
                    .extend_from_slice(&bytes[..TLV_HEADER_LEN + length]);
            }
            bytes = after;
        }
        content.is_sound &= bytes.is_empty();
        content
    }

    /// Takes in a TLV; false where its value is not as its type asks.
    fn take(&mut self, kind: u8, value: &[u8]) -> bool {
        match kind {
            tlv::SOURCE_ID => {
                let Some(source) = source_id(value) else {
                    return false;
                };
                self.source.get_or_insert(source);
            }
            tlv::REPLY_PATH => {
                let Ok(path) = value.try_into().map(u32::from_be_bytes) else {
                    return false;
                };
                self.reply_path.get_or_insert((path >> 8, path as u8));
            }
            _ => {}
        }
        true
    }
}

/// Port, two reserved bytes, and an address of either family.
fn source_id(value: &[u8]) -> Option<(IpAddr, u16)> {
    let (head, address) = value.split_first_chunk::<4>()?;
    let address = match address.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?).into(),
        16 => Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?).into(),
        _ => return None,
    };
    Some((address, get16(head, 0)))
}

fn push(tlvs: &mut Vec<u8>, kind: u8, value: &[u8]) {
    tlvs.extend_from_slice(&[kind, 0]);
    tlvs.extend_from_slice(&(value.len() as u16).to_be_bytes());
    tlvs.extend_from_slice(value);
}

/// Appends a Source ID TLV.
pub fn push_source(tlvs: &mut Vec<u8>, address: IpAddr, port: u16) {
    let mut value = port.to_be_bytes().to_vec();
    value.extend_from_slice(&[0; 2]);
    match address {
        IpAddr::V4(address) => value.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => value.extend_from_slice(&address.octets()),
    }
    push(tlvs, tlv::SOURCE_ID, &value);
}

/// Appends a Reply Service Function Path TLV; `spi` has 24 bits.
pub fn push_reply_path(tlvs: &mut Vec<u8>, spi: u32, si: u8) {
    let path = spi << 8 | u32::from(si);
    push(tlvs, tlv::REPLY_PATH, &path.to_be_bytes());
}

/// Appends an Errored TLVs TLV that holds `unknown`, unless the message would become too long.
pub fn push_errored(tlvs: &mut Vec<u8>, unknown: &[u8]) {
    if ECHO_LEN + tlvs.len() + TLV_HEADER_LEN + unknown.len() <= MAX_MESSAGE {
        push(tlvs, tlv::ERRORED, unknown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: [u8; 28] = [
        1, 0, 0, 24, 0, 0, 0, 0, 1, 4, 0, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 7, 3, 0, 0, 4, 0, 0,
        110, 255,
    ];

    fn request(tlvs: &[u8]) -> Echo<'_> {
        Echo {
            kind: echo::REQUEST,
            reply_mode: reply_mode::PATH,
            code: 0,
            subcode: 0,
            handle: 0xdead_beef,
            sequence: 7,
            tlvs,
        }
    }

    #[test]
    fn a_request_is_written_exactly_and_read_back() {
        let mut tlvs = Vec::new();
        push_reply_path(&mut tlvs, 110, 255);
        let echo = request(&tlvs);
        assert_eq!(echo.to_bytes(), REQUEST);
        let padded = [&REQUEST[..], &[0; 6]].concat();
        assert_eq!(Echo::parse(&padded), Ok(echo));
    }

    #[test]
    fn tlvs_say_source_and_path() {
        let mut tlvs = Vec::new();
        push_source(&mut tlvs, Ipv4Addr::new(192, 0, 2, 1).into(), 4000);
        assert_eq!(tlvs, [1, 0, 0, 8, 0x0f, 0xa0, 0, 0, 192, 0, 2, 1]);
        push_reply_path(&mut tlvs, 0xab_cdef, 3);
        push_source(&mut tlvs, Ipv6Addr::LOCALHOST.into(), 1);
        let content = Content::of(&tlvs);
        let address: IpAddr = Ipv4Addr::new(192, 0, 2, 1).into();
        assert_eq!(content.source, Some((address, 4000)));
        assert_eq!(content.reply_path, Some((0xab_cdef, 3)));
        assert!(content.is_sound && content.unknown.is_empty());
        let six = Content::of(&tlvs[20..]);
        assert_eq!(six.source, Some((Ipv6Addr::LOCALHOST.into(), 1)));
    }

    #[test]
    fn unknown_tlvs_are_kept_whole_and_sent_back() {
        let content = Content::of(&[9, 0, 0, 1, 5, 3, 0, 0, 4, 0, 0, 1, 2, 200, 7, 0, 0]);
        assert_eq!(content.unknown, [9, 0, 0, 1, 5, 200, 7, 0, 0]);
        assert_eq!(content.reply_path, Some((1, 2)));
        assert!(content.is_sound);
        let mut tlvs = Vec::new();
        push_errored(&mut tlvs, &content.unknown);
        assert_eq!(tlvs, [2, 0, 0, 9, 9, 0, 0, 1, 5, 200, 7, 0, 0]);
        push_errored(&mut tlvs, &[0; MAX_MESSAGE]);
        assert_eq!(tlvs.len(), 13);
    }

    #[test]
    fn tlvs_that_do_not_fit_are_not_sound() {
        for bytes in [
            &[3u8, 0, 0][..],
            &[3, 0, 0, 5, 0, 0, 0, 0],
            &[3, 0, 0, 3, 0, 0, 0],
            &[1, 0, 0, 2, 0, 0],
            &[1, 0, 0, 9, 0, 0, 0, 0, 1, 2, 3, 4, 5],
        ] {
            let content = Content::of(bytes);
            assert!(!content.is_sound, "{bytes:?}");
            assert_eq!((content.source, content.reply_path), (None, None));
        }
    }

    #[test]
    fn each_fault_is_told_apart() {
        let changed = |at: usize, value: u8| {
            let mut bytes = REQUEST;
            bytes[at] = value;
            Echo::parse(&bytes).map(|_| ())
        };
        assert_eq!(changed(0, 0x41), Err(Fault::Version));
        assert_eq!(changed(0, 2), Err(Fault::MessageType));
        assert_eq!(changed(3, 15), Err(Fault::Length));
        assert_eq!(changed(3, 25), Err(Fault::Length));
        for length in 0..REQUEST.len() {
            assert_eq!(Echo::parse(&REQUEST[..length]), Err(Fault::Length));
        }
        let mut huge = vec![0; HEADER_LEN + MAX_MESSAGE + 1];
        huge[..4].copy_from_slice(&[1, 0, 5, 221]);
        assert_eq!(Echo::parse(&huge), Err(Fault::Length));
        assert_eq!(code::text(code::END_OF_PATH), "end of the path");
    }
}
