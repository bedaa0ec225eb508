//! # FromIPSummaryDump(FILENAME [, *keywords* STOP, TIMING, ACTIVE, ZERO, CHECKSUM, PROTO, MULTIPACKET, SAMPLE, FIELDS, FLOWID, ALLOW_NONEXISTENT, DATA, BURST])
//!
//! Makes packets from an IP summary: a line of text for each, as ToIPSummaryDump writes them. What
//! a line does not say is zero, but for the header lengths, the protocol (TCP) and the time to live
//! (100). Packets are usually shorter than the lengths they give; the extra-length annotation holds
//! the difference.
//!
//! ## Ports
//! One agnostic output.
//!
//! ## Arguments
//! - `FILENAME` *filename*: the file, plain or gzip-compressed; `-` is standard input.
//! - `STOP` *boolean* (false): asks the driver to stop at the end.
//! - `TIMING` *boolean* (false): keeps the delays between packets.
//! - `ACTIVE` *boolean* (true): when false, nothing is read.
//! - `ZERO` *boolean* (true): accepted; bytes that are not given are always zero.
//! - `CHECKSUM` *boolean* (false): completes packets to their length, with checksums.
//! - `PROTO` *integer* (6): IP protocol of packets that give none.
//! - `MULTIPACKET` *boolean* (false): makes as many packets from a line as its `count` says.
//! - `SAMPLE` *number between 0 and 1* (1): the probability with which a packet is taken.
//! - `FIELDS` *field names*: the columns, where the file does not say; `CONTENTS`,
//!   `DEFAULT_CONTENTS` and `DEFAULT_FIELDS` mean the same. See ToIPSummaryDump.
//! - `FLOWID` *source address, port, destination address, port [, protocol]*: where the file does
//!   not say, separated by spaces; `DEFAULT_FLOWID` means the same.
//! - `ALLOW_NONEXISTENT` *boolean* (false): a file that is not there is empty.
//! - `DATA` *string*: the text itself, in place of FILENAME.
//! - `BURST` *integer*: packets made per scheduling. The default is 32 when nothing else has work to
//!   do and no queue follows, else 1.
//!
//! ## Handlers
//! - `active` (rw): as the argument.
//! - `encap` (r): `IP`.
//! - `filename`, `filesize`, `filepos` (r): the file, its size in bytes or `-`, and the position.
//! - `sampling_prob` (r): the probability that SAMPLE gave.
//! - `stop` (w): ends, and asks the driver to stop.
//!
//! ## Example
//! ```click
//! FromIPSummaryDump(in.dump, STOP true, CHECKSUM true) -> c :: Counter -> Discard;
//! ```
//!
//! ## See also
//! ToIPSummaryDump, FromDump

use super::summary::{BANNER, Defaults, Draft, Field, VERSION, parse_protocol};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Router, Task, Value,
    argument, downcast, reader, writer,
};
use weft_io::Lines;
use weft_lang::value::{AnyText, Filename, Fixed, unparse_fixed};
use weft_lang::{split_words, unquote_text};

const SAMPLE_BITS: u32 = 28;
const SAMPLE_ONE: u32 = 1 << SAMPLE_BITS;
/// Packets per scheduling when nobody can tell.
const BURST: usize = 32;
/// Lines looked at per scheduling.
const LOOKED_AT: usize = 1024;
/// The most packets made from one line.
const MOST_COPIES: u64 = 1 << 16;
const EXTRA_LENGTH: usize = 28;
const EXTRA_PACKETS: usize = 24;

/// Registers FromIPSummaryDump.
pub static CLASS: Class = Class {
    ports: "0/1",
    processing: "/a",
    ip_header: IpHeader::Sets,
    arguments: &[
        argument("FILENAME", Place::Optional, "filename", ""),
        argument("STOP", Place::Keyword, "boolean", "false"),
        argument("TIMING", Place::Keyword, "boolean", "false"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("ZERO", Place::Keyword, "boolean", "true"),
        argument("CHECKSUM", Place::Keyword, "boolean", "false"),
        argument("PROTO", Place::Keyword, "integer", "6"),
        argument("MULTIPACKET", Place::Keyword, "boolean", "false"),
        argument("SAMPLE", Place::Keyword, "number between 0 and 1", "1"),
        argument("FIELDS", Place::Keyword, "field names", ""),
        argument("CONTENTS", Place::Keyword, "field names", ""),
        argument("DEFAULT_FIELDS", Place::Keyword, "field names", ""),
        argument("DEFAULT_CONTENTS", Place::Keyword, "field names", ""),
        argument("FLOWID", Place::Keyword, "flow", ""),
        argument("DEFAULT_FLOWID", Place::Keyword, "flow", ""),
        argument("ALLOW_NONEXISTENT", Place::Keyword, "boolean", "false"),
        argument("DATA", Place::Keyword, "string", ""),
        argument("BURST", Place::Keyword, "integer", ""),
    ],
    handlers: &[
        reader!(
            FromIPSummaryDump,
            "active",
            Value::Bool,
            "",
            "Whether packets are made",
            |f, _, _| Ok(f.active.to_string())
        )
        .also_write(writer!(
            FromIPSummaryDump,
            "active",
            Value::Bool,
            "",
            "",
            |f, call, router| {
                f.active = call.value().map_err(|_| "type mismatch")?;
                f.ended &= !f.active;
                f.wake(router);
                Ok(())
            }
        )),
        reader!(
            FromIPSummaryDump,
            "encap",
            Value::Text,
            "",
            "What the first header of each packet is",
            |_, _, _| Ok("IP".to_string())
        ),
        reader!(
            FromIPSummaryDump,
            "filename",
            Value::Text,
            "",
            "The file",
            |f, _, _| Ok(f
                .lines
                .as_ref()
                .map_or_else(|| f.path.clone(), |l| l.name().into()))
        ),
        reader!(
            FromIPSummaryDump,
            "filesize",
            Value::Text,
            "bytes",
            "Size of the file, or -",
            |f, _, _| {
                let size = f.lines.as_ref().and_then(Lines::size);
                Ok(size.map_or("-".into(), |s| s.to_string()))
            }
        ),
        reader!(
            FromIPSummaryDump,
            "filepos",
            Value::Unsigned,
            "bytes",
            "Position in the file",
            |f, _, _| Ok(f.lines.as_ref().map_or(0, Lines::position).to_string())
        ),
        reader!(
            FromIPSummaryDump,
            "sampling_prob",
            Value::Real,
            "",
            "Probability with which a packet is taken",
            |f, _, _| Ok(unparse_fixed(f.sample, SAMPLE_BITS))
        ),
        writer!(
            FromIPSummaryDump,
            "stop",
            Value::Button,
            "",
            "Ends, and asks the driver to stop",
            |f, _, router| {
                f.active = false;
                router.request_stop();
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "DATA \"!data ip_src ip_dst ip_proto sport\\n1.2.3.4 5.6.7.8 T 80\\n\"",
        "DATA \"!data ip_len payload tcp_flags count\\n99999 \\\"a b\\\" SA 3\\n\", CHECKSUM true, \
         MULTIPACKET true",
    ],
    ..Class::agnostic("FromIPSummaryDump", "analysis", build)
};

struct FromIPSummaryDump {
    path: String,
    data: Option<Vec<u8>>,
    lines: Option<Lines>,
    fields: Vec<Option<&'static Field>>,
    defaults: Defaults,
    stop: bool,
    timing: bool,
    active: bool,
    checksum: bool,
    multipacket: bool,
    allow_nonexistent: bool,
    sample: u32,
    burst: Option<usize>,
    /// Packets made that are still to be emitted, in reverse order.
    ready: Vec<Packet>,
    /// With TIMING: steady time, and timestamp, of the packet that came at once.
    origin: Option<(u64, u64)>,
    ended: bool,
    complained: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let path: Option<Filename> = args.positional_opt("FILENAME");
    let stop = args.keyword("STOP", false);
    let timing = args.keyword("TIMING", false);
    let active = args.keyword("ACTIVE", true);
    let _ = args.keyword("ZERO", true);
    let checksum = args.keyword("CHECKSUM", false);
    let protocol = args.keyword("PROTO", 6u8);
    let multipacket = args.keyword("MULTIPACKET", false);
    let mut sample = args.keyword("SAMPLE", Fixed::<SAMPLE_BITS>(SAMPLE_ONE)).0;
    let mut first = |names: [&str; 4]| {
        let values = names.map(|name| args.keyword_opt::<AnyText>(name));
        values.into_iter().flatten().next().map(|text| text.0)
    };
    let columns = first(["FIELDS", "CONTENTS", "DEFAULT_FIELDS", "DEFAULT_CONTENTS"]);
    let flow: Option<AnyText> = args.keyword_opt("FLOWID");
    let default_flow: Option<AnyText> = args.keyword_opt("DEFAULT_FLOWID");
    let allow_nonexistent = args.keyword("ALLOW_NONEXISTENT", false);
    let data: Option<Vec<u8>> = args.keyword_opt("DATA");
    let burst: Option<u32> = args.keyword_opt("BURST");
    args.complete()?;

    let path = path.map(|p| p.0);
    let is_both = path.is_some() && data.is_some();
    if is_both {
        return Err(vec!["FILENAME and DATA conflict".into()]);
    }
    if path.is_none() && data.is_none() {
        return Err(vec!["FILENAME: required argument missing".into()]);
    }
    if sample > SAMPLE_ONE {
        configure.warn("SAMPLE probability reduced to 1");
        sample = SAMPLE_ONE;
    } else if sample == 0 {
        configure.warn("SAMPLE probability is 0; emitting no packets");
    }
    let mut element = FromIPSummaryDump {
        path: path.unwrap_or_default(),
        data,
        lines: None,
        fields: Vec::new(),
        defaults: Defaults {
            protocol,
            flow: None,
            aggregate: None,
            minor: VERSION.1,
        },
        stop,
        timing,
        active,
        checksum,
        multipacket,
        allow_nonexistent,
        sample,
        burst: burst.map(|b| b.max(1) as usize),
        ready: Vec::new(),
        origin: None,
        ended: false,
        complained: false,
    };
    if let Some(columns) = columns {
        for problem in element.set_fields(&columns) {
            configure.warn(problem);
        }
    }
    if let Some(flow) = flow.or(default_flow) {
        let words = split_words(&flow.0);
        element.set_flow(&words).map_err(|problem| vec![problem])?;
    }
    Ok(Box::new(element))
}

impl FromIPSummaryDump {
    fn wake(&self, router: &mut Router) {
        if router.output_is_push(0) {
            router.schedule();
        } else {
            router.wake_pullers();
        }
    }

    /// Takes over what the columns are; gives what is odd about them.
    fn set_fields(&mut self, names: &str) -> Vec<String> {
        let mut problems = Vec::new();
        self.fields = split_words(names)
            .iter()
            .map(|word| {
                let name = unquote_text(word);
                let field = Field::find(&name);
                match field {
                    None => problems.push(format!("unknown content type '{name}'")),
                    Some(field) if field.set.is_none() => {
                        problems.push(format!("content type '{name}' ignored on input"));
                    }
                    Some(_) => {}
                }
                field.filter(|f| f.set.is_some())
            })
            .collect();
        if self.fields.is_empty() {
            problems.push("no contents specified".into());
        }
        problems
    }

    fn set_flow(&mut self, words: &[String]) -> Result<(), String> {
        let bad = || "bad !flowid specification".to_string();
        let [
            source,
            source_port,
            destination,
            destination_port,
            rest @ ..,
        ] = words
        else {
            return Err(bad());
        };
        let address = |text: &str| match text {
            "-" => Some(0),
            _ => text.parse::<Ipv4Addr>().ok().map(u32::from),
        };
        let port = |text: &str| {
            if text == "-" {
                Some(0)
            } else {
                text.parse().ok()
            }
        };
        let flow = (|| {
            Some((
                address(source)?,
                port(source_port)?,
                address(destination)?,
                port(destination_port)?,
            ))
        })();
        self.defaults.flow = Some(flow.ok_or_else(bad)?);
        if let Some(protocol) = rest.first() {
            self.set_protocol(protocol, "!flowid")?;
        }
        Ok(())
    }

    fn set_protocol(&mut self, text: &str, line: &str) -> Result<(), String> {
        let known = parse_protocol(text).or(match text {
            "tcp" => Some(6),
            "udp" => Some(17),
            "icmp" => Some(1),
            _ => None,
        });
        self.defaults.protocol = known.ok_or_else(|| format!("bad protocol in {line}"))?;
        Ok(())
    }

    /// Acts on a line that begins with `!`; gives what is wrong with it.
    fn directive(&mut self, line: &str) -> Vec<String> {
        let words = split_words(line);
        let Some((name, rest)) = words.split_first() else {
            return Vec::new();
        };
        let outcome = match name.as_str() {
            "!data" | "!contents" => return self.set_fields(&rest.join(" ")),
            "!flowid" => self.set_flow(rest),
            "!proto" => match rest {
                [protocol] => self.set_protocol(protocol, "!proto"),
                _ => Err("bad !proto".to_string()),
            },
            "!aggregate" => match rest.first().map(|text| text.parse()) {
                Some(Ok(aggregate)) if rest.len() == 1 => {
                    self.defaults.aggregate = Some(aggregate);
                    Ok(())
                }
                _ => Err("bad !aggregate specification".to_string()),
            },
            "!binary" => Err("binary summaries are not supported".to_string()),
            BANNER => {
                let minor = rest.first().and_then(|v| v.split_once('.'));
                self.defaults.minor = minor.and_then(|v| v.1.parse().ok()).unwrap_or(VERSION.1);
                Ok(())
            }
            _ => Ok(()),
        };
        outcome.err().into_iter().collect()
    }

    fn tell(&self, problem: &str, router: &mut Router) {
        let landmark = self
            .lines
            .as_ref()
            .map_or_else(String::new, Lines::landmark);
        router.console.line(&format!("{landmark}: {problem}"));
    }

    /// The draft a line gives; `None` when it gives nothing that is understood.
    fn parse(&self, line: &str) -> Option<Draft> {
        let mut draft = Draft::new(&self.defaults);
        let mut understood = 0;
        for (word, field) in split_words(line).iter().zip(&self.fields) {
            let set = field.and_then(|f| f.set).filter(|_| word != "-");
            if set.is_some_and(|set| set(&mut draft, word).is_some()) {
                understood += 1;
            }
        }
        (understood > 0).then_some(draft)
    }

    /// Reads lines until packets are ready. False at the end.
    fn read(&mut self, router: &mut Router) -> bool {
        for _ in 0..LOOKED_AT {
            let Some(lines) = &mut self.lines else {
                return false;
            };
            let line = match lines.next_line() {
                Ok(Some(line)) => String::from_utf8_lossy(line).into_owned(),
                Ok(None) => return false,
                Err(problem) => {
                    router.console.line(&problem);
                    return false;
                }
            };
            if line.starts_with('!') {
                for problem in self.directive(&line) {
                    let word = if problem.contains("content type") {
                        "warning: "
                    } else {
                        ""
                    };
                    self.tell(&format!("{word}{problem}"), router);
                }
            } else if !line.trim().is_empty() && !line.starts_with('#') {
                match self.parse(&line) {
                    Some(draft) => self.make(&draft, router),
                    None => self.complain(router),
                }
            }
            if !self.ready.is_empty() {
                return true;
            }
        }
        true
    }

    fn complain(&mut self, router: &mut Router) {
        if std::mem::replace(&mut self.complained, true) {
            return;
        }
        let problem = if self.fields.is_empty() {
            "no '!data' provided"
        } else {
            "packet parse error"
        };
        self.tell(problem, router);
    }

    /// Makes the packet of a draft, or the packets it stands for.
    fn make(&mut self, draft: &Draft, router: &mut Router) {
        let made = draft.make(&self.defaults, self.checksum, &mut router.pool);
        let Some(mut packet) = made else {
            router.count_reason(weft_core::REASON_NO_BUFFER, 1);
            return;
        };
        let count = if self.multipacket {
            draft.count().min(MOST_COPIES)
        } else {
            1
        };
        if count > 1 {
            let extra = router.pool.annotation::<4>(&packet, EXTRA_LENGTH);
            let total = packet.len() as u64 + u64::from(u32::from_ne_bytes(extra));
            let each = (total / count).saturating_sub(packet.len() as u64) as u32;
            router
                .pool
                .set_annotation(&mut packet, EXTRA_PACKETS, &[0; 4]);
            router
                .pool
                .set_annotation(&mut packet, EXTRA_LENGTH, &each.to_ne_bytes());
        }
        for _ in 1..count {
            let copy = router.pool.duplicate(&packet);
            self.ready.push(copy);
        }
        self.ready.push(packet);
        if self.sample < SAMPLE_ONE {
            for packet in std::mem::take(&mut self.ready) {
                if (router.random.next_u64() as u32 & (SAMPLE_ONE - 1)) < self.sample {
                    self.ready.push(packet);
                } else {
                    router.pool.free(packet);
                }
            }
        }
    }

    /// Whether a packet of time `timestamp` may come now; if not, the timer is set.
    fn is_due(&mut self, timestamp: u64, router: &mut Router) -> bool {
        let now = router.clock.now();
        let (began, first) = *self.origin.get_or_insert((now, timestamp));
        let due = began.saturating_add(timestamp.saturating_sub(first));
        if due > now && due > router.clock.refresh() {
            router.set_timer(0, due);
            return false;
        }
        true
    }

    /// Adds at most `max` packets to `batch`. What the task does then.
    fn fill(&mut self, batch: &mut Batch, max: usize, router: &mut Router) -> Task {
        while batch.len() < max {
            if self.ready.is_empty() {
                if !self.read(router) {
                    if !batch.is_empty() {
                        return Task::Again;
                    }
                    self.finish(router);
                    return Task::Sleep;
                }
                if self.ready.is_empty() {
                    return Task::Again;
                }
            }
            let next = self.ready.last().map_or(0, Packet::timestamp);
            if self.timing && !self.is_due(next, router) {
                return Task::Sleep;
            }
            batch.extend(self.ready.pop());
        }
        Task::Again
    }

    fn finish(&mut self, router: &mut Router) {
        if !std::mem::replace(&mut self.ended, true) && self.stop {
            router.request_stop();
        }
    }

    fn open(&mut self, router: &mut Router) -> Result<(), String> {
        if let Some(data) = &self.data {
            self.lines = Some(Lines::of(data));
            return Ok(());
        }
        if self.allow_nonexistent && !std::path::Path::new(&self.path).exists() {
            return Ok(());
        }
        let mut lines = Lines::open(&self.path)?;
        let first = lines.next_line()?.map(<[u8]>::to_vec);
        self.lines = Some(lines);
        let Some(first) = first else {
            if self.allow_nonexistent {
                return Ok(());
            }
            return Err(format!("{}: empty file", self.path));
        };
        let line = String::from_utf8_lossy(&first).into_owned();
        if line.starts_with('!') {
            for problem in self.directive(&line) {
                self.tell(&format!("warning: {problem}"), router);
            }
        } else if self.fields.is_empty() {
            let problem = "warning: missing banner line; is this an IP summary dump?";
            self.tell(problem, router);
        } else if let Some(draft) = self.parse(&line).filter(|_| !line.starts_with('#')) {
            self.make(&draft, router);
        }
        Ok(())
    }
}

impl Element for FromIPSummaryDump {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        if !(self.path == "-" && router.is_successor()) {
            self.open(router)?;
        }
        if self.active && router.output_is_push(0) {
            router.schedule();
        }
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let Ok(old) = downcast::<FromIPSummaryDump>(old) else {
            return;
        };
        if old.path != self.path || old.data != self.data {
            return;
        }
        router.pool.free_all(&mut self.ready);
        self.ready = std::mem::take(&mut old.ready);
        self.lines = old.lines.take();
        self.fields = std::mem::take(&mut old.fields);
        self.defaults = old.defaults.clone();
        self.origin = old.origin;
        self.ended = old.ended;
    }

    /// Never called: there is no input.
    fn push(&mut self, _port: usize, _batch: &mut Batch, _router: &mut Router) {}

    fn run_task(&mut self, router: &mut Router) -> Task {
        if !self.active {
            return Task::Sleep;
        }
        let most = match self.burst {
            Some(burst) => burst,
            None if router.runs_alone() => BURST,
            None => 1,
        };
        let mut batch = router.new_batch();
        let next = self.fill(&mut batch, most, router);
        router.emit_batch(0, batch);
        next
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        if self.active {
            let next = self.fill(&mut batch, max, router);
            if batch.is_empty() && next == Task::Again {
                router.wake_pullers();
            }
        }
        batch
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        if self.active {
            self.wake(router);
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        router.pool.free_all(&mut self.ready);
    }
}
