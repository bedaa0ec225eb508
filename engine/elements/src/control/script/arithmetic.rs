//! Read handlers that calculate with numbers and truth values.

use super::number::Number;
use std::cmp::Ordering;
use weft_lang::confparse::split_first_word;
use weft_lang::unquote_text;
use weft_lang::value::{parse_bool, parse_signed};

/// What handler `name` makes of `text`; `None` when it is no handler of this kind.
pub fn call(name: &str, text: &str) -> Option<Result<String, String>> {
    Some(match name {
        "add" | "sub" | "mul" | "div" | "idiv" | "min" | "max" => fold(name, text),
        "mod" | "rem" => remainder(name, text),
        "neg" | "abs" => sign(name, text),
        "eq" | "ne" | "lt" | "gt" | "le" | "ge" => compare(name, text),
        "not" => parse_bool(text)
            .map(|value| (!value).to_string())
            .map_err(|_| SYNTAX.to_string()),
        "and" | "or" | "nand" | "nor" => combine(name, text),
        "if" => choose(text),
        "in" => Ok(is_among(text).to_string()),
        "htons" | "ntohs" | "htonl" | "ntohl" => swap(name, text),
        _ => return None,
    })
}

const SYNTAX: &str = "syntax error";
const TWO_NUMBERS: &str = "expected two numbers";

/// The words of `text`, quotes and all.
pub fn words(text: &str) -> Vec<&str> {
    let (mut all, mut rest) = (Vec::new(), text);
    loop {
        let (word, more) = split_first_word(rest);
        if word.is_empty() {
            return all;
        }
        all.push(word);
        rest = more;
    }
}

fn fold(name: &str, text: &str) -> Result<String, String> {
    let numbers: Option<Vec<Number>> = words(text).into_iter().map(Number::parse).collect();
    let numbers = numbers.ok_or("expected list of numbers")?;
    let empty = Number::Whole(if matches!(name, "add" | "sub") { 0 } else { 1 });
    let result = numbers
        .into_iter()
        .reduce(|a, b| apply(name, a, b))
        .unwrap_or(empty);
    Ok(match name {
        "idiv" => Number::Whole(result.real() as i64).text(),
        "div" => Number::Real(result.real()).text(),
        _ => result.text(),
    })
}

fn apply(name: &str, a: Number, b: Number) -> Number {
    use Number::{Real, Whole};
    match (name, a, b) {
        ("add", Whole(a), Whole(b)) => Whole(a.wrapping_add(b)),
        ("sub", Whole(a), Whole(b)) => Whole(a.wrapping_sub(b)),
        ("mul", Whole(a), Whole(b)) => Whole(a.wrapping_mul(b)),
        ("min", Whole(a), Whole(b)) => Whole(a.min(b)),
        ("max", Whole(a), Whole(b)) => Whole(a.max(b)),
        ("add", a, b) => Real(a.real() + b.real()),
        ("sub", a, b) => Real(a.real() - b.real()),
        ("mul", a, b) => Real(a.real() * b.real()),
        ("min", a, b) => Real(a.real().min(b.real())),
        ("max", a, b) => Real(a.real().max(b.real())),
        (_, a, b) => Real(a.real() / b.real()),
    }
}

/// The two words that `text` must be.
fn two(text: &str) -> Result<(&str, &str), String> {
    match words(text)[..] {
        [a, b] => Ok((a, b)),
        _ => Err(TWO_NUMBERS.to_string()),
    }
}

fn remainder(name: &str, text: &str) -> Result<String, String> {
    let (a, b) = two(text)?;
    let result = match (Number::parse(a), Number::parse(b)) {
        (Some(Number::Whole(_)), Some(Number::Whole(0))) => {
            return Err("division by zero".to_string());
        }
        (Some(Number::Whole(a)), Some(Number::Whole(b))) => Number::Whole(a.wrapping_rem(b)),
        (Some(a), Some(b)) if name == "rem" => Number::Real(a.real() % b.real()),
        _ => return Err(TWO_NUMBERS.to_string()),
    };
    Ok(result.text())
}

fn sign(name: &str, text: &str) -> Result<String, String> {
    let number = Number::parse(text).ok_or("expected one number")?;
    let result = match (name, number) {
        ("neg", Number::Whole(n)) => Number::Whole(n.wrapping_neg()),
        ("neg", Number::Real(n)) => Number::Real(-n),
        (_, Number::Whole(n)) => Number::Whole(n.wrapping_abs()),
        (_, Number::Real(n)) => Number::Real(n.abs()),
    };
    Ok(result.text())
}

fn compare(name: &str, text: &str) -> Result<String, String> {
    let (a, b) = two(text)?;
    let order = match (Number::parse(a), Number::parse(b)) {
        (Some(Number::Whole(a)), Some(Number::Whole(b))) => a.cmp(&b),
        (Some(a), Some(b)) => a.real().partial_cmp(&b.real()).unwrap_or(Ordering::Greater),
        _ => unquote_text(a).cmp(&unquote_text(b)),
    };
    let holds = match name {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "lt" => order.is_lt(),
        "gt" => order.is_gt(),
        "le" => order.is_le(),
        _ => order.is_ge(),
    };
    Ok(holds.to_string())
}

/// Stops at the first value that decides, as in C.
fn combine(name: &str, text: &str) -> Result<String, String> {
    let all = name.ends_with("and");
    let mut result = all;
    for word in words(text) {
        if result != all {
            break;
        }
        result = parse_bool(word).map_err(|_| SYNTAX)?;
    }
    Ok((result != name.starts_with('n')).to_string())
}

fn choose(text: &str) -> Result<String, String> {
    let words = words(text);
    let condition = words.first().copied().unwrap_or_default();
    let index = match parse_bool(condition).map_err(|_| SYNTAX)? {
        true => 1,
        false => 2,
    };
    Ok(words.get(index).copied().unwrap_or_default().to_string())
}

fn is_among(text: &str) -> bool {
    let words: Vec<String> = words(text).into_iter().map(unquote_text).collect();
    match words.split_first() {
        Some((first, rest)) => !first.is_empty() && rest.contains(first),
        None => false,
    }
}

fn swap(name: &str, text: &str) -> Result<String, String> {
    let value = parse_signed(text).ok().and_then(|v| i32::try_from(v).ok());
    let value = value.ok_or(SYNTAX)?;
    Ok(match name {
        "htons" | "ntohs" => (value as u16).to_be().to_string(),
        _ => (value as u32).to_be().to_string(),
    })
}
