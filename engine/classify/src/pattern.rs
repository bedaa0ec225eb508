//! The patterns of Classifier: `12/0800`, `12/0806 20/0001`, with `?` for any digit, `%` before a
//! mask, `!` for negation and `-` for everything.

use crate::diagnostic::{Diagnostic, Sink, has_errors};
use crate::expr::{Expr, Leaf, Rule};
use crate::packet::Base;

/// Offsets above this are refused; no packet is that long.
const MAX_OFFSET: u32 = 1 << 20;

/// Reads the arguments of a Classifier with `outputs` outputs. Gives `None` where any diagnostic
/// is an error.
pub fn parse(
    arguments: &[impl AsRef<str>],
    outputs: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Rule>> {
    let before = diagnostics.len();
    let mut sink = Sink {
        out: diagnostics,
        prefix: String::new(),
    };
    if arguments.len() != outputs {
        sink.error(format!("need {outputs} arguments, one per output port"));
        return None;
    }
    let mut rules = Vec::with_capacity(outputs);
    for (index, argument) in arguments.iter().enumerate() {
        sink.prefix = format!("pattern {index}: ");
        let expr = parse_pattern(argument.as_ref(), &mut sink);
        rules.push(Rule {
            action: Some(index as u32),
            expr,
        });
    }
    (!has_errors(&diagnostics[before..])).then_some(rules)
}

fn parse_pattern(text: &str, sink: &mut Sink<'_>) -> Expr {
    if text == "-" {
        return Expr::Always(true);
    }
    let mut cursor = Cursor {
        text: text.as_bytes(),
        at: 0,
    };
    let mut clauses = Vec::new();
    while cursor.skip_space() {
        match parse_clause(&mut cursor, sink) {
            Some(clause) => clauses.push(clause),
            None => break,
        }
    }
    Expr::all(clauses)
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Skips blanks; whether anything follows.
    fn skip_space(&mut self) -> bool {
        while self
            .peek()
            .is_some_and(|c| c.is_ascii_whitespace() || c == 0x0b)
        {
            self.at += 1;
        }
        self.at < self.text.len()
    }

    fn run(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(&belongs) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }
}

/// One clause, `None` where the rest of the pattern cannot be read.
fn parse_clause(cursor: &mut Cursor<'_>, sink: &mut Sink<'_>) -> Option<Expr> {
    let negated = cursor.take(b'!');
    if negated {
        cursor.skip_space();
    }
    let digits = cursor.run(|c| c.is_ascii_digit());
    if digits.is_empty() {
        sink.error("expected a digit");
        return None;
    }
    if !cursor.take(b'/') {
        sink.error("expected '/'");
        return None;
    }
    let offset = digits.iter().try_fold(0u32, |n, d| {
        n.checked_mul(10)?.checked_add(u32::from(d - b'0'))
    });
    let Some(offset) = offset.filter(|offset| *offset <= MAX_OFFSET) else {
        sink.error(format!("offset out of range, bound {MAX_OFFSET}"));
        return None;
    };
    let is_digit = |c: u8| c.is_ascii_hexdigit() || c == b'?';
    let value = cursor.run(is_digit);
    let mask = if cursor.take(b'%') {
        Some(cursor.run(is_digit))
    } else {
        None
    };
    check_lengths(value, mask, sink);
    let expr = compile(offset, value, mask);
    Some(if negated { expr.negate() } else { expr })
}

fn check_lengths(value: &[u8], mask: Option<&[u8]>, sink: &mut Sink<'_>) {
    let (mut value_len, mut mask_len) = (value.len() as isize, mask.map(|m| m.len() as isize));
    if value_len < 2 {
        sink.error("value has less than 2 hex digits");
        (value_len, mask_len) = (0, mask_len.map(|_| 0));
    }
    if value_len % 2 != 0 {
        sink.error("value has odd number of hex digits");
        (value_len, mask_len) = (value_len - 1, mask_len.map(|len| len - 1));
    }
    match mask_len {
        Some(len) if len > value_len => sink.error("mask has too many hex digits"),
        Some(len) if len < value_len => sink.error("mask has too few hex digits"),
        _ => {}
    }
}

/// Value and mask bits of a hexadecimal digit.
fn nibble(digit: u8) -> (u32, u32) {
    match (digit as char).to_digit(16) {
        Some(value) => (value, 0xf),
        None => (0, 0),
    }
}

/// Tests word by word, each aligned as the packet's words are.
fn compile(offset: u32, value: &[u8], mask: Option<&[u8]>) -> Expr {
    let mut leaves: Vec<Leaf> = Vec::new();
    for (i, pair) in value.chunks_exact(2).enumerate() {
        let (high, low) = (nibble(pair[0]), nibble(pair[1]));
        let (byte, mut byte_mask) = (high.0 << 4 | low.0, high.1 << 4 | low.1);
        if let Some(mask) = mask.and_then(|mask| mask.get(2 * i..2 * i + 2)) {
            let (high, low) = (nibble(mask[0]), nibble(mask[1]));
            byte_mask &= high.0 << 4 | low.0;
        }
        let at = offset + i as u32;
        let (word, shift) = (at & !3, 24 - 8 * (at & 3));
        if leaves.last().is_none_or(|leaf| leaf.offset != word) {
            leaves.push(Leaf::equal(Base::Link, word, 0, 0));
        }
        if let Some(leaf) = leaves.last_mut() {
            leaf.mask |= byte_mask << shift;
            leaf.value |= (byte & byte_mask) << shift;
        }
    }
    Expr::all(leaves.into_iter().map(Expr::Leaf).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(arguments: &[&str]) -> Vec<String> {
        let mut diagnostics = Vec::new();
        assert_eq!(parse(arguments, arguments.len(), &mut diagnostics), None);
        diagnostics.iter().map(ToString::to_string).collect()
    }

    fn takes(pattern: &str, data: &[u8]) -> bool {
        let mut diagnostics = Vec::new();
        let rules = parse(&[pattern], 1, &mut diagnostics).unwrap();
        assert_eq!(diagnostics, []);
        rules[0].expr.matches(&crate::PacketRef::data(data))
    }

    #[test]
    fn values_masks_and_wildcards_match() {
        let mut arp = [0u8; 22];
        arp[12..14].copy_from_slice(&[8, 6]);
        arp[21] = 1;
        assert!(takes("12/0806 20/0001", &arp));
        assert!(!takes("12/0800", &arp) && takes("!12/0800", &arp) && takes("! 12/0800", &arp));
        assert!(takes("12/0?0?", &arp) && takes("12/ff06%00ff", &arp) && takes("-", &[]));
        assert!(takes("20/0002%fffd ", &arp) == takes("21/00%fd", &arp));
    }

    #[test]
    fn fields_beyond_the_packet_do_not_match() {
        assert!(!takes("12/0800", &[0; 13]) && takes("!12/0800", &[0; 13]));
        assert!(takes("0/00", &[0]) && !takes("0/0000", &[0]));
        assert!(takes("0/00?? 40/????", &[0]));
    }

    #[test]
    fn diagnostics_are_clicks() {
        assert_eq!(errors(&["-", "x"]), ["pattern 1: expected a digit"]);
        assert_eq!(errors(&["!"]), ["pattern 0: expected a digit"]);
        assert_eq!(errors(&["12"]), ["pattern 0: expected '/'"]);
        assert_eq!(
            errors(&["12/8"]),
            ["pattern 0: value has less than 2 hex digits"]
        );
        assert_eq!(
            errors(&["12/080"]),
            ["pattern 0: value has odd number of hex digits"]
        );
        assert_eq!(
            errors(&["12/0800%ff"]),
            ["pattern 0: mask has too few hex digits"]
        );
        assert_eq!(
            errors(&["12/08%ffff"]),
            ["pattern 0: mask has too many hex digits"]
        );
        assert_eq!(errors(&["12/08zz"]), ["pattern 0: expected a digit"]);
        let mut diagnostics = Vec::new();
        assert_eq!(parse(&["-"], 2, &mut diagnostics), None);
        assert_eq!(diagnostics[0].text, "need 2 arguments, one per output port");
    }
}
