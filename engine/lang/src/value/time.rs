//! Times with units.

use super::decimal::Decimal;
use super::{PARSE_ERROR, Value};
use crate::args::Names;

const NS: i64 = 9;

/// Units with the number of seconds they have, and whether `m`, `u`, `n` before them divide.
const UNITS: [(&str, u64); 8] = [
    ("sec", 1),
    ("s", 1),
    ("min", 60),
    ("m", 60),
    ("hr", 3600),
    ("h", 3600),
    ("day", 86400),
    ("d", 86400),
];

/// A time in units of ten to minus `digits` seconds, rounded half up.
fn parse_time(text: &str, digits: i64) -> Result<u64, String> {
    let unit = UNITS
        .iter()
        .find_map(|&(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let (rest, seconds) = unit.unwrap_or((text, 1));
    let prefixes = [('m', -3), ('u', -6), ('n', -9)];
    let prefix = prefixes
        .iter()
        .find_map(|&(prefix, power)| Some((rest.strip_suffix(prefix)?, power)))
        .filter(|_| unit.is_some());
    let (rest, power) = prefix.unwrap_or((rest, 0));
    let number = if unit.is_some() {
        rest.trim_end()
    } else {
        rest
    };
    let decimal = Decimal::parse(number)
        .filter(|d| !d.negative)
        .ok_or(PARSE_ERROR)?;
    let value = decimal.scaled(power + digits, seconds);
    value.ok_or_else(|| "out of range".to_string())
}

/// Reads a time in seconds or with a unit (`s sec m min h hr d day`, divided by a prefix `m u n`) as nanoseconds.
pub fn parse_seconds_ns(text: &str) -> Result<u64, String> {
    parse_time(text, NS)
}

/// Writes nanoseconds as seconds with as many decimals as it takes, such as `1.5`.
pub fn unparse_seconds(ns: u64) -> String {
    let text = format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

macro_rules! times {
    ($($(#[$doc:meta])* $name:ident($type:ty), $digits:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $type);

        impl Value for $name {
            const EXPECTED: &'static str = $expected;

            fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
                let value = <$type>::try_from(parse_time(text, $digits)?);
                value.map($name).map_err(|_| "out of range".to_string())
            }

            fn placeholder() -> Self {
                $name(0)
            }
        }
    )*};
}

times! {
    /// A time in nanoseconds, read as seconds or with a unit.
    Seconds(u64), NS, "time in sec";
    /// A time in milliseconds, read as seconds or with a unit and rounded.
    Milliseconds(u32), 3, "time in sec (msec precision)";
    /// A time in whole seconds, read as seconds or with a unit and rounded.
    WholeSeconds(u32), 0, "time in sec";
}

impl Seconds {
    /// The time as a [`Duration`](std::time::Duration).
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    #[test]
    fn times_have_units() {
        for (text, ns) in [
            ("3600", 3_600_000_000_000),
            ("3600s", 3_600_000_000_000),
            ("3.6e6 msec", 3_600_000_000_000),
            ("60m", 3_600_000_000_000),
            ("1 hr", 3_600_000_000_000),
            ("1.99 hr", 7_164_000_000_000),
            ("5min", 300_000_000_000),
            ("1d", 86_400_000_000_000),
            ("1.5us", 1500),
            ("7 ns", 7),
            (".5", 500_000_000),
            ("0", 0),
        ] {
            assert_eq!(parse_seconds_ns(text), Ok(ns), "{text}");
        }
        for bad in ["", "s", "1 ", "-1s", "1 parsec2", "1 x", "ms"] {
            assert_eq!(parse_seconds_ns(bad), Err("parse error".into()), "{bad:?}");
        }
        assert_eq!(parse_seconds_ns("1e12d"), Err("out of range".into()));
    }

    #[test]
    fn coarser_times_are_rounded() {
        let whole = |text| WholeSeconds::parse(text, &NoNames).map(|s| s.0);
        assert_eq!(whole("1.99 s"), Ok(2));
        assert_eq!(whole("1ms"), Ok(0));
        assert_eq!(whole("1e10"), Err("out of range".into()));
        let milli = |text| Milliseconds::parse(text, &NoNames).map(|s| s.0);
        assert_eq!(milli("1ms"), Ok(1));
        assert_eq!(milli("1.9ms"), Ok(2));
        assert_eq!(milli("2"), Ok(2000));
    }

    #[test]
    fn seconds_are_written_short() {
        assert_eq!(unparse_seconds(1_500_000_000), "1.5");
        assert_eq!(unparse_seconds(1), "0.000000001");
        assert_eq!(unparse_seconds(0), "0");
    }
}
