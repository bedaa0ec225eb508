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

mod ending;
mod handlers;
mod reading;

use super::force_ip;
use super::time_window::{Mark, TimeWindow};
use ending::End;
use reading::Pause;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, IpHeader, Place, Router, Task, argument,
    downcast,
};
use weft_io::pcap::{LinkType, Reader};
use weft_lang::value::{AnyText, Filename, Fixed, Seconds};

/// Bits of fraction of the sampling probability.
const SAMPLE_BITS: u32 = 28;
const SAMPLE_ONE: u32 = 1 << SAMPLE_BITS;
/// Packets per scheduling when nobody can tell.
const BURST: usize = 32;

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
    handlers: &handlers::HANDLERS,
    fuzz: &[
        "in.pcap",
        "in.pcap, TIMING true",
        "in.pcap, FORCE_IP true, SAMPLE 0.5",
    ],
    ..Class::agnostic("FromDump", "userlevel", build)
};

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
        Some(call) => End::call(&call.0),
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

impl FromDump {
    fn wake(&self, router: &mut Router) {
        if router.output_is_push(0) {
            router.schedule();
        } else {
            router.wake_pullers();
        }
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
