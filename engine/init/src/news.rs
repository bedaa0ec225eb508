//! What an engine that runs says about its components, line by line, on its ready pipe.

use crate::journal::log;

const LONGEST_LINE: usize = 4096;

/// One such line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Which component.
    pub key: String,
    pub event: Event,
}

/// What has happened to a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has connected, and no element of the graph is for it yet.
    Waiting,
    /// It is given packets.
    Ready,
    /// Its connection has ended, and why.
    Gone(String),
    /// It is to be killed, and why.
    Kill(String),
}

/// Takes lines apart.
pub struct Hearing {
    line: Vec<u8>,
    /// The line is too long; the rest of it goes nowhere.
    skips: bool,
    complained: bool,
    news: Vec<News>,
}

impl Hearing {
    /// Begins with what has been read already.
    pub fn new(first: &[u8]) -> Self {
        let mut hearing = Self {
            line: Vec::new(),
            skips: false,
            complained: false,
            news: Vec::new(),
        };
        hearing.take(first);
        hearing
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte == b'\n' {
                self.end_line();
            } else if self.line.len() < LONGEST_LINE {
                self.line.push(*byte);
            } else {
                self.skips = true;
            }
        }
    }

    /// What has been understood since the last time.
    pub fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let skipped = std::mem::take(&mut self.skips);
        let text = String::from_utf8_lossy(&line);
        match understand(&text) {
            Some(news) if !skipped => self.news.push(news),
            _ if !self.complained => {
                self.complained = true;
                let shown: String = text.chars().take(80).collect();
                log(&format!(
                    "the engine said {shown:?}, which means nothing here"
                ));
            }
            _ => {}
        }
    }
}

fn understand(line: &str) -> Option<News> {
    let mut words = line.strip_prefix("component ")?.splitn(3, ' ');
    let (key, what, reason) = (words.next()?, words.next()?, words.next());
    let reason = || reason.filter(|reason| !reason.is_empty()).map(String::from);
    let event = match what {
        "waiting" => Event::Waiting,
        "ready" => Event::Ready,
        "gone" => Event::Gone(reason().unwrap_or_default()),
        "kill" => Event::Kill(reason()?),
        _ => return None,
    };
    Some(News {
        key: key.into(),
        event,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(key: &str, event: Event) -> News {
        News {
            key: key.into(),
            event,
        }
    }

    #[test]
    fn lines_are_understood_even_in_pieces() {
        let mut hearing = Hearing::new(b"component a waiting\ncompon");
        assert_eq!(hearing.news(), [news("a", Event::Waiting)]);
        hearing.take(b"ent a.2 ready\ncomponent a gone the process died\ncomponent b kill hung");
        assert_eq!(
            hearing.news(),
            [
                news("a.2", Event::Ready),
                news("a", Event::Gone("the process died".into())),
            ]
        );
        hearing.take(b" for 1 s\n");
        assert_eq!(
            hearing.news(),
            [news("b", Event::Kill("hung for 1 s".into()))]
        );
    }

    #[test]
    fn nonsense_is_passed_over() {
        let mut hearing = Hearing::new(b"nonsense\ncomponent\ncomponent a\ncomponent a kill\n\n");
        hearing.take(&[b'x'; 3 * LONGEST_LINE]);
        assert_eq!(hearing.line.len(), LONGEST_LINE);
        hearing.take(b"\ncomponent a x\ncomponent a ready\n");
        assert_eq!(hearing.news(), [news("a", Event::Ready)]);
    }
}
