//! # FromDump(FILENAME [, TIMING, *keywords* STOP, ACTIVE, SAMPLE, FORCE_IP, START, START_AFTER, END, END_AFTER, INTERVAL, END_CALL, FILEPOS, MMAP, BURST])
//!
//! Reads packets from a capture file: classic pcap of either byte order, with microseconds or
//! nanoseconds, plain or gzip-compressed.
//!
//! Packets get the timestamps and, where the file holds only their beginnings, the extra-length
//! annotations the file gives.
//!
//! ## Ports
//! One agnostic output; with FORCE_IP a second, push, for packets that are not IP.
//!
//! ## Arguments
//! - `FILENAME` *filename*: the file; `-` is standard input.
//! - `TIMING` *boolean* (false): keeps the delays between packets. The first comes at once.
//! - `STOP` *boolean* (false): asks the driver to stop at the end.
//! - `ACTIVE` *boolean* (true): when false, nothing is read.
//! - `SAMPLE` *number between 0 and 1* (1): the probability with which a packet is taken.
//! - `FORCE_IP` *boolean* (false): lets only IP packets pass, with their header annotations set;
//!   always so for files of raw IP packets.
//! - `START` *time*, `START_AFTER` *interval*: begins at this time since 1970, or so long after the
//!   file's first packet.
//! - `END` *time*, `END_AFTER`, `INTERVAL` *interval*: ends there, or so long after the first packet
//!   in the file, or so long after the beginning.
//! - `END_CALL` *handler and value*: written at the end, in place of `active false`.
//! - `FILEPOS` *integer* (0): position in the file, in bytes, where a record begins.
//! - `MMAP` *boolean*: accepted and without effect.
//! - `BURST` *integer*: packets read per scheduling. The default is 32 when nothing else has work
//!   to do and no queue follows, else 1.
//!
//! ## Handlers
//! - `count` (r): packets emitted; `reset_counts` (w): sets it to zero.
//! - `active` (rw): as the argument.
//! - `encap` (r): what the first header of each packet is.
//! - `filename`, `filesize` (r): the file, and its size in bytes, or `-`.
//! - `filepos` (rw): position in the file; `packet_filepos` (r): that of the last packet emitted.
//! - `sampling_prob` (r): the probability that SAMPLE gave.
//! - `stop` (w): ends, and asks the driver to stop.
//! - `extend_interval` (w): moves the end on by an interval, and goes on.
//! - `reset_timing` (w): with TIMING, lets the next packet come at once.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap, STOP true) -> c :: Counter -> Discard;
//! ```
//!
//! ## See also
//! ToDump, FromDevice, FromIPSummaryDump

use super::force_ip;
use super::time_window::{Mark, Place as At, TimeWindow};
use weft_core::{
    Batch, Built, Call, Cells, Class, Configure, Element, IpHeader, Place, Router, Task, Value,
    argument, downcast, reader, writer,
};
use weft_io::pcap::{LinkType, Reader, Record};
use weft_lang::value::{AnyText, Filename, Fixed, Seconds, parse_seconds_ns, unparse_fixed};

/// Bits of fraction of the sampling probability.
const SAMPLE_BITS: u32 = 28;
const SAMPLE_ONE: u32 = 1 << SAMPLE_BITS;
/// Packets per scheduling when nobody can tell.
const BURST: usize = 32;
/// Records looked at per scheduling, taken or not.
const LOOKED_AT: usize = 1024;
/// The extra-length annotation.
const EXTRA_LENGTH: usize = 28;

/// Registers FromDump.
pub static CLASS: Class = Class {
    ports: "0/1-2",
    processing: "a/ah",
    flow: "x/y",
    ip_header: IpHeader::Clears,
    arguments: &[
        argument("FILENAME", Place::Mandatory, "filename", ""),
        argument("TIMING", Place::Optional, "boolean", "false"),
        argument("STOP", Place::Keyword, "boolean", "false"),
        argument("ACTIVE", Place::Keyword, "boolean", "true"),
        argument("SAMPLE", Place::Keyword, "number between 0 and 1", "1"),
        argument("FORCE_IP", Place::Keyword, "boolean", "false"),
        argument("START", Place::Keyword, "time", ""),
        argument("START_AFTER", Place::Keyword, "interval", ""),
        argument("END", Place::Keyword, "time", ""),
        argument("END_AFTER", Place::Keyword, "interval", ""),
        argument("INTERVAL", Place::Keyword, "interval", ""),
        argument("END_CALL", Place::Keyword, "handler and value", ""),
        argument("FILEPOS", Place::Keyword, "integer", "0"),
        argument("MMAP", Place::Keyword, "boolean", ""),
        argument("BURST", Place::Keyword, "integer", ""),
    ],
    handlers: &[
        reader!(
            FromDump,
            "count",
            Value::Unsigned,
            "packets",
            "Packets emitted",
            |f, _, _| Ok(f.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
        ),
        writer!(
            FromDump,
            "reset_counts",
            Value::Button,
            "",
            "Sets count to zero",
            |f, _, _| {
                if let Some(cells) = &f.cells {
                    cells.set(0, 0);
                }
                Ok(())
            }
        ),
        reader!(
            FromDump,
            "active",
            Value::Bool,
            "",
            "Whether packets are read",
            |f, _, _| Ok(f.active.to_string())
        )
        .also_write(writer!(
            FromDump,
            "active",
            Value::Bool,
            "",
            "",
            |f, call, router| {
                let active = call.value().map_err(|_| "type mismatch")?;
                f.set_active(active, router);
                Ok(())
            }
        )),
        reader!(
            FromDump,
            "encap",
            Value::Text,
            "",
            "What the first header of each packet is",
            |f, _, _| Ok(f.link_type.to_string())
        ),
        reader!(
            FromDump,
            "filename",
            Value::Text,
            "",
            "The file",
            |f, _, _| Ok(if f.path == "-" {
                "<stdin>".into()
            } else {
                f.path.clone()
            })
        ),
        reader!(
            FromDump,
            "filesize",
            Value::Text,
            "bytes",
            "Size of the file, or -",
            |f, _, _| {
                let size = f.reader.as_ref().and_then(Reader::size);
                Ok(size.map_or("-".into(), |s| s.to_string()))
            }
        ),
        reader!(
            FromDump,
            "filepos",
            Value::Unsigned,
            "bytes",
            "Position in the file",
            |f, _, _| Ok(f.reader.as_ref().map_or(0, Reader::position).to_string())
        )
        .also_write(writer!(
            FromDump,
            "filepos",
            Value::Unsigned,
            "bytes",
            "",
            |f, call, router| f.seek(call, router)
        )),
        reader!(
            FromDump,
            "packet_filepos",
            Value::Unsigned,
            "bytes",
            "Position of the last packet emitted",
            |f, _, _| Ok(f.packet_position.to_string())
        ),
        reader!(
            FromDump,
            "sampling_prob",
            Value::Real,
            "",
            "Probability with which a packet is taken",
            |f, _, _| Ok(unparse_fixed(f.sample, SAMPLE_BITS))
        ),
        writer!(
            FromDump,
            "stop",
            Value::Button,
            "",
            "Ends, and asks the driver to stop",
            |f, _, router| {
                f.set_active(false, router);
                router.request_stop();
                Ok(())
            }
        ),
        writer!(
            FromDump,
            "extend_interval",
            Value::Text,
            "s",
            "Moves the end on",
            |f, call, router| {
                let by = parse_seconds_ns(call.text.trim())
                    .map_err(|_| "'extend_interval' takes a time interval")?;
                f.window.extend(by);
                if f.end != End::None {
                    f.set_active(true, router);
                }
                Ok(())
            }
        ),
        writer!(
            FromDump,
            "reset_timing",
            Value::Button,
            "",
            "Lets the next packet come at once",
            |f, _, _| {
                f.window.fix();
                f.origin = None;
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "in.pcap",
        "in.pcap, TIMING true",
        "in.pcap, FORCE_IP true, SAMPLE 0.5",
    ],
    ..Class::agnostic("FromDump", "userlevel", build)
};

/// What happens at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    None,
    Stop,
    Deactivate,
    Write { target: String, value: String },
}

/// Why no more packets were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pause {
    /// The batch is full, or enough records were looked at.
    Enough,
    /// The next packet is not due: the timer is set.
    Early,
    /// The file, or the wanted part of it, has ended.
    End,
}

struct FromDump {
    path: String,
    reader: Option<Reader>,
    link_type: LinkType,
    timing: bool,
    active: bool,
    force_ip: bool,
    sample: u32,
    window: TimeWindow,
    end: End,
    start_position: Option<u64>,
    burst: Option<usize>,
    packet_position: u64,
    /// With TIMING: steady time, and timestamp, of the packet that came at once.
    origin: Option<(u64, u64)>,
    ended: bool,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let path: Filename = args.mandatory("FILENAME");
    let timing = args.positional("TIMING", false);
    let stop = args.keyword("STOP", false);
    let active = args.keyword("ACTIVE", true);
    let mut sample = args.keyword("SAMPLE", Fixed::<SAMPLE_BITS>(SAMPLE_ONE)).0;
    let force_ip = args.keyword("FORCE_IP", false);
    let time = |t: Option<Seconds>| t.map(|s| s.0).filter(|&ns| ns != 0);
    let start = time(args.keyword_opt("START"));
    let start_after = time(args.keyword_opt("START_AFTER"));
    let end = time(args.keyword_opt("END"));
    let end_after = time(args.keyword_opt("END_AFTER"));
    let interval = time(args.keyword_opt("INTERVAL"));
    let end_call: Option<AnyText> = args.keyword_opt("END_CALL");
    let start_position: Option<u64> = args.keyword_opt("FILEPOS");
    let _: Option<bool> = args.keyword_opt("MMAP");
    let burst: Option<u32> = args.keyword_opt("BURST");
    args.complete()?;

    let marks = [
        end.map(Mark::At),
        end_after.map(Mark::AfterFirst),
        interval.map(Mark::AfterStart),
    ];
    if start.is_some() && start_after.is_some() {
        return Err(vec!["START and START_AFTER are mutually exclusive".into()]);
    }
    if marks.iter().flatten().count() > 1 {
        let problem = "END, END_AFTER, and INTERVAL are mutually exclusive";
        return Err(vec![problem.into()]);
    }
    let start = start.map(Mark::At).or(start_after.map(Mark::AfterFirst));
    let window = TimeWindow::new(start, marks.into_iter().flatten().next());
    let end = match end_call {
        Some(_) if stop => {
            return Err(vec!["END_CALL and STOP are mutually exclusive".into()]);
        }
        Some(call) => parse_call(&call.0),
        None if stop => End::Stop,
        None if window.has_end() => End::Deactivate,
        None => End::None,
    };
    if sample > SAMPLE_ONE {
        configure.warn("SAMPLE probability reduced to 1");
        sample = SAMPLE_ONE;
    } else if sample == 0 {
        configure.warn("SAMPLE probability is 0; emitting no packets");
    }
    Ok(Box::new(FromDump {
        path: path.0,
        reader: None,
        link_type: LinkType::ETHERNET,
        timing,
        active,
        force_ip,
        sample,
        window,
        end,
        start_position: start_position.filter(|&p| p != 0),
        burst: burst.map(|b| b.max(1) as usize),
        packet_position: 0,
        origin: None,
        ended: false,
        cells: None,
    }))
}

/// A handler's name, then what is written to it.
fn parse_call(text: &str) -> End {
    let text = text.trim();
    let (target, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    End::Write {
        target: target.to_string(),
        value: value.trim().to_string(),
    }
}

impl FromDump {
    fn set_active(&mut self, active: bool, router: &mut Router) {
        self.active = active;
        if active {
            self.ended = false;
            self.wake(router);
        }
    }

    fn wake(&self, router: &mut Router) {
        if router.output_is_push(0) {
            router.schedule();
        } else {
            router.wake_pullers();
        }
    }

    fn seek(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let position = call
            .value()
            .map_err(|_| "argument must be file offset".to_string())?;
        if let Some(reader) = &mut self.reader {
            reader.seek(position)?;
        }
        self.ended = false;
        self.wake(router);
        Ok(())
    }

    fn take_link_type(&mut self) -> Result<(), String> {
        let Some(reader) = &self.reader else {
            return Ok(());
        };
        self.link_type = reader.link_type();
        if self.force_ip && !force_ip::is_known(self.link_type) {
            let (name, number) = (reader.name(), self.link_type.0);
            return Err(format!(
                "{name}: unknown linktype {number}; can't force IP packets"
            ));
        }
        self.force_ip |= self.link_type == LinkType::RAW_IP;
        Ok(())
    }

    /// What END_CALL names must be there and writable.
    fn check_end(&self, router: &mut Router) -> Result<(), String> {
        let End::Write { target, .. } = &self.end else {
            return Ok(());
        };
        let access = router.handler_access(target).map_err(|e| e.to_string())?;
        if access.writable {
            Ok(())
        } else {
            Err(format!("'{target}' is not a write handler"))
        }
    }

    /// Does what END_CALL or STOP says; once, until something gives new packets.
    fn finish(&mut self, router: &mut Router) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        match self.end.clone() {
            End::None => {}
            End::Stop => {
                self.active = false;
                router.request_stop();
            }
            End::Deactivate => self.active = false,
            End::Write { target, value } => {
                if let Err(problem) = self.write(&target, &value, router) {
                    let line = format!("{target}: {problem}");
                    router.console.line(&line);
                }
            }
        }
    }

    /// Writes a handler, which may be this element's own.
    fn write(&mut self, target: &str, value: &str, router: &mut Router) -> Result<(), String> {
        if let Some((element, handler)) = target.rsplit_once('.')
            && router.find_from_here(element) == Some(router.current())
        {
            let found = CLASS.handlers.iter().find(|h| h.name == handler);
            let write = found.and_then(|h| h.write).ok_or("no such write handler")?;
            let call = Call {
                handler,
                text: value,
            };
            return write(self, call, router);
        }
        router
            .write_handler(target, value)
            .map_err(|e| e.to_string())
    }

    /// The next record. A damaged file is told of, and ends.
    fn peek(&mut self, router: &mut Router) -> Option<Record> {
        match self.reader.as_mut()?.peek() {
            Ok(record) => record,
            Err(problem) => {
                router.console.line(&problem);
                None
            }
        }
    }

    fn skip(&mut self, record: &Record) {
        if let Some(reader) = &mut self.reader {
            reader.advance(record);
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

    /// Adds at most `max` packets to `batch`.
    fn fill(&mut self, batch: &mut Batch, max: usize, router: &mut Router) -> Pause {
        for _ in 0..LOOKED_AT {
            if batch.len() >= max {
                return Pause::Enough;
            }
            let Some(record) = self.peek(router) else {
                return Pause::End;
            };
            match self.window.place(record.timestamp) {
                At::Inside => {}
                At::Before => {
                    self.skip(&record);
                    continue;
                }
                // What came before must be on its way when the end is acted on.
                At::After if !batch.is_empty() => return Pause::Enough,
                At::After => {
                    self.window.ignore_end();
                    self.finish(router);
                    self.ended = false;
                    if !self.active {
                        self.skip(&record);
                        return Pause::Enough;
                    }
                    continue;
                }
            }
            if self.timing && !self.is_due(record.timestamp, router) {
                return Pause::Early;
            }
            let taken = self.sample == SAMPLE_ONE
                || (router.random.next_u64() as u32 & (SAMPLE_ONE - 1)) < self.sample;
            if taken {
                self.take(&record, batch, router);
            }
            self.skip(&record);
        }
        Pause::Enough
    }

    #[inline]
    fn take(&mut self, record: &Record, batch: &mut Batch, router: &mut Router) {
        let Some(reader) = &self.reader else { return };
        let Some(mut packet) = router.pool.copy_in(reader.data(record)) else {
            router.count_reason(weft_core::REASON_NO_BUFFER, 1);
            return;
        };
        self.packet_position = reader.position();
        packet.set_timestamp(record.timestamp);
        if self.link_type == LinkType::RAW_IP {
            packet.set_network(0, 0);
        } else {
            packet.set_mac_here();
        }
        let extra = record.length.saturating_sub(record.captured as u32);
        if extra > 0 {
            let bytes = extra.to_ne_bytes();
            router
                .pool
                .set_annotation(&mut packet, EXTRA_LENGTH, &bytes);
        }
        batch.push(packet);
    }

    fn count(&self, packets: usize) {
        if let Some(cells) = &self.cells {
            cells.add(0, packets as u64);
        }
    }

    /// Keeps IP packets in `batch`; the others leave by output 1.
    fn sort_out(&self, batch: &mut Batch, router: &mut Router) {
        let link_type = self.link_type;
        let is_ip = |packet: &mut _, router: &mut Router| {
            force_ip::mark_ip(packet, &router.pool, link_type)
        };
        for mut packet in std::mem::take(batch) {
            if is_ip(&mut packet, router) {
                batch.push(packet);
                continue;
            }
            if router.output_is_push(0) && !batch.is_empty() {
                self.count(batch.len());
                let before = std::mem::replace(batch, router.new_batch());
                router.emit_batch(0, before);
            }
            router.emit_or_drop(1, packet, "not-ip");
        }
    }
}

impl Element for FromDump {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        self.check_end(router)?;
        // A predecessor has read from standard input: it is taken over.
        if !(self.path == "-" && router.is_successor()) {
            let mut reader = Reader::open(&self.path)?;
            if let Some(position) = self.start_position {
                reader.seek(position)?;
            }
            self.reader = Some(reader);
            self.take_link_type()?;
        }
        if self.active && router.output_is_push(0) {
            router.schedule();
        }
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let Ok(old) = downcast::<FromDump>(old) else {
            return;
        };
        if old.path != self.path {
            return;
        }
        self.reader = old.reader.take();
        self.packet_position = old.packet_position;
        self.origin = old.origin;
        self.ended = old.ended;
        if let Err(problem) = self.take_link_type() {
            router.console.line(&problem);
        }
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
        let pause = self.fill(&mut batch, most, router);
        let is_empty = batch.is_empty();
        if self.force_ip {
            self.sort_out(&mut batch, router);
        }
        self.count(batch.len());
        router.emit_batch(0, batch);
        match pause {
            Pause::Early => Task::Sleep,
            // The end is acted on when the packets before it are on their way.
            Pause::End if is_empty => {
                self.finish(router);
                Task::Sleep
            }
            _ => Task::Again,
        }
    }

    fn pull(&mut self, _port: usize, max: usize, router: &mut Router) -> Batch {
        let mut batch = router.new_batch();
        if !self.active {
            return batch;
        }
        let pause = self.fill(&mut batch, max, router);
        if pause == Pause::End && batch.is_empty() {
            self.finish(router);
        }
        let was_empty = batch.is_empty();
        if self.force_ip {
            self.sort_out(&mut batch, router);
        }
        self.count(batch.len());
        if batch.is_empty() && self.active && (pause == Pause::Enough || !was_empty) {
            router.wake_pullers();
        }
        batch
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        if self.active {
            self.wake(router);
        }
    }
}
