//! The bytes of `content` and the expressions of `pcre`.

use regex::bytes::{Regex, RegexBuilder};

/// Bytes of a content, at most.
const LONGEST: usize = 1024;
/// Memory for one expression, at most.
const REGEX_BYTES: usize = 1 << 20;

/// Whether a content is negated, and its bytes: text, with bytes in hexadecimal between `|`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn content_bytes(text: &str) -> Result<(bool, Vec<u8>), String> {
    let (negated, inner) = quoted(text)?;
    let mut bytes = Vec::new();
    let mut hexadecimal: Option<String> = None;
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match (c, &mut hexadecimal) {
            ('|', Some(digits)) => {
                bytes.extend(hex_bytes(digits)?);
                hexadecimal = None;
            }
            ('|', None) => hexadecimal = Some(String::new()),
            (c, Some(digits)) => digits.push(c),
            ('\\', None) => {
                let next = rest.next().filter(|c| "\\\";:|".contains(*c));
                let next = next.ok_or("behind '\\' stands one of \\ \" ; : |")?;
                bytes.push(next as u8);
            }
            (c, None) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    if hexadecimal.is_some() {
        return Err("a '|' has no second one".into());
    }
    match bytes.len() {
        0 => Err("it is empty".into()),
        count if count > LONGEST => Err(format!("it has {count} bytes; {LONGEST} are allowed")),
        _ => Ok((negated, bytes)),
    }
}

/// Whether an expression is negated, whether it is relative to what was matched before, and what it is.
///
/// # Errors
/// What is wrong with it.
pub(super) fn pattern(text: &str) -> Result<(bool, bool, Regex), String> {
    let (negated, inner) = quoted(text)?;
    let rest = inner.strip_prefix('/').ok_or("it is /EXPRESSION/FLAGS")?;
    let (expression, flags) = rest.rsplit_once('/').ok_or("it is /EXPRESSION/FLAGS")?;
    // What only keeps the rule's own syntax apart.
    let plain = expression
        .replace("\\;", ";")
        .replace("\\\"", "\"")
        .replace("\\/", "/");
    let mut relative = false;
    let mut builder = RegexBuilder::new(&plain);
    builder
        .unicode(false)
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            's' => builder.dot_matches_new_line(true),
            'm' => builder.multi_line(true),
            'x' => builder.ignore_whitespace(true),
            'R' => {
                relative = true;
                &mut builder
            }
            _ => {
                return Err(format!(
                    "flag '{flag}' is not supported; allowed: i, s, m, x, R"
                ));
            }
        };
    }
    let regex = builder.build().map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        format!("not supported: {}", reason.trim_start_matches("error: "))
    })?;
    Ok((negated, relative, regex))
}

/// What stands in double quotes, and whether `!` stands before them.
fn quoted(text: &str) -> Result<(bool, &str), String> {
    let (negated, rest) = match text.strip_prefix('!') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let inner = rest
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Ok((negated, inner.ok_or("it has to stand in double quotes")?))
}

fn hex_bytes(digits: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("'|{digits}|' is no pairs of hexadecimal digits");
    let plain: Vec<u32> = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).ok_or_else(wrong))
        .collect::<Result<_, _>>()?;
    let pairs = plain.chunks(2).map(|pair| match pair {
        [high, low] => Ok((high << 4 | low) as u8),
        _ => Err(wrong()),
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_text_and_hexadecimal() {
        let bytes = |text| content_bytes(text);
        assert_eq!(bytes("\"a|00 ff|b\""), Ok((false, b"a\x00\xffb".to_vec())));
        assert_eq!(bytes("!\"\\\"\\|\\\\\""), Ok((true, b"\"|\\".to_vec())));
        assert_eq!(bytes("\"\u{e9}\""), Ok((false, vec![0xc3, 0xa9])));
        for text in ["\"\"", "\"|0|\"", "\"|41\"", "a", "\"\\n\"", "\"|zz|\""] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn expressions_are_of_bytes() {
        let (negated, relative, regex) = pattern("\"/^GET\\s+\\/x\\;[\\x80-\\xff]/iR\"").unwrap();
        assert!(!negated && relative && regex.is_match(b"get /x;\x90"));
        assert!(pattern("\"/a/U\"").unwrap_err().contains("flag 'U'"));
        assert_eq!(
            pattern("\"/(?=a)/\"").unwrap_err(),
            "not supported: look-around, including look-ahead and look-behind, is not supported"
        );
        assert!(pattern("\"/a{1000000}/\"").is_err());
        assert!(pattern("\"abc\"").is_err());
    }
}
