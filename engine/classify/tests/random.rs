//! Random rules and random packets: every strategy computes what the plain evaluator does.

mod generator;

use generator::Random;
use weft_classify::expr::{Rule, evaluate};
use weft_classify::ip;
use weft_classify::packet::UNKNOWN;
use weft_classify::{BuiltinNames, DROP, PacketRef, Program, Strategy, pattern};

const STRATEGIES: [Strategy; 3] = [Strategy::Linear, Strategy::Masks, Strategy::Tree];

fn packet_ref(bytes: &[u8], link: bool) -> PacketRef<'_> {
    if link {
        return PacketRef::data(bytes);
    }
    let (link, network) = bytes.split_at(bytes.len().min(14));
    PacketRef {
        link,
        network,
        transport: UNKNOWN,
    }
}

fn agree(rules: &[Rule], packets: &[Vec<u8>], link: bool, context: &str) {
    let refs: Vec<_> = packets
        .iter()
        .map(|bytes| packet_ref(bytes, link))
        .collect();
    for strategy in STRATEGIES {
        let program = Program::compile_with(rules, strategy);
        assert_eq!(program.strategy(), strategy);
        let mut out = vec![0; packets.len()];
        program.classify_batch(refs.len(), |i| refs[i], &mut out);
        for (packet, batched) in refs.iter().zip(out) {
            let expected = evaluate(rules, packet);
            let got = (program.classify(*packet), batched);
            let wanted = (expected, expected.unwrap_or(DROP));
            assert_eq!(got, wanted, "{strategy:?} on {packet:02x?} with {context}");
        }
    }
}

#[test]
fn random_ip_rules_agree_with_the_evaluator() {
    let mut random = Random::new(1);
    let mut matched = 0;
    for round in 0..900 {
        let count = 1 + random.below(if round % 50 == 0 { 200 } else { 12 });
        let texts: Vec<String> = (0..count).map(|i| random.ip_rule(i)).collect();
        let mut diagnostics = Vec::new();
        let rules = ip::parse_filter(&texts, count, &BuiltinNames, &mut diagnostics);
        let rules = rules.unwrap_or_else(|| panic!("{texts:?}: {diagnostics:?}"));
        let packets: Vec<_> = (0..60).map(|_| random.packet()).collect();
        let hits =
            |p: &&Vec<u8>| evaluate(&rules, &PacketRef::ip(p.get(14..).unwrap_or(&[]))).is_some();
        matched += packets.iter().filter(hits).count();
        agree(&rules, &packets, false, &format!("{texts:#?}"));
    }
    assert!(matched > 6_000, "the rules hit {matched} packets only");
}

#[test]
fn random_patterns_agree_with_the_evaluator() {
    let mut random = Random::new(2);
    for _ in 0..800 {
        let count = 1 + random.below(10);
        let texts: Vec<String> = (0..count).map(|_| random.pattern()).collect();
        let mut diagnostics = Vec::new();
        let rules = pattern::parse(&texts, count, &mut diagnostics);
        let rules = rules.unwrap_or_else(|| panic!("{texts:?}: {diagnostics:?}"));
        let packets: Vec<_> = (0..50).map(|_| random.packet()).collect();
        agree(&rules, &packets, true, &format!("{texts:#?}"));
    }
}

#[test]
fn batches_agree_with_single_packets() {
    let mut random = Random::new(3);
    let texts: Vec<String> = (0..40).map(|i| random.ip_rule(i)).collect();
    let rules = ip::parse_filter(&texts, 40, &BuiltinNames, &mut Vec::new()).unwrap();
    let program = Program::compile(&rules);
    let packets: Vec<_> = (0..100).map(|_| random.packet()).collect();
    let get = |i: usize| PacketRef::ip(packets[i].get(14..).unwrap_or(&[]));
    let mut out = [7; 100];
    program.classify_batch(90, get, &mut out);
    for (i, out) in out.iter().enumerate() {
        let expected = program.classify(get(i)).unwrap_or(weft_classify::DROP);
        assert_eq!(*out, if i < 90 { expected } else { 7 });
    }
}

#[test]
fn mutated_texts_never_panic() {
    let mut random = Random::new(4);
    let packet = random.packet();
    for i in 0..20_000 {
        let text = if i % 4 == 0 {
            random.pattern()
        } else {
            random.ip_rule(i)
        };
        let text = random.mutate(&text);
        let mut diagnostics = Vec::new();
        if let Some(rules) = ip::parse_filter(&[&text], 3, &BuiltinNames, &mut diagnostics) {
            let program = Program::compile(&rules);
            assert_eq!(
                program.classify(PacketRef::ip(&packet)),
                evaluate(&rules, &PacketRef::ip(&packet))
            );
        } else {
            assert!(!diagnostics.is_empty());
        }
        if let Some(rules) = pattern::parse(&[&text], 1, &mut Vec::new()) {
            let packet = PacketRef::data(&packet);
            assert_eq!(
                Program::compile(&rules).classify(packet),
                evaluate(&rules, &packet)
            );
        }
    }
}

#[test]
fn deep_and_long_expressions_are_bounded() {
    for text in [
        format!("allow {}", "(".repeat(100_000)),
        format!("allow {}", "! ".repeat(100_000)),
        format!("allow {}", "true ? ".repeat(50_000)),
        format!("allow {}tcp{}", "(".repeat(150), ")".repeat(150)),
        format!(
            "allow {}tcp{}",
            "(".repeat(150),
            " ? udp : icmp)".repeat(150)
        ),
        format!("allow {}", "src host 10.0.0.1 or ".repeat(5_000) + "tcp"),
        format!(
            "allow {}",
            "(host 10.0.0.1 or port 5) and ".repeat(2_000) + "tcp"
        ),
        format!(
            "allow not ({})",
            "(host 10.0.0.1 and port 5) or ".repeat(2_000) + "tcp"
        ),
    ] {
        if let Some(rules) = ip::parse_filter(&[&text], 1, &BuiltinNames, &mut Vec::new()) {
            let bytes = Random::new(5).packet();
            let packet = PacketRef::ip(&bytes[14.min(bytes.len())..]);
            let program = Program::compile(&rules);
            assert_eq!(program.classify(packet), evaluate(&rules, &packet));
            program.describe();
        }
    }
}

#[test]
fn many_rules_compile_and_agree() {
    let mut random = Random::new(6);
    let mut value = |n: usize| random.below(n);
    let texts: Vec<String> = (0..20_000)
        .map(|i| {
            let (a, b, port) = (value(256), value(256), value(65536));
            match i % 5 {
                0 => format!("{i} src net 10.{a}.{b}.0/24"),
                1 => format!("{i} dst net 192.{a}.0.0/16 && tcp dst port {port}"),
                2 => format!(
                    "{i} src host 10.{a}.{b}.{} && udp dst port > {port}",
                    value(256)
                ),
                3 => format!("{i} src net 10.{a}.0.0/17 && dst net 192.{b}.0.0/16 && tcp"),
                _ => format!("{i} host 10.{a}.{b}.7 && not udp && port {port}"),
            }
        })
        .collect();
    let rules = ip::parse_filter(&texts, 20_000, &BuiltinNames, &mut Vec::new()).unwrap();
    let program = Program::compile(&rules);
    assert_eq!(program.strategy(), Strategy::Tree);
    let mut hits = 0;
    for _ in 0..600 {
        let mut bytes = Random::new(value(1 << 30) as u64).packet();
        bytes.resize(60, 0);
        bytes.copy_within(14.., 0);
        bytes[0] = 0x45;
        bytes[12..16].copy_from_slice(&[10, value(256) as u8, value(256) as u8, 7]);
        bytes[16..20].copy_from_slice(&[192, value(256) as u8, 0, 1]);
        let packet = PacketRef::ip(&bytes);
        let expected = evaluate(&rules, &packet);
        assert_eq!(program.classify(packet), expected);
        hits += usize::from(expected.is_some());
    }
    assert!(hits > 30, "{hits}");
}

#[test]
fn overlapping_ranges_that_no_tree_can_split_agree() {
    let mut random = Random::new(7);
    let texts: Vec<String> = (0..1500)
        .map(|i| {
            let mut value = || random.below(65_000);
            let (a, b, c) = (value(), value(), value());
            format!(
                "{i} src port > {a} && dst port < {b} && ip id > {c} && ip ttl != {}",
                a % 256
            )
        })
        .collect();
    let rules = ip::parse_filter(&texts, 1500, &BuiltinNames, &mut Vec::new()).unwrap();
    let packets: Vec<_> = (0..400)
        .map(|_| {
            let mut bytes = random.packet();
            bytes.resize(60, 0);
            for at in [18, 19, 34, 35, 36, 37] {
                bytes[at] = random.below(256) as u8;
            }
            bytes
        })
        .collect();
    agree(&rules, &packets, false, "overlapping ranges");
}
