//! Decimal fractions, and fixed-point numbers read from them.

use super::{PARSE_ERROR, Value};
use crate::args::Names;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    fn error<T: Value>(text: &str) -> String {
        T::parse(text, &NoNames).err().expect("refused")
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
    fn scaling_rounds_half_up_and_stays_in_range() {
        let scaled = |text: &str, power| Decimal::parse(text).unwrap().scaled(power, 1);
        assert_eq!(scaled("1.5", 0), Some(2));
        assert_eq!(scaled("1.49", 0), Some(1));
        assert_eq!(scaled("1e3", 3), Some(1_000_000));
        assert_eq!(scaled("18446744073709551615", 0), Some(u64::MAX));
        assert_eq!(scaled("18446744073709551616", 0), None);
        assert_eq!(scaled("1e999999999", 0), None);
        assert_eq!(scaled("1e-999999999", 0), Some(0));
        assert!(Decimal::parse("1e9999999999").is_none());
        assert!(Decimal::parse(".").is_none());
    }
}
