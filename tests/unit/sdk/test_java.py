"""The Java SDK: its views against the vectors, and components in Java across from the engine's side."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.engine_side import (
    BYE,
    DROP,
    HANDLER,
    REASON,
    REFUSED,
    EngineSide,
    Returned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "sdk" / "contract" / "vectors"
PATIENCE_S = 30
CHECKS = ("changes", "numbers", "bounds", "room", "large", "void", "ports", "batch")


@pytest.fixture(scope="session")
def sdk() -> Path:
    out = ROOT / "target" / "sdk" / "java"
    built = subprocess.run(
        ["make", "-s", "-C", str(ROOT / "sdk" / "java")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return out


def java(
    sdk: Path, folder: str | Path, *arguments: str, **environment: str
) -> subprocess.Popen[str]:
    """A JVM with the SDK and the classes of ``folder``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    return subprocess.Popen(
        [
            "java",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xcheck:jni",
            "-cp",
            f"{sdk / 'weft-component.jar'}:{sdk / folder}",
            *arguments,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**clean, **environment},
    )


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, error = process.communicate(timeout=PATIENCE_S)
    return process.returncode, error


def flat(value: object) -> object:
    """A field as one word: context headers as CLASS/TYPE/UNASSIGNED/VALUE."""
    if not isinstance(value, list):
        return value
    return ",".join(
        f"{tlv['class']}/{tlv['type']}/{int(tlv['unassigned'])}/{tlv['value']}" for tlv in value
    )


def vectors(name: str) -> list[str]:
    return [
        f"{name} {vector['bytes']} "
        + " ".join(f"{k}={flat(v)}" for k, v in vector["fields"].items())
        for vector in json.loads((VECTORS / f"{name}.json").read_text())
    ]


def test_views_agree_with_the_vectors_and_keep_to_their_bounds(sdk: Path) -> None:
    lines = [*vectors("descriptor"), *vectors("metadata"), *vectors("tlvs"), *CHECKS]
    process = java(sdk, "tests", "dev.weft.component.ViewsTest")
    said, error = process.communicate("".join(f"{line}\n" for line in lines), PATIENCE_S)
    assert error == ""
    assert said.splitlines() == [f"ok {line.split()[0]}" for line in lines]
    assert process.returncode == 0


# ---- a component across from the engine's side ----


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineSide]:
    side = EngineSide(tmp_path / "components.sock")
    yield side
    side.close()


def start(
    sdk: Path, engine: EngineSide, folder: str | Path, *arguments: str
) -> subprocess.Popen[str]:
    return java(
        sdk, folder, *arguments, WEFT_COMPONENT=str(engine.path), WEFT_COMPONENT_NAME="filter"
    )


def goodbye(engine: EngineSide, process: subprocess.Popen[str]) -> None:
    engine.say(BYE)
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "")


def until_mapped(process: subprocess.Popen[str], count: int) -> None:
    """Return once the process maps so many memories of engines; the garbage collector has its own time."""
    maps = Path(f"/proc/{process.pid}/maps")
    deadline = time.monotonic() + PATIENCE_S
    while (mapped := maps.read_text().count("/memfd:memory ")) != count:
        assert time.monotonic() < deadline, f"{mapped} memories are mapped, not {count}"
        time.sleep(0.01)


def packet(operation: int, argument: int = 0, size: int = 60) -> bytes:
    return bytes(range(14)) + bytes([operation, argument]) + bytes(size - 16)


def test_the_first_component_drops_ipv6_for_its_reason(sdk: Path, engine: EngineSide) -> None:
    process = start(sdk, engine, "examples", "First")
    hello = engine.attach()
    assert hello.payload[24:] == b"filter\0weft-java 1.0.0\0"
    assert [(m.kind, m.number, m.payload) for m in engine.declared] == [(REASON, 1, b"no-ipv6")]
    old, new = bytes(12) + b"\x08\x00" + bytes(46), bytes(12) + b"\x86\xdd" + bytes(46)
    engine.give([old, new, b"\x86" * 13, new[:14]])
    assert engine.take(4) == [
        Returned(0, 0, 0, old),
        Returned(1, 1, DROP, new),
        Returned(2, 0, 0, b"\x86" * 13),
        Returned(3, 1, DROP, new[:14]),
    ]
    goodbye(engine, process)


@pytest.mark.parametrize("mode", [[], ["packets"]], ids=["batches", "packets"])
def test_what_a_packet_causes_leaves_just_before_it(
    sdk: Path, engine: EngineSide, mode: list[str]
) -> None:
    process = start(sdk, engine, "conformance", "Conformance", *mode)
    engine.attach()
    engine.give_spares(8)
    given = [packet(13), packet(1), packet(8, 2), packet(9, 1), packet(14), packet(2, 3)]
    engine.give([*given, packet(2, 129), packet(6, 3)])
    made = bytes(12) + b"\x88\xb5\xee%c" + b"\x77" * 44
    assert [(r.port, r.flags, r.data) for r in engine.take(11)] == [
        (0, 0, packet(1)[:16] + b"\x5a" * 44),
        (0, 0, made % 0),
        (0, 0, made % 1),
        (0, 0, packet(8, 2)),
        (0, 0, packet(9, 0x80)),
        (0, 0, packet(9, 1)),
        (0, 0, packet(13)),
        (0, 0, packet(14)),
        (0, 0, b"\xa5" * 3 + packet(2, 3)),
        (1, DROP, packet(2, 129)),
        (3, 0, packet(6, 3)),
    ]
    goodbye(engine, process)


def test_handlers_of_every_type_keep_what_is_written(sdk: Path, engine: EngineSide) -> None:
    process = start(sdk, engine, "conformance", "Conformance")
    engine.attach()
    assert sum(message.kind == HANDLER for message in engine.declared) == 20
    written = {
        "text": ("hello", "Grüße\n", "Grüße\n"),
        "lines": ("a\nb\n", "", ""),
        "unsigned": ("7", "18446744073709551615", "18446744073709551615"),
        "integer": ("-7", "-9223372036854775808", "-9223372036854775808"),
        "real": ("0.5", "2e-3", "0.002"),
        "flag": ("true", "no", "false"),
        "json": ('{"a": [1, 2]}', "[null]", "[null]"),
    }
    for name, (default, value, kept) in written.items():
        assert engine.call(name).payload.decode() == default
        assert engine.call(name, value.encode(), write=True).status == 0
        assert engine.call(name).payload.decode() == kept
    assert engine.call("blob").payload == b"\0\1\xff"
    assert engine.call("blob", b"\0\xfe", write=True).status == 0
    assert engine.call("blob").payload == b"\0\xfe"
    goodbye(engine, process)


def test_calls_that_fail_say_why_and_the_component_goes_on(sdk: Path, engine: EngineSide) -> None:
    process = start(sdk, engine, "conformance", "Conformance")
    engine.attach()
    failing = [
        ("fail", b"", False, b"failed as asked"),
        ("fail", b"x", True, b"failed as asked"),
        ("unsigned", b"-1", True, b"'-1' is not of type unsigned"),
        ("real", b"much", True, b"'much' is not of type real"),
    ]
    for name, value, write, message in failing:
        answer = engine.call(name, value, write)
        assert (answer.status, answer.payload) == (1, message)
    assert engine.call("echo", b"still here").payload == b"still here"
    goodbye(engine, process)


def test_another_engine_finds_the_component_with_its_state(sdk: Path, engine: EngineSide) -> None:
    process = start(sdk, engine, "conformance", "Conformance")
    engine.attach()
    engine.give([packet(13), packet(0)])
    engine.take(1)
    engine.call("text", b"kept", write=True)
    engine.hang_up()
    engine.attach()
    assert engine.call("text").payload == b"kept"
    assert engine.call("packets").payload == b"2"
    engine.give([packet(1), packet(14)])  # What it kept is gone with the first engine.
    assert engine.take(2) == [
        Returned(0, 0, 0, packet(1)[:16] + b"\x5a" * 44),
        Returned(1, 0, 0, packet(14)),
    ]
    until_mapped(process, 4)  # Two memories: the library's mappings, and those of the views.
    goodbye(engine, process)


def test_what_the_author_throws_ends_it_with_a_stack_trace(sdk: Path, engine: EngineSide) -> None:
    process = start(sdk, engine, "conformance", "Conformance")
    engine.attach()
    engine.give([packet(18)])
    status, error = outcome(process)
    assert status == 1
    assert error.startswith("java.lang.IllegalStateException: thrown as asked\n\tat Conformance.")


@pytest.mark.parametrize("moment", ["idle", "waited"])
def test_sigterm_is_a_goodbye(sdk: Path, engine: EngineSide, moment: str) -> None:
    process = start(sdk, engine, "conformance", "Conformance")
    engine.attach()
    engine.give([packet(0)])
    engine.take(1)
    if moment == "waited":
        assert engine.call("slow", b"20").payload == b"slept"
    process.send_signal(signal.SIGTERM)
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "")


def test_a_refusal_is_told(sdk: Path, engine: EngineSide) -> None:
    process = start(sdk, engine, "examples", "First")
    engine.greet()
    engine.say(REFUSED, b"no element is called filter")
    engine.hang_up()
    status, error = outcome(process)
    assert status == 1
    assert "no element is called filter" in error
    assert error.startswith("weft: ")


# ---- programs that do not get so far ----


@pytest.mark.parametrize("missing", ["WEFT_COMPONENT", "WEFT_COMPONENT_NAME"])
def test_outside_of_a_function_it_says_so(sdk: Path, missing: str) -> None:
    there = {"WEFT_COMPONENT": "/nowhere", "WEFT_COMPONENT_NAME": "filter"}
    del there[missing]
    assert outcome(java(sdk, "examples", "First", **there)) == (
        2,
        f"weft: not started as a component: {missing} is not set\n",
    )


def test_a_missing_library_is_told_with_where_it_was_looked_for(sdk: Path, tmp_path: Path) -> None:
    shutil.copy(sdk / "weft-component.jar", tmp_path)
    process = subprocess.run(
        [
            "java",
            "-Djava.library.path=/lib/one",
            "-cp",
            f"{tmp_path / 'weft-component.jar'}:{sdk / 'examples'}",
            "First",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "WEFT_SDK_JAVA": "/two",
            "WEFT_COMPONENT": "/nowhere",
            "WEFT_COMPONENT_NAME": "filter",
        },
    )
    name = "libweft_component_jni.so"
    assert (process.returncode, process.stderr) == (
        1,
        f"weft: {name} is not in any of [/two/{name}, {tmp_path / name}, /lib/one/{name}]: name its "
        "folder in WEFT_SDK_JAVA, or build it with 'make -C sdk/java'\n",
    )


MISUSES = {
    "Component.create().run()": "the component does nothing: give it onPacket(...) or onBatch(...)",
    'Component.create().reasons("No")': "reason 'No': it is 1 to 64 of a-z, 0-9 and -",
    'Component.create().handler(Handler.text("1a").read(() -> ""))': "handler '1a': a name is a letter "
    "or _, then letters, digits and _, 64 in all at most",
    'Component.create().handler(Handler.text("a"))': (
        "handler 'a' needs read(...), write(...) or call(...)"
    ),
    'Component.create().handler(Handler.text("a").call(text -> text).write(text -> { }))': (
        "handler 'a' is a command: it cannot be written too"
    ),
    "Component.create().spares(257, 0)": "small spares: 257 is not 0 to 256",
    "Component.create().onTick(0, () -> {})": "milliseconds of a tick: 0 is not 1 to 2147483647",
    "Component.create().newPacket(60)": "the component does not run yet",
}


def test_misuse_is_told_in_words(sdk: Path, tmp_path: Path) -> None:
    tries = "\n".join(
        f"        try {{ {code}; }} catch (RuntimeException e) "
        "{ System.out.println(e.getMessage()); }"
        for code in MISUSES
    )
    (tmp_path / "Misuse.java").write_text(
        "import dev.weft.component.*;\npublic class Misuse {\n"
        f"    public static void main(String[] arguments) {{\n{tries}\n    }}\n}}\n"
    )
    compiled = subprocess.run(
        [
            "javac",
            "-cp",
            str(sdk / "weft-component.jar"),
            "-d",
            str(tmp_path),
            str(tmp_path / "Misuse.java"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.stderr == ""
    said, error = java(sdk, tmp_path, "Misuse").communicate(timeout=PATIENCE_S)
    assert (said.splitlines(), error) == (list(MISUSES.values()), "")


def test_the_guide_shows_the_first_component_as_it_is() -> None:
    first = (ROOT / "sdk" / "java" / "examples" / "First.java").read_text()
    guide = (ROOT / "docs" / "guides" / "components-java.md").read_text()
    assert f"```java\n{first}```" in guide
    assert len(first.splitlines()) < 20
