//! # InterfaceIPLookup(INTERFACE, ..., [*keyword* FILE])
//!
//! The routing table of a router, by its interfaces: who is a neighbour where follows from their addresses, and a route
//! names a gateway, whose interface is found.
//!
//! Looks up each packet's destination address annotation; the longest prefix decides. Where the route has a gateway, the
//! annotation becomes its address.
//!
//! ## Ports
//! One push input. Output 0: packets to an address of the router itself. Output 1, if there is one: packets that have no route, or one
//! that is `unreachable`; an ICMPError follows, ordinarily; they are dropped as `no-route` otherwise. Output 2: packets that
//! leave by the first interface, and so on. Packets to all hosts of a network of the router's are dropped as
//! `broadcast`; those to addresses that no host can have (RFC 1812, section 5.3.7), and to groups, as `martian`.
//!
//! ## Arguments
//! - `INTERFACE` *NAME ADDRESS/LENGTH*: an interface: what routes call it, and its address in its network.
//! - `FILE` *filename*: routes, one a line; empty lines say nothing, nor do those that begin with `#`:
//!   - `NETWORK via GATEWAY`: to a neighbour on the interface whose network it is in, `NETWORK via GATEWAY dev NAME` to be clear;
//!   - `NETWORK dev NAME`: to hosts that are themselves on an interface;
//!   - `NETWORK unreachable`: nowhere, as if there were no shorter prefix.
//!
//!   NETWORK is ADDRESS/LENGTH, an address, or `default`.
//!
//! ## Handlers
//! - `table` (r): all routes, a line each, by network; `local` are the router's own addresses.
//! - `routes` (rw): the routes that were given. What is written takes the place of all; where a line is wrong, nothing changes.
//! - `lookup ADDRESS` (r): where packets to an address go: `via GATEWAY dev NAME`, `dev NAME`, `local`, `broadcast` or `unreachable`.
//! - `add`, `set` (w): adds a route; `set` replaces one to the same network, `add` refuses to.
//! - `remove` (w): removes the route to a NETWORK.
//! - `ctrl` (w): any number of lines `add ROUTE`, `set ROUTE`, `remove NETWORK`; all or none.
//!
//! Routes take effect for the next packet. A hot swap keeps them where INTERFACE and what FILE holds stay the same.
//!
//! ## Example
//! ```click
//! Idle -> GetIPAddress(16) -> rt :: InterfaceIPLookup(lan 10.0.0.1/24, wan 192.0.2.1/24);
//! Script(write rt.add default via 192.0.2.254);
//! rt[0] -> Discard; rt[1] -> Discard; rt[2] -> Discard; rt[3] -> Discard;
//! ```
//!
//! ## See also
//! RadixIPLookup, StaticIPLookup, GetIPAddress, ARPQuerier

use super::interface_routes::{BROADCAST, FIRST, Interface, InterfaceRoutes, UNREACHABLE};
use crate::dispatch::dispatch;
use std::net::Ipv4Addr;
use weft_core::{
    Batch, Built, Call, Class, Configure, Element, Handler, Place, Router, Value, Verdict,
    argument, downcast, reader, variable, writer,
};
use weft_lang::value::Filename;

/// Registers InterfaceIPLookup.
pub static CLASS: Class = Class {
    ports: "1/1-",
    processing: "h/h",
    flow: "x/x",
    arguments: &[
        argument("INTERFACE", Place::Rest, "NAME ADDRESS/LENGTH", ""),
        argument("FILE", Place::Keyword, "filename", ""),
    ],
    handlers: &[
        reader!(
            InterfaceIPLookup,
            "table",
            Value::Lines,
            "",
            "All routes",
            |l, _, _| { Ok(l.routes.text()) }
        ),
        variable!(
            InterfaceIPLookup,
            "routes",
            Value::Lines,
            "",
            "The routes that were given",
            |l, _, _| Ok(l.routes.given_text()),
            |l, call, router| {
                l.routes = l.routes.with(call.text, "line ", &router.names())?;
                Ok(())
            }
        ),
        reader!(
            InterfaceIPLookup,
            "lookup",
            Value::Text,
            "",
            "Where packets to an address go",
            |l, call, _| Ok(l.routes.look_up(call.value::<Ipv4Addr>()?.to_bits()))
        )
        .with_parameter(),
        command(
            "add",
            "Adds a route, unless there is one to the same network",
        ),
        command("set", "Adds or replaces a route"),
        command("remove", "Removes the route to a network"),
        writer!(
            InterfaceIPLookup,
            "ctrl",
            Value::Lines,
            "",
            "Adds, sets and removes routes, a command per line; all or none",
            |l, call, router| l.routes.control(call.text, &router.names())
        ),
    ],
    fuzz: &[
        "lan 10.0.0.1/8",
        "a 10.0.0.1/24, b 10.1.2.3/32, c 192.0.2.0/31",
    ],
    ..Class::agnostic("InterfaceIPLookup", "ip", build)
};

const fn command(name: &'static str, help: &'static str) -> Handler {
    writer!(
        InterfaceIPLookup,
        name,
        Value::Text,
        "",
        help,
        |l, call, router| l.command(call, router)
    )
}

struct InterfaceIPLookup {
    routes: InterfaceRoutes,
    file: Option<String>,
    /// What the file held.
    loaded: String,
    addresses: Vec<u32>,
    /// Next hops of the batch at hand.
    hops: Vec<u32>,
    outputs: Vec<u32>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let outputs = configure.outputs;
    let mut args = configure.args();
    let file: Option<Filename> = args.keyword_opt("FILE");
    let mut interfaces = Vec::new();
    for text in args.rest() {
        match Interface::parse(&text, args.names()) {
            Ok(interface) => interfaces.push(interface),
            Err(problem) => args.error(problem),
        }
    }
    if interfaces.len() + FIRST as usize > outputs.max(FIRST as usize) {
        let needed = interfaces.len() + FIRST as usize;
        args.error(format!(
            "{needed} outputs are needed: 0, 1, and one for each interface"
        ));
    }
    args.complete()?;
    Ok(Box::new(InterfaceIPLookup {
        routes: InterfaceRoutes::new(interfaces).map_err(|problem| vec![problem])?,
        file: file.map(|name| name.0),
        loaded: String::new(),
        addresses: Vec::new(),
        hops: Vec::new(),
        outputs: Vec::new(),
    }))
}

impl InterfaceIPLookup {
    fn command(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        self.routes
            .command(call.handler, call.text, &router.names())
    }
}

/// Whether packets to an address are never forwarded: there is no such host, or many are meant.
fn is_martian(address: u32) -> bool {
    matches!(address >> 24, 0 | 127 | 224..)
}

impl Element for InterfaceIPLookup {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
        let called = format!("{file}:");
        self.routes = self.routes.with(&text, &called, &router.names())?;
        self.loaded = text;
        Ok(())
    }

    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        let InterfaceIPLookup {
            routes,
            addresses,
            hops,
            outputs,
            ..
        } = self;
        addresses.clear();
        addresses.extend(batch.iter().map(|packet| packet.destination()));
        hops.resize(batch.len(), 0);
        routes.table.lookup_batch(addresses, hops);
        outputs.clear();
        let mut hops = hops.iter();
        router.filter(batch, |packet, router| {
            let hop = hops.next().and_then(|number| routes.table.hop(*number));
            let output = match hop {
                _ if is_martian(packet.destination()) => return Verdict::Drop("martian"),
                Some(hop) if hop.output == BROADCAST => return Verdict::Drop("broadcast"),
                Some(hop) => hop.output,
                None => UNREACHABLE,
            };
            if output == UNREACHABLE && !router.is_connected(UNREACHABLE as usize) {
                return Verdict::Drop("no-route");
            }
            if let Some(hop) = hop.filter(|hop| hop.gateway != 0) {
                packet.set_destination(hop.gateway);
            }
            outputs.push(output);
            Verdict::Keep
        });
        dispatch(batch, outputs, "no-route", router);
    }

    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Ok(old) = downcast::<InterfaceIPLookup>(old)
            && old.loaded == self.loaded
        {
            self.routes.take(&mut old.routes);
        }
    }
}
