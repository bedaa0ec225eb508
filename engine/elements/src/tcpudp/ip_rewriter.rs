//! # IPRewriter(INPUTSPEC_1, ..., INPUTSPEC_N [, KEYWORDS])
//!
//! Network address and port translation: rewrites addresses and ports of TCP and UDP packets, flow
//! by flow, with checksums kept right.
//!
//! A packet of a known flow is rewritten as that flow is, and leaves by the flow's output; so are
//! the answers, back to what they were, by the output for replies. The first packet of an unknown
//! flow is handled as the INPUTSPEC of its input says:
//! - `drop` (or `discard`): it is dropped.
//! - `pass OUTPUT` (or `nochange`): it leaves unchanged by OUTPUT; no flow begins.
//! - `keep FOUTPUT ROUTPUT`: a flow begins, unchanged; replies leave by ROUTPUT.
//! - `pattern SADDR SPORT DADDR DPORT FOUTPUT ROUTPUT`: a flow begins whose source and destination
//!   become those given; `-` leaves a part as it is. SPORT may be a range `L-H`: a port is chosen
//!   so that no answers of two flows can be confused. The packet's own port is preferred if it is
//!   free, else any is taken; with `#` behind the range ports are taken in turn, with `?` at random.
//!   SADDR may be a range or a prefix likewise.
//! - `ELEMENT`: the named mapper decides: RoundRobinIPMapper, WeightedIPMapper, PortForwardIPMapper.
//!
//! ## Ports
//! An input per INPUTSPEC, push; any number of push outputs. Packets need their IP header
//! annotation. Dropped are packets without it (`no-ip-header`), those that are neither TCP nor UDP
//! (`not-tcp-or-udp`), fragments but the first (`fragment`) and truncated ones (`too-short`), unless
//! they come to a `pass` input; those of unknown flows (`no-mapping`), and those for whom no variant
//! or no room was left (`mapping-failed`).
//!
//! ## Arguments
//! - `INPUTSPEC`, one per input.
//! - `TCP_TIMEOUT` *time* (24 hours): for connections with data in both directions; also `TIMEOUT`.
//! - `TCP_NODATA_TIMEOUT` *time* (5 minutes): for those without.
//! - `TCP_DONE_TIMEOUT` *time* (4 minutes): for those both sides have ended, or one has reset.
//! - `UDP_TIMEOUT` *time* (5 minutes).
//! - `UDP_STREAMING_TIMEOUT` *time* (`UDP_TIMEOUT`): after three packets, at least one each way.
//! - `TCP_GUARANTEE`, `UDP_GUARANTEE` *time* (5 seconds): after its last packet a flow is not removed
//!   for so long, even to make room; `GUARANTEE` is the same as `TCP_GUARANTEE`.
//! - `REAP_INTERVAL` *time* (15 minutes): expired flows are searched for so often; one that is met
//!   before is expired all the same.
//! - `MAPPING_CAPACITY` *integer* (2147483647), also `CAPACITY`: flows there may be; or the name of
//!   another IPRewriter, to have the same.
//! - `DST_ANNO` *boolean* (true): the destination annotation is set to the new destination.
//! - `REPLY_ANNO` *annotation*: this byte of the packet that began the flow is set in replies.
//!
//! ## Handlers
//! - `tcp_table`, `udp_table`, `table` (r): the mappings of TCP, UDP, or both, one a line:
//!   `FLOW => NEW [*FOUTPUT ROUTPUT] iINPUT expSECONDS`; the star marks the direction. Also
//!   `tcp_mappings`, `udp_mappings`, `mappings`.
//! - `tcp_lookup`, `udp_lookup SADDR SPORT DADDR DPORT` (r): what that flow becomes.
//! - `table_size`, `nmappings`, `size` (r): number of flows.
//! - `mapping_failures` (r): flows that could not begin.
//! - `capacity` (rw): flows there may be.
//! - `patterns` (r): all input specifications, with the number of flows they began.
//! - `pattern0`, `pattern1`, ... (rw): one of them. Writing it changes what becomes of new flows;
//!   those there are go on.
//! - `config` (rw): the same for all arguments.
//! - `clear` (w): removes all flows.
//!
//! Flows survive a hot swap, not a restart of the engine.
//!
//! ## Example
//! ```click
//! rw :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop);
//! Idle -> CheckIPHeader -> rw;
//! Idle -> CheckIPHeader -> [1]rw;
//! rw[0] -> Discard; rw[1] -> Discard;
//! ```
//!
//! ## See also
//! ICMPPingRewriter, ICMPRewriter, RoundRobinIPMapper, WeightedIPMapper, PortForwardIPMapper,
//! CheckIPHeader, IPReassembler

pub(crate) mod handlers;
mod process;
#[cfg(test)]
mod tests;

use super::mapper;
use super::rewriter::Place as FlowPlace;
use super::rewriter::flow::FlowId;
use super::rewriter::flows::Flows;
use super::rewriter::input::Input;
use super::rewriter::options::{ARGUMENTS, Capacity, Options};
use super::rewriter::packet::Look;
use weft_core::{
    Batch, Built, Cells, Class, Configure, Element, Handler, IpHeader, Router, downcast,
};
use weft_lang::split_args;

const NAME: &str = "IPRewriter";
/// Name of the class that rewrites pings.
pub(crate) const PING_NAME: &str = "ICMPPingRewriter";
const REAP: u32 = 0;

/// Registers IPRewriter.
pub static CLASS: Class = Class {
    ports: "1-/1-",
    processing: "h/h",
    live: true,
    ip_header: IpHeader::Needs,
    arguments: ARGUMENTS,
    handlers: handlers::HANDLERS,
    fuzz: &[
        "pattern 192.0.2.1 1024-65535# - - 0 0",
        "keep 0 0, MAPPING_CAPACITY 3, UDP_TIMEOUT 1",
        "pass 0",
        "drop",
    ],
    ..Class::agnostic(NAME, "tcpudp", build)
};

/// What a rewriter rewrites.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// TCP and UDP.
    Ports,
    /// Echo requests and replies.
    Pings,
}

/// Whether elements of this class are rewriters.
pub(crate) fn is_rewriter(class: &str) -> bool {
    matches!(class, NAME | PING_NAME)
}

/// A rewriter of either kind.
pub(crate) struct IpRewriter {
    kind: Kind,
    inputs: Vec<Input>,
    /// The input specifications and keywords, as written.
    specifications: Vec<String>,
    keywords: Vec<String>,
    outputs: usize,
    options: Options,
    flows: Flows,
    failures: Option<Cells>,
    /// Of the batch at hand: what was read from the packets, where their flows may be, the outputs.
    looks: Vec<Look>,
    candidates: Vec<u32>,
    chosen: Vec<u32>,
}

fn build(configure: &mut Configure<'_>) -> Built {
    build_of(Kind::Ports, configure)
}

/// Builds the rewriter that is configured.
pub(crate) fn build_of(kind: Kind, configure: &mut Configure<'_>) -> Built {
    let mut args = configure.args();
    let options = match kind {
        Kind::Ports => Options::read(&mut args, configure, NAME)?,
        Kind::Pings => Options::read_of_pings(&mut args, configure, PING_NAME)?,
    };
    let specifications = args.rest();
    let warnings = args.warnings().to_vec();
    args.complete()?;
    if specifications.len() != configure.inputs {
        let inputs = configure.inputs;
        return Err(vec![format!("need {inputs} arguments, one per input port")]);
    }
    let inputs = parse_inputs(&specifications, configure)?;
    warnings.iter().for_each(|w| configure.warn(w));
    Ok(Box::new(IpRewriter {
        kind,
        keywords: keywords(configure.config, &specifications),
        outputs: configure.outputs,
        flows: Flows::new(0, 0, inputs.len()),
        inputs,
        specifications,
        options,
        failures: None,
        looks: Vec::new(),
        candidates: Vec::new(),
        chosen: Vec::new(),
    }))
}

/// The arguments that are not input specifications.
fn keywords(config: &str, specifications: &[String]) -> Vec<String> {
    let mut left = specifications.iter().peekable();
    let mut all = split_args(config);
    all.retain(|argument| left.next_if(|spec| *spec == argument).is_none());
    all
}

fn parse_inputs(
    specifications: &[String],
    configure: &Configure<'_>,
) -> Result<Vec<Input>, Vec<String>> {
    let find = |name: &str| {
        let id = configure.element(name)?;
        Some((id, mapper::is_mapper(configure.class_of(id).name)))
    };
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    for (number, text) in specifications.iter().enumerate() {
        match Input::parse(text, configure.outputs, configure.names(), &find) {
            Ok(input) => inputs.push(input),
            Err(problem) => errors.push(format!("input spec {number}: {problem}")),
        }
    }
    match errors.is_empty() {
        true => Ok(inputs),
        false => Err(errors),
    }
}

impl IpRewriter {
    /// Checks that mappers know no outputs that this element lacks.
    fn check_mapper(&self, number: usize, router: &mut Router) -> Result<(), String> {
        let Some(Input::Mapper(id)) = self.inputs.get(number) else {
            return Ok(());
        };
        let outputs = self.outputs;
        let wrong = mapper::out_of_range(*id, outputs, router);
        let name = format!("{} :: {}", router.name(*id), router.class(*id).name);
        let problems: Vec<String> = wrong
            .iter()
            .map(|p| format!("input spec {number}: output port out of range in {name} pattern {p}"))
            .collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems.join("\n")),
        }
    }

    fn capacity(&self, router: &mut Router) -> usize {
        match self.options.capacity {
            Capacity::Flows(flows) => flows,
            Capacity::As(other) => router
                .with_element(other, |other: &mut IpRewriter, _| other.options.capacity)
                .and_then(Capacity::flows)
                .unwrap_or(i32::MAX as usize),
        }
    }
}

impl Element for IpRewriter {
    fn initialize(&mut self, router: &mut Router) -> Result<(), String> {
        for number in 0..self.inputs.len() {
            self.check_mapper(number, router)?;
        }
        let capacity = self.capacity(router);
        self.flows = Flows::new(router.random.next_u64(), capacity, self.inputs.len());
        self.failures = Some(router.cells("failures", 1));
        self.set_reap_timer(router);
        Ok(())
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        self.process(port, batch, router);
    }

    fn timer(&mut self, _key: u32, router: &mut Router) {
        self.flows.reap(router.clock.now(), &self.options.timeouts);
        self.set_reap_timer(router);
    }

    fn take_state(&mut self, old: &mut dyn Element, router: &mut Router) {
        let Ok(old) = downcast::<IpRewriter>(old) else {
            return;
        };
        let capacity = self.flows.capacity;
        std::mem::swap(&mut self.flows, &mut old.flows);
        self.flows.capacity = capacity;
        self.flows.retain_outputs(self.outputs);
        self.flows.set_inputs(self.inputs.len());
        self.flows.reap(router.clock.now(), &self.options.timeouts);
        for (new, old) in self.inputs.iter_mut().zip(&old.inputs) {
            new.follow(old);
        }
    }

    fn more_handlers(&self) -> Vec<(String, &'static Handler)> {
        (0..self.inputs.len())
            .map(|i| (format!("pattern{i}"), &handlers::PATTERN))
            .collect()
    }

    fn configuration(&self) -> Option<String> {
        let all: Vec<&str> = self
            .specifications
            .iter()
            .chain(&self.keywords)
            .map(String::as_str)
            .collect();
        Some(all.join(", "))
    }
}

impl IpRewriter {
    /// What packets that come as `id` become, if their flow is known and has not expired.
    pub(crate) fn known(&self, id: FlowId, protocol: u8, now: u64) -> Option<FlowId> {
        let place: FlowPlace = self.flows.table.lookup(id, protocol)?;
        let flow = self.flows.table.flow(place.flow);
        let is_alive = self.options.timeouts.expiry(flow) >= now;
        is_alive.then(|| flow.rewritten(place.direction))
    }

    fn set_reap_timer(&self, router: &mut Router) {
        if self.options.reap_interval > 0 {
            let at = router.clock.now() + self.options.reap_interval;
            router.set_timer(REAP, at);
        }
    }
}
