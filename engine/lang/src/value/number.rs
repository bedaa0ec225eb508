//! Numbers: booleans, integers, reals.

use super::{Value, parse_error};
use crate::args::Names;

pub(super) const INVALID: &str = "invalid number";

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
}
