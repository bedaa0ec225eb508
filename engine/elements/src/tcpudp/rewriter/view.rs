//! Flows as handlers show them.

use super::flow::{Direction, Flow, FlowId};
use super::flows::Flows;
use super::timeouts::Timeouts;
use std::fmt::Write;
use std::net::Ipv4Addr;
use weft_core::SECOND;
use weft_lang::value::{TcpPort, UdpPort};
use weft_lang::{Args, Names, split_words};

use super::timeouts::{ICMP, TCP};

/// The mappings of all flows of `protocol` (0: of any), a line each.
pub(crate) fn table(flows: &Flows, protocol: u8, timeouts: &Timeouts, now: u64) -> String {
    let mut text = String::new();
    let wanted = |flow: &Flow| protocol == 0 || flow.protocol == protocol;
    for (_, flow) in flows.table.iter().filter(|(_, flow)| wanted(flow)) {
        for direction in [Direction::Forward, Direction::Reply] {
            line(&mut text, flow, direction, timeouts, now);
        }
    }
    text
}

fn line(text: &mut String, flow: &Flow, direction: Direction, timeouts: &Timeouts, now: u64) {
    let star = |of: Direction| if of == direction { "*" } else { "" };
    let left = (timeouts.expiry(flow) + SECOND / 2).saturating_sub(now) / SECOND;
    let _ = writeln!(
        text,
        "{} => {} [{}{} {}{}] i{} exp{left}",
        shown(flow.ids[direction as usize], flow.protocol),
        shown(flow.rewritten(direction), flow.protocol),
        star(Direction::Forward),
        flow.outputs[0],
        star(Direction::Reply),
        flow.outputs[1],
        flow.input,
    );
}

/// Addresses and ports; of pings addresses and identifier.
fn shown(id: FlowId, protocol: u8) -> String {
    if protocol != ICMP {
        return id.to_string();
    }
    let (source, destination) = (id.source().into(), id.destination().into());
    let (source, destination): (Ipv4Addr, Ipv4Addr) = (source, destination);
    format!("({source}, {destination}, {})", id.identifier())
}

/// What packets of the flow `text` (`SADDR SPORT DADDR DPORT`, of pings `SADDR DADDR IDENTIFIER`) become, in the same form; nothing
/// where it is unknown.
pub(crate) fn lookup(
    flows: &Flows,
    protocol: u8,
    text: &str,
    names: &dyn Names,
) -> Result<String, String> {
    let id = parse(text, protocol, names)?;
    let Some(place) = flows.table.lookup(id, protocol) else {
        return Ok(String::new());
    };
    let new = flows.table.flow(place.flow).rewritten(place.direction);
    if protocol == ICMP {
        let (source, destination) = (new.source().into(), new.destination().into());
        let (source, destination): (Ipv4Addr, Ipv4Addr) = (source, destination);
        return Ok(format!("{source} {destination} {}", new.identifier()));
    }
    Ok(format!(
        "{} {} {} {}",
        Ipv4Addr::from(new.source()),
        new.source_port(),
        Ipv4Addr::from(new.destination()),
        new.destination_port()
    ))
}

fn parse(text: &str, protocol: u8, names: &dyn Names) -> Result<FlowId, String> {
    let mut args = Args::from_list(split_words(text), names);
    if protocol == ICMP {
        let source: Ipv4Addr = args.mandatory("SADDR");
        let destination: Ipv4Addr = args.mandatory("DADDR");
        let identifier: u16 = args.mandatory("IDENTIFIER");
        args.complete().map_err(|errors| errors.join("\n"))?;
        return Ok(FlowId::new(
            source.into(),
            identifier,
            destination.into(),
            0,
        ));
    }
    let port = |args: &mut Args<'_>, name: &str| match protocol {
        TCP => args.mandatory::<TcpPort>(name).0,
        _ => args.mandatory::<UdpPort>(name).0,
    };
    let source: Ipv4Addr = args.mandatory("SADDR");
    let source_port = port(&mut args, "SPORT");
    let destination: Ipv4Addr = args.mandatory("DADDR");
    let destination_port = port(&mut args, "DPORT");
    args.complete().map_err(|errors| errors.join("\n"))?;
    Ok(FlowId::new(
        source.into(),
        source_port,
        destination.into(),
        destination_port,
    ))
}
