//! 48-bit IEEE MAC addresses.

use std::fmt;
use std::str::FromStr;

/// A MAC address. `Display` gives Click's form, `00-01-02-03-04-05`; `{:#}` gives colons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// `ff-ff-ff-ff-ff-ff`.
    pub const BROADCAST: MacAddr = MacAddr([0xff; 6]);
    /// `00-00-00-00-00-00`.
    pub const ZERO: MacAddr = MacAddr([0; 6]);

    /// The six bytes at `at`; `None` where `bytes` is shorter.
    pub fn read(bytes: &[u8], at: usize) -> Option<MacAddr> {
        let end = at.checked_add(6)?;
        Some(MacAddr(bytes.get(at..end)?.try_into().ok()?))
    }

    /// Whether this is the broadcast address.
    pub fn is_broadcast(&self) -> bool {
        *self == MacAddr::BROADCAST
    }

    /// Whether the group bit is set (broadcast included).
    pub fn is_group(&self) -> bool {
        self.0[0] & 1 != 0
    }

    /// The form with colons, `00:01:02:03:04:05`.
    pub fn with_colons(&self) -> String {
        format!("{self:#}")
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if f.alternate() { ':' } else { '-' };
        for (i, byte) in self.0.iter().enumerate() {
            if i > 0 {
                write!(f, "{separator}")?;
            }
            if f.alternate() {
                write!(f, "{byte:02x}")?;
            } else {
                write!(f, "{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// The text is no MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseMacError;

impl fmt::Display for ParseMacError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected MAC address: six hexadecimal bytes separated by ':' or '-'")
    }
}

impl std::error::Error for ParseMacError {}

impl FromStr for MacAddr {
    type Err = ParseMacError;

    /// Six groups of one or two hexadecimal digits, all separated by `:` or all by `-`.
    fn from_str(text: &str) -> Result<MacAddr, ParseMacError> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut bytes = [0; 6];
        let mut groups = text.split(separator);
        for byte in &mut bytes {
            *byte = parse_group(groups.next().ok_or(ParseMacError)?)?;
        }
        match groups.next() {
            None => Ok(MacAddr(bytes)),
            Some(_) => Err(ParseMacError),
        }
    }
}

fn parse_group(group: &str) -> Result<u8, ParseMacError> {
    if !(1..=2).contains(&group.len()) || !group.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Err(ParseMacError);
    }
    u8::from_str_radix(group, 16).map_err(|_| ParseMacError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_separators_are_read_and_written() {
        let mac = MacAddr([0, 1, 2, 0xab, 4, 5]);
        assert_eq!(mac.to_string(), "00-01-02-AB-04-05");
        assert_eq!(mac.with_colons(), "00:01:02:ab:04:05");
        assert_eq!("0:1:2:aB:4:5".parse(), Ok(mac));
        assert_eq!("00-01-02-AB-04-05".parse(), Ok(mac));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1:2:3:4:5",
            "1:2:3:4:5:6:7",
            "1:2:3-4:5:6",
            "1:2:3:4:5:123",
            "1:2:3:4:5:g",
            "+1:2:3:4:5:6",
        ] {
            assert_eq!(text.parse::<MacAddr>(), Err(ParseMacError), "{text}");
        }
    }

    #[test]
    fn reading_stops_at_the_end() {
        let bytes = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(MacAddr::read(&bytes, 1), Some(MacAddr([2, 3, 4, 5, 6, 7])));
        assert_eq!(MacAddr::read(&bytes, 2), None);
        assert_eq!(MacAddr::read(&bytes, usize::MAX), None);
    }
}
