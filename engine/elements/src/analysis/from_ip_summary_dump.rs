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

mod directives;
mod handlers;
mod packets;
mod reading;

use super::summary::{Defaults, Field, VERSION};
use weft_core::{
    Batch, Built, Class, Configure, Element, IpHeader, Packet, Place, Router, Task, argument,
    downcast,
};
use weft_io::Lines;
use weft_lang::split_words;
use weft_lang::value::{AnyText, Filename, Fixed};

const SAMPLE_BITS: u32 = 28;
const SAMPLE_ONE: u32 = 1 << SAMPLE_BITS;
/// Packets per scheduling when nobody can tell.
const BURST: usize = 32;

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
    handlers: &handlers::HANDLERS,
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
