//! Bandwidths, and counts with decimal suffixes.

use super::decimal::Decimal;
use super::number::{INVALID, parse_unsigned};
use super::{PARSE_ERROR, Value};
use crate::args::Names;

const BANDWIDTH_UNITS: [(&str, bool); 5] = [
    ("baud", true),
    ("bps", true),
    ("b/s", true),
    ("Bps", false),
    ("B/s", false),
];

/// Reads a bandwidth: bytes per second, and whether a unit was missing (then bytes per second were assumed).
pub fn parse_bandwidth(text: &str) -> Result<(u64, bool), String> {
    let unit = BANDWIDTH_UNITS
        .iter()
        .find_map(|&(unit, bits)| Some((text.strip_suffix(unit)?, bits)));
    let (rest, bits) = unit.unwrap_or((text, false));
    let (rest, power) = match unit {
        Some(_) => split_prefix(rest),
        None => (rest, 0),
    };
    // A bit is 125 thousandths of a byte.
    let (power, factor) = if bits { (power - 3, 125) } else { (power, 1) };
    let decimal = Decimal::parse(rest.trim_end()).filter(|d| !d.negative);
    let decimal = decimal.ok_or(PARSE_ERROR)?;
    let value = decimal.scaled(power, factor).ok_or("out of range")?;
    Ok((value, unit.is_none() && value != 0))
}

/// Writes a bandwidth given in bytes per second the way Click does, such as `1Mbps`.
pub fn unparse_bandwidth(bytes_per_second: u64) -> String {
    let real = |value: u128, digits: u32| {
        let one = 10u128.pow(digits);
        let text = format!("{}.{:0w$}", value / one, value % one, w = digits as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    let bytes = u128::from(bytes_per_second);
    match bytes_per_second {
        0x2000_0000.. => real(bytes, 6) + "MBps",
        125_000_000.. => real(bytes * 8, 9) + "Gbps",
        125_000.. => real(bytes * 8, 6) + "Mbps",
        _ => real(bytes * 8, 3) + "kbps",
    }
}

fn split_prefix(text: &str) -> (&str, i64) {
    for (prefix, power) in [('k', 3), ('K', 3), ('M', 6), ('G', 9)] {
        if let Some(rest) = text.strip_suffix(prefix) {
            return (rest, power);
        }
    }
    (text, 0)
}

/// A count with an optional decimal suffix: `10k`, `2M`, `1G`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

impl Value for Count {
    const EXPECTED: &'static str = "count";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        match split_prefix(text) {
            (_, 0) => parse_unsigned(text).map(Count),
            (rest, power) => {
                let decimal = Decimal::parse(rest).filter(|d| !d.negative);
                let scaled = decimal.ok_or(INVALID)?.scaled(power, 1);
                let bound = || format!("out of range, bound {}", u64::MAX);
                scaled.map(Count).ok_or_else(bound)
            }
        }
    }

    fn placeholder() -> Self {
        Count(0)
    }
}

/// A bandwidth in bytes per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bandwidth {
    /// Bytes per second.
    pub bytes_per_second: u64,
    /// No unit was given; bytes per second were assumed.
    pub unitless: bool,
}

impl Value for Bandwidth {
    const EXPECTED: &'static str = "bandwidth";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        let (bytes_per_second, unitless) = parse_bandwidth(text)?;
        Ok(Bandwidth {
            bytes_per_second,
            unitless,
        })
    }

    fn placeholder() -> Self {
        Bandwidth::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    fn error<T: Value>(text: &str) -> String {
        T::parse(text, &NoNames).err().expect("refused")
    }

    #[test]
    fn bandwidths_are_bytes_per_second() {
        for (text, expected) in [
            ("8", (8, true)),
            ("0", (0, false)),
            ("8 baud", (1, false)),
            ("8Kbps", (1000, false)),
            ("8KBps", (8000, false)),
            ("1Gbps", (125_000_000, false)),
            ("1.5 MB/s", (1_500_000, false)),
            ("40Gb/s", (5_000_000_000, false)),
        ] {
            assert_eq!(parse_bandwidth(text), Ok(expected), "{text}");
        }
        assert_eq!(parse_bandwidth("fast"), Err("parse error".into()));
        assert_eq!(parse_bandwidth("-1bps"), Err("parse error".into()));
        assert_eq!(parse_bandwidth("1e30Bps"), Err("out of range".into()));
        assert_eq!(unparse_bandwidth(1000), "8kbps");
        assert_eq!(unparse_bandwidth(125_000), "1Mbps");
        assert_eq!(unparse_bandwidth(187_500_000), "1.5Gbps");
    }

    #[test]
    fn counts_take_decimal_suffixes() {
        let count = |text| Count::parse(text, &NoNames).map(|c| c.0);
        assert_eq!(count("10k"), Ok(10_000));
        assert_eq!(count("1.5M"), Ok(1_500_000));
        assert_eq!(count("0x10"), Ok(16));
        assert_eq!(error::<Count>("k"), "invalid number");
        assert_eq!(
            error::<Count>("99999999999999G"),
            format!("out of range, bound {}", u64::MAX)
        );
    }
}
