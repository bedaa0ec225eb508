use super::{parse_classifier, parse_filter};
use crate::expr::Rule;
use crate::names::{BuiltinNames, NameKind, Names};
use crate::packet::{PacketRef, UNKNOWN};

fn messages(arguments: &[&str], outputs: usize) -> Vec<String> {
    let mut diagnostics = Vec::new();
    parse_filter(arguments, outputs, &BuiltinNames, &mut diagnostics);
    diagnostics.iter().map(ToString::to_string).collect()
}

/// The messages of one expression, without their `pattern 0: `.
fn of(expression: &str) -> Vec<String> {
    let texts = messages(&[&format!("allow {expression}")], 1);
    texts
        .iter()
        .map(|text| text.replace("pattern 0: ", ""))
        .collect()
}

fn rule(expression: &str) -> Rule {
    let mut diagnostics = Vec::new();
    let rules = parse_filter(
        &[&format!("0 {expression}")],
        1,
        &BuiltinNames,
        &mut diagnostics,
    );
    rules
        .unwrap_or_else(|| panic!("{expression}: {diagnostics:?}"))
        .swap_remove(0)
}

fn matches(expression: &str, packet: &[u8]) -> bool {
    rule(expression).expr.matches(&PacketRef::ip(packet))
}

/// 10.0.0.1:1025 -> 192.168.0.2:80, SYN, window 0x1234.
fn tcp() -> Vec<u8> {
    let mut bytes = vec![
        0x45, 0x02, 0, 40, 0x12, 0x34, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1,
    ];
    bytes.extend([
        192, 168, 0, 2, 4, 1, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x02, 0x12, 0x34,
    ]);
    bytes.extend([0, 0, 0, 0]);
    bytes
}

fn all_match(expressions: &[&str], packet: &[u8], expected: bool) {
    for expression in expressions {
        assert_eq!(matches(expression, packet), expected, "{expression}");
        let negation = format!("not ({expression})");
        assert_eq!(matches(&negation, packet), !expected, "{negation}");
    }
}

#[test]
fn every_primitive_matches_what_it_says() {
    let yes = [
        "-",
        "any",
        "true",
        "ip proto tcp",
        "tcp",
        "tcpudp",
        "transp",
        "ip proto 6",
        "src host 10.0.0.1",
        "src 10.0.0.1",
        "host 192.168.0.2",
        "dst net 192.168.0.0/16",
        "net 10.0.0.0 mask 255.0.0.0",
        "10.0.0.0/8",
        "src and dst net 0.0.0.0/0",
        "src or dst host 10.0.0.1",
        "src host != 10.0.0.2",
        "src host & 255.0.255.255 == 10.9.0.1",
        "dst tcp port 80",
        "tcp dst port www",
        "www",
        "src port > 1023",
        "port 80 or 81",
        "src port 1025 and dst port 80",
        "src port 80 or 1025",
        "src tcp port & 0x400 == 0x400",
        "ip vers 4",
        "ip hl 5",
        "ip id 0x1234",
        "ip tos 2",
        "ip dscp 0",
        "ip ttl >= 64",
        "ip ect",
        "ip ect 2",
        "ip len 40",
        "ip unfrag",
        "unfrag",
        "tcp opt syn",
        "syn",
        "tcp win 4660",
        "ip[9] 6",
        "ip[12:4] == 167772161",
        "ip[16,17] 0xc0a8",
        "tcp[13] & 0x12 == 2",
        "transp[2:2] = 80",
        "ip proto != udp",
        "dst port != 22",
        "udp ? false : tcp",
        "tcp ? true : false",
        "udp ? true : icmp ? false : true",
        "tcp dst port 80 or 443",
        "(syn or ack) && ! fin",
        "not not tcp",
        "dst port >= 80 80 < 81",
    ];
    all_match(&yes[2..], &tcp(), true);
    assert!(matches(yes[0], &tcp()) && matches(yes[1], &tcp()));
    let no = [
        "false",
        "udp",
        "icmp type echo",
        "ip frag",
        "ip ce",
        "tcp opt ack",
        "fin",
        "dst host 10.0.0.1",
        "src and dst port 80",
        "port < 81",
        "src port < 1025",
        "udp port 80",
        "ip ttl < 64",
        "tcp port 22",
        "src net 11.0.0.0/8",
        "ip proto 17",
        "icmp type != 8",
        "src and dst host != 10.0.0.1 and tcp port 22",
    ];
    all_match(&no, &tcp(), false);
}

#[test]
fn later_fragments_match_no_transport_test() {
    let mut packet = tcp();
    packet[7] = 1;
    all_match(&["tcp", "ip frag", "src 10.0.0.1"], &packet, true);
    let transport = [
        "port 80",
        "port != 80",
        "syn",
        "tcp win 4660",
        "tcp[13] 2",
        "transp[0] >= 0",
    ];
    all_match(&transport, &packet, false);
    packet[7] = 0;
    packet[6] = 0x20;
    all_match(&["ip frag", "dst port 80", "syn"], &packet, true);
}

#[test]
fn fields_beyond_the_packet_match_neither_relation() {
    let packet = &tcp()[..21];
    all_match(
        &[
            "transp[1] & 128 == 0",
            "transp[1] & 128 != 0",
            "dst port > 1",
        ],
        packet,
        false,
    );
    assert!(!matches("ip[19] & 128 == 0", &packet[..19]));
    assert!(matches("not (ip[19] & 128 == 0)", &packet[..19]));
    all_match(&["tcp", "port 80", "host 10.0.0.1"], &[], false);
}

#[test]
fn options_move_the_transport_header_and_short_header_lengths_hide_it() {
    let mut packet = tcp();
    packet[0] = 0x46;
    packet.splice(20..20, [1, 1, 1, 1]);
    all_match(&["dst port 80"], &packet, true);
    packet[0] = 0x44;
    all_match(&["dst port 80", "dst port != 80"], &packet, false);
    let packet = PacketRef {
        link: &[],
        network: &packet,
        transport: 24,
    };
    assert!(rule("dst port 80").expr.matches(&packet));
}

#[test]
fn ether_addresses_are_tested_on_the_link_header() {
    let link = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 0];
    let packet = PacketRef {
        link: &link,
        network: &[],
        transport: UNKNOWN,
    };
    let test = |text: &str| rule(text).expr.matches(&packet);
    assert!(test("src 7:8:9:a:b:c") && test("ether dst host 1:2:3:4:5:6"));
    assert!(test("ether host 01-02-03-04-05-06") && !test("src ether host 1:2:3:4:5:6"));
    assert!(test("src ether host & ff:ff:ff:0:0:0 == 7:8:9:0:0:0"));
    assert!(test("ether host != 1:2:3:4:5:7") && !test("ether host != 1:2:3:4:5:6"));
}

#[test]
fn names_come_from_the_caller() {
    struct Mine;
    impl Names for Mine {
        fn number(&self, kind: NameKind, name: &str) -> Option<u32> {
            (kind == NameKind::TcpPort && name == "shop").then_some(4660)
        }
        fn ip_address(&self, name: &str) -> Option<u32> {
            (name == "BASTION").then_some(0x0a000001)
        }
        fn ip_prefix(&self, name: &str) -> Option<(u32, u32)> {
            (name == "INSIDE").then_some((0x0a000000, 0xff000000))
        }
    }
    for (text, expected) in [
        ("src BASTION", true),
        ("src INSIDE && dst host BASTION", false),
        ("net INSIDE", true),
        ("tcp port shop", false),
    ] {
        let mut diagnostics = Vec::new();
        let rules = parse_filter(&[&format!("0 {text}")], 1, &Mine, &mut diagnostics).unwrap();
        assert_eq!(
            rules[0].expr.matches(&PacketRef::ip(&tcp())),
            expected,
            "{text}"
        );
    }
}

#[test]
fn actions_are_read_with_clicks_messages() {
    let mut diagnostics = Vec::new();
    let arguments = ["allow", "deny all", "1 -", "drop any"];
    let rules = parse_filter(&arguments, 2, &BuiltinNames, &mut diagnostics).unwrap();
    let actions: Vec<_> = rules.iter().map(|rule| rule.action).collect();
    assert_eq!(actions, [Some(0), None, Some(1), None]);
    let deny = "warning: pattern 1: meaning of 'deny' has changed (now it means 'drop')";
    assert_eq!(diagnostics[0].to_string(), deny);
    assert_eq!(
        messages(&["", "x tcp", "2 tcp", "-1 tcp", "0 tcp"], 2),
        [
            "empty pattern 0",
            "pattern 1: unknown slot ID 'x'",
            "pattern 2: slot '2' out of range",
            "pattern 3: slot '-1' out of range",
        ]
    );
    let zero = "pattern 0: 'allow' is meaningless, element has zero outputs";
    assert_eq!(messages(&["allow all"], 0), [zero]);
    let mut diagnostics = Vec::new();
    assert_eq!(
        parse_classifier(&["tcp"], 2, &BuiltinNames, &mut diagnostics),
        None
    );
    assert_eq!(diagnostics[0].text, "need 2 arguments, one per output port");
}

#[test]
fn syntax_errors_are_clicks() {
    assert_eq!(
        of("foo"),
        [
            "empty term near 'foo'",
            "missing expression",
            "garbage after expression at 'foo'"
        ]
    );
    assert_eq!(of("tcp and"), ["missing expression"]);
    assert_eq!(of("(tcp"), ["missing ')'"]);
    assert_eq!(of("tcp )"), ["garbage after expression at ')'"]);
    assert_eq!(of("tcp ? udp"), ["missing ':' in ternary expression"]);
    assert_eq!(of("not")[0], "missing expression after 'not'");
    assert_eq!(of("src"), ["partial directive"]);
    assert_eq!(of("80"), ["specify header field or 'port'"]);
    assert_eq!(of("port > x")[0], "dangling operator near 'x'");
    assert_eq!(of("ip[3")[0], "missing ']'");
    assert_eq!(
        of("ip[x] 3")[0],
        "syntax error after '[', expected '[POS]' or '[POS:LEN]'"
    );
    assert_eq!(
        of("ip[0:5] 3")[0],
        "LEN in '[POS:LEN]' out of range, should be between 1 and 4"
    );
    assert_eq!(
        of("ip[3:2] 3")[0],
        "field [3:2] does not fit in a single word"
    );
}

#[test]
fn senseless_tests_are_refused_with_clicks_messages() {
    assert_eq!(
        of("port host 5"),
        ["type specified twice", "'ip host': address missing"]
    );
    assert_eq!(of("src dst port 5"), ["'src' or 'dst' specified twice"]);
    assert_eq!(of("tcp udp port 5"), ["transport protocol specified twice"]);
    assert_eq!(of("host > 10.0.0.1"), ["'ip host': operator not supported"]);
    assert_eq!(of("net 10.0.0.1"), ["'ip net': address missing"]);
    assert_eq!(of("icmp port 5"), ["'port': bad protocol 1"]);
    assert_eq!(of("port 65536"), ["'port': out of range, bound 65535"]);
    assert_eq!(
        of("src port 65536"),
        ["'src port': out of range, bound 65535"]
    );
    assert_eq!(
        of("ip ttl & 256 5"),
        ["'ip ttl': mask out of range, bound 0xFF"]
    );
    assert_eq!(of("ip ttl & 0 5"), ["zero mask ignored"]);
    assert_eq!(
        of("tcp opt > syn"),
        ["'tcp opt': operator or mask not supported"]
    );
    assert_eq!(of("tcp opt 256"), ["'tcp opt': value 256 out of range"]);
    assert_eq!(of("ip frag 5"), ["'ip frag': value not supported"]);
    assert_eq!(
        of("ip proto > tcpudp"),
        ["'tcpudp': operator or mask not supported"]
    );
    assert_eq!(of("ip ttl 10.0.0.1"), ["'ip ttl': value missing"]);
    assert_eq!(of("ether port 5"), ["'port': ip only"]);
    assert_eq!(of("host & 1:2:3:4:5:6 10.0.0.1"), ["'ip host': bad mask"]);
    assert_eq!(
        of("echo"),
        ["'<none>  echo' is ambiguous; try 'port  echo', 'port  echo', 'icmp type  echo'"]
    );
    assert_eq!(
        of("udp port syn"),
        ["'port udp syn' is meaningless; try 'tcp opt udp syn'"]
    );
}

#[test]
fn useless_relations_and_sides_are_warned_about() {
    let warning = |text: &str| [format!("warning: {text}")];
    assert_eq!(
        of("port > 65535"),
        warning("relation '> 65535' is always false (range 0-65535)")
    );
    assert_eq!(
        of("ip ttl >= 0"),
        warning("relation '>= 0' is always true (range 0-255)")
    );
    assert_eq!(
        of("ip ttl < 256"),
        warning("relation '< 256' is always true (range 0-255)")
    );
    assert_eq!(
        of("src ip ttl 5"),
        warning("'src ip ttl': 'src' or 'dst' ignored")
    );
    let packet = tcp();
    all_match(
        &["ip ttl >= 0", "ip ttl < 256", "port <= 65535"],
        &packet,
        true,
    );
    all_match(&["port > 65535", "ip ttl < 0"], &packet, false);
}
