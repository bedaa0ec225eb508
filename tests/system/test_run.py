"""`weft run` and what follows it, between real hosts."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between
from weft.server.groups import group_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

LEFT, RIGHT = "10.9.0.1", "10.9.0.2"


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    return make_host("left"), make_host("right")


def processes(weft: Weft) -> list[str]:
    """The processes that have the test's run directory on their command line."""
    directory = str(weft.run_directory).encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if directory in command:
            found.append(command.replace(b"\0", b" ").decode())
    return sorted(found)


def control_groups(uuid: str) -> list[Path]:
    root = Path("/sys/fs/cgroup")
    from uuid import UUID

    name = group_name(UUID(uuid))
    return [path for path in (root / name, *root.glob(f"*/{name}")) if path.exists()]


def test_frames_pass_and_are_counted(weft: Weft, pair: tuple[Host, Host], wire: str) -> None:
    left, right = pair
    assert weft("run", wire, "-d", *between(left, right)) == "wire\n"
    left.configure("eth0", f"{LEFT}")
    right.configure("eth0", f"{RIGHT}")
    pinged = left.run(["ping", "-n", "-c", "3", "-i", "0.02", "-W", "2", RIGHT])
    assert pinged.returncode == 0, pinged.stdout
    assert int(weft("read", "wire", "counter/count.count")) >= 3
    weft("write", "wire", "counter/count.reset")
    assert int(weft("read", "wire", "counter/count.count")) <= 2
    assert weft("read", "wire", "counter/count.class") == "Counter\n"


def test_detached_run_leaves_only_the_sandbox(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    weft("run", wire, "-d", *between(*pair))
    [row] = weft.ps()
    assert (row["name"], row["state"], row["restarts"]) == ("wire", "active", 0)
    running = [command.split()[:2] for command in processes(weft)]
    assert sorted(Path(command[0]).name for command in running) == ["weft-engine"] * 2
    assert sorted(command[1] for command in running) == ["engine", "init"]
    assert pair[0].links()["eth0"]["up"]
    assert pair[0].links()["eth0"]["mtu"] == 1500
    weft("off", "wire")
    assert processes(weft) == []
    assert weft.folders() == []
    assert pair[0].links() == pair[1].links() == {}
    assert control_groups(row["uuid"]) == []


def test_the_graph_that_runs_is_shown(weft: Weft, pair: tuple[Host, Host], wire: str) -> None:
    weft("run", wire, "-d", *between(*pair))
    assert weft("show", "wire", "--graph") == weft("package", "graph", wire)


def test_a_wrong_name_among_those_to_stop_stops_none(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    weft("run", wire, "-d", *between(*pair))
    assert weft("off", "wire", "nope", status=1) == (
        "weft: no function named 'nope'; there are: wire\nweft: hint: `weft ps` lists them\n"
    )
    assert [row["name"] for row in weft.ps()] == ["wire"]


def test_stop_and_start(weft: Weft, pair: tuple[Host, Host], wire: str) -> None:
    weft("run", wire, "-d", *between(*pair))
    weft("stop", "wire")
    assert [row["state"] for row in weft.ps()] == ["inactive"]
    assert "eth0" in pair[0].links()
    assert weft("read", "wire", "list", status=1) == (
        "weft: 'wire' is inactive: no engine runs in it\n"
        "weft: hint: start it with: weft start wire\n"
    )
    weft("start", "wire")
    assert [row["state"] for row in weft.ps()] == ["active"]


def test_a_name_is_used_once(weft: Weft, pair: tuple[Host, Host], wire: str) -> None:
    weft("run", wire, "-d", *between(*pair))
    assert weft("run", wire, "-d", *between(*pair), status=1) == (
        "weft: the name 'wire' is taken in project 'default'\n"
        "weft: hint: choose another with --name, or turn that function off: weft off wire\n"
    )


def test_a_failed_start_is_undone_whole(weft: Weft, pair: tuple[Host, Host], wire: str) -> None:
    left, right = pair
    right.route.link("add", ifname="eth0", kind="veth", peer={"ifname": "other"})
    before = (left.links(), right.links())
    complaint = weft("run", wire, "-d", *between(left, right), status=1)
    assert complaint.startswith(f"weft: a device 'eth0' is in namespace '{right.name}' already\n")
    assert (left.links(), right.links()) == before
    assert processes(weft) == []
    assert weft.folders() == []


def test_an_engine_that_does_not_come_up_is_told_and_undone(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    config = tmp_path / "late.click"
    # The file is there when the graph is checked, and cannot be reached from the sandbox.
    capture = tmp_path / "x" / "in.pcap"
    capture.parent.mkdir(mode=0o700)
    from weft.vnf.capture import EMPTY_CAPTURE

    capture.write_bytes(EMPTY_CAPTURE)
    config.write_text(f"FromDevice(in) -> Discard; FromDump({capture}, STOP false) -> Discard;\n")
    binding = f"in=netns:{pair[0].name}:eth0"
    complaint = weft("run", str(config), "-d", "--interface", binding, status=1)
    assert complaint.startswith("weft: 'late' did not start (stage: engine); all was undone\n")
    assert "late.click:1:" in complaint
    assert processes(weft) == []
    assert weft.folders() == []
    assert pair[0].links() == {}


def test_two_readers_of_one_interface_are_refused(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    config = tmp_path / "two.click"
    config.write_text("FromDevice(in) -> Discard;\nFromDevice(in) -> Discard;\n")
    binding = f"in=netns:{pair[0].name}:eth0"
    complaint = weft("run", str(config), "-d", "--interface", binding, status=1)
    assert "two.click:2: " in complaint
    assert "duplicate reader for this device; put a Tee behind the first\n" in complaint
    assert pair[0].links() == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground_run_ends_with_a_signal(
    weft: Weft, pair: tuple[Host, Host], wire: str, number: signal.Signals
) -> None:
    running = weft.popen("run", wire, *between(*pair))
    assert running.stdout is not None
    assert running.stdout.readline() == "weft: 'wire' runs; Ctrl-C ends it\n"
    running.send_signal(number)
    assert running.wait(20) == 128 + number
    running.communicate()
    assert processes(weft) == []
    assert weft.folders() == []
    assert pair[0].links() == {}


def test_a_function_whose_process_is_gone_is_told_once_and_cleaned(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    weft("run", wire, "-d", *between(*pair))
    [row] = weft.ps()
    pidfd = os.pidfd_open(row["pid"])
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)
    while Path(f"/proc/{row['pid']}").exists():
        pass
    done = weft.popen("ps", "-o", "json").communicate()
    assert done == ("[]\n", "weft: 'wire' was gone (its process 1 ended); its folder was removed\n")
    assert weft.folders() == []
    assert control_groups(row["uuid"]) == []
    assert weft.popen("ps", "-o", "json").communicate() == ("[]\n", "")


def test_a_process_one_that_hangs_is_ended_by_force(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    weft("run", wire, "-d", *between(*pair))
    [row] = weft.ps()
    os.kill(row["pid"], signal.SIGSTOP)
    [stopped] = weft.ps()
    assert stopped["state"] == "failed"
    assert stopped["errors"] == ["'wire' does not answer 'status' within 2 s"]
    weft("off", "wire")
    assert processes(weft) == []
    assert weft.folders() == []
    assert pair[0].links() == {}
    assert control_groups(row["uuid"]) == []


def test_the_log_is_shown(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> None:
    config = tmp_path / "talk.click"
    config.write_text('FromDevice(in) -> Discard; Message("hello from the graph");\n')
    weft("run", str(config), "-d", "--interface", f"in=netns:{pair[0].name}")
    assert "hello from the graph" in weft("logs", "talk")
    assert weft("logs", "talk", "-n", "0") == ""


def test_unknown_handlers_are_told_in_clicks_words(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    weft("run", wire, "-d", *between(*pair))
    assert weft("read", "wire", "x.count", status=1) == (
        "weft: No element named 'x'\n"
        "weft: hint: `weft show wire --handlers` lists elements and their handlers\n"
    )
    assert weft("write", "wire", "counter/count.x", status=1) == (
        "weft: No handler named 'counter/count.x'\n"
        "weft: hint: 'counter/count' has: count, byte_count, rate, bit_rate, byte_rate, "
        "reset, reset_counts, count_call, byte_count_call\n"
    )
    assert weft("write", "wire", "counter/count.count", "3", status=1) == (
        "weft: Handler 'counter/count.count' read-only\n"
        "weft: hint: read it: weft read wire counter/count.count\n"
    )


def test_a_run_directory_without_room_is_told_and_nothing_is_left(
    weft: Weft, pair: tuple[Host, Host], wire: str, tmp_path: Path
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "weft-test", full], check=True)
    try:
        (full / "weft").mkdir()
        (full / "fill").write_bytes(bytes(16 << 10))
        (directory := Path(f"/run/weft-test-{os.getpid()}-full")).symlink_to(full / "weft")
        weft.environment["WEFT_RUN_DIR"] = str(directory)
        complaint = weft("run", wire, "-d", *between(*pair), status=1)
    finally:
        weft.environment["WEFT_RUN_DIR"] = str(weft.run_directory)
        left = [path.name for path in (full / "weft").iterdir()]
        subprocess.run(["umount", full], check=True)
        directory.unlink()
    assert complaint.startswith(f"weft: cannot write the function's folder '{directory}/")
    assert complaint.endswith(
        "': No space left on device\n"
        "weft: hint: make room there, or choose another run directory: set WEFT_RUN_DIR\n"
    )
    assert left == [".lock"]
    assert pair[0].links() == pair[1].links() == {}
