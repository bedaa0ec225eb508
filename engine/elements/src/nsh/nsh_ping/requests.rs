//! Echo requests on their way: what they ask for, which wait for a reply, and how they ended.

use crate::nsh::oam_packet::Path;
use std::collections::BTreeMap;
use std::net::IpAddr;
use weft_core::{SECOND, Ticket};
use weft_lang::value::Seconds;
use weft_lang::{Args, NoNames};
use weft_wire::nsh::DEFAULT_TTL;
use weft_wire::nsh::oam::code;

/// The most requests that may wait at a time.
const MOST: usize = 1024;

/// What a request is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path it takes.
    pub path: Path,
    /// Its TTL.
    pub ttl: u8,
    /// How long its reply may take, in nanoseconds.
    pub timeout: u64,
    /// The path of its reply, where that is told.
    pub reply: Option<Path>,
}

impl Asked {
    /// Reads `SPI[/SI] [TTL n] [TIMEOUT seconds] [REPLY SPI[/SI]]`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Asked, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (path, keywords) = words.split_at(words.len().min(1));
        let path = path.iter().map(|path| path.to_string());
        let arguments = path.chain(keywords.chunks(2).map(|pair| pair.join(" ")));
        let mut args = Args::from_list(arguments.collect(), &NoNames);
        let path = args.mandatory("PATH");
        let ttl: u32 = args.keyword("TTL", DEFAULT_TTL.into());
        let ttl = args.within("TTL", ttl, 0, 63);
        let Seconds(timeout) = args.keyword("TIMEOUT", Seconds(SECOND));
        let reply = args.keyword_opt("REPLY");
        args.complete().map_err(|problems| problems.join("; "))?;
        Ok(Asked {
            path,
            ttl: ttl as u8,
            timeout,
            reply,
        })
    }
}

/// A request that waits for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who is told how it ends.
    pub waiting: Option<Ticket>,
    /// When it was sent, in nanoseconds of steady time.
    pub sent: u64,
    /// When it ends without reply.
    pub until: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody answered in time.
    Timeout {
        /// Its number.
        sequence: u32,
    },
    /// It was answered.
    Reply {
        /// Its number.
        sequence: u32,
        /// Return code.
        code: u8,
        /// Return subcode.
        subcode: u8,
        /// Who answered, where the reply tells.
        from: Option<IpAddr>,
        /// Time from the request to the reply, in nanoseconds.
        rtt_ns: u64,
    },
}

impl Outcome {
    /// As JSON.
    pub fn to_json(self) -> String {
        match self {
            Outcome::Timeout { sequence } => {
                format!(r#"{{"outcome": "timeout", "sequence": {sequence}}}"#)
            }
            Outcome::Reply {
                sequence,
                code,
                subcode,
                from,
                rtt_ns,
            } => {
                let meaning = code::text(code);
                let from = from.map_or("null".to_string(), |address| format!("\"{address}\""));
                format!(
                    r#"{{"outcome": "reply", "sequence": {sequence}, "code": {code}, "subcode": {subcode}, "meaning": "{meaning}", "from": {from}, "rtt_ns": {rtt_ns}}}"#
                )
            }
        }
    }
}

/// All requests that wait, by their numbers.
#[derive(Debug, Default)]
pub struct Requests {
    handle: u32,
    next: u32,
    waiting: BTreeMap<u32, Request>,
    sent: u64,
    received: u64,
}

impl Requests {
    /// None yet; they bear `handle`, and numbers from `first` on.
    pub fn new(handle: u32, first: u32) -> Self {
        Requests {
            handle,
            next: first,
            ..Requests::default()
        }
    }

    /// The sender's mark.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// Requests sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Requests answered so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Enters a request; gives its number.
    ///
    /// # Errors
    /// When too many wait.
    pub fn add(&mut self, request: Request) -> Result<u32, String> {
        if self.waiting.len() == MOST {
            return Err(format!("{MOST} requests wait for replies; wait for some"));
        }
        let sequence = self.next;
        self.next = sequence.wrapping_add(1);
        self.waiting.insert(sequence, request);
        self.sent += 1;
        Ok(sequence)
    }

    /// Takes a request back that could not be sent.
    pub fn take(&mut self, sequence: u32) {
        if self.waiting.remove(&sequence).is_some() {
            self.sent -= 1;
        }
    }

    /// A request leaves just now.
    pub fn note_sent(&mut self, sequence: u32, now: u64) {
        if let Some(request) = self.waiting.get_mut(&sequence) {
            request.sent = now;
        }
    }

    /// The request that a reply belongs to; it waits no longer.
    pub fn answered(&mut self, sequence: u32) -> Option<Request> {
        let request = self.waiting.remove(&sequence)?;
        self.received += 1;
        Some(request)
    }

    /// A request whose time is over at `now`.
    pub fn ended(&mut self, now: u64) -> Option<(u32, Request)> {
        let (&sequence, _) = self.waiting.iter().find(|(_, r)| r.until <= now)?;
        self.waiting.remove_entry(&sequence)
    }

    /// When the next request ends without reply.
    pub fn next_end(&self) -> Option<u64> {
        self.waiting.values().map(|request| request.until).min()
    }

    /// Takes all requests away.
    pub fn take_all(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(until: u64) -> Request {
        Request {
            waiting: None,
            sent: 0,
            until,
        }
    }

    #[test]
    fn what_is_asked_is_read() {
        let asked = Asked::parse("10/254 TTL 3 TIMEOUT 0.5 REPLY 110").unwrap();
        let expected = Asked {
            path: Path(10, 254),
            ttl: 3,
            timeout: SECOND / 2,
            reply: Some(Path(110, 255)),
        };
        assert_eq!(asked, expected);
        let plain = Asked::parse("16777215").unwrap();
        assert_eq!((plain.path, plain.ttl), (Path(0xff_ffff, 255), 63));
        assert_eq!((plain.timeout, plain.reply), (SECOND, None));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let path = "PATH: should be SPI or SPI/SI, with an SPI of at most 16777215 and an SI of at most 255";
        for text in ["16777216", "1/256", "x", "1/"] {
            assert_eq!(Asked::parse(text).unwrap_err(), path, "{text}");
        }
        let missing = Asked::parse("").unwrap_err();
        assert_eq!(missing, "PATH: required argument missing");
        let ttl = Asked::parse("1 TTL 64").unwrap_err();
        assert_eq!(ttl, "TTL: out of range, bound 63");
        let unknown = Asked::parse("1 TTL 3 SPEED 1").unwrap_err();
        assert_eq!(unknown, "SPEED: unknown argument");
    }

    #[test]
    fn requests_end_once() {
        let mut requests = Requests::new(7, u32::MAX);
        assert_eq!(requests.add(until(10)), Ok(u32::MAX));
        assert_eq!(requests.add(until(5)), Ok(0));
        assert_eq!(requests.next_end(), Some(5));
        assert_eq!(requests.ended(4), None);
        assert_eq!(requests.ended(5), Some((0, until(5))));
        assert_eq!(requests.answered(0), None);
        requests.note_sent(u32::MAX, 3);
        let answered = Request {
            sent: 3,
            ..until(10)
        };
        assert_eq!(requests.answered(u32::MAX), Some(answered));
        assert_eq!(requests.answered(u32::MAX), None);
        let counts = (requests.handle(), requests.sent(), requests.received());
        assert_eq!(counts, (7, 2, 1));
        assert_eq!(requests.next_end(), None);
    }

    #[test]
    fn only_so_many_wait() {
        let mut requests = Requests::new(7, 0);
        for _ in 0..MOST {
            requests.add(until(1)).unwrap();
        }
        let refusal = requests.add(until(1)).unwrap_err();
        assert_eq!(refusal, "1024 requests wait for replies; wait for some");
        requests.take(3);
        assert_eq!((requests.add(until(1)), requests.sent()), (Ok(1024), 1024));
        assert_eq!(requests.take_all().len(), MOST);
    }

    #[test]
    fn outcomes_are_json() {
        let timeout = Outcome::Timeout { sequence: 3 };
        assert_eq!(
            timeout.to_json(),
            r#"{"outcome": "timeout", "sequence": 3}"#
        );
        let reply = Outcome::Reply {
            sequence: 3,
            code: 5,
            subcode: 0,
            from: Some("192.0.2.1".parse().unwrap()),
            rtt_ns: 1200,
        };
        let expected = r#"{"outcome": "reply", "sequence": 3, "code": 5, "subcode": 0, "meaning": "end of the path", "from": "192.0.2.1", "rtt_ns": 1200}"#;
        assert_eq!(reply.to_json(), expected);
    }
}
