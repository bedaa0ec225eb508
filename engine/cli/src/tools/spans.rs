//! What the parts of a configuration's text are, for highlighting.

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Space, punctuation, names.
    Plain,
    /// A comment.
    Comment,
    /// A keyword of the language.
    Keyword,
    /// A configuration string, without its parentheses.
    Configuration,
    /// An identifier.
    Name,
}

const KEYWORDS: &[&str] = &[
    "elementclass",
    "require",
    "provide",
    "define",
    "input",
    "output",
];

/// The parts of `text`, in order and without gaps.
pub fn spans(text: &str) -> Vec<(Kind, &str)> {
    let (mut all, mut rest) = (Vec::new(), text);
    let mut inside = false;
    while !rest.is_empty() {
        let (kind, length) = if inside {
            (Kind::Configuration, configuration(rest))
        } else {
            next(rest)
        };
        let (part, after) = rest.split_at(length);
        inside = kind == Kind::Plain && part == "(";
        if !part.is_empty() {
            all.push((kind, part));
        }
        rest = after;
    }
    all
}

fn next(text: &str) -> (Kind, usize) {
    if let Some(length) = comment(text) {
        return (Kind::Comment, length);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_@/".contains(c);
    // A slash may begin a comment inside a name.
    let mut length = 0;
    for c in text.chars() {
        if !is_name(c) || comment(&text[length..]).is_some() {
            break;
        }
        length += c.len_utf8();
    }
    match length {
        0 => (Kind::Plain, text.chars().next().map_or(0, char::len_utf8)),
        length if KEYWORDS.contains(&&text[..length]) => (Kind::Keyword, length),
        length => (Kind::Name, length),
    }
}

/// Length of the comment that `text` begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*")
        .then(|| text[2..].find("*/").map_or(text.len(), |end| end + 4))
}

/// Length of the configuration string that `text`, which follows a parenthesis, begins with.
fn configuration(text: &str) -> usize {
    let (mut level, mut quoted, mut at) = (0u32, None, 0);
    while let Some(c) = text[at..].chars().next() {
        match (c, quoted) {
            ('\\', Some('"')) => at += 1,
            ('\'' | '"', None) => quoted = Some(c),
            (c, Some(q)) if c == q => quoted = None,
            ('/', None) => {
                if let Some(length) = comment(&text[at..]) {
                    at += length;
                    continue;
                }
            }
            ('(', None) => level += 1,
            (')', None) if level == 0 => return at,
            (')', None) => level -= 1,
            _ => {}
        }
        at += c.len_utf8();
        // An escaped character of several bytes.
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let text = "elementclass A { input -> q :: Queue(1, \")\" /*)*/) } // end";
        let parts: Vec<_> = spans(text)
            .into_iter()
            .filter(|(kind, _)| *kind != Kind::Plain)
            .collect();
        let expected = [
            (Kind::Keyword, "elementclass"),
            (Kind::Name, "A"),
            (Kind::Keyword, "input"),
            (Kind::Name, "q"),
            (Kind::Name, "Queue"),
            (Kind::Configuration, "1, \")\" /*)*/"),
            (Kind::Comment, "// end"),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn nothing_is_lost_of_any_text() {
        for text in [
            "a(\"\\é", "(((", "/*", "x//", "\\", "a/ /b", "é(é)", "f('", "a(/*",
        ] {
            let joined: String = spans(text).iter().map(|(_, part)| *part).collect();
            assert_eq!(joined, text);
        }
    }
}
