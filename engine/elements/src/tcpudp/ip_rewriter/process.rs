//! The way of a batch through IPRewriter: packets are read, flows found, packets rewritten; each
//! step for the whole batch, so that the memory of many packets is waited for at once.

use super::super::mapper::{self, Mapped};
use super::super::rewriter::Place;
use super::super::rewriter::flow::{Direction, Flow, FlowId};
use super::super::rewriter::input::Input;
use super::super::rewriter::packet::{Look, look, look_at_echo, rewrite};
use super::super::rewriter::timeouts::{ICMP, TCP, after_datagram, after_segment};
use super::{IpRewriter, Kind};
use crate::dispatch::{NOWHERE, dispatch};
use weft_core::{Batch, Packet, REASON_NO_BUFFER, Router, Verdict};

/// What [`Look`] says of a packet that has no flow, where such packets pass.
const NO_FLOW: Look = Look {
    id: FlowId {
        addresses: 0,
        ports: 0,
    },
    protocol: 0,
    hash: 0,
};

const NO_MAPPING: &str = "no-mapping";

/// The output of packets that are of no flow and may begin none.
const UNWANTED: u32 = NOWHERE - 1;

impl IpRewriter {
    pub(super) fn process(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        if port >= self.inputs.len() {
            return router.drop_all(batch, NO_MAPPING);
        }
        self.look_at(port, batch, router);
        let hashes = self.looks.iter().map(|look| look.hash);
        self.flows.table.touch(hashes, &mut self.candidates);
        let now = router.clock.now();
        self.chosen.clear();
        for (i, packet) in batch.iter_mut().enumerate() {
            let look = self.looks[i];
            let table = &self.flows.table;
            let place = table.find(look.id, look.protocol, look.hash);
            let output = self.handle(port, packet, look, place, now, router);
            self.chosen.push(output);
        }
        if self.chosen.contains(&UNWANTED) {
            self.drop_unwanted(batch, router);
        }
        dispatch(batch, &self.chosen, "mapping-failed", router);
    }

    /// Drops the packets that may begin no flow, and forgets their outputs.
    #[cold]
    fn drop_unwanted(&mut self, batch: &mut Batch, router: &mut Router) {
        let mut chosen = self.chosen.iter();
        router.filter(batch, |_, _| match chosen.next() {
            Some(&UNWANTED) => Verdict::Drop(NO_MAPPING),
            _ => Verdict::Keep,
        });
        self.chosen.retain(|output| *output != UNWANTED);
    }

    /// Reads all packets; those that cannot belong to a flow are dropped, or pass.
    fn look_at(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let passes = matches!(self.inputs[port], Input::Pass(_));
        let (looks, table, kind) = (&mut self.looks, &self.flows.table, self.kind);
        looks.clear();
        router.filter(batch, |packet, router| {
            let Some(network) = packet.network() else {
                return Verdict::Drop("no-ip-header");
            };
            if router.pool.unshare(packet).is_none() {
                return Verdict::Drop(REASON_NO_BUFFER);
            }
            let bytes = router.pool.from_position(packet, network);
            let found = match kind {
                Kind::Ports => look(bytes),
                Kind::Pings => look_at_echo(bytes),
            };
            match found {
                Ok((id, protocol)) => looks.push(Look {
                    id,
                    protocol,
                    hash: table.hash(id, protocol),
                }),
                Err(_) if passes => looks.push(NO_FLOW),
                Err(reason) => return Verdict::Drop(reason),
            }
            Verdict::Keep
        });
    }

    /// Rewrites one packet; its output.
    #[inline]
    fn handle(
        &mut self,
        port: usize,
        packet: &mut Packet,
        look: Look,
        place: Option<Place>,
        now: u64,
        router: &mut Router,
    ) -> u32 {
        let place = match place {
            Some(place) if !self.has_expired(place, now) => place,
            other => {
                if let Some(place) = other {
                    self.flows.remove(place.flow);
                }
                match self.begin(port, packet, look, now, router) {
                    Ok(place) => place,
                    Err(output) => return output,
                }
            }
        };
        self.apply(packet, place, now, router)
    }

    #[inline]
    fn has_expired(&self, place: Place, now: u64) -> bool {
        let flow = self.flows.table.flow(place.flow);
        self.options.timeouts.expiry(flow) < now
    }

    #[inline]
    fn apply(&mut self, packet: &mut Packet, place: Place, now: u64, router: &mut Router) -> u32 {
        let direction = place.direction;
        let flow = self.flows.table.flow_mut(place.flow);
        let id = flow.rewritten(direction);
        let output = u32::from(flow.outputs[direction as usize]);
        let network = packet.network().unwrap_or(u16::MAX);
        let Some(bytes) = router.pool.from_position_mut(packet, network) else {
            return NOWHERE;
        };
        let segment = rewrite(bytes, flow.protocol, id, flow.deltas(direction));
        let seen = if flow.protocol == TCP {
            after_segment(flow.seen, direction, segment.flags, segment.has_data)
        } else {
            after_datagram(flow.seen, direction)
        };
        flow.used = now;
        if self.options.destination_annotation {
            packet.set_destination(id.destination());
        }
        if let (Some(at), Direction::Reply) = (self.options.reply_annotation, direction) {
            let value = flow.reply_annotation;
            router.pool.set_annotation(packet, at, &[value]);
        }
        if seen != flow.seen {
            flow.seen = seen;
            self.flows.hasten(place.flow, &self.options.timeouts);
        }
        output
    }

    /// Begins the flow of a packet; where none begins, the packet's output.
    #[cold]
    fn begin(
        &mut self,
        port: usize,
        packet: &Packet,
        look: Look,
        now: u64,
        router: &mut Router,
    ) -> Result<Place, u32> {
        let Look { id, protocol, .. } = look;
        let flows = &self.flows;
        let mapped = match &mut self.inputs[port] {
            Input::Drop => return Err(UNWANTED),
            Input::Pass(output) => return Err(u32::from(*output)),
            // An echo reply begins nothing.
            _ if protocol == ICMP && id.destination_port() != 0 => return Err(UNWANTED),
            Input::Keep(outputs) => Some((id, *outputs)),
            Input::Pattern(pattern, outputs) => {
                let rewritten = pattern.rewrite(id, protocol, flows, &mut router.random);
                rewritten.map(|rewritten| (rewritten, *outputs))
            }
            Input::Mapper(mapper) => match mapper::map(*mapper, id, protocol, flows, router) {
                Mapped::To(rewritten, outputs) => Some((rewritten, outputs)),
                Mapped::Nowhere => None,
                Mapped::Unwanted => return Err(UNWANTED),
            },
        };
        let added = mapped.and_then(|(mut rewritten, outputs)| {
            if protocol == ICMP {
                rewritten = rewritten.with_destination_port(0);
            }
            let mut flow = Flow::new(protocol, id, rewritten, outputs, port as u16);
            if let Some(at) = self.options.reply_annotation {
                flow.reply_annotation = router.pool.annotation_byte(packet, at);
            }
            self.flows.add(flow, now, &self.options.timeouts)
        });
        let Some(flow) = added else {
            if let Some(failures) = &self.failures {
                failures.add(0, 1);
            }
            return Err(NOWHERE);
        };
        let direction = Direction::Forward;
        Ok(Place { flow, direction })
    }
}
