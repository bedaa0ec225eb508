//! # ToDump(FILENAME [, SNAPLEN, ENCAP, *keywords* USE_ENCAP_FROM, EXTRA_LENGTH, UNBUFFERED, NANO])
//!
//! Writes packets to a capture file, as `tcpdump -w` does. Packets without a timestamp get the
//! current time.
//!
//! ## Ports
//! One agnostic input; at most one agnostic output, where the packets go on unchanged. Without it a
//! pull input is emptied by a task.
//!
//! ## Arguments
//! - `FILENAME` *filename*: the file, made anew; `-` is standard output, and a name that ends in
//!   `.gz` is compressed.
//! - `SNAPLEN` *integer* (2000): bytes kept of each packet at most; 0: all.
//! - `ENCAP` *word* (ETHER): what the first header of each packet is: IP, ETHER, FDDI, ATM, 802.11,
//!   SLL, PPP, ... or `#` and a number.
//! - `USE_ENCAP_FROM` *element names*: ENCAP is what these elements' `encap` handlers agree on.
//! - `EXTRA_LENGTH` *boolean* (true): the length recorded counts the extra-length annotation.
//! - `UNBUFFERED` *boolean* (false): writes each packet at once. Otherwise what was gathered is
//!   written every tenth of a second.
//! - `NANO` *boolean* (false): writes timestamps with nanoseconds.
//!
//! ## Handlers
//! - `filename` (r): the file.
//! - `count` (r): packets written; `reset_counts` (w): sets it to zero.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap, STOP true) -> ToDump(out.pcap);
//! ```
//!
//! ## See also
//! FromDump, ToDevice, ToIPSummaryDump

use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, ElementId, Packet, Place, Router, Task, Value,
    argument, downcast, reader, writer,
};
use weft_io::pcap::{LinkType, Precision, Writer, WriterOptions};
use weft_io::reason;
use weft_lang::value::{AnyText, Filename, Word};

/// How long packets wait to be written, in nanoseconds.
const FLUSH_AFTER: u64 = 100_000_000;
/// Packets taken per scheduling.
const BURST: usize = 32;
/// Configured and initialized after the elements USE_ENCAP_FROM may name.
const PHASE: u32 = weft_core::PHASE_DEFAULT + 100;
/// The extra-length annotation.
const EXTRA_LENGTH: usize = 28;

/// Registers ToDump.
pub static CLASS: Class = Class {
    ports: "1/0-1",
    fate: "written",
    phase: PHASE,
    observable: true,
    arguments: &[
        argument("FILENAME", Place::Mandatory, "filename", ""),
        argument("SNAPLEN", Place::Optional, "integer", "2000"),
        argument("ENCAP", Place::Optional, "word", "ETHER"),
        argument("USE_ENCAP_FROM", Place::Keyword, "element names", ""),
        argument("EXTRA_LENGTH", Place::Keyword, "boolean", "true"),
        argument("UNBUFFERED", Place::Keyword, "boolean", "false"),
        argument("NANO", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[
        reader!(
            ToDump,
            "filename",
            Value::Text,
            "",
            "The file",
            |t, _, _| Ok(t.name().to_string())
        ),
        reader!(
            ToDump,
            "count",
            Value::Unsigned,
            "packets",
            "Packets written",
            |t, _, _| Ok(t.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
        ),
        writer!(
            ToDump,
            "reset_counts",
            Value::Button,
            "",
            "Sets count to zero",
            |t, _, _| {
                if let Some(cells) = &t.cells {
                    cells.set(0, 0);
                }
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "out.pcap",
        "out.pcap, 20, IP",
        "out.pcap, 0, NANO true, UNBUFFERED true",
    ],
    ..Class::agnostic("ToDump", "userlevel", build)
};

struct ToDump {
    path: String,
    options: WriterOptions,
    encap_from: Vec<ElementId>,
    extra_length: bool,
    writer: Option<Writer>,
    flush_set: bool,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let path: Filename = args.mandatory("FILENAME");
    let snaplen: u32 = args.positional("SNAPLEN", 2000);
    let encap: Option<Word> = args.positional_opt("ENCAP");
    let encap_from: Option<AnyText> = args.keyword_opt("USE_ENCAP_FROM");
    let extra_length = args.keyword("EXTRA_LENGTH", true);
    let unbuffered = args.keyword("UNBUFFERED", false);
    let nano = args.keyword("NANO", false);
    args.complete()?;

    let one = |problem: &str| Err(vec![problem.to_string()]);
    let link_type = match &encap {
        Some(_) if encap_from.is_some() => {
            return one("specify at most one of 'ENCAP' and 'USE_ENCAP_FROM'");
        }
        Some(name) => match LinkType::named(&name.0) {
            Some(link_type) => link_type,
            None => return one("bad encapsulation type"),
        },
        None => LinkType::ETHERNET,
    };
    let mut sources = Vec::new();
    if let Some(names) = encap_from {
        for name in names.0.split_whitespace() {
            match configure.element(name) {
                Some(id) => sources.push(id),
                None => return one(&format!("no element named '{name}'")),
            }
        }
        if sources.is_empty() {
            return one("element names missing after 'USE_ENCAP_FROM'");
        }
    }
    Ok(Box::new(ToDump {
        path: path.0,
        options: WriterOptions {
            link_type,
            snaplen: if snaplen == 0 { u32::MAX } else { snaplen },
            precision: if nano {
                Precision::Nano
            } else {
                Precision::Micro
            },
            unbuffered,
        },
        encap_from: sources,
        extra_length,
        writer: None,
        flush_set: false,
        cells: None,
    }))
}

impl ToDump {
    fn name(&self) -> &str {
        if self.path == "-" {
            "<stdout>"
        } else {
            &self.path
        }
    }

    /// The link type that the elements of USE_ENCAP_FROM agree on.
    fn common_link_type(&self, router: &mut Router) -> Result<LinkType, String> {
        let mut found: Vec<(String, String, LinkType)> = Vec::new();
        for &id in &self.encap_from {
            let class = router.read_element(id, "class", "").unwrap_or_default();
            let declaration = format!("{} :: {}", router.name(id), class.trim());
            let encap = router
                .read_element(id, "encap", "")
                .map_err(|_| format!("'{declaration}' has no 'encap' read handler"))?;
            let encap = encap.trim().to_string();
            let link_type = LinkType::named(&encap).ok_or_else(|| {
                format!("'{declaration}.encap' did not return a valid encapsulation type")
            })?;
            found.push((declaration, encap, link_type));
        }
        let first = found.first().map_or(LinkType::ETHERNET, |f| f.2);
        if found.iter().all(|f| f.2 == first) {
            return Ok(first);
        }
        let mut problem = "source encapsulation types disagree:".to_string();
        for (declaration, encap, _) in &found {
            problem += &format!("\n  {declaration} has {encap}");
        }
        Err(problem)
    }

    fn open(&mut self) -> Result<(), String> {
        let writer = Writer::create(&self.path, self.options)
            .map_err(|e| format!("{}: {}", self.name(), reason(&e)))?;
        self.writer = Some(writer);
        Ok(())
    }

    /// Tells why nothing is written any more.
    fn give_up(&mut self, error: &std::io::Error, router: &mut Router) {
        self.writer = None;
        let line = format!("ToDump({}): {}", self.name(), reason(error));
        router.console.line(&line);
    }

    fn write_all(&mut self, batch: &Batch, router: &mut Router) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let mut now = 0;
        let mut written = 0;
        let mut outcome = Ok(());
        for packet in batch {
            let mut timestamp = packet.timestamp();
            if timestamp == 0 {
                if now == 0 {
                    now = router.clock.timestamp();
                }
                timestamp = now;
            }
            let data = router.pool.data(packet);
            let extra = if self.extra_length {
                extra_length(packet, router)
            } else {
                0
            };
            outcome = writer.write(timestamp, data, data.len() + extra);
            if outcome.is_err() {
                break;
            }
            written += 1;
        }
        if let Some(cells) = &self.cells {
            cells.add(0, written);
        }
        if let Err(error) = outcome {
            self.give_up(&error, router);
        } else if !self.flush_set && !router.clock.is_virtual() {
            self.flush_set = true;
            let at = router.clock.now() + FLUSH_AFTER;
            router.set_timer(0, at);
        }
    }

    fn has_task(&self, router: &Router) -> bool {
        router.outputs() == 0 && router.input_is_pull(0)
    }
}

#[inline]
fn extra_length(packet: &Packet, router: &Router) -> usize {
    u32::from_ne_bytes(router.pool.annotation(packet, EXTRA_LENGTH)) as usize
}

impl Element for ToDump {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("count", 1));
        if !self.encap_from.is_empty() {
            self.options.link_type = self.common_link_type(router)?;
        }
        // A predecessor may have the file open: it must not be emptied under it.
        if !router.takes_over(|old: &Self| old.path == self.path) {
            self.open()?;
        }
        if self.has_task(router) {
            router.schedule();
        }
        Ok(())
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let same = downcast::<ToDump>(old)
            .ok()
            .filter(|old| old.path == self.path && old.options.link_type == self.options.link_type);
        if let Some(old) = same {
            self.writer = old.writer.take();
            return;
        }
        if self.writer.is_none()
            && let Err(problem) = self.open()
        {
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
        let flushed = self.writer.as_mut().map(Writer::flush);
        if let Some(Err(error)) = flushed {
            self.give_up(&error, router);
        }
    }

    fn cleanup(&mut self, router: &mut Router) {
        let finished = self.writer.take().map(Writer::finish);
        if let Some(Err(error)) = finished {
            self.give_up(&error, router);
        }
    }
}
