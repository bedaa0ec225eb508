//! Text: strings, words, keywords, file names, data.

use super::{Value, parse_error};
use crate::args::Names;
use crate::confparse::{is_one_word, unquote, unquote_text};

impl Value for String {
    const EXPECTED: &'static str = "string";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        match is_one_word(text) {
            true => Ok(unquote_text(text)),
            false => parse_error(),
        }
    }

    fn placeholder() -> Self {
        String::new()
    }
}

impl Value for Vec<u8> {
    const EXPECTED: &'static str = "string";

    fn parse(text: &str, _: &dyn Names) -> Result<Self, String> {
        match is_one_word(text) {
            true => Ok(unquote(text)),
            false => parse_error(),
        }
    }

    fn placeholder() -> Self {
        Vec::new()
    }
}

macro_rules! text_values {
    ($($(#[$doc:meta])* $name:ident($type:ty), $expected:literal, $parse:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub $type);

        impl Value for $name {
            const EXPECTED: &'static str = $expected;

            fn parse(text: &str, names: &dyn Names) -> Result<Self, String> {
                let parse: fn(&str, &dyn Names) -> Result<$type, String> = $parse;
                parse(text, names).map($name)
            }

            fn placeholder() -> Self {
                $name::default()
            }
        }
    )*};
}

text_values! {
    /// Data: a string whose bytes need not be text, such as `\<0800>`.
    HexData(Vec<u8>), "data", |text, names| Vec::parse(text, names);
    /// The argument as it stands, quotes and all.
    AnyText(String), "arg", |text, _| Ok(text.to_string());
    /// A word: a string without spaces, quotes, commas and control characters in it.
    Word(String), "word", word;
    /// A keyword: letters, digits and `_ . : ? !`, without quotes.
    Keyword(String), "keyword", keyword;
    /// A file name; `~` is the home directory, and `//` is `/`.
    Filename(String), "filename", filename;
}

fn word(text: &str, names: &dyn Names) -> Result<String, String> {
    let word = String::parse(text, names)?;
    let plain = |c: u8| (33..127).contains(&c) && !b"\"'\\,".contains(&c);
    match !word.is_empty() && word.bytes().all(plain) {
        true => Ok(word),
        false => parse_error(),
    }
}

fn keyword(text: &str, _: &dyn Names) -> Result<String, String> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"_.:?!".contains(&c);
    match !text.is_empty() && text.bytes().all(plain) {
        true => Ok(text.to_string()),
        false => parse_error(),
    }
}

fn filename(text: &str, names: &dyn Names) -> Result<String, String> {
    let mut name = String::parse(text, names)?;
    if name.is_empty() || name.contains('\0') {
        return parse_error();
    }
    if let Some(rest) = name.strip_prefix('~')
        && (rest.is_empty() || rest.starts_with('/'))
        && let Some(home) = std::env::var("HOME").ok().filter(|h| !h.is_empty())
    {
        name = home + rest;
    }
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::NoNames;

    fn parse<T: Value>(text: &str) -> Option<T> {
        T::parse(text, &NoNames).ok()
    }

    #[test]
    fn strings_end_at_unquoted_spaces() {
        assert_eq!(parse("\"a b\"'c'"), Some("a bc".to_string()));
        assert_eq!(parse("\"\""), Some(String::new()));
        assert_eq!(parse::<String>("a b"), None);
        assert_eq!(parse::<String>(""), None);
        assert_eq!(parse("\\<00 ff>x"), Some(vec![0u8, 0xff, b'x']));
        assert_eq!(parse("\\<0800>"), Some(HexData(vec![8, 0])));
    }

    #[test]
    fn words_and_keywords_are_plain() {
        assert_eq!(parse("'ab'"), Some(Word("ab".into())));
        assert_eq!(parse::<Word>("'a b'"), None);
        assert_eq!(parse::<Word>("\"\""), None);
        assert_eq!(parse("A.b:c?!"), Some(Keyword("A.b:c?!".into())));
        assert_eq!(parse::<Keyword>("'a'"), None);
    }

    #[test]
    fn file_names_lose_double_slashes() {
        assert_eq!(parse("'/a//b///c'"), Some(Filename("/a/b/c".into())));
        assert_eq!(parse("-"), Some(Filename("-".into())));
        assert_eq!(parse::<Filename>("\"\""), None);
        assert_eq!(parse("x y"), Some(AnyText("x y".into())));
    }
}
