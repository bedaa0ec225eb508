"""Components that need libraries of others: real ones, as pip, npm and mvn fetch them."""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING

import pytest

from tests.support.frames import ethernet, udp
from tests.support.passing import frames_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

FETCHING_S = 300.0
OURS, THEIRS = "02:00:00:00:00:01", "02:00:00:00:00:02"

PYTHON = b"""\
import dns.message, dns.name, dns.version, sys
from weft.component import Component
component = Component(reasons=["blocked"])
blocked = dns.name.from_text(sys.argv[1])
@component.packet
def look(packet):
    if packet.data[36:38] == b"\\x00\\x35":
        message = dns.message.from_wire(bytes(packet.data[42:]))
        if any(question.name.is_subdomain(blocked) for question in message.question):
            packet.drop("blocked")
@component.handler("library", type=str, help="its version")
def library():
    return dns.version.version
component.run()
"""

JAVASCRIPT = b"""\
import { Component } from 'weft-component';
import packet_of_dns from 'dns-packet';
const component = new Component({ reasons: ['blocked'] });
component.onPacket((packet) => {
  const { bytes } = packet;
  if (bytes[36] === 0 && bytes[37] === 53) {
    const { questions } = packet_of_dns.decode(Buffer.from(bytes.subarray(42)));
    if (questions.some(({ name }) => name.endsWith('.blocked.example'))) packet.drop('blocked');
  }
});
component.run();
"""

JAVA = b"""\
import dev.weft.component.Component;
import java.io.IOException;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;

public class Look {
    public static void main(String[] arguments) throws IOException {
        Name blocked = Name.fromString("blocked.example.");
        Component.create().reasons("blocked").onPacket(packet -> {
            if (packet.u16(36) != 53) return;
            byte[] message = new byte[packet.length() - 42];
            packet.read(42, message);
            try {
                if (new Message(message).getQuestion().getName().subdomain(blocked)) packet.drop("blocked");
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }).run();
    }
}
"""


def query(name: str) -> bytes:
    """A frame that asks for the addresses of a name, RFC 1035."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    message = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 1, 1)
    return ethernet(THEIRS, OURS, 0x0800, udp("10.9.0.1", "10.9.0.2", (4000, 53), message))


GOOD, BAD, WORSE = query("www.good.example"), query("www.blocked.example"), query("a.bad.example")
# What the library does not get to see.
OTHER = ethernet(THEIRS, OURS, 0x0800, udp("10.9.0.1", "10.9.0.2", (4000, 80), b"blocked.example"))


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    left.keep_silent()
    right.keep_silent()
    return left, right


@pytest.fixture
def fetching(weft: Weft, tmp_path: Path) -> Weft:
    """With a cache of its own: what is built is fetched, or taken from what pip, npm and mvn keep."""
    weft.environment["WEFT_CACHE_DIR"] = str(tmp_path / "cache")
    return weft


def package(
    folder: Path, components: str, files: dict[str, bytes], path: str = "in -> filter -> out"
) -> str:
    place = folder / "gate"
    place.mkdir()
    (place / "vnf.yaml").write_text(
        "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
        f"components:\n{components}path: {path}; out -> in\n"
    )
    for name, content in files.items():
        (place / name).write_bytes(content)
    return str(place)


def check(weft: Weft, gate: str) -> None:
    """Build the components of a package."""
    checking = weft.popen("package", "check", gate)
    _, complaint = checking.communicate(timeout=FETCHING_S)
    assert checking.returncode == 0, complaint


def refused(weft: Weft, gate: str) -> list[str]:
    """The problems that building finds."""
    checking = weft.popen("package", "check", gate)
    _, complaint = checking.communicate(timeout=FETCHING_S)
    assert checking.returncode == 1, complaint
    said, problems = re.split(rf"weft: {re.escape(gate)}: \d problems?\n", complaint)
    assert said.startswith("weft: filter: ")
    return [line.strip() for line in problems.splitlines()]


def run(weft: Weft, gate: str, left: Host, right: Host) -> None:
    sides = (("in", left), ("out", right))
    weft("run", gate, "-d", *[f"--interface={name}=netns:{host.name}:eth0" for name, host in sides])


def test_two_python_components_have_two_versions_of_a_library(
    fetching: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    entry = "{{framework: python, file: look.py, requirements: [{}], arguments: [{}]}}\n"
    old = entry.format("requirements.txt", "blocked.example.")
    new = entry.format("dnspython==2.7.0", "bad.example.")
    files = {"look.py": PYTHON, "requirements.txt": b"# the last one but one\ndnspython==2.6.1\n"}
    components = f"  old: {old}  new: {new}"
    gate = package(tmp_path, components, files, "in -> old -> new -> out")
    check(fetching, gate)
    run(fetching, gate, *pair)
    assert frames_through(*pair, [BAD, GOOD, WORSE, OTHER]) == [GOOD, OTHER]
    assert fetching("read", "gate", "old.library") == "2.6.1\n"
    assert fetching("read", "gate", "new.library") == "2.7.0\n"


def test_javascript_with_a_library_from_npm_and_what_that_needs(
    fetching: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    described = json.dumps({"dependencies": {"dns-packet": "5.6.1"}}).encode()
    files = {"look.mjs": JAVASCRIPT, "package.json": described}
    gate = package(tmp_path, "  filter: {framework: javascript, file: look.mjs}\n", files)
    check(fetching, gate)
    run(fetching, gate, *pair)
    assert frames_through(*pair, [BAD, GOOD, OTHER]) == [GOOD, OTHER]


def test_java_with_a_library_from_maven_and_what_that_needs(
    fetching: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    entry = "{framework: java, file: Look.java, requirements: ['dnsjava:dnsjava:3.6.2']}"
    gate = package(tmp_path, f"  filter: {entry}\n", {"Look.java": JAVA})
    check(fetching, gate)
    run(fetching, gate, *pair)
    assert frames_through(*pair, [BAD, GOOD, OTHER]) == [GOOD, OTHER]


def test_a_library_that_pypi_does_not_have_is_told(fetching: Weft, tmp_path: Path) -> None:
    entry = "{framework: python, file: look.py, requirements: [weft-has-no-such-library]}"
    gate = package(tmp_path, f"  filter: {entry}\n", {"look.py": PYTHON})
    where = "vnf.yaml:6: components: filter: requirements: "
    assert refused(fetching, gate) == [
        f"{where}Could not find a version that satisfies the requirement weft-has-no-such-library "
        "(from versions: none)",
        f"{where}No matching distribution found for weft-has-no-such-library",
    ]


def test_a_library_that_npm_does_not_have_is_told(fetching: Weft, tmp_path: Path) -> None:
    described = json.dumps({"dependencies": {"weft-has-no-such-library": "1.0.0"}}).encode()
    files = {"look.mjs": JAVASCRIPT, "package.json": described}
    gate = package(tmp_path, "  filter: {framework: javascript, file: look.mjs}\n", files)
    [problem] = refused(fetching, gate)
    where = r"vnf\.yaml:6: components: filter: dependencies of 'package\.json': "
    assert re.match(where + r"Not Found - GET https?://\S+/weft-has-no-such-library\b", problem)
    assert "'weft-has-no-such-library@1.0.0'" in problem


def test_a_library_that_maven_does_not_have_is_told(fetching: Weft, tmp_path: Path) -> None:
    entry = "{framework: java, file: Look.java, requirements: ['org.example.weft:none:1']}"
    gate = package(tmp_path, f"  filter: {entry}\n", {"Look.java": JAVA})
    [problem] = refused(fetching, gate)
    where = r"vnf\.yaml:6: components: filter: requirements: "
    artifact = r"Could not find artifact org\.example\.weft:none:jar:1 in \S+ \(https?://\S+\)"
    assert re.fullmatch(where + artifact, problem)
