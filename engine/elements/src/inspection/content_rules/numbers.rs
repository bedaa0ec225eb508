//! Numbers in options: one, or a range.

use super::rule::{Field, Test};
use weft_wire::protocol::ip;

/// A whole number.
///
/// # Errors
/// What is allowed.
pub(super) fn whole(text: &str) -> Result<u32, String> {
    let text = text.trim();
    let wrong = || format!("'{text}' is no number from 0 to {}", u32::MAX);
    text.parse().map_err(|_| wrong())
}

/// The test that `N`, `!N`, `<N`, `>N`, `<=N`, `>=N` or `N<>M` (between, neither of them) says.
///
/// # Errors
/// What is allowed.
pub(super) fn field_test(field: Field, text: &str) -> Result<Test, String> {
    let (negated, text) = match text.trim().strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, text.trim()),
    };
    let number = |text: &str| named(field, text.trim());
    let below = |n: u32| {
        n.checked_sub(1)
            .ok_or_else(|| "nothing is below 0".to_string())
    };
    let above = |n: u32| {
        n.checked_add(1)
            .ok_or_else(|| format!("nothing is above {n}"))
    };
    let (low, high) = if let Some((low, high)) = text.split_once("<>") {
        (above(number(low)?)?, below(number(high)?)?)
    } else if let Some(rest) = text.strip_prefix("<=") {
        (0, number(rest)?)
    } else if let Some(rest) = text.strip_prefix(">=") {
        (number(rest)?, u32::MAX)
    } else if let Some(rest) = text.strip_prefix('<') {
        (0, below(number(rest)?)?)
    } else if let Some(rest) = text.strip_prefix('>') {
        (above(number(rest)?)?, u32::MAX)
    } else {
        let number = number(text)?;
        (number, number)
    };
    if low > high {
        return Err(format!("nothing lies in '{text}'"));
    }
    Ok(Test::Number {
        field,
        low,
        high,
        negated,
    })
}

/// A number, or the name of a protocol where one is meant.
fn named(field: Field, text: &str) -> Result<u32, String> {
    let known = match text.to_ascii_lowercase().as_str() {
        "icmp" => Some(ip::ICMP),
        "igmp" => Some(ip::IGMP),
        "tcp" => Some(ip::TCP),
        "udp" => Some(ip::UDP),
        "gre" => Some(ip::GRE),
        "esp" => Some(ip::ESP),
        "ah" => Some(ip::AH),
        "sctp" => Some(ip::SCTP),
        _ => None,
    };
    match known.filter(|_| field == Field::IpProtocol) {
        Some(protocol) => Ok(protocol.into()),
        None => whole(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_ends() {
        let range = |text: &str| match field_test(Field::PayloadSize, text) {
            Ok(Test::Number {
                low, high, negated, ..
            }) => (low, high, negated),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(range("5"), (5, 5, false));
        assert_eq!(range("!5"), (5, 5, true));
        assert_eq!(range("<5"), (0, 4, false));
        assert_eq!(range(">= 5"), (5, u32::MAX, false));
        assert_eq!(range("3<>6"), (4, 5, false));
        for text in ["", "x", "<0", ">4294967295", "5<>6", "-1", "tcp"] {
            assert!(field_test(Field::Ttl, text).is_err(), "{text}");
        }
        assert!(field_test(Field::IpProtocol, "!tcp").is_ok());
    }
}
