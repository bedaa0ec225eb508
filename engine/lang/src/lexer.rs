//! Turns configuration text into tokens, on demand.
//!
//! The parser decides where a configuration string starts, so the text is not cut into tokens ahead of time.

use std::sync::Arc;

use crate::confparse::{is_space, unquote_text};
use crate::diagnostic::Landmark;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ident,
    Variable,
    Arrow,
    DoubleArrow,
    Colons,
    Bars,
    Dots,
    ElementClass,
    Require,
    Provide,
    Define,
    /// Any other single byte.
    Byte(u8),
    End,
}

impl Kind {
    pub(crate) fn is_arrow(self) -> bool {
        matches!(self, Kind::Arrow | Kind::DoubleArrow)
    }
}

/// How a token kind is named in "expected ..." messages.
pub(crate) fn kind_name(kind: Kind) -> String {
    let fixed = match kind {
        Kind::Ident => "identifier",
        Kind::Variable => "variable",
        Kind::Arrow => "'->'",
        Kind::DoubleArrow => "'=>'",
        Kind::Colons => "'::'",
        Kind::Bars => "'||'",
        Kind::Dots => "'...'",
        Kind::ElementClass => "'elementclass'",
        Kind::Require => "'require'",
        Kind::Provide => "'provide'",
        Kind::Define => "'define'",
        Kind::Byte(c @ 32..=126) => return format!("'{}'", c as char),
        Kind::Byte(c) => return format!("'\\{c:03o}'"),
        Kind::End => "end of file",
    };
    fixed.to_string()
}

/// A token and its text; a variable's text lacks the `$`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub text: String,
}

impl Token {
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    pub(crate) fn is_byte(&self, c: u8) -> bool {
        self.kind == Kind::Byte(c)
    }
}

/// A file being read.
pub(crate) struct Lexer {
    text: Arc<str>,
    at: usize,
    file: Arc<str>,
    original_file: Arc<str>,
    line: u32,
    bad_directives: Vec<Landmark>,
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'@'
}

impl Lexer {
    pub(crate) fn new(file: &str, text: &str) -> Self {
        let file: Arc<str> = file.into();
        Lexer {
            text: text.into(),
            at: 0,
            original_file: file.clone(),
            file,
            line: 1,
            bad_directives: Vec::new(),
        }
    }

    /// Where reading has come to.
    pub(crate) fn landmark(&self) -> Landmark {
        Landmark {
            file: self.file.clone(),
            line: self.line,
        }
    }

    /// Name of the file the text came from, whatever directives say.
    pub(crate) fn original_file(&self) -> &str {
        &self.original_file
    }

    /// Places of `#` lines that are no line directives, since the last call.
    pub(crate) fn take_bad_directives(&mut self) -> Vec<Landmark> {
        std::mem::take(&mut self.bad_directives)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn at_line_start(&self, at: usize) -> bool {
        at == 0 || matches!(self.byte(at - 1), Some(b'\n' | b'\r'))
    }

    /// Position after the byte at `at`, counting lines.
    fn step(&mut self, at: usize) -> usize {
        match self.byte(at) {
            Some(b'\r') => {
                self.line = self.line.saturating_add(1);
                at + 1 + usize::from(self.byte(at + 1) == Some(b'\n'))
            }
            Some(b'\n') => {
                self.line = self.line.saturating_add(1);
                at + 1
            }
            _ => at + 1,
        }
    }

    fn skip_line(&mut self, mut at: usize) -> usize {
        while let Some(c) = self.byte(at) {
            if c == b'\n' || c == b'\r' {
                return self.step(at);
            }
            at += 1;
        }
        at
    }

    fn skip_block_comment(&mut self, mut at: usize) -> usize {
        while let Some(c) = self.byte(at) {
            if c == b'*' && self.byte(at + 1) == Some(b'/') {
                return at + 2;
            }
            at = self.step(at);
        }
        at
    }

    /// Position after a comment at `at`, if there is one.
    fn skip_comment(&mut self, at: usize) -> Option<usize> {
        match (self.byte(at), self.byte(at + 1)) {
            (Some(b'/'), Some(b'/')) => Some(self.skip_line(at + 2)),
            (Some(b'/'), Some(b'*')) => Some(self.skip_block_comment(at + 2)),
            _ => None,
        }
    }

    fn skip_hex_data(&mut self, mut at: usize) -> usize {
        while let Some(c) = self.byte(at) {
            if c == b'>' {
                return at + 1;
            }
            at = match self.skip_comment(at) {
                Some(end) => end,
                None => self.step(at),
            };
        }
        at
    }

    fn skip_quoted(&mut self, mut at: usize, quote: u8) -> usize {
        while let Some(c) = self.byte(at) {
            if c == quote {
                return at + 1;
            }
            at = match (c, self.byte(at + 1)) {
                (b'\\', Some(b'<')) if quote == b'"' => self.skip_hex_data(at + 2),
                (b'\\', Some(_)) if quote == b'"' => self.step(at + 1),
                _ => self.step(at),
            };
        }
        at
    }

    /// Obeys the `# n "file"` directive at `at`; returns the end of its line.
    fn directive(&mut self, at: usize) -> usize {
        let blank = |l: &Self, mut i: usize| {
            while matches!(l.byte(i), Some(b' ' | b'\t')) {
                i += 1;
            }
            i
        };
        let mut i = blank(self, at + 1);
        let rest = &self.text.as_bytes()[i..];
        if rest.starts_with(b"line") && matches!(rest.get(4), Some(b' ' | b'\t')) {
            i = blank(self, i + 5);
        }
        let mut line: u32 = 0;
        let digits = i;
        while let Some(c @ b'0'..=b'9') = self.byte(i) {
            line = line.saturating_mul(10).saturating_add(u32::from(c - b'0'));
            i += 1;
        }
        if i == digits {
            self.bad_directives.push(self.landmark());
            return self.skip_line(i);
        }
        i = blank(self, i);
        if self.byte(i) == Some(b'"') {
            i = self.directive_file(i);
        }
        while !matches!(self.byte(i), None | Some(b'\n' | b'\r')) {
            i += 1;
        }
        // The directive numbers the line after it.
        let end = self.step(i).min(self.text.len());
        self.line = line;
        end
    }

    fn directive_file(&mut self, start: usize) -> usize {
        let mut i = start + 1;
        while !matches!(self.byte(i), None | Some(b'"' | b'\n' | b'\r')) {
            let escaped = self.byte(i) == Some(b'\\')
                && !matches!(self.byte(i + 1), None | Some(b'\n' | b'\r'));
            i += 1 + usize::from(escaped);
        }
        let name = String::from_utf8_lossy(&self.text.as_bytes()[start..i]).into_owned();
        let name = unquote_text(&format!("{name}\""));
        self.file = if name.is_empty() {
            self.original_file.clone()
        } else {
            name.as_str().into()
        };
        i
    }

    fn skip_blank(&mut self) {
        while let Some(c) = self.byte(self.at) {
            self.at = if is_space(c) {
                self.step(self.at)
            } else if c == b'#' && self.at_line_start(self.at) {
                self.directive(self.at)
            } else if let Some(end) = self.skip_comment(self.at) {
                end
            } else {
                return;
            };
        }
    }

    fn take_word(&mut self) -> Token {
        let start = self.at;
        let mut at = start;
        loop {
            while self.byte(at).is_some_and(is_word) {
                at += 1;
            }
            if self.byte(at) != Some(b'/') || !self.byte(at + 1).is_some_and(is_word) {
                break;
            }
            at += 1;
        }
        self.at = at;
        let text = self.text[start..at].to_string();
        let kind = match text.as_str() {
            "elementclass" => Kind::ElementClass,
            "require" => Kind::Require,
            "provide" => Kind::Provide,
            "define" => Kind::Define,
            _ => Kind::Ident,
        };
        Token { kind, text }
    }

    fn take_variable(&mut self) -> Option<Token> {
        let start = self.at + 1;
        let mut at = start;
        while self
            .byte(at)
            .is_some_and(|c| c.is_ascii_alphanumeric() || c == b'_')
        {
            at += 1;
        }
        if at == start {
            return None;
        }
        self.at = at;
        Some(Token {
            kind: Kind::Variable,
            text: self.text[start..at].to_string(),
        })
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Token {
        self.skip_blank();
        let Some(c) = self.byte(self.at) else {
            return Token {
                kind: Kind::End,
                text: String::new(),
            };
        };
        if is_word(c) {
            return self.take_word();
        }
        if c == b'$'
            && let Some(token) = self.take_variable()
        {
            return token;
        }
        let rest = &self.text.as_bytes()[self.at..];
        let (kind, length) = match rest {
            [b'-', b'>', ..] => (Kind::Arrow, 2),
            [b'=', b'>', ..] => (Kind::DoubleArrow, 2),
            [b':', b':', ..] => (Kind::Colons, 2),
            [b'|', b'|', ..] => (Kind::Bars, 2),
            [b'.', b'.', b'.', ..] => (Kind::Dots, 3),
            _ => {
                let whole = self.text[self.at..].chars().next();
                (Kind::Byte(c), whole.map_or(1, char::len_utf8))
            }
        };
        let text = crate::confparse::printable(&rest[..length]);
        self.at += length;
        Token { kind, text }
    }

    /// The configuration string that starts here; reading stops before the `)` that ends it.
    pub(crate) fn config(&mut self) -> String {
        let (mut out, mut depth) = (String::new(), 1usize);
        let (mut start, mut at) = (self.at, self.at);
        while let Some(c) = self.byte(at) {
            match c {
                b'(' => depth += 1,
                b')' if depth == 1 => break,
                b')' => depth -= 1,
                _ => {}
            }
            at = if c == b'#' && self.at_line_start(at) {
                out.push_str(&self.text[start..at]);
                start = self.directive(at);
                start
            } else if let Some(end) = self.skip_comment(at) {
                end
            } else if c == b'\'' || c == b'"' {
                self.skip_quoted(at + 1, c)
            } else if c == b'\\' && self.byte(at + 1) == Some(b'<') {
                self.skip_hex_data(at + 2)
            } else {
                self.step(at)
            };
        }
        self.at = at;
        out.push_str(&self.text[start..at]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(String, u32)> {
        let mut lexer = Lexer::new("config", text);
        let mut out = Vec::new();
        loop {
            let token = lexer.next();
            if token.is(Kind::End) {
                return out;
            }
            out.push((token.text, lexer.line));
        }
    }

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|(t, _)| t).collect()
    }

    #[test]
    fn words_may_hold_inner_slashes() {
        assert_eq!(texts("a/b c@1 /x y/"), ["a/b", "c@1", "/", "x", "y", "/"]);
        assert_eq!(texts("a//comment\nb"), ["a", "b"]);
    }

    #[test]
    fn punctuation_is_taken_longest_first() {
        assert_eq!(
            texts("->=>::||...|:$x$"),
            ["->", "=>", "::", "||", "...", "|", ":", "x", "$"]
        );
    }

    #[test]
    fn lines_are_counted_over_every_line_end() {
        assert_eq!(
            tokens("a\nb\r\nc\rd/*\n*/e"),
            [
                ("a".into(), 1),
                ("b".into(), 2),
                ("c".into(), 3),
                ("d".into(), 4),
                ("e".into(), 5)
            ]
        );
    }

    #[test]
    fn line_directives_set_file_and_line() {
        let mut lexer = Lexer::new("config", "# 10 \"foo\"\na\n#line 3 \"\"\nb\n# 7\nc");
        lexer.next();
        assert_eq!(lexer.landmark().to_string(), "foo:10");
        lexer.next();
        assert_eq!(lexer.landmark().to_string(), "config:3");
        lexer.next();
        assert_eq!(lexer.landmark().to_string(), "config:7");
        let mut lexer = Lexer::new("config", "a\n#include\nb");
        lexer.next();
        lexer.next();
        assert_eq!(lexer.take_bad_directives(), [Landmark::new("config", 2)]);
        assert_eq!(lexer.landmark().line, 3);
    }

    #[test]
    fn a_configuration_string_ends_at_its_own_parenthesis() {
        for (text, config) in [
            ("a (b) c) d", "a (b) c"),
            (
                "')' \")\\\")\" /*)*/ \\<29 /*>*/ )> x) y",
                "')' \")\\\")\" /*)*/ \\<29 /*>*/ )> x",
            ),
            ("a // )\n b) c", "a // )\n b"),
            ("unclosed", "unclosed"),
        ] {
            assert_eq!(Lexer::new("config", text).config(), config);
        }
        let mut lexer = Lexer::new("config", "a\n# 40 \"f\"\nb)");
        assert_eq!(lexer.config(), "a\nb");
        assert_eq!(lexer.landmark().to_string(), "f:40");
    }
}
