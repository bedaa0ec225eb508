//! Configuration strings: splitting into arguments and words, quoting.
//!
//! A configuration string is split at top-level commas into arguments, and an argument at spaces into words. Quotes
//! (`'...'`, `"..."`), comments and `\<hex>` data protect what is inside them.

/// Position after the comment that starts at `at`.
fn skip_comment(text: &[u8], at: usize) -> usize {
    if text[at + 1] == b'/' {
        match text[at + 2..]
            .iter()
            .position(|&c| c == b'\n' || c == b'\r')
        {
            Some(n) => {
                let end = at + 2 + n;
                let crlf = text[end] == b'\r' && text.get(end + 1) == Some(&b'\n');
                end + 1 + usize::from(crlf)
            }
            None => text.len(),
        }
    } else {
        match text[at + 2..].windows(2).position(|w| w == b"*/") {
            Some(n) => at + 2 + n + 2,
            None => text.len(),
        }
    }
}

fn starts_comment(text: &[u8], at: usize) -> bool {
    text[at] == b'/' && matches!(text.get(at + 1), Some(b'/' | b'*'))
}

pub(crate) fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Position of the first byte at or after `at` that is neither space nor comment.
pub(crate) fn skip_comment_space(text: &[u8], mut at: usize) -> usize {
    while at < text.len() {
        if is_space(text[at]) {
            at += 1;
        } else if starts_comment(text, at) {
            at = skip_comment(text, at);
        } else {
            break;
        }
    }
    at
}

/// Position after the escape whose backslash is at `at`.
fn skip_backslash(text: &[u8], at: usize) -> usize {
    match (text.get(at + 1), text.get(at + 2)) {
        (Some(b'<'), _) => {
            let mut i = at + 2;
            while i < text.len() {
                if text[i] == b'>' {
                    return i + 1;
                } else if starts_comment(text, i) {
                    i = skip_comment(text, i);
                } else {
                    i += 1;
                }
            }
            text.len()
        }
        (Some(b'\r'), Some(b'\n')) => at + 3,
        (Some(_), _) => at + 2,
        (None, _) => at + 1,
    }
}

/// Position after the quoted string that starts at `at`.
fn skip_quoted(text: &[u8], at: usize) -> usize {
    let quote = text[at];
    let mut i = at + 1;
    while i < text.len() {
        if text[i] == quote {
            return i + 1;
        } else if text[i] == b'\\' && quote == b'"' {
            i = skip_backslash(text, i);
        } else {
            i += 1;
        }
    }
    text.len()
}

/// Position after the quoted string, hex data or single byte at `at`.
fn skip_item(text: &[u8], at: usize) -> usize {
    match text[at] {
        b'\'' | b'"' => skip_quoted(text, at),
        b'\\' if text.get(at + 1) == Some(&b'<') => skip_backslash(text, at),
        _ => at + 1,
    }
}

/// Cuts one argument from `text` at `start`: without comments and outer space, and where it ended.
fn take_argument(text: &str, start: usize, stop_at_comma: bool) -> (String, usize) {
    let bytes = text.as_bytes();
    let mut at = skip_comment_space(bytes, start);
    let (mut out, mut left, mut right) = (String::new(), at, at);
    let mut cut = false;
    while at < bytes.len() {
        if is_space(bytes[at]) {
            at += 1;
        } else if starts_comment(bytes, at) {
            at = skip_comment(bytes, at);
            cut = true;
        } else if bytes[at] == b',' && stop_at_comma {
            break;
        } else {
            if cut {
                out.push_str(&text[left..right]);
                out.push(' ');
                (left, cut) = (at, false);
            }
            at = skip_item(bytes, at).min(bytes.len());
            right = at;
        }
    }
    out.push_str(&text[left..right]);
    (out, at)
}

/// Removes comments and outer space from `text`; a comment inside becomes one space.
pub fn uncomment(text: &str) -> String {
    take_argument(text, 0, false).0
}

/// Splits a configuration string at its top-level commas (Click's `cp_argvec`). Comments are removed, and an empty
/// last argument is ignored.
pub fn split_args(config: &str) -> Vec<String> {
    let (mut args, mut at) = (Vec::new(), 0);
    while at < config.len() {
        let (arg, end) = take_argument(config, at, true);
        if !arg.is_empty() || end < config.len() {
            args.push(arg);
        }
        at = end + 1;
    }
    args
}

fn word_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && !is_space(text[at]) && !starts_comment(text, at) {
        at = skip_item(text, at);
    }
    at.min(text.len())
}

/// Splits an argument at its unquoted spaces (Click's `cp_spacevec`).
pub fn split_words(arg: &str) -> Vec<String> {
    let bytes = arg.as_bytes();
    let (mut words, mut at) = (Vec::new(), skip_comment_space(bytes, 0));
    while at < bytes.len() {
        let end = word_end(bytes, at);
        words.push(arg[at..end].to_string());
        at = skip_comment_space(bytes, end);
    }
    words
}

/// Splits off the first word: the word, and what follows it without leading space and comments.
pub fn split_first_word(arg: &str) -> (&str, &str) {
    let bytes = arg.as_bytes();
    let start = skip_comment_space(bytes, 0);
    let end = word_end(bytes, start);
    (&arg[start..end], &arg[skip_comment_space(bytes, end)..])
}

/// Whether `text` is one word: no space outside quotes, and not empty.
pub fn is_one_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if is_space(bytes[at]) {
            return false;
        }
        at = skip_item(bytes, at);
    }
    !bytes.is_empty()
}

fn hex_digits(text: &[u8], out: &mut Vec<u8>) -> usize {
    let (mut at, mut high) = (0, None);
    while at < text.len() {
        let c = text[at];
        if c == b'>' {
            return at + 1;
        } else if let Some(digit) = (c as char).to_digit(16) {
            high = match high {
                None => Some(digit as u8),
                Some(h) => {
                    out.push(h << 4 | digit as u8);
                    None
                }
            };
        } else if starts_comment(text, at) {
            at = skip_comment(text, at);
            continue;
        }
        at += 1;
    }
    at
}

fn octal_escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let digits = text
        .iter()
        .take(3)
        .take_while(|c| (b'0'..=b'7').contains(*c));
    let (mut value, mut n) = (0u32, 0);
    for &digit in digits {
        value = value * 8 + u32::from(digit - b'0');
        n += 1;
    }
    out.push(value as u8);
    n
}

fn hex_escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let mut value = 0u8;
    let mut n = 0;
    while let Some(digit) = text.get(n).and_then(|&c| (c as char).to_digit(16)) {
        value = value.wrapping_shl(4) | digit as u8;
        n += 1;
    }
    out.push(value);
    n
}

/// Expands the escape after a backslash; `text` starts behind the backslash. Returns the bytes used.
fn expand_escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let simple = match text[0] {
        b'\r' => return 1 + usize::from(text.get(1) == Some(&b'\n')),
        b'\n' => return 1,
        b'0'..=b'7' => return octal_escape(text, out),
        b'x' => return 1 + hex_escape(&text[1..], out),
        b'<' => return 1 + hex_digits(&text[1..], out),
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        other => other,
    };
    out.push(simple);
    1
}

/// Removes one level of quoting (Click's `cp_unquote`) and gives the bytes meant.
pub fn unquote(text: &str) -> Vec<u8> {
    let text = uncomment(text);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let (mut quote, mut at) = (None, 0);
    while at < bytes.len() {
        let c = bytes[at];
        at += 1;
        match (c, quote) {
            (b'\'' | b'"', None) => quote = Some(c),
            (_, Some(q)) if q == c => quote = None,
            (b'\\', Some(b'"')) if at < bytes.len() => at += expand_escape(&bytes[at..], &mut out),
            (b'\\', None) if bytes.get(at) == Some(&b'<') => {
                at += expand_escape(&bytes[at..], &mut out);
            }
            _ => out.push(c),
        }
    }
    out
}

/// [`unquote`] as text; bytes that are not UTF-8 become U+FFFD.
pub fn unquote_text(text: &str) -> String {
    String::from_utf8_lossy(&unquote(text)).into_owned()
}

/// Double-quotes `text` so that [`unquote`] gives it back (Click's `cp_quote`).
pub fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes())
}

/// [`quote`] for bytes.
pub fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    out.push_str(&escape(bytes));
    out.push('"');
    out
}

/// The inside of a double-quoted string that means `bytes`.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &c in bytes {
        match c {
            b'\\' | b'"' | b'$' => out.extend(['\\', c as char]),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            32..=126 => out.push(c as char),
            _ => out.push_str(&format!("\\{c:03o}")),
        }
    }
    out
}

/// `bytes` with everything that does not print as a C escape.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let mut out = String::new();
    for &c in bytes {
        match c {
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            32..=126 => out.push(c as char),
            _ => out.push_str(&format!("\\{c:03o}")),
        }
    }
    out
}

/// Whether `name` may name an element: letters, digits, `_`, `@` and inner single `/`.
pub fn is_element_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('/').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'@')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_at_top_level_commas() {
        assert_eq!(split_args("a, b, c"), ["a", "b", "c"]);
        assert_eq!(split_args("  a /*?*/ b,  c, "), ["a b", "c"]);
        assert_eq!(split_args("\"x, y\" // ?"), ["\"x, y\""]);
        assert_eq!(
            split_args("\\<00, 01>, '\\', 2"),
            ["\\<00, 01>", "'\\'", "2"]
        );
        assert_eq!(split_args("a,,b"), ["a", "", "b"]);
        assert_eq!(split_args(","), [""]);
        assert_eq!(split_args("  // nothing\n"), Vec::<String>::new());
        assert_eq!(split_args("a // x\n, b"), ["a", "b"]);
    }

    #[test]
    fn words_are_split_at_unquoted_spaces() {
        assert_eq!(split_words("a  b, c"), ["a", "b,", "c"]);
        assert_eq!(split_words("  'a /*?*/ b'c"), ["'a /*?*/ b'c"]);
        assert_eq!(split_words("a/*x*/b 1/2"), ["a", "b", "1/2"]);
        assert_eq!(split_first_word(" $x  5 6 "), ("$x", "5 6 "));
        assert_eq!(split_first_word(""), ("", ""));
    }

    #[test]
    fn comments_become_one_space() {
        assert_eq!(uncomment("  a  b  "), "a  b");
        assert_eq!(
            uncomment("  a /* whatever */   // whatever\n    b  "),
            "a b"
        );
        assert_eq!(uncomment("  \" /*???  */ \""), "\" /*???  */ \"");
    }

    #[test]
    fn unquoting_removes_one_level() {
        assert_eq!(
            unquote("\"\\n\" abc /* 123 */ '/* def */'"),
            b"\n abc /* def */"
        );
        assert_eq!(unquote("\\<48656c6C 6f 2 /* And finally */ 1>"), b"Hello!");
        assert_eq!(unquote("\"\\101\\x42\\q\\\"\""), b"ABq\"");
        assert_eq!(unquote("'\\n'"), b"\\n");
        assert_eq!(unquote("a'b'\"c\""), b"abc");
        assert_eq!(unquote("\\n"), b"\\n");
        assert_eq!(unquote("\\<0"), b"");
    }

    #[test]
    fn quoting_survives_unquoting() {
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote("a$b\"\\\n\t"), "\"a\\$b\\\"\\\\\\n\\t\"");
        assert_eq!(quote_bytes(&[0, 0xff]), "\"\\000\\377\"");
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unquote(&quote_bytes(&all)), all);
    }

    #[test]
    fn element_names_follow_the_identifier_rule() {
        for good in ["a", "a/b", "Counter@3", "_", "@1/x"] {
            assert!(is_element_name(good), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "a b", "a-b"] {
            assert!(!is_element_name(bad), "{bad}");
        }
    }
}
