//! Port lists: `[0]`, `[0, 2]`, `[0-3]`, `[1,]`, `[]`.

use super::pairing::Ports;
use super::{CONNECTION_LIMIT, Parser};
use crate::lexer::{Kind, Token};
use crate::value::parse_unsigned;

/// Highest port number.
const PORT_LIMIT: u64 = 0xffff;

impl Parser<'_> {
    /// Reads `[0]`, `[0, 2]`, `[0-3]`, `[1,]`, `[]`, or nothing.
    pub(super) fn ports(&mut self) -> Ports {
        let mut ports = Ports::default();
        if !self.accept(Kind::Byte(b'[')) {
            return ports;
        }
        loop {
            let token = self.lex();
            match token.kind {
                Kind::Ident => self.port_range(&token, &mut ports),
                Kind::Byte(b']') => {
                    if ports.list.is_empty() {
                        ports.list.push(0);
                    }
                    ports.open = true;
                    return ports;
                }
                _ => {
                    self.error("syntax error: expected port number");
                    self.unlex(token);
                    return ports;
                }
            }
            let token = self.lex();
            if token.is_byte(b']') {
                return ports;
            } else if !token.is_byte(b',') {
                self.error("syntax error: expected ','");
                self.unlex(token);
            }
        }
    }

    fn port_range(&mut self, first: &Token, ports: &mut Ports) {
        let first = self.port_number(first);
        if !self.accept(Kind::Byte(b'-')) {
            ports.list.push(first);
            return;
        }
        let token = self.lex();
        if !token.is(Kind::Ident) {
            self.error("syntax error: expected port number");
            self.unlex(token);
            return;
        }
        let last = self.port_number(&token);
        if last < first {
            self.error(format!("syntax error: bad port range {first}-{last}"));
        }
        self.ports += (last.saturating_sub(first)) as usize;
        if self.ports > CONNECTION_LIMIT {
            self.fatal(format!("too many ports (limit {CONNECTION_LIMIT})"));
            return;
        }
        ports.list.extend(first..=last);
    }

    fn port_number(&mut self, token: &Token) -> u32 {
        match parse_unsigned(&token.text) {
            Ok(port) if port <= PORT_LIMIT => port as u32,
            Ok(port) => {
                self.error(format!("port number {port} too large, bound {PORT_LIMIT}"));
                0
            }
            Err(_) => {
                self.error("syntax error: port number should be integer");
                0
            }
        }
    }
}
