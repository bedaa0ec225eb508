//! Random flows through an address translator, each packet compared with a model of what it must
//! become, checksums computed from scratch.

use crate::testing::{bytes, captured, finish, hex, load, read};
use std::collections::{HashMap, HashSet};
use weft_core::{Random, Router};

const NAT: u32 = 0xc000_0201;
const PORTS: std::ops::RangeInclusive<u16> = 2000..=2011;
const GRAPH: &str = "
    rw :: IPRewriter(pattern 192.0.2.1 2000-2011 - - 0 1, drop);
    feed :: Feed -> MarkIPHeader -> c :: IPClassifier(src net 10.0.0.0/8, -);
    c[0] -> rw; c[1] -> [1]rw;
    rw[0] -> out :: Capture;
    rw[1] -> back :: Capture;";

/// Source and destination address and port, protocol.
type Tuple = (u32, u16, u32, u16, u8);

fn sum(bytes: &[u8]) -> u32 {
    let words = bytes.chunks(2);
    words
        .map(|w| u32::from(w[0]) << 8 | u32::from(w.get(1).copied().unwrap_or(0)))
        .sum()
}

fn checksum(mut sum: u32) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// A packet; `body` is its transport header behind the ports, with a checksum of 0, and the rest.
fn packet(
    (source, sport, destination, dport, protocol): Tuple,
    body: &[u8],
    no_sum: bool,
) -> Vec<u8> {
    let mut transport = [sport.to_be_bytes(), dport.to_be_bytes()].concat();
    transport.extend(body);
    let addresses = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    let length = transport.len() as u16;
    let covered = sum(&addresses) + u32::from(protocol) + u32::from(length) + sum(&transport);
    let at = if protocol == 6 { 16 } else { 6 };
    let value = match checksum(covered) {
        _ if no_sum => 0,
        0 if protocol == 17 => 0xffff,
        value => value,
    };
    transport[at..at + 2].copy_from_slice(&value.to_be_bytes());
    let mut ip = vec![0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, protocol, 0, 0];
    ip[2..4].copy_from_slice(&(20 + length).to_be_bytes());
    ip.extend(addresses);
    let header = checksum(sum(&ip));
    ip[10..12].copy_from_slice(&header.to_be_bytes());
    ip.extend(transport);
    ip
}

fn source_port(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[20], packet[21]])
}

/// What the translator must do, learned from the ports it chooses.
struct Model {
    random: Random,
    /// Port chosen, by flow as it is inside.
    ports: HashMap<Tuple, u16>,
}

impl Model {
    fn random_flow(&mut self) -> Tuple {
        let mut below = |n| self.random.below(n) as u32;
        let source = 0x0a00_0000 + below(12);
        let protocol = if below(2) == 0 { 6 } else { 17 };
        // Some flows use a port of the range themselves.
        let sport = 1990 + below(30) as u16;
        (
            source,
            sport,
            0xcb00_7100 + below(2),
            80 + below(2) as u16,
            protocol,
        )
    }

    fn body(&mut self, protocol: u8) -> Vec<u8> {
        let data = self.random.below(9) as usize;
        let mut body = match protocol {
            6 => vec![0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0],
            _ => vec![0, 8 + data as u8, 0, 0],
        };
        body.extend((0..data).map(|_| self.random.below(256) as u8));
        body
    }

    /// Ports of flows that share this one's peer and protocol.
    fn used(&self, flow: Tuple) -> HashSet<u16> {
        let same = |other: &Tuple| (other.2, other.3, other.4) == (flow.2, flow.3, flow.4);
        let all = self.ports.iter().filter(|(other, _)| same(other));
        all.map(|(_, port)| *port).collect()
    }
}

/// One packet on its way, and what must come of it.
struct Sent {
    flow: Tuple,
    body: Vec<u8>,
    no_sum: bool,
}

fn feed(router: &mut Router, packets: &[Vec<u8>]) {
    let text: Vec<String> = packets.iter().map(|p| hex(p)).collect();
    router
        .write_handler("feed.packets", &text.join("\n"))
        .unwrap();
    while router.run_for(100) > 0 {}
}

fn last(router: &mut Router, name: &str, seen: &mut usize) -> Vec<Vec<u8>> {
    let all = captured(router, name);
    let new = all[*seen..].iter().map(|line| bytes(line)).collect();
    *seen = all.len();
    new
}

/// Sends packets from inside, and learns the ports chosen for new flows.
fn send_out(router: &mut Router, model: &mut Model, seen: &mut usize) {
    let sent: Vec<Sent> = (0..model.random.below(60))
        .map(|_| {
            let flow = model.random_flow();
            let body = model.body(flow.4);
            let no_sum = flow.4 == 17 && model.random.below(4) == 0;
            Sent { flow, body, no_sum }
        })
        .collect();
    let packets: Vec<Vec<u8>> = sent
        .iter()
        .map(|s| packet(s.flow, &s.body, s.no_sum))
        .collect();
    feed(router, &packets);
    let mut got = last(router, "out", seen).into_iter().peekable();
    for Sent { flow, body, no_sum } in sent {
        let known = model.ports.get(&flow).copied();
        let port = known.or_else(|| {
            let used = model.used(flow);
            let is_full = used.len() == PORTS.count();
            let port = got.peek().map(|p| source_port(p)).filter(|_| !is_full)?;
            assert!(
                PORTS.contains(&port) && !used.contains(&port),
                "port {port}"
            );
            let keeps_own = PORTS.contains(&flow.1) && !used.contains(&flow.1);
            assert!(!keeps_own || port == flow.1, "own port was free");
            Some(port)
        });
        let Some(port) = port else { continue };
        model.ports.insert(flow, port);
        let expected = packet((NAT, port, flow.2, flow.3, flow.4), &body, no_sum);
        assert_eq!(got.next(), Some(expected));
    }
    assert_eq!(got.next(), None);
}

/// Sends answers to known flows, and some to nobody.
fn send_back(router: &mut Router, model: &mut Model, seen: &mut usize) {
    let mut flows: Vec<(Tuple, u16)> = model.ports.iter().map(|(f, p)| (*f, *p)).collect();
    flows.sort_unstable();
    let (mut packets, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..model.random.below(60).min(flows.len() as u64 * 4) {
        let ((source, sport, peer, pport, protocol), port) =
            flows[model.random.below(flows.len() as u64) as usize];
        let body = model.body(protocol);
        if model.random.below(8) == 0 {
            packets.push(packet((peer, pport, NAT, 1000, protocol), &body, false));
            continue;
        }
        packets.push(packet((peer, pport, NAT, port, protocol), &body, false));
        expected.push(packet((peer, pport, source, sport, protocol), &body, false));
    }
    feed(router, &packets);
    assert_eq!(last(router, "back", seen), expected);
}

#[test]
fn random_flows_are_translated_both_ways_and_never_confused() {
    for seed in 0..4 {
        let mut router = load(GRAPH);
        let mut model = Model {
            random: Random::seeded(seed),
            ports: HashMap::new(),
        };
        let (mut out, mut back) = (0, 0);
        for round in 0..25 {
            send_out(&mut router, &mut model, &mut out);
            send_back(&mut router, &mut model, &mut back);
            if round % 10 == 5 {
                let pattern = "pattern 192.0.2.1 2000-2011 - - 0 1";
                router.write_handler("rw.pattern0", pattern).unwrap();
            }
            if round % 10 == 8 {
                router.hot_swap("config", GRAPH).unwrap();
                router.run_for(0);
                (out, back) = (0, 0);
            }
        }
        // Two peers with two ports each, two protocols: every port of the range is used up.
        assert_eq!(model.ports.len(), 8 * PORTS.count());
        let size = router.read_handler("rw.size", "").unwrap();
        assert_eq!(size, model.ports.len().to_string());
        finish(router);
    }
}

#[test]
fn clones_are_not_changed_with_the_packet() {
    let mut router = load(
        "feed :: Feed -> MarkIPHeader -> t :: Tee;
         t[0] -> IPRewriter(pattern 192.0.2.1 2000-2011# - - 0 0) -> out :: Capture;
         t[1] -> other :: Capture;",
    );
    let flow = (0x0a00_0001, 7, 0xcb00_7100, 80, 17);
    let sent = packet(flow, &[0, 9, 0, 0, 1], false);
    feed(&mut router, std::slice::from_ref(&sent));
    let (mut out, mut other) = (0, 0);
    let expected = packet((NAT, 2000, flow.2, 80, 17), &[0, 9, 0, 0, 1], false);
    assert_eq!(last(&mut router, "out", &mut out), [expected]);
    assert_eq!(last(&mut router, "other", &mut other), [sent]);
    finish(router);
}

/// Packets that look like IPv4 here and there, of any length.
fn any_packet(random: &mut Random) -> Vec<u8> {
    let length = random.below(60) as usize;
    let mut packet: Vec<u8> = (0..length).map(|_| random.next_u64() as u8).collect();
    for (at, values) in [
        (0, [0x45, 0x46, 0x4f, 0x40]),
        (6, [0, 0x20, 0x1f, 0]),
        (7, [0; 4]),
        (9, [6, 17, 6, 17]),
        (12, [10; 4]),
        (13, [0; 4]),
        (14, [0; 4]),
        (15, [1, 1, 2, 3]),
    ] {
        if at < length && random.below(8) != 0 {
            packet[at] = values[random.below(4) as usize];
        }
    }
    packet
}

#[test]
fn any_bytes_leave_every_packet_accounted_for() {
    let mut random = Random::seeded(11);
    for input in [
        "keep 0 1",
        "pass 1",
        "pattern 192.0.2.1 1-2 - - 0 1",
        "drop",
    ] {
        let mut router = load(&format!(
            "feed :: Feed -> m :: MarkIPHeader -> rw :: IPRewriter({input}, MAPPING_CAPACITY 5);
             rw[0] -> f :: IPFilter(allow src port < 9, 1 tcp opt syn, deny all);
             rw[1] -> c :: IPClassifier(icmp type echo, dst tcp port 80 or ip frag, -);
             f[0] -> rt :: RadixIPLookup(10.0.0.0/8 0, 0.0.0.0/1 9.9.9.9 1);
             f[1] -> d :: Classifier(0/45%f0 9/06, !12/0a0000, -);
             c[0], c[1], c[2], rt[0], rt[1], d[0], d[1], d[2] -> out :: Counter -> Discard;"
        ));
        let packets: Vec<Vec<u8>> = (0..2000).map(|_| any_packet(&mut random)).collect();
        feed(&mut router, &packets);
        let mut total: u64 = read(&mut router, "out.count").parse().unwrap();
        for element in ["m", "rw", "f", "c", "rt", "d"] {
            let drops = read(&mut router, &format!("{element}.drops"));
            let counts = drops.lines().filter_map(|line| line.rsplit(' ').next());
            total += counts.map(|n| n.parse::<u64>().unwrap()).sum::<u64>();
        }
        assert_eq!(total, 2000);
        finish(router);
    }
}
