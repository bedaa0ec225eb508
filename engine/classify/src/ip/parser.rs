//! The grammar:
//!
//! ```text
//! expr   ::= or | or ? expr : expr
//! or     ::= term (("or" | "||") term)*
//! term   ::= factor (["and" | "&&"] factor)*
//! factor ::= ("not" | "!") factor | "(" expr ")" | test
//! ```
//!
//! Nesting is bounded, so no input can exhaust the stack.

use super::kind::{Field, Kind, Side};
use super::lookup::{Found, lookup};
use super::primitive::{Header, Mask, Operator, Primitive};
use crate::diagnostic::Sink;
use crate::expr::Expr;
use crate::literal;
use crate::names::Names;
use weft_wire::MacAddr;

/// Parentheses and ternaries may nest this deep.
const MAX_DEPTH: usize = 200;

pub(super) struct Parser<'a, 's, 'o> {
    words: &'a [&'a str],
    position: usize,
    depth: usize,
    names: &'a dyn Names,
    sink: &'s mut Sink<'o>,
    previous: Primitive,
}

impl<'a, 's, 'o> Parser<'a, 's, 'o> {
    pub(super) fn new(
        words: &'a [&'a str],
        names: &'a dyn Names,
        sink: &'s mut Sink<'o>,
    ) -> Parser<'a, 's, 'o> {
        let previous = Primitive::default();
        Parser {
            words,
            position: 0,
            depth: 0,
            names,
            sink,
            previous,
        }
    }

    fn word(&self) -> Option<&'a str> {
        self.words.get(self.position).copied()
    }

    fn take(&mut self, words: &[&str]) -> bool {
        let found = self.word().is_some_and(|word| words.contains(&word));
        self.position += usize::from(found);
        found
    }

    /// Reports what is left over.
    pub(super) fn finish(&mut self) {
        if let Some(word) = self.word() {
            self.sink
                .error(format!("garbage after expression at '{word}'"));
        }
    }

    pub(super) fn expression(&mut self) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.sink
                .error(format!("expression nested deeper than {MAX_DEPTH} levels"));
            self.position = self.words.len();
            return Expr::Always(false);
        }
        self.depth += 1;
        let expr = self.ternary();
        self.depth -= 1;
        expr
    }

    fn ternary(&mut self) -> Expr {
        let mut choices = Vec::new();
        let mut last = self.alternatives();
        while self.take(&["?"]) {
            let start = self.position;
            let yes = self.expression();
            if self.position == start || !self.take(&[":"]) {
                self.sink.error("missing ':' in ternary expression");
                break;
            }
            choices.push((last, yes));
            if choices.len() > MAX_DEPTH {
                self.sink
                    .error(format!("expression nested deeper than {MAX_DEPTH} levels"));
                self.position = self.words.len();
                return Expr::Always(false);
            }
            last = self.alternatives();
        }
        choices
            .into_iter()
            .rev()
            .fold(last, |no, (condition, yes)| {
                Expr::choose(condition, yes, no)
            })
    }

    fn alternatives(&mut self) -> Expr {
        let mut parts = vec![self.term()];
        while self.take(&["or", "||"]) {
            parts.push(self.term());
        }
        Expr::any(parts)
    }

    fn term(&mut self) -> Expr {
        let mut parts = Vec::new();
        let mut required = true;
        loop {
            let start = self.position;
            let factor = self.factor();
            if self.position == start {
                if required {
                    self.sink.error("missing expression");
                }
                return Expr::all(parts);
            }
            parts.extend(factor);
            required = self.take(&["and", "&&"]);
        }
    }

    fn factor(&mut self) -> Option<Expr> {
        let mut negated = false;
        let start = self.position;
        while self.take(&["not", "!"]) {
            negated = !negated;
        }
        let operand = self.position;
        let expr = self.operand(negated);
        if self.position == operand && operand > start {
            let word = self.words[operand - 1];
            self.sink
                .error(format!("missing expression after '{word}'"));
        }
        expr
    }

    fn operand(&mut self, negated: bool) -> Option<Expr> {
        if !self.take(&["("]) {
            return self.test(negated);
        }
        let start = self.position;
        let expr = self.expression();
        if self.position == start {
            self.sink.error("missing expression after '('");
        }
        let closed = self.take(&[")"]);
        if !closed && self.position != start {
            self.sink.error("missing ')'");
        }
        Some(if negated { expr.negate() } else { expr })
    }

    /// One test; nothing is consumed where none begins here.
    fn test(&mut self, mut negated: bool) -> Option<Expr> {
        match self.word()? {
            ")" | "||" | "or" | "?" | ":" => return None,
            constant @ ("true" | "false") => {
                self.position += 1;
                return Some(Expr::Always((constant == "true") != negated));
            }
            _ => {}
        }
        let start = self.position;
        let mut test = Primitive::default();
        let mut header = self.qualifiers(&mut test, &mut negated);
        if self.position != start {
            self.previous = Primitive::default();
        }
        if self.previous.data == Kind::Ether {
            header = Some(Header::Ether);
        }
        if self.operand_word() == Some("[") && self.position > start && test.kind == Kind::None {
            self.brackets(&mut test);
        }
        let mask = self.mask(header);
        self.operator(&mut test);
        let near = self.data(&mut test, header);
        if self.position == start {
            self.sink.error(format!("empty term near '{near}'"));
            return None;
        }
        let valid = test.check(&self.previous, header, mask, self.sink);
        if !valid {
            return Some(Expr::Always(false));
        }
        let expr = test.compile();
        self.previous = test;
        Some(if negated { expr.negate() } else { expr })
    }

    /// The word here, unless it is the last, which can only be data.
    fn operand_word(&self) -> Option<&'a str> {
        self.word().filter(|_| self.position + 1 < self.words.len())
    }

    fn qualifiers(&mut self, test: &mut Primitive, negated: &mut bool) -> Option<Header> {
        let mut header = None;
        while let Some(word) = self.word() {
            match (lookup(word, Kind::None, None, self.names), word) {
                (Found::Type(kind), _) => {
                    test.set_kind(kind, self.sink);
                    if let Kind::Field(Field {
                        protocol: Some(protocol),
                        ..
                    }) = kind
                    {
                        test.set_protocol(protocol, self.sink);
                    }
                }
                (Found::Value(Kind::Proto, protocol), _) => {
                    test.set_protocol(protocol, self.sink);
                }
                (Found::Value(..) | Found::Wrong(_), _) => break,
                (Found::Nothing, "src") => {
                    let side = self.source_side();
                    test.set_side(side, self.sink);
                }
                (Found::Nothing, "dst" | "dest") => test.set_side(Side::Destination, self.sink),
                (Found::Nothing, "ip") if header.is_none() => header = Some(Header::Ip),
                (Found::Nothing, "ether") if header.is_none() => header = Some(Header::Ether),
                (Found::Nothing, "not" | "!") => *negated = !*negated,
                (Found::Nothing, _) => break,
            }
            self.position += 1;
        }
        header
    }

    /// `src`, or `src and dst`, `src or dst`; stays on the last of these words.
    fn source_side(&mut self) -> Side {
        let next = |i| self.words.get(self.position + i).copied();
        let side = match (next(1), next(2)) {
            (Some("and" | "&&"), Some("dst" | "dest")) => Side::Both,
            (Some("or" | "||"), Some("dst" | "dest")) => Side::Either,
            _ => return Side::Source,
        };
        self.position += 2;
        side
    }

    fn brackets(&mut self, test: &mut Primitive) {
        self.position += 1;
        let inside = self.words[self.position..]
            .iter()
            .position(|word| *word == "]");
        let Some(length) = inside else {
            self.sink.error("missing ']'");
            return;
        };
        let text = self.words[self.position..self.position + length].concat();
        self.position += length + 1;
        match parse_range(&text) {
            None => self
                .sink
                .error("syntax error after '[', expected '[POS]' or '[POS:LEN]'"),
            Some((_, length)) if !(1..=4).contains(&length) => self
                .sink
                .error("LEN in '[POS:LEN]' out of range, should be between 1 and 4"),
            Some((position, length)) => self.bracket_field(test, position, length),
        }
    }

    fn bracket_field(&mut self, test: &mut Primitive, position: i64, length: i64) {
        let fits = (0..=4095).contains(&position) && position / 4 == (position + length - 1) / 4;
        if !fits {
            let text = format!("field [{position}:{length}] does not fit in a single word");
            return self.sink.error(text);
        }
        let (offset, length) = (position as u32 * 8, length as u32 * 8);
        let field = Field {
            protocol: test.protocol,
            offset,
            length,
        };
        test.set_kind(Kind::Field(field), self.sink);
    }

    fn mask(&mut self, header: Option<Header>) -> Option<Mask> {
        if self.operand_word() != Some("&") {
            return None;
        }
        let word = self.words[self.position + 1];
        let mask = if let Some(value) = literal::unsigned(word) {
            Mask::Int(value)
        } else if let Some(value) = self.address(word).filter(|_| header != Some(Header::Ether)) {
            Mask::Ip(value)
        } else if let Some(mac) = self.mac(word).filter(|_| header != Some(Header::Ip)) {
            Mask::Ether(mac)
        } else {
            return None;
        };
        self.position += 2;
        if matches!(mask, Mask::Int(0) | Mask::Ip(0)) {
            self.sink.error("zero mask ignored");
            return None;
        }
        Some(mask)
    }

    fn operator(&mut self, test: &mut Primitive) {
        let (operator, negated) = match self.operand_word() {
            Some("=" | "==") => (Operator::Equal, false),
            Some("!=") => (Operator::Equal, true),
            Some(">") => (Operator::Above, false),
            Some("<") => (Operator::Below, false),
            Some(">=") => (Operator::Below, true),
            Some("<=") => (Operator::Above, true),
            _ => return,
        };
        self.position += 1;
        (test.operator, test.negated) = (operator, negated);
    }

    fn address(&self, word: &str) -> Option<u32> {
        literal::ip_address(word).or_else(|| self.names.ip_address(word))
    }

    fn prefix(&self, word: &str) -> Option<(u32, u32)> {
        literal::ip_prefix(word).or_else(|| self.names.ip_prefix(word))
    }

    fn mac(&self, word: &str) -> Option<[u8; 6]> {
        let literal = word.parse::<MacAddr>().ok().map(|mac| mac.0);
        literal.or_else(|| self.names.mac_address(word))
    }

    /// The data of a test; gives the word it looked at.
    fn data(&mut self, test: &mut Primitive, header: Option<Header>) -> &'a str {
        let Some(word) = self.word() else { return "" };
        self.position += 1;
        let may_be_ip = header != Some(Header::Ether);
        match lookup(word, test.kind, test.protocol, self.names) {
            Found::Wrong(text) => {
                self.sink.error(text);
                test.kind = Kind::Bad;
                return word;
            }
            Found::Value(data, value) => {
                (test.data, test.value) = (data, value);
                return word;
            }
            Found::Nothing | Found::Type(_) => {}
        }
        if let Some(value) = literal::integer(word) {
            (test.data, test.value) = (Kind::Int, value);
        } else if let Some(address) = self.address(word).filter(|_| may_be_ip) {
            self.host_or_net(test, word, address);
        } else if let Some(prefix) = self.prefix(word).filter(|_| may_be_ip) {
            test.data = Kind::Net;
            (test.value, test.mask) = prefix;
        } else if let Some(mac) = self.mac(word).filter(|_| header != Some(Header::Ip)) {
            (test.data, test.mac) = (Kind::Ether, mac);
        } else {
            if test.operator != Operator::Equal || test.negated {
                self.sink.error(format!("dangling operator near '{word}'"));
            }
            self.position -= 1;
        }
        word
    }

    fn host_or_net(&mut self, test: &mut Primitive, word: &str, address: u32) {
        (test.data, test.value) = (Kind::Host, address);
        let mask = self.words.get(self.position + 1);
        if let (Some("mask"), Some(mask)) = (self.word(), mask.and_then(|w| self.address(w))) {
            self.position += 2;
            (test.data, test.mask) = (Kind::Net, mask);
        } else if let Some(prefix) = self.prefix(word).filter(|_| test.kind == Kind::Net) {
            test.data = Kind::Net;
            (test.value, test.mask) = prefix;
        }
    }
}

/// `POS`, `POS:LEN` or `FIRST,LAST` as position and length in bytes.
fn parse_range(text: &str) -> Option<(i64, i64)> {
    let number = |text: &str| literal::integer(text).map(|value| i64::from(value as i32));
    if let Some((position, length)) = text.split_once(':').filter(|(_, rest)| !rest.is_empty()) {
        return Some((number(position)?, number(length)?));
    }
    if let Some((first, last)) = text.split_once(',').filter(|(_, rest)| !rest.is_empty()) {
        let first = number(first)?;
        return Some((first, number(last)? - first + 1));
    }
    Some((number(text)?, 1))
}
