//! # CheckNSHHeader([OFFSET, *keywords* OFFSET, OAM, NEXT_PROTOCOL, EXPERIMENT])
//!
//! Lets packets with a sound Network Service Header pass and marks where it is, as RFC 8300 asks of
//! every node that handles it.
//!
//! Checks version, length, MD type, the context headers of MD type 2, and the next protocol.
//! Unassigned bits are ignored and stay as they are. A context of zeros is a context like any other.
//! The first packet that is dropped for a reason is told in the log, then at most one a second.
//!
//! ## Ports
//! One agnostic input. Output 0: sound packets. Output 1, push, if there is one: the others, which
//! are dropped otherwise, as `nsh-truncated`, `nsh-version`, `nsh-length`, `nsh-md-type`, `nsh-tlv`,
//! `nsh-next-protocol` or `nsh-oam`.
//!
//! ## Arguments
//! - `OFFSET` *unsigned* (0): where in the packet the header begins; 14 for Ethernet frames.
//! - `OAM` *drop or forward* (drop): what is done with OAM packets (those with the O bit).
//! - `NEXT_PROTOCOL` *drop or forward* (drop): what is done with packets whose next protocol is none
//!   of none, IPv4, IPv6, Ethernet, NSH and MPLS.
//! - `EXPERIMENT` *boolean* (false): whether MD type 0xf and next protocols 0xfe and 0xff, which are
//!   for experiments, are let through.
//!
//! ## Handlers
//! - `drops` (r): packets that failed so far.
//!
//! ## Example
//! ```click
//! Idle -> CheckNSHHeader(14) -> Discard;
//! ```
//!
//! ## See also
//! NSHProxy, NSHFunction

use super::refusals::Refusals;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Place, Router, Value, Verdict, argument, reader,
};
use weft_lang::Names;
use weft_wire::nsh::{Policy, check};

/// Registers CheckNSHHeader.
pub static CLASS: Class = Class {
    ports: "1/1-2",
    processing: "a/ah",
    arguments: &[
        argument("OFFSET", Place::Optional, "unsigned", "0"),
        argument("OAM", Place::Keyword, "drop or forward", "drop"),
        argument("NEXT_PROTOCOL", Place::Keyword, "drop or forward", "drop"),
        argument("EXPERIMENT", Place::Keyword, "boolean", "false"),
    ],
    handlers: &[reader!(
        CheckNSHHeader,
        "drops",
        Value::Unsigned,
        "packets",
        "Packets that failed",
        |c, _, _| Ok(c.cells.as_ref().map_or(0, |cells| cells.get(0)).to_string())
    )],
    fuzz: &[
        "",
        "14, OAM forward, NEXT_PROTOCOL forward, EXPERIMENT true",
    ],
    ..Class::agnostic("CheckNSHHeader", "nsh", build)
};

struct CheckNSHHeader {
    offset: usize,
    policy: Policy,
    refusals: Refusals,
    cells: Option<Cells>,
}

/// What is done with packets that are not understood.
pub(super) struct Forward(pub bool);

impl weft_lang::value::Value for Forward {
    const EXPECTED: &'static str = "'drop' or 'forward'";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        match text {
            "drop" => Ok(Forward(false)),
            "forward" => Ok(Forward(true)),
            _ => Err(format!("should be {}", Self::EXPECTED)),
        }
    }

    fn placeholder() -> Self {
        Forward(false)
    }
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let offset: u32 = args.positional("OFFSET", 0);
    let Forward(oam) = args.keyword("OAM", Forward(false));
    let Forward(next_protocol) = args.keyword("NEXT_PROTOCOL", Forward(false));
    let experiment = args.keyword("EXPERIMENT", false);
    args.complete()?;
    Ok(Box::new(CheckNSHHeader {
        offset: offset as usize,
        policy: Policy {
            oam,
            next_protocol,
            experiment,
        },
        refusals: Refusals::default(),
        cells: None,
    }))
}

impl Element for CheckNSHHeader {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("faults", 1));
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let (offset, policy) = (self.offset, self.policy);
        router.filter(batch, |packet, router| {
            let bytes = router.pool.data(packet).get(offset..);
            match check(bytes.unwrap_or_default(), &policy) {
                Ok(length) => {
                    packet.set_network(offset, length);
                    Verdict::Keep
                }
                Err(fault) => {
                    if let Some(cells) = &self.cells {
                        cells.add(0, 1);
                    }
                    self.refusals.refuse((fault.reason(), fault.text()), router)
                }
            }
        });
    }
}
