//! The conversation of protocol 1.3: buffers, lines and data, without any socket.

use super::commands::{self, Rights};
use weft_core::{Router, Ticket};

/// Longest command line, in bytes.
const LONGEST_LINE: usize = 1 << 20;
/// Longest data with a command, in bytes.
pub const LONGEST_DATA: usize = 16 << 20;

/// What is heard and not understood yet, and what is said and not taken yet.
pub struct Session {
    input: Vec<u8>,
    at: usize,
    output: Vec<u8>,
    sent: usize,
    ended: bool,
    /// The last line ended with CR: an LF that comes next belongs to it.
    skip_newline: bool,
    /// How far the search for the end of data has come, from `at`.
    searched: usize,
    /// A call that is being answered; what was said after it waits.
    pending: Option<Pending>,
}

/// A call that is answered later.
pub struct Pending {
    /// For the answer.
    pub ticket: Ticket,
    /// Whether the handler is written.
    pub write: bool,
    /// Its full name.
    pub name: String,
}

/// Data wanted by a command.
pub enum Data {
    /// Here it is.
    There(Vec<u8>),
    /// It has not come yet.
    Missing,
    /// It will never come; the client was told so.
    Never,
}

impl Session {
    /// A conversation that begins with the greeting.
    pub fn new() -> Self {
        Session {
            input: Vec::new(),
            at: 0,
            output: b"Click::ControlSocket/1.3\r\n".to_vec(),
            sent: 0,
            ended: false,
            skip_newline: false,
            searched: 0,
            pending: None,
        }
    }

    /// Takes in what the client said.
    pub fn hear(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.input.drain(..self.at);
            self.at = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// The client says no more.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the client says no more.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Whether the client says no more and all it said was dealt with.
    pub fn is_over(&self) -> bool {
        self.ended && self.at == self.input.len() && self.pending.is_none()
    }

    /// Answers nothing more until this call is answered.
    pub fn wait_for(&mut self, call: Pending) {
        self.pending = Some(call);
    }

    /// Whether a call is being answered.
    pub fn is_waiting(&self) -> bool {
        self.pending.is_some()
    }

    /// Forgets a call that is being answered: the client is gone.
    pub fn forget(&mut self, router: &mut Router) {
        if let Some(call) = self.pending.take() {
            router.forget_call(call.ticket);
        }
    }

    /// Takes the answer to a call that was waited for; false if it has not come.
    fn take_answer(&mut self, router: &mut Router) -> bool {
        let Some(call) = self.pending.take() else {
            return true;
        };
        match router.take_answer(call.ticket) {
            Some(outcome) => {
                commands::finish(self, call.write, &call.name, outcome);
                true
            }
            None => {
                self.pending = Some(call);
                false
            }
        }
    }

    /// What the client is still to be told.
    pub fn waiting(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// The client took `count` bytes of that.
    pub fn told(&mut self, count: usize) {
        self.sent += count;
        if self.sent == self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
    }

    /// Ends the conversation from this side.
    pub fn hang_up(&mut self) {
        self.ended = true;
        self.input.clear();
        self.at = 0;
    }

    /// Answers with lines, each under `code`.
    pub fn answer(&mut self, code: u16, lines: &[impl AsRef<str>]) {
        for (index, line) in lines.iter().enumerate() {
            let mark = if index + 1 < lines.len() { '-' } else { ' ' };
            let line = printable(line.as_ref());
            let text = format!("{code}{mark}{line}\r\n");
            self.output.extend_from_slice(text.as_bytes());
        }
    }

    /// Adds the value of a handler to an answer.
    pub fn answer_data(&mut self, data: &[u8]) {
        let head = format!("DATA {}\r\n", data.len());
        self.output.extend_from_slice(head.as_bytes());
        self.output.extend_from_slice(data);
    }

    /// Runs the next command; false when there is none yet.
    pub fn step(&mut self, router: &mut Router, rights: &Rights, own: &(&str, String)) -> bool {
        if !self.take_answer(router) {
            return false;
        }
        if std::mem::take(&mut self.skip_newline) && self.input.get(self.at) == Some(&b'\n') {
            self.at += 1;
        }
        let Some(line) = self.line() else {
            return false;
        };
        let start = self.at;
        self.at += line.len();
        let text = String::from_utf8_lossy(&line).into_owned();
        if !commands::run(self, &text, router, rights, own) {
            self.at = start;
            return false;
        }
        self.searched = 0;
        self.skip_newline = line.last() == Some(&b'\r') && self.at == self.input.len();
        true
    }

    /// The next line with its end.
    fn line(&mut self) -> Option<Vec<u8>> {
        let rest = &self.input[self.at..];
        match line_end(rest) {
            Some((_, next)) => Some(rest[..next].to_vec()),
            None if self.ended && !rest.is_empty() => Some(rest.to_vec()),
            None if rest.len() > LONGEST_LINE => {
                self.answer(500, &["Line too long"]);
                self.hang_up();
                None
            }
            None => None,
        }
    }

    /// The `count` bytes behind the command.
    pub fn data(&mut self, count: usize) -> Data {
        match self.input.get(self.at..self.at.saturating_add(count)) {
            Some(data) => {
                let data = data.to_vec();
                self.at += count;
                Data::There(data)
            }
            None => self.missing(),
        }
    }

    /// The lines behind the command up to the one that is `end`.
    pub fn data_until(&mut self, end: &str) -> Data {
        let rest = &self.input[self.at..];
        let mut at = self.searched;
        while let Some((length, next)) = line_end(&rest[at..]) {
            if rest[at..at + length].trim_ascii_end() == end.as_bytes() {
                let data = rest[..at].to_vec();
                self.at += at + next;
                return Data::There(data);
            }
            at += next;
        }
        self.searched = at;
        if rest.len() > LONGEST_DATA {
            self.answer(521, &["Data too large"]);
            self.hang_up();
            return Data::Never;
        }
        self.missing()
    }

    fn missing(&mut self) -> Data {
        if !self.ended {
            return Data::Missing;
        }
        self.answer(500, &["Not enough data"]);
        Data::Never
    }
}

/// Length of the line at the start of `text`, and where the next one starts.
fn line_end(text: &[u8]) -> Option<(usize, usize)> {
    let length = text.iter().position(|c| matches!(c, b'\r' | b'\n'))?;
    let both = text[length..].starts_with(b"\r\n");
    Some((length, length + 1 + usize::from(both)))
}

/// `text` without control characters, which a line of an answer cannot hold.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\u{1f}' => {
                out.push('^');
                out.push(char::from(c as u8 + 64));
            }
            '\u{7f}' => out.push_str("\\177"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::load;
    use weft_core::Random;

    const RIGHTS: Rights = Rights {
        read_only: false,
        proxy: None,
    };

    /// Pieces that conversations are made of, and some that they are not.
    const PIECES: &[&[u8]] = &[
        b"READ ",
        b"WRITE ",
        b"READDATA ",
        b"WRITEDATA ",
        b"READUNTIL ",
        b"CHECKREAD ",
        b"LLRPC ",
        b"c.count",
        b"s.run",
        b"c.reset",
        b"1.",
        b".",
        b"#",
        b"5",
        b"-1",
        b"99999999999999999999",
        b" ",
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff\xfe",
        b"END",
        b"hotconfig x :: Y",
        b"QUIT",
        b"transaction",
        b"s.sprintf %9999d 1",
        b"s.goto end",
        b"\t\x0b",
    ];

    #[test]
    fn no_conversation_ends_in_a_panic() {
        let mut router = load(
            "InfiniteSource(LIMIT 1) -> c :: Counter -> Discard; s :: Script(TYPE PASSIVE, return $args)",
        );
        let mut random = Random::seeded(7);
        for _ in 0..2000 {
            let mut session = Session::new();
            for _ in 0..random.below(30) {
                let piece = PIECES[random.below(PIECES.len() as u64) as usize];
                session.hear(piece);
                if random.below(3) == 0 {
                    while session.step(&mut router, &RIGHTS, &("", String::new())) {}
                }
            }
            session.end();
            while session.step(&mut router, &RIGHTS, &("", String::new())) {}
            assert!(session.is_over(), "something was left unanswered");
            assert!(
                session
                    .waiting()
                    .starts_with(b"Click::ControlSocket/1.3\r\n")
            );
        }
    }
}
