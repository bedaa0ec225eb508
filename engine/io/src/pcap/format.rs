//! The layout of classic capture files: a header of 24 bytes, then records of 16 bytes and data.

use super::LinkType;

/// Length of the header of a file.
pub(super) const FILE_HEADER: usize = 24;
/// Length of the header of a record.
pub(super) const RECORD_HEADER: usize = 16;
/// What an old Linux tcpdump adds to the header of a record.
const PATCHED_EXTRA: usize = 8;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const PATCHED: u32 = 0xa1b2_cd34;

/// Resolution of a file's timestamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Microseconds, which every program reads.
    Micro,
    /// Nanoseconds.
    Nano,
}

impl Precision {
    /// Nanoseconds per unit.
    pub(super) fn unit(self) -> u64 {
        match self {
            Precision::Micro => 1000,
            Precision::Nano => 1,
        }
    }
}

/// What the header of a file says of its records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    big_endian: bool,
    precision: Precision,
    extra: usize,
    minor: u16,
    pub link_type: LinkType,
}

/// The header of a record, in host order.
pub(super) struct Header {
    /// Nanoseconds since 1970.
    pub timestamp: u64,
    /// Bytes that follow in the file.
    pub stored: usize,
    /// Bytes of them that are the frame's.
    pub captured: usize,
    /// Length of the frame when it was captured.
    pub length: u32,
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
    let word: [u8; 4] = word.unwrap_or_default();
    if big_endian {
        u32::from_be_bytes(word)
    } else {
        u32::from_le_bytes(word)
    }
}

impl Format {
    /// Reads the header of a file.
    pub(super) fn parse(header: &[u8]) -> Result<Format, String> {
        if header.len() < FILE_HEADER {
            return Err("not a tcpdump file (too short)".into());
        }
        let known = |magic| [MICROSECONDS, NANOSECONDS, PATCHED].contains(&magic);
        let big_endian = !known(word(header, 0, false));
        let magic = word(header, 0, big_endian);
        if !known(magic) {
            return Err("not a tcpdump file (bad magic number)".into());
        }
        let version = word(header, 4, big_endian);
        let (major, minor) = match big_endian {
            true => (version >> 16, version as u16),
            false => (version & 0xffff, (version >> 16) as u16),
        };
        if major != 2 {
            return Err(format!("unknown major version {major}"));
        }
        Ok(Format {
            big_endian,
            precision: match magic {
                NANOSECONDS => Precision::Nano,
                _ => Precision::Micro,
            },
            extra: if magic == PATCHED { PATCHED_EXTRA } else { 0 },
            minor,
            link_type: LinkType::from_file(word(header, 20, big_endian)),
        })
    }

    /// Length of a record's header.
    pub(super) fn record_header(&self) -> usize {
        RECORD_HEADER + self.extra
    }

    /// Reads the header of a record, [`Format::record_header`] bytes long.
    pub(super) fn record(&self, bytes: &[u8]) -> Header {
        let field = |at| word(bytes, at, self.big_endian);
        let (mut stored, mut length) = (field(8), field(12));
        // Files of versions up to 2.3 may have the two lengths the other way round.
        if self.minor < 3 || self.minor == 3 && stored > length {
            (stored, length) = (length, stored);
        }
        let fraction = u64::from(field(4)) * self.precision.unit();
        Header {
            timestamp: u64::from(field(0)) * 1_000_000_000 + fraction,
            stored: stored as usize,
            captured: stored.min(length) as usize,
            length,
        }
    }
}

/// The header of a file, little-endian.
pub(super) fn file_header(precision: Precision, snaplen: u32, link_type: LinkType) -> [u8; 24] {
    let magic = match precision {
        Precision::Micro => MICROSECONDS,
        Precision::Nano => NANOSECONDS,
    };
    let mut header = [0; FILE_HEADER];
    header[0..4].copy_from_slice(&magic.to_le_bytes());
    header[4..6].copy_from_slice(&2u16.to_le_bytes());
    header[6..8].copy_from_slice(&4u16.to_le_bytes());
    header[16..20].copy_from_slice(&snaplen.to_le_bytes());
    header[20..24].copy_from_slice(&link_type.0.to_le_bytes());
    header
}

/// The header of a record, little-endian.
#[inline]
pub(super) fn record_header(precision: Precision, ns: u64, stored: u32, length: u32) -> [u8; 16] {
    let mut header = [0; RECORD_HEADER];
    let seconds = (ns / 1_000_000_000) as u32;
    let fraction = (ns % 1_000_000_000 / precision.unit()) as u32;
    header[0..4].copy_from_slice(&seconds.to_le_bytes());
    header[4..8].copy_from_slice(&fraction.to_le_bytes());
    header[8..12].copy_from_slice(&stored.to_le_bytes());
    header[12..16].copy_from_slice(&length.to_le_bytes());
    header
}
