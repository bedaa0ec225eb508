//! # IPGWOptions(MYADDR [, OTHERADDRS])
//!
//! Does with IP options what every router has to: fills in Record Route and Timestamp options, and
//! updates the checksum. Source routes are left to others.
//!
//! ## Ports
//! One agnostic input. Output 0: the packets. Output 1, push, if there is one: packets with a bad
//! option, which are dropped otherwise; their ICMP_PARAMPROB annotation points at the bad byte, for
//! an ICMPError of type `parameterproblem`.
//!
//! ## Arguments
//! - `MYADDR` *IP address*: the router's address on the interface packets leave by.
//! - `OTHERADDRS` *list of IP addresses*: its other addresses; Timestamp options that name the
//!   routers to be recorded are filled in for them too.
//!
//! ## Handlers
//! - `drops` (r): packets with a bad option.
//!
//! ## Example
//! ```click
//! Idle -> CheckIPHeader -> options :: IPGWOptions(10.0.0.1) -> Discard;
//! options [1] -> ICMPError(10.0.0.1, parameterproblem) -> Discard;
//! ```
//!
//! ## See also
//! ICMPError, DecIPTTL

use super::header::{NO_IP_HEADER, header, header_mut};
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, IpHeader, Packet, Place, Router, Value,
    Verdict, argument, reader,
};
use weft_lang::value::IpAddresses;
use weft_wire::ipv4;

/// Offset of the ICMP_PARAMPROB annotation, one byte.
pub(crate) const ICMP_PARAMPROB: usize = 17;

/// Registers IPGWOptions.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    ip_header: IpHeader::Needs,
    arguments: &[
        argument("MYADDR", Place::Mandatory, "IP address", ""),
        argument("OTHERADDRS", Place::Optional, "list of IP addresses", ""),
    ],
    handlers: &[reader!(
        IPGWOptions,
        "drops",
        Value::Unsigned,
        "packets",
        "Packets with a bad option",
        |o, _, _| Ok(o.cells.as_ref().map_or(0, |c| c.get(0)).to_string())
    )],
    fuzz: &["10.0.0.1", "10.0.0.1, 10.0.1.1 10.0.2.1"],
    ..Class::agnostic("IPGWOptions", "ip", build)
};

const END: u8 = 0;
const NOP: u8 = 1;
const RECORD_ROUTE: u8 = 7;
const TIMESTAMP: u8 = 68;

const MS_PER_DAY: u64 = 86_400_000;

struct IPGWOptions {
    own: Ipv4Addr,
    others: Vec<Ipv4Addr>,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let own = args.mandatory("MYADDR");
    let IpAddresses(others) = args.positional("OTHERADDRS", IpAddresses::default());
    args.complete()?;
    Ok(Box::new(IPGWOptions {
        own,
        others,
        cells: None,
    }))
}

/// What is wrong with the options: the position of the bad byte in the header.
struct BadOption(usize);

/// The router as options name it.
struct Here<'a> {
    own: Ipv4Addr,
    others: &'a [Ipv4Addr],
    ms_of_day: u32,
}

impl Here<'_> {
    /// Fills in the options of `header`. True when it changed something.
    fn fill(&self, header: &mut [u8]) -> Result<bool, BadOption> {
        let mut at = ipv4::HEADER_LEN;
        let mut touched = false;
        while let Some(&kind) = header.get(at) {
            match kind {
                NOP => {
                    at += 1;
                    continue;
                }
                END => break,
                _ => {}
            }
            let length = usize::from(header.get(at + 1).copied().unwrap_or(0));
            if length < 2 || at + length > header.len() {
                return Err(BadOption(at + 1));
            }
            let option = &mut header[at..at + length];
            let outcome = match kind {
                RECORD_ROUTE => self.record_route(option),
                TIMESTAMP => self.stamp(option),
                _ => {
                    at += length;
                    continue;
                }
            };
            outcome.map_err(|offset| BadOption(at + offset))?;
            touched = true;
            at += length;
        }
        Ok(touched)
    }

    /// Enters the router's address behind those recorded so far.
    ///
    /// # Errors
    /// The position of the bad byte in the option.
    fn record_route(&self, option: &mut [u8]) -> Result<(), usize> {
        let next = first_free(option)?;
        if next >= 3 && next + 4 <= option.len() {
            option[next..next + 4].copy_from_slice(&self.own.octets());
            option[2] = pointer_to(next + 4);
            return Ok(());
        }
        if next == option.len() { Ok(()) } else { Err(2) }
    }

    /// Enters the time, with the router's address or where it is asked for.
    fn stamp(&self, option: &mut [u8]) -> Result<(), usize> {
        let next = first_free(option)?;
        let flags = *option.get(3).ok_or(2usize)?;
        if next < 4 {
            return Err(2);
        }
        let time = self.ms_of_day.to_be_bytes();
        let left = option.len().saturating_sub(next);
        match flags & 0xf {
            0 if left >= 4 => {
                option[next..next + 4].copy_from_slice(&time);
                option[2] = pointer_to(next + 4);
            }
            1 if left >= 8 => {
                option[next..next + 4].copy_from_slice(&self.own.octets());
                option[next + 4..next + 8].copy_from_slice(&time);
                option[2] = pointer_to(next + 8);
            }
            0 | 1 if flags >> 4 < 15 => option[3] = flags + 0x10,
            3 if left >= 8 => {
                if self.is_own(&option[next..next + 4]) {
                    option[next + 4..next + 8].copy_from_slice(&time);
                    option[2] = pointer_to(next + 8);
                }
            }
            _ => return Err(3),
        }
        Ok(())
    }

    fn is_own(&self, address: &[u8]) -> bool {
        let mut all = self.others.iter().chain([&self.own]);
        all.any(|a| a.octets() == *address)
    }
}

/// Index of the first free byte of a recording option; its pointer counts from 1.
fn first_free(option: &[u8]) -> Result<usize, usize> {
    let pointer = option.get(2).copied().unwrap_or(0);
    usize::from(pointer).checked_sub(1).ok_or(2)
}

/// The pointer to the byte at `index` of an option, which is at most 40 bytes long.
fn pointer_to(index: usize) -> u8 {
    index as u8 + 1
}

impl IPGWOptions {
    fn handle(&self, packet: &mut Packet, router: &mut Router) -> Verdict {
        match header(packet, &router.pool) {
            None => return Verdict::Drop(NO_IP_HEADER),
            Some(ip) if ip.options().is_empty() => return Verdict::Keep,
            Some(_) => {}
        }
        let here = Here {
            own: self.own,
            others: &self.others,
            ms_of_day: (router.clock.timestamp() / 1_000_000 % MS_PER_DAY) as u32,
        };
        let mut ip = match header_mut(packet, &mut router.pool) {
            Ok(ip) => ip,
            Err(reason) => return Verdict::Drop(reason),
        };
        match here.fill(ip.header_mut()) {
            Ok(touched) => {
                if touched {
                    ip.fill_checksum();
                }
                Verdict::Keep
            }
            Err(BadOption(position)) => {
                if let Some(cells) = &self.cells {
                    cells.add(0, 1);
                }
                let pool = &mut router.pool;
                pool.set_annotation_byte(packet, ICMP_PARAMPROB, position as u8);
                Verdict::Emit(1, "bad-option")
            }
        }
    }
}

impl Element for IPGWOptions {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("drops", 1));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        router.filter(batch, |packet, router| self.handle(packet, router));
    }
}
