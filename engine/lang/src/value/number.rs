//! Numbers: booleans, integers, reals, fixed point, bandwidth.

use super::{PARSE_ERROR, Value, parse_error};
use crate::args::Names;

const INVALID: &str = "invalid number";

/// Reads `0 false no f n 1 true yes t y`.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "0" | "n" | "f" | "false" | "no" => Ok(false),
        "1" | "y" | "t" | "true" | "yes" => Ok(true),
        _ => parse_error(),
    }
}

/// The base that `digits` announces (`0x`, `0b`, `0`), and the digits behind the announcement.
fn split_base(digits: &str) -> (u32, &str) {
    let bytes = digits.as_bytes();
    match bytes {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    }
}

/// The value of `digits`; `None` if there are others, and the largest value if it is larger.
fn magnitude(digits: &str, base: u32) -> Option<u128> {
    let mut value: u128 = 0;
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = c.to_digit(base)?;
        value = value
            .saturating_mul(u128::from(base))
            .saturating_add(u128::from(digit));
        after_digit = true;
    }
    after_digit.then_some(value)
}

fn parse_magnitude(text: &str) -> Result<u128, String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let (base, digits) = split_base(digits);
    magnitude(digits, base).ok_or_else(|| INVALID.to_string())
}

/// Reads an unsigned integer: decimal, `0x` hexadecimal, `0` octal, `0b` binary; `_` may separate digits.
pub fn parse_unsigned(text: &str) -> Result<u64, String> {
    parse_unsigned_up_to(text, u64::MAX)
}

fn parse_unsigned_up_to(text: &str, max: u64) -> Result<u64, String> {
    match u64::try_from(parse_magnitude(text)?) {
        Ok(value) if value <= max => Ok(value),
        _ => Err(format!("out of range, bound {max}")),
    }
}

/// Reads a signed integer, written like an unsigned one behind an optional sign.
pub fn parse_signed(text: &str) -> Result<i64, String> {
    parse_signed_within(text, i64::MIN, i64::MAX)
}

fn parse_signed_within(text: &str, min: i64, max: i64) -> Result<i64, String> {
    let value = match text.strip_prefix('-') {
        Some(rest) if !rest.starts_with('+') => i128::try_from(parse_magnitude(rest)?)
            .map(|v| -v)
            .unwrap_or(i128::MIN),
        Some(_) => return Err(INVALID.into()),
        None => i128::try_from(parse_magnitude(text)?).unwrap_or(i128::MAX),
    };
    if value < i128::from(min) {
        Err(format!("out of range, bound {min}"))
    } else if value > i128::from(max) {
        Err(format!("out of range, bound {max}"))
    } else {
        Ok(value as i64)
    }
}

/// Reads a floating-point number.
pub fn parse_real(text: &str) -> Result<f64, String> {
    let plain = text
        .bytes()
        .all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    match text.parse::<f64>() {
        Ok(value) if plain && value.is_finite() => Ok(value),
        Ok(value) if plain => Err(format!("out of range, bound {value}")),
        _ => parse_error(),
    }
}

/// A decimal number taken apart: its value is `digits` times ten to `exponent`.
pub(super) struct Decimal {
    pub negative: bool,
    pub digits: String,
    pub exponent: i64,
}

impl Decimal {
    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let clean = |part: &str| part.bytes().all(|c| c.is_ascii_digit() || c == b'_');
        if !clean(whole) || !clean(fraction) || mantissa.starts_with('_') {
            return None;
        }
        let digits: String = [whole, fraction].concat().replace('_', "");
        let fraction = fraction.bytes().filter(|c| *c != b'_').count() as i64;
        (!digits.is_empty()).then(|| Decimal {
            negative,
            exponent: exponent - fraction,
            digits,
        })
    }

    /// The value times `factor * 10^power`, rounded half up; `None` if it exceeds `u64`.
    pub(super) fn scaled(&self, power: i64, factor: u64) -> Option<u64> {
        let digits = self.digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(0);
        }
        let shift = self.exponent + power;
        let length = digits.len() as i64;
        if length + shift > 20 {
            return None;
        }
        if length + shift < -20 {
            return Some(0);
        }
        // Digits beyond the 30th cannot matter to a 64-bit result but by rounding.
        let kept = &digits[..digits.len().min(30)];
        let shift = shift + (digits.len() - kept.len()) as i64;
        let value = kept.parse::<u128>().ok()?;
        let scaled = if shift >= 0 {
            let power = 10u128.checked_pow(shift as u32)?;
            value.checked_mul(power)?.checked_mul(u128::from(factor))?
        } else if -shift > 38 {
            0
        } else {
            let divisor = 10u128.pow(-shift as u32);
            let (whole, part) = (value / divisor, value % divisor);
            let part = part
                .checked_mul(u128::from(factor))
                .map_or(0, |p| (p + divisor / 2) / divisor);
            whole.checked_mul(u128::from(factor))?.checked_add(part)?
        };
        u64::try_from(scaled).ok()
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}

/// Reads an unsigned real as fixed point with `bits` (at most 31) bits of fraction.
pub fn parse_fixed(text: &str, bits: u32) -> Result<u32, String> {
    let decimal = Decimal::parse(text).filter(|d| !d.negative);
    let decimal = decimal.ok_or(PARSE_ERROR)?;
    let scaled = decimal.scaled(0, 1u64 << bits.min(31));
    scaled.and_then(|v| u32::try_from(v).ok()).ok_or_else(|| {
        let bound = unparse_fixed(u32::MAX, bits);
        format!("out of range, bound {bound}")
    })
}

/// Writes fixed point with `bits` bits of fraction with as few digits as tell it from its neighbours.
pub fn unparse_fixed(value: u32, bits: u32) -> String {
    let one = 1u64 << bits.min(31);
    for digits in 0..=10 {
        let scale = 10f64.powi(digits);
        let rounded = (f64::from(value) / one as f64 * scale).round() / scale;
        let text = format!("{rounded:.*}", digits as usize);
        if parse_exact(&text, one) == Some(u64::from(value)) {
            return text;
        }
    }
    format!("{}", f64::from(value) / one as f64)
}

fn parse_exact(text: &str, one: u64) -> Option<u64> {
    Decimal::parse(text)?.scaled(0, one)
}

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

/// An unsigned real as fixed point with `BITS` bits of fraction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed<const BITS: u32>(pub u32);

impl<const BITS: u32> Value for Fixed<BITS> {
    const EXPECTED: &'static str = "unsigned real";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        parse_fixed(text, BITS).map(Fixed)
    }

    fn placeholder() -> Self {
        Fixed(0)
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "bool";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        parse_bool(text)
    }

    fn placeholder() -> Self {
        false
    }
}

impl Value for f64 {
    const EXPECTED: &'static str = "double";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        parse_real(text)
    }

    fn placeholder() -> Self {
        0.0
    }
}

macro_rules! integer_values {
    ($($type:ty, $expected:literal, $parse:expr;)*) => {$(
        impl Value for $type {
            const EXPECTED: &'static str = $expected;

            fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
                let parse: fn(&str) -> Result<_, String> = $parse;
                parse(text).map(|value| value as $type)
            }

            fn placeholder() -> Self {
                0
            }
        }
    )*};
}

integer_values! {
    u8, "byte", |t| parse_unsigned_up_to(t, u8::MAX.into());
    u16, "unsigned short", |t| parse_unsigned_up_to(t, u16::MAX.into());
    u32, "unsigned", |t| parse_unsigned_up_to(t, u32::MAX.into());
    u64, "64-bit unsigned", |t| parse_unsigned_up_to(t, u64::MAX);
    usize, "size_t", |t| parse_unsigned_up_to(t, usize::MAX as u64);
    i8, "byte", |t| parse_signed_within(t, i8::MIN.into(), i8::MAX.into());
    i16, "short", |t| parse_signed_within(t, i16::MIN.into(), i16::MAX.into());
    i32, "int", |t| parse_signed_within(t, i32::MIN.into(), i32::MAX.into());
    i64, "64-bit int", |t| parse_signed_within(t, i64::MIN, i64::MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    fn parse<T: Value>(text: &str) -> Result<T, String> {
        T::parse(text, &NoNames)
    }

    fn error<T: Value>(text: &str) -> String {
        parse::<T>(text).err().expect("refused")
    }

    #[test]
    fn integers_are_decimal_hexadecimal_octal_or_binary() {
        assert_eq!(parse("4294967294"), Ok(4_294_967_294u32));
        assert_eq!(parse("0xFFFFFFFE"), Ok(4_294_967_294u32));
        assert_eq!(parse("010"), Ok(8u32));
        assert_eq!(parse("0b101"), Ok(5u32));
        assert_eq!(parse("1_000"), Ok(1000u32));
        assert_eq!(parse("+7"), Ok(7u32));
        assert_eq!(parse("-0"), Ok(0i32));
        assert_eq!(parse("-2147483648"), Ok(i32::MIN));
        assert_eq!(parse("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse("18446744073709551615"), Ok(u64::MAX));
        for bad in [
            "", "aoeu", "-0", "0x", "08", "1 ", "1__0", "_1", "1_", "- 1", "0xg",
        ] {
            assert_eq!(error::<u32>(bad), "invalid number", "{bad:?}");
        }
        assert_eq!(error::<i32>("-+1"), "invalid number");
    }

    #[test]
    fn integers_out_of_range_name_the_bound() {
        assert_eq!(error::<u32>("4294967296"), "out of range, bound 4294967295");
        assert_eq!(
            error::<u32>("0xFFFFFFFFF"),
            "out of range, bound 4294967295"
        );
        assert_eq!(error::<i32>("2147483648"), "out of range, bound 2147483647");
        assert_eq!(
            error::<i32>("-2147483649"),
            "out of range, bound -2147483648"
        );
        assert_eq!(error::<i8>("128"), "out of range, bound 127");
        let long = "9".repeat(100);
        assert_eq!(
            error::<u64>(&long),
            "out of range, bound 18446744073709551615"
        );
        assert_eq!(
            error::<i64>(&format!("-{long}")),
            "out of range, bound -9223372036854775808"
        );
    }

    #[test]
    fn booleans_have_ten_spellings() {
        for yes in ["1", "true", "yes", "t", "y"] {
            assert_eq!(parse(yes), Ok(true));
        }
        for no in ["0", "false", "no", "f", "n"] {
            assert_eq!(parse(no), Ok(false));
        }
        assert_eq!(error::<bool>("TRUE"), "parse error");
    }

    #[test]
    fn reals_are_finite() {
        assert_eq!(parse("1.5e3"), Ok(1500.0));
        assert_eq!(parse("-.5"), Ok(-0.5));
        assert_eq!(error::<f64>("nan"), "parse error");
        assert_eq!(error::<f64>(" 1"), "parse error");
        assert_eq!(error::<f64>("1e999"), "out of range, bound inf");
    }

    #[test]
    fn fixed_point_rounds_and_comes_back_short() {
        for (text, bits, back) in [
            ("0.418", 8, "0.418"),
            ("0.417", 8, "0.418"),
            ("0.416", 8, "0.414"),
            ("0.42", 8, "0.42"),
            ("0.3", 16, "0.3"),
            ("0.4999", 16, "0.4999"),
            ("0.49999", 16, "0.49998"),
            ("0.499999", 16, "0.5"),
            ("0.999999", 16, "1"),
            ("12", 16, "12"),
        ] {
            let value = parse_fixed(text, bits).unwrap();
            let round_trip = unparse_fixed(value, bits);
            assert_eq!(parse_fixed(&round_trip, bits), Ok(value), "{text}");
            if bits == 16 {
                assert_eq!(round_trip, back);
            }
        }
        assert_eq!(
            error::<Fixed<16>>("70000"),
            "out of range, bound 65535.99998"
        );
        assert_eq!(error::<Fixed<16>>("-1"), "parse error");
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
        assert_eq!(parse("10k"), Ok(Count(10_000)));
        assert_eq!(parse("1.5M"), Ok(Count(1_500_000)));
        assert_eq!(parse("0x10"), Ok(Count(16)));
        assert_eq!(error::<Count>("k"), "invalid number");
        assert_eq!(
            error::<Count>("99999999999999G"),
            format!("out of range, bound {}", u64::MAX)
        );
    }
}
