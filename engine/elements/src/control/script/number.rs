//! Numbers of scripts: whole ones as long as they can be, and how fractions are written.

use weft_lang::value::{parse_real, parse_signed};

/// A number in a script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Whole(i64),
    /// A number with a fraction, or too large for a whole one.
    Real(f64),
}

impl Number {
    /// The number that `text` is.
    pub fn parse(text: &str) -> Option<Self> {
        match parse_signed(text) {
            Ok(whole) => Some(Number::Whole(whole)),
            Err(_) => parse_real(text).ok().map(Number::Real),
        }
    }

    /// Its value as a real number.
    pub fn real(self) -> f64 {
        match self {
            Number::Whole(whole) => whole as f64,
            Number::Real(real) => real,
        }
    }

    /// As scripts write it.
    pub fn text(self) -> String {
        match self {
            Number::Whole(whole) => whole.to_string(),
            Number::Real(real) => twelve_digits(real),
        }
    }
}

/// `value` to twelve significant digits, without trailing zeros (`%.12g`).
fn twelve_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return match value {
            v if v.is_nan() => "nan".to_string(),
            v if v.is_infinite() => if v > 0.0 { "inf" } else { "-inf" }.to_string(),
            v if v.is_sign_negative() => "-0".to_string(),
            _ => "0".to_string(),
        };
    }
    let scientific = format!("{value:.11e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..12).contains(&exponent) {
        let places = (11 - exponent).max(0) as usize;
        return without_zeros(&format!("{value:.places$}")).to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(digits), exponent.abs())
}

fn without_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_have_twelve_digits() {
        let cases = [
            (0.1 + 0.2, "0.3"),
            (6.0, "6"),
            (-2.5, "-2.5"),
            (1.0 / 3.0, "0.333333333333"),
            (1e15, "1e+15"),
            (0.00001234, "1.234e-05"),
            (123_456_789_012.5, "123456789012"),
            (f64::INFINITY, "inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(Number::Real(value).text(), expected);
        }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(Number::parse("0x10"), Some(Number::Whole(16)));
        assert_eq!(Number::parse("2.5"), Some(Number::Real(2.5)));
        assert_eq!(Number::parse("x"), None);
    }
}
