//! The boundary between a service function path and a function: headers are taken off on the way in
//! and put back on the way out (RFC 7665, section 4; RFC 8300, section 3).

use super::flows::Flows;
use super::refusals::Refusals;
use super::{NO_NSH_HEADER, NO_NSH_HEADER_TEXT};
use crate::dispatch::dispatch;
use weft_core::{
    Argument, Batch, Built, Class, Configure, Element, MAX_LINK, Nsh, Packet, Place, Pool,
    REASON_NO_BUFFER, Router, Verdict, argument, downcast,
};
use weft_wire::ethernet;
use weft_wire::nsh::{FIXED_LEN, next};
use weft_wire::protocol::ether;

/// Where Ethernet's addresses end and its type begins.
const ADDRESSES: usize = 12;

/// A class of this kind, to be completed.
pub(super) const BOUNDARY: Class = Class {
    ports: "-/=",
    processing: "h/h",
    // What comes back from the function goes to the network only, whatever waits for room in between.
    flow: "#/#",
    arguments: ARGUMENTS,
    ..Class::agnostic("", "nsh", |_| Err(Vec::new()))
};

pub(super) const ARGUMENTS: &[Argument] = &[argument("MTU", Place::Keyword, "unsigned", "0")];

/// Takes headers off and puts them back.
pub(super) struct Boundary {
    /// Pairs of inputs: `pairs` from the network, `pairs` from the function.
    pairs: usize,
    /// Whether the function sees and may change headers.
    is_aware: bool,
    /// The longest frame that is put together; 0: any.
    mtu: usize,
    flows: Option<Flows>,
    refusals: Refusals,
    /// The outputs of the batch at hand.
    chosen: Vec<u32>,
}

/// Where a packet goes from the boundary.
enum Way {
    /// On through the boundary.
    On,
    /// Past the function, back to the network.
    Past,
}

/// Why a packet is refused: the reason, and what is told.
pub(super) type Refusal = (&'static str, &'static str);

const NO_BUFFER: Refusal = (REASON_NO_BUFFER, "no memory is left");
const NO_HEADER: Refusal = (NO_NSH_HEADER, NO_NSH_HEADER_TEXT);
const NO_CONTEXT: Refusal = (
    "nsh-no-context",
    "it is none that came in, and names no parent that did",
);

/// Builds an element; `flows` finds the headers of packets that lost them.
pub(super) fn build(
    configure: &mut Configure<'_>,
    is_aware: bool,
    mtu: u32,
    flows: Option<Flows>,
) -> Built {
    let inputs = configure.inputs;
    if inputs == 0 || !inputs.is_multiple_of(2) {
        let text = "needs an even number of inputs: the first half from the network, \
                    the second from the function";
        return Err(vec![text.to_string()]);
    }
    Ok(Box::new(Boundary {
        pairs: inputs / 2,
        is_aware,
        mtu: mtu as usize,
        flows,
        refusals: Refusals::default(),
        chosen: Vec::new(),
    }))
}

impl Boundary {
    /// Flows of which the header is remembered.
    pub fn flows(&self) -> usize {
        self.flows.as_ref().map_or(0, Flows::len)
    }

    /// Takes the header off a packet that came from the network.
    #[inline]
    fn enter(&mut self, packet: &mut Packet, pool: &mut Pool, now: u64) -> Result<Way, Refusal> {
        let taken = keep(packet, pool, self.is_aware)?;
        let nsh = pool.nsh(packet).ok_or(NO_HEADER)?;
        let (si, protocol) = (nsh.si(), nsh.next_protocol());
        if si == 0 {
            return Err(("nsh-si", "its service index is 0"));
        }
        let is_for_function = match protocol {
            next::IPV4..=next::MPLS => !nsh.is_oam(),
            next::NONE => self.is_aware && !nsh.is_oam(),
            _ => false,
        };
        if !is_for_function {
            pass_by(packet, pool, si)?;
            return Ok(Way::Past);
        }
        show_frame(packet, pool, protocol, taken)?;
        if let Some(flows) = &mut self.flows
            && let Some(nsh) = pool.nsh(packet)
        {
            flows.learn(pool.data(packet), nsh, now);
        }
        Ok(Way::On)
    }

    /// Puts the header back on a packet that came from the function.
    #[inline]
    fn leave(&mut self, packet: &mut Packet, pool: &mut Pool, now: u64) -> Result<Way, Refusal> {
        if pool.nsh(packet).is_none() {
            let flows = self.flows.as_mut().ok_or(NO_CONTEXT)?;
            let nsh = flows.find(pool.data(packet), now).ok_or(NO_CONTEXT)?;
            pool.set_nsh(packet, nsh);
        }
        let nsh = pool.nsh(packet).ok_or(NO_CONTEXT)?;
        let (link, header) = (nsh.link().len(), nsh.header_len());
        let path = match nsh.is_reclassified() {
            true => nsh.path(),
            // The service index is the lowest byte of the path.
            false if nsh.si() == 0 => return Err(("nsh-si", "its service index is 0")),
            false => nsh.path() - 1,
        };
        let protocol = unwrap_frame(packet, pool, nsh.next_protocol())?;
        if self.mtu != 0
            && packet.len() + header + link.saturating_sub(ethernet::HEADER_LEN) > self.mtu
        {
            return Err(("mtu", "it is too long with its header put back"));
        }
        pool.put_back_nsh(packet, protocol, path).ok_or(NO_BUFFER)?;
        Ok(Way::On)
    }
}

/// Reads a packet's header, without taking it off; also how many bytes it and the link header have.
#[inline]
pub(super) fn read(packet: &Packet, pool: &Pool) -> Result<(Nsh, usize), Refusal> {
    let at = packet.network().ok_or(NO_HEADER)?;
    let link = usize::from(at.checked_sub(packet.offset()).ok_or(NO_HEADER)?);
    let bytes = pool.data(packet);
    if link > MAX_LINK {
        return Err(("nsh-link", "its link header has more than 22 bytes"));
    }
    let length = bytes.get(link + 1).ok_or(NO_HEADER)? & 0x3f;
    let taken = link + usize::from(length) * 4;
    let header = bytes.get(link..taken).ok_or(NO_HEADER)?;
    let nsh = Nsh::read(header, &bytes[..link]).ok_or(NO_HEADER)?;
    Ok((nsh, taken))
}

/// Keeps a packet's header beside it, without taking it off; gives how many bytes it and the link
/// header have.
#[inline]
fn keep(packet: &mut Packet, pool: &mut Pool, exposed: bool) -> Result<usize, Refusal> {
    let kept = pool.keep_nsh(packet, exposed);
    kept.ok_or_else(|| match packet.network() {
        Some(at) if usize::from(at.saturating_sub(packet.offset())) > MAX_LINK => {
            ("nsh-link", "its link header has more than 22 bytes")
        }
        _ => NO_HEADER,
    })
}

/// Sends a packet past the function: only its service index is one less.
fn pass_by(packet: &mut Packet, pool: &mut Pool, si: u8) -> Result<(), Refusal> {
    pool.take_nsh(packet);
    let at = packet.network().ok_or(NO_BUFFER)?;
    let bytes = pool.from_position_mut(packet, at).ok_or(NO_BUFFER)?;
    let index = bytes.get_mut(FIXED_LEN - 1).ok_or(NO_BUFFER)?;
    *index = si - 1;
    Ok(())
}

/// Makes the packet an Ethernet frame of what follows its header.
#[inline]
fn show_frame(
    packet: &mut Packet,
    pool: &mut Pool,
    protocol: u8,
    taken: usize,
) -> Result<(), Refusal> {
    packet.clear_network();
    let kind = match protocol {
        next::ETHERNET => None,
        next::NONE => {
            let rest = packet.len();
            let _ = packet.pull(taken) && packet.take(rest - taken);
            return Ok(());
        }
        protocol => ether_type_of(protocol),
    };
    let start = taken - kind.map_or(0, |_| ethernet::HEADER_LEN.min(taken));
    if !packet.pull(start) {
        return Err(NO_HEADER);
    }
    if let Some(kind) = kind {
        let link = pool.nsh(packet).map_or(&[][..], |nsh| nsh.link());
        let addresses: [u8; ADDRESSES] = link.first_chunk().copied().unwrap_or_default();
        let missing = ethernet::HEADER_LEN - (taken - start);
        pool.push(packet, missing).ok_or(NO_BUFFER)?;
        let bytes = pool.data_mut(packet).ok_or(NO_BUFFER)?;
        let header = bytes.first_chunk_mut::<{ ethernet::HEADER_LEN }>();
        let header = header.ok_or(NO_HEADER)?;
        header[..ADDRESSES].copy_from_slice(&addresses);
        header[ADDRESSES..].copy_from_slice(&kind.to_be_bytes());
    }
    packet.set_mac_here();
    Ok(())
}

/// Takes off the Ethernet header that [`show_frame`] made; gives the next protocol, which is what
/// follows it.
#[inline]
fn unwrap_frame(packet: &mut Packet, pool: &Pool, protocol: u8) -> Result<u8, Refusal> {
    if matches!(protocol, next::ETHERNET | next::NONE) {
        return Ok(protocol);
    }
    const OTHER: Refusal = (
        "nsh-next-protocol",
        "what the function sends is neither IP nor MPLS nor NSH over Ethernet",
    );
    let kind = pool.data(packet).get(ADDRESSES..ethernet::HEADER_LEN);
    let kind = kind.ok_or(OTHER)?;
    let protocol = next_protocol_of(u16::from_be_bytes([kind[0], kind[1]]));
    let _ = packet.pull(ethernet::HEADER_LEN);
    protocol.ok_or(OTHER)
}

/// The EtherType of a next protocol.
pub(super) fn ether_type_of(protocol: u8) -> Option<u16> {
    match protocol {
        next::IPV4 => Some(ether::IPV4),
        next::IPV6 => Some(ether::IPV6),
        next::NSH => Some(ether::NSH),
        next::MPLS => Some(ether::MPLS),
        _ => None,
    }
}

/// The next protocol of an EtherType.
pub(super) fn next_protocol_of(kind: u16) -> Option<u8> {
    match kind {
        ether::IPV4 => Some(next::IPV4),
        ether::IPV6 => Some(next::IPV6),
        ether::NSH => Some(next::NSH),
        ether::MPLS => Some(next::MPLS),
        _ => None,
    }
}

impl Element for Boundary {
    fn take_state(&mut self, old: &mut dyn Element, _router: &mut Router) {
        if let Some(flows) = &mut self.flows
            && let Ok(old) = downcast::<Boundary>(old)
            && let Some(old) = &mut old.flows
        {
            flows.take_over(old);
        }
    }

    fn push(&mut self, port: usize, batch: &mut Batch, router: &mut Router) {
        let now = router.clock.now();
        let is_entering = port < self.pairs;
        let mut chosen = std::mem::take(&mut self.chosen);
        chosen.clear();
        router.filter(batch, |packet, router| {
            let outcome = match is_entering {
                true => self.enter(packet, &mut router.pool, now),
                false => self.leave(packet, &mut router.pool, now),
            };
            match outcome {
                Ok(Way::On) => chosen.push(port as u32),
                Ok(Way::Past) => chosen.push((port + self.pairs) as u32),
                Err((reason, text)) => {
                    self.refusals.tell(reason, text, router);
                    return Verdict::Drop(reason);
                }
            }
            Verdict::Keep
        });
        dispatch(batch, &chosen, NO_NSH_HEADER, router);
        self.chosen = chosen;
    }
}
