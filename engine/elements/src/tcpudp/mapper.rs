//! Elements that decide for rewriters what becomes of new flows, as one.

use super::port_forward_ip_mapper::PortForwardIpMapper;
use super::rewriter::flow::FlowId;
use super::rewriter::pattern::Taken;
use super::round_robin_ip_mapper::RoundRobinIpMapper;
use super::weighted_ip_mapper::WeightedIpMapper;
use weft_core::{ElementId, Router};

/// What a mapper says of a new flow.
pub(crate) enum Mapped {
    /// What its packets become, and the outputs of both directions.
    To(FlowId, [u16; 2]),
    /// Nothing is free for it.
    Nowhere,
    /// It has no rule for it.
    Unwanted,
}

impl From<Option<(FlowId, [u16; 2])>> for Mapped {
    fn from(mapped: Option<(FlowId, [u16; 2])>) -> Self {
        match mapped {
            Some((rewritten, outputs)) => Mapped::To(rewritten, outputs),
            None => Mapped::Nowhere,
        }
    }
}

/// Whether elements of this class are mappers.
pub(crate) fn is_mapper(class: &str) -> bool {
    matches!(
        class,
        "RoundRobinIPMapper" | "WeightedIPMapper" | "PortForwardIPMapper"
    )
}

/// Asks the mapper what becomes of a new flow.
pub(crate) fn map(
    mapper: ElementId,
    id: FlowId,
    protocol: u8,
    flows: &dyn Taken,
    router: &mut Router,
) -> Mapped {
    let turn = |m: &mut RoundRobinIpMapper, router: &mut Router| {
        Mapped::from(m.map(id, protocol, flows, &mut router.random))
    };
    let weighted = |m: &mut WeightedIpMapper, router: &mut Router| {
        Mapped::from(m.map(id, protocol, flows, &mut router.random))
    };
    let forward = |m: &mut PortForwardIpMapper, _: &mut Router| m.map(id, protocol);
    let mapped = router.with_element(mapper, turn);
    let mapped = mapped.or_else(|| router.with_element(mapper, weighted));
    let mapped = mapped.or_else(|| router.with_element(mapper, forward));
    mapped.unwrap_or(Mapped::Unwanted)
}

/// The patterns of the mapper whose outputs a rewriter with `outputs` outputs does not have.
pub(crate) fn out_of_range(mapper: ElementId, outputs: usize, router: &mut Router) -> Vec<usize> {
    let beyond = |to: [u16; 2]| to.iter().any(|o| usize::from(*o) >= outputs);
    let one = |to: [u16; 2]| if beyond(to) { vec![0] } else { Vec::new() };
    let turn = |m: &mut RoundRobinIpMapper, _: &mut Router| m.out_of_range(outputs);
    let weighted = |m: &mut WeightedIpMapper, _: &mut Router| one(m.outputs());
    let forward = |m: &mut PortForwardIpMapper, _: &mut Router| one(m.outputs());
    let wrong = router.with_element(mapper, turn);
    let wrong = wrong.or_else(|| router.with_element(mapper, weighted));
    let wrong = wrong.or_else(|| router.with_element(mapper, forward));
    wrong.unwrap_or_default()
}
