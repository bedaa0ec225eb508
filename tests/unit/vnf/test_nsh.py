"""The `nsh` of `vnf.yaml`: each setting, and every problem with its line and what is allowed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from weft.model.nsh import Classification, NextHop, Nsh, Rule, Tlv, Tunnel
from weft.model.package import Package, PackageFile
from weft.vnf.forwarder import graph_of
from weft.vnf.manifest import read_manifest

HEAD = "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
WIRE = """\
components:
  a: {framework: click, text: "input -> output;"}
path: in -> a -> out; out -> in
parameters:
  SFF: {type: mac, default: "02:00:00:00:00:01"}
"""
BRIDGE = """\
components:
  a: {framework: program, command: bridge, interfaces: [lan, wan]}
path: |
  in -> a -> in
  out -> [1]a[1] -> out
"""
MAC = "02:00:00:00:0a:01"
CONTEXT = "000102030405060708090a0b0c0d0e0f"


def read(nsh: str, rest: str = WIRE) -> tuple[Package | None, list[str]]:
    """A package whose `nsh` begins on line 5."""
    text = HEAD + dedent(nsh) + rest
    package, problems = read_manifest([PackageFile("vnf.yaml", text.encode())])
    return package, [str(problem).removeprefix("vnf.yaml:") for problem in problems]


def settings(nsh: str, rest: str = WIRE) -> Nsh:
    package, problems = read(nsh, rest)
    assert package is not None, problems
    assert package.nsh is not None
    return package.nsh


def test_a_role_alone_has_every_default() -> None:
    assert settings("nsh: proxy\n") == Nsh("proxy", line=5)
    assert settings("nsh: aware\n") == Nsh("aware", line=5)
    assert settings("nsh: internal\n") == Nsh("internal", line=5)
    assert settings("nsh: {role: aware}\n") == Nsh("aware", line=5)
    assert settings("nsh: forwarder\n", "") == Nsh("forwarder", line=5)


def test_none_is_no_role() -> None:
    package, problems = read("nsh: none\n")
    assert (problems, package and package.nsh) == ([], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oam: forward", {"oam": "forward"}),
        ("next-protocol: forward", {"next_protocol": "forward"}),
        ("experiment: true", {"experiment": True}),
        ("mtu: 9000", {"mtu": 9000}),
        ("mac: sender", {"macs": (("in", "sender"), ("out", "sender"))}),
        (f'mac: {{out: "{MAC}"}}', {"macs": (("out", MAC),)}),
        ("mac: $SFF", {"macs": (("in", "$SFF"), ("out", "$SFF"))}),
        ("transport: ethernet", {}),
        ("reassociate: flow", {"flows": 65536, "timeout_s": 300}),
        ("reassociate: flow, flows: 100, timeout: 2min", {"flows": 100, "timeout_s": 120}),
        (
            "transport: vxlan-gpe, address: 10.0.0.1, peer: 10.0.0.2, vni: 7",
            {
                "tunnels": (
                    Tunnel("in", "10.0.0.1", "7", "10.0.0.2"),
                    Tunnel("out", "10.0.0.1", "7", "10.0.0.2"),
                )
            },
        ),
        (
            "transport: vxlan-gpe, address: {out: 10.0.0.1}, peer: {out: 10.0.0.2}, vni: 7, "
            "mac: {in: sender}",
            {
                "tunnels": (Tunnel("out", "10.0.0.1", "7", "10.0.0.2"),),
                "macs": (("in", "sender"),),
            },
        ),
    ],
)
def test_a_setting_of_a_proxy(text: str, expected: dict[str, object]) -> None:
    assert settings(f"nsh: {{role: proxy, {text}}}\n") == Nsh("proxy", line=5, **expected)  # type: ignore[arg-type]


CLASSIFIER = f"""\
nsh:
  role: classifier
  mac: "{MAC}"
  rules:
    - {{match: tcp dst port 80, spi: 10}}
    - match: udp
      spi: 11
      si: 9
      ttl: 5
      context: {CONTEXT}
    - {{match: "-", spi: 12, tlvs: [{{class: 3, type: 1, value: 0a0b}}, {{class: 0x3, type: 255}}]}}
"""


def test_a_classifier_has_rules_and_two_sides() -> None:
    assert settings(CLASSIFIER, "") == Nsh(
        "classifier",
        macs=(("out", MAC),),
        classification=Classification(
            "in",
            "out",
            (
                Rule("tcp dst port 80", "10", line=9),
                Rule("udp", "11", "9", "5", CONTEXT, line=10),
                Rule("-", "12", tlvs=(Tlv("3", "1", "0a0b"), Tlv("0x3", "255", "")), line=15),
            ),
        ),
        line=6,
    )


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("in: out", "out", "in"), ("out: in", "out", "in"), ("in: in, out: out", "in", "out")],
)
def test_either_interface_may_be_the_inner_one(text: str, inside: str, outside: str) -> None:
    nsh = settings(f'nsh: {{role: classifier, mac: "{MAC}", {text}}}\n', "")
    assert nsh.classification == Classification(inside, outside, ())
    assert nsh.macs == ((outside, MAC),)


def test_a_classifier_of_ip_packets_knows_whom_they_go_to() -> None:
    text = f"""\
    nsh:
      {{role: classifier, transport: vxlan-gpe, address: 10.0.0.1, peer: 10.0.0.2, vni: 0,
       next: ip, host: "{MAC}", mtu: 1400, oam: forward}}
    """
    assert settings(text, "") == Nsh(
        "classifier",
        oam="forward",
        mtu=1400,
        tunnels=(Tunnel("out", "10.0.0.1", "0", "10.0.0.2"),),
        classification=Classification("in", "out", (), host=MAC, next="ip"),
        line=6,
    )


def test_a_forwarder_has_a_table() -> None:
    text = f"""\
    nsh:
      role: forwarder
      transport: vxlan-gpe
      address: {{out: 10.0.0.1}}
      vni: 7
      table:
        - {{spi: 10, si: 255, interface: in, mac: "{MAC}"}}
        - {{spi: 10, si: 254, interface: out, vxlan-gpe: 10.0.0.2}}
    """
    assert settings(text, "") == Nsh(
        "forwarder",
        tunnels=(Tunnel("out", "10.0.0.1", "7"),),
        table=(
            NextHop("10", "255", "in", mac=MAC, line=11),
            NextHop("10", "254", "out", peer="10.0.0.2", line=12),
        ),
        line=6,
    )


ONE_HOST = "an IPv4 address of one host, as in 10.0.0.1"


@pytest.mark.parametrize(
    ("nsh", "problems"),
    [
        (
            "nsh: prox",
            [
                "5: nsh: 'prox' is not known (did you mean 'proxy'?); "
                "allowed: none, proxy, aware, internal, classifier, forwarder"
            ],
        ),
        ("nsh: [proxy]", ["5: nsh: a role or a mapping is needed, not a list"]),
        (
            "nsh: {oam: drop}",
            ["5: nsh: missing key 'role'; allowed: proxy, aware, internal, classifier, forwarder"],
        ),
        (
            "nsh: {role: sff}",
            [
                "5: nsh: role: 'sff' is not known; allowed: proxy, aware, internal, classifier, forwarder"
            ],
        ),
        ("nsh: {role: internal, mtu: 9000}", ["5: nsh: unknown key 'mtu'; allowed: role"]),
        (
            "nsh: {role: aware, reassociate: flow}",
            [
                "5: nsh: unknown key 'reassociate'; allowed: role, transport, address, vni, oam, "
                "next-protocol, experiment, peer, mac, mtu"
            ],
        ),
        (
            "nsh: {role: proxy, oam: pass, next-protocol: pass, experiment: yes, mtu: 10}",
            [
                "5: nsh: experiment: 'yes' is not known; allowed: true, false",
                "5: nsh: mtu: '10' is not valid; allowed: a whole number from 68 to 65535",
                "5: nsh: next-protocol: 'pass' is not known; allowed: drop, forward",
                "5: nsh: oam: 'pass' is not known; allowed: drop, forward",
            ],
        ),
        (
            "nsh: {role: proxy, transport: mpls, mac: 02-00, flows: 9}",
            [
                "5: nsh: flows: only with 'reassociate: flow'",
                "5: nsh: mac: '02-00' is not valid; allowed: a MAC address, as in "
                "02:00:00:00:00:01, or 'sender'",
                "5: nsh: transport: 'mpls' is not known; allowed: ethernet, vxlan-gpe",
            ],
        ),
        (
            "nsh: {role: proxy, reassociate: flow, flows: 0, timeout: 500ms}",
            [
                "5: nsh: flows: '0' is not valid; allowed: a whole number from 1 to 16777216",
                "5: nsh: timeout: '500ms' is not valid; allowed: whole seconds with one of s, min, "
                "from 1s to 60min",
            ],
        ),
        ("nsh: {role: proxy, peer: 10.0.0.1}", ["5: nsh: peer: only with 'transport: vxlan-gpe'"]),
        (
            "nsh: {role: proxy, transport: vxlan-gpe, vni: 16777216, peer: 224.0.0.1}",
            [
                "5: nsh: missing key 'address'; 'transport: vxlan-gpe' needs it",
                f"5: nsh: peer: '224.0.0.1' is not valid; allowed: {ONE_HOST}",
                "5: nsh: vni: '16777216' is not valid; allowed: a whole number from 0 to 16777215",
            ],
        ),
        (
            "nsh: {role: proxy, transport: vxlan-gpe, vni: 1, address: {in: 10.0.0.1}, "
            "peer: {out: 10.0.0.1, lan: 10.0.0.1}}",
            [
                "5: nsh: address: 'out' has none, but it has 'peer'",
                "5: nsh: peer: 'in' has none, but it has 'address'",
                "5: nsh: peer: unknown key 'lan'; allowed: in, out",
            ],
        ),
        (
            "nsh: {role: proxy, mac: $SF}",
            ["5: nsh: mac: no parameter 'SF' (did you mean 'SFF'?); allowed: SFF"],
        ),
        (
            "nsh: {role: proxy, transport: vxlan-gpe, vni: 1, address: 10.0.0.1, peer: 10.0.0.2, "
            "mac: {in: sender}}",
            ["5: nsh: mac: 'in' has a tunnel, which finds its peer"],
        ),
    ],
)
def test_problem_of_a_function_with_components(nsh: str, problems: list[str]) -> None:
    assert read(nsh + "\n") == (None, problems)


@pytest.mark.parametrize(
    ("nsh", "problems"),
    [
        (
            "nsh: classifier",
            ["5: nsh: missing key 'mac': the Ethernet address that packets with a header go to"],
        ),
        (
            f'nsh: {{role: classifier, mac: "{MAC}", in: lan, next: ip, unmatched: pass}}',
            [
                "5: nsh: in: 'lan' is not known; allowed: in, out",
                "5: nsh: missing key 'host'; 'next: ip' needs the Ethernet address that packets go "
                "to that come back",
                "5: nsh: unmatched: 'pass' is not known; allowed: drop, forward",
            ],
        ),
        (
            f'nsh: {{role: classifier, mac: "{MAC}", in: in, out: in, host: "{MAC}"}}',
            ["5: nsh: host: only with 'next: ip'", "5: nsh: out: 'in' is 'in' already"],
        ),
        (
            "nsh: {role: classifier, transport: vxlan-gpe, address: 10.0.0.1, peer: 10.0.0.2, "
            "vni: 1, unmatched: forward}",
            [
                "5: nsh: unmatched: 'forward' is not possible through a tunnel, whose network has "
                "frames of its own"
            ],
        ),
        (
            'nsh: {role: classifier, mac: sender, rules: [{match: "tcp => SPI 1", spi: x, '
            "si: 0, ttl: 64, context: 00, tlvs: []}, {spi: 1}]}",
            [
                "5: nsh: mac: 'sender' is not valid; allowed: a MAC address, as in 02:00:00:00:00:01",
                "5: nsh: rules: 1: 'context' and 'tlvs' exclude each other",
                "5: nsh: rules: 1: context: '00' is not valid; allowed: 16 bytes, two hexadecimal "
                "digits each",
                "5: nsh: rules: 1: match: 'tcp => SPI 1' is not valid; allowed: a filter of "
                "IPClassifier, as in tcp dst port 80, or - for every packet",
                "5: nsh: rules: 1: si: '0' is not valid; allowed: a whole number from 1 to 255",
                "5: nsh: rules: 1: spi: 'x' is not valid; allowed: a whole number from 0 to 16777215",
                "5: nsh: rules: 1: ttl: '64' is not valid; allowed: a whole number from 1 to 63",
                "5: nsh: rules: 2: missing key 'match'",
            ],
        ),
        (
            f'nsh: {{role: classifier, mac: "{MAC}", rules: [{{match: "-", spi: 1, tlvs: '
            f"[{{class: 0x10000, type: 256, value: abc}}, {{class: 1, type: 1, value: {'00' * 127}}}, "
            f"{{class: 1, type: 1, value: {'00' * 109}}}]}}]}}",
            [
                "5: nsh: rules: 1: tlvs: 1: class: '0x10000' is not valid; allowed: a whole number "
                "from 0 to 65535, or as in 0x1f",
                "5: nsh: rules: 1: tlvs: 1: type: '256' is not valid; allowed: a whole number from "
                "0 to 255, or as in 0x1f",
                "5: nsh: rules: 1: tlvs: 1: value: 'abc' is not valid; allowed: at most 127 bytes, "
                "two hexadecimal digits each",
                "5: nsh: rules: 1: tlvs: they take 252 bytes, padding included; allowed: at most 244",
            ],
        ),
        (
            'nsh: {role: forwarder, table: [{spi: 1, si: 1}, {spi: 1, si: 2, interface: "on"},'
            "\n {spi: 1, si: 2, interface: in}, {spi: 1, si: 2, interface: in, mac: $M},"
            "\n {spi: 1, si: 3, interface: in, vxlan-gpe: 10.0.0.1}]}",
            [
                "5: nsh: table: 1: missing key 'interface'",
                "5: nsh: table: 2: interface: 'on' is not known; allowed: in, out",
                "6: nsh: table: 3: missing key 'mac': 'in' carries headers right over Ethernet",
                "6: nsh: table: 3: path 1 with index 2 has a next hop already, on line 5",
                "6: nsh: table: 4: mac: no parameter 'M'; allowed: none",
                "6: nsh: table: 4: path 1 with index 2 has a next hop already, on line 5",
                "7: nsh: table: 5: vxlan-gpe: 'in' carries headers right over Ethernet; give 'mac'",
            ],
        ),
        (
            "nsh: forwarder\ncomponents: {}\npath: in -> out",
            [
                "6: components: a forwarder has none; leave it out, or choose another role under "
                "'nsh'",
                "7: path: a forwarder has none; leave it out, or choose another role under 'nsh'",
            ],
        ),
    ],
)
def test_problem_of_a_whole_function(nsh: str, problems: list[str]) -> None:
    assert read(nsh + "\n", "") == (None, problems)


def test_a_classifier_has_two_interfaces() -> None:
    text = f'{HEAD}nsh: {{role: classifier, mac: "{MAC}", in: in, out: out}}\n'
    text = text.replace("[in, out]", "[in, out, more]")
    package, problems = read_manifest([PackageFile("vnf.yaml", text.encode())])
    assert package is None
    assert [str(problem) for problem in problems] == [
        "vnf.yaml:5: nsh: a classifier has two interfaces, 'in' and 'out', not 3"
    ]


def test_the_name_of_the_element_is_taken() -> None:
    rest = WIRE.replace(" a:", " nsh:").replace(" a ", " nsh ")
    assert read("nsh: proxy\n", rest) == (
        None,
        ["5: components: 'nsh' is the element of the function's role; choose another name"],
    )


def test_a_role_with_components_needs_a_path() -> None:
    rest = 'components:\n  a: {framework: click, text: "FromDevice(in) -> ToDevice(out);"}\n'
    assert read("nsh: proxy\n", rest) == (
        None,
        ["5: missing key 'path'; it is needed with 'nsh', to know what the proxy is around"],
    )


def test_a_program_is_refused_where_headers_would_be_lost() -> None:
    lost = "7: components: a: a program loses the header of every packet; "
    assert read("nsh: proxy\n", BRIDGE) == (
        None,
        [lost + "give 'nsh' the setting 'reassociate: flow', or use another framework"],
    )
    assert read("nsh: aware\n", BRIDGE) == (
        None,
        [lost + "use another framework, or 'role: proxy' with 'reassociate: flow'"],
    )
    assert read("nsh: internal\n", BRIDGE) == (None, [lost + "use another framework"])
    assert settings("nsh: {role: proxy, reassociate: flow}\n", BRIDGE).is_reassociating


def graph(nsh: str, rest: str = WIRE) -> list[str]:
    package, problems = read(nsh, rest)
    assert package is not None, problems
    return graph_of(package).splitlines()


def test_a_proxy_stands_between_interfaces_and_path() -> None:
    assert graph("nsh: {role: proxy, reassociate: flow, oam: forward}\n") == [
        '# 5 "vnf.yaml"',
        "in :: { from :: FromDevice(in) -> kind :: Classifier(12/894f) "
        "-> check :: CheckNSHHeader(14, OAM forward) -> [1]output; input[1] -> output; "
        "input -> [2]output; input[2] -> queue :: Queue -> to :: ToDevice(in); };",
        "out :: { from :: FromDevice(out) -> kind :: Classifier(12/894f) "
        "-> check :: CheckNSHHeader(14, OAM forward) -> [1]output; input[1] -> output; "
        "input -> [2]output; input[2] -> queue :: Queue -> to :: ToDevice(out); };",
        "nsh :: NSHProxy(MTU 1500, REASSOCIATE flow, FLOWS 65536, TIMEOUT 300);",
        "in[1] -> [0]nsh[0] -> [1]in; in[2] -> [2]nsh[2] -> [2]in;",
        "out[1] -> [1]nsh[1] -> [1]out; out[2] -> [3]nsh[3] -> [2]out;",
        '# 7 "vnf.yaml"',
        "a :: {",
        '# 7 "vnf.yaml"',
        "input -> output;",
        "};",
        '# 8 "vnf.yaml"',
        "in -> a -> out; out -> in",
    ]


def test_a_tunnel_finds_its_peer_and_leaves_room() -> None:
    tunnel = "transport: vxlan-gpe, vni: 7, address: {in: 10.0.0.1}, peer: {in: 10.0.0.2}"
    lines = graph(f"nsh: {{role: aware, {tunnel}}}\n")
    assert lines[1] == (
        "in :: { queue :: Queue; arp :: ARPQuerier(10.0.0.1, in:eth); from :: FromDevice(in) "
        "-> kind :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800); "
        "kind -> ARPResponder(10.0.0.1 in:eth) -> queue; kind[1] -> [1]arp; "
        "kind[2] -> Strip(14) -> CheckIPHeader "
        "-> mine :: IPClassifier(dst host 10.0.0.1 and udp and dst port 4790) "
        "-> tunnel :: VXLANGPEDecap(7) -> check :: CheckNSHHeader(0) -> [1]output; "
        "input[1] -> output; input -> [2]output; "
        "input[2] -> encap :: VXLANGPEEncap(10.0.0.1, 10.0.0.2, VNI 7) "
        "-> arp -> queue -> to :: ToDevice(in); };"
    )
    assert lines[3] == "nsh :: NSHFunction(MTU 1464);"


def test_a_classifier_is_a_graph_of_its_own() -> None:
    assert graph(CLASSIFIER, "") == [
        '# 6 "vnf.yaml"',
        "in :: { from :: FromDevice(in) -> output; input -> queue :: Queue -> to :: ToDevice(in); "
        "input[1] -> icmp :: PacketTooBig(192.0.0.8, MTU 1462, TAGS true) -> queue; };",
        "out :: { from :: FromDevice(out) -> kind :: Classifier(12/894f) "
        "-> check :: CheckNSHHeader(14) -> decap :: NSHDecap(ethernet) -> output; "
        f"input -> EtherEncap(0x894f, out:eth, {MAC}) -> queue :: Queue -> to :: ToDevice(out); }};",
        "nsh :: NSHClassifier(tcp dst port 80 => SPI 10, "
        f"udp => SPI 11 SI 9 TTL 5 CONTEXT {CONTEXT}, "
        "- => SPI 12 TLV 3:1:0a0b TLV 0x3:255:, NEXT ethernet, MTU 1500);",
        "in -> nsh -> out -> in;",
        "nsh[1] -> Discard;",
        "nsh[2] -> [1]in;",
    ]


def test_what_no_rule_matches_may_pass_by() -> None:
    text = f'nsh: {{role: classifier, mac: "{MAC}", next: ip, host: "{MAC}", unmatched: forward}}\n'
    assert graph(text, "")[2:] == [
        "out :: { from :: FromDevice(out) -> kind :: Classifier(12/894f, -) "
        "-> check :: CheckNSHHeader(14) -> decap :: NSHDecap(ipv4, ipv6, mpls); "
        f"decap[0] -> EtherEncap(0x0800, in:eth, {MAC}) -> output; "
        f"decap[1] -> EtherEncap(0x86dd, in:eth, {MAC}) -> output; "
        f"decap[2] -> EtherEncap(0x8847, in:eth, {MAC}) -> output; "
        f"input -> EtherEncap(0x894f, out:eth, {MAC}) -> queue :: Queue -> to :: ToDevice(out); "
        "kind[1] -> [1]output; input[1] -> queue; };",
        "nsh :: NSHClassifier(NEXT ip, MTU 1500);",
        "in -> nsh -> out -> in;",
        "nsh[1] -> [1]out[1] -> in;",
        "nsh[2] -> [1]in;",
    ]


def test_a_forwarder_receives_on_each_interface() -> None:
    text = f"""\
    nsh:
      role: forwarder
      transport: vxlan-gpe
      address: {{out: 10.0.0.1}}
      vni: 7
      table:
        - {{spi: 10, si: 255, interface: in, mac: "{MAC}"}}
        - {{spi: 10, si: 254, interface: out, vxlan-gpe: 10.0.0.2}}
    """
    lines = graph(text, "")
    assert lines[1] == (
        "in :: { from :: FromDevice(in) -> kind :: Classifier(12/894f) "
        "-> check :: CheckNSHHeader(14) -> output; "
        "input -> queue :: Queue -> to :: ToDevice(in); };"
    )
    assert "input -> encap :: VXLANGPEEncap(10.0.0.1, 0, VNI 7) -> arp -> queue" in lines[2]
    assert lines[3:] == [
        f"nsh :: NSHForwarder(10/255 => 0 ETHER in:eth {MAC}, 10/254 => 1 VXLANGPE 10.0.0.2);",
        "in -> nsh; nsh[0] -> in;",
        "out -> nsh; nsh[1] -> out;",
    ]
