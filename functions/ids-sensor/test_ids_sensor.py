"""The sensor: what passes, byte by byte, what it tells, and what it finds between real hosts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.captured import on_files
from tests.support.frames import arp, echo, ethernet, tcp, udp
from tests.support.hosts import between
from tests.support.peers import fetch, pinged, serving
from tests.support.running import Running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def to_server(payload: bytes, kind: int = 0x0800) -> bytes:
    return ethernet(SERVER_MAC, CLIENT_MAC, kind, payload)


ALL_KINDS = [
    to_server(udp(CLIENT, SERVER, (4000, 5000), b"evil")),
    to_server(arp(1, (CLIENT_MAC, CLIENT), (SERVER_MAC, SERVER)), 0x0806),
    to_server(echo(CLIENT, SERVER)),
    to_server(tcp(CLIENT, SERVER, (1, 80), 0)),
    to_server(b"\x45" + bytes(range(1, 40))),
    to_server(b"\x60".ljust(40, b"\0"), 0x86DD),
    b"short",
]


def rules(folder: Path, text: str) -> str:
    """The setting that gives the sensor these rules."""
    file = folder / "my.rules"
    file.write_text(text)
    return f"RULES={file}"


def test_every_frame_passes_as_it_is_both_ways(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = {"in": ALL_KINDS, "out": ALL_KINDS}
    assert on_files(tmp_path, PACKAGE, sent) == {"in": ALL_KINDS, "out": ALL_KINDS}
    told = [f"alert [1:1000005:1] no flags {{TCP}} {CLIENT}:1 -> {SERVER}:80"] * 2
    lines = capfd.readouterr().err.splitlines()
    assert [line.partition(": ")[2] for line in lines] == told


def test_rules_drop_only_where_that_is_wanted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = 'drop udp $EXTERNAL_NET any -> $HOME_NET any (msg:"evil"; content:"evil"; sid:1;)\n'
    setting = rules(tmp_path, text)
    sent = {"in": ALL_KINDS, "out": []}
    assert on_files(tmp_path, PACKAGE, sent, setting)["out"] == ALL_KINDS
    assert "alert (drop is off) [1:1:1] evil {UDP}" in capfd.readouterr().err
    home = ("DROP=true", f"HOME_NET=[{SERVER},192.0.2.0/24]", "EXTERNAL_NET=!$HOME_NET")
    assert on_files(tmp_path, PACKAGE, sent, setting, *home)["out"] == ALL_KINDS[1:]
    assert "dropped [1:1:1] evil {UDP}" in capfd.readouterr().err
    assert on_files(tmp_path, PACKAGE, sent, setting, *home[:1], "HOME_NET=!10.0.0.2")["out"] == (
        ALL_KINDS
    )


def test_rules_that_are_not_understood_are_told_all_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (
        "alert http any any -> any any (sid:5;)\nalert tcp any any -> any 80 (http_uri; sid:6;)\n"
    )
    setting = rules(tmp_path, text)
    sent = {"in": ALL_KINDS, "out": []}
    on_files(tmp_path, PACKAGE, sent, setting, status=1)
    complaint = capfd.readouterr().err
    assert "given/RULES:1: sid 5: protocol 'http' is not supported; allowed: ip, tcp" in complaint
    assert "given/RULES:2: sid 6: keyword 'http_uri' is not supported" in complaint
    assert on_files(tmp_path, PACKAGE, sent, setting, "UNSUPPORTED=skip")["out"] == ALL_KINDS
    assert complaint.count("sid") == capfd.readouterr().err.count("warning: skipped: ") == 2


class Sensor:
    """A sensor that runs between two hosts."""

    def __init__(self, run: Weft, client: Host, server: Host, *more: str) -> None:
        run("run", PACKAGE, "-d", "--name", "ids", *between(client, server), *SETTINGS, *more)
        client.configure("eth0", CLIENT)
        server.configure("eth0", SERVER)
        [row] = run.ps()
        self.run, self.running = run, Running(run, row)

    def read(self, handler: str, *parameter: str) -> Any:
        return json.loads(self.running.read(" ".join((f"sensor/rules.{handler}", *parameter))))

    def sids(self) -> list[int]:
        """The rules of which there are alerts, in their order."""
        return [alert["alert"]["signature_id"] for alert in self.read("alerts", "1000")]

    def wait_for(self, sid: int) -> None:
        """Return when there is an alert of a rule."""
        wait_until(lambda: sid in self.sids(), True)


SETTINGS = ("--set", f"HOME_NET={SERVER}", "--set", "PAYLOAD=32", "--set", "DROP=true")


def test_attacks_on_a_web_server_are_told(
    weft: Weft,
    make_host: Callable[[str], Host],
    tmp_path: Path,
) -> None:
    client, server = make_host("client"), make_host("server")
    sensor = Sensor(weft, client, server)
    (tmp_path / "page").write_text("a page")
    web = ("python3", "-m", "http.server", "-b", SERVER, "-d", str(tmp_path), "80")
    with serving(server, *web, port=80):
        assert fetch(client, f"http://{SERVER}/page") == "a page"
        assert sensor.sids() == []
        path = f"http://{SERVER}/a/../page"
        assert fetch(client, path, "--path-as-is") == "a page"
        assert sensor.sids() == [1000001]
        [alert] = sensor.read("alerts")
        assert alert["src_ip"] == CLIENT
        assert (alert["dest_ip"], alert["dest_port"], alert["proto"]) == (SERVER, 80, "TCP")
        assert alert["payload_printable"].startswith("GET /a/../page HTTP/1.1\r\n")
        assert (alert["in_iface"], alert["event_type"]) == ("in", "alert")
        assert alert["alert"]["severity"] == 1

        # A request that a rule drops never comes to an answer.
        header = "X: ${jndi:ldap://x}"
        cut = client.run(["curl", "-sS", "-m", "1", "-H", header, f"http://{SERVER}/page"])
        assert cut.returncode == 28, cut.stderr
        assert set(sensor.sids()) == {1000001, 1000004}
    assert pinged(client, SERVER, "-s", "1400")
    sensor.wait_for(1000007)
    later = json.loads(weft("read", "ids", "sensor/rules.alerts_after", "1"))
    assert later["missed"] == 0
    assert [alert["number"] for alert in later["alerts"]] == list(range(2, later["last"] + 1))
    events = [json.loads(line) for line in eve_json(sensor).splitlines()]
    assert {event["alert"]["signature_id"] for event in events} == set(sensor.sids())
    assert "alert [1:1000001:1] path leaves the folder" in weft("logs", "ids")


def eve_json(sensor: Sensor) -> str:
    """The file of alerts in the function's folder."""
    [file] = sensor.running.folder.rglob("eve.json")
    text: str = file.read_text()
    return text


def test_rules_change_while_packets_flow(
    weft: Weft,
    make_host: Callable[[str], Host],
    tmp_path: Path,
) -> None:
    client, server = make_host("client"), make_host("server")
    sensor = Sensor(weft, client, server, "--set", rules(tmp_path, "# none yet\n"))
    flood = ["ping", "-n", "-q", "-i", "0.002", "-c", "20000", SERVER]
    with serving(client, *flood):
        for number in range(1, 6):
            rule = f'alert icmp any any -> any any (msg:"ping"; itype:8; sid:{number};)'
            sensor.running.write("sensor/rules.rules", rule)
            sensor.wait_for(number)
        complaint = weft("write", "ids", "sensor/rules.rules", "alert", status=1)
        assert "a rule has options in parentheses" in complaint
        assert sensor.read("loaded") == 1
        sensor.running.write("sensor/rules.reload", "")
        assert "sid:5" in sensor.running.read("sensor/rules.rules")
    assert pinged(client, SERVER, count=20)
    [counted] = sensor.read("rule_counts")
    assert counted["sid"] == 5
    assert sensor.read("dropped") == 0
