//! Integrity protection of the header: the context headers "MAC and Encrypted Metadata" #1 and #2
//! (RFC 9145).
//!
//! The value of such a context header is the length of a key identifier and the identifier, a
//! timestamp, the length of a nonce and the nonce, and the message authentication code (section 5).
//! Here nothing is encrypted, so there is no nonce, and the code is HMAC-SHA-256-128.

use super::{FIXED_LEN, MAX_OPTIONS, TLV_HEADER_LEN, Tlv, Tlvs, md_type, next, push_tlv};

/// Metadata class of both context headers: that of the IETF.
const CLASS: u16 = 0;
/// Bytes of a message authentication code: HMAC-SHA-256-128 (RFC 4868).
pub const MAC_LEN: usize = 16;
/// Bytes of the key of HMAC-SHA-256-128 (RFC 4868, section 2.1.1).
pub const KEY_LEN: usize = 32;
/// Bytes of a value besides key identifier and nonce.
const FIXED_VALUE: usize = 1 + 8 + 1 + MAC_LEN;
/// The most bytes of a key identifier: what a value of 127 bytes leaves.
pub const MAX_KEY_ID: usize = 127 - FIXED_VALUE;

/// What a message authentication code covers. What follows the header is always part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// MAC#1: all but the base header, so that forwarders may count the TTL down.
    WithoutBase,
    /// MAC#2: the base header too.
    Whole,
}

impl Scope {
    /// The scope of MAC#1 or MAC#2.
    pub fn of_number(number: u32) -> Option<Scope> {
        match number {
            1 => Some(Scope::WithoutBase),
            2 => Some(Scope::Whole),
            _ => None,
        }
    }

    /// Type of the context header (IANA, "NSH IETF-Assigned Optional Variable-Length Metadata Types").
    pub fn kind(self) -> u8 {
        match self {
            Scope::WithoutBase => 2,
            Scope::Whole => 3,
        }
    }

    fn of_kind(kind: u8) -> Option<Scope> {
        [Scope::WithoutBase, Scope::Whole]
            .into_iter()
            .find(|scope| scope.kind() == kind)
    }

    /// Where in the header the covered bytes begin.
    fn start(self) -> usize {
        match self {
            Scope::WithoutBase => FIXED_LEN / 2,
            Scope::Whole => 0,
        }
    }
}

/// Why there is no message authentication code to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The header is not of MD type 2.
    MdType,
    /// It has no such context header.
    Missing,
    /// It has several, or one whose lengths do not fit.
    Format,
    /// There is encrypted metadata.
    Encrypted,
}

/// A message authentication code found in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection<'a> {
    /// What it covers.
    pub scope: Scope,
    /// Which key it is made with.
    pub key_id: &'a [u8],
    /// When it was made: seconds since 1970 and, in the lower half, fractions of 2^-32 seconds.
    pub timestamp: u64,
    /// The code.
    pub mac: &'a [u8; MAC_LEN],
    /// The bytes of the header that it covers: before the code, and behind it.
    pub covered: [&'a [u8]; 2],
}

/// Finds the message authentication code in `header`, a whole one as [`super::check`] found it.
///
/// # Errors
/// Why there is none that can be checked.
pub fn find(header: &[u8]) -> Result<Protection<'_>, Fault> {
    let md = header.get(2).map(|third| third & 0xf);
    if md != Some(md_type::VARIABLE) || header.len() < FIXED_LEN {
        return Err(Fault::MdType);
    }
    let mut found = None;
    let mut at = FIXED_LEN;
    for tlv in Tlvs::new(&header[FIXED_LEN..]) {
        if let Some(scope) = protecting(&tlv)
            && found.replace((scope, tlv, at)).is_some()
        {
            return Err(Fault::Format);
        }
        at += tlv.padded_len();
    }
    let (scope, tlv, at) = found.ok_or(Fault::Missing)?;
    read(header, scope, tlv.value, at + TLV_HEADER_LEN)
}

fn protecting(tlv: &Tlv<'_>) -> Option<Scope> {
    Scope::of_kind(tlv.kind).filter(|_| tlv.class == CLASS)
}

/// Reads the value that begins at `at` in the header.
fn read<'a>(
    header: &'a [u8],
    scope: Scope,
    value: &'a [u8],
    at: usize,
) -> Result<Protection<'a>, Fault> {
    let (&length, rest) = value.split_first().ok_or(Fault::Format)?;
    let (key_id, rest) = rest.split_at_checked(length.into()).ok_or(Fault::Format)?;
    let (timestamp, rest) = rest.split_first_chunk().ok_or(Fault::Format)?;
    let (&nonce, mac) = rest.split_first().ok_or(Fault::Format)?;
    if nonce != 0 {
        return Err(Fault::Encrypted);
    }
    let mac: &[u8; MAC_LEN] = mac.try_into().map_err(|_| Fault::Format)?;
    let before = at + value.len() - MAC_LEN;
    Ok(Protection {
        scope,
        key_id,
        timestamp: u64::from_be_bytes(*timestamp),
        mac,
        covered: [&header[scope.start()..before], &header[before + MAC_LEN..]],
    })
}

/// The context headers of `options` without message authentication codes, and one for `key_id` at
/// `timestamp` behind them, its code zeros still. `None` where they become too many bytes.
pub fn protect(options: &[u8], scope: Scope, key_id: &[u8], timestamp: u64) -> Option<Vec<u8>> {
    if key_id.len() > MAX_KEY_ID {
        return None;
    }
    let mut metadata = Vec::with_capacity(MAX_OPTIONS);
    for tlv in Tlvs::new(options).filter(|tlv| protecting(tlv).is_none()) {
        push_tlv(&mut metadata, &tlv);
    }
    let mut value = Vec::with_capacity(FIXED_VALUE + key_id.len());
    value.push(key_id.len() as u8);
    value.extend_from_slice(key_id);
    value.extend_from_slice(&timestamp.to_be_bytes());
    value.push(0);
    value.extend_from_slice(&[0; MAC_LEN]);
    let tlv = Tlv {
        class: CLASS,
        kind: scope.kind(),
        unassigned: false,
        value: &value,
    };
    push_tlv(&mut metadata, &tlv).then_some(metadata)
}

/// Where in a header whose context headers [`protect`] made the code belongs.
pub fn mac_position(header_len: usize, key_id: &[u8]) -> usize {
    let value = FIXED_VALUE + key_id.len();
    header_len - value.next_multiple_of(4) + value - MAC_LEN
}

/// What of the bytes behind a header belongs to the packet it was put on: none where the next
/// protocol is "none"; what follows then is padding of the link (RFC 8393).
pub fn inner(next_protocol: u8, payload: &[u8]) -> &[u8] {
    match next_protocol {
        next::NONE => &[],
        _ => payload,
    }
}

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

/// `ns` nanoseconds since 1970 as timestamps are written (section 6): they wrap every 2^32 seconds,
/// for the first time in 2106.
pub fn timestamp_of(ns: u64) -> u64 {
    let fraction = (u128::from(ns % SECOND) << 32) / u128::from(SECOND);
    (ns / SECOND) << 32 | fraction as u64
}

#[cfg(test)]
mod tests {
    use super::super::{Metadata, Repr};
    use super::*;

    fn header(options: Vec<u8>) -> Vec<u8> {
        let repr = Repr {
            metadata: Metadata::Variable(options),
            ..Repr::new(10, next::ETHERNET)
        };
        repr.to_bytes()
    }

    fn protected(scope: Scope) -> Vec<u8> {
        let other = [1, 2, 3, 4, 9, 9, 9, 9];
        header(protect(&other, scope, b"k1", 0x0102_0304_0506_0708).unwrap())
    }

    #[test]
    fn the_context_header_is_written_exactly() {
        let expected = [
            &[0x0f, 0xcc, 2, 3, 0, 0, 10, 255, 1, 2, 3, 4, 9, 9, 9, 9][..],
            &[0, 0, 2, 28, 2, b'k', b'1', 1, 2, 3, 4, 5, 6, 7, 8, 0],
            &[0; 16],
        ];
        assert_eq!(protected(Scope::WithoutBase), expected.concat());
        assert_eq!(protected(Scope::Whole)[18], 3);
    }

    #[test]
    fn what_is_covered_leaves_out_the_code_and_with_mac_1_the_base_header() {
        let bytes = protected(Scope::WithoutBase);
        let found = find(&bytes).unwrap();
        assert_eq!(
            (found.scope, found.key_id),
            (Scope::WithoutBase, &b"k1"[..])
        );
        assert_eq!(found.timestamp, 0x0102_0304_0506_0708);
        assert_eq!(found.covered, [&bytes[4..32], &[]]);
        assert_eq!(mac_position(bytes.len(), b"k1"), 32);
        let bytes = protected(Scope::Whole);
        assert_eq!(find(&bytes).unwrap().covered, [&bytes[..32], &[]]);
    }

    #[test]
    fn padding_and_what_stands_behind_are_covered() {
        let mut options = protect(&[], Scope::WithoutBase, b"a", 5).unwrap();
        options.extend([7, 7, 7, 0]);
        let bytes = header(options);
        let found = find(&bytes).unwrap();
        assert_eq!(found.covered, [&bytes[4..23], &[0, 7, 7, 7, 0]]);
        assert_eq!(mac_position(40, b"a"), 23);
    }

    #[test]
    fn an_old_code_makes_room_for_a_new_one() {
        let old = protect(&[1, 2, 3, 0], Scope::Whole, b"old", 1).unwrap();
        let new = protect(&old, Scope::WithoutBase, b"k1", 2).unwrap();
        assert_eq!(
            new,
            protect(&[1, 2, 3, 0], Scope::WithoutBase, b"k1", 2).unwrap()
        );
        let full = [[9u8, 9, 9, 124].as_slice(), &[0; 124]].concat();
        assert_eq!(protect(&full, Scope::Whole, &[0; MAX_KEY_ID], 1), None);
        assert_eq!(protect(&[], Scope::Whole, &[0; MAX_KEY_ID + 1], 1), None);
    }

    #[test]
    fn each_fault_is_told_apart() {
        let fixed = Repr::new(10, next::IPV4).to_bytes();
        assert_eq!(find(&fixed), Err(Fault::MdType));
        assert_eq!(find(&[]), Err(Fault::MdType));
        assert_eq!(find(&header(vec![0, 9, 2, 0])), Err(Fault::Missing));
        let one = protect(&[], Scope::Whole, b"k1", 1).unwrap();
        assert_eq!(find(&header([&one[..], &one].concat())), Err(Fault::Format));
        for (length, value) in [(0, vec![]), (4, vec![9, 1, 2, 3]), (8, vec![0; 8])] {
            let tlv = [vec![0, 0, 2, length], value].concat();
            assert_eq!(find(&header(tlv)), Err(Fault::Format), "{length}");
        }
        let mut short = one.clone();
        short[3] -= 1;
        assert_eq!(find(&header(short)), Err(Fault::Format));
        let mut encrypted = one;
        encrypted[15] = 1;
        assert_eq!(find(&header(encrypted)), Err(Fault::Encrypted));
    }

    #[test]
    fn timestamps_are_seconds_and_fractions() {
        assert_eq!(timestamp_of(0), 0);
        assert_eq!(timestamp_of(1_500_000_000), 0x1_8000_0000);
        assert_eq!(timestamp_of((1 << 32) * SECOND), 0);
        assert_eq!(inner(next::NONE, &[0; 6]), &[] as &[u8]);
        assert_eq!(inner(next::IPV4, &[1]), &[1]);
    }
}
