//! # ToIPSummaryDump(FILENAME [, *keywords* FIELDS, VERBOSE, HEADER, BANNER, MULTIPACKET, BAD_PACKETS, CAREFUL_TRUNC, EXTRA_LENGTH, BINARY])
//!
//! Writes a line of text for each packet, a column for each field. Where a packet has no such field
//! the column holds a dash.
//!
//! ## Ports
//! One agnostic input; at most one agnostic output, where the packets go on unchanged. Without it a
//! pull input is emptied by a task.
//!
//! ## Arguments
//! - `FILENAME` *filename*: the file, made anew; `-` is standard output.
//! - `FIELDS` *field names* (timestamp ip_src): the columns; `CONTENTS` and `DATA` mean the same. Fields:
//!   timestamp ts_sec ts_usec ts_usec1 first_timestamp count link direction aggregate wire_len
//!   eth_src eth_dst eth_type ip_src ip_dst ip_tos ip_dscp ip_ecn ip_ttl ip_frag ip_fragoff ip_id
//!   ip_sum ip_proto ip_hl ip_len ip_capture_len ip_opt sport dport tcp_seq tcp_ack tcp_off
//!   tcp_flags tcp_window tcp_urp tcp_opt tcp_ntopt tcp_sack udp_len icmp_type icmp_code icmp_flowid
//!   icmp_seq icmp_nextmtu payload_len payload.
//! - `VERBOSE` *boolean* (false): begins with the host's name and the time.
//! - `HEADER` *boolean* (true): begins with what the columns are.
//! - `BANNER` *string*: who made the summary.
//! - `MULTIPACKET` *boolean* (false): writes a line for each packet that a packet stands for.
//! - `BAD_PACKETS` *boolean* (false): tells what is wrong with damaged headers, in a `!bad` line.
//! - `CAREFUL_TRUNC` *boolean* (true): accepted and without effect.
//! - `EXTRA_LENGTH` *boolean* (true): lengths count the extra-length annotation.
//! - `BINARY` *boolean* (false): refused when true: summaries are text.
//!
//! ## Handlers
//! - `flush` (w): writes what was gathered.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap, STOP true) -> CheckIPHeader(14)
//!   -> ToIPSummaryDump(-, FIELDS timestamp ip_src ip_dst ip_proto);
//! ```
//!
//! ## See also
//! FromIPSummaryDump, ToDump

use super::summary::{Field, View, banner};
use std::fs::File;
use std::io::{self, Write};
use weft_core::{
    Batch, Built, Class, Configure, Element, Packet, Place, Router, Task, Value, argument,
    downcast, timestamp_text, writer,
};
use weft_io::reason;
use weft_lang::value::{AnyText, Filename};
use weft_lang::{split_words, unquote_text};

/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;
/// How long lines wait to be written, in nanoseconds.
const FLUSH_AFTER: u64 = 100_000_000;
/// Packets taken per scheduling.
const BURST: usize = 32;
/// The most lines written for one packet.
const MOST_LINES: u64 = 1 << 16;
const FIRST_TIMESTAMP: usize = 32;

/// Registers ToIPSummaryDump.
pub static CLASS: Class = Class {
    ports: "1/0-1",
    fate: "written",
    observable: true,
    arguments: &[
        argument("FILENAME", Place::Mandatory, "filename", ""),
        argument("FIELDS", Place::Keyword, "field names", "timestamp ip_src"),
        argument("CONTENTS", Place::Keyword, "field names", ""),
        argument("DATA", Place::Keyword, "field names", ""),
        argument("VERBOSE", Place::Keyword, "boolean", "false"),
        argument("HEADER", Place::Keyword, "boolean", "true"),
        argument("BANNER", Place::Keyword, "string", ""),
        argument("MULTIPACKET", Place::Keyword, "boolean", "false"),
        argument("BAD_PACKETS", Place::Keyword, "boolean", "false"),
        argument("CAREFUL_TRUNC", Place::Keyword, "boolean", "true"),
        argument("EXTRA_LENGTH", Place::Keyword, "boolean", "true"),
        argument("BINARY", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[writer!(
        ToIPSummaryDump,
        "flush",
        Value::Button,
        "",
        "Writes what was gathered",
        |t, _, router| {
            t.flush(router);
            Ok(())
        }
    )],
    fuzz: &[
        "out.dump",
        "out.dump, FIELDS ip_src ip_dst ip_opt sport dport tcp_flags tcp_opt payload icmp_seq, \
         BAD_PACKETS true, MULTIPACKET true",
        "out.dump, FIELDS eth_src eth_type ip_fragoff ip_ecn udp_len payload_len tcp_sack count",
    ],
    ..Class::agnostic("ToIPSummaryDump", "analysis", build)
};

struct ToIPSummaryDump {
    path: String,
    fields: Vec<&'static Field>,
    verbose: bool,
    header: bool,
    creator: Option<String>,
    multipacket: bool,
    bad_packets: bool,
    extra_length: bool,
    sink: Option<Box<dyn Write + Send>>,
    buffer: String,
    flush_set: bool,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let path: Filename = args.mandatory("FILENAME");
    let fields: Option<AnyText> = args.keyword_opt("FIELDS");
    let contents: Option<AnyText> = args.keyword_opt("CONTENTS");
    let data: Option<AnyText> = args.deprecated("DATA");
    let verbose = args.keyword("VERBOSE", false);
    let header = args.keyword("HEADER", true);
    let creator: Option<String> = args.keyword_opt("BANNER");
    let multipacket = args.keyword("MULTIPACKET", false);
    let bad_packets = args.keyword("BAD_PACKETS", false);
    let _ = args.keyword("CAREFUL_TRUNC", true);
    let extra_length = args.keyword("EXTRA_LENGTH", true);
    let binary = args.keyword("BINARY", false);
    let warnings = args.warnings().to_vec();
    args.complete()?;
    for warning in warnings {
        configure.warn(warning);
    }
    if binary {
        return Err(vec!["BINARY is not supported; summaries are text".into()]);
    }
    let names = fields.or(contents).or(data);
    let names = names.map_or("timestamp ip_src".into(), |names| names.0);
    let fields = parse_fields(&names)?;
    let counts = fields.iter().any(|f| f.name == "count");
    Ok(Box::new(ToIPSummaryDump {
        path: path.0,
        fields,
        verbose,
        header,
        creator: creator.filter(|c| !c.is_empty()),
        multipacket: multipacket && !counts,
        bad_packets,
        extra_length,
        sink: None,
        buffer: String::new(),
        flush_set: false,
    }))
}

fn parse_fields(names: &str) -> Result<Vec<&'static Field>, Vec<String>> {
    let mut problems = Vec::new();
    let mut fields = Vec::new();
    for word in split_words(names) {
        let name = unquote_text(&word);
        match Field::find(&name) {
            Some(field) => fields.push(field),
            None => problems.push(format!("unknown content type '{name}'")),
        }
    }
    if fields.is_empty() {
        problems.push("no contents specified".into());
    }
    if problems.is_empty() {
        Ok(fields)
    } else {
        Err(problems)
    }
}

impl ToIPSummaryDump {
    fn name(&self) -> &str {
        if self.path == "-" {
            "<stdout>"
        } else {
            &self.path
        }
    }

    fn open(&mut self, router: &mut Router) -> Result<(), String> {
        let file = |path: &str| File::create(path).map(|f| Box::new(f) as Box<dyn Write + Send>);
        let sink = match self.path.as_str() {
            "-" => Box::new(io::stdout()) as Box<dyn Write + Send>,
            path => file(path).map_err(|e| format!("{}: {}", self.name(), reason(&e)))?,
        };
        self.sink = Some(sink);
        if self.header {
            self.write_header(router);
        }
        Ok(())
    }

    fn write_header(&mut self, router: &Router) {
        self.line(&banner());
        if let Some(creator) = &self.creator {
            let line = format!("!creator {}", weft_lang::quote(creator));
            self.line(&line);
        }
        if self.verbose {
            let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
            if let Ok(host) = host {
                self.line(&format!("!host {}", host.trim()));
            }
            let now = timestamp_text(router.clock.timestamp());
            self.line(&format!("!runtime {now}"));
        }
        let names: Vec<&str> = self.fields.iter().map(|f| f.name).collect();
        self.line(&format!("!data {}", names.join(" ")));
    }

    fn line(&mut self, text: &str) {
        self.buffer.push_str(text);
        self.buffer.push('\n');
    }

    fn summarize(&mut self, packet: &Packet, router: &Router) {
        let mut bad = None;
        let view = View::new(packet, &router.pool, self.extra_length, &mut bad);
        if let Some(problem) = bad.filter(|_| self.bad_packets) {
            self.buffer.push_str("!bad ");
            self.line(&problem);
        }
        for (i, field) in self.fields.iter().enumerate() {
            if i > 0 {
                self.buffer.push(' ');
            }
            match (field.show)(&view) {
                Some(text) => self.buffer.push_str(&text),
                None => self.buffer.push('-'),
            }
        }
        self.buffer.push('\n');
    }

    /// A line for each packet that `packet` stands for, times spread evenly.
    fn summarize_all(&mut self, packet: &mut Packet, router: &mut Router) {
        let view = View::new(packet, &router.pool, true, &mut None);
        let (count, first) = (view.count().min(MOST_LINES), view.first_timestamp());
        let last = packet.timestamp();
        let step = match count {
            2.. if first != 0 => last.saturating_sub(first) / (count - 1),
            _ => 0,
        };
        for i in 0..count {
            let is_spread = step != 0 && i + 1 < count;
            packet.set_timestamp(if is_spread { first + i * step } else { last });
            self.summarize(packet, router);
        }
        packet.set_timestamp(last);
        router.pool.set_annotation(packet, FIRST_TIMESTAMP, &[0; 8]);
    }

    fn write_all(&mut self, batch: &mut Batch, router: &mut Router) {
        if self.sink.is_none() {
            return;
        }
        for packet in batch.iter_mut() {
            if self.multipacket {
                self.summarize_all(packet, router);
            } else {
                self.summarize(packet, router);
            }
            if self.buffer.len() >= BUFFER {
                self.flush(router);
            }
        }
        if !self.flush_set && !router.clock.is_virtual() {
            self.flush_set = true;
            let at = router.clock.now() + FLUSH_AFTER;
            router.set_timer(0, at);
        }
    }

    fn flush(&mut self, router: &mut Router) {
        let Some(sink) = &mut self.sink else { return };
        let written = sink
            .write_all(self.buffer.as_bytes())
            .and_then(|()| sink.flush());
        self.buffer.clear();
        if let Err(error) = written {
            self.sink = None;
            let line = format!("ToIPSummaryDump({}): {}", self.name(), reason(&error));
            router.console.line(&line);
        }
    }
}

impl Element for ToIPSummaryDump {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        // A predecessor may have the file open: it must not be emptied under it.
        if !router.is_successor() {
            self.open(router)?;
        }
        if router.input_is_pull(0) && router.outputs() == 0 {
            router.schedule();
        }
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        if let Ok(old) = downcast::<ToIPSummaryDump>(old)
            && old.path == self.path
        {
            old.flush(router);
            self.sink = old.sink.take();
            let names = |fields: &[&Field]| fields.iter().map(|f| f.name).collect::<Vec<_>>();
            if self.header && names(&self.fields) != names(&old.fields) {
                self.write_header(router);
            }
        } else if let Err(problem) = self.open(router) {
            router.console.line(&problem);
        }
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        self.write_all(batch, router);
        if router.outputs() == 0 {
            router.pool.free_all(batch);
        }
    }

    fn run_task(&mut self, router: &mut Router) -> Task {
        let mut batch = router.pull(0, BURST);
        if batch.is_empty() {
            return Task::Sleep;
        }
        self.push(0, &mut batch, router);
        router.recycle(batch);
        Task::Again
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        self.flush_set = false;
        self.flush(router);
    }

    fn cleanup(&mut self, router: &mut Router) {
        self.flush(router);
    }
}
