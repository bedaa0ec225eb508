//! What the IP route elements share: one table, one element. The classes differ in their names,
//! in the handlers Click gives them and in what they say of packets without a route.

use crate::dispatch::{NOWHERE, dispatch};
use crate::ip::classification::names::GraphNames;
use std::net::Ipv4Addr;
use weft_classify::route::Command;
use weft_classify::{RouteTable, Severity};
use weft_core::{
    Argument, Batch, Built, Call, Class, Configure, Element, Handler, Place, Router, Value,
    argument, reader, writer,
};

/// Packets without a route that are told of.
const COMPLAINTS: usize = 5;

/// A class of this kind, to be completed.
pub(super) const LOOKUP: Class = Class {
    ports: "1/-",
    processing: "h/h",
    flow: "x/x",
    arguments: ARGUMENTS,
    handlers: &[ADD, SET, REMOVE, CTRL, TABLE, LOOK_UP],
    fuzz: &[
        "0.0.0.0/0 0",
        "10.0.0.0/8 192.0.2.1 0, 10.1.0.0/16 0, 10.1.2.3 0",
    ],
    ..Class::agnostic("", "ip", |_| Err(Vec::new()))
};

const ARGUMENTS: &[Argument] = &[argument(
    "ROUTE",
    Place::Rest,
    "prefix, optional gateway, output",
    "",
)];

pub(super) const TABLE: Handler = reader!(
    Lookup,
    "table",
    Value::Lines,
    "",
    "All routes",
    |lookup, _, _| Ok(lookup.table.dump())
);
pub(super) const LOOK_UP: Handler = reader!(
    Lookup,
    "lookup",
    Value::Text,
    "",
    "Output, and gateway if any, for an address; -1 where there is no route",
    |lookup, call, router| {
        let names = router.names();
        lookup.table.lookup_text(call.text, &GraphNames(&names))
    }
)
.with_parameter();
pub(super) const ADD: Handler = writer!(
    Lookup,
    "add",
    Value::Text,
    "",
    "Adds a route, unless there is one to the same network",
    |lookup, call, router| lookup.command(Command::Add, call, router)
);
pub(super) const SET: Handler = writer!(
    Lookup,
    "set",
    Value::Text,
    "",
    "Adds or replaces a route",
    |lookup, call, router| lookup.command(Command::Set, call, router)
);
pub(super) const REMOVE: Handler = writer!(
    Lookup,
    "remove",
    Value::Text,
    "",
    "Removes a route",
    |lookup, call, router| lookup.command(Command::Remove, call, router)
);
pub(super) const CTRL: Handler = writer!(
    Lookup,
    "ctrl",
    Value::Lines,
    "",
    "Adds, sets and removes routes, a command per line; all or none",
    |lookup, call, router| {
        let names = router.names();
        let outputs = router.outputs();
        lookup
            .table
            .control(call.text, outputs, &GraphNames(&names))
    }
);
pub(super) const FLUSH: Handler = writer!(
    Lookup,
    "flush",
    Value::Button,
    "",
    "Removes all routes",
    |lookup, _, _| {
        lookup.table = RouteTable::new();
        Ok(())
    }
);

struct Lookup {
    table: RouteTable,
    /// Who complains of packets without a route.
    speaker: Option<&'static str>,
    complaints: usize,
    addresses: Vec<u32>,
    /// Next hops of the batch at hand, then their outputs.
    chosen: Vec<u32>,
}

/// Builds an element; `speaker` complains of the first packets without a route.
pub(super) fn build(speaker: Option<&'static str>, configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let arguments = args.rest();
    args.complete()?;
    let mut told = Vec::new();
    let names = GraphNames(configure.names());
    let table = RouteTable::from_arguments(&arguments, configure.outputs, &names, &mut told);
    let texts = |severity: Severity| {
        let of_this = told.iter().filter(move |d| d.severity == severity);
        of_this.map(|d| d.text.clone()).collect::<Vec<_>>()
    };
    let table = table.ok_or_else(|| texts(Severity::Error))?;
    for warning in texts(Severity::Warning) {
        configure.warn(warning);
    }
    Ok(Box::new(Lookup {
        table,
        speaker,
        complaints: 0,
        addresses: Vec::new(),
        chosen: Vec::new(),
    }))
}

impl Lookup {
    fn command(
        &mut self,
        command: Command,
        call: Call<'_>,
        router: &mut Router,
    ) -> Result<(), String> {
        let names = router.names();
        self.table
            .command(command, call.text, router.outputs(), &GraphNames(&names))
    }

    fn complain(&mut self, router: &mut Router) {
        let Some(speaker) = self.speaker else { return };
        for (address, output) in self.addresses.iter().zip(&self.chosen) {
            if *output == NOWHERE && self.complaints < COMPLAINTS {
                self.complaints += 1;
                let address = Ipv4Addr::from(*address);
                router
                    .console
                    .line(&format!("{speaker}: no route for {address}"));
            }
        }
    }
}

impl Element for Lookup {
    fn push(&mut self, _port: usize, batch: &mut Batch, router: &mut Router) {
        self.addresses.clear();
        self.addresses.extend(batch.iter().map(|p| p.destination()));
        self.chosen.resize(batch.len(), 0);
        self.table.lookup_batch(&self.addresses, &mut self.chosen);
        let mut all_routed = true;
        for (packet, chosen) in batch.iter_mut().zip(&mut self.chosen) {
            let hop = self.table.hop(*chosen);
            *chosen = hop.map_or(NOWHERE, |hop| hop.output);
            all_routed &= hop.is_some();
            if let Some(hop) = hop.filter(|hop| hop.gateway != 0) {
                packet.set_destination(hop.gateway);
            }
        }
        if !all_routed && self.complaints < COMPLAINTS {
            self.complain(router);
        }
        dispatch(batch, &self.chosen, "no-route", router);
    }
}
