//! # NSHClassifier(RULE, ..., [*keywords* FILE, NEXT, MTU, RECLASSIFY])
//!
//! A classifier (RFC 7665, section 4.7): finds the service function path of each packet by rules and puts a
//! Network Service Header before it (RFC 8300), or, re-classifying, gives packets that have one another path.
//!
//! ## Ports
//! One push input, for Ethernet frames (behind VLAN tags or not). Output 0: packets with their header, which is marked and
//! which they begin with. Output 1, if there is one: packets that no rule is for, unchanged; they are dropped as
//! `nsh-no-rule` otherwise. Output 2, if there is one: packets that would be longer than MTU, unchanged; they are dropped as `mtu`
//! otherwise.
//!
//! ## Arguments
//! - `RULE` *FILTER => HEADER*: FILTER is an expression as for [IPClassifier](IPClassifier.md), or `-` for all; the first rule whose
//!   FILTER matches counts. HEADER is `SPI n`, and if wanted `SI n` (255), `TTL n` (63), `CONTEXT hexadecimal` or
//!   `TLV CLASS:TYPE:VALUE` (more than once), as for [NSHEncap](NSHEncap.md). What FILTER says of IP is about IPv4.
//! - `FILE` *filename*: further rules, one a line, behind those given as RULE; empty lines say nothing, nor do those that begin with `#`.
//! - `NEXT` *ethernet or ip* (ethernet): what follows the header: the whole frame, or what the frame
//!   carries; then frames that carry neither IP nor MPLS nor NSH are as if no rule were for them.
//! - `MTU` *unsigned* (0): the most bytes of a packet from its header on; 0: any number.
//! - `RECLASSIFY` *boolean* (false): packets have a header already, kept beside them or marked in their bytes, and FILTER is
//!   about what follows it. It gets the rule's SPI and SI, and TTL and metadata where the rule has some; the rest stays.
//!   Packets without one are dropped as `no-nsh-header`; those whose MD type is not that of the rule's metadata as `nsh-md-type`.
//!
//! ## Handlers
//! - `rules` (rw): the rules, one a line. What is written, in the form of FILE, takes the place of all; where one is wrong nothing
//!   changes.
//! - `counts` (r): packets of each rule, one number a line, since the rules were written.
//!
//! ## Example
//! ```click
//! Idle -> c :: NSHClassifier(tcp dst port 80 => SPI 10, udp => SPI 20 SI 254 TLV 0x0100:1:cafe)
//!     -> EtherEncap(0x894f, 2:0:0:0:0:1, 2:0:0:0:0:2) -> Discard;
//! c [1] -> Discard;
//! ```
//!
//! ## See also
//! NSHForwarder, NSHEncap, IPClassifier

use super::NO_NSH_HEADER;
use super::encapsulation::Encapsulation;
use super::frame::Frame;
use super::header_arguments::HeaderArguments;
use super::kept_or_marked::{edit, lengths};
use super::refusals::Refusals;
use crate::ip::classification::names::GraphNames;
use weft_classify::{PacketRef, Program, Severity, ip};
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, MAX_BATCH, Nsh, Packet, Place, Pool, Router,
    Value, Verdict, argument, reader, variable,
};
use weft_lang::value::Filename;
use weft_lang::{Args, Names, split_words, unquote_text};
use weft_wire::nsh::{FIXED_LEN, md_type, next};

/// Registers NSHClassifier.
pub static CLASS: Class = Class {
    ports: "1/1-3",
    processing: "h/h",
    flow: "x/x",
    arguments: &[
        argument("RULE", Place::Rest, "FILTER => HEADER", ""),
        argument("FILE", Place::Keyword, "filename", ""),
        argument("NEXT", Place::Keyword, "ethernet or ip", "ethernet"),
        argument("MTU", Place::Keyword, "unsigned", "0"),
        argument("RECLASSIFY", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[
        variable!(
            NSHClassifier,
            "rules",
            Value::Lines,
            "",
            "The rules, one a line",
            |c, _, _| Ok(c.rules.text()),
            |c, call, router| c.set_rules(call, router)
        ),
        reader!(
            NSHClassifier,
            "counts",
            Value::Lines,
            "packets",
            "Packets of each rule",
            |c, _, _| Ok(c.rules.counts.iter().map(|n| format!("{n}\n")).collect())
        ),
    ],
    fuzz: &[
        "- => SPI 1",
        "tcp => SPI 1 TLV 1:2:03, ip ttl 64 => SPI 2 CONTEXT 000102030405060708090a0b0c0d0e0f, NEXT ip, MTU 100",
        "udp => SPI 1, - => SPI 2 TLV 1:2:03, RECLASSIFY true",
    ],
    ..Class::agnostic("NSHClassifier", "nsh", build)
};

struct NSHClassifier {
    rules: Rules,
    file: Option<String>,
    next_is_ip: bool,
    mtu: usize,
    reclassify: bool,
    /// The rules of the batch at hand.
    chosen: Vec<u32>,
    refusals: Refusals,
}

/// Rules, compiled.
struct Rules {
    texts: Vec<String>,
    headers: Vec<(HeaderArguments, Encapsulation)>,
    program: Program,
    counts: Vec<u64>,
}

/// What follows the header.
struct NextIsIp(bool);

impl weft_lang::value::Value for NextIsIp {
    const EXPECTED: &'static str = "'ethernet' or 'ip'";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        match text {
            "ethernet" => Ok(NextIsIp(false)),
            "ip" => Ok(NextIsIp(true)),
            _ => Err(format!("should be {}", Self::EXPECTED)),
        }
    }

    fn placeholder() -> Self {
        NextIsIp(false)
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let file: Option<Filename> = args.keyword_opt("FILE");
    let NextIsIp(next_is_ip) = args.keyword("NEXT", NextIsIp(false));
    let mtu: u32 = args.keyword("MTU", 0);
    let reclassify = args.keyword("RECLASSIFY", false);
    let texts = args.rest();
    let names = args.names();
    args.complete()?;
    let rules = Rules::parse(texts, names)?;
    Ok(Box::new(NSHClassifier {
        rules,
        file: file.map(|name| name.0),
        next_is_ip,
        mtu: mtu as usize,
        reclassify,
        chosen: vec![0; MAX_BATCH],
        refusals: Refusals::default(),
    }))
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// All that is wrong with them.
    fn parse(texts: Vec<String>, names: &dyn Names) -> Result<Rules, Vec<String>> {
        let mut errors = Vec::new();
        let (mut filters, mut headers) = (Vec::new(), Vec::new());
        for (number, text) in texts.iter().enumerate() {
            let Some((filter, header)) = text.split_once("=>") else {
                errors.push(format!("rule {number}: should be 'FILTER => SPI n ...'"));
                filters.push("-".to_string());
                continue;
            };
            let mut args = Args::from_list(keywords(header), names);
            let header = HeaderArguments::read(&mut args);
            if header.spi.is_none() {
                args.error("missing SPI");
            }
            filters.push(unquote_text(filter.trim()));
            match args.complete() {
                Ok(()) => headers.push((header.clone(), Encapsulation::new(&header.repr()))),
                Err(all) => errors.extend(all.iter().map(|e| format!("rule {number}: {e}"))),
            }
        }
        let mut told = Vec::new();
        let names = GraphNames(names);
        let rules = ip::parse_classifier(&filters, filters.len(), &names, &mut told);
        let of_filters = told.iter().filter(|d| d.severity == Severity::Error);
        errors.extend(of_filters.map(|d| d.text.replacen("pattern", "rule", 1)));
        match rules {
            Some(rules) if errors.is_empty() => Ok(Rules {
                counts: vec![0; texts.len()],
                program: Program::compile(&rules),
                texts,
                headers,
            }),
            _ => Err(errors),
        }
    }

    fn text(&self) -> String {
        self.texts.iter().map(|text| format!("{text}\n")).collect()
    }
}

/// `SPI 10 SI 255 ...` as one argument for each keyword.
fn keywords(header: &str) -> Vec<String> {
    let words = split_words(header);
    words.chunks(2).map(|pair| pair.join(" ")).collect()
}

/// What follows a packet's header, kept beside it or marked in its bytes: its protocol, and where
/// it begins.
fn payload<'a>(packet: &Packet, pool: &'a Pool) -> Option<(u8, &'a [u8])> {
    if pool.nsh(packet).is_some_and(Nsh::is_exposed) {
        return Some((next::ETHERNET, pool.data(packet)));
    }
    let header = packet.nsh_header(pool)?;
    let behind = usize::from(packet.network()?.checked_sub(packet.offset())?) + header.header_len();
    Some((header.next_protocol(), pool.data(packet).get(behind..)?))
}

/// The headers that filters look at.
#[inline]
fn view<'a>(protocol: u8, bytes: &'a [u8]) -> PacketRef<'a> {
    match protocol {
        next::ETHERNET => {
            let frame = Frame::of(bytes);
            PacketRef {
                link: bytes,
                ..PacketRef::ip(frame.map_or(&[], |frame| frame.ipv4(bytes)))
            }
        }
        next::IPV4 => PacketRef::ip(bytes),
        _ => PacketRef::ip(&[]),
    }
}

/// The lines of a file that say something, with their numbers.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .zip(1..)
        .map(|(line, number)| (number, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// What is wrong with a rule of a file, with its line in place of its number; `before` rules are not of the file.
fn at_line(error: &str, file: &str, lines: &[usize], before: usize) -> String {
    let found = error.strip_prefix("rule ").and_then(|rest| {
        let (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let line = lines.get(number.parse::<usize>().ok()?.checked_sub(before)?)?;
        Some(format!("{file}:{line}{rest}"))
    });
    found.unwrap_or_else(|| format!("{file}: {error}"))
}

impl NSHClassifier {
    /// Reads the rules of the file behind those that are there.
    fn load(&mut self, file: &str, names: &dyn Names) -> Result<(), String> {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
        let (lines, added): (Vec<usize>, Vec<&str>) = numbered(&text).unzip();
        let before = self.rules.texts.len();
        let mut texts = self.rules.texts.clone();
        texts.extend(added.iter().map(|line| line.to_string()));
        let told = |errors: Vec<String>| {
            let errors = errors
                .iter()
                .map(|error| at_line(error, file, &lines, before));
            errors.collect::<Vec<_>>().join("\n")
        };
        self.rules = Rules::parse(texts, names).map_err(told)?;
        Ok(())
    }

    fn set_rules(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let texts = numbered(call.text).map(|(_, line)| line.to_string());
        let rules = Rules::parse(texts.collect(), &router.names());
        self.rules = rules.map_err(|errors| errors.join("\n"))?;
        Ok(())
    }

    fn classify(&mut self, batch: &Batch, pool: &Pool) {
        self.chosen.resize(batch.len().max(MAX_BATCH), 0);
        let chosen = &mut self.chosen[..batch.len()];
        let reclassify = self.reclassify;
        let get = |i: usize| match reclassify {
            true => {
                let (protocol, bytes) = payload(&batch[i], pool).unwrap_or((next::NONE, &[]));
                view(protocol, bytes)
            }
            false => view(next::ETHERNET, pool.data(&batch[i])),
        };
        self.rules.program.classify_batch(batch.len(), get, chosen);
    }

    /// Gives a packet the header of rule `rule`.
    #[inline]
    fn encapsulate(&mut self, packet: &mut Packet, pool: &mut Pool, rule: u32) -> Verdict {
        let Some((header, encapsulation)) = self.rules.headers.get(rule as usize) else {
            return Verdict::Emit(1, "nsh-no-rule");
        };
        let (mut protocol, mut taken) = (next::ETHERNET, 0);
        if self.next_is_ip && !self.reclassify {
            let frame = Frame::of(pool.data(packet));
            let Some((kind, inner)) = frame.and_then(|f| Some((f.next_protocol()?, f.payload)))
            else {
                return Verdict::Emit(1, "nsh-no-rule");
            };
            (protocol, taken) = (kind, inner);
        }
        let length = match self.reclassify {
            true if self.mtu != 0 => reclassified_len(packet, pool, header),
            _ => packet.len() - taken + encapsulation.len(),
        };
        if self.mtu != 0 && length > self.mtu {
            return Verdict::Emit(2, "mtu");
        }
        let outcome = if self.reclassify {
            edit(packet, pool, |nsh| reclassify(nsh, header))
        } else {
            let _ = packet.pull(taken);
            encapsulation.put(packet, pool, protocol)
        };
        if let Err(reason) = outcome {
            return Verdict::Drop(reason);
        }
        self.rules.counts[rule as usize] += 1;
        Verdict::Keep
    }
}

/// Bytes of a packet from its header on, once that is as `rule` says.
fn reclassified_len(packet: &Packet, pool: &Pool, rule: &HeaderArguments) -> usize {
    let (length, header) = lengths(packet, pool).unwrap_or((packet.len(), 0));
    let new = rule.tlvs.as_ref().map(|tlvs| FIXED_LEN + tlvs.len());
    length - header + new.unwrap_or(header)
}

/// Gives a header the path of `rule`, and what else that says.
fn reclassify(nsh: &mut Nsh, rule: &HeaderArguments) -> Result<(), &'static str> {
    if let Some(context) = &rule.context {
        if nsh.md_type() != md_type::FIXED {
            return Err("nsh-md-type");
        }
        nsh.set_context(context);
    }
    if let Some(tlvs) = &rule.tlvs
        && !nsh.set_options(tlvs)
    {
        return Err("nsh-md-type");
    }
    let repr = rule.repr();
    nsh.set_path(repr.spi, repr.si);
    if let Some(ttl) = rule.ttl {
        nsh.set_ttl(ttl);
    }
    Ok(())
}

impl Element for NSHClassifier {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        match self.file.clone() {
            Some(file) => self.load(&file, &router.names()),
            None => Ok(()),
        }
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        if self.reclassify {
            router.filter(batch, |packet, router| {
                let verdict = match payload(packet, &router.pool) {
                    Some(_) => Verdict::Keep,
                    None => Verdict::Drop(NO_NSH_HEADER),
                };
                self.refusals.heed(verdict, router)
            });
        }
        self.classify(batch, &router.pool);
        let mut chosen = std::mem::take(&mut self.chosen);
        let mut rules = chosen.drain(..);
        router.filter(batch, |packet, router| {
            let rule = rules.next().unwrap_or(u32::MAX);
            let verdict = self.encapsulate(packet, &mut router.pool, rule);
            self.refusals.heed(verdict, router)
        });
        drop(rules);
        self.chosen = chosen;
    }

    fn configuration(&self) -> Option<String> {
        let mut arguments = self.rules.texts.clone();
        if self.next_is_ip {
            arguments.push("NEXT ip".to_string());
        }
        if self.mtu != 0 {
            arguments.push(format!("MTU {}", self.mtu));
        }
        if self.reclassify {
            arguments.push("RECLASSIFY true".to_string());
        }
        Some(arguments.join(", "))
    }
}
