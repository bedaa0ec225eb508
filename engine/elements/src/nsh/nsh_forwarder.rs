//! # NSHForwarder([ENTRY, ..., *keywords* FILE, EXPIRED])
//!
//! A service function forwarder, SFF (RFC 7665, section 4.2; RFC 8300, section 3): sends packets on to the
//! next hop of their path by service path identifier and service index.
//!
//! The TTL is counted down before the table is asked: 0 becomes 63, and what becomes 0 is not
//! forwarded. The service index stays: to count it down is the function's part. What stands before
//! the header is taken off.
//!
//! ## Ports
//! One push input, for packets whose header [CheckNSHHeader](CheckNSHHeader.md) has marked; as many push outputs as the
//! table uses. Packets of a path that is not in the table, all with service index 0 among them, are dropped as `nsh-no-path`; those that
//! have expired as `nsh-ttl`, unless EXPIRED names an output for them; those without a header as `no-nsh-header`.
//!
//! ## Arguments
//! - `ENTRY` *SPI/SI => PORT [HOP]*: packets of this path leave by output PORT. HOP is
//!   `ETHER SRC DST`: in an Ethernet frame with these addresses and type 0x894f; or `VXLANGPE ADDRESS`: with the
//!   destination annotation ADDRESS, for [VXLANGPEEncap](VXLANGPEEncap.md); or nothing: as they are, beginning with the header.
//! - `FILE` *filename*: further entries, one a line; empty lines say nothing, nor do those that begin with `#`.
//! - `EXPIRED` *output*: where packets go whose TTL has expired, as they came.
//!
//! ## Handlers
//! - `table` (r): the entries, one a line, by path.
//! - `add`, `set`, `remove` (w): adds an entry unless its path has one, adds or replaces one, or takes one away (`SPI/SI`).
//! - `ctrl` (w): such commands, one a line; all or none.
//! - `flush` (w): takes all entries away.
//! - `counts` (r): packets forwarded by each entry, `SPI/SI count` a line.
//!
//! ## Example
//! ```click
//! in :: Idle -> CheckNSHHeader(14)
//!     -> sff :: NSHForwarder(10/255 => 0 ETHER 2:0:0:0:0:1 2:0:0:0:0:2, 10/254 => 1);
//! sff [0] -> Discard; sff [1] -> NSHDecap -> Discard;
//! ```
//!
//! ## See also
//! CheckNSHHeader, NSHClassifier, NSHProxy, NSHDecap

use super::NO_NSH_HEADER;
use super::forwarding_table::{ForwardingTable, Link};
use super::nsh_classifier::numbered;
use super::refusals::Refusals;
use crate::dispatch::dispatch;
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Handler, Packet, Place, Pool, REASON_NO_BUFFER,
    Router, Value, Verdict, argument, downcast, reader, writer,
};
use weft_lang::value::Filename;
use weft_wire::nsh::{FIXED_LEN, decremented_ttl};

/// Registers NSHForwarder.
pub static CLASS: Class = Class {
    ports: "1/-",
    processing: "h/h",
    flow: "x/x",
    arguments: &[
        argument("ENTRY", Place::Rest, "SPI/SI => PORT [HOP]", ""),
        argument("FILE", Place::Keyword, "filename", ""),
        argument("EXPIRED", Place::Keyword, "output", ""),
    ],
    handlers: &[
        reader!(
            NSHForwarder,
            "table",
            Value::Lines,
            "",
            "All entries",
            |f, _, _| Ok(f.table.text())
        ),
        reader!(
            NSHForwarder,
            "counts",
            Value::Lines,
            "packets",
            "Packets forwarded by each entry",
            |f, _, _| Ok(f.table.counts())
        ),
        command("add", "Adds an entry, unless its path has one"),
        command("set", "Adds or replaces an entry"),
        command("remove", "Takes an entry away"),
        writer!(
            NSHForwarder,
            "ctrl",
            Value::Lines,
            "",
            "Adds, sets and removes entries, a command per line; all or none",
            |f, call, router| {
                let outputs = router.outputs();
                f.table.control(call.text, outputs, &router.names())
            }
        ),
        writer!(
            NSHForwarder,
            "flush",
            Value::Button,
            "",
            "Takes all entries away",
            |f, _, _| {
                f.table = ForwardingTable::default();
                Ok(())
            }
        ),
    ],
    fuzz: &[
        "10/255 => 0, 0/1 => 0 ETHER 2:0:0:0:0:1 2:0:0:0:0:2",
        "10/255 => 0 VXLANGPE 10.0.0.1, EXPIRED 0",
    ],
    build: configure,
    ..Class::agnostic("NSHForwarder", "nsh", configure)
};

const fn command(name: &'static str, help: &'static str) -> Handler {
    writer!(
        NSHForwarder,
        name,
        Value::Text,
        "",
        help,
        |f, call, router| f.command(call, router)
    )
}

struct NSHForwarder {
    table: ForwardingTable,
    file: Option<String>,
    expired: Option<u32>,
    chosen: Vec<u32>,
    refusals: Refusals,
}

fn configure(configure: &mut Configure<'_>) -> Built {
    let outputs = configure.outputs;
    let mut args = configure.args();
    let file: Option<Filename> = args.keyword_opt("FILE");
    let expired: Option<u32> = args.keyword_opt("EXPIRED");
    if let Some(expired) = expired
        && expired as usize >= outputs
    {
        args.argument_error("EXPIRED", &format!("there is no output {expired}"));
    }
    let mut table = ForwardingTable::default();
    for text in args.rest() {
        if let Err(problem) = table.add(&text, outputs, args.names()) {
            args.error(problem);
        }
    }
    args.complete()?;
    Ok(Box::new(NSHForwarder {
        table,
        file: file.map(|name| name.0),
        expired,
        chosen: Vec::new(),
        refusals: Refusals::default(),
    }))
}

impl NSHForwarder {
    fn command(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let (text, outputs, names) = (call.text, router.outputs(), router.names());
        match call.handler {
            "add" => self.table.add(text, outputs, &names),
            "set" => self.table.set(text, outputs, &names),
            _ => self.table.remove(text, &names),
        }
    }

    /// Sends a packet on; gives the output it leaves by.
    #[inline]
    fn forward(&mut self, packet: &mut Packet, pool: &mut Pool) -> Result<u32, &'static str> {
        let at = packet.network().ok_or(NO_NSH_HEADER)?;
        let before = at.checked_sub(packet.offset()).ok_or(NO_NSH_HEADER)?;
        let bytes = pool.from_position(packet, at);
        let fixed: [u8; FIXED_LEN] = *bytes.first_chunk().ok_or(NO_NSH_HEADER)?;
        let word = u16::from_be_bytes([fixed[0], fixed[1]]);
        let Some(ttl) = decremented_ttl((word >> 6) as u8) else {
            return self.expired.ok_or("nsh-ttl");
        };
        let path = u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]);
        let hop = self.table.find(path).ok_or("nsh-no-path")?;
        let word = word & !0x0fc0 | u16::from(ttl) << 6;
        let bytes = pool.from_position_mut(packet, at).ok_or(REASON_NO_BUFFER)?;
        let first = bytes.first_chunk_mut().ok_or(NO_NSH_HEADER)?;
        *first = word.to_be_bytes();
        if !packet.pull(usize::from(before)) {
            return Err(NO_NSH_HEADER);
        }
        match &hop.link {
            Link::None => packet.clear_mac(),
            Link::VxlanGpe(address) => {
                packet.clear_mac();
                packet.set_destination(address.to_bits());
            }
            Link::Ether(header) => {
                let length = packet_header_len(fixed[1]);
                *pool.push_link_header(packet).ok_or(REASON_NO_BUFFER)? = *header;
                packet.set_network(header.len(), length);
            }
        }
        hop.packets += 1;
        Ok(hop.output)
    }
}

/// Bytes of a header, from its second byte.
#[inline]
fn packet_header_len(second: u8) -> usize {
    usize::from(second & 0x3f) * 4
}

/// What is told of packets that are not forwarded.
fn text_of(reason: &str) -> &'static str {
    match reason {
        "nsh-ttl" => "its TTL has expired",
        "nsh-no-path" => "its path is not in the table",
        NO_NSH_HEADER => super::NO_NSH_HEADER_TEXT,
        _ => "no memory is left",
    }
}

impl Element for NSHForwarder {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
        let (outputs, names) = (router.outputs(), router.names());
        let problems: Vec<String> = numbered(&text)
            .filter_map(|(line, entry)| {
                let problem = self.table.add(entry, outputs, &names).err()?;
                Some(format!("{file}:{line}: {problem}"))
            })
            .collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems.join("\n")),
        }
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let mut chosen = std::mem::take(&mut self.chosen);
        chosen.clear();
        router.filter(batch, |packet, router| {
            match self.forward(packet, &mut router.pool) {
                Ok(output) => {
                    chosen.push(output);
                    Verdict::Keep
                }
                Err(reason) => {
                    self.refusals.tell(reason, text_of(reason), router);
                    Verdict::Drop(reason)
                }
            }
        });
        dispatch(batch, &chosen, "nsh-no-path", router);
        self.chosen = chosen;
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Ok(old) = downcast::<NSHForwarder>(old) {
            self.table.take_counts(&old.table);
        }
    }

    fn configuration(&self) -> Option<String> {
        let mut arguments: Vec<String> = self.table.text().lines().map(str::to_string).collect();
        arguments.extend(self.expired.map(|output| format!("EXPIRED {output}")));
        Some(arguments.join(", "))
    }
}
