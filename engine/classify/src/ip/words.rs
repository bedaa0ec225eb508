//! Splits an expression into words.

const TWO: [&str; 6] = ["&&", "||", "<=", ">=", "!=", "=="];

fn in_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"-./@_:".contains(&c)
}

/// The words of `text`: runs of letters, digits and `-./@_:`, operators of one or two characters,
/// and any other character alone.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = rest.split_at(word_len(rest));
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn word_len(rest: &str) -> usize {
    if TWO.iter().any(|operator| rest.starts_with(operator)) {
        return 2;
    }
    let run = rest.bytes().take_while(|c| in_word(*c)).count();
    if run > 0 {
        return run;
    }
    rest.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_split_words() {
        assert_eq!(
            split(" src!=10.0.0.0/8&&(tcp[13:1]&0x2==2)|x ? a : b "),
            [
                "src",
                "!=",
                "10.0.0.0/8",
                "&&",
                "(",
                "tcp",
                "[",
                "13:1",
                "]",
                "&",
                "0x2",
                "==",
                "2",
                ")",
                "|",
                "x",
                "?",
                "a",
                ":",
                "b"
            ]
        );
        assert_eq!(split("é=\u{a0}"), ["é", "="]);
        assert_eq!(split("  "), [""; 0]);
    }
}
