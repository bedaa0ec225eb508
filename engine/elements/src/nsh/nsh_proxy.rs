//! # NSHProxy([*keywords* MTU, REASSOCIATE, FLOWS, TIMEOUT])
//!
//! An SFC proxy (RFC 7665, section 4.6): takes Network Service Headers off packets before a function
//! that knows nothing of them, and puts each packet's own header back afterwards, its service index
//! one less.
//!
//! The function sees Ethernet frames: the inner one, or, where IP, MPLS or another NSH follows the
//! header, one with the outer frame's addresses. Clones and fragments of a packet get its header.
//! Packets without payload (next protocol 0, RFC 8393), OAM packets and packets of next protocols
//! that are not supported go past the function; their service index is one less too.
//!
//! ## Ports
//! An even number of push inputs, as many outputs. The first half of the inputs is for packets from
//! the network, whose headers [CheckNSHHeader](CheckNSHHeader.md) has marked; they leave for the function by the output of the same
//! number. The second half is for packets from the function; they leave for the network by the
//! output of the same number. A packet that goes past the function came in by input *i* and leaves by output *i*
//! plus half the number of inputs.
//!
//! Packets without a header are dropped as `no-nsh-header`, with service index 0 as `nsh-si`, with a
//! link header of more than 22 bytes as `nsh-link`. Packets from the function that came from
//! nowhere are dropped as `nsh-no-context`; those that are no longer IP, MPLS or NSH, though their header
//! was over one of these, as `nsh-next-protocol`; those longer than MTU as `mtu`.
//!
//! ## Arguments
//! - `MTU` *unsigned* (0): the most bytes behind the link header of a packet for the network; 0: any number.
//! - `REASSOCIATE` *none or flow* (none): what is done with packets from the function of which
//!   nothing is known, as is the case behind a program with network interfaces. `flow`: they get the header of the last
//!   packet of their flow (addresses, protocol, ports), if that came in; metadata that differs within a flow is lost.
//! - `FLOWS` *unsigned* (65536): flows remembered; the one not seen for longest makes room.
//! - `TIMEOUT` *seconds* (300): how long after its last packet a flow is remembered.
//!
//! ## Handlers
//! - `flows` (r): flows remembered.
//!
//! ## Example
//! ```click
//! in :: Idle -> CheckNSHHeader(14) -> proxy :: NSHProxy;
//! proxy [0] -> firewall :: Null -> [1] proxy [1] -> out :: Discard;
//! ```
//!
//! ## See also
//! NSHFunction, CheckNSHHeader

use super::boundary::{ARGUMENTS, BOUNDARY, Boundary, build};
use super::flows::Flows;
use std::num::NonZeroUsize;
use weft_core::{Argument, Built, Class, Configure, Place, Value, argument, reader};
use weft_lang::Names;

/// Registers NSHProxy.
pub static CLASS: Class = Class {
    name: "NSHProxy",
    arguments: &ALL,
    handlers: &[reader!(
        Boundary,
        "flows",
        Value::Unsigned,
        "flows",
        "Flows remembered",
        |b, _, _| Ok(b.flows().to_string())
    )],
    fuzz: &["", "REASSOCIATE flow, FLOWS 2, MTU 100"],
    build: configure,
    ..BOUNDARY
};

static ALL: [Argument; 4] = [
    ARGUMENTS[0],
    argument("REASSOCIATE", Place::Keyword, "none or flow", "none"),
    argument("FLOWS", Place::Keyword, "unsigned", "65536"),
    argument("TIMEOUT", Place::Keyword, "seconds", "300"),
];

/// How packets are joined with headers again that lost them.
struct Reassociate(bool);

impl weft_lang::value::Value for Reassociate {
    const EXPECTED: &'static str = "'none' or 'flow'";

    fn parse(text: &str, _names: &dyn Names) -> Result<Self, String> {
        match text {
            "none" => Ok(Reassociate(false)),
            "flow" => Ok(Reassociate(true)),
            _ => Err(format!("should be {}", Self::EXPECTED)),
        }
    }

    fn placeholder() -> Self {
        Reassociate(false)
    }
}

fn configure(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let mtu: u32 = args.keyword("MTU", 0);
    let Reassociate(by_flow) = args.keyword("REASSOCIATE", Reassociate(false));
    let capacity: u32 = args.keyword("FLOWS", 65536);
    let capacity = NonZeroUsize::new(capacity as usize);
    let timeout: u32 = args.keyword("TIMEOUT", 300);
    if capacity.is_none() {
        args.argument_error("FLOWS", "must be positive");
    }
    args.complete()?;
    let flows = capacity.filter(|_| by_flow);
    build(
        configure,
        false,
        mtu,
        flows.map(|capacity| Flows::new(capacity, timeout)),
    )
}
