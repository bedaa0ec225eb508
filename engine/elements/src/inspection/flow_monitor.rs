//! # FlowMonitor([CAPACITY])
//!
//! Counts packets and bytes by flow, by host and by protocol.
//!
//! ## Ports
//! Any number of push inputs for Ethernet frames, as many push outputs: what comes in by input i leaves
//! by output i, unchanged.
//!
//! ## Arguments
//! - `CAPACITY` *integer* (16384): flows that are known at a time. A new one takes the place of one that
//!   was quiet for long, whose counts are added to `evicted`.
//!
//! A flow is two addresses, a protocol and two ports, both directions together; what was seen first goes
//! from source to destination, the rest comes back. Later fragments have ports 0. Behind VLAN tags it looks.
//!
//! ## Handlers
//! Each has a parameter: how many (10), and by what they are ordered, `bytes` or `packets`: `20 packets`.
//! - `flows` (r): flows in the order they were last seen, the newest first, as JSON.
//! - `top` (r): the flows with the most bytes or packets, as JSON.
//! - `talkers` (r): the hosts with the most bytes or packets in the flows that are known, as JSON.
//!
//! And:
//! - `protocols` (r): packets and bytes by protocol, as JSON.
//! - `packets`, `bytes` (r): all that passed. `length` (r): flows known.
//! - `opened` (r), `evicted` (r): flows that began, and those that made room, as JSON with packets and bytes.
//! - `capacity` (rw): as the argument.
//! - `reset` (w): forgets all flows and sets the counts to zero.
//!
//! ## Example
//! ```click
//! FromDump(in.pcap, STOP true) -> m :: FlowMonitor -> Discard;
//! DriverManager(wait_stop, print m.top);
//! ```
//!
//! ## See also
//! Counter, AverageCounter, ContentRules

mod flow;

use super::bounded_table::BoundedTable;
use super::flow_key::FlowKey;
use super::headers::{Address, Headers};
use super::rate_limiter::how_many;
use super::taps::pass;
use crate::nsh::frame::Frame;
use flow::{Flow, Order, Tally, protocol_name};
use serde_json::{Value as Json, json};
use std::cmp::Reverse;
use std::collections::HashMap;
use weft_core::{
    Batch, Built, Call, Cells, Class, Configure, Element, Place, Router, Value, Verdict, argument,
    downcast, reader, variable, writer,
};
use weft_wire::protocol::ether;

const DEFAULT_CAPACITY: u32 = 16_384;
const MAX_CAPACITY: u32 = 1 << 20;
const DEFAULT_ROWS: usize = 10;
const MOST_ROWS: usize = 10_000;
/// Rows of the count of protocols: IP protocols by number, then ARP, then everything else.
const ARP: usize = 256;
const OTHER: usize = 257;
const PROTOCOLS: usize = 258;
/// Where the counts that outlive an engine are.
const PACKETS: usize = 0;
const BYTES: usize = 1;

/// A handler that reads rows, ordered.
macro_rules! rows {
    ($name:literal, $help:literal, $rows:ident) => {
        reader!(
            FlowMonitor,
            $name,
            Value::Json,
            "",
            $help,
            |monitor, call, router| monitor.$rows(call, router)
        )
        .with_parameter()
    };
}

/// Registers FlowMonitor.
pub static CLASS: Class = Class {
    ports: "1-/=",
    processing: "h/h",
    flow: "#/#",
    arguments: &[argument("CAPACITY", Place::Optional, "integer", "16384")],
    handlers: &[
        rows!("flows", "The flows seen last, 10 unless told", newest),
        rows!("top", "The largest flows, 10 unless told", largest),
        rows!(
            "talkers",
            "The hosts that talk most, 10 unless told",
            talkers
        ),
        reader!(
            FlowMonitor,
            "protocols",
            Value::Json,
            "",
            "Packets and bytes by protocol",
            |m, _, _| Ok(m.protocols())
        ),
        reader!(
            FlowMonitor,
            "packets",
            Value::Unsigned,
            "packets",
            "Packets that passed",
            |m, _, _| Ok(m.count(PACKETS).to_string())
        ),
        reader!(
            FlowMonitor,
            "bytes",
            Value::Unsigned,
            "bytes",
            "Bytes that passed",
            |m, _, _| Ok(m.count(BYTES).to_string())
        ),
        reader!(
            FlowMonitor,
            "length",
            Value::Unsigned,
            "flows",
            "Flows known",
            |m, _, _| Ok(m.flows.len().to_string())
        ),
        reader!(
            FlowMonitor,
            "opened",
            Value::Unsigned,
            "flows",
            "Flows that began",
            |m, _, _| Ok(m.opened.to_string())
        ),
        reader!(
            FlowMonitor,
            "evicted",
            Value::Json,
            "",
            "Flows that made room for others, their packets and bytes",
            |m, _, _| Ok(json!({
                "flows": m.evicted_flows,
                "packets": m.evicted.packets,
                "bytes": m.evicted.bytes,
            })
            .to_string())
        ),
        variable!(
            FlowMonitor,
            "capacity",
            Value::Unsigned,
            "flows",
            "Flows that may be known",
            |m, _, _| Ok(m.flows.capacity().to_string()),
            |m, call, router| m.set_capacity(call, router)
        ),
        writer!(
            FlowMonitor,
            "reset",
            Value::Button,
            "",
            "Forgets all flows, sets the counts to zero",
            |m, _, _| {
                m.reset();
                Ok(())
            }
        ),
    ],
    fuzz: &["", "1", "CAPACITY 7"],
    ..Class::agnostic("FlowMonitor", "inspection", build)
};

struct FlowMonitor {
    flows: BoundedTable<FlowKey, Flow>,
    protocols: Vec<Tally>,
    opened: u64,
    evicted_flows: u64,
    evicted: Tally,
    cells: Option<Cells>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let capacity: u32 = args.positional("CAPACITY", DEFAULT_CAPACITY);
    args.within("CAPACITY", capacity, 1, MAX_CAPACITY);
    args.complete()?;
    Ok(Box::new(FlowMonitor {
        flows: BoundedTable::new(capacity as usize),
        protocols: vec![Tally::default(); PROTOCOLS],
        opened: 0,
        evicted_flows: 0,
        evicted: Tally::default(),
        cells: None,
    }))
}

/// The parameter of a handler: how many, and by what they are ordered.
fn rows_of(call: Call<'_>) -> Result<(usize, Order), String> {
    let mut rows = DEFAULT_ROWS;
    let mut order = Order::Bytes;
    for word in call.text.split_whitespace() {
        match word {
            "bytes" => order = Order::Bytes,
            "packets" => order = Order::Packets,
            number => {
                let call = Call {
                    text: number,
                    ..call
                };
                rows = how_many(call, DEFAULT_ROWS, MOST_ROWS)?;
            }
        }
    }
    Ok((rows, order))
}

impl FlowMonitor {
    fn count(&self, which: usize) -> u64 {
        self.cells.as_ref().map_or(0, |c| c.get(which))
    }

    #[inline]
    fn note(&mut self, frame: &[u8], now: u64) {
        let length = frame.len() as u64;
        let Some(headers) = Headers::of(frame) else {
            let is_arp = Frame::of(frame).is_some_and(|f| f.ether_type == ether::ARP);
            self.protocols[if is_arp { ARP } else { OTHER }].add(length);
            return;
        };
        self.protocols[usize::from(headers.protocol)].add(length);
        let (key, from) = FlowKey::of(&headers);
        let mut is_new = false;
        let (flow, evicted) = self.flows.entry(key, now, || {
            is_new = true;
            Flow::begun_by(from, now)
        });
        flow.sides[from].add(length);
        self.opened += u64::from(is_new);
        if let Some((_, gone)) = evicted {
            self.forget(&gone);
        }
    }

    fn forget(&mut self, flow: &Flow) {
        self.evicted_flows += 1;
        self.evicted.merge(flow.total());
    }

    fn newest(&mut self, call: Call<'_>, router: &mut Router) -> Result<String, String> {
        let (rows, _) = rows_of(call)?;
        Ok(self.rows(rows, router, |key, _, used| (Reverse(used), *key)))
    }

    fn largest(&mut self, call: Call<'_>, router: &mut Router) -> Result<String, String> {
        let (rows, order) = rows_of(call)?;
        Ok(self.rows(rows, router, |key, flow, _| {
            (Reverse(flow.total().by(order)), *key)
        }))
    }

    /// The first `rows` flows in the order of what `rank` gives, as JSON.
    fn rows(
        &self,
        rows: usize,
        router: &mut Router,
        rank: impl Fn(&FlowKey, &Flow, u64) -> (Reverse<u64>, FlowKey),
    ) -> String {
        let mut all: Vec<_> = self.flows.iter().collect();
        let order = |item: &(&FlowKey, &Flow, u64)| rank(item.0, item.1, item.2);
        if rows < all.len() {
            all.select_nth_unstable_by_key(rows, order);
            all.truncate(rows);
        }
        all.sort_unstable_by_key(order);
        // Flows are dated by steady time; people want that of the day.
        let to_epoch = router.clock.timestamp().wrapping_sub(router.clock.now());
        let shown = all
            .iter()
            .map(|(key, flow, used)| flow.row(key, *used, to_epoch));
        json!(shown.collect::<Vec<Json>>()).to_string()
    }

    fn talkers(&mut self, call: Call<'_>, _: &mut Router) -> Result<String, String> {
        let (rows, order) = rows_of(call)?;
        let mut hosts: HashMap<_, [Tally; 2]> = HashMap::new();
        for (key, flow, _) in self.flows.iter() {
            for side in [0, 1] {
                let [sent, received] = hosts.entry(key.ends[side].0).or_default();
                sent.merge(flow.sides[side]);
                received.merge(flow.sides[1 - side]);
            }
        }
        let mut all: Vec<_> = hosts.into_iter().collect();
        all.sort_by_key(|(host, [sent, received])| {
            (Reverse(sent.by(order) + received.by(order)), *host)
        });
        let row = |(host, [sent, received]): &(Address, [Tally; 2])| {
            json!({
                "address": host.to_string(),
                "sent_packets": sent.packets,
                "sent_bytes": sent.bytes,
                "received_packets": received.packets,
                "received_bytes": received.bytes,
            })
        };
        let shown: Vec<Json> = all.iter().take(rows).map(row).collect();
        Ok(json!(shown).to_string())
    }

    fn protocols(&self) -> String {
        let name = |number: usize| match number {
            ARP => "arp".to_string(),
            OTHER => "other".to_string(),
            number => protocol_name(number as u8),
        };
        let seen = self
            .protocols
            .iter()
            .enumerate()
            .filter(|(_, t)| t.packets > 0);
        let row = |(number, tally): (usize, &Tally)| json!({"protocol": name(number), "packets": tally.packets, "bytes": tally.bytes});
        json!(seen.map(row).collect::<Vec<Json>>()).to_string()
    }

    fn set_capacity(&mut self, call: Call<'_>, router: &mut Router) -> Result<(), String> {
        let capacity: u32 = call.value().map_err(|e| format!("CAPACITY: {e}"))?;
        if !(1..=MAX_CAPACITY).contains(&capacity) {
            return Err(format!("CAPACITY: out of range, 1 to {MAX_CAPACITY}"));
        }
        self.fit(capacity as usize);
        router.set_argument(0, "CAPACITY", &capacity.to_string());
        Ok(())
    }

    fn fit(&mut self, capacity: usize) {
        let mut gone = Vec::new();
        self.flows.set_capacity(capacity, |_, flow| gone.push(flow));
        gone.iter().for_each(|flow| self.forget(flow));
    }

    fn reset(&mut self) {
        self.flows.clear();
        self.protocols.fill(Tally::default());
        (self.opened, self.evicted_flows, self.evicted) = (0, 0, Tally::default());
        if let Some(cells) = &self.cells {
            cells.set(PACKETS, 0);
            cells.set(BYTES, 0);
        }
    }
}

impl Element for FlowMonitor {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        self.cells = Some(router.cells("counts", 2));
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.now();
        let mut bytes = 0;
        for packet in batch.iter() {
            let frame = router.pool.data(packet);
            bytes += frame.len() as u64;
            self.note(frame, now);
        }
        if let Some(cells) = &self.cells {
            cells.add(PACKETS, batch.len() as u64);
            cells.add(BYTES, bytes);
        }
        pass(port, batch, router, |_, _| Verdict::Keep);
    }

    fn take_state(&mut self, old: &mut dyn Element, _: &mut Router) {
        if let Ok(old) = downcast::<FlowMonitor>(old) {
            let capacity = self.flows.capacity();
            std::mem::swap(&mut self.flows, &mut old.flows);
            std::mem::swap(&mut self.protocols, &mut old.protocols);
            self.opened = old.opened;
            (self.evicted_flows, self.evicted) = (old.evicted_flows, old.evicted);
            self.fit(capacity);
        }
    }
}
