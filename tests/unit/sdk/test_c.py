"""The C library: its encoders against the vectors, types of values, what it exports."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.sdk.c_children import LIMIT_S, ROOT, SANITIZED, SDK, child, make
from tests.unit.sdk.peer import BYE, Message

if TYPE_CHECKING:
    from pathlib import Path

# ---- vectors ----

KINDS = sorted(path.stem for path in (ROOT / "sdk" / "contract" / "vectors").glob("*.json"))
SAID = {"hello", "handler", "reason", "ready", "answer", "bye", "descriptor", "metadata", "tlvs"}
HEARD = {"welcome", "refused", "call", "bye", "descriptor", "metadata", "tlvs", "link"}


def vectors(kind: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(
        (ROOT / "sdk" / "contract" / "vectors" / f"{kind}.json").read_text()
    )
    return loaded


def words(fields: dict[str, Any], hexadecimal: set[str]) -> list[str]:
    """Fields as the test program takes and prints them."""
    if "tlvs" in fields and isinstance(fields["tlvs"], list):
        return [" ".join(str(int(v) if k != "value" else v) for k, v in tlv.items())
                for tlv in fields["tlvs"]]  # fmt: skip
    return [
        value.encode().hex()
        if key in hexadecimal and isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for key, value in fields.items()
    ]


def tried(built: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        [built / "vectors", *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    return done.stdout.split("\n")[:-1]


def test_every_kind_of_vector_is_encoded_or_decoded() -> None:
    assert set(KINDS) == SAID | HEARD


@pytest.mark.parametrize("kind", sorted(SAID))
def test_library_encodes_the_vectors(built: Path, kind: str) -> None:
    for vector in vectors(kind):
        fields = words(vector["fields"], {"value"})
        assert tried(built, "encode", kind, *fields) == [vector["bytes"]], vector["what"]


@pytest.mark.parametrize("kind", sorted(HEARD))
def test_library_decodes_the_vectors(built: Path, kind: str) -> None:
    for vector in vectors(kind):
        expected = words(vector["fields"], {"value", "name", "reason"})
        assert tried(built, "decode", kind, vector["bytes"]) == expected, vector["what"]


@pytest.mark.parametrize("kind", ["welcome", "call"])
def test_cut_vectors_are_no_messages(built: Path, kind: str) -> None:
    for vector in vectors(kind):
        for end in range(2, len(vector["bytes"]), 2):
            assert tried(built, "decode", kind, vector["bytes"][:end])[0] == "no whole message"


# ---- context headers ----

LONG = "000102 7f" + "55" * 127 + "00"


@pytest.mark.parametrize(
    ("kind", "before", "operations", "said"),
    [
        (2, "", ["add:1:2:0", "add:65535:255:1"], "1 1 1 00010200ffffff0155000000"),
        (2, "0001020100000000", ["set:1:2:4", "set:1:3:0"], "1 1 1 00010204555555550001 0300"),
        (2, "0001028109000000 00030400", ["set:1:2:5"], "1 1 000102855555555555000000 00030400"),
        (2, "00010200 00030400 00010200", ["remove:1:2", "remove:1:2"], "1 2 0 00030400"),
        (
            2,
            LONG,
            ["add:1:2:127", "set:1:2:128", "add:1:2:108"],
            f"1 0 0 1 {LONG}0001026c{'55' * 108}",
        ),
        (2, "00" * 244, ["add:1:2:0", "set:0:0:4"], f"1 0 0 {'00' * 244}"),
        (2, "00" * 245, [], "0 "),
        (1, "", ["add:1:2:0", "set:1:2:0", "remove:1:2"], "0 0 0 0 none"),
        (0, "", ["add:1:2:0"], "0 0 none"),
    ],
)
def test_context_headers_change_as_far_as_there_is_room(
    built: Path, kind: int, before: str, operations: list[str], said: str
) -> None:
    arguments = [str(kind), before.replace(" ", ""), *operations]
    done = subprocess.run(
        [built / "tlvs", *arguments], capture_output=True, text=True, timeout=LIMIT_S, check=True
    )
    assert done.stdout.replace(" ", "") == said.replace(" ", "") + "\n"


# ---- values ----

OF_TYPE = {
    "unsigned": ["0", "18446744073709551615", "007"],
    "integer": ["0", "-9223372036854775808", "9223372036854775807", "-0"],
    "real": ["0.5", "-1", "+1.", ".5", "1e5", "1E-300", "2.5e+3"],
    "JSON": [
        "{}",
        "[]",
        ' {"a": [1, 2.5e-3, {"b": null}], "c": "\\u00e4\\n"} ',
        "-0",
        '"x"',
        "[[],{},true]",
        "[" * 512 + "]" * 512,
    ],
}
NOT_OF_TYPE = {
    "unsigned": ["", "-1", "+1", "1 ", "0x1", "18446744073709551616", "1\0"],
    "integer": ["", "-", "--1", "9223372036854775808", "-9223372036854775809", "1.0"],
    "real": ["", ".", "1e", "1e+", "inf", "nan", "0x1p3", "1e999", "1,5", " 1", "1\0"],
    "bool": ["", "TRUE", "2", "on", "true "],
    "JSON": [
        "",
        "{",
        "]",
        "[1,]",
        "{,}",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        "{1:2}",
        "01",
        "1.",
        "+1",
        "nul",
        "'x'",
        '"\\x"',
        '"\\u12"',
        '"\n"',
        '"',
        "[1 2]",
        "[1}",
        "1 2",
        "[" * 513 + "]" * 513,
        "[" * 100000,
    ],
}


def is_of_type(built: Path, kind: str, text: str) -> str:
    done = subprocess.run(
        [built / "values", kind, str(len(text.encode()))],
        input=text.encode(),
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize("kind", OF_TYPE)
def test_values_of_a_type_are_taken(built: Path, kind: str) -> None:
    for text in OF_TYPE[kind]:
        assert is_of_type(built, kind, text) == "yes", text


@pytest.mark.parametrize("kind", NOT_OF_TYPE)
def test_other_values_are_refused(built: Path, kind: str) -> None:
    for text in NOT_OF_TYPE[kind]:
        assert is_of_type(built, kind, text) == "no", text


def test_bools_take_one_form(built: Path) -> None:
    forms = {
        "true": "true",
        "1": "true",
        "yes": "true",
        "false": "false",
        "0": "false",
        "no": "false",
    }
    assert {text: is_of_type(built, "bool", text) for text in forms} == forms


def test_reals_take_their_shortest_form(built: Path) -> None:
    numbers = [
        "0.5",
        "-7",
        "100000",
        "0.1",
        "1e+20",
        "1e-07",
        "3.141592653589793",
        "5e-324",
        "0.30000000000000004",
    ]
    for number in [*numbers, "1.7976931348623157e+308", "inf", "nan", "0", "-0", "123456.75"]:
        assert tried_format(built, number) == number


def tried_format(built: Path, number: str) -> str:
    done = subprocess.run(
        [built / "values", "format", number],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout.strip()


# ---- limits ----

LIMITS = [
    ("unsigned", "0..65535", {"0": "yes", "65535": "yes", "65536": "0 to 65535"}),
    ("unsigned", "18446744073709551615..", {"7": "at least 18446744073709551615"}),
    ("unsigned", "1|10", {"010": "yes", "2": "1, 10"}),
    ("integer", "..-2", {"-2": "yes", "-1": "at most -2", "-9223372036854775808": "yes"}),
    ("real", "0.5..1.5", {"5e-1": "yes", "1.51": "0.5 to 1.5"}),
    ("text", "tcp|udp", {"udp": "yes", "tc": "tcp, udp", "TCP": "tcp, udp", "": "tcp, udp"}),
    ("text", "..2 bytes", {"": "yes", "ä": "yes", "äb": "at most 2 bytes"}),
    ("bytes", "..3 bytes", {"a\0b": "yes", "a\0bc": "at most 3 bytes"}),
    ("text", "|".join(f"{i:03}" for i in range(256)), {"255": "yes"}),
]
IMPOSSIBLE = [
    ("unsigned", ["5..1", "..", "-1..5", "1", "1|x", "1||2", "1|1"], "MIN..MAX or A|B|C"),
    ("real", ["0..inf", "a..b", "..5 bytes"], "MIN..MAX or A|B|C"),
    ("text", ["a|b|a", "0..5", "|", "..0 bytes", "..1048577 bytes", "..x bytes"],
     "..N bytes or A|B|C"),
    ("lines", ["a|b", "0..5"], "..N bytes"),
    ("JSON", ["1|2"], "..N bytes"),
    ("bool", ["0..1", "true|false"], "none"),
    ("button", ["a|b"], "none"),
    ("text", ["x|" * 513], "..N bytes or A|B|C"),
]  # fmt: skip


def limited(built: Path, kind: str, limits: str, text: str) -> str:
    done = subprocess.run(
        [built / "values", kind, str(len(text.encode())), limits],
        input=text.encode(),
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout.decode().removesuffix("\n")


@pytest.mark.parametrize(("kind", "limits", "said"), LIMITS)
def test_values_are_within_limits_or_what_is_allowed_is_told(
    built: Path, kind: str, limits: str, said: dict[str, str]
) -> None:
    assert {text: limited(built, kind, limits, text) for text in said} == said


@pytest.mark.parametrize(("kind", "all_limits", "allowed"), IMPOSSIBLE)
def test_limits_that_make_no_sense_are_told(
    built: Path, kind: str, all_limits: list[str], allowed: str
) -> None:
    for limits in all_limits:
        assert limited(built, kind, limits, "") == f"impossible: {allowed}", limits


# ---- programs of before ----

BEFORE = """
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef void called(void *, const char *, size_t, void *, void *);
typedef struct {
    const char *name; int value; const char *unit, *help;
    called *read, *write; bool takes_parameter; void *data;
} handler;
typedef struct {
    void (*process)(void *, void *, size_t, void *); void *user;
    const handler *handlers; size_t handler_count;
    const char *const *reasons; size_t reason_count;
    uint16_t spares, large_spares; uint32_t features, spin_us; bool keep_port;
    void (*tick)(void *, void *); uint32_t tick_ms; void (*stop)(void *, void *);
    const char *socket, *name, *sdk;
} options;
int weft_run(const options *);
void weft_answer_text(void *, const char *);
static void process(void *c, void *p, size_t n, void *u) { }
static void one(void *c, const char *t, size_t l, void *to, void *u) { weft_answer_text(to, "one"); }
static void two(void *c, const char *t, size_t l, void *to, void *u) { weft_answer_text(to, "two"); }
static const handler handlers[] = {{"a", 0, 0, 0, one, 0, 0, 0}, {"b", 0, 0, 0, two, 0, 0, 0}};
static const options all = {.process = process, .handlers = handlers, .handler_count = 2};
#ifdef HOSTED
const options *weft_component_options(int count, char **arguments) { return &all; }
#else
int main(void) { return weft_run(&all); }
#endif
"""


@pytest.mark.parametrize("hosted", [False, True])
def test_what_was_built_with_an_earlier_header_works(
    built: Path, tmp_path: Path, hosted: bool
) -> None:
    """Its handlers are shorter: they have neither limits nor commands."""
    source, out = tmp_path / "before.c", tmp_path / "before.so"
    source.write_text(BEFORE)
    options = ["-DHOSTED", "-shared", "-fPIC"] if hosted else SANITIZED.split()
    libraries = [] if hosted else [built / "libweft_component.a"]
    subprocess.run(["cc", *options, "-o", out, source, *libraries], timeout=LIMIT_S, check=True)
    program, arguments = (built / "weft-component-host", [str(out)]) if hosted else (out, [])
    with child(tmp_path, program, *arguments) as peer:
        connection = peer.accept()
        connection.attach()
        assert [connection.call(name).payload for name in "ab"] == [b"one", b"two"]
        connection.say(Message(BYE))
        assert peer.end() == (0, "")


# ---- the libraries ----


LABELLED = {"weft_run_1_2", "weft_attach_1_2"}
"""What the header's functions are called since handlers have limits and commands."""


def test_shared_library_shows_nothing_but_the_interface(built: Path) -> None:
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", built / "libweft_component.so"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    ).stdout
    names = {line.split()[2] for line in listed.splitlines()}
    header = (SDK / "include" / "weft" / "component.h").read_text()
    assert {"weft_run", "weft_receive", "weft_return"} <= names
    assert {name for name in names if f"{name}(" not in header} == LABELLED
    assert all(f'__asm__("{name}")' in header for name in LABELLED)


def test_example_builds_against_the_shared_library(tmp_path: Path) -> None:
    make(tmp_path)
    program = tmp_path / "shared"
    subprocess.run(
        ["cc", "-O2", f"-I{tmp_path}/include", str(SDK / "examples" / "first.c"), f"-L{tmp_path}",
         "-lweft_component", f"-Wl,-rpath,{tmp_path}", "-o", str(program)],
        timeout=LIMIT_S,
        check=True,
    )  # fmt: skip
    done = subprocess.run(
        [program], env={}, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.stderr == "weft: not started as a component: WEFT_COMPONENT is not set\n"
    assert done.returncode == 2


# ---- the guide ----


def test_guide_shows_what_is_built() -> None:
    guide = (ROOT / "docs" / "guides" / "components-c.md").read_text()
    first = (SDK / "examples" / "first.c").read_text()
    telnet = (SDK / "examples" / "telnet.c").read_text()
    shown = [block.split("```")[0] for block in guide.split("```c\n")[1:]]
    assert shown[0] == first
    assert len(first.splitlines()) < 20
    for piece in shown[2].split("\n\n"):
        assert piece.strip() in telnet
