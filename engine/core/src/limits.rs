//! Limits of a handler's value: which values it takes, as data beside its type.
//!
//! `MIN..MAX` for numbers, where either side may be left out; `A|B|C` for numbers and texts; `..N bytes` for texts, lines,
//! JSON and bytes. The component contract has the same words.

use crate::handler::Value;
use std::cmp::Ordering;

/// Longest limits, in bytes.
pub const LONGEST_LIMITS: usize = 1024;
/// Most bytes of a value that limits may name.
const MOST_BYTES: usize = 1 << 20;
/// Most of a value that is repeated in a refusal, in characters.
const SHOWN: usize = 200;

/// Which values a handler takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limits {
    /// All of its type.
    None,
    /// Numbers from one to another, as they were written.
    Range(Value, Option<String>, Option<String>),
    /// One of these.
    Choices(Value, Vec<String>),
    /// At most so many bytes.
    Bytes(usize),
}

impl Limits {
    /// The limits that `text` names for values of type `value`; a command's are those of a text.
    ///
    /// # Errors
    /// What is allowed, where they make no sense.
    pub fn parse(text: &str, value: Value) -> Result<Limits, String> {
        if text.is_empty() {
            return Ok(Limits::None);
        }
        if text.len() > LONGEST_LIMITS {
            let length = text.len();
            return Err(format!(
                "limits of {length} bytes; at most {LONGEST_LIMITS} are allowed"
            ));
        }
        let found = match value {
            _ if text.contains('|') => choices(text, value),
            Value::Unsigned | Value::Integer | Value::Real => range(text, value),
            Value::Text | Value::Lines | Value::Json | Value::Bytes => bytes(text),
            Value::Bool | Value::Button => None,
        };
        found.ok_or_else(|| {
            let (kind, allowed) = (value.name(), allowed(value));
            format!("limits '{text}' are not possible for {kind}; allowed: {allowed}")
        })
    }

    /// Whether they allow `text`. What is not of the type is left to whoever knows its other forms.
    ///
    /// # Errors
    /// That it is not allowed, and what is.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let (is_allowed, allowed) = match self {
            Limits::None => return Ok(()),
            Limits::Range(value, least, most) => {
                if !is_number(*value, text) {
                    return Ok(());
                }
                let low = least
                    .as_ref()
                    .is_none_or(|l| order(*value, text, l).is_ge());
                let high = most.as_ref().is_none_or(|m| order(*value, text, m).is_le());
                (low && high, range_words(least.as_deref(), most.as_deref()))
            }
            Limits::Choices(value, all) => {
                let number = is_number(*value, text);
                let same = |a: &String| a == text || number && order(*value, text, a).is_eq();
                (all.iter().any(same), all.join(", "))
            }
            Limits::Bytes(most) => (text.len() <= *most, format!("at most {most} bytes")),
        };
        match is_allowed {
            true => Ok(()),
            false => Err(format!(
                "'{}' is not allowed; allowed: {allowed}",
                shown(text)
            )),
        }
    }
}

/// What a refusal repeats of a value.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

fn allowed(value: Value) -> &'static str {
    match value {
        Value::Unsigned | Value::Integer | Value::Real => "MIN..MAX or A|B|C",
        Value::Text => "..N bytes or A|B|C",
        Value::Lines | Value::Json | Value::Bytes => "..N bytes",
        Value::Bool | Value::Button => "none",
    }
}

fn range_words(least: Option<&str>, most: Option<&str>) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        (None, most) => format!("at most {}", most.unwrap_or("")),
    }
}

fn range(text: &str, value: Value) -> Option<Limits> {
    let (least, most) = text.split_once("..")?;
    let side = |side: &str| (!side.is_empty()).then(|| side.to_string());
    let (least, most) = (side(least), side(most));
    let sound = least
        .iter()
        .chain(&most)
        .all(|number| is_number(value, number));
    let ordered = match (&least, &most) {
        (Some(least), Some(most)) => sound && order(value, least, most).is_le(),
        (None, None) => false,
        _ => true,
    };
    (sound && ordered).then_some(Limits::Range(value, least, most))
}

fn choices(text: &str, value: Value) -> Option<Limits> {
    let all: Vec<String> = text.split('|').map(str::to_string).collect();
    let is_choice = |choice: &String| match value {
        Value::Unsigned | Value::Integer | Value::Real => is_number(value, choice),
        Value::Text => !choice.is_empty(),
        _ => false,
    };
    let twice = (1..all.len()).any(|i| all[..i].contains(&all[i]));
    (all.iter().all(is_choice) && !twice).then_some(Limits::Choices(value, all))
}

fn bytes(text: &str) -> Option<Limits> {
    let digits = text.strip_prefix("..")?.strip_suffix(" bytes")?;
    let count: usize = digits.parse().ok().filter(|_| is_digits(digits))?;
    (1..=MOST_BYTES)
        .contains(&count)
        .then_some(Limits::Bytes(count))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it is a number of the type, in decimal digits.
pub fn is_number(value: Value, text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match value {
        Value::Unsigned => is_digits(text) && text.parse::<u64>().is_ok(),
        Value::Integer => is_digits(unsigned) && text.parse::<i64>().is_ok(),
        Value::Real => is_decimal(text) && text.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    digits
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
}

/// How two numbers of the type follow one another.
fn order(value: Value, one: &str, other: &str) -> Ordering {
    if value == Value::Real {
        let real = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN) + 0.0;
        return real(one).total_cmp(&real(other));
    }
    let whole = |text: &str| text.parse::<i128>().unwrap_or(0);
    whole(one).cmp(&whole(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, limits: &str, text: &str) -> Result<(), String> {
        Limits::parse(limits, value).and_then(|l| l.check(text))
    }

    fn refusal(text: &str, allowed: &str) -> Result<(), String> {
        Err(format!("'{text}' is not allowed; allowed: {allowed}"))
    }

    #[test]
    fn numbers_lie_between_two_or_on_one_side_of_one() {
        let (unsigned, integer) = (Value::Unsigned, Value::Integer);
        assert_eq!(check(unsigned, "0..65535", "65535"), Ok(()));
        let words = refusal("70000", "0 to 65535");
        assert_eq!(check(unsigned, "0..65535", "70000"), words);
        assert_eq!(check(unsigned, "1..", "0"), refusal("0", "at least 1"));
        assert_eq!(check(integer, "..-2", "-1"), refusal("-1", "at most -2"));
        let largest = "18446744073709551615";
        assert_eq!(check(unsigned, "18446744073709551615..", largest), Ok(()));
        let real = check(Value::Real, "0.5..1.5", "1.51");
        assert_eq!(real, refusal("1.51", "0.5 to 1.5"));
        assert_eq!(check(Value::Real, "0..1e3", "-0"), Ok(()));
    }

    #[test]
    fn choices_are_one_of_several() {
        assert_eq!(check(Value::Text, "tcp|udp", "udp"), Ok(()));
        let words = refusal("icmp", "tcp, udp");
        assert_eq!(check(Value::Text, "tcp|udp", "icmp"), words);
        assert_eq!(check(Value::Unsigned, "1|10", "010"), Ok(()));
        assert_eq!(check(Value::Integer, "-1|1", "0"), refusal("0", "-1, 1"));
    }

    #[test]
    fn bytes_are_counted() {
        assert_eq!(check(Value::Bytes, "..3 bytes", "abc"), Ok(()));
        let words = refusal("äb", "at most 2 bytes");
        assert_eq!(check(Value::Text, "..2 bytes", "äb"), words);
    }

    #[test]
    fn what_is_no_number_is_left_to_the_handler() {
        assert_eq!(check(Value::Unsigned, "1..5", "10k"), Ok(()));
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        for (value, text, allowed) in [
            (Value::Unsigned, "5..1", "MIN..MAX or A|B|C"),
            (Value::Unsigned, "-1..5", "MIN..MAX or A|B|C"),
            (Value::Integer, "..", "MIN..MAX or A|B|C"),
            (Value::Real, "0..inf", "MIN..MAX or A|B|C"),
            (Value::Real, "1|x", "MIN..MAX or A|B|C"),
            (Value::Text, "a|", "..N bytes or A|B|C"),
            (Value::Text, "a|b|a", "..N bytes or A|B|C"),
            (Value::Text, "0..5", "..N bytes or A|B|C"),
            (Value::Lines, "a|b", "..N bytes"),
            (Value::Bytes, "..0 bytes", "..N bytes"),
            (Value::Json, "..1048577 bytes", "..N bytes"),
            (Value::Bool, "0..1", "none"),
            (Value::Button, "a|b", "none"),
        ] {
            let kind = value.name();
            let words = format!("limits '{text}' are not possible for {kind}; allowed: {allowed}");
            assert_eq!(Limits::parse(text, value), Err(words));
        }
        let long = Limits::parse(&"a|".repeat(600), Value::Text);
        let words = "limits of 1200 bytes; at most 1024 are allowed".to_string();
        assert_eq!(long, Err(words));
    }
}
